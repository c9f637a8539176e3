"""The relay: publishes a source's outbox, one active relay per source.

Which one is active is decided by an advisory lock on a connection of its own; whoever loses that connection stops
publishing. The `seq` of a source is given here, in a short transaction of its own, because identity columns leave gaps
on rollback; it is committed before anything is published. An unreachable broker is waited for without limit.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pydantic_core import from_json

from shared import clock
from shared.bus import BrokerRefusedError, BrokerUnavailableError, Bus, Outgoing
from shared.db import Database
from shared.restored import TAKE_LOCK, begin_epoch, ended_epochs, lock_of
from shared.settings import ServiceSettings
from shared.telemetry import metrics, tracer

__all__ = ["Relay", "crash_point"]

_log = structlog.get_logger(__name__)
_propagator = TraceContextTextMapPropagator()
_BATCH = 500
_ATOMIC_FROM = 12  # below, pipelined single publishes are as fast and cannot be refused as a whole
_POLL_SECONDS = 1.0

_ASSIGN = """
    WITH state AS (SELECT epoch, last_seq FROM relay_state WHERE source = $1 FOR UPDATE),
    todo AS (SELECT n, row_number() OVER (ORDER BY n) AS k FROM (
        SELECT n FROM outbox WHERE sent_at IS NULL AND seq IS NULL ORDER BY n LIMIT $2) AS rows),
    numbered AS (UPDATE outbox SET epoch = state.epoch, seq = state.last_seq + todo.k FROM todo, state
        WHERE outbox.n = todo.n
        RETURNING outbox.epoch, outbox.seq, outbox.nats_subject, outbox.body, outbox.recorded_at),
    moved AS (UPDATE relay_state SET last_seq = last_seq + (SELECT count(*) FROM todo)
        WHERE source = $1 AND EXISTS (SELECT 1 FROM todo))
    SELECT epoch, seq, nats_subject, body, recorded_at FROM numbered ORDER BY seq
"""
_LEFT_OVER = """
    SELECT epoch, seq, nats_subject, body, recorded_at FROM outbox
    WHERE sent_at IS NULL AND seq IS NOT NULL ORDER BY epoch, seq LIMIT $1
"""
_STATE = """
    SELECT epoch, last_seq, (SELECT min(seq) FROM outbox WHERE sent_at IS NULL AND outbox.epoch = relay_state.epoch)
    AS unsent FROM relay_state WHERE source = $1
"""
_KEPT = """
    SELECT epoch, seq, nats_subject, body FROM outbox
    WHERE epoch = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq LIMIT 5000
