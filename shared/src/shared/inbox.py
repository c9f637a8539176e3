"""The inbox: every event of a source is applied exactly once, in any order.

The effect, the inbox rows and the service's own outgoing events are one commit; then the acknowledgement. Types without
a handler become rows `ignored` that keep the raw event, so that a later release can apply them. A handler that keeps
failing makes the event `dead`, a row that is shown and can be applied again; a database that is away never does.
"""

import asyncio
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
from shared.bus import BrokerRefusedError, BrokerUnavailableError, Bus, Delivery
from shared.db import Database, is_unavailable, storable
from shared.events import CATALOG, Envelope, EventData
from shared.relay import crash_point
from shared.settings import ServiceSettings
from shared.telemetry import metrics, tracer

__all__ = ["Consumer", "EventNotKeptError", "Received", "Subscription", "parse"]

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
    """

    source: str
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class _Item:
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


def read(delivery: Delivery, handled: Mapping[str, Handler]) -> _Item:
    """Place and read a delivery; nothing raises, an unreadable one carries its error."""
    try:
        epoch, seq = int(delivery.headers["Gongping-Epoch"]), int(delivery.headers["Gongping-Seq"])
    except (KeyError, ValueError):
        # Not sent by a relay of ours: accounted for under epoch -1 with the stream's own number.
        return _Item(delivery, -1, delivery.stream_seq, None, "unknown", "no Gongping-Epoch and Gongping-Seq headers")
    event_type = delivery.subject.split(".", 1)[1].rsplit(".", 1)[0]
    if event_type not in handled:
        return _Item(delivery, epoch, seq, None, event_type)
    try:
        return _Item(delivery, epoch, seq, parse(delivery.body, epoch=epoch, seq=seq), event_type)
    except (ValidationError, KeyError, ValueError) as error:
        return _Item(delivery, epoch, seq, None, event_type, storable(f"{type(error).__name__}: {error}"))


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


async def take(session: AsyncSession, source: str, items: Sequence[_Item]) -> list[_Item]:
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


class Consumer:
    """Takes one source's stream and applies it."""

    def __init__(
        self, database: Database, bus: Bus, settings: ServiceSettings, subscription: Subscription, *, service: str
    ) -> None:
        self._database = database
        self._bus = bus
        self._settings = settings
        self.subscription = subscription
        self._durable = f"{bus.prefix}-{service}"
        self.last_activity = 0.0

    async def run(self) -> None:
        """Consume for ever; ends by cancellation."""
        delay = 0.2
        while True:
            pull = None
            try:
                await self._bus.ensure_consumer(
                    self.subscription.source,
                    self._durable,
                    ack_wait_seconds=self._settings.ack_wait_seconds,
                    max_ack_pending=max(1000, 5 * self._settings.fetch_batch),
                )
                pull = await self._bus.pull(self.subscription.source, self._durable, batch=self._settings.fetch_batch)
                while True:
                    deliveries = await pull.next(wait_seconds=5)
                    if deliveries:
                        await self._process(deliveries)
                        delay = 0.2
                        self.last_activity = asyncio.get_running_loop().time()
            except (BrokerUnavailableError, BrokerRefusedError) as error:
                # The stream does not exist yet, the consumer was deleted, or the broker is away.
                _log.info("consumer waits", source=self.subscription.source, error=str(error), delay=delay)
            except Exception as error:  # noqa: BLE001 - the loop outlives every error; it is logged whole
                _log.exception("consumer failed", source=self.subscription.source, error=str(error))
            finally:
                if pull is not None:
                    await pull.stop()
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5)

    async def _process(self, deliveries: list[Delivery]) -> None:
        items = [read(delivery, self.subscription.handlers) for delivery in deliveries]
        while True:
            try:
                await self._apply_together(items)
                break
            except Exception as error:  # noqa: BLE001 - decided just below
                if is_unavailable(error):
                    await self._pause(items, error)
                    continue
                if len(items) > 1:
                    # One bad event must not hold the others up: a second pass, event by event.
                    for item in items:
                        await self._process([item.delivery])
                    return
                if not await self._count_failure(items[0], error):
                    return
                break
        crash_point("before-ack")
        for delivery in deliveries:
            await self._bus.ack(delivery)

    async def _apply_together(self, items: Sequence[_Item]) -> None:
        source = self.subscription.source
        spans: list[trace.Span] = []
        try:
            async with self._database.transaction() as session:
                fresh = await take(session, source, items)
                events = [item.event for item in fresh if item.event is not None]
                try:
                    await apply(session, self.subscription, events)
                finally:
                    spans = session.info.get("gongping.spans", [])
                await _forget_attempts(session, source, [item for item in fresh if item.delivery.delivered > 1])
        finally:
            for span in spans:
                span.end()
        for item in fresh:
            metrics.inbox_events.labels(source, "dead" if item.error else "done" if item.event else "ignored").inc()
        if events:
            metrics.inbox_lag.labels(source).set((clock.now() - events[-1].time).total_seconds())

    async def _pause(self, items: Sequence[_Item], error: BaseException) -> None:
        _log.warning("database away, consumer pauses", source=self.subscription.source, error=str(error)[:300])
        for item in items:
            await self._bus.in_progress(item.delivery)
        await asyncio.sleep(0.5)

    async def _count_failure(self, item: _Item, error: Exception) -> bool:
        """Note a handler's failure; True when the event is dead now and may be acknowledged."""
        source, delays = self.subscription.source, self._settings.retry_delays
        reason = storable(f"{type(error).__name__}: {error}")
        attempts = 0
        while True:
            try:
                async with self._database.transaction() as session:
                    attempts = (
                        await session.execute(
                            text(
                                "INSERT INTO inbox_attempt (source, epoch, seq, attempts, error, tried_at) "
                                "VALUES (:s, :e, :q, 1, :r, :now) "
                                "ON CONFLICT (source, epoch, seq) DO UPDATE "
                                "SET attempts = inbox_attempt.attempts + 1, error = :r, tried_at = :now "
                                "RETURNING attempts"
                            ),
                            {"s": source, "e": item.epoch, "q": item.seq, "r": reason, "now": clock.now()},
                        )
                    ).scalar_one()
                    if attempts > len(delays):
                        await bury(session, source, item, reason=reason, attempts=attempts)
                break
            except Exception as trouble:
                if not is_unavailable(trouble):
                    raise
                await self._pause([item], trouble)
        if attempts > len(delays):
            metrics.dead_letters.labels(source).inc()
            _log.error("event given up; kept as dead", source=source, epoch=item.epoch, seq=item.seq, reason=reason)
            return True
        _log.warning("handler failed", source=source, type=item.type, seq=item.seq, attempts=attempts, exc_info=error)
        await self._bus.nak(item.delivery, delay_seconds=delays[attempts - 1])
        return False


async def bury(session: AsyncSession, source: str, item: _Item, *, reason: str, attempts: int) -> None:
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
    await _forget_attempts(session, source, [item])


async def _forget_attempts(session: AsyncSession, source: str, items: Sequence[_Item]) -> None:
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
