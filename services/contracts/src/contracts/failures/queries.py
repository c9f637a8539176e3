"""Reading performance failures with the money that is tied to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.failures.models import PerformanceFailure

__all__ = ["Penalty", "Recorded", "failures_of", "find_failure"]

# What stands booked for failures that were found in the caller's scope; entries that were taken back are left out.
_BOOKED = text(
    """
    SELECT tie.failure_id, entry.id, entry.kind, entry.amount
    FROM failure_entries AS tie JOIN ledger_entries AS entry ON entry.id = tie.entry_id
    WHERE tie.failure_id = ANY(:ids)
      AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
    ORDER BY entry.id
    """
)


@dataclass(frozen=True, slots=True)
class Penalty:
    """A standing ledger entry of a failure."""

    entry_id: UUID
    kind: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Recorded:
    """A failure with its penalties, in the contract's currency. A sum is never stored."""

    failure: PerformanceFailure
    penalties: list[Penalty] = field(default_factory=list)

    @property
    def imposed(self) -> Decimal:
        """Penalties imposed and deductions made for it."""
        return self._sum("penalty", "deduction")

    @property
    def paid(self) -> Decimal:
        """Of these, deducted from what was owed to the provider, or received."""
        return self._sum("deduction", "penaltyReceipt")

    @property
    def owed(self) -> Decimal:
        """Penalties imposed and not yet received."""
        return self._sum("penalty") - self._sum("penaltyReceipt")

    def _sum(self, *kinds: str) -> Decimal:
        return sum((each.amount for each in self.penalties if each.kind in kinds), Decimal(0))


async def _with_money(session: AsyncSession, failures: Sequence[PerformanceFailure]) -> list[Recorded]:
    found = {failure.id: Recorded(failure) for failure in failures}
    if found:
        for row in await session.execute(_BOOKED, {"ids": list(found)}):
            found[row.failure_id].penalties.append(Penalty(row.id, row.kind, row.amount))
    return list(found.values())


async def failures_of(
    session: AsyncSession, *, contract_id: UUID, limit: int = 10_000, after: UUID | None = None
) -> list[Recorded]:
    """Failures of a contract in the order of recording, withdrawn ones included; one more than `limit` if there are."""
    statement = select(PerformanceFailure).where(PerformanceFailure.contract_id == contract_id)
    if after is not None:
        statement = statement.where(PerformanceFailure.id > after)
    rows = await session.execute(statement.order_by(PerformanceFailure.id).limit(limit + 1))
    return await _with_money(session, rows.scalars().all())


async def find_failure(session: AsyncSession, *, contract_id: UUID, failure_id: UUID) -> Recorded | None:
    """One failure of a contract; None when there is none in the caller's scope."""
    statement = select(PerformanceFailure).where(
        PerformanceFailure.id == failure_id, PerformanceFailure.contract_id == contract_id
    )
    found = await _with_money(session, (await session.execute(statement)).scalars().all())
    return found[0] if found else None
