"""Any deliveries with duplicates, reordering and loss, followed by repair, leave the same tables on a real database."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.shared.conftest import ToyDatabases
from tests.shared.toys import REGION, Listener, contract, posting

from shared.bus import Delivery
from shared.gaps import missing_ranges, note_watermark
from shared.testing import deliver, delivery

EVENTS = 14


def story() -> list[Delivery]:
    """Facts, and states of two aggregates whose versions rise, as their producer numbered them."""
    deliveries = []
    for seq in range(1, EVENTS + 1):
        data = (
            contract(UUID(int=seq % 2), seq)
            if seq % 3
            else posting(f"{seq}.00").model_copy(update={"entry_id": UUID(int=seq)})
        )
        deliveries.append(delivery(data, subject="a", region=REGION, seq=seq))
    return deliveries


STORY = story()
BATCHES = st.lists(st.lists(st.integers(1, EVENTS), min_size=1, max_size=8), max_size=8)


@pytest.fixture(scope="module")
async def listener(databases: ToyDatabases) -> AsyncIterator[Listener]:
    """One listener for all examples; it needs no broker."""
    async with databases.lent() as take:
        listener = Listener("scoring", await take(), "nats://127.0.0.1:1", "none")
        yield listener
        await listener.close()


async def tables(listener: Listener) -> list[Any]:
    """Everything that the events have left."""
    return [
        {tuple(row) for row in await listener.rows(query)}
        for query in (
            "SELECT id, version, title FROM copy",
            "SELECT id, amount FROM entry",
            "SELECT event_id, times FROM effect",
            "SELECT epoch, seq, type, event_id, state FROM inbox",
            "SELECT epoch, floor, watermark FROM inbox_floor",
        )
    ]


async def start_again(listener: Listener) -> None:
    """Empty tables."""
    async with listener.database.transaction() as session:
        await session.execute(text("TRUNCATE copy, entry, effect, inbox, inbox_floor, inbox_attempt"))


async def repair(listener: Listener) -> int:
    """Ask for what is missing up to the watermark, and get it; some of it twice. How many were missing."""
    async with listener.database.transaction() as session:
        await note_watermark(session, "contracts", 1, EVENTS)
        gaps = await missing_ranges(session, "contracts")
    asked = [STORY[seq - 1] for _, ranges in gaps for low, high in ranges for seq in range(low, high + 1)]
    await deliver(listener.database, listener.subscription, [*asked, *asked[:2]])
    async with listener.database.transaction() as session:
        assert await missing_ranges(session, "contracts") == []
    return len(asked)


@pytest.fixture(scope="module")
async def expected(listener: Listener) -> list[Any]:
    """The tables after one pass in order."""
    for each in STORY:
        await deliver(listener.database, listener.subscription, [each])
    assert await repair(listener) == 0
    left = await tables(listener)
    assert len(left[1]) == EVENTS // 3
    assert (UUID(int=0), EVENTS, f"title {EVENTS}") in left[0]
    assert (UUID(int=3), Decimal(3)) in left[1]
    return left


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(batches=BATCHES, repairs_between=st.booleans())
async def test_any_deliveries_leave_what_one_pass_in_order_leaves(
    listener: Listener, expected: list[Any], batches: list[list[int]], *, repairs_between: bool
) -> None:
    await start_again(listener)
    delivered = {seq for batch in batches for seq in batch}
    for number, batch in enumerate(batches):
        await deliver(listener.database, listener.subscription, [STORY[seq - 1] for seq in batch])
        if repairs_between and number == len(batches) // 2:
            await repair(listener)
    missing = await repair(listener)
    assert missing == (0 if repairs_between and batches else EVENTS - len(delivered))
    assert await tables(listener) == expected
