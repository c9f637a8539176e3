"""One right or duty, and what time and proof make of it. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from contracts.clocks import shortened

__all__ = ["VISIT", "Duty", "Proof", "Text", "obligation_id", "state_of"]

_NAMESPACE = uuid5(NAMESPACE_URL, "https://gongping.invalid/obligations")


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Chinese and English."""

    zh: str
    en: str


VISIT = Text("按计划开展现场检查并记录结果。", "Carry out the planned inspection and record it.")


@dataclass(frozen=True, slots=True)
class Proof:
    """The recorded fact that fulfils a duty, and its day."""

    kind: str
    id: UUID | None
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A right or duty of one side of a contract.

    `code` is unique in the contract; `organisation_id` is named where it is not the side's own party. `until_on` is the
    end of a duty that lasts (keeping records), where nothing is to be done by a day. `amount` is the money that it is
    about, in the contract's currency. `stated`: no recorded fact shows
    it, somebody has to say that it was done. `lapsed`: the contract has ended and it can no longer be done; undone it
    stays. `internal`: a matter of supervision that is not published.
    """

    code: str
    side: str
    organisation_id: UUID | None = None
    nature: str
    text: Text
    about: str | None = None
    amount: Decimal | None = None
    rule: str | None = None
    source: str | None = None
    confidence: str
    starts_on: date | None = None
    within: int | None = None
    unit: str | None = None
    due_on: date | None = None
    until_on: date | None = None
    proof: Proof | None = None
    waiver: UUID | None = None
    stated: bool = False
    lapsed: bool = False
    internal: bool = False
    how: str | None = None


def obligation_id(contract_id: UUID, code: str) -> UUID:
    """The id of a right or duty: the same whenever the register is made anew."""
    return uuid5(_NAMESPACE, f"{contract_id}/{code}")


def state_of(due_on: date | None, done_on: date | None, *, waived: bool, today: date, notice_days: int) -> str:
    """The state: open | due (its last day is near) | overdue | done | doneLate | waived.

    `notice_days` before the last day it is due; a waiver counts for what was not done in time.
    """
    if done_on is not None and (due_on is None or done_on <= due_on):
        return "done"
    if waived:
        return "waived"
    if done_on is not None:
        return "doneLate"
    if due_on is None:
        return "open"
    if today > due_on:
        return "overdue"
    return "due" if today >= due_on - timedelta(days=shortened(notice_days)) else "open"
