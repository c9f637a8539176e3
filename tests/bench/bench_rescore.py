"""(d) Re-scoring 10,000 contracts in bulk: the kernel beside plain numpy, the whole path beside its parts measured apart."""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded: the sums must not depend on the number of threads

import asyncio
import dataclasses
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from sqlalchemy import text
from tests.bench.harness import Row, at_most, report

from gongping_local import embedded
from scoring.app import contracts_subscription, service
from scoring.canonical import canonical_text, sha256
from scoring.frameworks.document import Framework
from scoring.frameworks.queries import frameworks_in_force
from scoring.scores.evaluation import Inputs, compute, prepare
from scoring.scores.facts import read_facts
from scoring.scores.queries import read_evidence
from scoring.scores.rescore import rescore_chunk
from shared.db import Database, asyncpg_url
from shared.events import (
    AcceptanceRecorded,
    AgreedIndicator,
    ContractCompleted,
    EventData,
    LedgerPosted,
    MilestoneState,
    NeedsBasis,
    ObservationRecorded,
    PartyRef,
    RecipientsOpinion,
)
from shared.testing import client_for, deliver, delivery, new_database

if TYPE_CHECKING:
    from asyncpg import Connection

CONTRACTS, CHUNK, LANES, RUNS = 10_000, 500, 2, 5
AT = datetime(2026, 6, 1, tzinfo=UTC)
REGION = "CN-230102"


def life(random_: random.Random, number: int) -> list[EventData]:
    """A simulated completed contract with 4 to 9 agreed indicators and its facts."""

    def ident(kind: int, index: int = 0) -> UUID:
        # The lanes go by the last byte, which is random in real ids: a constant would put everything into one lane.
        return UUID(int=(kind << 96) + (number << 16) + (index << 8) + number % 256)

    contract_id = ident(1)
    levels = ["output"] * random_.randint(2, 5) + ["benefit"] * random_.randint(1, 3) + ["satisfaction"]
    indicators = tuple(
        AgreedIndicator(
            indicator_id=ident(2, k),
            code=f"I{k}",
            name=f"simulated indicator {k}",
            level=level,
            aspect="quantity",
            unit="%",
            direction="higher",
            target=Decimal(90),
            baseline=Decimal(70),
            weight=Decimal(random_.randint(5, 20)),
        )
        for k, level in enumerate(levels)
    )
    milestones = tuple(
        MilestoneState(
            milestone_id=ident(3, k),
            code=f"M{k}",
            title="simulated",
            kind="delivery",
            percentage=Decimal(50),
            due_on=date(2026, 3, 1),
            status="met",
            met_on=date(2026, 3, 1 + random_.randint(0, 9)),
        )
        for k in range(2)
    )
    party = PartyRef(organisation_id=ident(4), name="simulated")
    events: list[EventData] = [
        ContractCompleted(
            contract_id=contract_id,
            version=5,
            region=REGION,
            title="simulated",
            state="completed",
            simulated=True,
            service_category="A04",
            purchaser=party,
            provider=party,
            value=Decimal(100_000),
            tenderers=3,
            needs_basis=NeedsBasis(kind="document"),
            indicators=indicators,
            milestones=milestones,
            ended_at=AT,
            end_reason="complete",
        )
    ]
    events += [
        ObservationRecorded(
            observation_id=ident(5, k),
            contract_id=contract_id,
            region=REGION,
            indicator_id=indicator.indicator_id,
            indicator_code=indicator.code,
            value=Decimal(random_.randint(60, 100)),
            observed_on=date(2026, 5, 1),
            recorded_at=AT,
        )
        for k, indicator in enumerate(indicators)
        if indicator.level != "satisfaction"
    ]
    events += [
        LedgerPosted(
            entry_id=ident(6, k),
            contract_id=contract_id,
            region=REGION,
            kind="payment",
            amount=Decimal(random_.randint(30_000, 50_000)),
            currency="CNY",
            booked_on=date(2026, 5, 1),
            recorded_at=AT,
        )
        for k in range(2)
    ]
    events.append(
        AcceptanceRecorded(
            acceptance_id=ident(7),
            contract_id=contract_id,
            region=REGION,
            result="accepted",
            accepted_on=date(2026, 5, 1),
            accepted_value=Decimal(90_000),
            currency="CNY",
            opinion=RecipientsOpinion(kind="onSite", people=3, satisfied=2),
            recorded_at=AT,
        )
    )
    return events


