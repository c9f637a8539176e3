"""(c) Requests per second and added latency of the gateway, beside a bare proxy before the same static backend."""

import asyncio
import tempfile
import time
from pathlib import Path

import aiohttp
from tests.bench.harness import Row, at_least, generator, load, middle, percentile, process, report
from tests.system.world import new_world

CONNECTIONS, SECONDS, ROUNDS, SINGLE = 64, 5, 3, 500


async def single(url: str, headers: dict[str, str]) -> list[float]:
    """Milliseconds of requests one after the other on one connection."""
    taken = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(SINGLE):
            started = time.perf_counter()
            async with session.get(url) as response:
                await response.read()
            taken.append((time.perf_counter() - started) * 1000)
    return taken


async def main() -> None:
    """Measure backend, bare proxy and gateway in turns."""
    bare = str(Path(__file__).with_name("bare.py"))
    with tempfile.TemporaryDirectory(prefix="gongping-bench-") as folder:
        async with new_world(
            Path(folder), GONGPING_TRACE_RATIO="0.01", GONGPING_TRACE_FILE=str(Path(folder, "spans"))
        ) as world:
            port = world.deployment.ports.gateway
            backend, proxy, gateway = (
                f"http://127.0.0.1:{port + 7}",
                f"http://127.0.0.1:{port + 8}",
                f"http://127.0.0.1:{port}",
            )
            async with (
                process(bare, "static", str(port + 7), ready=backend),
                process(bare, "proxy", str(port + 8), ready=proxy, env={"UPSTREAM": backend}),
            ):
                await world.stop("gateway")
                await world.start("gateway", CONTRACTS_URL=backend)
                path = "/v1/contracts/3f1d7a52-2f4c-4f0e-9a51-3c4f6d1a0b77"
                headers = await world.client.session.authorization()
                rates: dict[str, list[float]] = {url: [] for url in (backend, proxy, gateway)}
                for url in rates:
                    await load(url + path, connections=CONNECTIONS, seconds=2, headers=headers)
                for _ in range(ROUNDS):
                    for url, seen in rates.items():
                        seen.append(await load(url + path, connections=CONNECTIONS, seconds=SECONDS, headers=headers))
                alone = {url: await single(url + path, headers) for url in rates}
    p50 = {url: percentile(taken, 0.5) for url, taken in alone.items()}
    report(
        "gateway",
        [
            at_least(
                "gateway, requests per second", middle(rates[gateway]), "/s", reference=middle(rates[proxy]), limit=0.6
            ),
            Row("backend without a proxy, requests per second", middle(rates[backend]), "/s"),
            Row(
                "added latency, one connection, p50",
                p50[gateway] - p50[backend],
                "ms",
                p50[proxy] - p50[backend],
                (p50[gateway] - p50[backend]) / (p50[proxy] - p50[backend]),
            ),
        ],
        setting=f"static raw ASGI backend, one worker each, authentication on, tracing on (1 % recorded), "
        f"{generator()} with {CONNECTIONS} connections, 2 s warm-up, median of {ROUNDS} rounds of {SECONDS} s in turns; "
        f"latency: {SINGLE} requests",
    )


if __name__ == "__main__":
    asyncio.run(main())
