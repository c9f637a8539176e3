"""Bodies and answers about appeals."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, StrictBool, model_validator

from scoring.determinations.schemas import Justification, Panel
from scoring.results.schemas import DocumentIn
from shared.web import Figure, Model, Out

__all__ = [
    "AppealEntryOut",
    "AppealIn",
    "AppealOut",
    "CorrectionIn",
    "DecisionIn",
    "MarkOut",
    "MarksOut",
    "NewDeterminationIn",
    "ServiceOfDecisionIn",
    "SuspensionIn",
    "ValueOut",
    "WithdrawalIn",
]

Words = Annotated[str, Field(min_length=1, max_length=16_000)]


class AppealIn(Model):
    """An appeal to file."""

    against: Literal["determination", "flag_decision"] = Field(
        description="A determination, or the decision upon a flag of the evaluators' marks."
    )
    against_id: UUID = Field(description="Its id.")
    contract_id: UUID | None = Field(None, description="A flag's decision only: the contract of yours that it holds.")
    round_id: UUID | None = Field(None, description="A flag's decision only: its calibration round.")
    grounds: Words = Field(description="What is wrong, and what is asked for.")
    document: DocumentIn | None = Field(None, description="The signed appeal.")

    @model_validator(mode="after")
    def _named(self) -> Self:
        named = (self.contract_id is not None, self.round_id is not None)
        if named != ((True, True) if self.against == "flag_decision" else (False, False)):
            raise ValueError("contract_id and round_id come with a flag's decision, and only there")
        return self


class WithdrawalIn(Model):
    """Why an appeal is withdrawn."""

    reason: Words = Field(description="The reason.")


class SuspensionIn(Model):
    """An order about the suspension while the appeal is decided."""

    suspends: StrictBool = Field(description="Whether publication and money effects wait.")
    reason: Words = Field(description="Why; an order without reasons is none.")
    document: DocumentIn = Field(description="The signed order.")


class CorrectionIn(Model):
    """A mark that the appeal corrects."""

    evaluator_id: UUID = Field(description="Pseudonymous id of the evaluator, as `marks` shows it.")
    criterion: str = Field(min_length=1, max_length=64, description="Code of the criterion.")
    mark: Annotated[Figure, Field(ge=0, le=100)] = Field(description="The corrected mark, 0-100.", examples=["82.5"])
    reason: Words = Field(description="Why the mark was wrong.")


class DecisionIn(Model):
    """The decision upon an appeal. The caller decides, and is none of those who decided first."""

    outcome: Literal["upheld", "changed", "annulled", "remitted"] = Field(
        description="upheld: the decision stands; changed: it is replaced; annulled: it falls without another; "
        "remitted: the first authority decides anew."
    )
    reasons: Words = Field(description="Why.")
    decision_number: str = Field(
        min_length=1, max_length=100, description="Number of the signed decision.", examples=["哈财复〔2026〕3号"]
    )
    document: DocumentIn = Field(description="The signed decision.")
    flag_outcome: Literal["unfounded", "marks_stand", "second_evaluation"] | None = Field(
        None, description="What is decided upon the flag instead; with `changed` against a flag's decision only."
    )
    corrections: Annotated[list[CorrectionIn], Field(max_length=200)] = Field(
        default_factory=list, description="Marks that are corrected; `changed` only."
    )

    @model_validator(mode="after")
    def _only_changed(self) -> Self:
        if self.corrections and self.outcome != "changed":
            raise ValueError("marks are corrected where the result is changed")
        return self


class NewDeterminationIn(Model):
    """The determination that carries out a decision to change."""

    document_number: str = Field(min_length=1, max_length=100, description="Number of the signed document.")
    content_hash: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="The score row to pin; by default the newest."
    )
    panel: Panel | None = Field(None, description="A panel's decision, where the grade needs one.")
    reweighted: dict[str, Justification] = Field(
        {}, max_length=200, description="As in a determination: why evidence was impossible to obtain, by node."
    )
    softened_targets: dict[str, Justification] = Field(
        {}, max_length=200, description="As in a determination: why a target was softened, by indicator id."
    )


class ServiceOfDecisionIn(Model):
    """The decision was handed over."""

    served_at: AwareDatetime = Field(description="When it was received (RFC 3339 with its zone).")
    proof: DocumentIn = Field(description="The proof of service.")


class AppealEntryOut(Out):
    """One step of an appeal."""

    kind: str = Field(
        description="filed | withdrawn | suspension_lifted | suspension_ordered | decided | served | determined."
    )
    author: str = Field(description="Who did it.")
    words: str | None = Field(description="Reasons.")
    document_sha256: str | None = Field(description="SHA-256 of the document.")
    document_title: str | None = Field(description="Its title.")
    at: datetime = Field(description="When, UTC.")


class AppealOut(Out):
    """An appeal."""

    id: UUID = Field(description="Id.")
    version: int = Field(description="Version, the ETag.")
    contract_id: UUID = Field(description="The contract.")
    region: str = Field(description="`<country>-<code>`, the GB/T 2260 code for China.")
    simulated: bool = Field(description="Whether it is about simulated data.")
    against: str = Field(description="determination | flag_decision.")
    against_id: UUID = Field(description="Its id.")
    round_id: UUID | None = Field(description="The calibration round whose parameters decide.")
    side: str = Field(description="Who appeals: provider | purchaser.")
    filed_by: str = Field(description="Who filed it.")
    filed_at: datetime = Field(description="When, UTC.")
    file_by: date = Field(description="Last day for filing.")
    decide_by: date = Field(description="Last day for the decision.")
    grounds: str = Field(description="What is wrong, and what is asked for.")
    document_sha256: str | None = Field(description="SHA-256 of the signed appeal.")
    document_title: str | None = Field(description="Its title.")
    state: str = Field(description="filed | decided | withdrawn.")
    suspends: bool = Field(description="Whether publication and money effects wait.")
    clock: str | None = Field(description="What runs: decide | refile.")
    due_on: date | None = Field(description="Its last day, in working days.")
    outcome: str | None = Field(description="upheld | changed | annulled | remitted.")
    decision: str | None = Field(description="Reasons of the decision.")
    decision_number: str | None = Field(description="Number of the signed decision.")
    decided_by: str | None = Field(description="Who decided.")
    decided_at: datetime | None = Field(description="When, UTC.")
    corrections: list[dict[str, Any]] = Field(
        description="Marks that were corrected, with the fair values before and after."
    )
    new_determination_id: UUID | None = Field(description="The determination that carries it out.")
    served_at: datetime | None = Field(description="When the decision was served, UTC.")
    proof_of_service: str | None = Field(description="SHA-256 of the proof.")
    history: list[AppealEntryOut] | None = Field(description="Its steps; null in lists.")


class MarkOut(Out):
    """One evaluator's mark."""

    evaluator_id: UUID = Field(description="Pseudonymous id.")
    criterion: str = Field(description="Code of the criterion.")
    mark: float = Field(description="Mark as it was given, on 0-100.")
    evaluation_id: UUID = Field(description="The evaluation.")


class ValueOut(Out):
    """What a calibration round made of the marks of one criterion."""

    round_id: UUID = Field(description="The round.")
    criterion: str = Field(description="Code of the criterion, or `total`.")
    ratings: int = Field(description="Number of marks.")
    raw: float = Field(description="Their mean, 0-100.")
    fair: float | None = Field(description="Less the evaluators' severity, 0-100; null where calibration was refused.")
    shrunk: float | None = Field(description="Drawn to the mean of all, 0-100.")
    se: float | None = Field(description="Standard error of the fair value, points.")
    basis: str = Field(description="Which of them entered the score: fair | raw.")


class MarksOut(Out):
    """The raw and the calibrated marks of the case."""

    contract_id: UUID = Field(description="The contract.")
    raw: list[MarkOut] = Field(description="Every submitted mark.")
    calibrated: list[ValueOut] = Field(description="Raw, fair and shrunk side by side.")
