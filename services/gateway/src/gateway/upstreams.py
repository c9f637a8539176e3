"""HTTP clients to the three services for composed answers; the pass-through has its own, faster ones."""

from collections.abc import Mapping

import httpx
from opentelemetry.propagate import inject
from starlette.applications import Starlette

from gateway.settings import GatewaySettings
from shared.http_client import client

__all__ = ["close_upstreams", "passed_headers", "service_urls", "upstreams_of"]

SERVICES = ("contracts", "surveys", "scoring")


def service_urls(settings: GatewaySettings) -> dict[str, str]:
    """Where each service listens."""
    return {name: str(getattr(settings, f"{name}_url")).rstrip("/") for name in SERVICES}


def upstreams_of(app: Starlette) -> Mapping[str, httpx.AsyncClient]:
    """The clients of an application by service, made when first asked for."""
    upstreams: dict[str, httpx.AsyncClient] | None = getattr(app.state, "upstreams", None)
    if upstreams is None:
        settings: GatewaySettings = app.state.settings
        upstreams = app.state.upstreams = {
            name: client(url, timeout_seconds=settings.dossier_seconds) for name, url in service_urls(settings).items()
        }
    return upstreams


async def close_upstreams(app: Starlette) -> None:
    """Close them, if any were made."""
    for upstream in getattr(app.state, "upstreams", {}).values():
        await upstream.aclose()
    app.state.upstreams = None


def passed_headers(authorization: str | None) -> dict[str, str]:
    """The caller's token and the trace of the request in hand."""
    headers: dict[str, str] = {"Accept": "application/json"}
    if authorization:
        headers["Authorization"] = authorization
    inject(headers)
    return headers
