from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StrictInt, StringConstraints, model_validator

from shared.web import Figure, Model, Out

__all__ = [
    "ChartOut",
    "ChartPoint",
    "Compared",
    "FigureIn",
    "FigureOut",
    "FunnelItem",
    "FunnelOut",
    "Number",
    "ProviderOut",
    "ProvidersOut",
    "RankItem",
    "RanksOut",
    "RegionItem",
    "RegionsOut",
]

Number = Annotated[float, AfterValidator(lambda value: round(value, 6))]
Kind = Literal["population", "price_index", "direct_cost"]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Za-z0-9]{1,12}$")]


class FigureIn(Model):
    """A figure of official statistics or of a budget, with its source."""

    kind: Kind = Field(
        description="population: people; price_index: `base_year` = 100; direct_cost: money per unit of own provision."
    )
    region: Region = Field(
        description="Region by GB/T 2260; `CN-000000` is the country.", examples=["CN-230100", "CN-000000"]
    )
    year: StrictInt = Field(ge=1950, le=2200, description="Year that the figure speaks of.")
    base_year: StrictInt | None = Field(None, ge=1950, le=2200, description="price_index only: the year that is 100.")
    service_category: str | None = Field(
        None, pattern="^[A-Z][A-Z0-9.]{0,15}$", description="direct_cost only: item of the guiding catalogue."
    )
    measure: str | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="direct_cost only: what a unit is, as /v1/comparisons/unit-costs names it.",
    )
    value: Figure = Field(gt=0, lt=Decimal(10) ** 15, description="The figure, a decimal string.", examples=["9939000"])
    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="direct_cost only: ISO 4217.")
    source: str = Field(min_length=1, max_length=2000, description="Publication, table and page, or the budget item.")
    document_sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$", description="Hash of the document.")
    supersedes: UUID | None = Field(None, description="The figure that this one corrects; that one stays.")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.kind == "price_index") != (self.base_year is not None):
            raise ValueError("a price index states its base_year, and only such a figure does")
        scope = (self.service_category, self.measure, self.currency)
        if (self.kind == "direct_cost") != all(scope) or (self.kind != "direct_cost" and any(scope)):
            raise ValueError("direct_cost states service_category, measure and currency, and only such a figure does")
        return self


class FigureOut(Out):
    """A reference figure; it never changes."""

    id: UUID = Field(description="Id of the figure.")
    kind: str = Field(description="population, price_index or direct_cost.")
    region: str = Field(description="Region by GB/T 2260.")
    year: int = Field(description="Year that it speaks of.")
    base_year: int | None = Field(description="price_index: the year that is 100.")
    service_category: str | None = Field(description="direct_cost: item of the guiding catalogue.")
    measure: str | None = Field(description="direct_cost: what a unit is.")
    value: Figure = Field(description="The figure, a decimal string.")
    currency: str | None = Field(description="direct_cost: ISO 4217.")
    source: str = Field(description="Where it stands.")
    document_sha256: str | None = Field(description="Hash of the document.")
    supersedes: UUID | None = Field(description="The figure that it corrects.")
    superseded_by: UUID | None = Field(description="The figure that corrects it; null: in force.")
    recorded_by: str = Field(description="Who recorded it.")
    recorded_at: datetime = Field(description="When, UTC.")


class Compared(Out):
    """What was compared: the peer group and what is not in it."""

    framework_id: str = Field(description="The framework; results under different ones are never compared.")
    framework_versions: list[str] = Field(description="Its versions under which results were determined.")
    stage: str = Field(description="interim, completion or followUp.")
    by: str = Field(description="provider, purchaser (their own sub-scores) or region (the whole score).")
    level: str | None = Field(description="by region: province, city or county.")
    service_category: str | None = Field(description="Only contracts of this kind of service; null: of every kind.")
    region: str | None = Field(description="Only contracts of this region; null: all of the caller's.")
    simulated: bool = Field(description="Whether these are simulated results; they are never mixed with real ones.")
    published_only: bool = Field(description="Whether only published determinations count.")
    peers: int = Field(description="Units that were compared.")
    results: int = Field(description="Determined results of these units.")
    left_out: int = Field(description="Determinations that say nothing about a unit of this kind.")
    method: str = Field(description="Algorithm with version and parameters: the same results give the same figures.")
    refused: str | None = Field(description="Why there are no modelled figures; null: there are.")


class _Unit(Out):
    unit: str = Field(description="Id of the provider or purchaser, or the region.")


