"""Results over HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.events import Estimate, WaveChange
from shared.web import Model, Out
from surveys.results.queries import WaveResult
from surveys.waves.declared import Margin
from surveys.waves.queries import ContractStub, Wave

__all__ = ["RecomputeIn", "ResultsOut", "results_out"]


class WeightsOut(Out):
    """How the answers were weighted."""

    method: str = Field(
        description="raking: to the margins; base: every answer stands for as many of the population; none: the "
        "population is unknown, or nobody answered."
    )
    margins: list[Margin] = Field(description="The margins with their population counts.")
    margins_sha256: str | None = Field(description="Their hash (RFC 8785, SHA-256).")
    deff: float | None = Field(description="Kish's design effect of the weights; above 1.5 caution, above 3 unusable.")
    n_eff: float | None = Field(description="Answers divided by it.")
    minimum: float | None = Field(description="Smallest weight, in people.")
    maximum: float | None = Field(description="Largest weight, in people.")
    sweeps: int | None = Field(description="Sweeps over all margins until nothing moved.")
    trimmed_share: float | None = Field(description="Share of the answers whose weight was held at a limit, 0-1.")
    merged: dict[str, list[list[int]]] = Field(
        description="Per margin the categories with too few answers and what each was merged into, by place."
    )
    collapsed_strata: list[int] = Field(description="Strata merged for the variance: they had a single answer.")
    unknown_share: dict[str, float] = Field(description="Per margin the share of answers without a category, 0-1.")
    error: dict[str, Any] | None = Field(
        description="Why the margins could not be met (kind, margin, category, detail); the estimates are unreliable."
    )


class RepresentativityOut(Out):
    """How much those who answered resemble the frame."""

    r: float = Field(description="R-indicator, 1 where they do.")
    mean_propensity: float = Field(description="Response rate, 0-1.")
    sd_propensity: float = Field(description="Standard deviation of the response propensities.")
    max_bias_per_sd: float = Field(description="Largest bias of a mean, per standard deviation of the answers.")
    variables: list[str] = Field(description="Variables of the frame that the propensities are made of.")
    partial: dict[str, Any] = Field(description="Per variable its partial indicator and the part of each category.")


class ComparisonOut(Out):
    """The wave that is compared with."""

    wave_id: UUID | None = Field(description="The latest wave that may be compared; null when there is none.")
    why_not: list[str] = Field(
        description="Why there is none: no-earlier-wave, or of the last one other-instrument, other-population, "
        "other-mode."
    )


class QualityOut(Out):
    """Answers that the quality checks point at; none is deleted."""

    flagged: int | None = Field(description="Answers with a flag; null when there are fewer than ten answers.")
    flagged_share: float | None = Field(description="Share of all answers, 0-1.")
    flags: dict[str, int] = Field(
        description="Answers per flag: speeder, straight_line, burst, item_non_response. An answer can have several."
    )


class ResultsOut(Out):
    """What a closed wave says."""

    wave_id: UUID = Field(description="The wave.")
    revision: int = Field(description="1 at the closing; a recomputation is a new revision.")
    reason: str | None = Field(description="Why it was computed again; null for the first revision.")
    contract_id: UUID = Field(description="The contract whose recipients were asked.")
    contract_title: str = Field(description="What was bought.")
    provider_name: str | None = Field(description="Who delivers it.")
    region: str = Field(description="`<country>-<code>`, GB/T 2260 for China.")
    simulated: bool = Field(description="True: the contract and everything about it are made up for demonstration.")
    kind: str = Field(description="needs | midterm | completion | followUp.")
    design: str = Field(description="census | probability | open_link; decides what may be claimed.")
    instrument_id: str = Field(description="Code of the questionnaire.")
    instrument_version: str = Field(description="Version of the questionnaire.")
    instrument_sha256: str = Field(description="Hash of the questionnaire.")
    population: int | None = Field(description="N, recipients in the frame; null when unknown.")
    invited: int | None = Field(description="Size of the probability sample; null otherwise.")
    n: int = Field(description="Accepted responses.")
    dispositions: dict[str, int] = Field(
        description="Cases by AAPOR disposition: complete, partial, refusal, non_contact, unknown_eligibility, "
        "not_eligible."
    )
    rates: dict[str, float | None] = Field(description="AAPOR outcome rates, shares 0-1; null without a frame.")
    response_rate: float | None = Field(description="AAPOR RR1, share 0-1; null without a frame.")
    modes: dict[str, int] = Field(description="Answers by mode: web, counter, enumerator.")
    representativity: RepresentativityOut | None = Field(
        description="R-indicator; null without a frame of fifty people or more."
    )
    weights: WeightsOut | None = Field(description="How the answers were weighted; null when nobody answered.")
    estimates: list[Estimate] = Field(
        description="Per question the top-2 and bottom-2 share (0-1), index100 (0-100), NPS (-100 to 100), mean effort "
        "(1-7), or the share of each option (0-1)."
    )
    no_opinion: dict[str, float | None] = Field(
        description="Share of the respondents without an opinion, per item; null below ten responses."
    )
    comparison: ComparisonOut = Field(description="The wave that `changes` compares with.")
    changes: list[WaveChange] = Field(description="What changed since then, per measure.")
    quality: QualityOut = Field(description="What the quality checks found.")
    cautions: list[str] = Field(description="Reasons found on the wave for which nothing of it is `ok`.")
    supervised: bool = Field(description="True: the provider supervised every answer; alone it makes no score.")
    target_from: str = Field(
        description="Where the target of tipping point and P(true value >= target) comes from: contract, its agreed "
        "satisfaction indicator, or setting."
    )
    level: float = Field(description="Confidence level of the intervals.")
    policy: str = Field(description="The gate that decided the status of each estimate.")
    ledger_root: str | None = Field(description="Root of the Merkle tree over the answers, hexadecimal.")
    ledger_size: int | None = Field(description="Leaves of that tree.")
    sha256: str = Field(description="Hash of the results and of what they were computed from.")
    software_version: str = Field(description="Version of the service that computed them.")
    closed_at: datetime = Field(description="When the wave was closed.")
    computed_at: datetime = Field(description="When this revision was computed.")


class RecomputeIn(Model):
    """A recomputation of a closed wave."""

    reason: Annotated[str, StringConstraints(min_length=2, max_length=500)] = Field(
        description="Why it is computed again; kept with the revision.", examples=["人口数更正"]
    )
    margins: Annotated[tuple[Margin, ...], Field(max_length=5)] | None = Field(
        None, description="Margins to weight to; by default those of the revision before. Empty: none."
    )


def results_out(result: WaveResult, wave: Wave, contract: ContractStub) -> ResultsOut:
    """A result as the interface shows it."""
    own = {name: getattr(result, name) for name in ResultsOut.model_fields if hasattr(result, name)}
    of_wave = {name: getattr(wave, name) for name in ResultsOut.model_fields if hasattr(wave, name)}
    weights = {name: result.weights.get(name) for name in WeightsOut.model_fields}
    empty: dict[str, Any] = {"margins": [], "merged": {}, "collapsed_strata": [], "unknown_share": {}}
    named = {
        "contract_title": contract.title,
        "provider_name": contract.provider_name,
        "weights": {**weights, **{name: weights[name] or none for name, none in empty.items()}}
        if "deff" in result.weights
        else None,
        "representativity": result.representativity or None,
        "comparison": {"wave_id": None, "why_not": []} | result.comparison,
        "quality": {"flagged": None, "flagged_share": None, "flags": {}} | result.quality,
        "ledger_root": None if result.ledger_root is None else result.ledger_root.hex(),
    }
    return ResultsOut(**{**of_wave, **own, **named})