def best(work: Callable[[], object], *, runs: int = RUNS) -> float:
    """Seconds of the fastest of several runs."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def plain(inputs: Inputs) -> object:
    """The same normalisation and the same fixed-order sums per node in plain numpy: what the kernel cannot do without."""
    layout, value, target = inputs.layout, inputs.value, inputs.target
    with np.errstate(all="ignore"):
        level = 100 * np.minimum(1, np.maximum(0, value / target))
        moved = 50 + 50 * np.clip((value - inputs.baseline) / np.abs(target - inputs.baseline), -1, 1)
        level = np.fmax(level, np.where(layout.compared, moved, np.nan))
        posted = 100 * np.clip((value - layout.lower) / (layout.upper - layout.lower), 0, 1)
    score = np.where(inputs.agreed, level, posted)
    there = inputs.state == 0
    low = np.where(there, score, 0.0)
    high = np.where(inputs.state == 1, 100.0, low)
    known = there.astype(float)
    count, tree = value.shape[1], layout.tree
    nodes = {row: (low[row], high[row], known[row]) for row in range(tree.leaves)}
    for number, children in enumerate(tree.parents):
        sums = [np.zeros(count) for _ in range(4)]
        for child in children:
            weight = inputs.weight[child]
            parts = (*nodes[child], np.ones(count))
            for index in range(4):
                sums[index] += weight * parts[index]
        divisor = np.where(sums[3] > 0, sums[3], 1)
        nodes[tree.leaves + number] = (sums[0] / divisor, sums[1] / divisor, sums[2] / divisor)
    return nodes


async def rescored(database: Database, frameworks: list[Framework]) -> tuple[float, int]:
    """Seconds and rows of one pass over everything, in lanes as the job does it."""
    started = time.perf_counter()

    async def lane(number: int) -> int:
        after, rows = UUID(int=0), 0
        while True:
            async with database.transaction() as session:
                last, _, changed = await rescore_chunk(
                    session, after=after, limit=CHUNK, frameworks=frameworks, lane=number, lanes=LANES
                )
            if last is None:
                return rows
            after, rows = last, rows + changed

    rows = sum(await asyncio.gather(*(lane(number) for number in range(LANES))))
    return time.perf_counter() - started, rows


# What a re-scoring cannot do without writing: the row of the history, the live head, the event. The rows that wait for
# their uncertainty record are left out: another design could do without that table.
WRITTEN = {
    "score_rows": ("recorded_at", ""),
    "score_heads": ("recorded_at", ""),
    "outbox": ("n", "id, type, nats_subject, aggregate, region, body, recorded_at"),
}


async def copied(database: Database, rows: int) -> float:
    """Seconds to COPY the newest rows of the tables that the path writes into empty ones with the same indexes."""
    connection = await database.connect_raw(statement_timeout="0")
    try:
        taken = 0.0
        for table, (order, columns) in WRITTEN.items():
            records = await connection.fetch(f"SELECT {columns or '*'} FROM {table} ORDER BY {order} DESC LIMIT {rows}")
            assert len(records) == rows
            made = f"CREATE TABLE bare (LIKE {table} INCLUDING ALL)"
            taken += await _copy(connection, made, records, columns=list(records[0].keys()))
        return taken
    finally:
        await connection.close()


async def copied_texts(database: Database, tables: list[list[str]]) -> float:
    """Seconds to COPY two texts alone, contents and event bodies, into tables with one integer key: the least."""
    connection = await database.connect_raw(statement_timeout="0")
    try:
        taken = 0.0
        for texts in tables:
            records = [(n, content, "0" * 64) for n, content in enumerate(texts)]
            made = "CREATE TABLE bare (n bigint PRIMARY KEY, content text, hash text)"
            taken += await _copy(connection, made, records, columns=["n", "content", "hash"])
        return taken
    finally:
        await connection.close()


async def _copy(connection: "Connection[Any]", made: str, records: Sequence[Any], *, columns: list[str]) -> float:
    """Seconds of the faster of two runs, each into a new table `bare`."""
    taken = []
    for _ in range(2):
        await connection.execute(made)
        started = time.perf_counter()
        await connection.copy_records_to_table("bare", columns=columns, records=records)
        taken.append(time.perf_counter() - started)
        await connection.execute("DROP TABLE bare")
    return min(taken)


async def measure(admin_url: str) -> list[Row]:
    """Load, re-score, and measure the parts apart."""
    random_, seq = random.Random(1), itertools.count(1)
    async with new_database(admin_url, "scoring") as url, client_for(service, url) as client:
        database = client.database
        for base in range(0, CONTRACTS, 100):
            batch = [
                delivery(event, subject=event.contract_id, region=REGION, seq=next(seq))  # type: ignore[attr-defined]
                for number in range(base, base + 100)
                for event in life(random_, number)
            ]
            await deliver(database, contracts_subscription, batch)
        frameworks = list(frameworks_in_force())
        unchanged, none = await rescored(database, frameworks)
        assert none == 0, "the same inputs give the same hash: nothing is written"
        changed = [dataclasses.replace(framework, hash=framework.hash[::-1]) for framework in frameworks]
        whole, rows = await rescored(database, changed)
        assert rows == CONTRACTS * len(frameworks)
        async with database.reading() as session:
            ids = (
                (await session.execute(text("SELECT contract_id FROM contracts ORDER BY contract_id"))).scalars().all()
            )
            read = await read_evidence(session, list(ids))
            contents = (
                (
                    await session.execute(
                        text("SELECT content::text FROM score_rows ORDER BY recorded_at DESC LIMIT :n"), {"n": rows}
                    )
                )
                .scalars()
                .all()
            )
        async with database.reading() as session:
            bodies = [
                bytes(body).decode()
                for body in (
                    await session.execute(text("SELECT body FROM outbox ORDER BY n DESC LIMIT :n"), {"n": rows})
                ).scalars()
            ]
        facts = [each for each in (read_facts(str(one.contract_id), one.evidence) for one in read) if each is not None]
        inputs = [prepare(facts, framework) for framework in frameworks]
        kernel = sum(best(lambda one=one: compute(one)) for one in inputs)  # type: ignore[misc]
        reference = sum(best(lambda one=one: plain(one)) for one in inputs)  # type: ignore[misc]
        documents = [json.loads(content) for content in contents]
        hashing = best(lambda: [sha256(canonical_text(document)) for document in documents], runs=2)
        copy = await copied(database, rows)
        texts = await copied_texts(database, [list(contents), bodies])
    least = kernel + hashing + texts
    return [
        at_most("kernel, both frameworks", kernel * 1000, "ms", reference=reference * 1000, limit=3),
        at_most("whole path, every row changes", whole, "s", reference=kernel + hashing + copy, limit=3),
        Row("whole path, nothing changes", unchanged, "s"),
        Row("canonical JSON and SHA-256, apart", hashing, "s"),
        Row("COPY in of rows, heads and events with their indexes, apart", copy, "s"),
        Row("whole path beside kernel, hashes and COPY of two texts without their tables", whole, "s", reference=least),
        Row("contracts per second, every row changes", CONTRACTS / whole, "/s"),
    ]


async def main() -> None:
    """Measure and report."""
    with tempfile.TemporaryDirectory(prefix="gongping-bench-") as folder:
        async with embedded.running(Path(folder), durable=True) as servers:
            rows = await measure(asyncpg_url(servers.postgres_url))
    report(
        "rescore",
        rows,
        setting=f"{CONTRACTS} simulated contracts, 2 frameworks, one process, one BLAS thread, embedded PostgreSQL 18, "
        f"{LANES} lanes with chunks of {CHUNK}; parts measured apart on the same contracts in the same run, fastest of {RUNS}",
    )


if __name__ == "__main__":
    asyncio.run(main())
