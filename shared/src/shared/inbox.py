"""The inbox: every event of a source is applied exactly once, in any order.

The effect, the inbox rows and the service's own outgoing events are one commit; then the acknowledgement. Types without
a handler become rows `ignored` that keep the raw event, so that a later release can apply them. A handler that keeps
failing makes the event `dead`, a row that is shown and can be applied again; a database that is away never does.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pydantic import ValidationError
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.bus import Delivery
from shared.db import Database, storable
from shared.events import CATALOG, Envelope, EventData
from shared.telemetry import metrics, tracer

__all__ = ["EventNotKeptError", "Item", "Received", "Subscription", "apply", "bury", "parse", "read", "reapply", "take"]

_log = structlog.get_logger(__name__)
_propagator = TraceContextTextMapPropagator()
Data_co = TypeVar("Data_co", bound=EventData, covariant=True)


@dataclass(frozen=True, slots=True)
class Received(Generic[Data_co]):
    """An event as a handler gets it."""

    id: UUID
    type: str
    source: str
    subject: str
    region: str
    time: datetime
    data: Data_co
    epoch: int
    seq: int
    traceparent: str | None = None


Handler = Callable[[AsyncSession, Any], Awaitable[None]]
Finish = Callable[[AsyncSession, Sequence[Received[EventData]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a service does with the events of one source.

    `finish` runs once per batch in the same transaction, after the handlers, with the events that were applied.
    `gather_seconds` is how long an event waits for others to share its transaction: for effects that nobody waits for,
    so that they neither compete with those that somebody does wait for nor cost a disk flush each.
    """

    source: str
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    finish: Finish | None = None
    gather_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Item:
    """A delivery with its place in the source's sequence and, when it can be read, its event."""

    delivery: Delivery
    epoch: int
    seq: int
    event: Received[EventData] | None
    type: str
    error: str | None = None


def parse(body: bytes, *, epoch: int, seq: int) -> Received[EventData]:
    """Read an event as a tolerant consumer. KeyError: a type that the catalogue does not know."""
    envelope = Envelope.model_validate_json(body)
    entry = CATALOG[envelope.type]
    return Received(
        id=envelope.id,
        type=envelope.type,
        source=envelope.source,
        subject=envelope.subject,
        region=envelope.region,
        time=envelope.time,
        data=entry.model.parse(envelope.data),
        epoch=epoch,
        seq=seq,
        traceparent=envelope.traceparent,
    )


def read(delivery: Delivery, handled: Mapping[str, Handler]) -> Item:
    """Place and read a delivery; nothing raises, an unreadable one carries its error."""
    try:
        epoch, seq = int(delivery.headers["Gongping-Epoch"]), int(delivery.headers["Gongping-Seq"])
    except (KeyError, ValueError):
        # Not sent by a relay of ours: accounted for under epoch -1 with the stream's own number.
        return Item(delivery, -1, delivery.stream_seq, None, "unknown", "no Gongping-Epoch and Gongping-Seq headers")
    event_type = delivery.subject.split(".", 1)[1].rsplit(".", 1)[0]
    if event_type not in handled:
        return Item(delivery, epoch, seq, None, event_type)
    try:
        return Item(delivery, epoch, seq, parse(delivery.body, epoch=epoch, seq=seq), event_type)
    except (ValidationError, KeyError, ValueError) as error:
        return Item(delivery, epoch, seq, None, event_type, storable(f"{type(error).__name__}: {error}"))


_TAKE = text(
    """
    INSERT INTO inbox (source, epoch, seq, type, event_id, state, reason, headers, raw, received_at)
    SELECT :source, t.epoch, t.seq, t.type, t.event_id, t.state, t.reason, CAST(t.headers AS jsonb), t.raw, :now
    FROM unnest(CAST(:epochs AS int[]), CAST(:seqs AS bigint[]), CAST(:types AS text[]), CAST(:ids AS uuid[]),
        CAST(:states AS text[]), CAST(:reasons AS text[]), CAST(:headers AS text[]), CAST(:raws AS bytea[]))
        AS t(epoch, seq, type, event_id, state, reason, headers, raw)
    WHERE NOT EXISTS (SELECT 1 FROM inbox_floor f WHERE f.source = :source AND f.epoch = t.epoch AND t.seq <= f.floor)
    ON CONFLICT DO NOTHING RETURNING epoch, seq
    """
)


def _headers_json(delivery: Delivery) -> str:
    # What another program sent may be no text that the database takes; it is kept all the same.
    return to_json({storable(name): storable(value) for name, value in delivery.headers.items()}).decode()


