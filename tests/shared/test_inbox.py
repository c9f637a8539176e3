"""The inbox: every event is applied once, in any order, and one that cannot be applied holds nobody up."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.shared.toys import POISON, REGION, Listener, PoisonError, Source, contract, posting, shuffled
from tests.support import eventually

from shared.bus import BrokerRefusedError, Delivery, Outgoing, stream_name
from shared.events import CATALOG, ContractUpdated, LedgerPosted
from shared.ids import new_id
from shared.inbox import EventNotKeptError, Received, Subscription, parse, read, reapply
from shared.outbox import emit
from shared.testing import deliver, delivery, events

NewListener = Callable[..., Awaitable[Listener]]


def facts(count: int, *, first: int = 1) -> list[Delivery]:
    """Deliveries of facts numbered from `first`."""
    return [delivery(posting(), subject="a", region=REGION, seq=seq) for seq in range(first, first + count)]


async def test_duplicates_are_applied_once(listener: Listener) -> None:
    batch = facts(10)
    assert len(await deliver(listener.database, listener.subscription, [*batch[:6], *batch[:3]])) == 6
    assert len(await deliver(listener.database, listener.subscription, [*batch, *batch])) == 4
    assert await deliver(listener.database, listener.subscription, batch) == []
    assert sorted((await listener.effects()).values()) == [1] * 10
    assert [row[1] for row in await listener.inbox()] == list(range(1, 11))


async def test_order_does_not_matter(listener: Listener) -> None:
    first, second = new_id(), new_id()
    states = [
        delivery(contract(first if seq % 2 else second, seq), subject="a", region=REGION, seq=seq)
        for seq in range(1, 21)
    ]
    for each in shuffled(states, seed=1):
        await deliver(listener.database, listener.subscription, [each])
    rows = await listener.rows("SELECT id, version, title FROM copy")
    assert {tuple(row) for row in rows} == {(first, 19, "title 19"), (second, 20, "title 20")}


async def test_same_number_of_another_epoch_is_another_event(listener: Listener) -> None:
    for epoch in (1, 2):
        await deliver(
            listener.database,
            listener.subscription,
            [delivery(posting(), subject="a", region=REGION, seq=5, epoch=epoch)],
        )
    assert await listener.inbox() == [(1, 5, "done"), (2, 5, "done")]


async def test_fields_that_this_release_does_not_know_are_ignored(listener: Listener) -> None:
    known = facts(1)[0]
    body = json.loads(known.body)
    body["data"]["colour"], body["tenant"] = "green", 7
    newer = Delivery(known.subject, json.dumps(body).encode(), known.headers, 1, 1, "")
    assert len(await deliver(listener.database, listener.subscription, [newer])) == 1


async def test_poison_holds_nobody_up_and_is_given_up(source: Source, new_listener: NewListener) -> None:
    listener = await new_listener(retry_seconds="0.02,0.02")
    await source.active()
    good = await source.emit(20)
    [bad] = await source.emit(amount=POISON)
    good += await source.emit(20)
    listener.start()

    async def dead() -> list[Any]:
        return await listener.rows("SELECT * FROM inbox WHERE state = 'dead'")

    [row] = await eventually(dead)
    assert (row.seq, row.event_id, row.attempts, row.type) == (21, bad, 3, LedgerPosted.TYPE)
    assert row.reason == "PoisonError: this amount \N{REPLACEMENT CHARACTER} brings bad luck"
    assert row.headers["Gongping-Seq"] == "21"
    assert json.loads(bytes(row.raw))["id"] == str(bad)

    async def others_done() -> bool:
        return await listener.effects() == dict.fromkeys(good, 1)

    await eventually(others_done)
    assert await listener.one("SELECT count(*) FROM inbox_attempt") == 0
    assert listener.handlers.calls[bad] >= 3

    async def apply_again() -> None:
        await reapply(listener.database, listener.subscription, source="contracts", epoch=1, seq=21)

    with pytest.raises(PoisonError):
        await apply_again()
    assert len(await dead()) == 1
    listener.handlers.bears_poison = True
    await apply_again()
    await listener.has_all_of(source)
    assert await listener.one("SELECT count(*) FROM inbox WHERE raw IS NOT NULL OR reason IS NOT NULL") == 0
    with pytest.raises(EventNotKeptError):
        await apply_again()


async def test_handler_that_recovers_leaves_no_trace_of_its_failures(source: Source, new_listener: NewListener) -> None:
    listener = await new_listener(retry_seconds="0.02,0.02,0.02,30")
    await source.active()
    [bad] = await source.emit(amount=POISON)
    listener.start()

    async def tried_twice() -> bool:
        return bool(await listener.rows("SELECT 1 FROM inbox_attempt WHERE attempts >= 2"))

    await eventually(tried_twice)
    assert await listener.inbox() == []
    listener.handlers.bears_poison = True
    await listener.has_all_of(source)
    assert await listener.effects() == {bad: 1}
    assert await listener.one("SELECT count(*) FROM inbox_attempt") == 0


async def test_unreadable_bodies_are_dead_at_once(source: Source, listener: Listener) -> None:
    await source.active()
    await source.emit(1)
    await source.sent()
    subject = f"{source.bus.prefix}.{LedgerPosted.TYPE}.23"
    place = {"Gongping-Source": "contracts", "Gongping-Epoch": "1"}
    lacking = json.loads(facts(1)[0].body)
    del lacking["data"]["amount"]
    for message in (
        Outgoing(subject, b"\xff{ not json", "m2", place | {"Gongping-Seq": "2"}),
        Outgoing(subject, json.dumps(lacking).encode(), "m3", place | {"Gongping-Seq": "3"}),
        Outgoing(subject, facts(1)[0].body, "m4", place | {"Gongping-Seq": "many", "Remark": "ungültig"}),
        Outgoing(subject, facts(1)[0].body, "m5", {}),
    ):
        await source.bus.publish(message)
    await source.stop()
    listener.start(gaps=False)

    async def all_arrived() -> bool:
        return bool(await listener.one("SELECT count(*) = 5 FROM inbox"))

    await eventually(all_arrived)
    rows = await listener.rows("SELECT * FROM inbox ORDER BY epoch DESC, seq")
    assert [(row.epoch, row.seq, row.state) for row in rows] == [
        (1, 1, "done"),
        (1, 2, "dead"),
        (1, 3, "dead"),
        # Not sent by a relay: kept under the number that the stream gave it.
        (-1, 4, "dead"),
        (-1, 5, "dead"),
    ]
    assert bytes(rows[1].raw) == b"\xff{ not json"
    assert rows[1].reason.startswith("ValidationError")
    assert "amount" in rows[2].reason
    assert rows[4].reason == "no Gongping-Epoch and Gongping-Seq headers"
    assert list((await listener.effects()).values()) == [1]


async def test_headers_of_strangers_are_kept_as_far_as_they_are_text(listener: Listener) -> None:
    """As nats-py hands them over: bytes that are no UTF-8 become lone surrogates."""
    strange = Delivery("x.contracts.ledger.posted.v1.23", b"x", {"A": "\udcff", "B": "a\x00b"}, 9, 1, "")
    await deliver(listener.database, listener.subscription, [strange])
    [row] = await listener.rows("SELECT headers FROM inbox")
    assert row.headers == {"A": "?", "B": "a\N{REPLACEMENT CHARACTER}b"}


async def test_type_without_handler_is_kept_for_a_later_release(listener: Listener) -> None:
    old = listener.handlers.subscription(ContractUpdated.TYPE)
    posted = facts(1)[0]
    unknown = Delivery(
        "x.contracts.contract.praised.v1.23",
        posted.body.replace(b"ledger.posted", b"contract.praised"),
        {**posted.headers, "Gongping-Seq": "2"},
        2,
        1,
        "",
    )
    assert await deliver(listener.database, old, [posted, unknown]) == []
    assert await listener.inbox() == [(1, 1, "ignored"), (1, 2, "ignored")]
    assert await listener.rows("SELECT 1 FROM inbox WHERE raw IS NULL OR headers IS NULL") == []
    assert "contracts.contract.praised.v1" not in CATALOG

    new = listener.subscription
    await reapply(listener.database, new, source="contracts", epoch=1, seq=1)
    with pytest.raises(KeyError, match="praised"):
        await reapply(listener.database, new, source="contracts", epoch=1, seq=2)
    assert await listener.inbox() == [(1, 1, "done"), (1, 2, "ignored")]
    assert list((await listener.effects()).values()) == [1]


async def test_events_of_a_handler_are_one_commit_with_its_effect(listener: Listener) -> None:
    fail = True

    async def answer(session: AsyncSession, event: Received[LedgerPosted]) -> None:
        emit(session, contract(event.data.contract_id, 1), subject="a", region=REGION, causation=event.id)
        await listener.handlers.on_posted(session, event)
        if fail:
            raise RuntimeError

    subscription = Subscription("contracts", {LedgerPosted.TYPE: answer})
    with pytest.raises(RuntimeError):
        await deliver(listener.database, subscription, facts(2))
    assert await events(listener.database) == []
    assert await listener.inbox() == []
    fail = False
    applied = await deliver(listener.database, subscription, facts(2))
    assert [each.causationid for each in await events(listener.database)] == [str(event.id) for event in applied]


async def test_lost_connections_and_chosen_deadlock_victims_are_no_failures(
    source: Source, new_listener: NewListener
) -> None:
    listener = await new_listener(retry_seconds="")  # one failure would be the last
    troubles = [
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "DO $$ BEGIN RAISE EXCEPTION 'victim' USING ERRCODE = '40P01'; END $$",
        "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$",
        "DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$",
    ]

    async def troubled(session: AsyncSession, event: Received[LedgerPosted]) -> None:
        await listener.handlers.on_posted(session, event)
        if troubles:
            await session.execute(text(troubles.pop(0)))

    listener.subscription = Subscription("contracts", {LedgerPosted.TYPE: troubled})
    await source.active()
    await source.emit(3)
    listener.start(gaps=False)
    await listener.has_all_of(source)
    assert troubles == []
    assert await listener.one("SELECT count(*) FROM inbox_attempt") == 0


async def test_deleted_consumer_is_made_again(source: Source, listener: Listener) -> None:
    await source.active()
    listener.start(gaps=False)
    await source.emit(5)
    await listener.has_all_of(source)
    durable = f"{source.bus.prefix}-scoring"
    await listener.bus.delete_consumer("contracts", durable)

    async def there_again() -> bool:
        try:
            await source.bus._api(f"CONSUMER.INFO.{stream_name(source.bus.prefix, 'contracts')}.{durable}", {})
        except BrokerRefusedError:
            return False
        return True

    await eventually(there_again)
    await source.emit(5)
    await listener.has_all_of(source)
    assert len(listener.bus._pulls) == 1, "the old pull is forgotten"


async def test_two_processes_share_the_work(source: Source, listener: Listener, new_listener: NewListener) -> None:
    other = await new_listener(listener.settings.database_url, fetch_batch=20)
    await source.active()
    listener.start()
    other.start()
    for _ in range(20):
        await source.emit(25)
    await listener.has_all_of(source)


async def test_batches_are_applied_together(source: Source, new_listener: NewListener) -> None:
    listener = await new_listener(fetch_batch=50)
    await source.active()
    await source.emit(120)
    await source.sent()
    listener.start(gaps=False)
    await listener.has_all_of(source)
    assert sum(listener.handlers.batches) == 120
    assert max(listener.handlers.batches) <= 50
    assert len(listener.handlers.batches) < 60, "finish runs once for each batch, not for each event"


def test_reading_a_delivery_never_raises() -> None:
    handled = {LedgerPosted.TYPE: None}
    good = facts(1)[0]
    assert read(good, handled).event == parse(good.body, epoch=1, seq=1)  # type: ignore[arg-type]
    for body in (b"", b"null", b"[]", b'{"id": 1}', good.body[:-1], good.body.replace(b"ledger.posted", b"x.y")):
        item = read(Delivery(good.subject, body, good.headers, 1, 1, ""), handled)  # type: ignore[arg-type]
        assert item.event is None
        assert item.error
