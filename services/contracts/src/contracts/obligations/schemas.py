"""Bodies and answers about rights and duties, to-do lists and calendars."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.web import Figure, Model, Money, Out

__all__ = [
    "ActOut",
    "CalendarIn",
    "CalendarMadeOut",
    "CalendarOut",
    "CalendarsOut",
    "FinanceTodoOut",
    "ObligationOut",
    "ObligationsOut",
    "OpenVouchersOut",
    "PartyShareOut",
    "ProofIn",
    "PublicObligationOut",
    "PublicObligationsOut",
    "PublicPartyOut",
    "TodoOut",
    "WaiverIn",
]

STATES = "open | due (its last day is near) | overdue | done | doneLate | waived."


class ProofIn(Model):
    """That a duty was done which no recorded fact shows."""

    done_on: date = Field(description="The day; not in the future.")
    note: str = Field(min_length=1, max_length=2000, description="What was done.")
    document_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="SHA-256 of the document that shows it."
    )


class WaiverIn(Model):
    """Why a duty is waived."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason, with its legal basis.")


class ActOut(Out):
    """A proof or a waiver."""

    id: UUID = Field(description="Id.")
    contract_id: UUID = Field(description="Contract.")
    obligation_id: UUID = Field(description="The right or duty.")
    kind: str = Field(description="proof | waiver.")
    done_on: date | None = Field(description="A proof: the day.")
    reason: str = Field(description="What was done, or why it is waived.")
    document_sha256: str | None = Field(description="SHA-256 of the document.")
    recorded_by: str = Field(description="Who recorded it.")
    recorded_at: datetime = Field(description="When.")
    approved_by: str | None = Field(description="A waiver: the second person; null while it has no effect.")
    approved_at: datetime | None = Field(description="When it was approved.")


class TextOut(Out):
    """A text in Chinese and English."""

    zh: str = Field(description="In Chinese.")
    en: str = Field(description="In English.")


class ProofOut(Out):
    """The recorded fact that fulfils a duty."""

    kind: str = Field(
        description="What it is: contractPublished, copyFiled, acceptancePublished (publications), accepted, payment, "
        "deduction, milestone, alert, finding, determined, contract, statement."
    )
    id: UUID | None = Field(description="Its id.")
    on: date = Field(description="Its day.")


class PartyShareOut(Out):
    """A party whose right or duty it is: of a side with several members, each of them."""

    organisation_id: UUID = Field(description="The party.")
    name: str = Field(description="Its name.")
    lead: bool = Field(description="It leads its side, or is alone on it.")
    share: Figure = Field(description="Share of the side's money in per cent.")
    amount: Money | None = Field(
        description="Its part of the money that it is about; the parts of a side sum to it; null: about none."
    )


class ObligationOut(Out):
    """A right or duty."""

    obligation_id: UUID = Field(description="Id; the same whenever the register is made anew.")
    code: str = Field(description="Which one: the rule's code, with what it is about.")
    side: str = Field(description="Whose: purchaser | provider | evaluator | beneficiary | finance.")
    organisation_id: UUID | None = Field(description="The party, of several the lead; null for sides that are none.")
    parties: list[PartyShareOut] = Field(
        description="Every member of the side, in the agreed order; empty for sides that are no party, and where one "
        "organisation alone is named."
    )
    nature: str = Field(description="duty | right.")
    text: TextOut = Field(description="The rule in words.")
    about: str | None = Field(description="What of the contract it is about: a milestone, an amount, a year.")
    rule: str | None = Field(description="Rule set and code; null where the contract itself says so.")
    source: str | None = Field(description="Instrument and article, or the contract; null: a convention.")
    confidence: str = Field(
        description="verified | secondHand | memoryHigh | memoryMedium | memoryLow | own: how surely the rule is "
        "known; agreed: the contract says so."
    )
    starts_on: date | None = Field(description="Where its period begins; that day itself does not count.")
    within: int | None = Field(description="Its period, in the unit.")
    unit: str | None = Field(description="calendarDays | workingDays.")
    due_on: date | None = Field(description="Its last day; null: no clock runs.")
    until_on: date | None = Field(description="A duty that lasts: its end.")
    state: str = Field(description=STATES)
    days_late: int = Field(description="Days after its last day, until done or today.")
    proof: ProofOut | None = Field(description="The fact that fulfils it.")
    waiver_id: UUID | None = Field(description="The approved waiver, or override of its rule.")
    closed: bool = Field(description="The contract has ended and it can no longer be done.")
    how: str | None = Field(description="How it is done; null for rights.")


class ObligationsOut(Out):
    """The rights and duties of a contract."""

    contract_id: UUID = Field(description="Contract.")
    rule_set: str = Field(description="The rule set that they follow, as id@version.")
    as_of: date = Field(description="Today.")
    clock_divisor: int = Field(description="1; more in a demonstration, where every period is divided by it.")
    counts: dict[str, int] = Field(description="Duties by state.")
    items: list[ObligationOut] = Field(description="In the order of the rules, then those of the contract itself.")


