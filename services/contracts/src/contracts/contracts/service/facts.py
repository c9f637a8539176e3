"""What the slices of facts need of a contract: visible, in force now or once, and locked while a fact is added."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotFound, ContractStateConflict, NotAParty
from contracts.contracts.transitions import OPEN_FOR_FACTS, allowed_actions
from shared.auth import Principal
from shared.db import principal_in, scope_sql

__all__ = ["ContractHead", "open_for_fact", "require_party"]


@dataclass(frozen=True, slots=True)
class ContractHead:
    """The contract's own row, as far as facts depend on it."""

    contract_id: UUID
    region: str
    state: str
    currency: str
    value: Decimal | None
    purchaser_id: UUID
    provider_id: UUID | None
    service_category: str | None


def require_party(
    principal: Principal, *, purchaser_id: UUID | None, provider_id: UUID | None, sides: Sequence[str] = ("purchaser",)
) -> None:
    """Refuse (403) a caller whose token names an organisation that does not stand on one of these sides.

    A token without an organisation belongs to a system of the region and acts for all its parties; finance departments
    and operators act for the region too.
    """
    if principal.organisation is None or principal.roles & {"finance", "operator"}:
        return
    parties = {"purchaser": purchaser_id, "provider": provider_id}
    if not any(side in principal.roles and parties[side] == principal.organisation for side in sides):
        raise NotAParty(f"This is done by the contract's {' or '.join(sides)}; your organisation is not that party.")


async def open_for_fact(
    session: AsyncSession, *, contract_id: UUID, sides: Sequence[str] = ("purchaser",)
) -> ContractHead:
    """Lock the contract to add a fact about it; answers what the fact's rules depend on.

    Raising `facts_version` makes a completion that has read the facts before start again (`contracts.service.store`).
    """
    principal = principal_in(session)
    scope, parameters = scope_sql(principal)
    statement = text(
        f"UPDATE contracts SET facts_version = facts_version + 1 WHERE id = :contract_id AND {scope} "  # noqa: S608 - scope is ours
        "RETURNING id, region, state, currency, value, purchaser_id, provider_id, service_category"
    )
    row = (await session.execute(statement, parameters | {"contract_id": contract_id})).first()
    if row is None:
        raise ContractNotFound(f"There is no contract {contract_id} in your regions.")
    head = ContractHead(*row)
    require_party(principal, purchaser_id=head.purchaser_id, provider_id=head.provider_id, sides=sides)
    if head.state not in OPEN_FOR_FACTS:
        raise ContractStateConflict(
            f"The contract is {head.state}; facts are recorded about contracts that are or were in force. "
            f"Possible now: {', '.join(allowed_actions(head.state)) or 'nothing'}.",
            state=head.state,
            actions=allowed_actions(head.state),
        )
    return head
