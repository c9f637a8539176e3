"""What tests of every service share: a fresh database per test, a client with tokens, events in and out.

A test overrides the URL, never the session: what is tested is what runs.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from shared import clock
from shared.auth import Keys, mint, new_signing_key
from shared.bus import Delivery
from shared.db import Database
from shared.events import Envelope, EventData
from shared.ids import new_id
from shared.inbox import Received, Subscription, apply, read, take
from shared.outbox import nats_subject
from shared.service import Service, attach, create_app, open_database
from shared.testing_databases import new_database

__all__ = [
    "SIGNING_KEY",
    "ServiceClient",
    "client_for",
    "count_statements",
    "deliver",
    "events",
    "new_database",
    "test_keys",
    "token",
]

SIGNING_KEY = new_signing_key()
# By service, which an idle application keeps alive, and what the application itself is made with.
_idle: defaultdict[tuple[int, int], list[FastAPI]] = defaultdict(list)


def test_keys() -> Keys:
    """Keys that verify what `token` signs."""
    return Keys({"keys": [SIGNING_KEY.as_dict(private=False)]})


test_keys.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test


def token(
    *,
    roles: Sequence[str],
    regions: Sequence[str] = ("*",),
    subject: str = "test-client",
    organisation: UUID | None = None,
) -> str:
    """An access token signed with the test key."""
    return mint(SIGNING_KEY, subject=subject, roles=roles, regions=regions, organisation=organisation)


@dataclass(slots=True)
class ServiceClient:
    """A service without its background parts, reached through its ASGI application."""

    service: Service
    app: Any
    database: Database
    _http: httpx.AsyncClient

    def as_(
        self,
        *roles: str,
        regions: Sequence[str] = ("*",),
        subject: str = "test-client",
        organisation: UUID | None = None,
    ) -> "httpx.AsyncClient":
        """A client whose requests carry a token with these roles and regions."""
        bearer = token(roles=roles, regions=regions, subject=subject, organisation=organisation)
        return httpx.AsyncClient(
            transport=self._http._transport,  # noqa: SLF001 - one application, many callers
            base_url="http://test",
            headers={"Authorization": f"Bearer {bearer}"},
        )

    @property
    def anonymous(self) -> httpx.AsyncClient:
        """A client without a token."""
        return self._http


@asynccontextmanager
async def client_for(service: Service, database_url: str, **settings: Any) -> AsyncIterator[ServiceClient]:  # noqa: ANN401 - any field
    """A service on a database, without broker, relay and jobs (`settings` override its fields)."""
    loaded = service.settings.load(
        **({"database_url": database_url, "pool_size": 4, "pool_timeout_seconds": 30} | settings)
    )
    # FastAPI works out a route's parameters when it is first asked, 3 ms for each; only the state is made anew.
    idle = _idle[id(service), loaded.max_body_bytes]
    app = idle.pop() if idle else create_app(service, loaded, keys=test_keys())
    database = attach(app, service, loaded, keys=test_keys())
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        try:
            yield ServiceClient(service, app, database, http)
        finally:
            await database.dispose()
            idle.append(app)


@asynccontextmanager
async def opened(service: Service, database_url: str, **settings: Any) -> AsyncIterator[Database]:  # noqa: ANN401 - any field
    """Only the database of a service, with its hooks."""
    database = open_database(service.settings.load(**({"database_url": database_url} | settings)), name="test")
    try:
        yield database
    finally:
        await database.dispose()


async def events(database: Database) -> list[Envelope]:
    """What the service has emitted so far, in order of writing."""
    async with database.reading() as session:
        rows = await session.execute(text("SELECT body FROM outbox ORDER BY n"))
        return [Envelope.model_validate(json.loads(bytes(row.body))) for row in rows]


def delivery(
    data: EventData, *, subject: UUID | str, region: str, seq: int, epoch: int = 1, event_id: UUID | None = None
) -> Delivery:
    """An event as the broker would deliver it."""
    source = data.TYPE.split(".", 1)[0]
    envelope = Envelope(
        id=event_id or new_id(),
        source=source,
        type=data.TYPE,
        subject=str(subject),
        time=clock.now(),
        region=region,
        data=data.model_dump(mode="json"),
    )
    headers = {"Gongping-Source": source, "Gongping-Epoch": str(epoch), "Gongping-Seq": str(seq)}
    return Delivery(
        nats_subject(data.TYPE, region), envelope.model_dump_json(exclude_none=True).encode(), headers, seq, 1, ""
    )


async def deliver(
    database: Database, subscription: Subscription, deliveries: Sequence[Delivery]
) -> list[Received[EventData]]:
    """Apply deliveries through the real inbox in one transaction; returns the events that were new."""
    async with database.transaction() as session:
        fresh = await take(session, subscription.source, [read(each, subscription.handlers) for each in deliveries])
        applied = [item.event for item in fresh if item.event is not None]
        await apply(session, subscription, applied)
    return applied


@asynccontextmanager
async def count_statements(database: Database) -> AsyncIterator[list[str]]:
    """Collects the SQL statements that are sent inside the block."""
    from sqlalchemy import event  # noqa: PLC0415 - tests only

    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own signature
        seen.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
