"""Databases for tests: migrated once, emptied after each test and handed to the next one.

A service's database is migrated once per process into a template. `CREATE DATABASE … TEMPLATE` copies the files of
nearly a thousand tables and indexes, a third of a second; emptying what a test has filled takes hundredths. A database
in which a test has changed more than rows (a table, a trigger, a function, a setting), or that it has filled far, is
dropped instead.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import asyncpg

from shared.db import asyncpg_url
from shared.ids import new_id
from shared.migrations import migrate

__all__ = ["empty_database", "new_database"]

_GROWTH: Final = 8_000_000
"""Bytes by which a database may have grown and still be emptied: beyond, dead rows would slow the next tests down."""

# Everything but rows: objects of the schema, with the transactions that last touched them, and settings.
_SHAPE: Final = """
    SELECT md5(concat_ws(';',
        (SELECT string_agg(concat_ws(',', oid, relkind, relpersistence, reloptions), ' ' ORDER BY oid) FROM pg_class
         WHERE relnamespace = 'public'::regnamespace),
        (SELECT concat(count(*), ',', max(a.xmin::text::bigint)) FROM pg_attribute a
         JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace),
        (SELECT concat(count(*), ',', max(xmin::text::bigint)) FROM pg_attrdef),
        (SELECT concat(count(*), ',', max(xmin::text::bigint)) FROM pg_constraint),
        (SELECT concat(count(*), ',', max(xmin::text::bigint)) FROM pg_trigger),
        (SELECT concat(count(*), ',', max(xmin::text::bigint)) FROM pg_proc),
        (SELECT count(*) FROM pg_extension),
        (SELECT count(*) FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'),
        (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase IN
            (SELECT oid FROM pg_database WHERE datname = current_database()))))
"""
_TABLES: Final = """
    SELECT format('%I', relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1
"""
_SEQUENCES: Final = """
    SELECT count(setval(seqrelid, seqstart, false)) FROM pg_sequence
    WHERE pg_sequence_last_value(seqrelid) IS NOT NULL
"""
_OTHERS: Final = """
    SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class _Template:
    """A migrated database that is only copied; `seeds` are the rows of the migrations themselves, by table."""

    name: str
    shape: str
    size: int
    filled: str
    """Statement that names the tables with rows."""
    seeds: dict[str, bytes]


_templates: dict[tuple[str, str], _Template] = {}
_idle: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
_lock = asyncio.Lock()


def _named(url: str, name: str) -> str:
    return url.rsplit("/", 1)[0] + "/" + name


async def _administer(admin_url: str, statement: str) -> None:
    connection = await asyncpg.connect(asyncpg_url(admin_url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _template(admin_url: str, service: str) -> _Template:
    async with _lock:
        found = _templates.get((admin_url, service))
        if found is None:
            name = f"template_{service}_{new_id().hex[-12:]}"
            await _administer(admin_url, f'CREATE DATABASE "{name}"')
            await asyncio.to_thread(migrate, service, _named(admin_url, name))
            found = _templates[admin_url, service] = await _described(admin_url, name)
        return found


async def _described(admin_url: str, name: str) -> _Template:
    connection = await asyncpg.connect(asyncpg_url(_named(admin_url, name)))
    try:
        tables = [row[0] for row in await connection.fetch(_TABLES)]
        filled = " UNION ALL ".join(f"SELECT '{each}' WHERE EXISTS (SELECT FROM {each})" for each in tables)  # noqa: S608 - names of the catalogue
        seeds = {}
        for (table,) in await connection.fetch(filled):
            rows = BytesIO()
            await connection.copy_from_query(f"TABLE {table}", output=rows, format="binary")
            seeds[table] = rows.getvalue()
        shape = await connection.fetchval(_SHAPE)
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
        return _Template(name, shape, size, filled, seeds)
    finally:
        await connection.close()


@asynccontextmanager
async def empty_database(admin_url: str) -> AsyncIterator[str]:
    """URL of a database without anything, for tests of migrations; dropped at the end."""
    name = f"empty_{new_id().hex[-12:]}"
    await _administer(admin_url, f'CREATE DATABASE "{name}"')
    try:
        yield _named(admin_url, name)
    finally:
        await _dropped(admin_url, name)


async def _dropped(admin_url: str, name: str) -> None:
    await _administer(admin_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@asynccontextmanager
async def new_database(admin_url: str, service: str, *, untouched: bool = False) -> AsyncIterator[str]:
    """URL of a migrated database of a service, without other rows than those of the migrations.

    `untouched`: nobody has used it before, so that rows lie in the order in which they were written.
    """
    template = await _template(admin_url, service)
    idle = _idle[admin_url, service]
    if idle and not untouched:
        name = idle.pop()
    else:
        name = f"{service}_{new_id().hex[-12:]}"
        await _administer(admin_url, f'CREATE DATABASE "{name}" TEMPLATE "{template.name}" STRATEGY wal_log')
    kept = False
    try:
        yield _named(admin_url, name)
        kept = await _emptied(admin_url, name, template)
    finally:
        if kept:
            idle.append(name)
        else:
            await _dropped(admin_url, name)


async def _emptied(admin_url: str, name: str, template: _Template) -> bool:
    """Bring a database back to what its template is; False if it is not worth it or cannot be done."""
    try:
        connection = await asyncpg.connect(asyncpg_url(_named(admin_url, name)))
    except (asyncpg.PostgresError, OSError):  # the test has dropped it, shut it or stopped the server
        return False
    try:
        await connection.fetchval(_OTHERS)
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
        if size > template.size + _GROWTH or await connection.fetchval(_SHAPE) != template.shape:
            return False
        tables = [row[0] for row in await connection.fetch(template.filled)]
        # Without triggers and foreign keys, so that append-only tables are emptied too, in any order.
        await connection.execute("SET session_replication_role = replica")
        if tables:
            await connection.execute("; ".join(f"DELETE FROM {table}" for table in tables))  # noqa: S608 - as above
        await connection.fetchval(_SEQUENCES)
        for table, rows in template.seeds.items():
            await connection.copy_to_table(table.strip('"'), source=BytesIO(rows), format="binary")
        return True
    finally:
        await connection.close()
