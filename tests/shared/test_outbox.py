"""An event and its change are one commit."""

import contextlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from tests.shared.toys import REGION, Source, posting

from shared import clock, outbox
from shared.audit import record
from shared.events import Envelope, LedgerPosted, ScoreReason, ScoreUpdated
from shared.ids import new_id
from shared.outbox import EventTooLarge, emit, nats_subject, province_of
from shared.savepoint import savepoint
from shared.testing import events

ADD = text("INSERT INTO thing VALUES (:id, 'CN', :name, 1)")


@pytest.mark.parametrize(
    ("region", "province"),
    [("CN-230102", "23"), ("CN-23", "23"), ("CN", "00"), ("CN-", "00"), ("XK-xx", "xx"), ("ZZ-0", "xx")],
)
def test_subject_ends_with_the_province(region: str, province: str) -> None:
    assert province_of(region) == province
    assert nats_subject("contracts.ledger.posted.v1", region) == f"gongping.contracts.ledger.posted.v1.{province}"


async def test_event_and_change_are_one_commit(source: Source) -> None:
    async with source.database.transaction() as session:
        await session.execute(ADD, {"id": new_id(), "name": "a"})
        event_id = emit(session, posting(), subject="a", region=REGION)
    [row] = await source.rows("SELECT id, type, nats_subject, aggregate, region, seq, sent_at FROM outbox")
    assert tuple(row) == (event_id, LedgerPosted.TYPE, f".{LedgerPosted.TYPE}.23", "a", REGION, None, None)
    assert await source.one("SELECT count(*) FROM thing") == 1


@pytest.mark.parametrize("count", [outbox.COPY_FROM - 1, outbox.COPY_FROM])
async def test_many_events_keep_their_order_however_they_are_written(source: Source, count: int) -> None:
    async with source.database.transaction() as session:
        ids = [emit(session, posting(), subject=f"subject {n}", region=REGION) for n in range(count)]
    rows = await source.rows("SELECT id, type, nats_subject, aggregate, region, body FROM outbox ORDER BY n")
    assert [row.id for row in rows] == ids
    assert [row.aggregate for row in rows] == [f"subject {n}" for n in range(count)]
    assert {(row.type, row.nats_subject, row.region) for row in rows} == {
        (LedgerPosted.TYPE, f".{LedgerPosted.TYPE}.23", REGION)
    }
    assert all(json.loads(bytes(row.body))["id"] == str(row.id) for row in rows)
    with contextlib.suppress(RuntimeError):
        async with source.database.transaction() as session:
            for _ in range(count):
                emit(session, posting(), subject="undone", region=REGION)
            await outbox.flush(session)
            raise RuntimeError
    assert await source.one("SELECT count(*) FROM outbox") == count


async def test_rollback_leaves_neither(source: Source) -> None:
    async def change_and_fail() -> None:
        async with source.database.transaction() as session:
            await session.execute(ADD, {"id": new_id(), "name": "a"})
            emit(session, posting(), subject="a", region=REGION)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_and_fail()
    assert await source.one("SELECT count(*) FROM outbox") + await source.one("SELECT count(*) FROM thing") == 0


async def test_refused_commit_leaves_neither(source: Source) -> None:
    """The change itself fails only at the commit, when the events were written already."""
    async with source.database.transaction() as session:
        await session.execute(
            text("ALTER TABLE note ALTER CONSTRAINT note_thing_id_fkey DEFERRABLE INITIALLY DEFERRED")
        )

    async def change() -> None:
        async with source.database.transaction() as session:
            emit(session, posting(), subject="a", region=REGION)
            await session.execute(text("INSERT INTO note VALUES (:id, :id)"), {"id": new_id()})

    with pytest.raises(IntegrityError, match="violates foreign key"):
        await change()
    assert await source.one("SELECT count(*) FROM outbox") + await source.one("SELECT count(*) FROM note") == 0


async def test_too_large_an_event_is_refused_before_the_commit(source: Source) -> None:
    source.database.max_event_bytes = 2000

    async def change() -> None:
        async with source.database.transaction() as session:
            await session.execute(ADD, {"id": new_id(), "name": "a"})
            emit(session, posting(voucher="x" * 2000), subject="a", region=REGION)

    with pytest.raises(EventTooLarge, match="the limit is 2000") as refused:
        await change()
    assert refused.value.status == 413
    assert await source.one("SELECT count(*) FROM outbox") + await source.one("SELECT count(*) FROM thing") == 0


