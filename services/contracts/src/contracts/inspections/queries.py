"""Reading inspections, and who may see which."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotFound
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.inspections.errors import InspectionNotFound
from contracts.inspections.models import Inspection
from shared.auth import Principal
from shared.db import principal_in

__all__ = ["OFFICERS", "find_inspection", "inspected_contract", "is_hidden", "is_officer", "list_inspections"]

OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})


def is_officer(principal: Principal) -> bool:
    """Whether a caller supervises; evaluators and providers see what is no longer confidential."""
    return bool(principal.roles & OFFICERS)


def is_hidden(inspection: Inspection) -> bool:
    """Whether only supervision may know of it: unannounced, and not carried out."""
    return inspection.state != "carriedOut" and not inspection.announced


async def inspected_contract(session: AsyncSession, *, contract_id: UUID) -> ContractRecord:
    """The contract in the caller's scope; a provider finds its own contracts only (ContractNotFound)."""
    record, principal = await get_contract(session, contract_id=contract_id), principal_in(session)
    provider = record.state.provider.organisation_id if record.state.provider else None
    stranger = "provider" in principal.roles and principal.organisation not in {None, provider}
    if stranger and not is_officer(principal):
        raise ContractNotFound(f"There is no contract {contract_id} in your regions.")
    return record


async def find_inspection(session: AsyncSession, *, inspection_id: UUID, lock: bool = False) -> Inspection:
    """An inspection that the caller may see; InspectionNotFound."""
    statement = select(Inspection).where(Inspection.id == inspection_id)
    found = (await session.execute(statement.with_for_update() if lock else statement)).scalar_one_or_none()
    if found is None or (is_hidden(found) and not is_officer(principal_in(session))):
        raise InspectionNotFound(f"There is no inspection {inspection_id} in your regions.")
    return found


async def list_inspections(
    session: AsyncSession, *, contract_id: UUID, limit: int, after: UUID | None
) -> Sequence[Inspection]:
    """Inspections of a contract in the order of planning; one more than `limit` when there are more."""
    statement = select(Inspection).where(Inspection.contract_id == contract_id)
    if not is_officer(principal_in(session)):
        statement = statement.where(or_(Inspection.announced, Inspection.state == "carriedOut"))
    if after is not None:
        statement = statement.where(Inspection.id > after)
    return (await session.execute(statement.order_by(Inspection.id).limit(limit + 1))).scalars().all()
