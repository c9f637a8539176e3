"""The request's body on its way to a service, and the caller's connection while the service works."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Receive

from gateway.proxy.errors import ClientGone, UploadStalled
from shared.problems import TooLarge

__all__ = ["Upload", "Watch", "Watches", "too_large"]

# A caller that goes away costs at most twice this time of useless work before its request is watched.
_TICK_SECONDS = 0.05


def too_large(limit: int) -> TooLarge:
    """The 413 problem of a body over the limit."""
    return TooLarge(f"The body is over the limit of {limit} bytes.", limit_bytes=limit)


class Upload:
    """Reads a body within its limit and its deadline.

    The HTTP client wraps what its body source raises; `failure` keeps the true reason.
    """

    __slots__ = ("_first", "_idle", "_limit", "_receive", "_size", "failure", "finished")

    def __init__(self, receive: Receive, *, limit: int, idle_seconds: float) -> None:
        self._receive = receive
        self._limit = limit
        self._idle = idle_seconds
        self._size = 0
        self._first = b""
        self.failure: Exception | None = None
        self.finished = asyncio.Event()

    async def _next(self) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout(self._idle):
                message = await self._receive()
        except TimeoutError:
            raise UploadStalled(f"No byte of the body arrived for {self._idle:g} s.") from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        body: bytes = message.get("body", b"")
        self._size += len(body)
        if self._size > self._limit:
            raise too_large(self._limit)
        return body, bool(message.get("more_body"))

    async def start(self) -> bytes | AsyncIterator[bytes]:
        """The whole body where it came in one piece, as small ones do; otherwise a stream of its pieces."""
        self._first, more = await self._next()
        if more:
            return self._pieces()
        self.finished.set()
        return self._first

    async def _pieces(self) -> AsyncIterator[bytes]:
        try:
            yield self._first
            more = True
            while more:
                piece, more = await self._next()
                if piece:
                    yield piece
        except Exception as error:
            self.failure = error
            raise
        finally:
            self.finished.set()


class Watch:
    """Cancels the request's task when the caller closes the connection; `gone` tells that from another cancelling."""

    __slots__ = ("_receive", "_task", "_upload", "_watcher", "gone")

    def __init__(self, receive: Receive, upload: Upload | None) -> None:
        self._receive = receive
        self._upload = upload
        self._watcher: asyncio.Task[None] | None = None
        self._task = asyncio.current_task()
        self.gone = False

    def start(self) -> None:
        """Begin to listen; called in the loop that serves the request."""
        self._watcher = asyncio.get_running_loop().create_task(self._wait_for_disconnect())

    async def _wait_for_disconnect(self) -> None:
        if self._upload is not None:
            # Two readers of one body would each get a part of it; while it streams, the upload sees the disconnect.
            await self._upload.finished.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        """The request is done, or failed for a reason of its own."""
        if self._watcher is not None:
            self._watcher.cancel()


class Watches:
    """Starts the watches of requests that take longer than a moment.

    Most requests are answered sooner than a caller can go away. One timer for all of them costs a tenth of a timer, or
    a thirtieth of a task, for each.
    """

    def __init__(self) -> None:
        self._young: set[Watch] = set()
        self._older: set[Watch] = set()
        self._ticking = False

    def add(self, watch: Watch) -> None:
        """A request began."""
        self._young.add(watch)
        if not self._ticking:
            self._ticking = True
            asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick)

    def remove(self, watch: Watch) -> None:
        """The request is over."""
        self._young.discard(watch)
        self._older.discard(watch)
        watch.stop()

    def _tick(self) -> None:
        for watch in self._older:
            watch.start()
        self._older, self._young = self._young, set()
        self._ticking = bool(self._older)
        if self._ticking:
            asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick)
