"""(e) Scores: the kernel beside numpy, pymcdm and scikit-criteria, draws beside numpy's, a province in bulk.

`--contracts N` sets the size of the province (100,000 by default, which takes minutes to load). The compared libraries
are no part of the product: `uv pip install -r requirements/bench.in`; without them their rows say so.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded

import argparse
import asyncio
import dataclasses
import importlib
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import TextClause, text
from tests.bench.bench_rescore import REGION, best, copied, copied_texts, life, plain, rescored
from tests.bench.harness import Row, at_least, at_most, report

from gongping_local import embedded
from scoring import kernel
from scoring.app import contracts_subscription, service
from scoring.canonical import canonical_text, sha256
from scoring.frameworks.queries import frameworks_in_force
from scoring.kernel.montecarlo import DRAWS, Uncertain, draw, gradient, linear, summarise
from scoring.scores.evaluation import compute, prepare
from scoring.scores.facts import read_facts
from scoring.scores.queries import read_evidence
from scoring.scores.rescore import KIND
from scoring.scores.uncertainty import make_due
from shared.db import Database, asyncpg_url
from shared.testing import client_for, deliver, delivery, new_database

Array = NDArray[np.float64]

UNITS, LEAVES, CHUNK, PROCESSES = 100_000, 40, 500, 2
PILLARS = tuple(tuple(range(5 * n, 5 * n + 5)) for n in range(8))
TREE = kernel.Tree(LEAVES, (*PILLARS, (40, 41, 42, 43), (44, 45, 46, 47), (48, 49)))
MINIMUMS = np.array([90, 80, 60, 0]) * kernel.MICRO


def simulated() -> tuple[Array, Array]:
    """Raw figures of 100,000 simulated contracts, (leaves, units), and one weight per node."""
    numbers = np.random.default_rng(1)
    return numbers.uniform(0.0, 100.0, (LEAVES, UNITS)), numbers.uniform(1.0, 10.0, (TREE.nodes - 1, 1))


def in_turns(one: Callable[[], object], other: Callable[[], object], *, runs: int) -> tuple[float, float]:
    """Seconds of the fastest run of each, in turns: what else the machine does meets both."""
    taken = [(best(one, runs=1), best(other, runs=1)) for _ in range(runs)]
    return min(first for first, _ in taken), min(second for _, second in taken)


def fixed_order(leaves: Array, weight: Array) -> Array:
    """The same sums in plain numpy with all nodes kept."""
    nodes = np.empty((TREE.nodes, leaves.shape[1]))
    nodes[:LEAVES] = leaves
    for number, children in enumerate(TREE.parents, LEAVES):
        total, mean = weight[children[0], 0], nodes[children[0]] * weight[children[0], 0]
        for child in children[1:]:
            total = total + weight[child, 0]
            mean = mean + nodes[child] * weight[child, 0]
        nodes[number] = mean / total
    return nodes


def from_raw(raw: Array, weight: Array) -> NDArray[np.int64]:
    """Normalise between goalposts, aggregate all nodes and rank, in chunks as the re-scoring does."""
    low, high, score = np.zeros((1, 1)), np.full((1, 1), 100.0), np.empty(raw.shape[1])
    state = np.zeros((LEAVES, 2048), dtype=np.int8)
    for start in range(0, raw.shape[1], 2048):
        part = raw[:, start : start + 2048]
        leaves = kernel.goalposts(part, lower=low, upper=high)
        made = kernel.aggregate(TREE, leaves, state[:, : part.shape[1]], weight)
        score[start : start + 2048] = made.score
    return np.argsort(-score, kind="stable")


def others(raw: Array, weight: Array, ours: float) -> list[Row]:
    """The same contracts through the flat weighted sums of other libraries, which keep no nodes."""
    table, flat = np.ascontiguousarray(raw.T), np.full(LEAVES, 1.0 / LEAVES)
    rows: list[Row] = []
    try:
        methods = importlib.import_module("pymcdm.methods")
        normalizations = importlib.import_module("pymcdm.normalizations")
    except ImportError:
        rows.append(Row("pymcdm: not installed", 0.0, ""))
    else:
        wsm = methods.WSM(normalizations.minmax_normalization)
        taken = best(lambda: wsm.rank(wsm(table, flat, np.ones(LEAVES))), runs=2)
        rows.append(at_least("pymcdm WSM / ours, rank included", taken * 1000, "ms", reference=ours * 1000, limit=5))
    try:
        skc = importlib.import_module("skcriteria")
        scalers = importlib.import_module("skcriteria.preprocessing.scalers")
        simple = importlib.import_module("skcriteria.agg.simple")
        pipeline = importlib.import_module("skcriteria.pipelines")
    except ImportError:
        rows.append(Row("scikit-criteria: not installed", 0.0, ""))
    else:
        flow = pipeline.mkpipe(scalers.MinMaxScaler(target="matrix"), simple.WeightedSumModel())

        def evaluated() -> Any:
            return flow.evaluate(skc.mkdm(table, [max] * LEAVES, weights=flat)).rank_

        taken = best(evaluated, runs=2)
        rows.append(
            at_least("scikit-criteria sum / ours, rank included", taken * 1000, "ms", reference=ours * 1000, limit=1)
        )
    return rows


def kernels() -> list[Row]:
    """Aggregation of 100,000 contracts."""
    raw, weight = simulated()
    state = np.zeros((LEAVES, UNITS), dtype=np.int8)
    made = kernel.aggregate(TREE, raw, state, weight)
    assert (made.nodes == fixed_order(raw, weight)).all(), "the same bits"
    ours, reference = in_turns(
        lambda: kernel.aggregate(TREE, raw, state, weight), lambda: fixed_order(raw, weight), runs=12
    )
    whole = best(lambda: from_raw(raw, weight))
    rows = [
        at_most("100,000 x 40, four levels, all nodes", ours * 1000, "ms", reference=reference * 1000, limit=2),
        Row("the same from raw figures, normalised and ranked", round(whole * 1000, 2), "ms"),
    ]
    return rows + others(raw, weight, whole)


def draws() -> list[Row]:
    """1,000 draws of one contract with 40 uncertain indicators: draws, normalisation, sums, shares, quantiles, grades."""
    weight = simulated()[1][:, 0].tolist()
    state = [kernel.EVIDENCE] * LEAVES
    items = [Uncertain(number + 1, "normal", 50.0 + number, 4.0) for number in range(LEAVES)]
    low, high, values = np.zeros((LEAVES, 1)), np.full((LEAVES, 1), 100.0), 50.0 + np.arange(LEAVES, dtype=np.float64)

    def ours() -> None:
        drawn = draw(items)
        scored = kernel.goalposts(drawn, lower=low, upper=high, out=drawn)
        slopes = np.array(gradient(TREE, state, weight)[:LEAVES])
        summarise(linear(60.0, slopes, scored, values), MINIMUMS.tolist())
        scored.var(axis=1) * slopes**2

    generator = np.random.default_rng(1)

    def bare() -> None:
        fixed_order(50.0 + 4.0 * generator.standard_normal((LEAVES, DRAWS)), np.array(weight)[:, None])

    taken, reference = in_turns(ours, bare, runs=200)
    name = "1,000 draws of one contract, 40 uncertain indicators"
    return [at_most(name, taken * 1000, "ms", reference=reference * 1000, limit=2)]


async def by_processes(database: Database, contracts: int) -> tuple[float, float]:
    """Seconds of the job itself over everything, every row changing, its lanes shared by PROCESSES processes.

    And the peak memory of the largest process in MB. From the first lane that waits to the last that is done: how long
    Python takes to start is not measured.
    """
    async with database.transaction() as session:
        await session.execute(text("UPDATE score_heads SET content_hash = repeat('0', 64)"))
    env = os.environ | {"DATABASE_URL": database.url, "GONGPING_RESCORE_LANES": str(2 * PROCESSES)}
    command = [sys.executable, "-m", "scoring", "rescore"]
    workers = [subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) for _ in range(PROCESSES)]
    try:
        started = await _seen(database, LANES_OPEN, 1)
        taken = await _seen(database, LANES_DONE, 2 * PROCESSES) - started
        memory = max(peak_memory(worker.pid) for worker in workers)
    finally:
        for worker in workers:  # the uncertainty records, which follow, have a row of their own
            worker.terminate()
            worker.wait()
    async with database.reading() as session:
        fresh = text("SELECT count(*) FROM score_heads WHERE content_hash <> repeat('0', 64)")
        assert (await session.execute(fresh)).scalar_one() == contracts * len(frameworks_in_force())
    return taken, memory


def peak_memory(pid: int) -> float:
    """Largest resident set that a running process had, in MB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


