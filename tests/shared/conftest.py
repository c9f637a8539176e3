"""Databases with the shared tables, a subject prefix per test, and the toy producer and listener on them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.shared.toys import Listener, Source, create_tables, opened

from gongping_local.pytest_servers import Servers
from shared.bus import Bus, stream_name
from shared.ids import new_id

NewDatabase = Callable[[], Awaitable[str]]


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


@asynccontextmanager
async def toy_databases(admin_url: str) -> AsyncIterator[NewDatabase]:
    """Makes fresh toy databases; they go away at the end."""
    template = f"toys_{new_id().hex[-12:]}"
    await administer(admin_url, f"CREATE DATABASE {template}")
    connection = await asyncpg.connect(url_of(admin_url, template))
    await create_tables(connection)
    await connection.close()
    made = [template]

    async def make() -> str:
        name = f"toy_{new_id().hex[-12:]}"
        await administer(admin_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log")
        made.append(name)
        return url_of(admin_url, name)

    try:
        yield make
    finally:
        await administer(admin_url, *(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in made))


@pytest.fixture(scope="session")
async def new_database(servers: Servers) -> AsyncIterator[NewDatabase]:
    """Fresh toy databases on the run's PostgreSQL."""
    async with toy_databases(servers.postgres_url) as make:
        yield make


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
