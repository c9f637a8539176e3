"""(a) Completion request sent -> new score readable through the gateway, beside the same chain written bare."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import asyncpg
from tests.bench.harness import Row, at_least, at_most, percentile, process, report
from tests.system.world import World, new_world, ready_to_complete

IDLE, CLIENTS, EACH, WARM_UP, ROUNDS = 60, 32, 5, 10, 2
REST_SECONDS = 0.3


async def prepare(world: World, count: int, *, seed: int) -> list[UUID]:
    """Contracts that have everything but their completion."""
    gate = asyncio.Semaphore(8)

    async def one(number: int) -> UUID:
        async with gate:
            return (await ready_to_complete(world.client, number=number, seed=seed))[0]

    return list(await asyncio.gather(*(one(number) for number in range(count))))


@dataclass(frozen=True)
class Chain:
    """One way to do the job: start it, and look whether its result is readable."""

    post: Callable[[UUID], Awaitable[None]]
    look: Callable[[UUID], Awaitable[bool]]


def product_chain(world: World, session: aiohttp.ClientSession) -> Chain:
    """Complete a contract; ask the gateway whether its scores are those of the completion."""
    base = world.deployment.ports.url("gateway")

    async def post(contract_id: UUID) -> None:
        headers = await world.client.session.authorization()
        async with session.post(f"{base}/v1/contracts/{contract_id}/complete", json={}, headers=headers) as response:
            if response.status != 200:
                raise RuntimeError(await response.text())
            await response.read()

    async def look(contract_id: UUID) -> bool:
        headers = await world.client.session.authorization()
        async with session.get(f"{base}/v1/scores/{contract_id}", headers=headers) as response:
            return all(item["stage"] == "completion" for item in (await response.json())["items"])

    return Chain(post, look)


def bare_chain(session: aiohttp.ClientSession, base: str) -> Chain:
    """Post a thing; ask whether its result is there."""

    async def post(thing: UUID) -> None:
        async with session.post(f"{base}/things/{thing}") as response:
            await response.read()

    async def look(thing: UUID) -> bool:
        async with session.get(f"{base}/things/{thing}") as response:
            await response.read()
            return response.status == 200

    return Chain(post, look)


async def one_by_one(chain: Chain, ids: list[UUID]) -> list[float]:
    """Milliseconds from the request to the readable result; a look every 2 ms.

    Between two chains everything comes to rest, for both ways alike: what one chain sets off later (a wave that opens,
    the live stream) is not to be measured in the next one.
    """
    taken = []
    for each in ids:
        await asyncio.sleep(REST_SECONDS)
        started = time.perf_counter()
        await chain.post(each)
        while not await chain.look(each):
            await asyncio.sleep(0.002)
        taken.append((time.perf_counter() - started) * 1000)
    return taken


async def together(chain: Chain, ids: list[UUID]) -> tuple[float, list[float]]:
    """Chains per second of 32 clients that begin the next chain when their last result is readable, and each one's ms.

    One watcher looks for all of them, at the oldest chain first: 32 clients that keep looking would take the cores from
    the work that they wait for, and the figure would be that of the looking.
    """
    queue, taken = list(ids), []
    waiting: asyncio.Queue[tuple[UUID, asyncio.Event]] = asyncio.Queue()

    async def client() -> None:
        while queue:
            each, readable = queue.pop(), asyncio.Event()
            started = time.perf_counter()
            await chain.post(each)
            waiting.put_nowait((each, readable))
            await readable.wait()
            taken.append((time.perf_counter() - started) * 1000)

    async def watcher() -> None:
        while True:
            each, readable = await waiting.get()
            while not await chain.look(each):
                await asyncio.sleep(0.002)
            readable.set()

    watching = asyncio.create_task(watcher())
    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    seconds = time.perf_counter() - started
    watching.cancel()
    return len(ids) / seconds, taken


async def measure(world: World, folder: Path) -> list[Row]:
    """Both chains in the same run, on the same servers, in turns."""
    assert world.deployment.nats is not None
    url = world.deployment.admin_url.rsplit("/", 1)[0] + "/bare"
    connection = await asyncpg.connect(world.deployment.admin_url)
    await connection.execute("CREATE DATABASE bare")
    await connection.close()
    env = {"DATABASE_URL": url, "NATS_URL": world.deployment.nats.url}
    bare = str(Path(__file__).with_name("bare.py"))
    port = world.deployment.ports.gateway + 8
    base = f"http://127.0.0.1:{port}"
    async with process(bare, "chain-producer", str(port), ready=f"{base}/docs", env=env):
        consumer = await asyncio.create_subprocess_exec(sys.executable, bare, "chain-consumer", env=os.environ | env)
        contracts = await prepare(world, WARM_UP + ROUNDS * (IDLE + CLIENTS * EACH), seed=9000)
        await world.quiet(seconds=300)
        try:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session:
                ours, theirs = product_chain(world, session), bare_chain(session, base)
                await one_by_one(ours, [contracts.pop() for _ in range(WARM_UP)])
                await one_by_one(theirs, [uuid4() for _ in range(WARM_UP)])
                idle_ours: list[float] = []
                idle_theirs: list[float] = []
                many_ours: list[float] = []
                many_theirs: list[float] = []
                rates: list[tuple[float, float]] = []
                for _ in range(ROUNDS):
                    idle_theirs += await one_by_one(theirs, [uuid4() for _ in range(IDLE)])
                    idle_ours += await one_by_one(ours, [contracts.pop() for _ in range(IDLE)])
                    rate_theirs, each_theirs = await together(theirs, [uuid4() for _ in range(CLIENTS * EACH)])
                    rate_ours, each_ours = await together(ours, [contracts.pop() for _ in range(CLIENTS * EACH)])
                    rates.append((rate_ours, rate_theirs))
                    many_ours += each_ours
                    many_theirs += each_theirs
        finally:
            consumer.terminate()
            await consumer.wait()
    rate_ours = sum(pair[0] for pair in rates) / ROUNDS
    rate_theirs = sum(pair[1] for pair in rates) / ROUNDS
    return [
        at_most("idle p50", percentile(idle_ours, 0.5), "ms", reference=percentile(idle_theirs, 0.5), limit=2.5),
        *(_beside(f"idle {name}", idle_ours, idle_theirs, part) for name, part in (("p95", 0.95), ("p99", 0.99))),
        *(
            _beside(f"{CLIENTS} clients {name}", many_ours, many_theirs, part)
            for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        ),
        at_least(f"{CLIENTS} clients, chains per second", rate_ours, "/s", reference=rate_theirs, limit=0.5),
    ]


def _beside(name: str, ours: list[float], theirs: list[float], part: float) -> Row:
    value, reference = percentile(ours, part), percentile(theirs, part)
    return Row(name, value, "ms", reference, value / reference)


async def main() -> None:
    """Measure and report."""
    with tempfile.TemporaryDirectory(prefix="gongping-bench-") as folder:
        async with new_world(Path(folder)) as world:
            rows = await measure(world, Path(folder))
    report(
        "main",
        rows,
        setting="embedded PostgreSQL 18 and NATS (sync always), one process per service, aiohttp clients on the same "
        f"cores, {WARM_UP} warm-up, {ROUNDS} rounds of {IDLE} idle and {CLIENTS} x {EACH} chains in turns with the bare chain",
    )


if __name__ == "__main__":
    asyncio.run(main())
