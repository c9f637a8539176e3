"""Answers of the comparisons that speak of money: equity, efficiency, unit costs."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from scoring.comparisons.schemas import Compared, Number
from shared.web import Figure, Money, Out

__all__ = [
    "EfficiencyItem",
    "EfficiencyOut",
    "EquityItem",
    "EquityOut",
    "GapsOut",
    "InequalityOut",
    "SideOut",
    "UnitCostItem",
    "UnitCostsOut",
]


class GapsOut(Out):
    """Differences of determined scores between regions, in points. Not Theil: of bounded scores it is always near 0."""

    raw_variance: Number = Field(description="Variance of the regions' means, points squared.")
    adjusted_variance: Number = Field(description="Less the mean squared standard error: what chance does not explain.")
    between_sd: Number = Field(description="Standard deviation between regions (empirical Bayes), points.")
    widest: Number = Field(description="Highest less lowest shrunken mean, points.")
    widest_error: Number = Field(description="Its standard error.")
    highest: str = Field(description="Region with the highest shrunken mean.")
    lowest: str = Field(description="Region with the lowest.")


class InequalityOut(Out):
    """Inequality of an amount per head, weighted by people; regions that spend nothing count."""

    regions: int = Field(description="Regions with a population figure.")
    mean: Number = Field(description="Amount per head of all of them.")
    gini: Number = Field(description="Gini coefficient, 0-1.")
    theil: Number = Field(description="Theil's T.")
    theil_within: Number = Field(description="The part inside the next larger regions.")
    theil_between: Number = Field(description="The part between them.")
    ratio: Number | None = Field(description="Largest over smallest amount per head; null: the smallest is 0.")


class EquityItem(Out):
    """What a region was given."""

    region: str = Field(description="Region by GB/T 2260.")
    contracts: int = Field(description="Contracts that began in the year, in force or ended.")
    value: Money = Field(description="Their value, a decimal string.")
    population: int | None = Field(description="People, by the figure in force of the year; null: none is recorded.")
    money_per_head: Money | None = Field(description="Value per head.")
    beneficiaries: int = Field(description="Sum of the beneficiaries that the contracts state; people can be several.")
    stated: Number | None = Field(description="Share of the contracts that state beneficiaries, 0-1.")
    coverage: Number | None = Field(description="Beneficiaries per head; a lower bound where `stated` is below 1.")
    third_party: Number | None = Field(description="Share of the contracts with ratings of a third party, 0-1.")
    score: Number | None = Field(description="Mean determined score, 0-100.")
    modelled: bool = Field(description="Whether the next field is given: a model's estimate, not a counted figure.")
    estimate: Number | None = Field(description="The same shrunken towards the mean of the regions.")


class EquityOut(Compared):
    """How unequal regions are."""

    year: int = Field(description="Year in which the contracts began.")
    currency: str = Field(description="Currency of the money, ISO 4217.")
    scores: GapsOut | None = Field(description="Gaps of scores; null: see `refused`.")
    money_per_head: InequalityOut | None = Field(description="null: fewer than two regions have a population figure.")
    coverage: InequalityOut | None = Field(description="Beneficiaries per head; null likewise.")
    third_party: Number | None = Field(description="Share of all contracts with ratings of a third party, 0-1.")
    above_level: int = Field(description="Contracts of regions above the level, left out.")
    items: list[EquityItem] = Field(description="By code.")


class EfficiencyItem(Out):
    """Cost efficiency of a contract among its peers: modelled, and never part of a score by itself."""

    contract_id: UUID = Field(description="The contract.")
    provider_id: UUID | None = Field(description="Its provider.")
    cost: Money = Field(description="Net cost in the prices of `price_year`.")
    units: Figure = Field(description="Accepted units.")
    quality: Number = Field(description="The provider's determined sub-score, 0-100.")
    modelled: Literal[True] = Field(description="The next figures are a model's, not counted.")
    efficiency: Number = Field(description="Share of the cost (0-100) for which the best practice gives as much.")
    constant_returns: Number = Field(description="The same if size did not matter, 0-100.")
    scale: Number = Field(description="constant_returns / efficiency: what its size costs it, 0-1.")
    peers: list[UUID] = Field(description="The contracts that it is compared with.")


class EfficiencyOut(Compared):
    """Data envelopment analysis: input cost, outputs accepted units and quality, variable returns to scale."""

    measure: str | None = Field(description="What a unit is.")
    measures: list[str] = Field(description="Units that contracts of this kind count by; name one in `measure`.")
    currency: str | None = Field(description="Currency, ISO 4217.")
    price_year: int | None = Field(description="Year of the prices.")
    minimum: int = Field(description="Contracts that are needed: max(m s, 3 (m + s)).")
    reasons: dict[str, int] = Field(description="Why contracts were left out, with how many.")
    items: list[EfficiencyItem] = Field(description="By contract.")


class SideOut(Out):
    """What a unit cost is compared with; `not_comparable` says why it cannot be."""

    what: str = Field(description="previousContract or directProvision.")
    contract_id: UUID | None = Field(description="The previous contract.")
    year: int | None = Field(description="Year of its prices.")
    unit_cost: Figure | None = Field(description="Its cost per unit in its own prices.")
    in_prices_of_now: Figure | None = Field(description="The same in the prices of the contract's year.")
    ratio: Figure | None = Field(description="The contract's unit cost over this one; below 1 is cheaper.")
    not_comparable: str | None = Field(description="Why there is no comparison; null: there is.")


class UnitCostItem(Out):
    """Cost per accepted unit of a contract."""

    contract_id: UUID = Field(description="The contract.")
    region: str = Field(description="`<country>-<code>`.")
    service_category: str | None = Field(description="Item of the guiding catalogue.")
    measure: str | None = Field(description="What a unit is: code, name and unit of the quantity indicator.")
    cost: Money | None = Field(description="Paid less refunded, a decimal string.")
    units: Figure | None = Field(description="Accepted units.")
    unit_cost: Figure | None = Field(description="Money per unit, eight decimals at most.")
    currency: str | None = Field(description="ISO 4217.")
    year: int | None = Field(description="Year of the prices: that of the signature.")
    not_comparable: str | None = Field(description="Why there is no unit cost; null: there is.")
    against: list[SideOut] = Field(description="The purchaser's previous contract, and direct provision.")


class UnitCostsOut(Out):
    """Unit cost of one contract."""

    items: list[UnitCostItem] = Field(description="The contract.")
