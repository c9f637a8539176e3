"""The transactional outbox: a state change and its event are one commit.

`emit` collects; `flush` writes the collected events and audit rows in one statement just before the commit. The relay
(`shared.relay`) publishes them afterwards; a request never waits for the broker.
"""

from datetime import datetime
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

__all__ = ["EventTooLarge", "emit", "flush", "has_events", "nats_subject", "province_of"]

_PENDING = "gongping.events"
_propagator = TraceContextTextMapPropagator()


class EventTooLarge(TooLarge):
    """An event body over the limit is refused before the commit: the broker would refuse it for ever."""

    slug, title = "event-too-large", "The change is too large for one event"


class _Pending(NamedTuple):
    """A row of the outbox."""

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
    event_id, recorded_at, about = new_id(), clock.now(), str(subject)
    more = f',"correlationid":{quoted(str(correlation))}' if correlation else ""
    if causation:
        more += f',"causationid":{quoted(str(causation))}'
    # Written directly: validating our own envelope would cost more than the rest of an event. A test holds it against
    # the model `Envelope`.
    body = (
        f'{{"specversion":"1.0","id":"{event_id}","source":"{data.TYPE.split(".", 1)[0]}","type":"{data.TYPE}",'
        f'"subject":{quoted(about)},"time":"{recorded_at.isoformat().replace("+00:00", "Z")}",'
        f'"datacontenttype":"application/json","region":{quoted(region)}{_traceparent()}{more},'
        f'"data":{data.model_dump_json()}}}'
    ).encode()
    limit = session.info.get("max_event_bytes", 262_144)
    if len(body) > limit:
        raise EventTooLarge(f"The event {data.TYPE} would have {len(body)} bytes; the limit is {limit}.")
    pending: list[_Pending] = session.info.setdefault(_PENDING, [])
    # The subject is kept without the prefix: which prefix a deployment uses is the relay's business.
    pending.append(_Pending(event_id, data.TYPE, nats_subject(data.TYPE, region, ""), about, region, body, recorded_at))
    return event_id


def _traceparent() -> str:
    """The member of the envelope that ties an event to the trace in which it was emitted; empty outside a trace."""
    if not trace.get_current_span().get_span_context().is_valid:
        return ""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return f',"traceparent":{quoted(carrier["traceparent"])}'


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
    pending: list[_Pending] | None = session.info.pop(_PENDING, None)
    session.info["gongping.emitted"] = bool(pending)
    if not pending:
        return
    if len(pending) >= COPY_FROM:
        await copy_in(session, "outbox", columns=_Pending._fields, records=pending)
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
    pending: list[_Pending] = session.info.get(_PENDING, [])
    del pending[mark:]


def mark(session: AsyncSession) -> int:
    """Position to hand to `discard_to`."""
    return len(session.info.get(_PENDING, []))
