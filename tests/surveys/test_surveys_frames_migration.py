"""Migration 0003 fills in the waves that are there, and leaves the code before it working."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from gongping_local.pytest_servers import Servers
from shared.db import asyncpg_url
from shared.ids import new_id
from shared.migrations import migrate
from shared.testing_databases import empty_database

OPEN_WAVE = """
INSERT INTO waves (id, version, contract_id, simulated, kind, state, opened_by, instrument_id, instrument_version,
  instrument_sha256, languages, design, strata, opens_at, closes_at, freezes_at, region)
VALUES ($1, 1, $2, true, $3, 'open', $4, 'core', '1.0.0', $5, '{en}', 'open_link', '[]', $6, $7, $7, 'CN-230102')
"""


async def test_waves_of_before_get_their_declarations_and_the_code_before_can_open_more(servers: Servers) -> None:
    async with empty_database(servers.postgres_url) as url:
        await asyncio.to_thread(migrate, "surveys", url, "0002")
        connection = await asyncpg.connect(asyncpg_url(url))
        contract, begin = new_id(), datetime(2026, 1, 1, tzinfo=UTC)
        try:
            await connection.execute(
                "INSERT INTO instruments (sha256, id, version, document, stored_at) "
                "VALUES ($1, 'core', '1.0.0', '{}', $2)",
                "0" * 64,
                begin,
            )
            await connection.execute(
                "INSERT INTO contracts (id, version, title, state, purchaser_id, purchaser_name, simulated, region) "
                "VALUES ($1, 1, 'a', 'completed', $1, 'b', true, 'CN-230102')",
                contract,
            )
            times = ("0" * 64, begin, begin + timedelta(days=1))
            await connection.execute(OPEN_WAVE, new_id(), contract, "completion", "event", *times)
            await asyncio.to_thread(migrate, "surveys", url, "0003")
            await connection.execute(OPEN_WAVE, new_id(), contract, "followUp", "hand", *times)
            for row in await connection.fetch("SELECT * FROM waves"):
                assert (row["anonymous"], row["publication_policy"]) == (True, "publish-v1")
                assert (row["margins"], row["quotas"], row["cautions"]) == ("[]", "[]", [])
            await connection.execute("UPDATE waves SET state = 'closed', closed_at = now()")
            with pytest.raises(asyncpg.UniqueViolationError, match="uq_waves_unattended"):
                await connection.execute(OPEN_WAVE, new_id(), contract, "completion", "schedule", *times)
        finally:
            await connection.close()
