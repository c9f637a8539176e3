"""Bodies and answers about the use of results."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StrictBool

from shared.web import Model, Money, Out

__all__ = [
    "ApplyIn",
    "CalendarDayIn",
    "CalendarDayOut",
    "CalendarIn",
    "CalendarOut",
    "DocumentIn",
    "RateOut",
    "ResultUseOut",
    "RuleSetOut",
    "WaiveIn",
]


class DocumentIn(Model):
    """A document that proves something, by its hash."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the document, hexadecimal.")
    title: str = Field(min_length=1, max_length=300, description="Its title or number.", examples=["哈财预〔2026〕8号"])


class ApplyIn(Model):
    """What was decided upon a demand."""

    decision: str = Field(min_length=1, max_length=64, description="One of the rule's choices.", examples=["deducted"])
    amount: Annotated[Money, Field(ge=0, lt=10**16)] | None = Field(
        None, description="Money that the decision moves, in the contract's currency; for choices that name it."
    )
    note: str | None = Field(None, min_length=1, max_length=4000, description="Reasons.")
    document: DocumentIn = Field(description="The closing evidence.")


class WaiveIn(Model):
    """Why a demand is left unapplied."""

    reason: str = Field(min_length=1, max_length=4000, description="The reason; it stands beside the rates.")


class ResultUseOut(Out):
    """One consequence that a determination demands."""

    id: UUID = Field(description="Id.")
    version: int = Field(description="Version, the ETag.")
    determination_id: UUID = Field(description="The determination that demands it.")
    contract_id: UUID = Field(description="The contract.")
    rectification_id: UUID | None = Field(description="The rectification that failed, where that demands it.")
    region: str = Field(description="`<country>-<code>`, the GB/T 2260 code for China.")
    simulated: bool = Field(description="Whether it rests on simulated evidence.")
    purchaser_id: UUID | None = Field(description="The purchaser (department).")
    provider_id: UUID | None = Field(description="The provider.")
    rule_set_id: str = Field(description="Rule set.")
    rule_set_version: str = Field(description="Its version.")
    rule: str = Field(description="Code of the rule.")
    kind: str = Field(description="support | improve | cut | withhold | payment | renewal | budget | publish.")
    basis: str = Field(description="grade: the determination's; provider: that of the provider's own sub-score.")
    grade: str | None = Field(description="The grade that demands it.")
    adverse: bool = Field(description="Whether it is adverse as such.")
    bears_adverse: bool = Field(description="Whether the determination bears an adverse choice.")
    money: bool = Field(description="Whether it moves money.")
    owner: str = Field(description="Who must act: finance | purchaser.")
    state: str = Field(description="open | blocked | suspended | applied | waived | void.")
    reason: str | None = Field(description="Why it is blocked, suspended, waived or void.")
    opened_at: datetime = Field(description="When it was opened, UTC.")
    due_on: date | None = Field(description="Last day, by the calendar of working days; null while it is blocked.")
    overdue: bool = Field(description="Whether it is open and its last day has passed.")
    appeal_id: UUID | None = Field(description="The appeal that suspends it.")
    previous_id: UUID | None = Field(
        description="What was applied by the same rule of the determination that this one's replaced."
    )
    currency: str | None = Field(description="ISO 4217 code of the amounts.")
    proposed: Money | None = Field(description="The rule's share of the contract's value, where it states one.")
    decision: str | None = Field(description="What was decided.")
    amount: Money | None = Field(description="Money that the decision moves.")
    note: str | None = Field(description="Reasons.")
    document_sha256: str | None = Field(description="SHA-256 of the closing evidence.")
    document_title: str | None = Field(description="Its title.")
    closed_at: datetime | None = Field(description="When it was applied or waived, UTC.")
    closed_by: str | None = Field(description="Who did.")


class RateOut(Out):
    """How far results are used in one group."""

    key: str | None = Field(description="Organisation's id, region's prefix, or kind; null for all or for none.")
    determinations: int = Field(description="Determinations in effect whose results were opened.")
    determinations_applied: int = Field(description="Of these, with at least one applied demand.")
    applied: int = Field(description="Demands that were applied.")
    waived: int = Field(description="Demands that were waived with a reason.")
    open: int = Field(description="Demands that are open.")
    overdue: int = Field(description="Of these, past their last day.")
    blocked: int = Field(description="Demands that the determination does not bear.")
    suspended: int = Field(description="Demands that an appeal suspends.")
    moved: Money = Field(description="Money that applied demands moved.")
    rate: float | None = Field(description="applied / (applied + waived + open), 0-1; null when nothing is demanded.")
    matured_rate: float | None = Field(
        description="applied / (applied + waived + overdue), 0-1: what is not yet due does not count."
    )


class RuleSetOut(Out):
    """A rule set with its standing."""

    id: str = Field(description="Id.")
    version: str = Field(description="Version.")
    applies_to: str = Field(description="Region with everything below it.")
    sha256: str = Field(description="SHA-256 of the RFC 8785 form of the document.")
    state: str = Field(description="shipped | submitted | approved | retired.")
    submitted_by: str | None = Field(description="Who handed it in; null for a shipped one.")
    approved_by: str | None = Field(description="The second person.")
    document: dict[str, Any] = Field(description="The rules, each with its source and how sure it is.")


class CalendarDayIn(Model):
    """A day that differs from its weekday."""

    day: date = Field(description="The day.")
    working: StrictBool = Field(description="Whether offices work.")
    source: str = Field(min_length=1, max_length=300, description="Which notice says so.")


class CalendarIn(Model):
    """Days to correct."""

    days: Annotated[list[CalendarDayIn], Field(min_length=1, max_length=400)] = Field(description="The days.")


class CalendarDayOut(Out):
    """An officer's entry."""

    day: date = Field(description="The day.")
    working: bool = Field(description="Whether offices work.")
    source: str = Field(description="Which notice says so.")


class CalendarOut(Out):
    """A year's days that differ from their weekdays."""

    country: str = Field(description="ISO 3166 code.")
    year: int = Field(description="The year.")
    listed: bool = Field(description="Whether the shipped list knows the year; else weekdays work, save the entries.")
    workdays_off: list[date] = Field(description="Weekdays on which offices do not work.")
    weekends_on: list[date] = Field(description="Days of a weekend on which they do.")
    entries: list[CalendarDayOut] = Field(description="Officers' entries among these.")
