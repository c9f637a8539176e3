"""Bringing a contract into force."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ConfirmationsRequired, ContractNotActivatable
from contracts.contracts.guards import missing_for_activation
from contracts.contracts.queries import ContractRecord
from contracts.contracts.service.framework import missing_by_framework
from contracts.contracts.service.listing import missing_by_catalogue
from contracts.contracts.service.rules import missing_by_rules, verdicts_to_pin
from contracts.contracts.service.store import move
from contracts.contracts.terms import unconfirmed
from contracts.policies.queries import policy_for
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
    sides: Sequence[str] = ("purchaser",),
) -> ContractRecord:
    """Put a pending contract into force; ContractNotActivatable names everything that it lacks.

    Date of signature and number may be given here: they become known when the contract is signed. The rule set that
    applies then is pinned; its confirmed rules of severity block refuse, the others leave their verdicts.
    ConfirmationsRequired where the region's settings want every party's confirmation and one is missing.
    """

    async def change(record: ContractRecord) -> dict[str, Any]:
        await _require_confirmations(session, record)
        named = {"signed_on": signed_on, "contract_number": contract_number}
        changes: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        signed = replace(record, state=record.state.model_copy(update=changes))
        missing: list[dict[str, Any]] = [
            item._asdict() for item in missing_for_activation(signed.state, today=clock.today())
        ]
        missing = await missing_by_catalogue(session, missing, signed.state, today=clock.today())
        missing += await missing_by_framework(session, signed.state)
        verdicts, pin = await verdicts_to_pin(session, signed)
        missing += missing_by_rules(verdicts)
        if missing:
            raise ContractNotActivatable(
                f"The contract lacks {', '.join(item['what'] for item in missing)}. Mend each and activate again.",
                missing=missing,
            )
        return changes | {"pin": pin}

    return await move(
        session,
        contract_id=contract_id,
        action="activate",
        event=ContractActivated,
        if_match=if_match,
        change=change,
        sides=sides,
    )


async def _require_confirmations(session: AsyncSession, record: ContractRecord) -> None:
    policy = await policy_for(session, record.state.region)
    if policy.confirmations != "required":
        return
    waiting = unconfirmed(record)
    if waiting:
        raise ConfirmationsRequired(
            f"The settings of {policy.scope} want every party's confirmation; {len(waiting)} are missing. Each party "
            "gives its own with POST /v1/contracts/{id}/confirm; with the last one the contract comes into force.",
            waiting=[{"side": party.side, "organisation_id": str(party.organisation_id)} for party in waiting],
        )
