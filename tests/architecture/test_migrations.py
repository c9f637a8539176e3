"""The migrations of every service make exactly the tables that its models describe."""

from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from gongping_local.pytest_servers import Servers
from shared.db import Database
from shared.testing import new_database


@pytest.mark.parametrize("service", ["contracts", "surveys", "scoring", "gateway"])
async def test_the_migrated_database_equals_the_models(servers: Servers, service: str) -> None:
    metadata = import_module(f"{service}.tables").metadata

    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    async with new_database(servers.postgres_url, service) as url:
        database = Database(url)
        try:
            async with database.engine.connect() as connection:
                assert await connection.run_sync(differences) == []
                checks = await connection.execute(
                    text(
                        "SELECT conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid WHERE contype = 'c'"
                    )
                )
                found = {row.conname for row in checks}
        finally:
            await database.dispose()
    named = {
        str(constraint.name)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if str(constraint.name).startswith("ck_")
    }
    assert named
    assert named <= found
