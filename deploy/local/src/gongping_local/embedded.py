"""PostgreSQL and NATS for tests: real servers on free ports in a folder of the caller's."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gongping_local import binaries
from gongping_local.account import choose_account
from gongping_local.errors import StartFailedError
from gongping_local.nats import Nats
from gongping_local.ports import free_port
from gongping_local.postgres import Postgres

TEST_FILE_STORE = 1_000_000_000_000  # bytes; tests reserve more for their many streams than they ever write


@dataclass
class Embedded:
    """The running servers; a test may stop, kill and start each of them, the ports stay."""

    postgres: Postgres
    nats: Nats

    @property
    def postgres_url(self) -> str:
        """URL of the cluster's administrator."""
        return self.postgres.url

    @property
    def nats_url(self) -> str:
        """URL for NATS clients."""
        return self.nats.url

    async def start(self) -> None:
        """Start both at the same time."""
        outcomes = await asyncio.gather(self.postgres.start(), self.nats.start(), return_exceptions=True)
        for outcome in outcomes:  # both have come to their end, so that neither is left behind half-started
            if isinstance(outcome, BaseException):
                raise outcome

    async def stop(self) -> None:
        """Stop both, the broker first: services would rather miss it than their database."""
        await self.nats.stop()
        await self.postgres.stop()


def servers_in(folder: Path, *, durable: bool = False) -> Embedded:
    """Both servers with free ports and their files below an existing folder; not started yet.

    Args:
        folder: all files go below it.
        durable: with the fsyncs of a real deployment, for tests that cut the power or measure.
    """
    home = folder / "servers"
    home.mkdir()
    account = choose_account(home, [binaries.postgres_folder() / "postgres", binaries.nats_server()])
    account.own(home)
    password = secrets.token_urlsafe(16)
    return Embedded(
        postgres=Postgres(
            folder=home,
            port=free_port(),
            account=account,
            password=password,
            log=folder / "postgres.log",
            record=folder / "postgres.json",
            durable=durable,
        ),
        nats=Nats(
            folder=home,
            port=free_port(),
            account=account,
            password=password,
            log=folder / "nats.log",
            record=folder / "nats.json",
            durable=durable,
            max_file_store=TEST_FILE_STORE,
        ),
    )


@asynccontextmanager
async def running(folder: Path, *, durable: bool = False) -> AsyncIterator[Embedded]:
    """Both servers, started, for an async test; they end with the block, and with this process at the latest."""
    servers = await _started(folder, durable=durable)
    try:
        yield servers
    finally:
        await servers.stop()


@contextmanager
def start(folder: Path, *, durable: bool = False) -> Iterator[Embedded]:
    """Both servers, started, for synchronous code such as a session fixture (no event loop may run in this thread).

    Call it from the main thread: the servers end with the thread that started them.
    """
    servers = asyncio.run(_started(folder, durable=durable))
    try:
        yield servers
    finally:
        asyncio.run(servers.stop())


async def _started(folder: Path, *, durable: bool) -> Embedded:
    for attempt in range(3):
        place = folder / f"embedded-{attempt}"
        place.mkdir(parents=True)
        servers = servers_in(place, durable=durable)
        try:
            await servers.start()
        except StartFailedError as error:
            await servers.stop()
            # Another program took the free port in the moment between.
            if "ddress already in use" not in str(error):
                raise
            continue
        return servers
    raise StartFailedError("three times in a row another program took the free port first")
