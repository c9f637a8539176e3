"""The shared tables in a database are the shared tables that alembic compares with."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from tests.shared.toys import TABLES, Source

from shared.db import metadata
from shared.schema import SHARED_TABLES, attach, create_v1


async def test_description_and_tables_agree(source: Source) -> None:
    described = metadata()
    attach(described)
    assert set(described.tables) == set(SHARED_TABLES)
    own = {statement.split()[2] for statement in TABLES}

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return [each for each in compare_metadata(context, described) if not own & {getattr(each[1], "name", None)}]

    async with source.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_every_constraint_has_its_name_by_the_convention(source: Source) -> None:
    rows = await source.rows(
        "SELECT conname FROM pg_constraint WHERE conrelid = ANY(CAST(:tables AS regclass[])) "
        "AND contype IN ('p', 'u', 'c', 'f')",
        tables=list(SHARED_TABLES),
    )
    assert {row.conname.split("_")[0] for row in rows} == {"pk", "uq", "ck"}


def test_source_is_a_name() -> None:
    said: list[str] = []
    with pytest.raises(ValueError, match="no service name"):
        create_v1(said.append, source="x'; DROP TABLE outbox; --")
    assert not any("DROP" in statement for statement in said)
