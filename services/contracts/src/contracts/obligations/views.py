"""From the register to its answers, without what is not disclosed to the reader."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.clocks import clocks
from contracts.disclosure.queries import PUBLIC_VIEW, withheld_fields, withheld_levels
from contracts.inspections.queries import OFFICERS
from contracts.obligations.duties import Duty, obligation_id, state_of
from contracts.obligations.models import Obligation
from contracts.obligations.parameters import obligation_settings
from contracts.obligations.queries import ALONE, Standing
from contracts.obligations.register import Register
from contracts.obligations.schemas import (
    ObligationOut,
    ObligationsOut,
    PartyShareOut,
    ProofOut,
    PublicObligationOut,
    PublicObligationsOut,
    PublicPartyOut,
    TextOut,
    TodoOut,
)
from contracts.structure.shares import WHOLE, parts_of
from shared import clock
from shared.auth import Principal
from shared.events import ContractState, MemberState, PartyRef

__all__ = ["hidden_from", "hidden_from_public", "obligations_out", "public_out", "todo_out"]

SUPERVISION = "supervision"
# Of an item of a to-do list, what is no column of the stored row, or not as it is.
_MADE = frozenset({"obligation_id", "contract_number", "title", "text", "state", "days_late", "about"})
_OF_STANDING = frozenset({"lead", "share", "amount"})
_EVERYTHING = frozenset({"money", "milestones", "provider", "title", "contractNumber"})
# Which field of the contract the text `about` repeats.
_ABOUT = {"pay": "money", "late-interest": "money", "milestone": "milestones", "accept": "milestones"}


def hidden_from(register: Register, principal: Principal) -> frozenset[str]:
    """The fields of the contract that a reader does not see."""
    state = register.record.state
    parties = {state.purchaser.organisation_id, state.provider.organisation_id if state.provider else None}
    parties |= {member.organisation_id for member in state.members}
    party = principal.organisation is not None and principal.organisation in parties
    levels = withheld_levels(principal, party=party)
    found = withheld_fields(state.disclosure, levels=levels, today=clock.today())
    hidden = _EVERYTHING if found is None else found
    # What was found or determined must not colour what an evaluator still has to rate.
    return hidden if principal.roles & {*OFFICERS, "provider"} else hidden | {SUPERVISION}


def hidden_from_public(register: Register) -> frozenset[str] | None:
    """The fields that the public does not see; None when it does not see the contract."""
    return withheld_fields(register.record.state.disclosure, levels=PUBLIC_VIEW, today=clock.today())


def _about(duty: Duty, hidden: Collection[str]) -> str | None:
    return None if _ABOUT.get(duty.code.partition(":")[0]) in hidden else duty.about


def _state(due_on: date | None, done_on: date | None, *, waived: bool) -> tuple[str, int]:
    today = clock.today()
    days = obligation_settings().notice_days
    state = state_of(due_on, done_on, waived=waived, today=today, notice_days=days)
    late = max(0, ((done_on or today) - due_on).days) if due_on and state in ("overdue", "doneLate") else 0
    return state, late


def _of(duty: Duty) -> tuple[str, int]:
    return _state(duty.due_on, duty.proof.on if duty.proof else None, waived=duty.waiver is not None)


def _counts(duties: Collection[Duty]) -> dict[str, int]:
    return dict(sorted(Counter(_of(duty)[0] for duty in duties if duty.nature == "duty").items()))


def obligations_out(
    register: Register, *, hidden: Collection[str], side: str | None = None, state: str | None = None
) -> ObligationsOut:
    """The register as an answer; `side` and `state` filter its items, never its counts."""
    contract = register.record.state
    parties = {
        "purchaser": contract.purchaser.organisation_id,
        "provider": contract.provider.organisation_id if contract.provider else None,
    }
    items = []
    for duty in register.duties:
        found, late = _of(duty)
        if side not in (None, duty.side) or state not in (None, found) or (duty.internal and SUPERVISION in hidden):
            continue
        plain: dict[str, Any] = {
            name: getattr(duty, name)
            for name in ("code", "side", "nature", "rule", "source", "confidence", "starts_on", "within", "unit")
        }
        withheld = duty.side == "provider" and "provider" in hidden
        items.append(
            ObligationOut(
                **plain,
                obligation_id=obligation_id(contract.contract_id, duty.code),
                organisation_id=None if withheld else duty.organisation_id or parties.get(duty.side),
                parties=[] if withheld or duty.organisation_id else _parties(contract, duty, hidden),
                text=TextOut.model_validate(duty.text),
                about=_about(duty, hidden),
                due_on=duty.due_on,
                until_on=duty.until_on,
                state=found,
                days_late=late,
                proof=ProofOut.model_validate(duty.proof) if duty.proof else None,
                waiver_id=duty.waiver,
                closed=duty.lapsed,
                how=duty.how,
            )
        )
    return ObligationsOut(
        contract_id=contract.contract_id,
        rule_set=register.rule_set,
        as_of=clock.today(),
        clock_divisor=clocks().clock_divisor,
        counts=_counts([duty for duty in register.duties if not (duty.internal and SUPERVISION in hidden)]),
        items=items,
    )


def _parties(contract: ContractState, duty: Duty, hidden: Collection[str]) -> list[PartyShareOut]:
    members = [member for member in contract.members if member.side == duty.side]
    if not members:
        alone = {"purchaser": contract.purchaser, "provider": contract.provider}.get(duty.side)
        members = [] if alone is None else [_alone(duty.side, alone)]
    amount = None if "money" in hidden else duty.amount
    parts: Sequence[Decimal | None] = [None] * len(members)
    if amount is not None:
        parts = parts_of(amount, [member.share for member in members])
    return [
        PartyShareOut(
            organisation_id=member.organisation_id, name=member.name, lead=member.lead, share=member.share, amount=part
        )
        for member, part in zip(members, parts, strict=True)
    ]


def _alone(side: str, party: PartyRef) -> MemberState:
    same = {"member_id": party.organisation_id, "organisation_id": party.organisation_id, "name": party.name}
    return MemberState(side=side, share=WHOLE, lead=True, **same)


def public_out(register: Register, *, hidden: Collection[str]) -> PublicObligationsOut:
    """Who owed what and whether it was done, as everybody may read it."""
    contract = register.record.state
    duties = [duty for duty in register.duties if not duty.internal]
    provider = contract.provider.name if contract.provider and "provider" not in hidden else None
    items = []
    for duty in duties:
        state, late = _of(duty)
        items.append(
            PublicObligationOut(
                side=duty.side,
                nature=duty.nature,
                text=TextOut.model_validate(duty.text),
                about=_about(duty, hidden),
                source=duty.source,
                confidence=duty.confidence,
                due_on=duty.due_on,
                done_on=duty.proof.on if duty.proof else None,
                state=state,
                days_late=late,
            )
        )
    return PublicObligationsOut(
        contract_id=contract.contract_id,
        simulated=contract.simulated,
        purchaser=contract.purchaser.name,
        provider=provider,
        members=[
            PublicPartyOut(side=member.side, name=member.name, lead=member.lead)
            for member in contract.members
            if member.side == "purchaser" or "provider" not in hidden
        ],
        rule_set=register.rule_set,
        as_of=clock.today(),
        counts=_counts(duties),
        items=items,
    )


def todo_out(row: Obligation, contract: Any, standing: Standing = ALONE) -> TodoOut:  # noqa: ANN401 - a row, or None
    """A stored row as an item of a to-do list; `standing` is how whoever's list it is stands on the row's side."""
    state, late = _state(row.due_on, row.done_on, waived=row.waived)
    plain: dict[str, Any] = {
        name: getattr(row, name) for name in TodoOut.model_fields if name not in _MADE | _OF_STANDING
    }
    return TodoOut(
        obligation_id=row.id,
        contract_number=contract.contract_number if contract else None,
        title=contract.title if contract else None,
        text=TextOut(zh=row.text_zh, en=row.text_en),
        about=row.about if contract else None,
        lead=standing.lead,
        share=standing.share,
        amount=standing.part(row.amount) if contract else None,
        state=state,
        days_late=late,
        **plain,
    )
