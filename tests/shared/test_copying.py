"""COPY belongs to the transaction that it is called in, and is refused like any other statement."""

import contextlib

import pytest
from sqlalchemy.exc import DataError, IntegrityError
from tests.shared.toys import REGION, Source

from shared.copying import copy_in
from shared.ids import new_id
from shared.savepoint import savepoint

COLUMNS = ("id", "region", "name", "version")


async def test_copied_rows_are_undone_with_the_transaction(source: Source) -> None:
    # Nothing was executed before: the driver alone would have committed at once.
    with contextlib.suppress(RuntimeError):
        async with source.database.transaction() as session:
            await copy_in(session, "thing", columns=COLUMNS, records=[(new_id(), REGION, "a", 1)])
            raise RuntimeError
    assert await source.one("SELECT count(*) FROM thing") == 0
    async with source.database.transaction() as session:
        await copy_in(session, "thing", columns=COLUMNS, records=[(new_id(), REGION, "b", 1)])
    assert await source.one("SELECT count(*) FROM thing") == 1


async def test_what_the_database_refuses_is_told_as_of_any_statement(source: Source) -> None:
    twice = (new_id(), REGION, "a", 1)
    async with source.database.transaction() as session:
        with pytest.raises(IntegrityError):
            async with savepoint(session):
                await copy_in(session, "thing", columns=COLUMNS, records=[twice, twice])
        with pytest.raises(DataError):
            async with savepoint(session):
                await copy_in(session, "thing", columns=COLUMNS, records=[(new_id(), REGION, "\0", 1)])
        await copy_in(session, "thing", columns=COLUMNS, records=[twice])
    assert await source.one("SELECT count(*) FROM thing") == 1
