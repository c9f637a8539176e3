"""Any sequence of deliveries with duplicates, reordering and loss followed by repair gives the same table."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from gongping_local.pytest_servers import Servers
from shared import clock
from shared.bus import Delivery
from shared.db import Database
from shared.events import LedgerPosted
from shared.gaps import missing_ranges, note_watermark
from shared.inbox import Received, Subscription
from shared.testing import deliver, delivery, new_database

EVENTS = 12


@pytest.fixture(scope="module")
async def database(servers: Servers) -> AsyncIterator[Database]:
    async with new_database(servers.postgres_url, "scoring") as url:
        database = Database(url)
        async with database.transaction() as session:
            await session.execute(text("CREATE TABLE effect (id uuid PRIMARY KEY, amount numeric, times int)"))
        yield database
        await database.dispose()


async def on_posted(session: object, event: Received[LedgerPosted]) -> None:
    await session.execute(  # type: ignore[attr-defined]
        text("INSERT INTO effect VALUES (:id, :amount, 1) ON CONFLICT (id) DO UPDATE SET times = effect.times + 1"),
        {"id": event.data.entry_id, "amount": event.data.amount},
    )


SUBSCRIPTION = Subscription("contracts", {LedgerPosted.TYPE: on_posted})


def posted(seq: int) -> Delivery:
    data = LedgerPosted(
        entry_id=UUID(int=seq),
        contract_id=UUID(int=999),
        region="CN-230102",
        kind="payment",
        amount=Decimal(seq),
        currency="CNY",
        booked_on=date(2026, 1, 1),
        recorded_at=clock.now(),
    )
    return delivery(data, subject=data.contract_id, region=data.region, seq=seq)


DELIVERIES = [posted(seq) for seq in range(1, EVENTS + 1)]


async def play(database: Database, batches: list[list[int]]) -> None:
    async with database.transaction() as session:
        await session.execute(text("TRUNCATE effect, inbox, inbox_floor, inbox_attempt"))
    for batch in batches:
        await deliver(database, SUBSCRIPTION, [DELIVERIES[seq - 1] for seq in batch])
    # What was lost is found by the watermark, tail included, and sent again: some of it twice.
    async with database.transaction() as session:
        await note_watermark(session, "contracts", 1, EVENTS)
        gaps = await missing_ranges(session, "contracts")
    for _, ranges in gaps:
        for low, high in ranges:
            again = [DELIVERIES[seq - 1] for seq in range(low, high + 1)]
            await deliver(database, SUBSCRIPTION, again + again[:2])
    async with database.transaction() as session:
        assert await missing_ranges(session, "contracts") == []
        rows = (await session.execute(text("SELECT id, amount, times FROM effect ORDER BY id"))).all()
        floor = (await session.execute(text("SELECT floor FROM inbox_floor"))).scalar_one()
    assert [(row.id.int, row.amount, row.times) for row in rows] == [(seq, seq, 1) for seq in range(1, EVENTS + 1)]
    assert floor == EVENTS


async def test_any_sequence_gives_the_same_table(database: Database) -> None:
    loop = asyncio.get_running_loop()
    outcomes: list[list[list[int]]] = []

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.lists(st.integers(1, EVENTS), max_size=8), max_size=6))
    def draw(batches: list[list[int]]) -> None:
        outcomes.append(batches)

    await loop.run_in_executor(None, draw)
    assert len(outcomes) >= 20
    for batches in outcomes:
        await play(database, batches)