async def take(session: AsyncSession, source: str, items: Sequence[Item]) -> list[Item]:
    """Enter deliveries into the inbox; what comes back is new and has to be applied."""
    unique = {(item.epoch, item.seq): item for item in items}
    rows: dict[str, list[Any]] = {
        name: [] for name in ("epochs", "seqs", "types", "ids", "states", "reasons", "headers", "raws")
    }
    for item in unique.values():
        keep = item.event is None
        rows["epochs"].append(item.epoch)
        rows["seqs"].append(item.seq)
        rows["types"].append(item.type)
        rows["ids"].append(item.event.id if item.event else None)
        rows["states"].append("dead" if item.error else "ignored" if keep else "done")
        rows["reasons"].append(item.error)
        rows["headers"].append(_headers_json(item.delivery) if keep else None)
        rows["raws"].append(item.delivery.body if keep else None)
    connection = await session.connection()
    result = await connection.execute(_TAKE, {**rows, "source": source, "now": clock.now()})
    fresh = [unique[(row.epoch, row.seq)] for row in result]
    for item in fresh:
        if item.error:
            metrics.dead_letters.labels(source).inc()
            _log.error(
                "event cannot be read; kept as dead", source=source, epoch=item.epoch, seq=item.seq, error=item.error
            )
    return sorted(fresh, key=lambda item: (item.epoch, item.seq))


async def apply(session: AsyncSession, subscription: Subscription, events: Sequence[Received[EventData]]) -> None:
    """Run the handlers, each under the trace of its event, and `finish` once."""
    spans: list[trace.Span] = []
    first: otel_context.Context | None = None
    try:
        for event in events:
            parent = _propagator.extract({"traceparent": event.traceparent}) if event.traceparent else None
            span = tracer.start_span(f"apply {event.type}", context=parent, kind=trace.SpanKind.CONSUMER)
            spans.append(span)
            span.set_attributes({"messaging.source": event.source, "gongping.seq": event.seq})
            context = trace.set_span_in_context(span, parent)
            first = first or context
            token = otel_context.attach(context)
            try:
                await subscription.handlers[event.type](session, event)
            finally:
                otel_context.detach(token)
        if subscription.finish is not None and events:
            token = otel_context.attach(first or otel_context.get_current())
            try:
                await subscription.finish(session, events)
            finally:
                otel_context.detach(token)
    finally:
        # The spans end after the commit: see Consumer._apply_together.
        session.info["gongping.spans"] = spans


async def bury(session: AsyncSession, source: str, item: Item, *, reason: str, attempts: int) -> None:
    """Keep an event that cannot be applied: payload, headers and reason, in the consumer's own database."""
    await session.execute(
        text(
            "INSERT INTO inbox "
            "(source, epoch, seq, type, event_id, state, reason, attempts, headers, raw, received_at) "
            "VALUES (:s, :e, :q, :type, :id, 'dead', :reason, :attempts, CAST(:headers AS jsonb), :raw, :now) "
            "ON CONFLICT DO NOTHING"
        ),
        {
            "s": source,
            "e": item.epoch,
            "q": item.seq,
            "type": item.type,
            "id": item.event.id if item.event else None,
            "reason": reason,
            "attempts": attempts,
            "headers": _headers_json(item.delivery),
            "raw": item.delivery.body,
            "now": clock.now(),
        },
    )
    await forget_attempts(session, source, [item])


async def forget_attempts(session: AsyncSession, source: str, items: Sequence[Item]) -> None:
    for item in items:
        await session.execute(
            text("DELETE FROM inbox_attempt WHERE source = :s AND epoch = :e AND seq = :q"),
            {"s": source, "e": item.epoch, "q": item.seq},
        )


class EventNotKeptError(LookupError):
    """There is no dead or ignored event with this number."""


async def reapply(database: Database, subscription: Subscription, *, source: str, epoch: int, seq: int) -> None:
    """Apply a dead or ignored event again and mark it done.

    Raises:
        EventNotKeptError: the event is unknown here, or applied.
        Exception: what its handler raises, or what makes its body unreadable.
    """
    async with database.transaction() as session:
        row = (
            await session.execute(
                text("SELECT raw, state FROM inbox WHERE source = :s AND epoch = :e AND seq = :q FOR UPDATE"),
                {"s": source, "e": epoch, "q": seq},
            )
        ).first()
        if row is None or row.raw is None:
            raise EventNotKeptError(f"no dead or ignored event {source} {epoch}:{seq}")
        await apply(session, subscription, [parse(bytes(row.raw), epoch=epoch, seq=seq)])
        await session.execute(
            text(
                "UPDATE inbox SET state = 'done', reason = NULL, raw = NULL, headers = NULL "
                "WHERE source = :s AND epoch = :e AND seq = :q"
            ),
            {"s": source, "e": epoch, "q": seq},
        )
    for span in session.info.get("gongping.spans", []):
        with contextlib.suppress(Exception):
            span.end()
