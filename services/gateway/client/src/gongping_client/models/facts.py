"""What is recorded about contracts: actual values, money, acceptance, reports of milestones."""

from datetime import date
from typing import Literal
from uuid import UUID

from gongping_client.models.base import Answer, Body, Figure, Money

__all__ = [
    "Acceptance",
    "AcceptanceIn",
    "LedgerEntry",
    "LedgerIn",
    "MilestoneReport",
    "Observation",
    "ObservationIn",
    "Opinion",
]


class ObservationIn(Body):
    """An actual value of an agreed indicator."""

    indicator_id: UUID
    value: Figure
    observed_on: date
    document_sha256: str | None = None
    supersedes: UUID | None = None


class Observation(Answer):
    """A recorded actual value."""

    id: UUID
    indicator_id: UUID
    value: Figure
    observed_on: date


class LedgerIn(Body):
    """An entry to post; the amount is always positive, the kind gives the direction."""

    kind: Literal["commitment", "acceptance", "payment", "deduction", "refund", "reversal"]
    amount: Money | None = None
    booked_on: date
    voucher: str | None = None
    note: str | None = None
    reverses: UUID | None = None


class LedgerEntry(Answer):
    """A posted entry."""

    id: UUID
    kind: str
    amount: Money
    currency: str
    booked_on: date | None = None
    voucher: str | None = None


class Opinion(Body):
    """The recipients' opinion at acceptance."""

    kind: Literal["onSite", "wave"]
    people: int = 0
    satisfied: int = 0
    reference: str | None = None


class AcceptanceIn(Body):
    """A result of acceptance."""

    result: Literal["accepted", "partlyAccepted", "rejected"]
    accepted_on: date
    accepted_value: Money
    opinion: Opinion | None = None
    document_sha256: str | None = None
    note: str | None = None


class Acceptance(Answer):
    """A recorded result of acceptance."""

    id: UUID
    result: str
    accepted_on: date
    accepted_value: Money


class MilestoneReport(Body):
    """What became of a milestone."""

    status: Literal["met", "partlyMet", "notMet"]
    met_on: date | None = None
    note: str | None = None
