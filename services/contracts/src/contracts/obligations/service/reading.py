"""Reading the register for others than the parties' own officers."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotFound
from contracts.contracts.queries import get_contract
from contracts.contracts.transitions import OPEN_FOR_FACTS
from contracts.obligations.register import reading_as, register_of
from contracts.obligations.schemas import PublicObligationsOut
from contracts.obligations.service.calendars import require_own
from contracts.obligations.views import hidden_from_public, public_out
from contracts.organisations.queries import get_organisation
from shared.auth import PUBLIC, Principal

__all__ = ["read_public", "require_organisation"]


async def require_organisation(session: AsyncSession, principal: Principal, organisation_id: UUID) -> None:
    """Refuse an unknown organisation (404), and another one than the token names (403)."""
    await get_organisation(session, organisation_id=organisation_id)
    require_own(principal, organisation_id)


async def read_public(session: AsyncSession, *, contract_id: UUID) -> PublicObligationsOut:
    """The register of a contract that is or was in force, as everybody may read it; ContractNotFound for any other."""
    with reading_as(session, PUBLIC):
        record = await get_contract(session, contract_id=contract_id)
        register = await register_of(session, record)
    hidden = hidden_from_public(register)
    if hidden is None or record.state.state not in OPEN_FOR_FACTS:
        raise ContractNotFound(f"There is no published contract {contract_id}.")
    return public_out(register, hidden=hidden)