async def test_undone_item_takes_its_events_and_audit_rows_along(source: Source) -> None:

    async def item(session: AsyncSession, number: int) -> None:
        async with savepoint(session):
            await session.execute(ADD, {"id": new_id(), "name": str(number)})
            emit(session, posting(), subject=str(number), region=REGION)
            record(session, "thing.made", noun="thing", noun_id=str(number))
            if number % 2:
                raise ValueError(number)

    async with source.database.transaction() as session:
        for number in range(4):
            with contextlib.suppress(ValueError):
                await item(session, number)
    for query in ("SELECT name FROM thing", "SELECT aggregate FROM outbox", "SELECT noun_id FROM audit"):
        assert sorted(row[0] for row in await source.rows(query)) == ["0", "2"]


async def test_envelope_says_what_caused_it(source: Source) -> None:
    cause = new_id()
    async with source.database.transaction() as session:
        emit(session, posting("120000.50"), subject="a", region=REGION, causation=cause, correlation="import-7")
    [envelope] = await events(source.database)
    assert (envelope.causationid, envelope.correlationid, envelope.source) == (str(cause), "import-7", "contracts")
    assert LedgerPosted.parse(envelope.data).amount == Decimal("120000.50")  # type: ignore[attr-defined]
    assert envelope.data["amount"] == "120000.50"


async def test_the_envelope_is_written_as_its_model_would(source: Source) -> None:
    async with source.database.transaction() as session:
        emit(session, posting(), subject='a "quoted" 名\n', region=REGION)
        emit(session, posting(), subject=new_id(), region=REGION, causation=new_id(), correlation="c\\d")
        with clock.frozen(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)):
            emit(session, posting(), subject="whole second", region=REGION)
    rows = await source.rows("SELECT body FROM outbox ORDER BY n")
    bodies = [bytes(row.body).decode() for row in rows]
    for body in bodies:
        assert Envelope.model_validate_json(body).model_dump_json(exclude_none=True) == body


async def test_null_in_the_payload_is_kept(source: Source) -> None:
    """The envelope leaves its own empty attributes out, never the payload's."""
    score = ScoreUpdated(
        **dict.fromkeys(
            ("framework_id", "framework_version", "framework_hash", "stage", "score", "lower", "upper", "grade"), "x"
        ),
        **dict.fromkeys(("grade_lower", "grade_upper", "coverage", "content_hash", "chain_hash"), "x"),
        contract_id=new_id(),
        version=1,
        region=REGION,
        reasons=(ScoreReason(node="n", name="n", before=None, after="1"),),
        recorded_at=clock.now(),
    )
    async with source.database.transaction() as session:
        emit(session, score, subject="a", region=REGION)
    body = await source.one("SELECT body FROM outbox")
    assert "traceparent" not in json.loads(body)
    assert ScoreUpdated.parse(Envelope.model_validate_json(body).data) == score


async def test_only_a_commit_with_events_wakes_the_relay(source: Source) -> None:
    woken: list[bool] = []
    source.database.after_commit.append(lambda session: woken.append(outbox.has_events(session)))
    async with source.database.transaction() as session:
        await session.execute(text("SELECT 1"))
    await source.emit()
    assert woken == [False, True]


async def test_composed_events_are_those_that_were_emitted(source: Source) -> None:
    at, cause, correlation = clock.now(), new_id(), new_id()
    with clock.frozen(at):
        async with source.database.transaction() as session:
            given: dict[str, Any] = {
                "subject": 'a "quoted" subject',
                "region": REGION,
                "causation": cause,
                "correlation": correlation,
            }
            emit(session, posting(), **given)
            outbox.add(session, [outbox.compose(posting(), at=at, limit=outbox.limit_of(session), **given)])
            with pytest.raises(outbox.EventTooLarge):
                outbox.compose(posting(), at=at, limit=10, **given)
    first, second = [
        Envelope.model_validate_json(row.body) for row in await source.rows("SELECT body FROM outbox ORDER BY n")
    ]
    assert (first.subject, first.source, first.time) == ('a "quoted" subject', "contracts", at)
    assert (first.causationid, first.correlationid) == (str(cause), str(correlation))
    assert first.model_copy(update={"id": second.id, "data": second.data}) == second
