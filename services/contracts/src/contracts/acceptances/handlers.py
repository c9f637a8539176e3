"""What the surveys service tells about waves: a closed one's published result may carry an acceptance's opinion."""

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acceptances.service import keep_closed_wave
from shared.events import WaveClosed
from shared.inbox import Received, Subscription

__all__ = ["surveys_subscription"]


async def on_wave_closed(session: AsyncSession, event: Received[WaveClosed]) -> None:
    """A wave was closed."""
    await keep_closed_wave(session, event.data)


# Nobody waits for it here: what is told shares a transaction.
surveys_subscription = Subscription(source="surveys", handlers={WaveClosed.TYPE: on_wave_closed}, gather_seconds=0.25)
