"""Bodies of acts on findings, and what is answered about them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.web import Model, Money, Out

__all__ = [
    "AppealIn",
    "ConclusionIn",
    "EffectIn",
    "EffectOut",
    "EntryOut",
    "FindingIn",
    "FindingOut",
    "LiabilityIn",
    "PostIn",
    "ReasonIn",
    "RegionStatisticsOut",
    "ReportIn",
    "ResolutionIn",
    "StatisticsOut",
    "SupervisionOut",
]

Words = Annotated[str, Field(min_length=1, max_length=8000)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Type = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9]{0,47}$")]
DECISIONS = {
    "payment": ("deduct", "penalty", "refund", "withhold"),
    "renewal": ("renew", "tenderAnew", "exclude"),
    "budget": ("keep", "reduce", "withhold", "cancel"),
}


class DocumentIn(Model):
    """A signed document by its hash."""

    sha256: Sha256 = Field(description="SHA-256 of the document.")
    title: str = Field(min_length=1, max_length=200, description="Title.")


class FindingIn(Model):
    """A matter to look into."""

    reason: Literal["inspection", "indicator", "authorities", "media", "fiscal", "public"] = Field(
        description="What gave cause: an inspection, a risk indicator, another authority, the media, fiscal "
        "supervision, the public."
    )
    inspection_id: UUID | None = Field(None, description="The inspection; for that reason, and only then.")
    responsible: Literal["provider", "purchaser"] = Field(description="Who would have to put it right.")
    demand: Words = Field(description="What is looked into, and later what must be done.")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.reason == "inspection") != (self.inspection_id is not None):
            raise ValueError("inspection_id names the inspection where that is the reason, and only there")
        return self


class ViolationIn(Model):
    """A violation."""

    type: Type = Field(description="Code of the rule set's list (GET /v1/contracts/{id}/supervision).")
    text: Words = Field(description="What was found, and against which term or article.")


class ConclusionIn(Model):
    """What was found; without violations the matter is declined."""

    violations: list[ViolationIn] = Field(max_length=100, description="What was found; empty: nothing.")
    demand: Words | None = Field(None, description="What must be done; with violations.")
    words: Words = Field(description="Reasons.")
    document: DocumentIn = Field(description="The signed conclusion.")

    @model_validator(mode="after")
    def _demanded(self) -> Self:
        if bool(self.violations) != (self.demand is not None):
            raise ValueError("violations come with the demand of what must be done about them")
        return self


class ReportIn(Model):
    """What the responsible party has put right."""

    words: Words = Field(description="What was done.")
    document: DocumentIn = Field(description="The proof.")


class ResolutionIn(Model):
    """The verification: what became of each violation, in the order of the conclusion."""

    results: list[Literal["eliminated", "not_eliminated", "no_mechanism"]] = Field(
        max_length=100, description="One for each violation, in their order; no_mechanism: it cannot be undone."
    )
    words: Words = Field(description="Reasons.")
    document: DocumentIn = Field(description="The signed resolution.")
    inspection_id: UUID | None = Field(None, description="Inspection that verified it on the spot.")


class PostIn(Model):
    """A question, or an answer to one."""

    words: Words = Field(description="The text.")
    answers: UUID | None = Field(None, description="The question that it answers.")
    document: DocumentIn | None = Field(None, description="An attachment.")


class ReasonIn(Model):
    """Why."""

    reason: Words = Field(description="The reason.")


class AppealIn(Model):
    """An appeal against the conclusion."""

    proceeding: Words = Field(description="Before whom, number of the case, date.")


class LiabilityIn(Model):
    """A report about liability (处理处罚)."""

    report_number: str = Field(min_length=1, max_length=200, description="Number of the report or decision.")
    words: Words | None = Field(None, description="What was decided.")
    document: DocumentIn | None = Field(None, description="The document.")


class EffectIn(Model):
    """What a finding leads to."""

    kind: Literal["payment", "renewal", "budget"] = Field(description="payment | renewal | budget.")
    decision: str = Field(
        max_length=20,
        description="payment: deduct | penalty | refund (booked in the ledger) | withhold; renewal: renew | tenderAnew "
        "| exclude; budget: keep | reduce | withhold | cancel.",
    )
    entry_id: UUID | None = Field(
        None, description="deduct, penalty, refund: the contract's ledger entry that carries it; its amount is taken."
    )
    amount: Annotated[Money, Field(ge=0, lt=10**16)] | None = Field(
        None, description="withhold and reduce: the amount, in the contract's currency.", examples=["5000.00"]
    )
    reason: Words = Field(description="Reason and legal basis.")
    document_sha256: Sha256 | None = Field(None, description="SHA-256 of the decision.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.decision not in DECISIONS[self.kind]:
            raise ValueError(f"a decision about {self.kind} is {' | '.join(DECISIONS[self.kind])}")
        if (self.decision in ("deduct", "penalty", "refund")) != (self.entry_id is not None):
            raise ValueError("deduct, penalty and refund name the ledger entry; nothing else does")
        if (self.decision in ("withhold", "reduce")) != (self.amount is not None):
            raise ValueError("withhold and reduce state the amount; nothing else does")
        return self


class ViolationOut(Out):
    """A violation."""

    type: str = Field(description="Code.")
    text: str = Field(description="What was found.")
    result: str | None = Field(description="eliminated | not_eliminated | no_mechanism; null until resolved.")


class EntryOut(Out):
    """One step of the history."""

    id: UUID = Field(description="Id of the step.")
    kind: str = Field(
        description="opened | activated | cancelled | concluded | question | answer | reported | resolved | appealed | "
        "liability | effect | completed | closed | stopped | resumed."
    )
    author: str = Field(description="Who did it (subject of the token).")
    side: str = Field(description="authority | provider | purchaser.")
    words: str | None = Field(description="What was said.")
    document_sha256: str | None = Field(description="SHA-256 of the document.")
    document_title: str | None = Field(description="Its title.")
    reply_by: date | None = Field(description="A question: day until which an answer is asked for (information only).")
    answers: UUID | None = Field(description="An answer: the question.")
    at: datetime = Field(description="When.")


class EffectOut(Out):
    """What a finding led to."""

    id: UUID = Field(description="Id.")
    kind: str = Field(description="payment | renewal | budget.")
    decision: str = Field(description="What was decided.")
    entry_id: UUID | None = Field(description="Ledger entry that carries it.")
    amount: Money | None = Field(description="Amount in the contract's currency.")
    currency: str = Field(description="ISO 4217 code.")
    reason: str = Field(description="Reason and legal basis.")
    document_sha256: str | None = Field(description="SHA-256 of the decision.")
    recorded_by: str = Field(description="Who recorded it.")
    recorded_at: datetime = Field(description="When.")


class FindingOut(Out):
    """A finding."""

    id: UUID = Field(description="Id.")
    version: int = Field(description="Version; the ETag.")
    contract_id: UUID = Field(description="Contract.")
    region: str = Field(description="Region of the contract.")
    simulated: bool = Field(description="Whether the contract is simulated.")
    inspection_id: UUID | None = Field(description="Inspection that led to it.")
    reason: str = Field(description="inspection | indicator | authorities | media | fiscal | public.")
    responsible: str = Field(description="provider | purchaser.")
    state: str = Field(
        description="draft | active | addressed (violations) | declined (none) | completed | closed | stopped | "
        "cancelled."
    )
    demand: str = Field(description="What is looked into, or must be done.")
    violations: list[ViolationOut] = Field(description="What was found.")
    rule: str = Field(description="Rule set and rule whose periods apply, with how surely it is known.")
    clock: str | None = Field(description="What runs: conclude | report | close.")
    due_on: date | None = Field(description="Its last day.")
    overdue: bool = Field(description="Whether that day is past.")
    concluded_at: datetime | None = Field(description="When it was concluded.")
    reported_at: datetime | None = Field(description="When the party reported.")
    resolution: str | None = Field(description="completely | partly | none.")
    resolved_at: datetime | None = Field(description="When it was verified.")
    appeal: dict[str, Any] | None = Field(description="{proceeding, at}.")
    liability: dict[str, Any] | None = Field(description="{report_number, at}.")
    opened_at: datetime = Field(description="When it was opened.")
    ended_at: datetime | None = Field(description="When it ended.")
    actions: list[str] = Field(description="What can be done now.")
    effects: list[EffectOut] | None = Field(description="What it led to; null in lists.")
    history: list[EntryOut] | None = Field(description="Its steps; null in lists.")
    rectification_id: UUID | None = Field(
        description="A rectification that scoring keeps for this finding, if one was opened there; null in lists."
    )


class SupervisionOut(Out):
    """The rule that findings of a contract follow."""

    contract_id: UUID = Field(description="Contract.")
    rule: str = Field(description="Rule set, rule, source, and how surely it is known.")
    parameters: dict[str, Any] = Field(description="Periods in `unit`, and the violations that it knows.")


class RegionStatisticsOut(Out):
    """Findings of one region and year of opening."""

    region: str = Field(description="Region of the contracts.")
    year: int = Field(description="Year of opening.")
    findings: int = Field(description="Findings that became active.")
    contracts: int = Field(description="Contracts that they are about.")
    simulated: int = Field(description="Of the findings, those about simulated contracts.")
    addressed: int = Field(description="Concluded with violations.")
    declined: int = Field(description="Concluded without any.")
    violations: int = Field(description="Violations found.")
    eliminated: int = Field(description="Violations put right.")
    resolved_completely: int = Field(description="Findings put right completely.")
    resolved_partly: int = Field(description="Findings put right in part.")
    resolved_none: int = Field(description="Findings not put right.")
    running: int = Field(description="Findings that have not ended.")
    overdue: int = Field(description="Of these, with a period that is past.")
    payment_effects: int = Field(description="Effects on a payment.")
    renewal_effects: int = Field(description="Effects on the choice of the next provider.")
    budget_effects: int = Field(description="Effects on the next budget.")
    with_effect: int = Field(description="Findings with at least one effect.")
    inspections: int = Field(description="Inspections that were carried out in the year.")
    amounts: dict[str, str] = Field(description="Money of payment effects by currency, two decimals.")


class StatisticsOut(Out):
    """Findings counted."""

    items: list[RegionStatisticsOut] = Field(description="By region and year.")
    violation_types: dict[str, int] = Field(description="Violations by their type, over all items.")