class PublicObligationOut(Out):
    """Who owed what, and whether it was done."""

    side: str = Field(description="purchaser | provider | evaluator | beneficiary | finance.")
    nature: str = Field(description="duty | right.")
    text: TextOut = Field(description="The rule in words.")
    about: str | None = Field(description="A milestone, an amount, a year; null where that is not disclosed.")
    source: str | None = Field(description="Instrument and article, or the contract; null: a convention.")
    confidence: str = Field(description="How surely the rule is known; agreed: the contract says so.")
    due_on: date | None = Field(description="Last day.")
    done_on: date | None = Field(description="When it was done.")
    state: str = Field(description=STATES)
    days_late: int = Field(description="Days after its last day, until done or today.")


class PublicPartyOut(Out):
    """One of several purchasers or joint providers."""

    side: str = Field(description="purchaser | provider.")
    name: str = Field(description="Its name.")
    lead: bool = Field(description="It leads its side.")


class PublicObligationsOut(Out):
    """Who owed what in a contract that is or was in force."""

    contract_id: UUID = Field(description="Contract.")
    simulated: bool = Field(description="Made up for a demonstration or a test.")
    purchaser: str = Field(description="Name of the purchaser.")
    provider: str | None = Field(description="Name of the provider; null where it is not disclosed.")
    members: list[PublicPartyOut] = Field(
        description="Every member of a side that has several, as far as it is disclosed: each owes what its side owes."
    )
    rule_set: str = Field(description="The rule set, as id@version.")
    as_of: date = Field(description="Today.")
    counts: dict[str, int] = Field(description="Duties by state.")
    items: list[PublicObligationOut] = Field(description="Rights and duties; matters of supervision are left out.")


class TodoOut(Out):
    """Something that an organisation has to do, or may ask for, by a day."""

    obligation_id: UUID = Field(description="Id.")
    contract_id: UUID = Field(description="Contract.")
    contract_number: str | None = Field(description="Its number.")
    title: str | None = Field(description="Its title.")
    region: str = Field(description="Its region.")
    simulated: bool = Field(description="Made up for a demonstration or a test.")
    code: str = Field(description="Which one.")
    side: str = Field(description="On whose side the organisation stands.")
    nature: str = Field(description="duty | right.")
    text: TextOut = Field(description="The rule in words.")
    about: str | None = Field(description="What of the contract it is about.")
    lead: bool = Field(description="The organisation leads its side, or is alone on it; true in a finance list.")
    share: Figure = Field(description="Its share of the side's money in per cent; 100 in a finance list.")
    amount: Money | None = Field(
        description="Its part of the money that it is about; over the lists of all members each yuan once."
    )
    source: str | None = Field(description="Instrument and article, or the contract.")
    confidence: str = Field(description="How surely the rule is known; agreed: the contract says so.")
    due_on: date = Field(description="Last day.")
    state: str = Field(description="open | due | overdue.")
    days_late: int = Field(description="Days after its last day.")
    refreshed_at: datetime = Field(
        description="When it was worked out; what changed since then follows within a minute."
    )


class CalendarIn(Model):
    """A calendar address to make."""

    language: Literal["zh", "en"] = Field("zh", description="Language of its entries: zh | en.")
    note: str | None = Field(None, min_length=1, max_length=200, description="What it is for; no personal data.")


class CalendarOut(Out):
    """A calendar address, without its secret."""

    id: UUID = Field(description="Id.")
    organisation_id: UUID | None = Field(description="Organisation; null for a finance department's.")
    finance_of: str | None = Field(description="Region whose finance department it is for; else null.")
    language: str = Field(description="zh | en.")
    regions: list[str] = Field(description="Regions whose contracts stand in it: those of who made it.")
    note: str | None = Field(description="What it is for.")
    created_by: str = Field(description="Who made it.")
    created_at: datetime = Field(description="When.")
    revoked_at: datetime | None = Field(description="When it was shut; null while it works.")


class CalendarMadeOut(CalendarOut):
    """A new calendar address. It is shown once; whoever knows it can read the calendar."""

    path: str = Field(description="Path of the calendar, below the address of this API, with its secret.")
    url: str | None = Field(description="The whole address, where GONGPING_PUBLIC_URL says how others reach this API.")


class OpenVouchersOut(Out):
    """Treasury vouchers of a month that wait in a queue of the reconciliation."""

    month: date = Field(description="First day of the month.")
    queue: str = Field(description="partlyMatched | unmatched | duplicate.")
    currency: str = Field(description="ISO 4217 code.")
    vouchers: int = Field(description="How many.")
    amount: Money = Field(description="What they sum to.")


class FinanceTodoOut(Out):
    """What the finance department of a region has to do or watches over."""

    items: list[TodoOut] = Field(
        description="Its own duties (findings to conclude, uses of results), payments that purchasers owe, alerts of "
        "dual monitoring to be decided; by last day."
    )
    next: str | None = Field(description="Cursor of the next page; null on the last one.")
    vouchers: list[OpenVouchersOut] = Field(
        description="Vouchers to reconcile, by month; no rule gives a last day. On the first page, else empty."
    )


class CalendarsOut(Out):
    """The calendar addresses of an organisation, or of a finance department."""

    items: list[CalendarOut] = Field(description="In the order of making, revoked ones included.")
