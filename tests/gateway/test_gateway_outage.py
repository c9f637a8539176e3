"""The gateway while its own database is away: what it knows still counts, and it comes back by itself."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.gateway.test_feed import Source, listening, updated
from tests.gateway.tools import Gateway, Upstream, run_gateway, serve
from tests.support import eventually

from gateway.feed.handlers import SUBSCRIPTION
from gongping_local.pytest_servers import Servers
from shared.db import asyncpg_url
from shared.ids import new_id
from shared.testing import deliver

pytestmark = pytest.mark.fault

BODY = {"name": "Harbin", "roles": ["auditor"], "regions": ["*"]}


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    async with serve(upstream, lifespan="off") as url:
        upstream.url = url
        yield upstream


@pytest.fixture
async def gateway(database_url: str, service: Upstream) -> AsyncIterator[Gateway]:
    async with run_gateway(
        database_url, contracts_url=service.url, revocation_poll_seconds=0.05, feed_poll_seconds=0.05
    ) as running:
        yield running


async def cut(servers: Servers, database_url: str, *, off: bool) -> None:
    """Take the database away from everybody, or give it back."""
    name = database_url.rsplit("/", 1)[1]
    connection = await asyncpg.connect(asyncpg_url(servers.postgres_url))
    try:
        await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {not off}')
        if off:
            await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    finally:
        await connection.close()


async def test_requests_pass_and_revocations_stand_while_the_database_is_away(
    gateway: Gateway, servers: Servers, database_url: str
) -> None:
    async with gateway.client("operator") as operator:
        disabled = (await operator.post("/v1/clients", json=BODY)).json()["id"]
        await operator.post(f"/v1/clients/{disabled}/disable")
        async with gateway.client("auditor", subject=disabled) as revoked, gateway.client("auditor") as caller:
            await cut(servers, database_url, off=True)
            for _ in range(3):
                assert (await caller.get("/v1/contracts")).status_code == 200
                assert (await revoked.get("/v1/contracts")).status_code == 401
            answer = await operator.get("/v1/clients")
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
            await cut(servers, database_url, off=False)

            async def back() -> bool:
                return (await operator.get("/v1/clients")).status_code == 200

            await eventually(back)
            assert (await revoked.get("/v1/contracts")).status_code == 401


async def test_a_live_stream_outlasts_an_outage(gateway: Gateway, servers: Servers, database_url: str) -> None:
    contract, source = new_id(), Source()
    async with gateway.client("auditor") as caller, listening(caller) as stream:
        await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 1))])
        assert await stream.versions(1) == [1]
        await cut(servers, database_url, off=True)
        await cut(servers, database_url, off=False)
        event = source.event(updated(contract, 2))

        async def stored() -> bool:
            try:
                await deliver(gateway.database, SUBSCRIPTION, [event])
            except Exception:  # noqa: BLE001 - as the consumer does: the database is away, so try again
                return False
            return True

        await eventually(stored)
        assert await stream.versions(1) == [2]
