"""What the benchmarks share: rows of results, percentiles, processes, a load generator.

Every figure is a ratio taken in one run on one machine; absolute numbers are orientation. A result is a list of rows
{"name", "value", "unit", "reference", "ratio", "goal", "met"} in tests/bench/results/<target>.json.
"""

import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One figure. `ratio` is value over reference; `goal` says what is aimed at, `met` whether the ratio reaches it."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None
    goal: str | None = None
    met: bool | None = None


def at_most(name: str, value: float, unit: str, *, reference: float, limit: float) -> Row:
    """A figure that should be at most `limit` times its reference."""
    ratio = value / reference
    return Row(name, round(value, 4), unit, round(reference, 4), round(ratio, 3), f"<= {limit} x", ratio <= limit)


def at_least(name: str, value: float, unit: str, *, reference: float, limit: float) -> Row:
    """A figure that should be at least `limit` times its reference."""
    ratio = value / reference
    return Row(name, round(value, 2), unit, round(reference, 2), round(ratio, 3), f">= {limit} x", ratio >= limit)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def report(target: str, rows: Sequence[Row], *, setting: str) -> None:
    """Print the rows as a table and write them."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{target}.json").write_text(
        json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8"
    )
    out = [
        f"\n{target}: {setting}",
        f"{'figure':<66} {'value':>12} {'unit':<6} {'reference':>12} {'ratio':>7} {'goal':>9}  met",
    ]
    for row in rows:
        reference = "" if row.reference is None else f"{row.reference:,.2f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        met = "" if row.met is None else "yes" if row.met else "NO"
        out.append(
            f"{row.name:<66} {row.value:>12,.2f} {row.unit:<6} {reference:>12} {ratio:>7} {row.goal or '':>9}  {met}"
        )
    sys.stdout.write("\n".join(out) + "\n")


@asynccontextmanager
async def process(
    *command: str, ready: str, env: dict[str, str] | None = None
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A child process that answers at the URL `ready`; ended with the block."""
    child = subprocess.Popen([sys.executable, *command], env=os.environ | (env or {}), stdout=subprocess.DEVNULL)
    try:
        async with aiohttp.ClientSession() as session:
            for _ in range(600):
                if child.poll() is not None:
                    raise RuntimeError(f"{command} ended with {child.returncode}")
                try:
                    async with session.get(ready) as response:
                        if response.status < 500:
                            break
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
            else:
                raise RuntimeError(f"{command} does not answer at {ready}")
        yield child
    finally:
        child.terminate()
        child.wait(10)


def generator() -> str:
    """The load generator that is used here: wrk (Debian package) when it is installed."""
    return "wrk" if shutil.which("wrk") else "aiohttp"


async def load(
    url: str, *, connections: int, seconds: float, script: str | None = None, headers: dict[str, str] | None = None
) -> float:
    """Requests per second that are answered 2xx, with that many connections for that long; any other answer is an error.

    `script` is Lua for wrk and names nothing else; without wrk the caller's own Python load is used.
    """
    options = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
    lua = Path(RESULTS, ".wrk.lua")
    if script:
        lua.write_text(script, encoding="utf-8")
        options += ["-s", str(lua)]
    try:
        done = await asyncio.to_thread(
            subprocess.run,
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", *options, url],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        lua.unlink(missing_ok=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"the load was not answered as it should:\n{done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout)
    return float(found[1])


async def latency(call: Callable[[], "asyncio.Future[object] | object"], *, times: int) -> list[float]:
    """Milliseconds of each of so many calls, one after the other."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        await call()  # type: ignore[misc]
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def middle(values: Sequence[float]) -> float:
    """The median of several rounds."""
    return statistics.median(values)
