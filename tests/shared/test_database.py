"""Sessions, commits and their hooks; which errors mean that the database is away."""

import asyncio
import socket
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from tests.shared.conftest import NewDatabase, url_of
from tests.shared.toys import Source

from gongping_local.pytest_servers import Servers
from shared.auth import SYSTEM, Principal
from shared.db import Database, asyncpg_url, is_unavailable, principal_in, sqlalchemy_url, storable
from shared.ids import new_id
from shared.problems import NotFound

ADD = text("INSERT INTO thing VALUES (:id, 'CN', 'a', 1)")


def caused(error: Exception, cause: BaseException) -> Exception:
    """As `raise error from cause` leaves it."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "unavailable"),
    [
        (ConnectionRefusedError(), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (socket.gaierror(-2, "Name or service not known"), True),
        (OSError("Multiple exceptions: [Errno 111], [Errno 99]"), True),
        (FileNotFoundError(2, "No such file", "/data.json"), False),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InterfaceError("pool is closing"), True),
        (asyncpg.InterfaceError("cannot call Connection.fetch(): connection has been released back to the pool"), True),
        (asyncpg.InterfaceError("cannot perform operation: another operation is in progress"), False),
        (asyncpg.InterfaceError("the server expects 1 argument for this query, 2 were passed"), False),
        (asyncpg.ConnectionDoesNotExistError(), True),
        (asyncpg.CannotConnectNowError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.TooManyConnectionsError(), True),
        (asyncpg.DiskFullError(), True),
        (asyncpg.DeadlockDetectedError(), True),
        (asyncpg.SerializationError(), True),
        (asyncpg.LockNotAvailableError(), True),
        (asyncpg.UniqueViolationError(), False),
        (asyncpg.DataError("value out of int32 range"), False),
        (asyncpg.UndefinedTableError(), False),
        (ValueError("connection is closed"), False),
        (DBAPIError("SELECT 1", None, caused(Exception(), asyncpg.SerializationError())), True),
        (IntegrityError("INSERT", None, caused(Exception(), asyncpg.UniqueViolationError())), False),
        (OperationalError("SELECT 1", None, None), True),  # type: ignore[arg-type]  # as SQLAlchemy makes it itself
        (caused(RuntimeError(), caused(RuntimeError(), ConnectionRefusedError())), True),
        (NotFound("no such thing"), False),
        (None, False),
    ],
    ids=repr,
)
def test_what_means_that_the_database_is_away(error: BaseException | None, *, unavailable: bool) -> None:
    assert is_unavailable(error) is unavailable


async def failure(database: Database, sql: str, **parameters: Any) -> Exception:
    """The error of a statement."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - it is looked at afterwards
        async with database.transaction() as session:
            await session.execute(text(sql), parameters)
    return caught.value


async def test_errors_of_the_real_driver(source: Source, servers: Servers) -> None:
    database = source.database
    assert not is_unavailable(await failure(database, "SELECT * FROM nothing"))
    assert not is_unavailable(await failure(database, "SELECT CAST(:n AS int)", n=2**40))
    assert not is_unavailable(await failure(database, "SELECT CAST(:n AS text)", n="\x00"))
    assert is_unavailable(await failure(database, "SELECT pg_terminate_backend(pg_backend_pid())"))
    absent = Database(url_of(servers.postgres_url, "no_such_database"))
    assert not is_unavailable(await failure(absent, "SELECT 1")), "a wrong name is no outage"
    await absent.dispose()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        away = Database(f"postgresql://u:p@127.0.0.1:{nobody.getsockname()[1]}/x")
        assert is_unavailable(await failure(away, "SELECT 1"))
        await away.dispose()


async def test_exhausted_pool_is_unavailable(new_database: NewDatabase) -> None:
    database = Database(await new_database(), pool_size=1, pool_overflow=0, pool_timeout=0.1)
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        assert is_unavailable(await failure(database, "SELECT 1"))
    await database.dispose()


