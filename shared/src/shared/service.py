"""A service as one value: its routers, subscriptions and jobs; and the process that runs them."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import State
from starlette.types import ASGIApp

from shared import audit, health, idempotency, outbox, problems
from shared.auth import Keys
from shared.bus import Bus
from shared.cancelling import cancelled
from shared.consumer import Consumer
from shared.db import Database
from shared.events import EventData
from shared.gaps import GapFinder, purge_below_floor
from shared.inbox import Subscription
from shared.jobs import ADDED, ClaimedJob, Continue, Job, Worker, purge_job
from shared.operations import operations_router
from shared.relay import Relay, purge_sent
from shared.settings import ServiceSettings
from shared.telemetry import BodyLimit, Telemetry, configure_logging, configure_tracing

__all__ = ["Runtime", "Service", "Snapshot", "attach", "create_app", "open_database"]

_log = structlog.get_logger(__name__)

Snapshot = Callable[[AsyncSession], AsyncIterator[tuple[EventData, UUID | str, str]]]


@dataclass(slots=True)
class Runtime:
    """The parts of a running process, for background tasks and tests."""

    service: "Service"
    settings: ServiceSettings
    app: FastAPI
    database: Database
    keys: Keys
    bus: Bus | None = None
    relay: Relay | None = None
    worker: Worker | None = None
    consumers: list[Consumer] = field(default_factory=list)


Background = Callable[[Runtime], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that makes a service, named in one place: its `app.py`."""

    name: str
    description: str
    settings: type[ServiceSettings]
    routers: Sequence[APIRouter]
    subscriptions: Sequence[Subscription] = ()
    jobs: Sequence[Job] = ()
    jobs_of: Callable[[Any], Sequence[Job]] | None = None  # those that need the service's own settings
    snapshot: Snapshot | None = None
    restored: Callable[[AsyncSession], Awaitable[None]] | None = None  # after the database came from a backup
    publishes: bool = True
    background: Sequence[Background] = ()
    wrap: Callable[[FastAPI, ServiceSettings], ASGIApp] | None = None  # an ASGI application in front of FastAPI

    def all_jobs(self, settings: ServiceSettings) -> list[Job]:
        """Its own jobs and the housekeeping that every service has."""
        sent, taken = (timedelta(days=days) for days in (settings.outbox_retention_days, settings.inbox_retention_days))

        async def purge_outbox(session: AsyncSession, _: ClaimedJob) -> Continue | None:
            return Continue(None) if await purge_sent(await session.connection(), retention=sent) else None

        async def purge_inbox(session: AsyncSession, _: ClaimedJob) -> Continue | None:
            return Continue(None) if await purge_below_floor(session, retention=taken) else None

        return [
            *self.jobs,
            *(self.jobs_of(settings) if self.jobs_of else ()),
            audit.CHAIN_JOB,
            idempotency.purge_job(settings.idempotency_hours),
            purge_job(settings.job_retention_days),
            Job("outbox.purge", purge_outbox, every=timedelta(minutes=15)),
            Job("inbox.purge", purge_inbox, every=timedelta(minutes=15)),
        ]


def open_database(settings: ServiceSettings, *, name: str) -> Database:
    """The service's database with the hooks that write events and audit rows into every transaction."""
    database = Database(
        settings.database_url,
        pool_size=settings.pool_size,
        pool_overflow=settings.pool_overflow,
        pool_timeout=settings.pool_timeout_seconds,
        statement_timeout_ms=settings.statement_timeout_ms,
        name=name,
    )
    database.before_commit += [outbox.flush, audit.flush]
    database.max_event_bytes = settings.max_event_bytes
    return database


def create_app(service: Service, settings: ServiceSettings | None = None, *, keys: Keys | None = None) -> FastAPI:
    """The FastAPI application of a service; its lifespan runs relay, consumers and jobs as the settings say."""
    settings = settings or service.settings.load()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(app.state.runtime):
            yield

    app = FastAPI(
        title=f"Gongping {service.name}",
        description=service.description,
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=True,
        # Ours is the request's span (shared.telemetry); FastAPI's own would be four more for each request.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    attach(app, service, settings, keys=keys)
    for routes in (*service.routers, operations_router(service.name, tuple(service.subscriptions)), health.routes):
        app.include_router(routes)
    problems.install(app)
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes)
    app.add_middleware(Telemetry)
    return app


