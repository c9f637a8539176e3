"""The servers that all other tests stand on."""

import asyncpg
import pytest

from gongping_local.pytest_servers import Servers


@pytest.mark.parametrize("word", ["政府采购", "养老服务"])
async def test_chinese_words_have_trigrams(servers: Servers, word: str) -> None:
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        # Another worker of this run may do the same at this moment.
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(1)")
            await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        assert await connection.fetchval("SELECT cardinality(show_trgm($1))", word) == len(word) + 1
    finally:
        await connection.close()
