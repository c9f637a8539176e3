"""The consumer: takes one source's stream through the inbox and waits for whatever is away."""

import asyncio
from collections.abc import Sequence

import structlog
from opentelemetry import trace
from sqlalchemy import text

from shared import clock
from shared.bus import BrokerRefusedError, BrokerUnavailableError, Bus, Delivery
from shared.db import Database, is_unavailable, storable
from shared.inbox import Item, Subscription, apply, bury, forget_attempts, read, take
from shared.relay import crash_point
from shared.settings import ServiceSettings
from shared.telemetry import metrics

__all__ = ["Consumer"]

_log = structlog.get_logger(__name__)


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
                    deliveries = await pull.next(wait_seconds=5, gather_seconds=self.subscription.gather_seconds)
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

    async def _apply_together(self, items: Sequence[Item]) -> None:
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
                await forget_attempts(session, source, [item for item in fresh if item.delivery.delivered > 1])
        finally:
            for span in spans:
                span.end()
        for item in fresh:
            metrics.inbox_events.labels(source, "dead" if item.error else "done" if item.event else "ignored").inc()
        if events:
            metrics.inbox_lag.labels(source).set((clock.now() - events[-1].time).total_seconds())

    async def _pause(self, items: Sequence[Item], error: BaseException) -> None:
        _log.warning("database away, consumer pauses", source=self.subscription.source, error=str(error)[:300])
        for item in items:
            await self._bus.in_progress(item.delivery)
        await asyncio.sleep(0.5)

    async def _count_failure(self, item: Item, error: Exception) -> bool:
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
