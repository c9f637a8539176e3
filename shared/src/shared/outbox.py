"""The transactional outbox: a state change and its event are one commit.

`emit` collects; `flush` writes the collected events and audit rows in one statement just before the commit. The relay
(`shared.relay`) publishes them afterwards; a request never waits for the broker.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.copying import copy_in
from shared.events import EventData
from shared.ids import new_id
from shared.problems import TooLarge

__all__ = [
    "EventTooLarge",
    "Pending",
    "add",
    "compose",
    "emit",
    "flush",
    "has_events",
    "limit_of",
    "nats_subject",
    "province_of",
]

_PENDING = "gongping.events"
_propagator = TraceContextTextMapPropagator()


class EventTooLarge(TooLarge):
    """An event body over the limit is refused before the commit: the broker would refuse it for ever."""

    slug, title = "event-too-large", "The change is too large for one event"


class Pending(NamedTuple):
    """A row of the outbox on its way."""

    id: UUID
    type: str
    nats_subject: str
    aggregate: str
    region: str
    body: bytes
    recorded_at: datetime


def province_of(region: str) -> str:
    """Last token of a subject: the two-digit GB/T 2260 province code, `00` for national data, `xx` outside China."""
    country, _, code = region.partition("-")
    if country != "CN":
        return "xx"
    return code[:2] if len(code) >= 2 else "00"


def nats_subject(event_type: str, region: str, prefix: str = "gongping") -> str:
    """`gongping.<type>.<province>`."""
    return f"{prefix}.{event_type}.{province_of(region)}"


@lru_cache(maxsize=4096)
def _address(event_type: str, region: str) -> tuple[str, str]:
    """The part of an envelope that all events of a type about a region share, and their subject without the prefix.

    Which prefix a deployment uses is the relay's business.
    """
    part = f'"source":{quoted(event_type.split(".", 1)[0])},"type":{quoted(event_type)},'
    return part, nats_subject(event_type, region, "")


@lru_cache(maxsize=16)
def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def compose(
    data: EventData,
    *,
    subject: UUID | str,
    region: str,
    at: datetime,
    limit: int,
    causation: UUID | None = None,
    correlation: UUID | str | None = None,
) -> Pending:
    """The row of an event, which `add` hands to a transaction: a batch composes its rows while the database is busy.

    `at` is the time of the event, one for a whole batch; `limit` is of bytes (`limit_of`), EventTooLarge above it.
    """
    event_id = new_id()
    part, address = _address(data.TYPE, region)
    more = ""
    if trace.get_current_span().get_span_context().is_valid:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        more = f',"traceparent":{quoted(carrier["traceparent"])}' if "traceparent" in carrier else ""
    if correlation:
        more += f',"correlationid":{quoted(str(correlation))}'
    if causation:
        more += f',"causationid":"{causation}"'
    aggregate = str(subject)
    # Written directly: validating our own envelope would cost more than the rest of an event. A test holds it against
    # the model `Envelope`.
    body = (
        f'{{"specversion":"1.0","id":"{event_id}",{part}"subject":{quoted(aggregate)},"time":"{_time(at)}",'
        f'"datacontenttype":"application/json","region":{quoted(region)}{more},"data":{data.model_dump_json()}}}'
    ).encode()
    if len(body) > limit:
        raise EventTooLarge(f"The event {data.TYPE} would have {len(body)} bytes; the limit is {limit}.")
    return Pending(event_id, data.TYPE, address, aggregate, region, body, at)


def limit_of(session: AsyncSession) -> int:
    """The most bytes that an event of this session's service may have."""
    limit: int = session.info.get("max_event_bytes", 262_144)
    return limit


def add(session: AsyncSession, composed: Iterable[Pending]) -> None:
    """Add composed events to the transaction, in their order."""
    session.info.setdefault(_PENDING, []).extend(composed)


def emit(
    session: AsyncSession,
    data: EventData,
    *,
    subject: UUID | str,
    region: str,
    causation: UUID | None = None,
    correlation: UUID | str | None = None,
) -> UUID:
    """Add an event to the transaction; returns its id (UUIDv7)."""
    row = compose(
        data,
        subject=subject,
        region=region,
        at=clock.now(),
        limit=limit_of(session),
        causation=causation,
        correlation=correlation,
    )
    add(session, [row])
    return row.id


_INSERT = text(
    """
    INSERT INTO outbox (id, type, nats_subject, aggregate, region, body, recorded_at)
    SELECT * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:types AS text[]), CAST(:subjects AS text[]), CAST(:aggregates AS text[]),
        CAST(:regions AS text[]), CAST(:bodies AS bytea[]), CAST(:times AS timestamptz[]))
    """
)


# From so many events on COPY is cheaper than arrays, though it takes a round trip more.
COPY_FROM = 100


async def flush(session: AsyncSession) -> None:
    """Write the collected events; called by `Database.commit`."""
    pending: list[Pending] | None = session.info.pop(_PENDING, None)
    session.info["gongping.emitted"] = bool(pending)
    if not pending:
        return
    if len(pending) >= COPY_FROM:
        await copy_in(session, "outbox", columns=Pending._fields, records=pending)
        return
    columns: dict[str, list[Any]] = {
        "ids": [row.id for row in pending],
        "types": [row.type for row in pending],
        "subjects": [row.nats_subject for row in pending],
        "aggregates": [row.aggregate for row in pending],
        "regions": [row.region for row in pending],
        "bodies": [row.body for row in pending],
        "times": [row.recorded_at for row in pending],
    }
    await (await session.connection()).execute(_INSERT, columns)


def has_events(session: AsyncSession) -> bool:
    """Whether the transaction that was just committed wrote events (then the relay is woken)."""
    return bool(session.info.get("gongping.emitted"))


def discard_to(session: AsyncSession, mark: int) -> None:
    """Forget events collected since `mark`: a savepoint was rolled back."""
    pending: list[Pending] = session.info.get(_PENDING, [])
    del pending[mark:]


def mark(session: AsyncSession) -> int:
    """Position to hand to `discard_to`."""
    return len(session.info.get(_PENDING, []))
