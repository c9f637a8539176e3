"""The subscription to the scoring service's events, and the job that keeps the table short."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.feed.events import STREAMED
from gateway.feed.service import compact, store_changes
from gateway.settings import GatewaySettings
from shared.events import EventData
from shared.inbox import Received, Subscription
from shared.jobs import ClaimedJob, Job

__all__ = ["COMPACT_JOB", "SUBSCRIPTION"]


async def on_streamed(_: AsyncSession, __: Received[Any]) -> None:
    """Nothing event by event: `finish` stores the batch in one statement, under one lock."""


async def finish(session: AsyncSession, events: Sequence[Received[EventData]]) -> None:
    """Store the batch's events of the stream."""
    await store_changes(session, [event for event in events if event.type in STREAMED])


# A listener does not see a twentieth of a second; in a burst it spares a disk flush for each change.
SUBSCRIPTION = Subscription("scoring", dict.fromkeys(STREAMED, on_streamed), finish=finish, gather_seconds=0.05)


async def compact_changes(session: AsyncSession, _: ClaimedJob) -> None:
    """Forget replaced changes older than the retention."""
    await compact(session, keep=timedelta(days=GatewaySettings.load().feed_retention_days))


COMPACT_JOB = Job("feed.compact", compact_changes, every=timedelta(hours=1))
