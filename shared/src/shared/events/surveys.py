"""Events of the surveys service: waves and what the citizens said in them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import EventData, event

__all__ = ["Estimate", "WaveClosed", "WaveOpened", "WaveState"]


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


@event("surveys.wave.closed.v1", kind="state")
class WaveClosed(WaveState):
    """A wave was closed; its estimates are handed over."""

    closed_at: datetime
    n: int = Field(ge=0, description="Accepted answers.")
    response_rate: float | None = Field(None, description="AAPOR RR1; null for an open link.")
    estimates: tuple[Estimate, ...]
    policy: str = Field(description="The gate that decided the status: score-v1.")
