"""Deleting what leads to people, some days after a wave has closed. The figures of the frame stay."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from surveys.frames.models import Enumerator, Frame, FrameUnit, Invitation
from surveys.settings import policy
from surveys.waves.queries import closed_waves

__all__ = ["FORGET_CHUNK", "forget_frames"]

FORGET_CHUNK = 50


async def forget_frames(session: AsyncSession, *, after: UUID | None) -> UUID | None:
    """Delete frames, tokens and enumerators of the waves in a chunk whose retention is over.

    Returns the last wave that was looked at, or None when there is none behind it. The rows are gone for good: what
    remains of them stands in the write-ahead log and in backups until those are overwritten.
    """
    candidates = select(Frame.wave_id).where(Frame.state != "deleted").union(select(Enumerator.wave_id)).subquery()
    statement = select(candidates.c.wave_id).order_by(candidates.c.wave_id).limit(FORGET_CHUNK)
    if after is not None:
        statement = statement.where(candidates.c.wave_id > after)
    found = list(await session.scalars(statement))
    before = clock.now() - timedelta(days=policy().frame_retention_days)
    for wave_id, region in (await closed_waves(session, found, before=before)).items():
        for model in (Invitation, FrameUnit, Enumerator):
            await session.execute(delete(model).where(model.wave_id == wave_id))
        await session.execute(
            update(Frame)
            .where(Frame.wave_id == wave_id)
            .values(state="deleted", deleted_on=clock.today(), version=Frame.version + 1)
        )
        audit.record(session, "frame.deleted", noun="frame", noun_id=wave_id, region=region, fields=["state"])
    return found[-1] if len(found) == FORGET_CHUNK else None