"""
_MARK = "UPDATE outbox SET sent_at = $3 WHERE epoch = $1 AND seq = ANY($2::bigint[])"


def crash_point(name: str) -> None:
    """End the process as SIGKILL would, at a named point, when GONGPING_CRASH_AT asks for it (fault tests only)."""
    import os  # noqa: PLC0415 - fault tests only
    import signal  # noqa: PLC0415 - fault tests only

    if os.environ.get("GONGPING_CRASH_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)


def _reached(headers: Mapping[str, str]) -> tuple[int, int]:
    """Epoch and seq that a source had come to when it published the message with these headers."""
    epoch, seq = headers.get("Gongping-Epoch", "0"), headers.get("Gongping-Seq", "0")
    if "Gongping-Reached" in headers:
        epoch, _, seq = headers["Gongping-Reached"].partition(":")
    return int(epoch), int(seq)


class Relay:
    """Publishes the events of one source."""

    def __init__(self, database: Database, bus: Bus, settings: ServiceSettings, *, source: str) -> None:
        self._database = database
        self._bus = bus
        self._settings = settings
        self._source = source
        self._wake = asyncio.Event()
        self._publishing = asyncio.Lock()
        # Epoch and seq given last, and acknowledged last: what is announced must not be ahead of the broker.
        self._given = (0, 0)
        self._last: tuple[int, int] | None = None
        self._ended: list[tuple[int, int]] = []
        self.active = False

    def wake(self) -> None:
        """An event was committed in this process."""
        self._wake.set()

    async def run(self) -> None:
        """Be the relay whenever the lock is free; ends by cancellation."""
        delay = 0.2
        while True:
            try:
                await self._hold_lock_and_publish()
                delay = 0.2
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                _log.warning("relay lost its connection", source=self._source, error=str(error))
            except Exception as error:  # noqa: BLE001 - the relay outlives every error; it is logged whole
                _log.exception("relay failed", source=self._source, error=str(error))
            self.active = False
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5)

    async def _hold_lock_and_publish(self) -> None:
        with contextlib.ExitStack() as stack:
            connection = await self._database.connect_raw()
            stack.callback(connection.terminate)
            while not await connection.fetchval(TAKE_LOCK, lock_of(self._source)):
                await self._pass_hints_on(_POLL_SECONDS)
            # A lost mark only means that an event is sent again, so that marking need not wait for the disk.
            marker = await self._database.connect_raw(synchronous_commit="off")
            stack.callback(marker.terminate)
            await self._become_active(connection)
            await self._publish_until_lost(connection, marker)

    async def _pass_hints_on(self, seconds: float) -> None:
        """While another replica is active: tell it when there is work."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await self._wake.wait()
                    self._wake.clear()
                    await self._bus.say(f"{self._bus.prefix}.wake.{self._source}", {})

    async def _become_active(self, connection: "asyncpg.Connection[Any]") -> None:
        settings = self._settings
        headers: dict[str, str] | None = None
        while True:
            try:
                await self._bus.ensure_stream(
                    self._source,
                    replicas=settings.stream_replicas,
                    max_bytes=settings.stream_max_bytes,
                    max_age_days=settings.stream_max_age_days,
                )
                headers = await self._bus.last_headers(self._source)
                break
            except (BrokerUnavailableError, BrokerRefusedError) as error:
                _log.warning("relay waits for the broker", source=self._source, error=str(error))
                await asyncio.sleep(0.5)
        row = await connection.fetchrow(_STATE, self._source)
        assert row is not None  # noqa: S101 - written by the first migration
        epoch, last_seq, unsent = row["epoch"], row["last_seq"], row["unsent"]
        reached = _reached(headers or {})
        if reached > (epoch, last_seq):
            # The stream has numbers that this database never gave: it was restored from a backup. A new epoch keeps
            # new events from being taken for old ones.
            epoch, last_seq, unsent = reached[0] + 1, 0, None
            async with connection.transaction():
                await begin_epoch(connection, self._source, epoch=epoch)
                await connection.execute("UPDATE outbox SET epoch = NULL, seq = NULL WHERE sent_at IS NULL")
            _log.warning("the database was restored; a new epoch begins", source=self._source, epoch=epoch)
        self._ended = await ended_epochs(connection, epoch)
        self._given = (epoch, last_seq)
        self._last = (epoch, last_seq if unsent is None else unsent - 1)
        self.active = True
        _log.info("relay active", source=self._source, epoch=epoch, last_seq=last_seq)

    async def _publish_until_lost(
        self, connection: "asyncpg.Connection[Any]", marker: "asyncpg.Connection[Any]"
    ) -> None:
        async def on_wake(_: dict[str, Any]) -> None:
            self.wake()

        async def on_repair(request: dict[str, Any]) -> None:
            await self._repair(request)

        prefix = self._bus.prefix
        stops = [
            await self._bus.hear(f"{prefix}.wake.{self._source}", on_wake),
            await self._bus.hear(f"{prefix}.repair.{self._source}", on_repair),
        ]
        # The broker may have come back without its files.
        self._bus.on_reconnected.append(self._restore_stream)
        watermark = asyncio.create_task(self._announce())
        try:
            left_over = True  # of an earlier relay, or of a publish whose outcome is unknown
            while True:
                self._wake.clear()
                sent = await self._publish_round(connection, marker, left_over=left_over)
                left_over = sent is None or (left_over and sent == _BATCH)
                if sent:
                    continue
                # Not wait_for, which before Python 3.12 can swallow a cancellation that comes with the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_SECONDS if sent is not None else 0.5):
                        await self._wake.wait()
                if sent is None:
                    await asyncio.sleep(0.1)
        finally:
            watermark.cancel()
            self._bus.on_reconnected.remove(self._restore_stream)
            for stop in stops:
                await stop()

    async def _publish_round(
        self, connection: "asyncpg.Connection[Any]", marker: "asyncpg.Connection[Any]", *, left_over: bool
    ) -> int | None:
        """Publish what is due; the number sent, or None when the broker did not take it."""
        async with self._publishing:
            rows = await (
                connection.fetch(_LEFT_OVER, _BATCH) if left_over else connection.fetch(_ASSIGN, self._source, _BATCH)
            )
            if not rows and left_over:
                rows = await connection.fetch(_ASSIGN, self._source, _BATCH)
            if not rows:
                metrics.outbox_oldest.labels(self._source).set(0)
                return 0
            crash_point("after-assign")
            metrics.outbox_oldest.labels(self._source).set((clock.now() - rows[0]["recorded_at"]).total_seconds())
            reached = (rows[-1]["epoch"], rows[-1]["seq"])
            self._given = max(self._given, reached)
            started = time.time_ns()
            messages = [self._message(row) for row in rows]
            try:
                if len(messages) >= _ATOMIC_FROM:
                    await self._bus.publish_many(messages)
                else:
                    # Sent in order on one connection; only the acknowledgements are waited for together.
                    await asyncio.gather(*(self._bus.publish(message) for message in messages))
            except (BrokerUnavailableError, BrokerRefusedError) as error:
                if isinstance(error, BrokerRefusedError):
                    await self._restore_stream()
                _log.warning(
                    "broker did not take events; they wait", source=self._source, count=len(rows), error=str(error)
                )
                return None
            crash_point("before-mark")
            self._last = max(self._last or (0, 0), reached)
            for epoch in {row["epoch"] for row in rows}:
                await marker.execute(_MARK, epoch, [row["seq"] for row in rows if row["epoch"] == epoch], clock.now())
            metrics.outbox_published.labels(self._source).inc(len(rows))
            self._trace(rows, started)
            return len(rows)

    async def _restore_stream(self) -> None:
        settings = self._settings
        with contextlib.suppress(BrokerUnavailableError, BrokerRefusedError):
            await self._bus.ensure_stream(
                self._source,
                replicas=settings.stream_replicas,
                max_bytes=settings.stream_max_bytes,
                max_age_days=settings.stream_max_age_days,
            )

    def _message(  # `again` is how far the source has come by the time of a repair
        self,
        row: Any,  # noqa: ANN401 - a database row
        *,
        again: tuple[int, int] | None = None,
        suffix: str = "",
    ) -> Outgoing:
        headers = {
            "content-type": "application/cloudevents+json",
            "Gongping-Source": self._source,
            "Gongping-Epoch": str(row["epoch"]),
            "Gongping-Seq": str(row["seq"]),
        }
        if again is not None:
            # An old number at the end of the stream must not hide how far the source has come.
            headers["Gongping-Reached"] = f"{again[0]}:{again[1]}"
        msg_id = f"{self._source}.{row['epoch']}:{row['seq']}{suffix}"
        return Outgoing(self._bus.prefix + row["nats_subject"], row["body"], msg_id, headers)

    def _trace(self, rows: list[Any], started_ns: int) -> None:
        for row in rows[:20]:
            parent = from_json(row["body"]).get("traceparent")
            if parent:
                context = _propagator.extract({"traceparent": parent})
                if trace.get_current_span(context).get_span_context().trace_flags.sampled:
                    tracer.start_span("outbox publish", context=context, start_time=started_ns).end()

    async def _announce(self) -> None:
        """Send the watermark, so that listeners find a lost tail too."""
        while True:
            if self._last is not None:
                epoch, seq = self._last
                subject = f"{self._bus.prefix}.watermark.{self._source}"
                await self._bus.say(subject, {"epoch": epoch, "last_seq": seq})
                for ended, last in self._ended:
                    await self._bus.say(subject, {"epoch": ended, "last_seq": last, "ended": True})
            await asyncio.sleep(self._settings.watermark_seconds)

    async def _repair(self, request: dict[str, Any]) -> None:
        """Publish asked-for numbers again from the kept outbox."""
        connection: asyncpg.Connection[Any] | None = None
        try:
            connection = await self._database.connect_raw()
            for low, high in request.get("ranges", [])[:100]:
                rows = await connection.fetch(_KEPT, int(request["epoch"]), int(low), int(high))
                for row in rows:
                    if await self._bus.publish(self._message(row, again=self._given)):
                        # Inside the duplicate window the broker holds the message and the listener's position is wrong.
                        await self._bus.publish(self._message(row, again=self._given, suffix=f":r{time.time_ns()}"))
                metrics.repairs_answered.labels(self._source).inc(len(rows))
                _log.info("repaired", source=self._source, low=low, high=high, found=len(rows))
        except BrokerRefusedError as error:
            _log.warning("repair not finished", source=self._source, error=str(error))
            await self._restore_stream()
        except (
            BrokerUnavailableError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            OSError,
            LookupError,
            ValueError,
        ) as error:
            # The listener asks again while its gap lasts.
            _log.warning("repair not finished", source=self._source, error=str(error))
        finally:
            if connection is not None:
                connection.terminate()


async def purge_sent(connection: Any, *, retention: timedelta) -> int:  # noqa: ANN401 - a session's connection
    """Delete sent events older than the retention, at most 1,000, and return how many; unsent ones never."""
    from sqlalchemy import text  # noqa: PLC0415 - the rest of this module speaks the raw driver

    result = await connection.execute(
        text(
            "DELETE FROM outbox WHERE n IN "
            "(SELECT n FROM outbox WHERE sent_at < :before ORDER BY sent_at LIMIT 1000) RETURNING id"
        ),
        {"before": clock.now() - retention},
    )
    deleted: list[UUID] = list(result.scalars())
    return len(deleted)
