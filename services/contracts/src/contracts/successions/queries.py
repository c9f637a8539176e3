"""Reading successions: national reference data, readable by all."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.organisations.queries import get_organisation
from contracts.successions.errors import SuccessionNotFound
from contracts.successions.models import Succession, TrackRecordDecision

__all__ = ["decisions_of", "get_succession", "record_sources", "successions_of"]


async def successions_of(session: AsyncSession, *, organisation_id: UUID) -> Sequence[Succession]:
    """What happened to an organisation, as predecessor or successor, in the order of the days."""
    statement = (
        select(Succession)
        .where(
            or_(Succession.predecessors.contains([organisation_id]), Succession.successors.contains([organisation_id]))
        )
        .order_by(Succession.effective_on, Succession.id)
    )
    return (await session.execute(statement)).scalars().all()


async def get_succession(session: AsyncSession, *, organisation_id: UUID, succession_id: UUID) -> Succession:
    """A succession of an organisation; SuccessionNotFound when it has none with this id."""
    found = await session.get(Succession, succession_id)
    if found is None or organisation_id not in {*found.predecessors, *found.successors}:
        raise SuccessionNotFound(
            f"Organisation {organisation_id} has no succession {succession_id}; GET .../successions lists them."
        )
    return found


async def decisions_of(
    session: AsyncSession, *, succession_ids: Sequence[UUID]
) -> dict[UUID, list[TrackRecordDecision]]:
    """Decisions about track records by succession, in the order in which they were taken."""
    found: dict[UUID, list[TrackRecordDecision]] = {succession_id: [] for succession_id in succession_ids}
    statement = (
        select(TrackRecordDecision).where(TrackRecordDecision.succession_id.in_(found)).order_by(TrackRecordDecision.id)
    )
    for row in (await session.execute(statement)).scalars():
        found[row.succession_id].append(row)
    return found


async def record_sources(session: AsyncSession, *, organisation_id: UUID) -> list[UUID]:
    """Organisations whose track record counts for one, itself first, through any number of successions."""
    found: list[UUID] = [organisation_id]
    for each in found:
        organisation = await get_organisation(session, organisation_id=each)
        found += [source for source in organisation.record_from if source not in found]
    return found
