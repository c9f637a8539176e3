"""The gateway's table of contents."""

import asyncio
import os

from fastapi import FastAPI
from opentelemetry.trace import get_tracer_provider
from starlette.types import ASGIApp

from gateway.clients.revocation import revocations_of
from gateway.clients.routes import router as clients
from gateway.feed.handlers import COMPACT_JOB, SUBSCRIPTION
from gateway.feed.hub import hub_of
from gateway.feed.routes import router as feed
from gateway.feed.service import begin_anew
from gateway.openapi.routes import router as openapi
from gateway.pages.routes import router as pages
from gateway.proxy.access import Access
from gateway.proxy.forward import Forwarder
from gateway.proxy.front import Front
from gateway.proxy.table import SERVICES
from gateway.proxy.tracing import Tracing, recorder
from gateway.settings import GatewaySettings
from gateway.tokens.routes import router as tokens
from gateway.upstreams import close_upstreams, service_urls
from gateway.views.routes import router as views
from shared.service import Runtime, Service
from shared.settings import ServiceSettings

__all__ = ["SERVICE", "SLICES"]

# The order in which slices may use each other: a later one uses earlier ones.
SLICES = ("clients", "tokens", "proxy", "openapi", "views", "feed", "pages")


async def follow_revocations(runtime: Runtime) -> None:
    """Know which clients are disabled."""
    settings = _own(runtime.settings)
    await revocations_of(runtime.app.state).follow(runtime.database, every_seconds=settings.revocation_poll_seconds)


async def follow_scores(runtime: Runtime) -> None:
    """Feed the live streams."""
    await hub_of(runtime.app.state).follow(poll_seconds=_own(runtime.settings).feed_poll_seconds)


async def close_connections(runtime: Runtime) -> None:
    """Close the connections to the services when the process ends."""
    try:
        await asyncio.Event().wait()
    finally:
        forwarder: Forwarder | None = getattr(runtime.app.state, "forwarder", None)
        if forwarder is not None:
            await forwarder.close()
        await close_upstreams(runtime.app.state)


def wrap(app: FastAPI, settings: ServiceSettings) -> ASGIApp:
    """The pass-through in front of the application, and the merged OpenAPI document instead of the gateway's own."""
    own = _own(settings)
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "name", None) != "openapi"]
    urls = service_urls(own)
    forwarder = app.state.forwarder = Forwarder(
        {service: urls[service] for service in SERVICES},
        max_body_bytes=own.max_proxied_body_bytes,
        connections=own.upstream_connections,
        connect_seconds=own.upstream_connect_seconds,
        answer_seconds=own.upstream_answer_seconds,
        upload_idle_seconds=own.upload_idle_seconds,
        keepalive_seconds=own.upstream_keepalive_seconds,
    )
    exports = own.trace_file is not None or bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    return Front(
        app,
        access=Access(app.state.keys, revocations_of(app.state)),
        forwarder=forwarder,
        tracing=Tracing(ratio=own.trace_ratio, tracer=recorder(get_tracer_provider()) if exports else None),
    )


def _own(settings: ServiceSettings) -> GatewaySettings:
    if not isinstance(settings, GatewaySettings):
        raise TypeError("the gateway needs GatewaySettings")
    return settings


SERVICE = Service(
    name="gateway",
    description="One API for regional governments: tokens, the three services, composed views, live scores.",
    settings=GatewaySettings,
    routers=(clients, tokens, openapi, views, feed, pages),
    subscriptions=(SUBSCRIPTION,),
    jobs=(COMPACT_JOB,),
    publishes=False,
    restored=begin_anew,
    background=(follow_revocations, follow_scores, close_connections),
    wrap=wrap,
)
