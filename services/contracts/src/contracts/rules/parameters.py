"""The kinds of rules and the parameters of each: a rule set can change every figure, and a kind says how it is checked.

Periods of procedures are calendarDays or workingDays; shares are per cent (0-100) unless a field says otherwise.
"""

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from contracts.rules.facts import NEGATIVE_ITEMS, Term, TermCondition
from contracts.rules.flag_parameters import FLAG_KINDS
from contracts.rules.parts import Days, Figure, Moment, Months, Part, Percent, Unit, Words

__all__ = ["KINDS"]


class NegativeItem(Part):
    """One thing that may not be bought. `keywords` are a screening aid of ours: a hit is a question, not a finding."""

    code: Annotated[str, Field(pattern=NEGATIVE_ITEMS)]
    """Code of the item."""
    text: Words
    """What it is."""
    keywords: tuple[Annotated[str, Field(min_length=2, max_length=50)], ...] = ()
    """Words in a title that ask for a look."""


class NegativeList(Part):
    """What may not be bought at all."""

    items: tuple[NegativeItem, ...] = Field(min_length=1)
    """The items."""


class CatalogueItem(Part):
    """Only an item of the guiding catalogue may be bought."""


class Eligibility(Part):
    """Who may provide, as far as the first characters of the credit code say; what stands nowhere is asked about."""

    allowed: tuple[Annotated[str, Field(pattern=r"^[0-9A-Z]{1,2}$")], ...]
    """First characters of codes of those who may provide."""
    barred: tuple[Annotated[str, Field(pattern=r"^[0-9A-Z]{1,2}$")], ...]
    """First characters of codes of those who may not."""


class BudgetFirst(Part):
    """No budget, no purchase; the value is not over the budget line."""


class TermLimit(Part):
    """The longest term, in months, and the longest one where every condition is met."""

    default_max_months: Months
    """Longest term in months without the conditions; a begun month counts whole."""
    absolute_max_months: Months
    """Longest term in months with all of them."""
    conditions: tuple[TermCondition, ...] = ()
    """The conditions."""


class MandatoryTerms(Part):
    """What the text of the contract must have."""

    terms: tuple[Term, ...] = Field(min_length=1)
    """The terms."""


class MilestonesAgreed(Part):
    """Milestones of these kinds are agreed; a framework agreement leaves them to its call-offs.

    That the percentages of a kind sum to exactly 100 is no rule of a set: it holds always.
    """

    kinds: tuple[Literal["delivery", "financing"], ...] = Field(min_length=1, max_length=2)
    """delivery (what is due when), financing (what is paid when)."""


class TermsConsistent(Part):
    """Recorded figures do not contradict each other."""

    compares: tuple[
        Literal["settlement", "milestoneDates", "prepayment", "award", "beneficiaries", "recordedTerms"], ...
    ] = Field(min_length=1, max_length=6)
    """What is compared: figures of settlement with the terms of the text, due days with term and signature, prepayment
    and award with the value, the number of recipients with agreed satisfaction, recorded payment terms with the text.
    """


class NoGuarantee(Part):
    """The purchaser never guarantees the provider's financing."""


class SupplementCap(Part):
    """All supplements together, in per cent of the value at signing."""

    max_percent: Percent
    """Per cent of the value at signing."""


class BondCap(Part):
    """The performance bond: at most this share of the value, in these forms."""

    max_percent: Percent
    """Per cent of the contract value."""
    forms: tuple[Literal["nonCash", "cash"], ...] = Field(min_length=1)
    """Forms in which it may be given."""


class Clock(Part):
    """A period: from one moment until another, which must not come later."""

    start: Moment
    """Where the period begins; the day itself does not count."""
    end: Moment
    """What must have happened."""
    within: Days
    """Length, in the unit."""
    unit: Unit
    """calendarDays | workingDays."""


class SmePayment(Part):
    """The payment period that may be agreed with micro, small and medium enterprises, calendar days.

    `days` where nothing is agreed, `agreed_max_days` at most by agreement.
    """

    days: Days
    """Calendar days where nothing is agreed."""
    agreed_max_days: Days
    """Calendar days that may be agreed at most."""
    sizes: tuple[Literal["micro", "small", "medium", "large"], ...] = ("micro", "small", "medium")
    """Sizes of provider that the rule protects."""


