"""Liveness, readiness and metrics of a service (an absent broker or database: test_outages)."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text
from tests.shared.toys import Source

from shared.health import Health
from shared.service import Service, create_app
from shared.settings import ServiceSettings
from shared.testing import test_keys

toy = Service("contracts", "toy", ServiceSettings, [])


@pytest.fixture
async def client(source: Source) -> AsyncIterator[httpx.AsyncClient]:
    """An anonymous caller of a service that has a connection to the broker."""
    app = create_app(toy, source.settings, keys=test_keys())
    app.state.health = Health(app.state.database, source.settings, source="contracts", bus=source.bus)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
        yield http
    await app.state.database.dispose()


async def age(source: Source, seconds: float) -> None:
    """Make the outbox rows older."""
    async with source.database.transaction() as session:
        await session.execute(
            text("UPDATE outbox SET recorded_at = recorded_at - make_interval(secs => :seconds)"), {"seconds": seconds}
        )


async def test_live_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "live"}
    ready = await client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "checks": {
            "database": {"ok": True},
            "outbox": {"ok": True, "oldest_unsent_seconds": 0.0},
            "broker": {"ok": True, "connected": True, "away_seconds": 0.0},
        },
    }


async def test_old_unsent_event_makes_unready(client: httpx.AsyncClient, source: Source) -> None:
    await source.emit(2)
    assert (await client.get("/health/ready")).status_code == 200, "a fresh one is on its way"
    await age(source, 61)
    ready = await client.get("/health/ready")
    assert ready.status_code == 503
    body = ready.json()
    assert (body["status"], body["checks"]["outbox"]["ok"], body["checks"]["database"]["ok"]) == (
        "not ready",
        False,
        True,
    )
    assert 61 <= body["checks"]["outbox"]["oldest_unsent_seconds"] < 600
    assert (await client.get("/health/live")).status_code == 200
    await source.active()
    await source.sent()
    assert (await client.get("/health/ready")).status_code == 200


async def test_metrics_tell_the_age_of_the_oldest_unsent_event(client: httpx.AsyncClient, source: Source) -> None:
    await source.emit(1)
    await age(source, 30)
    await client.get("/health/live")
    metrics = await client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    [line] = [
        line
        for line in metrics.text.splitlines()
        if line.startswith('gongping_outbox_oldest_unsent_seconds{source="contracts"}')
    ]
    assert 30 <= float(line.split()[-1]) < 600
    assert 'http_route="/health/live"' in metrics.text


async def test_service_without_a_broker_is_judged_by_the_rest(source: Source) -> None:
    health = Health(source.database, source.settings, source="contracts", bus=None)
    assert set(await health.checks()) == {"database", "outbox"}