class _Estimate(_Unit):
    results: int = Field(description="Determined contracts of the unit.")
    latest_at: datetime = Field(description="When the newest of them took effect, UTC.")
    mean: Number = Field(description="Mean result, 0-100; older ones count less (0.8 per year). Counted, not modelled.")
    error: Number | None = Field(description="Its standard error in points.")
    modelled: bool = Field(description="Whether the next fields are given: a model's estimates, not counted figures.")
    estimate: Number | None = Field(description="Empirical-Bayes estimate: drawn towards all peers' mean, 0-100.")
    low: Number | None = Field(description="Lower end of its 95 % interval.")
    high: Number | None = Field(description="Upper end.")
    weight: Number | None = Field(description="How far the unit's own results count in it, 0-1.")


class ProviderOut(_Estimate):
    """Track record of one provider or purchaser: only what it answers for itself."""


class ProvidersOut(Compared):
    """Track records."""

    mean: Number | None = Field(description="Mean of the peers, 0-100.")
    between_sd: Number | None = Field(description="Standard deviation between peers beyond chance, points.")
    within_sd: Number | None = Field(description="Standard deviation of contracts of one unit beyond measured error.")
    items: list[ProviderOut] = Field(description="By id; a provider sees itself only.")


class RegionItem(_Estimate):
    """A region's determined scores."""

    poor: Number = Field(description="Share of results below 60, 0-1.")


class RegionsOut(Compared):
    """Regions side by side."""

    items: list[RegionItem] = Field(description="By code.")


class FunnelItem(_Unit):
    """A unit with the limits for its own size."""

    results: int = Field(description="Determined contracts of the unit.")
    value: Number = Field(description="Mean result (0-100), or share below the threshold (0-1).")
    z: Number = Field(description="Distance from the target in standard errors, the usual spread included.")
    alert_low: Number = Field(description="Lower 95 % limit.")
    alert_high: Number = Field(description="Upper 95 % limit.")
    alarm_low: Number = Field(description="Lower 99.8 % limit.")
    alarm_high: Number = Field(description="Upper 99.8 % limit.")
    verdict: str = Field(description="inside; alert: outside 95 %, look at it; alarm: outside 99.8 %.")


class FunnelOut(Compared):
    """A funnel plot; without ten peers there is none, and `refused` says so."""

    measure: str = Field(description="mean, or below: the share of results below `threshold`.")
    threshold: Number | None = Field(description="below: the limit in points.")
    target: Number | None = Field(description="What the limits surround: the peers' own mean or share.")
    phi: Number | None = Field(description="Spread among peers over what chance gives, winsorised; 1: chance alone.")
    between_sd: Number | None = Field(
        description="Spread among peers added to the limits; below: on the arcsine scale."
    )
    items: list[FunnelItem] = Field(description="By id; a provider sees itself only.")


class RankItem(_Unit):
    """Where a unit may stand."""

    results: int = Field(description="Determined contracts of the unit.")
    modelled: Literal[True] = Field(description="Estimate and ranks are a model's, not counted figures.")
    estimate: Number = Field(description="Empirical-Bayes estimate, 0-100.")
    rank_low: int = Field(description="Better end of the 90 % interval of its rank; 1 is the best.")
    rank_high: int = Field(description="Worse end.")
    rank: Number | None = Field(description="Median rank; null: the units overlap too much for a league table.")
    top_quartile: Number = Field(description="P(among the best quarter), 0-1.")


class RanksOut(Compared):
    """Intervals of ranks."""

    league_table: bool = Field(description="Whether the units differ enough to be put in order.")
    overlap: Number | None = Field(description="Median overlap of two units' +- 1.39 SE intervals, 0-1; at most 0.5.")
    draws: int | None = Field(description="Monte Carlo draws behind the intervals.")
    items: list[RankItem] = Field(description="By median rank in a league table, else by id; a provider sees itself.")


class ChartPoint(Out):
    """A point of a control chart."""

    at: datetime | None = Field(description="When the result took effect, UTC; null for a quarter.")
    label: str = Field(description="Contract, or quarter.")
    value: Number = Field(description="Result, smoothed result, sum in standard errors, or share.")
    low: Number | None = Field(description="Lower control limit; cusum: the downward sum.")
    high: Number | None = Field(description="Upper control limit.")
    signals: list[str] = Field(description="beyond: outside three sigma; run: eight on one side; twoOfThree.")


class ChartOut(Compared):
    """A control chart of one unit; with fewer than eight points `refused` says so."""

    unit: str = Field(description="Provider, purchaser or region.")
    kind: str = Field(description="individuals, ewma, cusum or share.")
    centre: Number | None = Field(description="Centre line.")
    sigma: Number | None = Field(description="Standard deviation of one value, from the mean moving range.")
    decision: Number | None = Field(description="cusum: the limit of the sums, in standard errors.")
    items: list[ChartPoint] = Field(description="In the order of time.")
