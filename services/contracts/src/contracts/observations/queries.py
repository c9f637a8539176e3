"""Reading observations."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from contracts.observations.models import Observation, ObservationWithdrawal

__all__ = [
    "every_withdrawal",
    "get_observation",
    "is_superseded",
    "list_observations",
    "standing_of_parts",
    "withdrawals_of",
]


async def get_observation(session: AsyncSession, *, observation_id: UUID) -> Observation | None:
    """One observation of the caller's regions."""
    return (await session.execute(select(Observation).where(Observation.id == observation_id))).scalar_one_or_none()


async def is_superseded(session: AsyncSession, *, observation_id: UUID) -> bool:
    """Whether an observation was corrected by a later one."""
    statement = select(Observation.id).where(Observation.supersedes == observation_id)
    return (await session.execute(statement)).first() is not None


async def withdrawals_of(session: AsyncSession, *, contract_id: UUID) -> dict[UUID, datetime]:
    """Which observations of a contract were taken back, and when; the caller has made sure that it is visible."""
    statement = select(ObservationWithdrawal).where(ObservationWithdrawal.contract_id == contract_id)
    return {one.observation_id: one.withdrawn_at for one in (await session.execute(statement)).scalars()}


async def every_withdrawal(session: AsyncSession) -> dict[UUID, datetime]:
    """Every observation that was taken back, for the snapshot; there are few of them."""
    statement = select(ObservationWithdrawal)
    return {one.observation_id: one.withdrawn_at for one in (await session.execute(statement)).scalars()}


async def list_observations(
    session: AsyncSession, *, contract_id: UUID, limit: int, after: UUID | None, indicator_id: UUID | None = None
) -> list[Observation]:
    """Observations of a contract in the order of recording; one more than `limit` when there are more."""
    statement = select(Observation).where(Observation.contract_id == contract_id)
    if indicator_id is not None:
        statement = statement.where(Observation.indicator_id == indicator_id)
    if after is not None:
        statement = statement.where(Observation.id > after)
    return list((await session.execute(statement.order_by(Observation.id).limit(limit + 1))).scalars())


async def standing_of_parts(
    session: AsyncSession, *, contract_id: UUID, indicator_id: UUID, until: date, column: str
) -> dict[UUID, tuple[UUID, Decimal]]:
    """The latest value of each part up to a day, by part: (observation, value). `column` names the kind of part.

    Corrected and withdrawn ones are left out, and those that name parts of two kinds. The contract was found before.
    """
    part, later = getattr(Observation, column), aliased(Observation)
    corrected = select(later.id).where(later.supersedes == Observation.id).exists()
    gone = (
        select(ObservationWithdrawal.observation_id)
        .where(ObservationWithdrawal.observation_id == Observation.id)
        .exists()
    )
    statement = (
        select(part, Observation.id, Observation.value)
        .where(
            Observation.contract_id == contract_id,
            Observation.indicator_id == indicator_id,
            Observation.observed_on <= until,
            part.is_not(None),
            func.num_nonnulls(Observation.lot_id, Observation.call_off_id, Observation.member_id) == 1,
            ~corrected,
            ~gone,
        )
        .order_by(Observation.observed_on, Observation.recorded_at, Observation.id)
    )
    return {row[0]: (row[1], row[2]) for row in await session.execute(statement)}  # the latest comes last
