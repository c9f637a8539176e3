"""The contracts service and a client that talks to it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from contracts.app import service
from gongping_client import Client
from gongping_local.pytest_servers import Servers
from shared.testing import ServiceClient, client_for, events, new_database, token

Json = dict[str, Any]


class Office:
    """The contracts service and a client that talks to it."""

    def __init__(self, served: ServiceClient, client: Client) -> None:
        self.served = served
        self.client = client

    async def contracts(self, **filters: object) -> list[Json]:
        return [document async for document in self.client.contracts.documents(**filters)]

    async def written(self) -> int:
        return len(await events(self.served.database))


@asynccontextmanager
async def office_with(
    servers: Servers, wrap: Callable[[ASGIApp], ASGIApp] | None = None, regions: Sequence[str] = ("*",)
) -> AsyncIterator[Office]:
    """An office whose connection is wrapped, or whose client sees some regions only."""
    async with new_database(servers.postgres_url, "contracts") as url, client_for(service, url) as served:
        transport = httpx.ASGITransport(app=wrap(served.app) if wrap else served.app)
        bearer = token(roles=["finance", "purchaser"], regions=regions)
        async with Client("http://contracts", token=bearer, transport=transport) as client:
            yield Office(served, client)


@pytest.fixture
async def office(servers: Servers) -> AsyncIterator[Office]:
    async with office_with(servers) as one:
        yield one
