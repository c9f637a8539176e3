"""Comparisons over HTTP."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.web import Out
from surveys.comparison.providers import Compared
from surveys.comparison.regions import Areas

__all__ = ["ProvidersOut", "RegionsOut", "providers_out", "regions_out"]


class ProviderOut(Out):
    """One provider. Every figure is null below ten answers; figures in the units of the measure."""

    provider_id: UUID = Field(description="The organisation.")
    provider_name: str | None = Field(description="Its name in the newest event.")
    contracts: int = Field(description="Contracts whose waves are compared.")
    waves: int = Field(description="Waves that are compared.")
    n: int | None = Field(description="Answers to the question.")
    unadjusted: float | None = Field(description="Weighted mean of the provider's own recipients.")
    unadjusted_se: float | None = Field(description="Its standard error.")
    unadjusted_low: float | None = Field(description="Lower limit of its interval.")
    unadjusted_high: float | None = Field(description="Upper limit.")
    adjusted: float | None = Field(
        description="What the provider would get with the mix of recipients and modes of all; null where that cannot "
        "be told."
    )
    adjusted_se: float | None = Field(description="Its standard error.")
    adjusted_low: float | None = Field(description="Lower limit of its interval.")
    adjusted_high: float | None = Field(description="Upper limit.")
    modelled: float | None = Field(description="The unweighted mean drawn towards all (empirical Bayes): modelled.")
    reliability: float | None = Field(
        description="Weight of the provider's own mean in it, 0-1; 0.70 and more is wanted before ranking."
    )


class ProvidersOut(Out):
    """Providers beside each other, by name: no ranks."""

    instrument_sha256: str = Field(description="The questionnaire that all were asked.")
    kind: str = Field(description="needs | midterm | completion | followUp.")
    item: str = Field(description="The question.")
    measure: str = Field(description="The measure: index100 0-100, top2 0-1, and so on.")
    waves: int = Field(description="Waves that are compared.")
    answers: int = Field(description="Answers to the question, of all providers.")
    mix: list[str] = Field(description="What the adjustment holds equal.")
    unadjusted_because: str | None = Field(
        description="not-separable: the mix differs so completely that it cannot be told from the providers; "
        "a-wave-has-one-answer; null: adjusted."
    )
    overall: float | None = Field(description="The mean towards which the modelled figures are drawn.")
    label: Literal["modelled"] = Field(description="`modelled` figures are for maps and questions, never for money.")
    providers: list[ProviderOut] = Field(description="By name.")


class AreaOut(Out):
    """One region, in the units of the measure."""

    region: str = Field(description="`<country>-<code>`, cut to the level.")
    waves: int = Field(description="Waves of the region that are compared.")
    n: int = Field(description="Answers.")
    direct: float = Field(description="Mean of its waves, weighted by their populations.")
    direct_se: float = Field(description="Standard error for sampling and non-response.")
    modelled: float | None = Field(description="The Fay-Herriot estimate; null without a model.")
    modelled_rmse: float | None = Field(description="Root of its mean squared error.")
    weight_of_direct: float | None = Field(description="Weight of the direct estimate in it, 0-1.")


class RegionsOut(Out):
    """Regions beside each other, by code: no ranks."""

    instrument_sha256: str = Field(description="The questionnaire that all were asked.")
    kind: str = Field(description="needs | midterm | completion | followUp.")
    item: str = Field(description="The question.")
    measure: str = Field(description="The measure.")
    level: str = Field(description="province | city | county.")
    waves: int = Field(description="Waves that are compared.")
    sd_between: float | None = Field(description="Standard deviation between regions beyond the errors of sampling.")
    no_model_because: str | None = Field(description="fewer-than-5-regions | not-converged; null: there is a model.")
    label: Literal["modelled"] = Field(description="`modelled` figures are for maps and questions, never for money.")
    regions: list[AreaOut] = Field(description="By code.")


def providers_out(found: Compared, **asked: str) -> ProvidersOut:
    """A comparison of providers as the interface shows it."""
    adjusted = found.unadjusted_because is None
    return ProvidersOut(
        **asked,
        waves=found.waves,
        answers=found.answers,
        mix=list(found.mix),
        unadjusted_because=found.unadjusted_because,
        overall=found.overall,
        label="modelled",
        providers=[
            ProviderOut(
                provider_id=each.provider_id,
                provider_name=each.provider_name,
                contracts=each.contracts,
                waves=each.waves,
                n=None if (own := each.estimate) is None else own.n,
                unadjusted=None if own is None else own.unadjusted,
                unadjusted_se=None if own is None else own.unadjusted_se,
                unadjusted_low=None if own is None else own.unadjusted_interval.low,
                unadjusted_high=None if own is None else own.unadjusted_interval.high,
                adjusted=own.adjusted if own and adjusted else None,
                adjusted_se=own.adjusted_se if own and adjusted else None,
                adjusted_low=own.adjusted_interval.low if own and adjusted else None,
                adjusted_high=own.adjusted_interval.high if own and adjusted else None,
                modelled=each.shrunken,
                reliability=each.reliability,
            )
            for each in found.standings
        ],
    )


def regions_out(found: Areas, **asked: str) -> RegionsOut:
    """A comparison of regions as the interface shows it."""
    return RegionsOut(
        **asked,
        waves=found.waves,
        sd_between=found.sd_between,
        no_model_because=found.no_model_because,
        label="modelled",
        regions=[AreaOut.model_validate(each) for each in found.areas],
    )
