"""The relay: one active one per source, numbers without gaps, nothing lost whatever the broker answers."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from tests.shared.conftest import administer, url_of
from tests.shared.toys import REGION, Listener, Source, posting
from tests.support import eventually

from gongping_local.pytest_servers import Servers
from shared import clock, outbox
from shared.bus import BrokerRefusedError, Outgoing, stream_name
from shared.outbox import emit
from shared.relay import Relay, purge_sent

NewSource = Callable[..., Awaitable[Source]]
NewListener = Callable[..., Awaitable[Listener]]


async def test_numbers_have_no_gaps_though_transactions_roll_back_and_commit_out_of_order(source: Source) -> None:
    await source.active()
    early = source.database.session(write=True)
    emit(early, posting(), subject="early", region=REGION)
    await outbox.flush(early)  # has its place in the table now, and is not committed
    for _ in range(3):
        undone = source.database.session(write=True)
        emit(undone, posting(), subject="undone", region=REGION)
        await outbox.flush(undone)
        await undone.close()
        await source.emit(2)
    assert len(await source.sent()) == 6
    await early.commit()
    await early.close()

    async def early_is_sent() -> bool:
        return bool(await source.one("SELECT count(*) = 7 FROM outbox WHERE sent_at IS NOT NULL"))

    await eventually(early_is_sent)
    assert await source.sent() == [(1, seq) for seq in range(1, 8)]
    rows = await source.rows("SELECT aggregate, n, seq FROM outbox ORDER BY n")
    assert (rows[0].aggregate, rows[0].seq) == ("early", 7)
    assert rows[-1].n > len(rows), "the rolled back rows left holes in the table's own numbers, or this shows nothing"


async def test_stream_holds_events_in_order_under_ids_that_the_broker_deduplicates_by(source: Source) -> None:
    await source.active()
    await source.emit(3)
    await source.sent()
    await source.emit(40)  # more than are published one by one
    await source.sent()
    stored = await source.stored()
    assert [int(message.headers["Gongping-Seq"]) for message in stored] == list(range(1, 44))
    assert [message.headers["Nats-Msg-Id"] for message in stored] == [f"contracts.1:{seq}" for seq in range(1, 44)]
    bodies = [bytes(row.body) for row in await source.rows("SELECT body FROM outbox ORDER BY seq")]
    assert [message.body for message in stored] == bodies
    assert {message.subject for message in stored} == {f"{source.bus.prefix}.contracts.ledger.posted.v1.23"}


async def lock_holder(source: Source) -> int | None:
    """Process id of the connection that holds the relay's lock."""
    rows = await source.rows(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return rows[0].pid if rows else None


async def test_one_of_two_relays_is_active_and_the_other_takes_over(source: Source, new_source: NewSource) -> None:
    first = await source.active()
    other = await new_source(source.settings.database_url)
    second = other.start()
    await source.emit(5)
    await other.emit(5)
    assert len(await source.sent()) == 10
    assert (first.active, second.active) == (True, False)

    cut = await lock_holder(source)
    assert cut is not None

    async def emit_on() -> None:
        for _ in range(30):
            await other.emit()
            await source.emit(2)

    emitting = asyncio.create_task(emit_on())
    await source.rows("SELECT pg_terminate_backend(:pid)", pid=cut)

    async def holder_changed() -> bool:
        return await lock_holder(source) not in (None, cut)

    await eventually(holder_changed)
    await emitting
    await eventually(lambda: first.active or second.active)
    assert await source.sent() == [(1, seq) for seq in range(1, 101)]
    assert first.active != second.active
    stored = [int(message.headers["Gongping-Seq"]) for message in await source.stored()]
    assert sorted(stored) == list(range(1, 101)), "each number is in the stream once"

    await (source if first.active else other).stop()
    await eventually(lambda: (second if second is not first else first).active or first.active)
    survivor = other if second.active else source
    await survivor.emit()
    assert len(await source.sent()) == 101


async def test_replica_without_the_lock_tells_the_active_one(source: Source, new_source: NewSource) -> None:
    await source.active()
    other = await new_source(source.settings.database_url)
    standby = other.start()
    hints: list[dict[str, Any]] = []

    async def hear(hint: dict[str, Any]) -> None:
        hints.append(hint)

    stop = await source.bus.hear(f"{source.bus.prefix}.wake.contracts", hear)

    def hinted() -> bool:
        standby.wake()
        return bool(hints)

    await eventually(hinted)
    await stop()


async def test_batch_that_is_refused_goes_one_by_one(source: Source) -> None:
    await source.bus.ensure_stream("contracts", replicas=1, max_bytes=1_000_000, max_age_days=1)
    await source.emit(30)
    # As after a publish whose acknowledgement was lost: the broker has one of the batch already.
    known = Outgoing(
        f"{source.bus.prefix}.contracts.ledger.posted.v1.23", b"{}", "contracts.1:7", {"Gongping-Seq": "7"}
    )
    assert await source.bus.publish(known) is False
    with pytest.raises(BrokerRefusedError) as refused:
        await source.bus._request(
            known.subject,
            b"{}",
            {"Nats-Msg-Id": known.msg_id, "Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "1"},
            5,
        )
    assert refused.value.code == 10201
    await source.active()
    assert len(await source.sent()) == 30
    ids = [message.headers["Nats-Msg-Id"] for message in await source.stored()]
    assert sorted(ids) == sorted(f"contracts.1:{seq}" for seq in range(1, 31))


async def test_full_stream_is_waited_for(new_source: NewSource, listener: Listener) -> None:
    source = await new_source(stream_max_bytes=1_000_000)
    relay = await source.active()
    listener.start()
    ids = [await source.emit(voucher="x" * 190_000) for _ in range(8)]

    async def full() -> bool:
        return len(await source.stored()) == 5  # with their headers a sixth would be over the megabyte

    await eventually(full)
    with pytest.raises(BrokerRefusedError, match="maximum bytes exceeded"):
        await source.bus.publish(Outgoing(f"{source.bus.prefix}.contracts.x", b"x" * 190_000, "probe", {}))
    assert 0 < await source.one("SELECT count(*) FROM outbox WHERE sent_at IS NULL") < 8
    # More room, as an operator gives it: the relay in charge writes its own settings into the stream.
    await source.stop()
    assert not (await listener.rows("SELECT 1 FROM inbox WHERE state <> 'done'"))
    roomy = await new_source(source.settings.database_url)
    await roomy.active()
    await listener.has_all_of(roomy)
    assert len(ids) == 8
    assert relay.active


async def test_stream_deleted_under_a_running_relay_is_made_again(source: Source, listener: Listener) -> None:
    await source.active()
    listener.start()
    await source.emit(20)
    await listener.has_all_of(source)
    await source.bus._api(f"STREAM.DELETE.{stream_name(source.bus.prefix, 'contracts')}", {})
    await source.emit(20)
    await listener.has_all_of(source)


async def restored(source: Source, servers: Servers, *, name: str) -> str:
    """A copy of the source's database as it is now: what a backup will bring back."""
    await source.stop()
    await source.database.dispose()
    database = source.settings.database_url.rsplit("/", 1)[1]
    await administer(
        servers.postgres_url,
        # The pool's connections end a moment after they were closed here.
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
        f"CREATE DATABASE {name} TEMPLATE {database}",
    )
    return url_of(servers.postgres_url, name)


@pytest.mark.parametrize("repaired", [False, True], ids=["plain", "after a repair"])
async def test_restored_database_begins_a_new_epoch(
    source: Source, listener: Listener, new_source: NewSource, servers: Servers, *, repaired: bool
) -> None:
    await source.active()
    listener.start()
    await source.emit(5)
    await listener.has_all_of(source)
    backup = await restored(source, servers, name=f"backup_{source.bus.prefix}")
    try:
        await source.active()
        await source.emit(5)
        await listener.has_all_of(source)
        if repaired:
            # The newest message of the stream bears an old number now.
            await source.bus.say(f"{source.bus.prefix}.repair.contracts", {"epoch": 1, "ranges": [[2, 3]]})

            async def old_number_is_last() -> bool:
                headers = await source.bus.last_headers("contracts")
                return headers is not None and headers["Gongping-Seq"] == "3"

            await eventually(old_number_is_last)
        applied = await listener.effects()
        await source.close()

        after = await new_source(backup)
        await after.active()
        new = [*await after.emit(7), *await after.emit(1)]
        assert await after.sent() == [*((1, seq) for seq in range(1, 6)), *((2, seq) for seq in range(1, 9))]

        async def all_applied() -> bool:
            return await listener.effects() == applied | dict.fromkeys(new, 1)

        await eventually(all_applied)
        assert [row[:2] for row in await listener.inbox()] == [
            *((1, seq) for seq in range(1, 11)),
            *((2, seq) for seq in range(1, 9)),
        ]
        await after.close()
    finally:
        await administer(servers.postgres_url, f"DROP DATABASE backup_{source.bus.prefix} WITH (FORCE)")


async def test_unsent_events_of_a_restored_database_get_numbers_of_the_new_epoch(
    source: Source, listener: Listener, new_source: NewSource, servers: Servers
) -> None:
    """In the backup an event has its number and is not marked; the stream has that number, and later ones."""
    await source.active()
    await source.emit(3)
    await source.sent()
    await source.stop()
    async with source.database.transaction() as session:
        await session.execute(text("UPDATE outbox SET sent_at = NULL WHERE seq = 3"))
    backup = await restored(source, servers, name=f"backup_{source.bus.prefix}")
    try:
        await source.active()
        await source.emit(3)
        await source.sent()
        await source.close()
        after = await new_source(backup)
        await after.active()
        await after.emit(1)
        assert await after.sent() == [(1, 1), (1, 2), (2, 1), (2, 2)]
        listener.start()

        async def all_arrived() -> bool:
            return bool(await listener.one("SELECT count(*) = 8 FROM inbox"))

        await eventually(all_arrived)
        facts = await listener.one("SELECT count(*) FROM entry")
        assert facts == 7, "the one that was sent under two numbers is entered once, by its own id"
        await after.close()
    finally:
        await administer(servers.postgres_url, f"DROP DATABASE backup_{source.bus.prefix} WITH (FORCE)")


async def test_repair_inside_the_duplicate_window_is_delivered_again(source: Source, listener: Listener) -> None:
    await source.active()
    await source.emit(30)
    await source.sent()
    await source.bus.say(f"{source.bus.prefix}.repair.contracts", {"epoch": 1, "ranges": [[4, 5], [29, 40]]})

    async def stored_again() -> list[str] | None:
        ids = [message.headers["Nats-Msg-Id"] for message in await source.stored()]
        return ids[30:] if len(ids) >= 34 else None

    again = await eventually(stored_again)
    assert [each.rsplit(":r", 1)[0] for each in again] == [f"contracts.1:{seq}" for seq in (4, 5, 29, 30)]
    listener.start()
    await listener.has_all_of(source)


async def test_repair_request_that_makes_no_sense_harms_nobody(source: Source) -> None:
    await source.active()
    for nonsense in ({}, {"epoch": "x", "ranges": [[1, 2]]}, {"epoch": 1, "ranges": [[1]]}, {"epoch": 1, "ranges": 7}):
        await source.bus.say(f"{source.bus.prefix}.repair.contracts", nonsense)
    await source.emit(2)
    await source.sent()
    await source.bus.say(f"{source.bus.prefix}.repair.contracts", {"epoch": 1, "ranges": [[1, 1]]})

    async def repaired() -> bool:
        return len(await source.stored()) == 3

    await eventually(repaired)


async def test_only_old_sent_events_are_purged(source: Source) -> None:
    await source.active()
    await source.emit(6)
    await source.sent()
    await source.stop()
    await source.emit(2)
    async with source.database.transaction() as session:
        await session.execute(text("UPDATE outbox SET sent_at = sent_at - interval '10 days' WHERE seq <= 4"))
        await session.execute(text("UPDATE outbox SET recorded_at = recorded_at - interval '10 days'"))
    async with source.database.transaction() as session:
        connection = await session.connection()
        assert await purge_sent(connection, retention=timedelta(days=9)) == 4
        assert await purge_sent(connection, retention=timedelta(days=9)) == 0
    assert [row.seq for row in await source.rows("SELECT seq FROM outbox ORDER BY n")] == [5, 6, None, None]


async def test_relay_waits_for_a_database_that_comes_later(source: Source, servers: Servers) -> None:
    name = f"later_{source.bus.prefix}"
    late = Source("contracts", url_of(servers.postgres_url, name), servers.nats_url, source.bus.prefix)
    await late.bus.connect(deadline=5)
    relay = late.start()
    tries = 0
    connect = late.database.connect_raw

    async def counted(**settings: str) -> "asyncpg.Connection[Any]":
        nonlocal tries
        tries += 1
        return await connect(**settings)

    late.database.connect_raw = counted  # type: ignore[method-assign]  # only counts
    await eventually(lambda: tries >= 2)
    assert not relay.active
    await source.database.dispose()
    database = source.settings.database_url.rsplit("/", 1)[1]
    await administer(servers.postgres_url, f"CREATE DATABASE {name} TEMPLATE {database}")
    try:
        await eventually(lambda: relay.active)
        await late.emit(1)
        await late.sent()
    finally:
        await late.close()
        await administer(servers.postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


async def test_two_relays_of_one_process_cannot_be_active_together(source: Source) -> None:
    """The lock belongs to a connection and not to a process."""
    await source.active()
    second = Relay(source.database, source.bus, source.settings, source="contracts")
    source.run(second.run())
    at = clock.now()
    await source.emit(3)
    await source.sent()
    assert not second.active
    assert (await source.one("SELECT min(sent_at) FROM outbox")) >= at
