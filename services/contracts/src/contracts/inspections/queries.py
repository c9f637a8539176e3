"""Reading inspections, and who may see which."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotFound
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import organisations_of
from contracts.disclosure.queries import seen_clause
from contracts.inspections.errors import InspectionNotFound
from contracts.inspections.models import Inspection
from shared.auth import Principal
from shared.db import principal_in

__all__ = ["OFFICERS", "find_inspection", "inspected_contract", "is_hidden", "list_inspections", "supervised"]

OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})


def supervised(principal: Principal, table: str) -> ColumnElement[bool]:
    """Whether a caller supervises the contract of a row: finance, auditors, operators, and that contract's purchasers.

    Everybody else, purchasers of other contracts too, sees what is no longer confidential. `table` has the row.
    """
    if principal.roles & (OFFICERS - {"purchaser"}) or ("purchaser" in principal.roles and not principal.organisation):
        return true()
    if "purchaser" not in principal.roles:
        return false()
    own = text(
        f"EXISTS (SELECT FROM contracts AS own WHERE own.id = {table}.contract_id AND (own.purchaser_id = :supervisor "  # noqa: S608 - ours
        "OR EXISTS (SELECT FROM contract_members AS member WHERE member.contract_id = own.id "
        "AND member.side = 'purchaser' AND member.organisation_id = :supervisor)))"
    )
    return cast("ColumnElement[bool]", own.bindparams(supervisor=principal.organisation))


def is_hidden(inspection: Inspection) -> bool:
    """Whether only supervision may know of it: unannounced, and not carried out."""
    return inspection.state != "carriedOut" and not inspection.announced


async def inspected_contract(session: AsyncSession, *, contract_id: UUID) -> ContractRecord:
    """The contract in the caller's scope; a provider finds its own contracts only (ContractNotFound)."""
    record, principal = await get_contract(session, contract_id=contract_id), principal_in(session)
    own = {None, *organisations_of(record.state, "provider")}
    if "provider" in principal.roles and principal.organisation not in own and not principal.roles & OFFICERS:
        raise ContractNotFound(f"There is no contract {contract_id} in your regions.")
    return record


def _seen(principal: Principal) -> ColumnElement[bool]:
    supervises, takes_part = supervised(principal, "inspections"), _takes_part(principal)
    return or_(Inspection.announced, Inspection.state == "carriedOut", supervises, takes_part)


def _takes_part(principal: Principal) -> ColumnElement[bool]:
    """Whether the plan names the caller's organisation as an evaluator: it carries the visit out, announced or not.

    Never of its own contract, even if a plan should name the provider.
    """
    if principal.organisation is None or "evaluator" not in principal.roles:
        return false()
    named = Inspection.inspectors.contains([{"organisation_id": str(principal.organisation)}])
    other = text(
        "NOT EXISTS (SELECT FROM contracts AS theirs WHERE theirs.id = inspections.contract_id "
        "AND (theirs.provider_id = :inspector OR EXISTS (SELECT FROM contract_members AS member "
        "WHERE member.contract_id = theirs.id AND member.side = 'provider' AND member.organisation_id = :inspector)))"
    )
    return and_(named, other.bindparams(inspector=principal.organisation))


async def find_inspection(session: AsyncSession, *, inspection_id: UUID, lock: bool = False) -> Inspection:
    """An inspection that the caller may see; InspectionNotFound."""
    principal = principal_in(session)
    told = seen_clause(principal, "inspections.contract_id")
    statement = select(Inspection).where(Inspection.id == inspection_id, _seen(principal), told)
    found = (await session.execute(statement.with_for_update() if lock else statement)).scalar_one_or_none()
    if found is None:
        raise InspectionNotFound(f"There is no inspection {inspection_id} in your regions.")
    return found


async def list_inspections(
    session: AsyncSession, *, contract_id: UUID, limit: int, after: UUID | None
) -> Sequence[Inspection]:
    """Inspections of a contract in the order of planning; one more than `limit` when there are more."""
    statement = select(Inspection).where(Inspection.contract_id == contract_id, _seen(principal_in(session)))
    if after is not None:
        statement = statement.where(Inspection.id > after)
    return (await session.execute(statement.order_by(Inspection.id).limit(limit + 1))).scalars().all()
