"""Audit rows are written with the act, and chained so that a later change shows."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.shared.conftest import ToyDatabases

from shared import audit, clock
from shared.auth import Principal
from shared.db import Database
from shared.ids import new_id
from shared.jobs import Worker
from shared.savepoint import savepoint
from shared.service import open_database
from shared.settings import ServiceSettings

CLERK = Principal("clerk", frozenset({"finance"}), ("CN-23",), new_id())


@pytest.fixture(scope="module")
async def opened(databases: ToyDatabases) -> AsyncIterator[Database]:
    async with databases.lent() as take:
        database = open_database(ServiceSettings.load(database_url=await take()), name="audit")
        yield database
        await database.dispose()


@pytest.fixture
async def database(opened: Database) -> Database:
    await execute(opened, "TRUNCATE audit, job RESTART IDENTITY")
    return opened


async def execute(database: Database, sql: str, **parameters: Any) -> None:
    async with database.transaction() as session:
        await session.execute(text(sql), parameters)


async def rows(database: Database) -> list[Any]:
    async with database.reading() as session:
        return list((await session.execute(text("SELECT * FROM audit ORDER BY n"))).all())


async def act(database: Database, count: int = 1) -> None:
    async with database.transaction(principal=CLERK) as session:
        for number in range(count):
            audit.record(
                session, "thing.changed", noun="thing", noun_id=f"{number}", region="CN-230102", fields=["b", "a"]
            )


async def chain(database: Database) -> None:
    """Run the recurring job as a worker does, until there is nothing left."""
    worker = Worker(database, [audit.CHAIN_JOB])
    await worker._ensure_recurring()
    await execute(database, "UPDATE job SET run_at = :now", now=clock.now())
    assert await worker.run_one()
    with clock.frozen(clock.now()):
        while await worker.run_one():
            pass


async def verified(database: Database) -> int | None:
    async with database.reading() as session:
        return (await audit.verify(session)).broken


async def test_row_says_who_did_what(database: Database) -> None:
    at = datetime(2026, 3, 1, 8, tzinfo=UTC)
    thing = new_id()
    with clock.frozen(at):
        async with database.transaction(principal=CLERK) as session:
            audit.record(
                session, "thing.changed", noun="thing", noun_id=thing, region="CN-230102", fields={"name", "age"}
            )
            assert await rows(database) == []
        async with database.transaction() as session:
            audit.record(session, "thing.moved", noun="thing", noun_id=thing, fields={"from": "a"})
    first, second = await rows(database)
    assert (first.at, first.subject, first.organisation) == (at, "clerk", CLERK.organisation)
    assert (first.action, first.noun, first.noun_id) == ("thing.changed", "thing", str(thing))
    assert (first.region, first.fields, first.link, first.hash) == ("CN-230102", ["age", "name"], None, None)
    assert (second.subject, second.organisation, second.region, second.fields) == ("system", None, None, {"from": "a"})
    assert isinstance(first.id, UUID)


@pytest.mark.parametrize("count", [audit.COPY_FROM - 1, audit.COPY_FROM])
async def test_many_acts_keep_their_order_however_they_are_written(database: Database, count: int) -> None:
    await act(database, count)
    written = await rows(database)
    assert [row.noun_id for row in written] == [f"{number}" for number in range(count)]
    assert {(row.subject, row.organisation, row.region) for row in written} == {
        ("clerk", CLERK.organisation, "CN-230102")
    }
    assert all(row.fields == ["a", "b"] for row in written)


async def test_act_that_is_rolled_back_leaves_no_row(database: Database) -> None:
    async def change_and_fail() -> None:
        async with database.transaction() as session:
            audit.record(session, "thing.changed", noun="thing", noun_id="0")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_and_fail()
    assert await rows(database) == []


async def test_part_that_is_rolled_back_leaves_no_row(database: Database) -> None:
    async def part(session: Any, noun_id: str, *, fails: bool) -> None:
        async with savepoint(session):
            audit.record(session, "thing.changed", noun="thing", noun_id=noun_id)
            if fails:
                raise RuntimeError

    async with database.transaction() as session:
        await part(session, "kept", fails=False)
        with pytest.raises(RuntimeError):
            await part(session, "undone", fails=True)
        await part(session, "kept too", fails=False)
    assert [row.noun_id for row in await rows(database)] == ["kept", "kept too"]


async def test_chain_takes_every_row_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await verified(database) is None
    await act(database, 3)
    assert await verified(database) is None  # what is not chained yet is not judged
    await chain(database)
    before = await rows(database)
    assert [row.link for row in before] == [1, 2, 3]
    assert len({row.hash for row in before}) == 3
    monkeypatch.setattr(audit, "_CHUNK", 2)  # verify goes on beyond one chunk
    await act(database, 3)
    await chain(database)
    await chain(database)
    after = await rows(database)
    assert [row.link for row in after] == [1, 2, 3, 4, 5, 6]
    assert after[:3] == before
    assert await verified(database) is None
    await execute(database, "UPDATE audit SET subject = 'nobody' WHERE link = 5")
    assert await verified(database) == 5


async def test_equal_acts_have_different_links(database: Database) -> None:
    """A hash covers all rows before it: the same row at another place has another hash."""
    with clock.frozen(clock.now()):
        await act(database)
        await chain(database)
        [first] = await rows(database)
        await execute(database, "UPDATE audit SET id = :id, link = NULL, hash = NULL", id=new_id())
        await chain(database)
        [other] = await rows(database)
    assert first.hash != other.hash


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE audit SET subject = 'nobody' WHERE link = 3", 3),
        ("UPDATE audit SET organisation = NULL WHERE link = 3", 3),
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE link = 2", 2),
        ("UPDATE audit SET action = 'thing.read' WHERE link = 5", 5),
        ("UPDATE audit SET noun_id = '9' WHERE link = 1", 1),
        ("UPDATE audit SET region = 'CN-230103' WHERE link = 4", 4),
        ("UPDATE audit SET region = NULL WHERE link = 4", 4),
        ("UPDATE audit SET fields = '[\"a\"]' WHERE link = 3", 3),
        ("UPDATE audit SET hash = decode(repeat('00', 32), 'hex') WHERE link = 3", 3),
        ("UPDATE audit SET hash = NULL WHERE link = 3", 3),
        ("UPDATE audit SET link = NULL WHERE link = 3", 3),
        ("DELETE FROM audit WHERE link = 3", 3),
        ("DELETE FROM audit WHERE link = 1", 1),
        ("DELETE FROM audit WHERE link <= 4", 1),
        # Closing the ranks after a deletion does not help.
        (
            "DELETE FROM audit WHERE link = 2; UPDATE audit SET link = link - 1 WHERE link = 3; UPDATE audit SET link = link - 1 WHERE link = 4",
            2,
        ),
        ("UPDATE audit SET link = -link WHERE link IN (2, 3); UPDATE audit SET link = 5 + link WHERE link < 0", 2),
    ],
)
async def test_tampering_is_found(database: Database, change: str, found: int) -> None:
    await act(database, 5)
    await chain(database)
    assert await verified(database) is None
    for statement in change.split("; "):
        await execute(database, statement)
    assert await verified(database) == found


async def test_inserted_row_is_found(database: Database) -> None:
    await act(database, 3)
    await chain(database)
    await execute(database, "UPDATE audit SET link = link + 10 WHERE link = 3")
    await execute(database, "UPDATE audit SET link = 4 WHERE link = 13")
    await execute(
        database,
        "INSERT INTO audit (id, at, subject, action, noun, noun_id, fields, link, hash) "
        "SELECT gen_random_uuid(), at, 'nobody', action, noun, noun_id, fields, 3, hash FROM audit WHERE link = 2",
    )
    assert await verified(database) == 3


async def test_rows_committed_out_of_order_are_chained(database: Database) -> None:
    """The slow transaction has the lower number and appears after the chain has gone past it."""
    async with database.session(principal=CLERK, write=True) as slow:
        audit.record(slow, "thing.changed", noun="thing", noun_id="slow")
        await audit.flush(slow)
        async with database.transaction(principal=CLERK) as quick:
            audit.record(quick, "thing.changed", noun="thing", noun_id="quick")
        await chain(database)
        assert [(row.noun_id, row.link) for row in await rows(database)] == [("quick", 1)]
        await slow.commit()
    await act(database)
    await chain(database)
    assert [(row.noun_id, row.link) for row in await rows(database)] == [("slow", 2), ("quick", 1), ("0", 3)]
    assert await verified(database) is None
    await execute(database, "UPDATE audit SET subject = 'nobody' WHERE noun_id = 'slow'")
    assert await verified(database) == 2


async def test_full_chunk_asks_to_go_on(database: Database) -> None:
    await act(database, audit._CHUNK + 1)
    await chain(database)
    assert [row.link for row in await rows(database)] == list(range(1, audit._CHUNK + 2))
    assert await verified(database) is None