class LateInterest(Part):
    """Late interest per day as a share where none is agreed; an agreed one is not below the one-year LPR."""

    per_day: Figure
    """Share of the overdue amount per day, 0.0005 is 0.05 %."""
    floor: Literal["lprOneYear", "none"] = "lprOneYear"
    """What an agreed rate is not below."""


class RecipientsOpinion(Part):
    """Acceptance of services of these catalogue parts has the recipients' opinion."""

    categories: tuple[Annotated[str, Field(pattern=r"^[A-Z][0-9]{0,6}$")], ...] = Field(min_length=1)
    """First characters of catalogue items."""


class ExecutionStep(Part):
    """Through the end of this month at least this share of the year's budget is executed."""

    through_month: Annotated[StrictInt, Field(ge=1, le=12)]
    """Month, 1-12; its end counts."""
    below_percent: Percent
    """Per cent of the budget below which it is an alert."""


class ExecutionMonitoring(Part):
    """Dual monitoring: execution by month, its distance from the goals' progress, and what an alert leads to."""

    alerts: tuple[ExecutionStep, ...] = Field(min_length=1)
    """The steps of the year."""
    goal_gap_percent: Percent
    """Percentage points between execution and the progress of the goals."""
    decide_within: Days
    """Time for the decision, in the unit."""
    decide_unit: Unit
    """calendarDays | workingDays."""
    options: tuple[Literal["continue", "transfer", "cancel"], ...]
    """What may be decided."""
    timeout: Literal["suspend", "none"]
    """What happens without a decision."""


class Duty(Part):
    """A duty that is not checked from the contract's data: it is stated, with its figure if it has one."""

    party: Literal["purchaser", "provider", "both", "finance"]
    """Who has it."""
    within: Days | None = None
    """Its period, in the unit."""
    unit: Unit | None = None
    """calendarDays | workingDays."""
    years: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    """Its period in years."""
    yearly_by: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")] | None = None
    """Month and day of every year, MM-DD."""


class Obligation(Part):
    """A right or duty of a party; with a clock where `start` and `within` are stated, and a fact that proves it."""

    side: Literal["purchaser", "provider", "evaluator", "beneficiary", "finance"]
    """Whose it is."""
    nature: Literal["duty", "right"]
    """duty | right."""
    start: Literal["signed", "starts", "ends", "ended", "accepted"] | None = None
    """Where the period begins; the day itself does not count."""
    within: Days | None = None
    """Its period, in the unit."""
    unit: Unit | None = None
    """calendarDays | workingDays."""
    proof: (
        Literal["contractPublished", "accepted", "acceptedWithOpinion", "acceptancePublished", "determined"] | None
    ) = None
    """The recorded fact that shows it done; null: somebody has to state it."""


class ViolationType(Part):
    """One kind of violation that supervision may find."""

    code: Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9]{0,47}$")]
    """Code."""
    text: Words
    """What it is."""


class Supervision(Part):
    """The cycle of a finding: its periods in one unit, and what can be found."""

    unit: Unit
    """calendarDays | workingDays."""
    conclude_within: Days
    """From the opening to the conclusion."""
    eliminate_within: Days
    """From the conclusion to the report of what was put right; the matter does not end before."""
    nothing_found_within: Days
    """From a conclusion that found nothing to the end."""
    reply_within: Days
    """For an answer to a question; information only."""
    unreported_from: Days
    """Where nothing was reported: from this day of the period on it is judged without a report."""
    violation_types: tuple[ViolationType, ...] = Field(min_length=1, max_length=100)
    """What can be found."""


KINDS: dict[str, type[Part]] = {
    "negativeList": NegativeList,
    "catalogueItem": CatalogueItem,
    "providerEligibility": Eligibility,
    "budgetFirst": BudgetFirst,
    "termLimit": TermLimit,
    "mandatoryTerms": MandatoryTerms,
    "milestonesAgreed": MilestonesAgreed,
    "termsConsistent": TermsConsistent,
    "noGuarantee": NoGuarantee,
    "supplementCap": SupplementCap,
    "bondCap": BondCap,
    "clock": Clock,
    "smePayment": SmePayment,
    "lateInterest": LateInterest,
    "recipientsOpinion": RecipientsOpinion,
    "executionMonitoring": ExecutionMonitoring,
    "duty": Duty,
    "obligation": Obligation,
    "supervision": Supervision,
    **FLAG_KINDS,
}
