"""Events of the surveys service: waves and what the citizens said in them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import EventData, event

__all__ = [
    "ComplaintUpdated",
    "Estimate",
    "WaveChange",
    "WaveClosed",
    "WaveOpened",
    "WaveQuality",
    "WaveState",
    "WaveWeights",
]


class WaveState(EventData):
    """A wave at one version; base of the wave events."""

    wave_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    region: str
    simulated: bool = False
    kind: str = Field(description="needs | midterm | completion | followUp.")
    instrument_id: str
    instrument_version: str
    instrument_sha256: str
    design: str = Field(description="census | probability | open_link.")
    population: int | None = Field(None, ge=0, description="N, recipients in the frame; null when unknown.")
    opens_at: datetime
    closes_at: datetime


@event("surveys.wave.opened.v1", kind="state")
class WaveOpened(WaveState):
    """A wave was opened for a contract."""


class Estimate(BaseModel):
    """One estimate of a closed wave, with its uncertainty and what it may be used for."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    item: str = Field(description="Code of the question, or `overall` for the instrument's headline item.")
    measure: str = Field(description="top2 (share 0-1) | index100 (0-100).")
    estimate: float | None = Field(description="Null when suppressed.")
    se: float | None = None
    df: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci_method: str | None = Field(
        None,
        description="korn-graubard | t | wilson | bounds (small census); null for an open link: no margin of error.",
    )
    n: int | None = Field(None, description="Answers to the item; null when below the threshold of disclosure.")
    n_eff: float | None = None
    status: str = Field(description="ok | caution | unreliable | suppressed.")
    reasons: tuple[str, ...] = ()
    option: str | None = Field(None, description="Of a choice: the option whose share this is; null otherwise.")
    weighting: float | None = Field(None, description="Kish's design effect of the weights, 1 without weighting.")
    unweighted: float | None = Field(None, description="The same measure without weights.")
    unweighted_se: float | None = Field(None, description="Its standard error as a simple random sample.")
    bounds_low: float | None = Field(None, description="Lowest possible value, whatever the silent would have said.")
    bounds_high: float | None = Field(None, description="Highest possible value, likewise (Manski).")
    nonresponse_se: float | None = Field(
        None, description="Component for non-response: declared, and at least |weighted - unweighted|."
    )
    se_total: float | None = Field(None, description="sqrt(se^2 + nonresponse_se^2): the error to score with.")
    target: float | None = Field(
        None,
        description="The value that the next fields speak of: what the contract agreed on satisfaction, else the "
        "setting's.",
    )
    tipping_point: float | None = Field(
        None, description="Mean of the silent that would put the population exactly at the target."
    )
    p_ge_target: float | None = Field(None, description="P(true value >= target), 0-1, with the whole error.")
    p_ge_target_sampling: float | None = Field(None, description="The same with the sampling error alone.")
    without_flagged: float | None = Field(None, description="The measure without the answers that quality flags name.")


class WaveWeights(BaseModel):
    """How the answers of a closed wave were weighted."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    method: str = Field(description="none | base | raking.")
    margins: tuple[str, ...] = Field((), description="Names of the margins that were met.")
    margins_sha256: str | None = Field(None, description="Hash of the margins with their population counts.")
    deff: float | None = Field(None, description="Kish's design effect of the weights.")
    n_eff: float | None = Field(None, description="Answers divided by it.")
    minimum: float | None = Field(None, description="Smallest weight: people that an answer stands for.")
    maximum: float | None = Field(None, description="Largest weight.")
    trimmed_share: float = Field(0.0, description="Share of the answers whose weight was held at a limit, 0-1.")
    error: str | None = Field(None, description="Why the margins could not be met; the estimates are unreliable then.")


class WaveChange(BaseModel):
    """What changed since the last closed wave with the same questionnaire, population and mode."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    item: str
    measure: str
    previous: float
    change: float = Field(description="This wave less the previous one, in the units of the measure.")
    se: float
    ci_low: float
    ci_high: float
    p: float = Field(description="Two-sided, of no change.")
    p_holm: float = Field(description="The same, adjusted for the number of measures that are compared (Holm).")


class WaveQuality(BaseModel):
    """Answers that the quality checks point at. None is deleted: the estimates are given with and without them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    flagged: int | None = Field(None, description="Answers with a flag; null when there are fewer than ten answers.")
    flagged_share: float | None = Field(None, description="Share of all answers, 0-1.")
    flags: dict[str, int] = Field(default_factory=dict, description="Answers per flag; an answer can have several.")


@event("surveys.wave.closed.v1", kind="state")
class WaveClosed(WaveState):
    """A wave was closed; its estimates are handed over."""

    closed_at: datetime
    n: int = Field(ge=0, description="Accepted answers.")
    response_rate: float | None = Field(None, description="AAPOR RR1; null for an open link.")
    estimates: tuple[Estimate, ...]
    policy: str = Field(description="The gate that decided the status: score-v1.")
    revision: int = Field(1, ge=1, description="1 at the closing; a recomputation is a new revision.")
    invited: int | None = Field(None, ge=0, description="Size of a probability sample; null otherwise.")
    dispositions: dict[str, int] = Field(default_factory=dict, description="Cases by AAPOR disposition.")
    rates: dict[str, float | None] = Field(default_factory=dict, description="AAPOR outcome rates, shares 0-1.")
    r_indicator: float | None = Field(None, description="Representativity of the response on the frame's variables.")
    weights: WaveWeights | None = None
    changes: tuple[WaveChange, ...] = ()
    quality: WaveQuality | None = None
    cautions: tuple[str, ...] = Field((), description="Reasons for which nothing of the wave may be called ok.")
    supervised: bool = Field(
        default=False, description="The provider supervised every answer: such a wave alone makes no score."
    )
    determinable: bool = Field(
        default=True, description="False for an open link: shown in a live score, never in a determined one."
    )
    ledger_root: str | None = Field(None, description="Root of the Merkle tree over the answers, hexadecimal.")
    ledger_size: int | None = Field(None, ge=0, description="Leaves of that tree.")
    results_sha256: str | None = Field(None, description="Hash of the results and of what they were computed from.")
    software_version: str | None = Field(None, description="Version of the service that computed the results.")


@event("surveys.complaint.updated.v1", kind="state")
class ComplaintUpdated(EventData):
    """A case of a citizen (complaint, suggestion, praise or report) at one version. No words and no person."""

    complaint_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    region: str
    simulated: bool = False
    kind: str = Field(description="complaint | suggestion | praise | report.")
    service_code: str = Field(
        description="quality | timeliness | staff | access | information | cost | safety | integrity | other."
    )
    severity: str = Field(description="low | normal | high | urgent.")
    status: str = Field(description="open | closed.")
    outcome: str | None = Field(
        None, description="resolved: the citizen confirmed it; unconfirmed: asked twice without an answer."
    )
    reopened: int = Field(0, ge=0, description="How often the case was opened again.")
    requested_at: datetime
    expected_at: datetime | None = Field(None, description="When an answer is due; null for praise.")
    replied_at: datetime | None = Field(None, description="The first reply since the case was opened last.")
    closed_at: datetime | None = None
