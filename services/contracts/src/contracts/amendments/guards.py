"""What an amendment must keep: state, reason, the order of dates, what is booked, the pinned rules."""

from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.amendments.errors import (
    AmendmentBelowLedger,
    AmendmentOutOfOrder,
    AmendmentOverLimit,
    AmendmentReasonMisfit,
)
from contracts.amendments.limits import limits_of
from contracts.amendments.reasons import misfits, reasons
from contracts.amendments.schemas import AmendmentIn
from contracts.amendments.terms import Change
from contracts.contracts.errors import ContractStateConflict
from contracts.contracts.queries import ContractRecord
from contracts.contracts.service import called_off, missing_by_framework
from contracts.contracts.transitions import allowed_actions
from shared import clock
from shared.events import ContractState

__all__ = ["require_allowed", "require_dates", "require_in_force", "require_reason"]


def require_in_force(state: ContractState) -> None:
    """Refuse (ContractStateConflict) a contract that is not in force."""
    if state.state not in ("active", "suspended"):
        raise ContractStateConflict(
            f"The contract is {state.state}; only a contract in force is amended. Possible now: "
            f"{', '.join(allowed_actions(state.state)) or 'nothing, it has ended'}.",
            state=state.state,
            actions=allowed_actions(state.state),
        )


def require_reason(code: str, change: Change) -> None:
    """Refuse (AmendmentReasonMisfit) a reason that is unknown or that does not fit the change."""
    reason = reasons().get(code)
    if reason is None:
        raise AmendmentReasonMisfit(f"There is no reason {code}; one of {', '.join(reasons())}.", reasons=[*reasons()])
    wrong = misfits(reason, set(change.effects))
    if wrong:
        raise AmendmentReasonMisfit(
            f"The reason {code} ({reason.zh}) does not fit: {'; '.join(wrong)}. Choose the reason that does "
            "(GET /v1/amendments/reasons).",
            rule=reason.source,
            effects=sorted(change.effects),
        )


def require_dates(record: ContractRecord, body: AmendmentIn) -> None:
    """Refuse (AmendmentOutOfOrder) a date before the signature or the last amendment, or in the future."""
    signed = record.state.signed_on
    last = max((str(each.amended_on) for each in record.amendments if each.amended_on), default=None)
    wrong = None
    if body.amended_on > clock.today():
        wrong = f"{body.amended_on} is in the future; propose it when both sides agree on it"
    elif signed is not None and body.amended_on < signed:
        wrong = f"{body.amended_on} is before the contract was signed ({signed})"
    elif last is not None and body.amended_on.isoformat() < last:
        wrong = f"{body.amended_on} is before the last amendment ({last})"
    if wrong:
        raise AmendmentOutOfOrder(f"{wrong}.", signed_on=str(signed), last_amended_on=last)


async def require_allowed(session: AsyncSession, record: ContractRecord, change: Change) -> list[dict[str, Any]]:
    """Ask ledger and rules (AmendmentBelowLedger, AmendmentOverLimit); answers what only warns."""
    facts, currency = record.facts, record.state.currency
    booked = {"committed": facts.committed, "accepted": facts.accepted, "paid and deducted": facts.executed}
    over = {name: amount for name, amount in booked.items() if amount > (change.value or Decimal(0))}
    if "valueDown" in change.effects and over:
        told = ", ".join(f"{name} {amount:.2f}" for name, amount in over.items())
        raise AmendmentBelowLedger(
            f"The contract would be worth {change.value or 0:.2f} {currency}; booked already: {told}. Take back what "
            "is too much first (POST .../ledger with kind reversal or refund).",
            booked={name: f"{amount:.2f}" for name, amount in over.items()},
        )
    refusing, warnings = await limits_of(session, record, change)
    refusing += await _beyond_framework(session, record.state, change)
    if refusing:
        raise AmendmentOverLimit(
            f"The amendment goes over {', '.join(item['what'] for item in refusing)}.", missing=refusing
        )
    return warnings


async def _beyond_framework(session: AsyncSession, state: ContractState, change: Change) -> list[dict[str, Any]]:
    """Where a call-off would leave its framework agreement, or a framework be worth less than was called off."""
    if state.kind == "callOff" and change.effects - {"milestones", "texts", "valueDown"}:
        terms = {"value": change.value, "starts_on": change.starts_on, "ends_on": change.ends_on}
        found = await missing_by_framework(session, state.model_copy(update=terms))
        return [each | {"how": "stay inside the framework agreement, or amend it first"} for each in found]
    if state.kind == "framework" and state.ceiling is None and "valueDown" in change.effects:
        called = await called_off(session, framework_id=state.contract_id)
        if called > (change.value or Decimal(0)):
            rule = f"{called:.2f} {state.currency} are called off; the framework agreement is worth at least that"
            return [{"what": "framework.ceiling", "rule": rule, "how": "leave the value at or above it"}]
    return []
