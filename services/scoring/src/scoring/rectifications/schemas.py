"""Bodies and answers about rectifications."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from scoring.results.schemas import DocumentIn
from shared.web import Model, Out

__all__ = [
    "ConclusionIn",
    "EntryOut",
    "FindingOut",
    "PostIn",
    "ReasonIn",
    "RectificationIn",
    "RectificationOut",
    "ReportIn",
    "ResolutionIn",
]

Words = Annotated[str, Field(min_length=1, max_length=8000)]
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")]


class FindingIn(Model):
    """One thing to put right."""

    code: Code = Field(description="Code, unique in the rectification.")
    text: Words = Field(description="What was found.")


class RectificationIn(Model):
    """A rectification to open by hand."""

    contract_id: UUID = Field(description="The contract.")
    cause: Literal["finding", "indicator", "authorities", "media", "fiscal", "public"] = Field(
        description="What gave the reason: a finding about the contract, a risk indicator, another authority, the "
        "media, fiscal supervision, the public."
    )
    finding_id: UUID | None = Field(None, description="The contract's finding; for that cause, and only then.")
    responsible: Literal["provider", "purchaser"] = Field(description="Who must put it right.")
    demand: Words = Field(description="What is looked into, and later what must be done.")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.cause == "finding") != (self.finding_id is not None):
            raise ValueError("finding_id names the finding where that is the cause, and only there")
        return self


class ConclusionIn(Model):
    """What the monitoring found; without findings the matter is declined."""

    findings: Annotated[list[FindingIn], Field(max_length=100)] = Field(description="What was found; empty: nothing.")
    demand: Words | None = Field(None, description="What must be done; with findings.")
    words: Words = Field(description="Reasons.")
    document: DocumentIn = Field(description="The signed conclusion.")

    @model_validator(mode="after")
    def _demanded(self) -> Self:
        if bool(self.findings) != (self.demand is not None):
            raise ValueError("findings come with what must be done about them")
        codes = [finding.code for finding in self.findings]
        if len(codes) != len(set(codes)):
            raise ValueError("each finding has a code of its own")
        return self


class ReportIn(Model):
    """What the responsible party has put right."""

    words: Words = Field(description="What was done.")
    document: DocumentIn = Field(description="The proof.")


class FindingResultIn(Model):
    """What became of one finding."""

    code: Code = Field(description="Code of the finding.")
    result: Literal["eliminated", "not_eliminated", "no_mechanism"] = Field(
        description="eliminated | not_eliminated | no_mechanism (it cannot be undone)."
    )


class ResolutionIn(Model):
    """Whether the matter is put right."""

    resolution: Literal["completely", "partly", "none"] = Field(description="completely | partly | none.")
    results: Annotated[list[FindingResultIn], Field(max_length=100)] = Field(description="One for each finding.")
    words: Words = Field(description="Reasons.")
    document: DocumentIn = Field(description="The signed resolution.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        eliminated = sum(each.result == "eliminated" for each in self.results)
        told = "completely" if eliminated == len(self.results) else "partly" if eliminated else "none"
        if self.results and told != self.resolution:
            raise ValueError(f"by its findings it is put right {told}, not {self.resolution}")
        return self


class PostIn(Model):
    """A question, or an answer to one."""

    words: Words = Field(description="The text.")
    answers: UUID | None = Field(None, description="The question that it answers.")
    document: DocumentIn | None = Field(None, description="An attachment.")


class ReasonIn(Model):
    """Why."""

    reason: Words = Field(description="The reason.")


class FindingOut(Out):
    """One thing to put right."""

    code: str = Field(description="Code.")
    text: str = Field(description="What was found.")
    result: str | None = Field(description="eliminated | not_eliminated | no_mechanism; null until resolved.")


class EntryOut(Out):
    """One step of the history."""

    id: UUID = Field(description="Id of the step; an answer names the question's.")
    kind: str = Field(
        description="opened | activated | cancelled | concluded | question | answer | reported | resolved | completed "
        "| closed | stopped | resumed."
    )
    author: str = Field(description="Who did it.")
    side: str = Field(description="On whose side: authority | provider | purchaser | system.")
    words: str | None = Field(description="What was said.")
    document_sha256: str | None = Field(description="SHA-256 of the document.")
    document_title: str | None = Field(description="Its title.")
    reply_by: date | None = Field(description="A question: day until which an answer is asked for (information only).")
    answers: UUID | None = Field(description="An answer: the question.")
    at: datetime = Field(description="When, UTC.")


class RectificationOut(Out):
    """A rectification."""

    id: UUID = Field(description="Id.")
    version: int = Field(description="Version, the ETag.")
    contract_id: UUID = Field(description="The contract.")
    region: str = Field(description="`<country>-<code>`, the GB/T 2260 code for China.")
    simulated: bool = Field(description="Whether it is about simulated data.")
    purchaser_id: UUID | None = Field(description="The purchaser.")
    provider_id: UUID | None = Field(description="The provider.")
    cause: str = Field(description="determination | finding | indicator | authorities | media | fiscal | public.")
    determination_id: UUID | None = Field(description="The determination that opened it.")
    finding_id: UUID | None = Field(description="The contract's finding that opened it.")
    use_id: UUID | None = Field(description="The use of a result that it carries out.")
    responsible: str = Field(description="Who must put it right: provider | purchaser.")
    rule_set_id: str = Field(description="Rule set whose clocks it follows.")
    rule_set_version: str = Field(description="Its version.")
    state: str = Field(
        description="draft | active | addressed (violations found) | declined (none) | completed | closed | stopped | "
        "cancelled."
    )
    demand: str = Field(description="What must be done.")
    findings: list[FindingOut] = Field(description="What was found.")
    clock: str | None = Field(description="What runs: monitor | report | close.")
    due_on: date | None = Field(description="Its last day, in working days.")
    reported_at: datetime | None = Field(description="When the party last reported, UTC.")
    resolution: str | None = Field(description="completely | partly | none.")
    effects: list[UUID] = Field(description="Uses of results that an incomplete rectification opened.")
    opened_at: datetime = Field(description="When it was opened, UTC.")
    opened_by: str = Field(description="Who opened it.")
    actions: list[str] = Field(description="What can be done next.")
    history: list[EntryOut] | None = Field(description="Its steps; null in lists.")
