"""What the broker loses is found by its number and asked for again."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.shared.toys import POISON, REGION, Listener, Source, posting
from tests.support import eventually

from shared import clock
from shared.bus import stream_name
from shared.consumer import Consumer
from shared.gaps import GapFinder, missing_ranges, note_watermark, purge_below_floor, ranges_of
from shared.telemetry import metrics
from shared.testing import deliver, delivery

NewListener = Callable[..., Awaitable[Listener]]


@given(st.sets(st.integers(1, 200)))
def test_ranges_say_the_same_in_fewer_words(numbers: set[int]) -> None:
    ranges = ranges_of(sorted(numbers))
    assert {number for low, high in ranges for number in range(low, high + 1)} == numbers
    assert all(high + 1 < low for (_, high), (low, _) in itertools.pairwise(ranges))
    assert all(low <= high for low, high in ranges)


async def take(listener: Listener, *numbers: int, epoch: int = 1) -> None:
    """Deliver facts with these numbers."""
    batch = [delivery(posting(), subject="a", region=REGION, seq=seq, epoch=epoch) for seq in numbers]
    await deliver(listener.database, listener.subscription, batch)


async def look(listener: Listener, watermark: int, *, epoch: int = 1) -> list[tuple[int, list[tuple[int, int]]]]:
    """Note a watermark and look for what is missing."""
    async with listener.database.transaction() as session:
        await note_watermark(session, "contracts", epoch, watermark)
        return await missing_ranges(session, "contracts")


async def test_holes_and_the_lost_tail_are_found_and_the_floor_rises(listener: Listener) -> None:
    await take(listener, 1, 2, 3, 5, 9)
    assert await look(listener, 11) == [(1, [(4, 4), (6, 8), (10, 11)])]
    assert await look(listener, 2) == [(1, [(4, 4), (6, 8), (10, 11)])], "a watermark never falls"
    assert tuple((await listener.rows("SELECT floor, watermark FROM inbox_floor"))[0]) == (3, 11)
    await take(listener, 4, 6, 7, 8)
    assert await look(listener, 11) == [(1, [(10, 11)])]
    await take(listener, 10, 11)
    assert await look(listener, 11) == []
    assert tuple((await listener.rows("SELECT floor, watermark FROM inbox_floor"))[0]) == (11, 11)


async def test_epochs_are_counted_apart(listener: Listener) -> None:
    await take(listener, 1, 2)
    await take(listener, 1, 3, epoch=2)
    await look(listener, 3)
    assert await look(listener, 4, epoch=2) == [(1, [(3, 3)]), (2, [(2, 2), (4, 4)])]


async def test_dead_and_ignored_events_are_not_missing(listener: Listener) -> None:
    await take(listener, 1, 2, 3)
    async with listener.database.transaction() as session:
        await session.execute(text("UPDATE inbox SET state = 'dead' WHERE seq = 2"))
        await session.execute(text("UPDATE inbox SET state = 'ignored' WHERE seq = 3"))
    assert await look(listener, 3) == []


async def test_event_below_the_floor_is_not_taken_again_when_its_row_is_gone(listener: Listener) -> None:
    await take(listener, *range(1, 11))
    assert await look(listener, 10) == []
    before = await listener.effects()
    async with listener.database.transaction() as session:
        await session.execute(text("DELETE FROM inbox"))
    await take(listener, *range(1, 11))
    assert await listener.effects() == before
    assert await listener.inbox() == []


async def test_old_rows_below_the_floor_are_purged_but_dead_letters_stay(listener: Listener) -> None:
    await take(listener, *range(1, 11))
    await look(listener, 8)
    await take(listener, 1, 2, epoch=2)  # no floor of its own yet
    async with listener.database.transaction() as session:
        await session.execute(text("UPDATE inbox SET received_at = received_at - interval '10 days' WHERE seq <> 5"))
        await session.execute(text("UPDATE inbox SET state = 'dead' WHERE seq = 3"))
        assert await purge_below_floor(session, retention=timedelta(days=11)) == 0
        assert await purge_below_floor(session, retention=timedelta(days=9)) == 6
        assert await purge_below_floor(session, retention=timedelta(days=9)) == 0
    assert [row[:2] for row in await listener.inbox()] == [(1, 3), (1, 5), (1, 9), (1, 10), (2, 1), (2, 2)]


async def test_event_that_is_being_retried_is_not_asked_for_until_its_next_try_is_overdue(listener: Listener) -> None:
    await take(listener, 1, 3)
    async with listener.database.transaction() as session:
        await session.execute(
            text("INSERT INTO inbox_attempt VALUES ('contracts', 1, 2, 1, 'E', :now)"), {"now": clock.now()}
        )
    assert await look(listener, 3) == []
    assert await listener.one("SELECT floor FROM inbox_floor") == 1, "it holds the floor back"
    async with listener.database.transaction() as session:
        assert await missing_ranges(session, "contracts", patience=timedelta(0)) == [(1, [(2, 2)])]


async def lose(source: Source, *stream_numbers: int) -> None:
    """The broker loses messages; its table of duplicates still knows them."""
    stream = stream_name(source.bus.prefix, "contracts")
    for number in stream_numbers:
        await source.bus._api(f"STREAM.MSG.DELETE.{stream}", {"seq": number})


async def test_holes_and_lost_tail_are_repaired(source: Source, listener: Listener) -> None:
    await source.active()
    await source.emit(100)
    await source.sent()
    await lose(source, 1, 7, 8, 9, 50, *range(90, 101))
    listener.start()
    await listener.has_all_of(source)
    repaired = [message for message in await source.stored() if ":r" in message.headers["Nats-Msg-Id"]]
    assert len(repaired) >= 16


async def test_listener_that_has_nothing_yet_and_a_stream_that_has_nothing_more(
    source: Source, listener: Listener
) -> None:
    """The stream was lost whole, with its table of duplicates, and nothing new is published."""
    await source.active()
    await source.emit(700)
    await source.sent()
    await source.bus._api(f"STREAM.DELETE.{stream_name(source.bus.prefix, 'contracts')}", {})
    listener.start()
    await listener.has_all_of(source)


async def test_backlog_is_not_taken_for_a_gap(source: Source, new_listener: NewListener) -> None:
    listener = await new_listener(repair_grace_seconds=10, fetch_batch=50)
    await source.active()
    for _ in range(4):
        await source.emit(500)
    await source.sent()
    asked = metrics.inbox_repairs.labels("contracts")._value.get()
    listener.start()
    await listener.has_all_of(source)
    assert metrics.inbox_repairs.labels("contracts")._value.get() == asked


async def test_event_that_the_broker_loses_between_two_tries_is_asked_for_again(
    source: Source, new_listener: NewListener
) -> None:
    listener = await new_listener(retry_seconds="3600")
    await source.active()
    [bad] = await source.emit(amount=POISON)
    consumer = Consumer(listener.database, listener.bus, listener.settings, listener.subscription, service="scoring")
    listener.run(consumer.run())

    async def tried() -> bool:
        return bool(await listener.rows("SELECT 1 FROM inbox_attempt"))

    await eventually(tried)
    await source.bus._api(f"STREAM.PURGE.{stream_name(source.bus.prefix, 'contracts')}", {})
    listener.handlers.bears_poison = True
    finder = GapFinder(listener.database, listener.bus, listener.settings, source="contracts", service="scoring")
    assert finder._patience > timedelta(hours=1)
    finder._patience = timedelta(seconds=0.1)
    listener.run(finder.run())
    await listener.has_all_of(source)
    assert await listener.effects() == {bad: 1}


async def test_gap_finder_outlives_a_database_that_goes_away(source: Source, listener: Listener) -> None:
    await source.active()
    listener.start()
    await source.emit(10)
    await listener.has_all_of(source)
    await source.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name",
        name=listener.settings.database_url.rsplit("/", 1)[1],
    )
    await source.emit(10)
    await source.sent()
    stream = stream_name(source.bus.prefix, "contracts")
    await source.bus._api(f"STREAM.PURGE.{stream}", {})
    await listener.has_all_of(source)
