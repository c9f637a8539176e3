"""Pulling from a consumer."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic_core import to_json

from shared.bus.messages import SECOND, BrokerRefusedError, BrokerUnavailableError, Delivery

__all__ = ["Pull"]


class Pull:
    """An always open pull request: messages arrive as they are stored, and what has arrived is taken in one batch.

    The client's own `fetch(n)` waits to fill its batch; here the first message ends the waiting.
    """

    def __init__(
        self, client: Client, stream: str, durable: str, batch: int, *, stopped: Callable[["Pull"], None]
    ) -> None:
        self._client = client
        self._stopped = stopped
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._batch = batch
        self._inbox = client.new_inbox()
        self._queue: asyncio.Queue[Delivery | None] = asyncio.Queue()  # None: the consumer is gone
        self._open = 0  # messages that the broker may still send for the present request
        self._asked_at = 0.0
        self._subscription: Any = None

    _EXPIRES = 20.0

    async def start(self) -> None:
        """Subscribe to the answers."""
        self._subscription = await self._client.subscribe(self._inbox, cb=self._on_message)

    async def _on_message(self, message: Msg) -> None:
        headers = dict(message.headers or {})
        status = headers.get("Status")
        if status is not None and not message.data:
            # 404 none, 408 expired, 409 consumer deleted or limit, 503 no responders
            if status == "503" or (status == "409" and "Deleted" in headers.get("Description", "")):
                self._open = 0
                self._queue.put_nowait(None)
            elif status in ("404", "408"):
                await self.ask_again()
            elif status == "409":
                # A new leader, a limit: the request is void, and `next` makes a new one when it has waited.
                self._open = 0
            return
        self._open = max(0, self._open - 1)
        tokens = (message.reply or "").split(".")
        # $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>, or with a domain
        offset = 2 if len(tokens) == 9 else 4
        self._queue.put_nowait(
            Delivery(
                message.subject,
                message.data,
                headers,
                int(tokens[offset + 3]),
                int(tokens[offset + 2]),
                message.reply or "",
            )
        )

    async def _ask(self) -> None:
        now = asyncio.get_running_loop().time()
        expired = now - self._asked_at > self._EXPIRES + 2
        if self._open > 0 and not expired:
            return
        self._open, self._asked_at = self._batch, now
        await self._client.publish(
            self._subject, to_json({"batch": self._batch, "expires": int(self._EXPIRES * SECOND)}), reply=self._inbox
        )

    async def ask_again(self) -> None:
        """The open request is void: it expired, or the connection was lost."""
        self._open = 0
        with contextlib.suppress(NatsError, OSError):
            await self._ask()

    async def next(self, *, wait_seconds: float, gather_seconds: float = 0.0) -> list[Delivery]:
        """What has arrived, at most one batch; an empty list after the wait.

        With `gather_seconds` the first message waits that long for others, unless a whole batch is there already.

        Raises:
            BrokerRefusedError: the consumer is gone.
        """
        try:
            if self._queue.empty():
                await self._ask()
                # Not wait_for, which before Python 3.12 can swallow a cancellation that comes with a message.
                async with asyncio.timeout(wait_seconds):
                    first = await self._queue.get()
            else:
                first = self._queue.get_nowait()
        except TimeoutError:
            return []
        except (NatsError, OSError) as error:
            raise BrokerUnavailableError(str(error)) from error
        if first is None:
            raise BrokerRefusedError(503, "the consumer is gone")
        if gather_seconds and self._queue.qsize() + 1 < self._batch:
            await asyncio.sleep(gather_seconds)
        taken = [first]
        while len(taken) < self._batch and not self._queue.empty():
            delivery = self._queue.get_nowait()
            if delivery is None:
                self._queue.put_nowait(None)  # for the next call
                break
            taken.append(delivery)
        # The next request is on its way while this batch is being applied.
        with contextlib.suppress(NatsError, OSError):
            await self._ask()
        return taken

    async def stop(self) -> None:
        """End the subscription; what was not acknowledged is delivered again."""
        self._stopped(self)
        with contextlib.suppress(NatsError, OSError):
            await self._subscription.unsubscribe()
