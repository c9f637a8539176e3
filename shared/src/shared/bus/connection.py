"""The one importer of nats: connection, streams, publishing, consumers.

Rules followed (measured and tested with nats-py 2.16 and nats-server 2.15): publish through JetStream with
`Nats-Msg-Id` and a deadline; a time-out means "unknown", never "not sent"; streams and consumers are upserted by raw
requests, because `pull_subscribe` never updates an existing durable and the client lacks fields such as `allow_atomic`.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic_core import from_json, to_json

from shared.bus.messages import (
    MAX_BATCH,
    NO_MESSAGE,
    SECOND,
    STREAM_NAME_IN_USE,
    STREAM_NOT_FOUND,
    BrokerRefusedError,
    BrokerUnavailableError,
    Delivery,
    Outgoing,
    parse_headers,
    stream_config,
    stream_name,
)
from shared.bus.pull import Pull

__all__ = ["Bus"]

_log = structlog.get_logger(__name__)
_COMPLAINT_SECONDS = 30


class Bus:
    """A connection that never gives up by itself; `on_closed` ends the process when it is closed for ever."""

    def __init__(
        self, url: str, *, name: str, prefix: str = "gongping", on_closed: Callable[[], None] | None = None
    ) -> None:
        self.prefix = prefix
        self._servers = [part.strip() for part in url.split(",")]
        self._name = name
        self._on_closed = on_closed
        self._client = Client()
        self._stopping = False
        self._timeouts = 0
        self._pulls: list[Pull] = []
        self._away_since = time.monotonic()
        self._complaint = ("", 0.0)  # what was said last, and when
        self._refusal = ""
        self.on_reconnected: list[Callable[[], Awaitable[None]]] = []
        self._greeting: asyncio.Task[None] | None = None
        self._in_flight: set[asyncio.Task[Msg]] = set()
        self._lost: set[asyncio.Task[Msg]] = set()

    @property
    def connected(self) -> bool:
        """Whether TCP is up; an isolated server still looks connected."""
        return self._client.is_connected

    @property
    def away_seconds(self) -> float:
        """How long there has been no connection; 0 while there is one."""
        return 0.0 if self.connected else time.monotonic() - self._away_since

    async def connect(self, *, deadline: float | None = None) -> None:
        """Connect, trying for `deadline` seconds (for ever when None)."""
        loop = asyncio.get_running_loop()
        until = None if deadline is None else loop.time() + deadline
        while True:
            try:
                # The client itself tries for ever.
                async with asyncio.timeout_at(until):
                    self._client = await nats.connect(
                        servers=self._servers,
                        name=f"{self._name}-{os.getpid()}",
                        allow_reconnect=True,
                        max_reconnect_attempts=-1,
                        reconnect_time_wait=0.25,
                        ping_interval=5,
                        max_outstanding_pings=2,
                        connect_timeout=2,
                        closed_cb=self._closed,
                        disconnected_cb=self._disconnected,
                        reconnected_cb=self._reconnected,
                        error_cb=self._complain,
                    )
            except (NatsError, OSError, TimeoutError) as error:
                if until is not None and loop.time() >= until:
                    raise BrokerUnavailableError(
                        f"no NATS server answers: {self._refusal or self._complaint[0] or error}"
                    ) from error
                await self._complain(error)
                await asyncio.sleep(0.25)
            else:
                return

    async def _complain(self, error: Exception) -> None:
        # Four tries a second would fill the log; a wrong password must not stay a secret either.
        text, now = str(error) or type(error).__name__, time.monotonic()
        if "authorization" in text.lower():
            self._refusal = text  # the reset that follows it says nothing
        if text != self._complaint[0] or now - self._complaint[1] > _COMPLAINT_SECONDS:
            self._complaint = (text, now)
            _log.warning("no connection to the broker", error=text)

    async def _closed(self) -> None:
        if not self._stopping and self._on_closed is not None:
            self._on_closed()

    async def _disconnected(self) -> None:
        self._away_since = time.monotonic()
        # Their answers would have come on the connection that is gone: nobody waits out their deadlines.
        self._lost |= self._in_flight
        for request in self._lost:
            request.cancel()

    async def _reconnected(self) -> None:
        for pull in self._pulls:
            await pull.ask_again()
        # Not awaited here: what they ask the broker is answered after this callback has returned.
        self._greeting = asyncio.create_task(self._greet())

    async def _greet(self) -> None:
        for hook in list(self.on_reconnected):
            try:
                await hook()
            except (BrokerUnavailableError, BrokerRefusedError) as error:
                _log.warning("after the reconnection", error=str(error))

    async def close(self) -> None:
        """Close at once; pull loops were ended by their owners."""
        self._stopping = True
        if self._greeting is not None:
            self._greeting.cancel()
        if not (self._client.is_connected or self._client.is_reconnecting):
            return
        with contextlib.suppress(NatsError, OSError):
            await self._client.close()

    async def publish(self, message: Outgoing, *, timeout: float = 5) -> bool:
        """Publish through JetStream; True when the broker had the message already."""
        answer = await self._request(
            message.subject, message.body, {**message.headers, "Nats-Msg-Id": message.msg_id}, timeout
        )
        return bool(answer.get("duplicate"))

    async def publish_many(self, messages: list[Outgoing], *, timeout: float = 10) -> None:
        """Publish in order as one atomic batch with one flush to disk; after any doubt one by one, same ids."""
        if len(messages) > MAX_BATCH:
            raise ValueError(f"a batch has {MAX_BATCH} messages at most")
        batch = messages[0].msg_id.replace(":", "-")[:40] + "-" + os.urandom(4).hex()
        for number, message in enumerate(messages[:-1], 1):
            headers = {
                **message.headers,
                "Nats-Msg-Id": message.msg_id,
                "Nats-Batch-Id": batch,
                "Nats-Batch-Sequence": str(number),
            }
            await self._send(message.subject, message.body, headers=headers)
        last = messages[-1]
        headers = {
            **last.headers,
            "Nats-Msg-Id": last.msg_id,
            "Nats-Batch-Id": batch,
            "Nats-Batch-Sequence": str(len(messages)),
            "Nats-Batch-Commit": "1",
        }
        try:
            await self._request(last.subject, last.body, headers, timeout)
        except BrokerRefusedError as error:
            if error.code == 503:
                raise
            _log.info("batch refused, publishing one by one", code=error.code, size=len(messages))
            for message in messages:
                await self.publish(message)

    async def _request(
        self, subject: str, body: bytes, headers: dict[str, str] | None, timeout: float
    ) -> dict[str, Any]:
        self._require_connection()
        request = asyncio.create_task(self._client.request(subject, body, timeout=timeout, headers=headers))
        self._in_flight.add(request)
        try:
            reply = await request
        except asyncio.CancelledError as error:
            caller = asyncio.current_task()
            if request not in self._lost or (caller is not None and caller.cancelling()):
                raise
            raise BrokerUnavailableError(f"the connection was lost before the answer for {subject}") from error
        except (NatsError, OSError, TimeoutError) as error:
            if type(error).__name__ == "NoRespondersError":
                raise BrokerRefusedError(503, f"no stream takes {subject}") from error
            await self._note_timeout()
            raise BrokerUnavailableError(f"no answer for {subject}: {error!r}") from error
        finally:
            self._in_flight.discard(request)
            self._lost.discard(request)
        self._timeouts = 0
        answer: dict[str, Any] = from_json(reply.data) if reply.data else {}
        if "error" in answer:
            raise BrokerRefusedError(
                answer["error"].get("err_code", answer["error"].get("code", 500)),
                answer["error"].get("description", ""),
            )
        return answer

    def _require_connection(self) -> None:
        # The client would keep the bytes and send them long after they were given up.
        if not self._client.is_connected:
            raise BrokerUnavailableError("no connection to the broker")

    async def _send(self, subject: str, body: bytes, *, headers: dict[str, str]) -> None:
        self._require_connection()
        try:
            await self._client.publish(subject, body, headers=headers)
        except (NatsError, OSError) as error:
            raise BrokerUnavailableError(f"{subject} was not sent: {error!r}") from error

    async def _note_timeout(self) -> None:
        """Acknowledgements stopped while TCP is up (an isolated server): go to another server."""
        self._timeouts += 1
        if self._timeouts >= 3 and self._client.is_connected:
            self._timeouts = 0
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                await self._client.force_reconnect()

    async def say(self, subject: str, payload: dict[str, Any]) -> None:
        """A hint by core NATS: whoever is not there misses it, which must not matter."""
        if not self._client.is_connected:
            return
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            await self._client.publish(subject, to_json(payload))

    async def hear(
        self, subject: str, handler: Callable[[dict[str, Any]], Awaitable[None]]
    ) -> Callable[[], Awaitable[None]]:
        """Listen to hints; returns what ends it."""

        async def on_message(message: Msg) -> None:
            try:
                payload = from_json(message.data)
            except ValueError:
                return
            await handler(payload)

        subscription = await self._client.subscribe(subject, cb=on_message)

        async def stop() -> None:
            with contextlib.suppress(NatsError, OSError):
                await subscription.unsubscribe()

        return stop

    async def ensure_stream(self, source: str, *, replicas: int, max_bytes: int, max_age_days: int) -> None:
        """Create or update the stream of a source. A full stream refuses instead of dropping old events."""
        name = stream_name(self.prefix, source)
        config = stream_config(self.prefix, source, replicas=replicas, max_bytes=max_bytes, max_age_days=max_age_days)
        try:
            await self._api(f"STREAM.CREATE.{name}", config)
        except BrokerRefusedError as error:
            if error.code != STREAM_NAME_IN_USE:  # with another configuration
                raise
            await self._api(f"STREAM.UPDATE.{name}", config)

    async def last_headers(self, source: str) -> dict[str, str] | None:
        """Headers of the newest stored message of a source, or None when the stream is empty or absent."""
        try:
            answer = await self._api(
                f"STREAM.MSG.GET.{stream_name(self.prefix, source)}", {"last_by_subj": f"{self.prefix}.{source}.>"}
            )
        except BrokerRefusedError as error:
            if error.code not in (NO_MESSAGE, STREAM_NOT_FOUND):
                raise
            return None
        return parse_headers(answer.get("message", {}).get("hdrs"))

    async def _api(self, call: str, payload: dict[str, Any]) -> dict[str, Any]:
        return await self._request(f"$JS.API.{call}", to_json(payload), None, 5)

    async def ensure_consumer(
        self,
        source: str,
        durable: str,
        *,
        ack_wait_seconds: int,
        max_ack_pending: int,
        start: dict[str, Any] | None = None,
    ) -> None:
        """Create or update a durable pull consumer of a source's whole stream."""
        name = stream_name(self.prefix, source)
        config = {
            "durable_name": durable,
            "name": durable,
            "ack_policy": "explicit",
            "ack_wait": ack_wait_seconds * SECOND,
            "max_ack_pending": max_ack_pending,
            "max_deliver": -1,
            "replay_policy": "instant",
            **(start or {"deliver_policy": "all"}),
        }
        await self._api(f"CONSUMER.CREATE.{name}.{durable}", {"stream_name": name, "config": config, "action": ""})

    async def delete_consumer(self, source: str, durable: str) -> None:
        """Remove a consumer; absent is fine."""
        with contextlib.suppress(BrokerRefusedError):
            await self._request(f"$JS.API.CONSUMER.DELETE.{stream_name(self.prefix, source)}.{durable}", b"", None, 5)

    async def pull(self, source: str, durable: str, *, batch: int) -> Pull:
        """Start pulling from a consumer."""
        self._require_connection()
        pull = Pull(self._client, stream_name(self.prefix, source), durable, batch, stopped=self._forget)
        await pull.start()
        self._pulls.append(pull)
        return pull

    def _forget(self, pull: Pull) -> None:
        if pull in self._pulls:
            self._pulls.remove(pull)

    async def ack(self, delivery: Delivery) -> None:
        """Acknowledge; a lost acknowledgement only means a redelivery, which the inbox absorbs."""
        await self._reply(delivery, b"+ACK")

    async def nak(self, delivery: Delivery, *, delay_seconds: float) -> None:
        """Ask for redelivery after a delay."""
        await self._reply(delivery, b"-NAK " + to_json({"delay": int(delay_seconds * SECOND)}))

    async def in_progress(self, delivery: Delivery) -> None:
        """Tell the broker that work goes on."""
        await self._reply(delivery, b"+WPI")

    async def _reply(self, delivery: Delivery, body: bytes) -> None:
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            await self._client.publish(delivery.reply, body)
