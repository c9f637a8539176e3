"""`/health/live`, `/health/ready` and `/metrics`."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from shared import clock
from shared.bus import Bus
from shared.db import Database
from shared.settings import ServiceSettings
from shared.telemetry import metrics

__all__ = ["Health", "routes"]

# An outage of 4-9 s is normal when a cluster elects a new leader: nothing may turn unready within about 10 s of it.
_BROKER_GRACE_SECONDS = 15


class Health:
    """What readiness is judged by."""

    def __init__(self, database: Database, settings: ServiceSettings, *, source: str, bus: Bus | None) -> None:
        self._database = database
        self._settings = settings
        self._source = source
        self._bus = bus

    async def checks(self) -> dict[str, dict[str, Any]]:
        """Each part with `ok` and what is the matter."""
        checks: dict[str, dict[str, Any]] = {}
        try:
            age = await self.oldest_unsent_seconds()
            checks["database"] = {"ok": True}
            checks["outbox"] = {
                "ok": age <= self._settings.ready_outbox_age_seconds,
                "oldest_unsent_seconds": round(age, 3),
            }
        except Exception as error:  # noqa: BLE001 - any failure is the answer
            checks["database"] = {"ok": False, "error": type(error).__name__}
        if self._bus is not None:
            away = self._bus.away_seconds
            checks["broker"] = {
                "ok": away <= _BROKER_GRACE_SECONDS,
                "connected": self._bus.connected,
                "away_seconds": round(away, 1),
            }
        return checks

    async def oldest_unsent_seconds(self) -> float:
        """Age of the oldest unsent event; 0 when all are sent."""
        async with self._database.reading() as session:
            oldest = (
                await session.execute(text("SELECT recorded_at FROM outbox WHERE sent_at IS NULL ORDER BY n LIMIT 1"))
            ).scalar_one_or_none()
        age = max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0
        metrics.outbox_oldest.labels(self._source).set(age)
        return age


routes = APIRouter(tags=["health"])


@routes.get("/health/live", summary="The process answers")
async def read_liveness() -> dict[str, str]:
    """Always 200 while the process can answer at all."""
    return {"status": "live"}


@routes.get("/health/ready", summary="The process can do its work")
async def read_readiness(request: Request) -> Response:
    """200 when database, broker and outbox are in order; 503 with the reason otherwise."""
    health: Health = request.app.state.health
    checks = await health.checks()
    ready = all(check["ok"] for check in checks.values())
    return JSONResponse({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)


@routes.get("/metrics", summary="Metrics in the Prometheus text format", response_class=Response)
async def read_metrics(request: Request) -> Response:
    """Every metric of the process."""
    health: Health = request.app.state.health
    await health.checks()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
