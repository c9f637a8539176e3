"""Complaints over HTTP, with the field names of Open311 GeoReport v2 where it has them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints

from shared.web import Model, Out
from surveys.complaints.queries import Case, Counts, Entry
from surveys.kernel.intervals import wilson
from surveys.kernel.poisson import poisson_interval

__all__ = [
    "CodeIn",
    "ComplaintIn",
    "ComplaintOut",
    "ComplaintReceipt",
    "ContactOut",
    "EntryOut",
    "FollowUpOut",
    "OutcomeIn",
    "RatesOut",
    "TriageIn",
    "WordsIn",
    "case_fields",
    "complaint_out",
    "follow_up_out",
    "rates_out",
]

Kind = Literal["complaint", "suggestion", "praise", "report"]
ServiceCode = Literal["quality", "timeliness", "staff", "access", "information", "cost", "safety", "integrity", "other"]
Severity = Literal["low", "normal", "high", "urgent"]
# PostgreSQL's text cannot hold the character NUL.
Words = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\u0000]*$")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\u0000]*$")]
CodeText = Annotated[str, StringConstraints(min_length=1, max_length=40)]
PER = 1000


class ComplaintIn(Model):
    """What a citizen says about a contract's service."""

    contract_id: UUID = Field(description="The contract that the service is delivered under.")
    kind: Kind = Field(
        description="complaint, suggestion, praise, or report (of wrongdoing; the provider never sees it)."
    )
    service_code: ServiceCode = Field("other", description="What it is about (Open311).")
    description: Words = Field(description="In the citizen's own words; numbers that name a person are not kept.")
    address: Short | None = Field(None, description="Where it happened (Open311).")
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)] | None = (
        Field(None, description="Language it is written in (BCP 47).")
    )
    contact: Short | None = Field(
        None, description="Telephone or mail, if the citizen wants to be reached: sealed apart, deleted after the case."
    )


class ComplaintReceipt(Out):
    """What the citizen takes home."""

    service_request_id: UUID = Field(description="Id of the case (Open311).")
    code: str = Field(description="Receipt code: whoever has it can follow the case and say whether it is settled.")
    requested_datetime: datetime = Field(description="When it was received (Open311).")
    expected_datetime: datetime | None = Field(description="When it must be answered (Open311); null for praise.")
    simulated: bool = Field(description="True: the contract is made up for demonstration.")


class EntryOut(Out):
    """One step of a case."""

    at: datetime = Field(description="When.")
    kind: str = Field(
        description="received | triaged | replied | closed | asked | resolved | not_resolved | reopened …"
    )
    author: str = Field(description="citizen | provider | officer | system.")
    words: str | None = Field(description="What was said, redacted; null when nothing was.")


class FollowUpOut(Out):
    """A case as its citizen sees it."""

    service_request_id: UUID = Field(description="Id of the case (Open311).")
    kind: str = Field(description="complaint | suggestion | praise | report.")
    service_code: str = Field(description="What it is about (Open311).")
    service_name: str = Field(description="What was bought: the contract's title (Open311).")
    description: str = Field(description="The redacted text (Open311).")
    address: str | None = Field(description="Where it happened (Open311).")
    status: str = Field(description="open | closed (Open311).")
    status_notes: str | None = Field(description="What was done, said at the closing (Open311).")
    agency_responsible: str = Field(description="The purchaser (Open311).")
    requested_datetime: datetime = Field(description="When it was received (Open311).")
    updated_datetime: datetime = Field(description="When somebody last acted on it (Open311).")
    expected_datetime: datetime | None = Field(description="When it must be answered (Open311); null for praise.")
    outcome: str | None = Field(description="resolved (the citizen says so) | unconfirmed (asked twice, no answer).")
    outcome_asked: bool = Field(description="True: the citizen may say now whether the matter is settled.")
    reopened: int = Field(description="How often it was opened again.")
    simulated: bool = Field(description="True: the contract is made up for demonstration.")
    history: list[EntryOut] = Field(description="The steps in order.")


class ComplaintOut(FollowUpOut):
    """A case as the staff and the provider see it."""

    version: int = Field(description="Version of the case.")
    contract_id: UUID = Field(description="The contract.")
    provider_name: str | None = Field(description="Who delivers the service.")
    region: str = Field(description="`<country>-<code>`, GB/T 2260 for China.", examples=["CN-230102"])
    severity: str = Field(description="low | normal | high | urgent; decides the time for the answer.")
    overdue: bool = Field(description="True: the time has run out without a reply.")
    asked: int = Field(description="How often the citizen was asked since the last closing (0-2).")


class ContactOut(Out):
    """How to reach the citizen."""

    contact: str | None = Field(description="As the citizen wrote it; null when none was given or it was deleted.")


class TriageIn(Model):
    """How pressing a case is."""

    severity: Severity = Field(description="Decides the time for the answer.")
    service_code: ServiceCode | None = Field(None, description="What it is about; by default unchanged.")


