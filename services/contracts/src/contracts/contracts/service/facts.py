"""What the slices of facts need of a contract: visible, in force now or once, and locked while a fact is added."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotFound, ContractStateConflict, NotAParty
from contracts.contracts.transitions import OPEN_FOR_FACTS, allowed_actions
from contracts.disclosure.queries import sight_sql
from contracts.policies.queries import STAMP, note_stamp
from shared.auth import Principal
from shared.db import principal_in, scope_sql
from shared.events import MemberState

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
    kind: str = "single"
    framework_id: UUID | None = None
    ceiling: Decimal | None = None
    origin: str = "native"

    @property
    def limit(self) -> Decimal | None:
        """The most that may be bound and paid: of a framework agreement its ceiling, else the value."""
        return self.ceiling if self.kind == "framework" and self.ceiling is not None else self.value


def require_party(
    principal: Principal,
    *,
    purchaser_id: UUID | None,
    provider_id: UUID | None,
    sides: Sequence[str] = ("purchaser",),
    members: Iterable[MemberState] = (),
) -> None:
    """Refuse (403) a caller whose token names an organisation that does not stand on one of these sides.

    `members` are those of sides with several: each of them acts for its side.

    A token without an organisation belongs to a system of the region and acts for all its parties; finance departments
    and operators act for the region too.
    """
    if principal.organisation is None or principal.roles & {"finance", "operator"}:
        return
    standing = {("purchaser", purchaser_id), ("provider", provider_id)}
    standing |= {(member.side, member.organisation_id) for member in members}
    if not any(side in principal.roles and (side, principal.organisation) in standing for side in sides):
        raise NotAParty(f"This is done by the contract's {' or '.join(sides)}; your organisation is not that party.")


async def open_for_fact(
    session: AsyncSession, *, contract_id: UUID, sides: Sequence[str] = ("purchaser",)
) -> ContractHead:
    """Lock the contract to add a fact about it; answers what the fact's rules depend on.

    Raising `facts_version` makes a completion that has read the facts before start again (`contracts.service.store`).
    """
    principal = principal_in(session)
    scope, parameters = scope_sql(principal)
    sight, marked = sight_sql(principal, contract="contracts")
    statement = text(
        f"UPDATE contracts SET facts_version = facts_version + 1 WHERE id = :contract_id AND {scope} AND {sight} "  # noqa: S608 - scope is ours
        "RETURNING id, region, state, currency, value, purchaser_id, provider_id, service_category, "
        "kind, framework_id, ceiling, origin, "
        "CASE WHEN has_parts AND CAST(:organisation AS uuid) IS NOT NULL THEN ARRAY("
        "SELECT side FROM contract_members AS member WHERE member.contract_id = contracts.id "
        "AND member.organisation_id = CAST(:organisation AS uuid)) END AS stands_on, "
        f"{STAMP} AS policies_stamp"
    )
    named = {"contract_id": contract_id, "organisation": principal.organisation}
    row = (await session.execute(statement, parameters | marked | named)).first()
    if row is None:
        raise ContractNotFound(f"There is no contract {contract_id} in your regions.")
    *columns, stands_on, stamp = row
    note_stamp(session, stamp)
    head = ContractHead(*columns)
    if not set(sides) & set(stands_on or ()) & principal.roles:
        require_party(principal, purchaser_id=head.purchaser_id, provider_id=head.provider_id, sides=sides)
    if head.state not in OPEN_FOR_FACTS:
        raise ContractStateConflict(
            f"The contract is {head.state}; facts are recorded about contracts that are or were in force. "
            f"Possible now: {', '.join(allowed_actions(head.state)) or 'nothing'}.",
            state=head.state,
            actions=allowed_actions(head.state),
        )
    return head
