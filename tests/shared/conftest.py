"""Databases with the shared tables, a subject prefix per test, and the toy producer and listener on them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import structlog
from tests.shared.toys import EMPTY, Listener, Source, create_tables, opened

from gongping_local.pytest_servers import Servers
from shared.bus import Bus, stream_name
from shared.ids import new_id

NewDatabase = Callable[[], Awaitable[str]]

# Coloured tracebacks with every local variable cost more time than the outages that they are about.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def url_of(admin_url: str, name: str) -> str:
    """The URL of another database of the same cluster."""
    return urlsplit(admin_url)._replace(path=f"/{name}").geturl()


async def administer(admin_url: str, *statements: str) -> None:
    """Run statements as the cluster's administrator."""
    connection = await asyncpg.connect(admin_url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


class ToyDatabases:
    """Makes toy databases, and takes them back: emptying one takes a tenth of the time that a new one takes."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url
        self._free: list[str] = []

    async def take(self) -> str:
        """URL of an empty one."""
        if self._free:
            return self._free.pop()
        url = url_of(self._admin_url, f"toy_{new_id().hex[-12:]}")
        await administer(self._admin_url, f"CREATE DATABASE {url.rsplit('/', 1)[1]} STRATEGY wal_log")
        connection = await asyncpg.connect(url)
        await create_tables(connection)
        await connection.close()
        return url

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[NewDatabase]:
        """Takes back at the end what was taken inside the block."""
        taken: list[str] = []

        async def take() -> str:
            taken.append(await self.take())
            return taken[-1]

        yield take
        for url in taken:
            await administer(url, EMPTY)
        self._free += taken


@pytest.fixture(scope="session")
async def databases(servers: Servers) -> ToyDatabases:
    """Toy databases on the run's PostgreSQL; they go away with it."""
    return ToyDatabases(servers.postgres_url)


@pytest.fixture
async def new_database(databases: ToyDatabases) -> AsyncIterator[NewDatabase]:
    """Empty toy databases for one test."""
    async with databases.lent() as take:
        yield take


@pytest.fixture
async def prefix(servers: Servers) -> AsyncIterator[str]:
    """A subject prefix of the test's own; its stream goes away at the end."""
    name = f"t{new_id().hex[-12:]}"
    yield name
    bus = Bus(servers.nats_url, name="cleaner", prefix=name)
    await bus.connect(deadline=10)
    await bus._client.request(f"$JS.API.STREAM.DELETE.{stream_name(name, 'contracts')}", b"", timeout=5)
    await bus.close()


@pytest.fixture
async def new_source(servers: Servers, new_database: NewDatabase, prefix: str) -> AsyncIterator[Callable[..., Any]]:
    """Makes connected producers; `url` names the database of another one."""
    async with AsyncExitStack() as stack:

        async def make(url: str | None = None, **settings: Any) -> Source:
            source = Source("contracts", url or await new_database(), servers.nats_url, prefix, **settings)
            await stack.enter_async_context(opened(source))
            return source

        yield make


@pytest.fixture
async def new_listener(servers: Servers, new_database: NewDatabase, prefix: str) -> AsyncIterator[Callable[..., Any]]:
    """Makes connected listeners."""
    async with AsyncExitStack() as stack:

        async def make(url: str | None = None, name: str = "scoring", **settings: Any) -> Listener:
            listener = Listener(name, url or await new_database(), servers.nats_url, prefix, **settings)
            await stack.enter_async_context(opened(listener))
            return listener

        yield make


@pytest.fixture
async def source(new_source: Callable[..., Awaitable[Source]]) -> Source:
    """A connected producer; its relay is not started."""
    return await new_source()


@pytest.fixture
async def listener(new_listener: Callable[..., Awaitable[Listener]]) -> Listener:
    """A connected listener; it does not consume yet."""
    return await new_listener()