async def test_deadlock_victim_is_no_failure_of_the_statement(source: Source) -> None:
    first, second = new_id(), new_id()
    async with source.database.transaction() as session:
        await session.execute(ADD, [{"id": first}, {"id": second}])
    touch = text("UPDATE thing SET version = version + 1 WHERE id = :id")
    both_began = asyncio.Barrier(2)

    async def cross(*ids: Any) -> None:
        async with source.database.transaction() as session:
            await session.execute(touch, {"id": ids[0]})
            await both_began.wait()
            await session.execute(touch, {"id": ids[1]})

    outcomes = await asyncio.gather(cross(first, second), cross(second, first), return_exceptions=True)
    [victim] = [outcome for outcome in outcomes if outcome is not None]
    assert is_unavailable(victim)


async def test_hooks_run_before_the_commit_and_after_it(source: Source) -> None:
    database = Database(source.settings.database_url)
    seen: list[str] = []

    async def before(session: AsyncSession) -> None:
        things = (await session.execute(text("SELECT count(*) FROM thing"))).scalar_one()
        seen.append(f"before {things}")

    database.before_commit.append(before)
    database.after_commit.append(lambda _: seen.append("after"))
    async with database.transaction() as session:
        await session.execute(ADD, {"id": new_id()})
    assert seen == ["before 1", "after"]
    await failure(database, "SELECT 1 / 0")
    assert seen == ["before 1", "after"], "nobody is told of what was not committed"
    await database.dispose()


async def test_refused_commit_tells_nobody(source: Source) -> None:
    told: list[object] = []
    source.database.after_commit.append(told.append)
    await failure(source.database, "INSERT INTO note VALUES (:id, :id)", id=new_id())
    assert told == []


async def test_reading_session_holds_no_transaction(source: Source) -> None:
    """So that a forgotten one holds nothing back, and a snapshot may be read for hours."""
    async with source.database.reading() as session:
        await session.execute(text("SELECT 1"))
        pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        [row] = await source.rows("SELECT state, xact_start FROM pg_stat_activity WHERE pid = :pid", pid=pid)
        assert tuple(row) == ("idle", None)


async def test_session_knows_its_caller(source: Source) -> None:
    caller = Principal("office", frozenset({"finance"}), ("CN-23",))
    async with source.database.transaction(principal=caller) as session:
        assert principal_in(session) is caller
    async with source.database.reading() as session:
        assert principal_in(session) is SYSTEM


async def test_statements_end_in_time(new_database: NewDatabase) -> None:
    database = Database(await new_database(), statement_timeout_ms=50)
    error = await failure(database, "SELECT pg_sleep(30)")
    assert "statement timeout" in str(error)
    await database.dispose()


async def test_raw_pool_and_raw_connection(source: Source) -> None:
    pool = await source.database.pool()
    assert await source.database.pool() is pool
    assert await pool.fetchval("SELECT 1") == 1
    connection = await source.database.connect_raw(synchronous_commit="off")
    try:
        assert await connection.fetchval("SHOW synchronous_commit") == "off"
        assert await connection.fetchval("SHOW tcp_keepalives_idle") == "5"
        assert await connection.fetchval("SHOW application_name") == "contracts"
    finally:
        await connection.close()


def test_urls_for_both_drivers() -> None:
    for given in ("postgresql://u:p@h:1/d", "postgres://u:p@h:1/d", "postgresql+asyncpg://u:p@h:1/d"):
        assert sqlalchemy_url(given) == "postgresql+asyncpg://u:p@h:1/d"
    assert asyncpg_url("postgresql+asyncpg://u:p@h:1/d") == "postgresql://u:p@h:1/d"


def test_message_is_made_storable() -> None:
    assert storable("a\x00b\udcff 评") == "a\N{REPLACEMENT CHARACTER}b? 评"
    assert len(storable("x" * 3000)) == 2000