LANES_OPEN = text("SELECT count(*) FROM job WHERE kind = :kind AND state = 'open'")
LANES_DONE = text("SELECT count(DISTINCT key) FROM job WHERE kind = :kind AND state = 'done'")


async def _seen(database: Database, count: TextClause, number: int) -> float:
    """When so many lanes are in that state."""
    while True:
        async with database.reading() as session:
            if (await session.execute(count, {"kind": KIND})).scalar_one() >= number:
                return time.perf_counter()
        await asyncio.sleep(0.1)  # the question takes processor time from the work


async def province(admin_url: str, contracts: int) -> list[Row]:
    """Every row of a province changes: re-scored and committed, beside its parts; then the uncertainty records."""
    numbers, seq = random.Random(1), itertools.count(1)
    async with new_database(admin_url, "scoring") as url, client_for(service, url) as client:
        database = client.database
        for base in range(0, contracts, 100):
            batch = [
                delivery(event, subject=event.contract_id, region=REGION, seq=next(seq))  # type: ignore[attr-defined]
                for number in range(base, min(base + 100, contracts))
                for event in life(numbers, number)
            ]
            await deliver(database, contracts_subscription, batch)
        frameworks = list(frameworks_in_force())
        async with database.transaction() as session:
            await session.execute(text("TRUNCATE score_uncertainty_due"))
        changed = [dataclasses.replace(framework, hash="f" * 63 + str(n)) for n, framework in enumerate(frameworks)]
        whole, rows = await rescored(database, changed)
        assert rows == contracts * len(frameworks)
        sample = min(contracts, 5000)
        async with database.reading() as session:
            ids = await session.execute(text("SELECT contract_id FROM contracts ORDER BY 1 LIMIT :n"), {"n": sample})
            read = await read_evidence(session, list(ids.scalars()))
            newest = text("SELECT content::text FROM score_rows ORDER BY recorded_at DESC LIMIT :n")
            contents = list((await session.execute(newest, {"n": 2 * sample})).scalars())
            outbox = text("SELECT body FROM outbox ORDER BY n DESC LIMIT :n")
            bodies = [bytes(body).decode() for body in (await session.execute(outbox, {"n": 2 * sample})).scalars()]
        shared_out, memory = await by_processes(database, contracts)
        facts = [each for each in (read_facts(str(one.contract_id), one.evidence) for one in read) if each is not None]
        batches = [facts[start : start + CHUNK] for start in range(0, len(facts), CHUNK)]
        inputs = [prepare(batch, framework) for batch in batches for framework in frameworks]
        scale = contracts / sample
        computed = best(lambda: [compute(one) for one in inputs]) * scale
        bare = best(lambda: [plain(one) for one in inputs]) * scale
        documents = [json.loads(content) for content in contents]
        hashed = best(lambda: [sha256(canonical_text(document)) for document in documents], runs=2) * scale
        copy = await copied(database, len(frameworks) * sample) * scale
        texts = await copied_texts(database, [contents, bodies]) * scale
        for framework in frameworks:  # the rows name hashes that no registry knows: back to those in force
            await rescored(database, [framework])
        started = time.perf_counter()
        await asyncio.gather(*(followed(database) for _ in range(2)))  # as the job's command does
        following = time.perf_counter() - started
        async with database.reading() as session:
            made = (await session.execute(text("SELECT count(*) FROM score_uncertainty"))).scalar_one()
    parts = computed + hashed + copy
    name = f"{contracts:,} contracts, both frameworks, re-scored and committed"
    return [
        at_most(f"{name}, {PROCESSES} processes share the lanes", shared_out, "s", reference=parts, limit=3),
        at_most(f"{name}, one process", whole, "s", reference=parts, limit=3),
        Row("of the parts: kernel", round(computed, 3), "s", reference=round(bare, 3)),
        Row("of the parts: canonical JSON and SHA-256", round(hashed, 3), "s"),
        Row("of the parts: COPY in of rows, heads and events with their indexes", round(copy, 3), "s"),
        Row("COPY of contents and event bodies alone, without their tables", round(texts, 3), "s"),
        Row("peak memory of a process", round(memory), "MB"),
        Row(f"uncertainty as a following job, {made:,} records", round(following, 2), "s"),
    ]


async def followed(database: Database) -> None:
    """Make the uncertainty records that are due, as the following job does."""
    waiting = True
    while waiting:
        async with database.transaction() as session:
            waiting = await make_due(session, limit=200)


async def main(contracts: int) -> None:
    """Measure and report."""
    rows = [*kernels(), *draws()]
    if contracts:
        with tempfile.TemporaryDirectory(prefix="gongping-bench-") as folder:
            async with embedded.running(Path(folder), durable=True) as servers:
                rows += await province(asyncpg_url(servers.postgres_url), contracts)
    report(
        "scoring",
        rows,
        setting=f"simulated contracts, one process, one BLAS thread, fastest of several runs; province of {contracts:,} on "
        "embedded PostgreSQL 18, parts measured apart in the same run on up to 5,000 of its contracts",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, default=100_000, help="size of the province; 0 leaves it out")
    asyncio.run(main(parser.parse_args(sys.argv[1:]).contracts))
