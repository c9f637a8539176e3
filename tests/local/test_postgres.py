import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from gongping_local import binaries
from gongping_local.account import Account, choose_account
from gongping_local.databases import ensure_databases, named
from gongping_local.errors import LocalError, StartFailedError
from gongping_local.ports import free_port
from gongping_local.postgres import Postgres, connected

PASSWORDS = {"contracts": "one'two\"three", "surveys": "simple"}


def account_for(folder: Path) -> Account:
    folder.mkdir(exist_ok=True)
    account = choose_account(folder, [binaries.postgres_folder() / "postgres"])
    account.own(folder)
    return account


def cluster(folder: Path) -> Postgres:
    home = folder / "servers"
    return Postgres(
        folder=home,
        port=free_port(),
        account=account_for(home),
        password="pass word/@:",
        log=folder / "postgres.log",
        record=folder / "postgres.json",
        durable=False,
    )


async def test_data_outlive_a_stop_and_a_kill(tmp_path: Path) -> None:
    postgres = cluster(tmp_path)
    await postgres.start()
    try:
        async with connected(postgres.url) as connection:
            await connection.execute("CREATE TABLE kept (n int)")
            await connection.execute("INSERT INTO kept VALUES (1)")
            await postgres.stop()  # with an open connection: fast shutdown closes it
        assert postgres.child.returncode == 0
        await postgres.start()
        async with connected(postgres.url) as connection:
            await connection.execute("INSERT INTO kept VALUES (2)")
        postgres.kill()
        await postgres.start()
        async with connected(postgres.url) as connection:
            assert await connection.fetchval("SELECT sum(n) FROM kept") == 3
            assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
            assert await connection.fetchval("SHOW data_checksums") == "on"
    finally:
        await postgres.stop()
    assert not postgres.record.exists()


async def test_interrupted_initdb_is_no_cluster(tmp_path: Path) -> None:
    postgres = cluster(tmp_path)
    draft = postgres.folder / "data.new" / "base"
    draft.mkdir(parents=True)
    (draft / "half").write_text("written")
    postgres.account.own(postgres.folder)
    await postgres.start()
    await postgres.stop()
    assert postgres.data.is_dir()
    assert not draft.parent.exists()
    assert not list(postgres.folder.glob("password*"))


async def test_pid_file_of_another_program_does_not_stop_the_start(tmp_path: Path) -> None:
    postgres = cluster(tmp_path)
    await postgres.start()
    await postgres.stop()
    # After a reboot the pid that was written may be anybody's; here it is that of a program of the same user.
    lock = postgres.data / "postmaster.pid"
    lock.write_text(f"{os.getppid()}\n{postgres.data}\n")
    postgres.account.own(postgres.folder)
    await postgres.start()
    await postgres.stop()


async def test_data_of_another_major_version_are_refused(tmp_path: Path) -> None:
    postgres = cluster(tmp_path)
    postgres.data.mkdir()
    (postgres.data / "PG_VERSION").write_text("13\n")
    with pytest.raises(LocalError, match="belong to PostgreSQL 13"):
        await postgres.start()


async def test_failed_start_shows_the_log(tmp_path: Path) -> None:
    postgres = cluster(tmp_path)
    postgres.settings = {"shared_buffers": "nonsense"}
    postgres.__post_init__()
    with pytest.raises(StartFailedError, match="invalid value for parameter"):
        await postgres.start()


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncIterator[Postgres]:
    made = cluster(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def test_each_service_reaches_its_own_database_only(postgres: Postgres) -> None:
    urls = await ensure_databases(postgres.url, PASSWORDS)
    again = await ensure_databases(postgres.url, PASSWORDS)
    assert urls == again
    async with connected(urls["contracts"]) as connection:
        assert await connection.fetchval("SELECT current_user || '/' || current_database()") == "/".join(
            [named("contracts")] * 2
        )
        await connection.execute("CREATE TABLE mine (n int)")
    foreign = f"{urls['contracts'].rpartition('/')[0]}/{named('surveys')}"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with connected(foreign):
            pass
    with pytest.raises(asyncpg.InvalidPasswordError):
        async with connected(urls["surveys"].replace("simple", "guess")):
            pass


async def test_database_without_chinese_search_is_refused(postgres: Postgres) -> None:
    async with connected(postgres.url) as connection:
        await connection.execute(
            f"CREATE DATABASE {named('contracts')} TEMPLATE template0 LOCALE_PROVIDER builtin "
            "BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
        )
        await connection.execute(f"CREATE ROLE {named('contracts')}")
        await connection.execute(f"ALTER DATABASE {named('contracts')} OWNER TO {named('contracts')}")
    with pytest.raises(LocalError, match="Chinese text cannot be searched"):
        await ensure_databases(postgres.url, PASSWORDS)
