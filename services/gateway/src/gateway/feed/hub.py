"""The changes of the last minutes in memory, and the news that there are more.

One reader per process asks the database, however many streams are open. A stream that is further behind than the memory
reads the table itself until it has caught up.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Collection
from itertools import takewhile
from typing import Any

import anyio
import structlog

from gateway.feed.queries import Change, changes_after, last_position
from gateway.feed.service import STORED
from shared.auth import SYSTEM, Principal
from shared.db import AsyncSession, Database

__all__ = ["Hub", "hub_of"]

_log = structlog.get_logger(__name__)
_BATCH = 500


class Hub:
    """What the live streams of one process share."""

    def __init__(self, database: Database, *, memory: int) -> None:
        self._database = database
        self._memory = memory
        self._recent: deque[Change] = deque()
        self._floor = 0  # every change above it and up to `_position` is in memory
        self._position: int | None = None
        self._news = asyncio.Event()
        self._wake = asyncio.Event()
        self.streams = 0
        # Set by the first stream that learns that the server is stopping; it ends them all.
        self.stopping = anyio.Event()

    def wake(self) -> None:
        """Look for new changes now: a transaction of this process has stored some."""
        self._wake.set()

    async def follow(self, *, poll_seconds: float) -> None:
        """Read what is new for ever, at once when woken and by a slow poll for what other replicas stored."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_of_the_end())
            await self._follow(poll_seconds)

    async def _tell_of_the_end(self) -> None:
        await self.stopping.wait()
        self._tell()

    async def _follow(self, poll_seconds: float) -> None:
        failing = False
        while True:
            self._wake.clear()
            try:
                while await self._read():
                    pass
                failing = False
            except Exception as error:  # noqa: BLE001 - whatever the database says, the next poll tries again
                if not failing:
                    _log.warning("score changes cannot be read", error=repr(error))
                failing = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), poll_seconds)

    async def _read(self) -> bool:
        """Read one batch; whether there may be more."""
        async with self._database.reading() as session:
            if self._position is None:
                self._floor = self._position = await last_position(session)
                self._tell()
                return False
            batch = await changes_after(session, after=self._position, limit=_BATCH, principal=SYSTEM)
        if batch:
            self._recent.extend(batch)
            self._position = batch[-1].position
            while len(self._recent) > self._memory:
                self._floor = self._recent.popleft().position
            self._tell()
        return len(batch) == _BATCH

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def newest(self, *, like: int | None = None) -> int:
        """The position of the newest change, as the table says now: the memory may be a moment behind it."""
        async with self._database.reading() as session:
            return await last_position(session, like=like)

    async def _started(self) -> None:
        while self._position is None:
            await self._news.wait()

    def _remembered(self, after: int) -> list[Change] | None:
        """Changes above a position out of the memory; None when it does not reach back that far."""
        if self._position is None or after < self._floor:
            return None
        # From the end: a live stream lacks the last few only.
        found = list(takewhile(lambda change: change.position > after, reversed(self._recent)))
        found.reverse()
        return found

    async def changes(
        self, principal: Principal, *, after: int, idle_seconds: float, events: Collection[str]
    ) -> AsyncIterator[Change | None]:
        """Events of some kinds above a position in their order, those of the principal's regions, for ever.

        None is given about every `idle_seconds`, so that the caller can decide whether to go on.
        """
        await self._started()
        while True:
            news, floor = self._news, self._floor
            batch = self._remembered(after)
            if batch is None:
                async with self._database.reading() as session:
                    batch = await changes_after(session, after=after, limit=_BATCH, principal=principal, events=events)
                # Fewer than asked for: there is nothing else up to what the memory already began with.
                after = max(after, floor) if len(batch) < _BATCH else after
            elif not batch:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), idle_seconds)
                yield None
                continue
            for change in batch:
                after = max(after, change.position)
                if change.event in events and principal.may_see(change.region):
                    yield change
            yield None


def hub_of(state: Any) -> Hub:  # noqa: ANN401 - an application's state
    """The hub of an application, made when first asked for."""
    hub: Hub | None = getattr(state, "score_hub", None)
    if hub is None:
        database: Database = state.database
        made = hub = state.score_hub = Hub(database, memory=state.settings.feed_memory)

        def on_committed(session: AsyncSession) -> None:
            if session.info.pop(STORED, False):
                made.wake()

        database.after_commit.append(on_committed)
    return hub
