"""Bringing a contract into force."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotActivatable
from contracts.contracts.guards import missing_for_activation
from contracts.contracts.queries import ContractRecord
from contracts.contracts.service.store import move
from shared import clock
from shared.events import ContractActivated

__all__ = ["activate_contract"]


async def activate_contract(
    session: AsyncSession,
    *,
    contract_id: UUID,
    signed_on: date | None = None,
    contract_number: str | None = None,
    if_match: int | None = None,
) -> ContractRecord:
    """Put a pending contract into force; ContractNotActivatable names everything that it lacks.

    Date of signature and number may be given here: they become known when the contract is signed.
    """

    def change(record: ContractRecord) -> dict[str, object]:
        named = {"signed_on": signed_on, "contract_number": contract_number}
        changes = {name: value for name, value in named.items() if value is not None}
        missing = missing_for_activation(record.state.model_copy(update=changes), today=clock.today())
        if missing:
            raise ContractNotActivatable(
                f"The contract lacks {', '.join(item.what for item in missing)}. Mend each and activate again.",
                missing=[item._asdict() for item in missing],
            )
        return dict(changes)

    return await move(
        session, contract_id=contract_id, action="activate", event=ContractActivated, if_match=if_match, change=change
    )