class WordsIn(Model):
    """What is said to the citizen."""

    words: Words = Field(description="Shown to the citizen, redacted.")


class CodeIn(Model):
    """A receipt code; it travels in the body, never in an address."""

    code: CodeText = Field(description="The receipt code.", examples=["4T7B-M2XK-9QD"])


class OutcomeIn(CodeIn):
    """Whether the matter is settled."""

    resolved: StrictBool = Field(description="True ends the case, false opens it again.")
    comment: Words | None = Field(None, description="In the citizen's own words.")


class RateOut(Out):
    """Cases of one kind, and what became of them. A reopened case counts with its last round."""

    kind: str = Field(description="complaint | suggestion | praise | report.")
    received: int = Field(description="Cases.")
    per_1000: float | None = Field(
        description="Cases per 1,000 beneficiaries, over the contracts that name them; null when none does."
    )
    per_1000_interval: tuple[float, float] | None = Field(description="Exact Poisson interval, 95 % (Garwood 1936).")
    on_time: float | None = Field(description="Share answered in time among those answered or overdue, 0-1.")
    on_time_interval: tuple[float, float] | None = Field(description="Wilson interval, 95 %.")
    closed: int = Field(description="Cases that are closed now.")
    confirmed: float | None = Field(description="Share of ended cases that the citizen confirmed as settled, 0-1.")
    confirmed_interval: tuple[float, float] | None = Field(description="Wilson interval, 95 %.")
    reopened: int = Field(description="Cases that were opened again at least once.")


class RatesOut(Out):
    """Rates of a contract or of a provider's contracts."""

    contracts: int = Field(description="Contracts counted.")
    contracts_with_beneficiaries: int = Field(description="Those that name how many people they serve.")
    beneficiaries: int = Field(description="Sum of these.")
    rates: list[RateOut] = Field(description="One row per kind that has cases.")


def case_fields(case: Case, entries: list[EntryOut]) -> dict[str, object]:
    """What everybody who may see a case sees of it."""
    complaint, contract = case.complaint, case.contract
    asked = complaint.status == "closed" and complaint.kind != "praise" and complaint.outcome != "resolved"
    return {
        "service_request_id": complaint.id,
        "kind": complaint.kind,
        "service_code": complaint.service_code,
        "service_name": contract.title,
        "description": complaint.description,
        "address": complaint.address,
        "status": complaint.status,
        "status_notes": complaint.status_notes,
        "agency_responsible": contract.purchaser_name,
        "requested_datetime": complaint.requested_at,
        "updated_datetime": complaint.updated_at,
        "expected_datetime": complaint.expected_at,
        "outcome": complaint.outcome,
        "outcome_asked": asked,
        "reopened": complaint.reopened,
        "simulated": complaint.simulated,
        "history": entries,
    }


def entries_out(entries: "list[Entry]") -> list[EntryOut]:
    """The steps as the interface shows them."""
    return [EntryOut.model_validate(entry) for entry in entries]


def follow_up_out(case: Case, entries: "list[Entry]") -> FollowUpOut:
    """A case as its citizen sees it."""
    return FollowUpOut.model_validate(case_fields(case, entries_out(entries)))


def complaint_out(case: Case, entries: "list[Entry]", *, now: datetime) -> ComplaintOut:
    """A case as the staff and the provider see it."""
    complaint = case.complaint
    expected = complaint.expected_at
    own = {
        "version": complaint.version,
        "contract_id": complaint.contract_id,
        "provider_name": case.contract.provider_name,
        "region": complaint.region,
        "severity": complaint.severity,
        "overdue": complaint.replied_at is None and expected is not None and expected < now,
        "asked": complaint.asked,
    }
    return ComplaintOut.model_validate(case_fields(case, entries_out(entries)) | own)


def rates_out(counts: list[Counts], *, contracts: int, named: int, beneficiaries: int) -> RatesOut:
    """Rates with their intervals."""
    return RatesOut(
        contracts=contracts,
        contracts_with_beneficiaries=named,
        beneficiaries=beneficiaries,
        rates=[_rate(each, beneficiaries) for each in counts],
    )


def _rate(counts: Counts, beneficiaries: int) -> RateOut:
    per = poisson_interval(counts.exposed, beneficiaries / PER) if beneficiaries else None
    ended = counts.resolved + counts.unconfirmed
    return RateOut(
        kind=counts.kind,
        received=counts.received,
        per_1000=PER * counts.exposed / beneficiaries if beneficiaries else None,
        per_1000_interval=(per.low, per.high) if per else None,
        on_time=counts.on_time / counts.due if counts.due else None,
        on_time_interval=_wilson(counts.on_time, counts.due),
        closed=counts.closed,
        confirmed=counts.resolved / ended if ended else None,
        confirmed_interval=_wilson(counts.resolved, ended),
        reopened=counts.reopened,
    )


def _wilson(count: int, n: int) -> tuple[float, float] | None:
    if not n:
        return None
    found = wilson(count / n, n)
    return found.low, found.high
