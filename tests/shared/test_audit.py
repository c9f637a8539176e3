"""Audit rows are part of the write, and their chain shows what was changed afterwards."""

from typing import Any

import pytest
from sqlalchemy import text
from tests.shared.toys import Source

from shared import audit
from shared.audit import CHAIN_JOB, record, verify
from shared.auth import Principal
from shared.ids import new_id
from shared.jobs import Worker

ACTOR = Principal("office-7", frozenset({"finance"}), ("CN-23",), organisation=new_id())


async def act(source: Source, count: int = 1, *, first: int = 0) -> None:
    """Commit audited acts, a transaction each."""
    for number in range(first, first + count):
        async with source.database.transaction(principal=ACTOR) as session:
            record(session, "thing.changed", noun="thing", noun_id=str(number), region="CN-230102", fields=["b", "a"])


async def link(source: Source) -> None:
    """Run the job until it has chained all."""
    worker = Worker(source.database, [CHAIN_JOB])
    async with source.database.transaction() as session:
        await session.execute(text("DELETE FROM job"))
    await worker._ensure_recurring()
    while await worker.run_one():
        pass


async def broken_at(source: Source) -> int | None:
    """As the operator asks: in a session for reading."""
    async with source.database.reading() as session:
        return await verify(session)


async def change(source: Source, sql: str, **parameters: Any) -> None:
    """Tamper."""
    async with source.database.transaction() as session:
        await session.execute(text(sql), parameters)


async def test_row_says_who_did_what_to_which_thing(source: Source) -> None:
    await act(source)
    async with source.database.transaction() as session:
        record(session, "thing.paid", noun="thing", noun_id=new_id(), fields={"amount": "1.00", "times": 2})
    first, second = await source.rows("SELECT * FROM audit ORDER BY n")
    assert (first.subject, first.organisation) == ("office-7", ACTOR.organisation)
    assert (first.action, first.noun, first.noun_id, first.region) == ("thing.changed", "thing", "0", "CN-230102")
    assert first.fields == ["a", "b"]
    assert (second.subject, second.organisation, second.region) == ("system", None, None)
    assert second.fields == {"amount": "1.00", "times": 2}


async def test_rollback_leaves_no_row(source: Source) -> None:
    session = source.database.session(write=True)
    record(session, "thing.changed", noun="thing", noun_id="a")
    await audit.flush(session)
    await session.close()
    assert await source.rows("SELECT 1 FROM audit") == []


async def test_empty_chain_is_whole(source: Source) -> None:
    assert await broken_at(source) is None
    await link(source)
    assert await broken_at(source) is None


async def test_chain_is_whole_and_goes_on(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_CHUNK", 4)
    await act(source, 10)
    assert await source.one("SELECT count(link) FROM audit") == 0, "writes do not queue behind the chain"
    await link(source)
    await act(source, 3, first=10)
    await link(source)
    assert [row.link for row in await source.rows("SELECT link FROM audit ORDER BY n")] == list(range(1, 14))
    assert await broken_at(source) is None


async def test_rows_that_commit_out_of_order_are_chained_as_they_appear(source: Source) -> None:
    early = source.database.session(write=True)
    record(early, "thing.changed", noun="thing", noun_id="early")
    await audit.flush(early)
    await act(source, 2)
    await link(source)
    await early.commit()
    await early.close()
    await act(source, 1, first=2)
    await link(source)
    rows = await source.rows("SELECT noun_id FROM audit ORDER BY link")
    assert [row.noun_id for row in rows] == ["0", "1", "early", "2"]
    assert (await source.rows("SELECT noun_id FROM audit ORDER BY n"))[0].noun_id == "early"
    assert await broken_at(source) is None


TAMPERINGS = {
    "id": "gen_random_uuid()",
    "at": "at + interval '1 microsecond'",
    "subject": "'somebody else'",
    "organisation": "NULL",
    "action": "'thing.read'",
    "noun": "'nothing'",
    "noun_id": "'x'",
    "region": "NULL",
    "fields": "'[]'",
    "hash": "sha256('x')",
    "link": "NULL",
}


@pytest.mark.parametrize("column", [*TAMPERINGS, "deleted"])
async def test_tampering_is_found_at_its_place(source: Source, column: str) -> None:
    """Every column that the chain covers, the chain itself, and the whole row."""
    await act(source, 5)
    await link(source)
    if column in TAMPERINGS:
        await change(source, f"UPDATE audit SET {column} = {TAMPERINGS[column]} WHERE link = 3")
    else:
        await change(source, "DELETE FROM audit WHERE link = 3")
    assert await broken_at(source) == 3


async def test_exchanged_rows_are_found(source: Source) -> None:
    await act(source, 5)
    await link(source)
    await change(source, "UPDATE audit SET link = 99 WHERE link = 2")
    await change(source, "UPDATE audit SET link = 2 WHERE link = 3")
    await change(source, "UPDATE audit SET link = 3 WHERE link = 99")
    assert await broken_at(source) == 2


async def test_row_slipped_in_is_found(source: Source) -> None:
    await act(source, 5)
    await link(source)
    await change(source, "UPDATE audit SET link = link + 10 WHERE link >= 3")
    await change(source, "UPDATE audit SET link = link - 9 WHERE link >= 3")
    await change(
        source,
        "INSERT INTO audit (id, at, subject, action, noun, noun_id, fields, link, hash) "
        "VALUES (:id, now(), 's', 'a', 'n', 'i', '[]', 3, sha256('x'))",
        id=new_id(),
    )
    assert await broken_at(source) == 3
