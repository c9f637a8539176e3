from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StrictInt, model_validator

from shared.web import Model, Out

__all__ = ["DeterminationIn", "DeterminationOut", "WouldNowBe"]

Six = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else f"{value:.6f}")]


class DeterminationIn(Model):
    """A score row to pin by a signed act. The caller is the signer."""

    contract_id: UUID = Field(description="The contract.")
    framework_id: str = Field(max_length=64, description="The framework.", examples=["cn-self-evaluation"])
    document_number: str = Field(
        min_length=1, max_length=100, description="Number of the signed document.", examples=["哈财绩〔2026〕17号"]
    )
    score_version: StrictInt | None = Field(
        None, ge=1, lt=2**31, description="Number of the score row that was read; refused when it is not the newest."
    )
    content_hash: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="Names one score row explicitly, also one that is not the newest."
    )
    replaces: UUID | None = Field(None, description="The determination that this one corrects.")
    reason: str | None = Field(
        None, min_length=1, max_length=4000, description="Why it is replaced: the correction or the appeal's decision."
    )

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if (self.replaces is None) != (self.reason is None):
            raise ValueError("a determination that replaces another states its reason, and only such a one does")
        return self


class WouldNowBe(Out):
    """What the live score says now; it changes nothing."""

    version: int = Field(description="Number of the newest score row.")
    stage: str = Field(description="Its stage.")
    score: Six = Field(description="Its score, 0-100, six decimals.")
    grade: str = Field(description="Its grade.")
    difference: str = Field(description="Its score less the determined one, six decimals with a sign.")
    content_hash: str = Field(description="Hash of its content.")


class DeterminationOut(Out):
    """A determination; it never changes."""

    id: UUID = Field(description="Id of the determination.")
    contract_id: UUID = Field(description="The contract.")
    framework_id: str = Field(description="The framework.")
    framework_version: str = Field(description="Its version.")
    framework_hash: str = Field(description="SHA-256 of its document.")
    region: str = Field(description="`<country>-<code>`, the GB/T 2260 code for China.")
    simulated: bool = Field(description="Whether any evidence that was used is simulated.")
    stage: str = Field(description="interim, completion or followUp.")
    score_version: int = Field(description="Number of the score row that is pinned.")
    score: Six = Field(description="The determined score, 0-100, six decimals.")
    grade: str = Field(description="The determined grade: excellent, good, fair or poor.")
    coverage: Six = Field(description="Share of the weight with evidence, 0-1.")
    content_hash: str = Field(description="SHA-256 of the pinned content.")
    chain_hash: str = Field(description="The pinned row in its chain.")
    evidence_cutoff: datetime = Field(description="Evidence that came in later is not in it, UTC.")
    document_number: str = Field(description="Number of the signed document.")
    signed_by: str = Field(description="Who signed: the subject of the caller's token.")
    issued_at: datetime = Field(description="When it was issued, UTC.")
    replaces: UUID | None = Field(description="The determination that it corrects.")
    reason: str | None = Field(description="Why it replaces that one.")
    replaced_by: UUID | None = Field(description="The determination that corrects it; null: it is the one in force.")
    would_now_be: WouldNowBe | None = Field(
        description="What the live score says now, for officers, when one is read; null when nothing differs."
    )
