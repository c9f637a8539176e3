"""Parameters of the kinds of risk flags; what they compare stands in `contracts.flags.engine`."""

from typing import Annotated

from pydantic import Field, StrictInt

from contracts.rules.parts import Days, Figure, Method, Part, Percent

__all__ = ["FLAG_KINDS"]


class SingleBid(Part):
    """Fewer valid bids than this, by these methods."""

    minimum: Annotated[StrictInt, Field(ge=1, le=100)]
    """Fewer valid bids than this are flagged."""
    methods: tuple[Method, ...] = Field(min_length=1)
    """Procurement methods that it looks at."""


class ShortNotice(Part):
    """Fewer calendar days than this between notice and last day for bids, by these methods."""

    minimum_days: Days
    """Fewer calendar days than this are flagged."""
    methods: tuple[Method, ...] = Field(min_length=1)
    """Procurement methods that it looks at."""


class UnderThreshold(Part):
    """A value below the threshold of open tendering by no more than this share of it, by another method.

    `threshold` in `currency`; null where the tenant has to state it.
    """

    threshold: Figure | None
    """Amount in the currency; null: to be stated by the tenant."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ISO 4217 code."""
    margin_percent: Percent
    """How far below, in per cent of the threshold."""
    exempt_methods: tuple[Method, ...] = ("open",)
    """Procurement methods that it does not look at."""


class SplitPurchases(Part):
    """Purchases of one unit, item of the catalogue and year, each below the threshold, together at or over it."""

    threshold: Figure | None
    """Amount in the currency; null: to be stated by the tenant."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ISO 4217 code."""
    minimum: Annotated[StrictInt, Field(ge=2, le=1000)]
    """Purchases that make a split."""
    exempt_methods: tuple[Method, ...] = ("open",)
    """Procurement methods that it does not look at."""


class AmendmentCreep(Part):
    """Growth of the value over this share of the value at signing (per cent), or this many amendments."""

    growth_percent: Percent
    """Per cent of the value at signing."""
    amendments: Annotated[StrictInt, Field(ge=1, le=1000)]
    """Number of amendments."""


class PaidBeforeAccepted(Part):
    """On some day more was paid than was accepted and agreed as prepayment, by more than this share of the value."""

    tolerance_percent: Percent
    """Per cent of the contract value."""


class Concentration(Part):
    """One provider has at least this share of what a purchaser signed in a year, of at least so many contracts."""

    share_percent: Percent
    """Per cent of the purchaser's value of the year."""
    minimum_contracts: Annotated[StrictInt, Field(ge=2, le=10_000)]
    """Fewer contracts in the year are not looked at."""


FLAG_KINDS: dict[str, type[Part]] = {
    "singleBid": SingleBid,
    "shortNotice": ShortNotice,
    "underThreshold": UnderThreshold,
    "splitPurchases": SplitPurchases,
    "amendmentCreep": AmendmentCreep,
    "paidBeforeAccepted": PaidBeforeAccepted,
    "concentration": Concentration,
}
