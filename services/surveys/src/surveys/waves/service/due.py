"""Waves that the calendar calls for: half of the contract's time, and some days after its end.

The contracts are looked through every hour instead of a job per contract: a changed period needs no job to be moved.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Exists, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from surveys.settings import policy
from surveys.waves.models import ContractStub, Wave
from surveys.waves.service.open import open_scheduled_wave

__all__ = ["DUE_CHUNK", "DueWave", "due_contracts", "open_due_wave"]

DUE_CHUNK = 100


@dataclass(frozen=True, slots=True)
class DueWave:
    """A contract and the kind of wave that is due for it."""

    contract: ContractStub
    kind: str


async def due_contracts(session: AsyncSession, *, after: UUID | None, limit: int) -> list[DueWave]:
    """Contracts of our own for which the calendar calls for a wave that they never had, in order of their id.

    Mid-term: half of the time has passed and the end has not come. Follow-up: the contract had a completion wave and
    ended the set number of days ago. What is due for longer than `event_wave_max_age_days` opens nothing any more.
    """
    now = clock.now()
    today, oldest = now.date(), timedelta(days=policy().event_wave_max_age_days)
    ended_before = now - timedelta(days=policy().follow_up_days)
    midterm = and_(
        ContractStub.state.in_(("active", "suspended")),
        ContractStub.midterm_on <= today,
        ContractStub.midterm_on > today - oldest,
        ContractStub.ends_on > today,
        ~_has_wave("midterm"),
    )
    follow_up = and_(
        ContractStub.state.in_(("completed", "terminated")),
        ContractStub.ended_at <= ended_before,
        ContractStub.ended_at > ended_before - oldest,
        _has_wave("completion"),
        ~_has_wave("followUp"),
    )
    wanted = [
        (kind, clause)
        for kind, clause in (("midterm", midterm), ("followUp", follow_up))
        if kind in policy().opens_by_itself
    ]
    if not wanted:
        return []
    statement = (
        select(ContractStub)
        .where(ContractStub.origin == "native", or_(*(clause for _, clause in wanted)))
        .order_by(ContractStub.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(ContractStub.id > after)
    # A contract is either in force or at its end: its state says which of the two is due.
    return [
        DueWave(contract, "midterm" if contract.state in ("active", "suspended") else "followUp")
        for contract in await session.scalars(statement)
    ]


async def open_due_wave(session: AsyncSession, due: DueWave) -> Wave | None:
    """Open a wave that is due; None when another process was faster."""
    return await open_scheduled_wave(session, due.contract, kind=due.kind)


def _has_wave(kind: str) -> Exists:
    return exists().where(Wave.contract_id == ContractStub.id, Wave.kind == kind)