def attach(app: FastAPI, service: Service, settings: ServiceSettings, *, keys: Keys | None = None) -> Database:
    """Give an application its state, all of it anew: settings, database, keys. Nothing of the state before remains."""
    database = open_database(settings, name=service.name)
    runtime = Runtime(service, settings, app, database, keys or Keys(settings.keys))
    app.state = State()
    app.state.runtime = runtime
    app.state.settings = settings
    app.state.database = database
    app.state.keys = runtime.keys
    app.state.health = health.Health(database, settings, source=service.name, bus=None)
    return database


@asynccontextmanager
async def running(runtime: Runtime) -> AsyncIterator[None]:
    """Run the background parts of a process for the duration of the block."""
    service, settings, database = runtime.service, runtime.settings, runtime.database
    tasks: list[asyncio.Task[None]] = []

    def start(work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"{service.name}:{name}")
        task.add_done_callback(_report)
        tasks.append(task)

    def on_committed(session: AsyncSession) -> None:
        if runtime.relay is not None and outbox.has_events(session):
            runtime.relay.wake()
        if runtime.worker is not None and session.info.pop(ADDED, False):
            runtime.worker.wake()

    database.after_commit.append(on_committed)
    if settings.has_role("jobs"):
        runtime.worker = Worker(database, service.all_jobs(settings))
        start(runtime.worker.run(), "jobs")
    relays = settings.has_role("relay") and service.publishes
    consumes = settings.has_role("consume") and bool(service.subscriptions)
    if relays or consumes:
        runtime.bus = Bus(settings.nats_url, name=service.name, prefix=settings.subject_prefix, on_closed=_end_process)
        runtime.app.state.health = health.Health(database, settings, source=service.name, bus=runtime.bus)
        if relays:
            runtime.relay = Relay(database, runtime.bus, settings, source=service.name)
        start(_start_broker_parts(runtime, start, relays=relays, consumes=consumes), "broker")
    for background in service.background:
        start(background(runtime), background.__name__)
    try:
        yield
    finally:
        await cancelled(tasks)
        if runtime.bus is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(runtime.bus.close(), 2)
        database.after_commit.remove(on_committed)
        runtime.relay, runtime.worker, runtime.bus = None, None, None
        await database.dispose()


def _report(task: asyncio.Task[None]) -> None:
    """A background part works until it is cancelled: one that ends by an error must not do so in silence."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("background part failed", part=task.get_name(), exc_info=error)


async def _start_broker_parts(
    runtime: Runtime, start: Callable[[Coroutine[Any, Any, None], str], None], *, relays: bool, consumes: bool
) -> None:
    """Connect (for as long as it takes: the service answers meanwhile), then start to relay and to consume."""
    service, settings, database, bus = runtime.service, runtime.settings, runtime.database, runtime.bus
    assert bus is not None  # noqa: S101 - made by the caller
    await bus.connect()
    if relays and runtime.relay is not None:
        start(runtime.relay.run(), "relay")
    if consumes:
        for subscription in service.subscriptions:
            consumer = Consumer(database, bus, settings, subscription, service=service.name)
            runtime.consumers.append(consumer)
            start(consumer.run(), f"consumer of {subscription.source}")
            finder = GapFinder(database, bus, settings, source=subscription.source, service=service.name)
            start(finder.run(), f"gaps of {subscription.source}")


def _end_process() -> None:
    """The broker connection is closed for ever: end, so that the supervisor starts a fresh process."""
    _log.error("connection to the broker is closed; ending")
    os.kill(os.getpid(), signal.SIGTERM)


def asgi_app(service: Service, settings: ServiceSettings | None = None) -> ASGIApp:
    """What the server runs: the FastAPI application, or the application in front of it."""
    settings = settings or service.settings.load()
    configure_logging(service.name, level=settings.log_level, form=settings.log_format)
    collector = bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    # Where nobody would read what is recorded only the ids are made, for the logs.
    ratio = settings.trace_ratio if collector or settings.trace_file is not None else 0.0
    configure_tracing(service.name, ratio=ratio, file=settings.trace_file, otlp=collector)
    app = create_app(service, settings)
    return service.wrap(app, settings) if service.wrap is not None else app
