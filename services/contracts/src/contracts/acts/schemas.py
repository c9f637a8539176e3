"""Bodies and answers about acts in three hands and handovers."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from contracts.acts.models import Act, ActStep
from contracts.deputies.schemas import ScopeText, Subject
from contracts.policies.schemas import Action
from shared.web import Model, Out

__all__ = [
    "ActIn",
    "ActLine",
    "ActOut",
    "ActState",
    "BulkStepIn",
    "HandoverIn",
    "HandoverOut",
    "ReasonStepIn",
    "ResubmitIn",
    "StepIn",
    "act_out",
]

ActState = Literal["prepared", "reviewed", "signed", "returned", "withdrawn"]
_STATES = "prepared | reviewed | signed | returned | withdrawn"


class StepIn(Model):
    """A step of an act."""

    note: str | None = Field(None, min_length=1, max_length=2000, description="Remark.")
    on_behalf_of: Subject | None = Field(
        None, description="For whom a deputy acts: the subject of that person's token. The act names both."
    )


class ReasonStepIn(Model):
    """A step that needs its reason."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason.")
    on_behalf_of: Subject | None = Field(None, description="For whom a deputy acts.")


class ActIn(StepIn):
    """An act to prepare (经办)."""

    action: Action = Field(description="What is done when it is signed.")
    contract_id: UUID = Field(description="Contract.")
    body: dict[str, Any] = Field(
        {},
        description="What the endpoint of the action takes: {} for submit and complete, `signed_on` and "
        "`contract_number` for activate, `reason` for suspend, cancel and terminate, an acceptance, an amendment to "
        "propose, a ledger entry of kind payment or interestPayment, a correction.",
        examples=[{"kind": "payment", "amount": "60000.00", "booked_on": "2025-07-02"}],
    )
    reviewer: Subject | None = Field(
        None, description="Who is to review; the person named for the contract, else anybody in office."
    )
    signer: Subject | None = Field(
        None, description="Who is to sign; the person named for the contract, else anybody in office."
    )


class BulkStepIn(StepIn):
    """One step of many acts; each is taken or refused by itself."""

    step: Literal["review", "sign"] = Field(description="review (审核) | sign (签发).")
    ids: list[UUID] = Field(min_length=1, description="Ids of acts, 200 at most by default.")


class ResubmitIn(StepIn):
    """A returned act prepared anew."""

    body: dict[str, Any] | None = Field(None, description="What changed of it: the whole body; as it was if left out.")


class StepOut(Out):
    """What was done with an act."""

    step: str = Field(description="prepare | review | sign | return | withdraw | handover.")
    by: str = Field(description="Who did it.")
    on_behalf_of: str | None = Field(description="For whom, where a deputy did it.")
    note: str | None = Field(description="Remark or reason.")
    contract_version: int = Field(description="Version of the contract that the act was prepared for then.")
    at: datetime = Field(description="When.")


class ActLine(Out):
    """An act without its body."""

    id: UUID = Field(description="Id of the act.")
    version: int = Field(description="Counts its steps; its ETag.")
    region: str = Field(description="Region of the contract.")
    contract_id: UUID = Field(description="Contract.")
    contract_version: int = Field(description="Version of the contract that it was prepared for.")
    action: str = Field(description="What is done when it is signed.")
    state: str = Field(description=f"{_STATES}.")
    handler: str = Field(description="Who holds the preparing side.")
    reviewer: str | None = Field(description="Who is to review; null: anybody in office.")
    signer: str | None = Field(description="Who is to sign; null: anybody in office.")
    prepared_by: str = Field(description="Who prepared it (经办).")
    prepared_for: str | None = Field(description="For whom, where a deputy did.")
    prepared_at: datetime = Field(description="When it was prepared last.")
    reviewed_by: str | None = Field(description="Who reviewed it (审核).")
    reviewed_for: str | None = Field(description="For whom, where a deputy did.")
    reviewed_at: datetime | None = Field(description="When it was reviewed.")
    signed_by: str | None = Field(description="Who signed it (签发).")
    signed_for: str | None = Field(description="For whom, where a deputy did.")
    signed_at: datetime | None = Field(description="When it was signed, and done.")


class ActOut(ActLine):
    """An act."""

    body: dict[str, Any] | None = Field(
        description="What was prepared; null for a purchaser whose organisation is not the contract's."
    )
    outcome: dict[str, Any] | None = Field(
        description="What signing brought about: the contract's version and state, or the id of the fact."
    )
    steps: list[StepOut] = Field(description="What was done with it, in order.")


class HandoverIn(Model):
    """A change of staff."""

    region: ScopeText = Field(examples=["CN-230102"])
    from_subject: Subject = Field(description="Who leaves: the subject of that person's token.")
    to_subject: Subject = Field(description="Who follows.")
    reason: str = Field(min_length=1, max_length=2000, description="Why, and the order's number.")


class HandoverOut(Out):
    """What a change of staff moved."""

    id: UUID = Field(description="Id of the handover.")
    from_subject: str = Field(description="Who left.")
    to_subject: str = Field(description="Who followed.")
    reason: str = Field(description="Why.")
    scope: str = Field(description="Region, with everything below it, in which the work moved.")
    moved_acts: int = Field(description="Open acts that moved: prepared by, to be reviewed or to be signed by.")
    cleared_acts: int = Field(
        description="Of these, acts in which the successor has another hand, so that anybody in office does the step."
    )
    moved_responsibilities: int = Field(description="Named responsibilities that moved.")
    ended_deputies: int = Field(description="Running deputies of the person, on either side, that ended.")
    handed_over_by: str = Field(description="Who handed over.")
    handed_over_at: datetime = Field(description="When.")


def act_out(act: Act, steps: list[ActStep], *, withheld: bool = False) -> ActOut:
    """The answer for an act; `withheld` leaves out its body, and the remarks about it."""
    shown = {name: getattr(act, name) for name in ActLine.model_fields}
    told = [StepOut.model_validate(step) for step in steps]
    if withheld:
        told = [step.model_copy(update={"note": None}) for step in told]
    return ActOut.model_validate(
        shown | {"body": None if withheld else act.body, "outcome": act.outcome, "steps": told}
    )
