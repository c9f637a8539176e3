"""Results over HTTP."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared.events import Estimate
from shared.web import Out
from surveys.results.models import WaveResult
from surveys.waves.queries import ContractStub, Wave

__all__ = ["ResultsOut", "results_out"]


class ResultsOut(Out):
    """What a closed wave says."""

    wave_id: UUID = Field(description="The wave.")
    revision: int = Field(description="1 at the closing; a recomputation is a new revision.")
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
    dispositions: dict[str, int] = Field(description="Cases by AAPOR disposition.")
    rates: dict[str, float | None] = Field(description="AAPOR outcome rates, shares 0-1; null without a frame.")
    response_rate: float | None = Field(description="AAPOR RR1, share 0-1; null without a frame.")
    estimates: list[Estimate] = Field(description="Per item the top-2 share (0-1) and index100 (0-100).")
    no_opinion: dict[str, float | None] = Field(
        description="Share of the respondents without an opinion, per item; null below ten responses."
    )
    level: float = Field(description="Confidence level of the intervals.")
    policy: str = Field(description="The gate that decided the status of each estimate.")
    sha256: str = Field(description="Hash of the results and of what they were computed from.")
    closed_at: datetime = Field(description="When the wave was closed.")
    computed_at: datetime = Field(description="When this revision was computed.")


def results_out(result: WaveResult, wave: Wave, contract: ContractStub) -> ResultsOut:
    """A result as the interface shows it."""
    own = {name: getattr(result, name) for name in ResultsOut.model_fields if hasattr(result, name)}
    of_wave = {name: getattr(wave, name) for name in ResultsOut.model_fields if hasattr(wave, name)}
    named = {"contract_title": contract.title, "provider_name": contract.provider_name}
    return ResultsOut(**{**of_wave, **own, **named})
