"""Bodies and answers about successions."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from contracts.organisations.schemas import UsccText
from shared.web import Model, Out

__all__ = [
    "CodeChangeIn",
    "DecisionIn",
    "DecisionOut",
    "DissolutionIn",
    "MergerIn",
    "RenameIn",
    "SplitIn",
    "SuccessionIn",
    "SuccessionList",
    "SuccessionOut",
]


class _Dated(Model):
    effective_on: date = Field(description="Day from which it holds; not in the future.")
    document: str = Field(min_length=1, max_length=300, description="Document that orders or registers it.")
    reason: str | None = Field(None, min_length=1, max_length=1000, description="Remark.")


class RenameIn(_Dated):
    """The organisation has another name; it is the same organisation."""

    kind: Literal["rename"]
    name: str = Field(min_length=1, max_length=300, description="New registered name.")


class CodeChangeIn(_Dated):
    """The organisation has another credit code; files that name it by the old one still find it."""

    kind: Literal["codeChange"]
    uscc: UsccText = Field(min_length=18, max_length=18, description="New code (GB 32100-2015), checked in full.")


class MergerIn(_Dated):
    """The organisation, and `others` with it, end and go on in `successor_id`."""

    kind: Literal["merger"]
    successor_id: UUID = Field(description="Organisation that takes their place; record a new one first.")
    others: list[UUID] = Field(default_factory=list, max_length=50, description="Further organisations that end.")


class AssignmentIn(Model):
    """Who goes on with one open contract."""

    contract_id: UUID = Field(description="An open contract of the organisation.")
    to: UUID = Field(description="One of the successors; with `survives`, the organisation itself too.")


class SplitIn(_Dated):
    """The organisation is split into others; each open contract goes to one of them."""

    kind: Literal["split"]
    successors: list[UUID] = Field(min_length=1, max_length=50, description="Organisations that come of it.")
    survives: StrictBool = Field(False, description="The organisation goes on beside them (派生分立).")
    assignments: list[AssignmentIn] = Field(
        default_factory=list, max_length=5000, description="Who goes on with which open contract."
    )
    remaining_to: UUID | None = Field(
        None, description="Who goes on with the open contracts that `assignments` does not name."
    )


class DissolutionIn(_Dated):
    """The organisation ends. Open contracts need somebody who goes on with them."""

    kind: Literal["dissolution"]
    successor_id: UUID | None = Field(None, description="Who goes on with its open contracts, if it has any.")


SuccessionIn = Annotated[
    RenameIn | CodeChangeIn | MergerIn | SplitIn | DissolutionIn, Field(discriminator="kind", title="SuccessionIn")
]


class DecisionIn(Model):
    """A decision whether the predecessor's track record counts for the successor."""

    successor_id: UUID = Field(description="One of the successors.")
    carries: StrictBool = Field(description="Whether the record counts for it.")
    reason: str = Field(min_length=1, max_length=1000, description="Why.")
    document: str = Field(min_length=1, max_length=300, description="Document of the decision.")


class DecisionOut(Out):
    """A decision about a track record; the latest of a pair holds."""

    predecessor_id: UUID = Field(description="Whose record it is.")
    successor_id: UUID = Field(description="For whom it counts, or does not.")
    carries: bool = Field(description="Whether the record counts.")
    reason: str = Field(description="Why.")
    document: str = Field(description="Document of the decision.")
    decided_at: datetime = Field(description="When it was recorded.")


class SuccessionOut(Out):
    """A dated change of organisations."""

    id: UUID = Field(description="Id of the succession.")
    kind: str = Field(description="rename | codeChange | merger | split | dissolution.")
    effective_on: date = Field(description="Day from which it holds.")
    document: str = Field(description="Document that orders or registers it.")
    reason: str | None = Field(description="Remark.")
    predecessors: list[UUID] = Field(description="Organisations before.")
    successors: list[UUID] = Field(description="Organisations after.")
    before: dict[str, Any] = Field(description="Name or code before, where it changed.")
    after: dict[str, Any] = Field(description="Name or code after.")
    moved_contracts: int = Field(description="Open contracts that went to a successor.")
    decisions: list[DecisionOut] = Field(description="Decisions about track records, in order.")
    recorded_at: datetime = Field(description="When it was recorded.")


class SuccessionList(Out):
    """Successions of an organisation in the order of their days."""

    items: list[SuccessionOut]
