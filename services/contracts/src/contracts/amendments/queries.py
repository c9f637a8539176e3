"""Reading amendments."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.amendments.models import AmendmentProposal

__all__ = ["find_amendment", "list_amendments", "open_amendment"]


async def list_amendments(session: AsyncSession, *, contract_id: UUID) -> Sequence[AmendmentProposal]:
    """Every amendment of a contract, withdrawn ones included, in the order of their proposal."""
    statement = select(AmendmentProposal).where(AmendmentProposal.contract_id == contract_id)
    return (await session.execute(statement.order_by(AmendmentProposal.id))).scalars().all()


async def find_amendment(session: AsyncSession, *, contract_id: UUID, amendment_id: UUID) -> AmendmentProposal | None:
    """One amendment of a contract that the caller has found; None when there is none."""
    statement = select(AmendmentProposal).where(
        AmendmentProposal.id == amendment_id, AmendmentProposal.contract_id == contract_id
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def open_amendment(session: AsyncSession, *, contract_id: UUID) -> AmendmentProposal | None:
    """The proposal that waits for confirmations; None when there is none."""
    statement = select(AmendmentProposal).where(
        AmendmentProposal.contract_id == contract_id, AmendmentProposal.state == "proposed"
    )
    return (await session.execute(statement)).scalar_one_or_none()
