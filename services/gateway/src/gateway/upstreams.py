"""HTTP clients to the three services for composed answers; the pass-through has its own, faster ones."""

from collections.abc import Mapping
from typing import Any

import httpx
from opentelemetry.propagate import inject

from gateway.settings import GatewaySettings
from shared.http_client import client

__all__ = ["close_upstreams", "passed_headers", "service_urls", "upstreams_of"]

SERVICES = ("contracts", "surveys", "scoring")


def service_urls(settings: GatewaySettings) -> dict[str, str]:
    """Where each service listens."""
    return {name: str(getattr(settings, f"{name}_url")).rstrip("/") for name in SERVICES}


def upstreams_of(state: Any) -> Mapping[str, httpx.AsyncClient]:  # noqa: ANN401 - an application's state
    """The clients of an application by service, made when first asked for."""
    upstreams: dict[str, httpx.AsyncClient] | None = getattr(state, "upstreams", None)
    if upstreams is None:
        settings: GatewaySettings = state.settings
        upstreams = state.upstreams = {
            name: client(url, timeout_seconds=settings.dossier_seconds) for name, url in service_urls(settings).items()
        }
    return upstreams


async def close_upstreams(state: Any) -> None:  # noqa: ANN401 - an application's state
    """Close them, if any were made."""
    for upstream in (getattr(state, "upstreams", None) or {}).values():
        await upstream.aclose()
    state.upstreams = None


def passed_headers(authorization: str | None) -> dict[str, str]:
    """The caller's token and the trace of the request in hand."""
    headers: dict[str, str] = {"Accept": "application/json"}
    if authorization:
        headers["Authorization"] = authorization
    inject(headers)
    return headers
