"""Waves over HTTP."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, StrictBool, StrictInt, StringConstraints, model_validator

from shared.web import Model, Out
from surveys.waves.declared import Independence, Margin, Quota, Stratum, check_margins
from surveys.waves.queries import ContractStub, Wave

__all__ = ["OpenWaveIn", "Stratum", "WaveOut", "wave_out"]

Count = Annotated[StrictInt, Field(ge=1, le=2_000_000_000)]
Kind = Literal["needs", "midterm", "completion", "followUp"]
Design = Literal["census", "probability", "open_link"]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class OpenWaveIn(Model):
    """A wave to be opened by hand."""

    contract_id: UUID = Field(description="The contract whose recipients are asked.")
    kind: Kind = Field(description="Which of the four waves.", examples=["followUp"])
    design: Design = Field(
        description="Decides what may be claimed later: everybody was asked, a random sample, or whoever came."
    )
    instrument_id: str = Field("public-service-core", max_length=48, description="Code of the questionnaire.")
    instrument_version: str | None = Field(None, max_length=32, description="By default the newest.")
    languages: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)] | None = Field(
        None, description="Languages offered (BCP 47); by default every one that is complete."
    )
    population: Count | None = Field(
        None, description="N, recipients in the frame; a census takes the contract's beneficiaries by default."
    )
    invited: Count | None = Field(None, description="Recipients drawn into a probability sample.")
    strata: Annotated[tuple[Stratum, ...], Field(max_length=200)] = Field(
        (), description="Strata of a probability sample; their sizes sum to the population."
    )
    opens_at: AwareDatetime | None = Field(None, description="By default now.")
    closes_at: AwareDatetime | None = Field(None, description="By default after the number of days in the settings.")
    grace_hours: Annotated[StrictInt, Field(ge=0, le=1000)] | None = Field(
        None, description="Hours after closes_at in which batches collected in time are taken; then the wave freezes."
    )
    anonymous: StrictBool = Field(
        True, description="True: nothing leads from an answer to the token or the person that it came from."
    )
    target_population: Sentence | None = Field(None, description="Whom the wave speaks about, in words.")
    sampling_frame: Sentence | None = Field(None, description="The list that they were taken from, in words.")
    margins: Annotated[tuple[Margin, ...], Field(max_length=5)] = Field(
        (), description="What the answers are weighted to; at most five, better two or three."
    )
    quotas: Annotated[tuple[Quota, ...], Field(max_length=5)] = Field((), description="What the field work aims at.")
    independence: Independence = Field(Independence(), description="Who was present at the answers.")
    publication_policy: Literal["publish-v1"] = Field(
        "publish-v1", description="The gate that everything published from the wave passes."
    )

    @model_validator(mode="after")
    def _design_fits(self) -> Self:
        if self.design == "probability":
            if self.population is None or self.invited is None:
                raise ValueError("a probability sample states its population and how many were invited")
            if self.invited > self.population:
                raise ValueError("more were invited than the population has")
        elif self.invited is not None or self.strata:
            raise ValueError("only a probability sample has invited and strata")
        check_margins(self.margins)
        if self.strata:
            codes = [stratum.code for stratum in self.strata]
            if len(set(codes)) < len(codes):
                raise ValueError("a stratum is there twice")
            if sum(stratum.population for stratum in self.strata) != self.population:
                raise ValueError("the sizes of the strata must sum to the population")
        return self


class WaveOut(Out):
    """A wave."""

    id: UUID = Field(description="Id of the wave.")
    version: int = Field(description="Version of the wave; its ETag.")
    contract_id: UUID = Field(description="The contract whose recipients are asked.")
    contract_title: str = Field(description="What was bought.")
    purchaser_name: str = Field(description="Who bought it.")
    provider_name: str | None = Field(description="Who delivers it; null when not named yet.")
    region: str = Field(description="`<country>-<code>`, GB/T 2260 for China.", examples=["CN-230102"])
    simulated: bool = Field(description="True: the contract and everything about it are made up for demonstration.")
    kind: str = Field(description="needs | midterm | completion | followUp.")
    state: str = Field(description="open | closed.")
    opened_by: str = Field(description="event | schedule | hand.")
    instrument_id: str = Field(description="Code of the questionnaire.")
    instrument_version: str = Field(description="Version of the questionnaire.")
    instrument_sha256: str = Field(description="Hash of the questionnaire that the wave pinned.")
    languages: list[str] = Field(description="Languages offered (BCP 47).")
    design: str = Field(description="census | probability | open_link.")
    population: int | None = Field(description="N, recipients in the frame; null when unknown.")
    invited: int | None = Field(description="Size of the probability sample; null otherwise.")
    strata: list[Stratum] = Field(description="Strata of the probability sample.")
    opens_at: datetime = Field(description="The public may answer from here on.")
    closes_at: datetime = Field(description="End for the public.")
    freezes_at: datetime = Field(description="End for batches that were collected in time; then the wave is closed.")
    closed_at: datetime | None = Field(description="When it was closed; null while it is open.")
    anonymous: bool = Field(description="True: nothing leads from an answer to a token or a person.")
    target_population: str | None = Field(description="Whom the wave speaks about, in words.")
    sampling_frame: str | None = Field(description="The list that they were taken from, in words.")
    margins: list[Margin] = Field(description="What the answers are weighted to.")
    quotas: list[Quota] = Field(description="What the field work aims at.")
    independence: Independence = Field(description="Who was present at the answers.")
    publication_policy: str = Field(description="The gate that everything published from the wave passes.")
    cautions: list[str] = Field(
        description="Why no result of the wave is `ok`: provider_supervised, no_frame, frame_unaudited, "
        "frame_gap_paid_units, frame_gap_population, frame_gap_audit."
    )


def wave_out(wave: Wave, contract: ContractStub) -> WaveOut:
    """A wave as the interface shows it."""
    own = {name: getattr(wave, name) for name in WaveOut.model_fields if hasattr(wave, name)}
    return WaveOut(
        **own,
        contract_title=contract.title,
        purchaser_name=contract.purchaser_name,
        provider_name=contract.provider_name,
    )
