"""What a contract's rules are checked against: its own terms, its money, and what was stated about its conclusion."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from shared.web import Figure, Model, Money

__all__ = [
    "NEGATIVE_ITEMS",
    "TERMS",
    "TERM_CONDITIONS",
    "AgreedMilestone",
    "Clauses",
    "Competition",
    "RecordedTerms",
    "RuleFacts",
]

Term = Literal["content", "term", "quantity", "quality", "price", "settlement", "rightsAndDuties", "liability"]
TermCondition = Literal["budgetSecured", "contentFixed", "continuous", "fundingStable", "priceStable"]
TERMS: tuple[str, ...] = Term.__args__  # type: ignore[attr-defined]
TERM_CONDITIONS: tuple[str, ...] = TermCondition.__args__  # type: ignore[attr-defined]
NEGATIVE_ITEMS = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,15}$"


class Competition(Model):
    """How the provider was found; the amounts are in the contract's currency."""

    estimate: Money | None = Field(None, ge=0, description="Estimated value before the procurement, two decimals.")
    notice_published_on: date | None = Field(None, description="When the tender documents were first given out.")
    bids_due_on: date | None = Field(None, description="Last day for bids.")
    bids_received: StrictInt | None = Field(None, ge=0, le=1_000_000, description="Bids received.")
    bids_rejected: StrictInt | None = Field(None, ge=0, le=1_000_000, description="Bids that were not valid.")
    award_notice_on: date | None = Field(None, description="When the award was notified (中标、成交通知书).")
    award_value: Money | None = Field(None, ge=0, description="Value of the award, two decimals.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.notice_published_on and self.bids_due_on and self.bids_due_on < self.notice_published_on:
            raise ValueError("bids_due_on is before notice_published_on")
        if self.bids_rejected is not None and self.bids_rejected > (self.bids_received or 0):
            raise ValueError("bids_rejected is more than bids_received")
        return self


class Clauses(Model):
    """What the contract's text provides, and what the purchaser has examined before signing."""

    terms: list[Term] | None = Field(
        None,
        max_length=8,
        description="The mandatory terms that the text has: content, term, quantity, quality, price, settlement, "
        "rightsAndDuties, liability (服务内容、期限、数量、质量、价格、资金结算方式、各方权利义务事项、违约责任).",
    )
    term_conditions: list[TermCondition] | None = Field(
        None,
        max_length=5,
        description="Conditions of a longer term that are met: budgetSecured, contentFixed, continuous, fundingStable, "
        "priceStable.",
    )
    negative_list: list[str] | None = Field(
        None,
        max_length=20,
        description="Codes of the negative list that apply; empty: examined, none applies; null: not examined.",
    )
    purchaser_guarantee: StrictBool | None = Field(
        None, description="Whether the purchaser guarantees financing of the provider."
    )
    performance_bond: Money | None = Field(None, ge=0, description="Performance bond, two decimals; null: none agreed.")
    performance_bond_form: Literal["nonCash", "cash"] | None = Field(None, description="nonCash | cash.")
    provider_size: Literal["micro", "small", "medium", "large"] | None = Field(
        None, description="Size of the provider when the contract was signed: micro | small | medium | large."
    )
    payment_days: StrictInt | None = Field(
        None, ge=0, le=3650, description="Agreed payment period, calendar days; null: none agreed."
    )
    late_interest_per_day: Figure | None = Field(
        None, ge=0, le=1, description="Agreed late interest per day as a share, for example 0.0005; null: none agreed."
    )
    lpr_per_year: Figure | None = Field(
        None, ge=0, le=1, description="One-year loan prime rate at signing as a share per year, for example 0.031."
    )
    prepayment: Money | None = Field(None, ge=0, description="Agreed prepayment, two decimals; null: none agreed.")


@dataclass(frozen=True, slots=True)
class AgreedMilestone:
    """A milestone as rules see it; `kind` is delivery or financing."""

    code: str
    kind: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class RecordedTerms:
    """The payment terms that the ledger's clock goes by; rates as shares. Null: the rule's."""

    small_enterprise: bool
    days: int | None
    daily_rate: Decimal | None
    lpr_annual: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """One contract as its rules see it. Null means not known; amounts are in the contract's currency.

    `published` says when what was made known (contract, copyFiled, acceptance), `satisfaction` which indicators of that
    level are agreed, `recorded` the payment terms where some are recorded.
    """

    region: str
    state: str
    title: str
    currency: str
    service_category: str | None = None
    catalogue_item: bool | None = None
    provider_uscc: str | None = None
    value: Decimal | None = None
    value_at_signing: Decimal | None = None
    budget: Decimal | None = None
    signed_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    ended_on: date | None = None
    procurement_method: str | None = None
    tenderers: int | None = None
    amendments: int = 0
    executed: Decimal = Decimal(0)
    acceptances: int = 0
    opinions: int = 0
    accepted_on: date | None = None
    competition: Competition = field(default_factory=Competition)
    clauses: Clauses = field(default_factory=Clauses)
    published: dict[str, date] = field(default_factory=dict)
    kind: str = "single"
    milestones: tuple[AgreedMilestone, ...] = ()
    satisfaction: tuple[str, ...] = ()
    beneficiary_population: int | None = None
    recorded: RecordedTerms | None = None

    @property
    def bids(self) -> int | None:
        """Valid bids; the number of tenderers where bids were not recorded."""
        if self.competition.bids_received is None:
            return self.tenderers
        return self.competition.bids_received - (self.competition.bids_rejected or 0)

    @property
    def in_force_once(self) -> bool:
        """Whether the contract was ever in force."""
        return self.state in ("active", "suspended", "completed", "terminated")
