"""What is read of a contract: the aggregate as events carry it, and what guards and answers need beside it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.contracts.facts import Facts
from contracts.rules.queries import Clauses, Competition
from shared.auth import SYSTEM, Principal
from shared.events import ContractState, MilestoneState

__all__ = [
    "AmendmentRecord",
    "AuditRow",
    "ContractRecord",
    "CorrectionRecord",
    "ExternalIdRecord",
    "Observable",
    "PinnedRules",
    "ReportedMilestone",
]


class ReportedMilestone(MilestoneState):
    """A milestone with its last report's note; events carry the milestone without it."""

    note: str | None
    reported_at: datetime | None


@dataclass(frozen=True, slots=True)
class Observable:
    """An agreed indicator as its observations are read: target and zero in its unit, the term as it is now."""

    code: str
    unit: str
    level: str
    target: Decimal
    zero_at: Decimal | None
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class AmendmentRecord:
    """An amendment of a contract."""

    number: int
    external_id: str | None
    amended_on: str | None
    rationale: str | None
    description: str | None
    reason_code: str | None = None
    value_before: Decimal | None = None
    value_after: Decimal | None = None
    starts_on_before: date | None = None
    starts_on_after: date | None = None
    ends_on_before: date | None = None
    ends_on_after: date | None = None
    contract_version: int | None = None
    agreed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExternalIdRecord:
    """The id of a contract in a source system."""

    source: str
    id: str


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """A correction (更正) that was made; its values stand with it and not here."""

    id: UUID
    field: str
    version: int
    corrected_at: datetime


@dataclass(frozen=True, slots=True)
class PinnedRules:
    """The rule set that a contract pinned at its activation, and the verdicts that were not `kept` then."""

    id: str
    version: str
    sha256: str
    pinned_at: datetime
    at_signing: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class ContractRecord:
    """A contract at one version with everything that guards and answers need. `state` is what events carry.

    `viewer` is the caller for whom it was read: its answer leaves out what is withheld from that caller.
    """

    state: ContractState
    facts: Facts
    facts_version: int
    state_reason: str | None
    moved_at: datetime | None
    final_value: Decimal | None
    value_at_signing: Decimal | None
    competition: Competition | None
    clauses: Clauses | None
    rules: PinnedRules | None
    gaps: list[str]
    warnings: list[dict[str, str]]
    amendments: list[AmendmentRecord]
    external_ids: list[ExternalIdRecord]
    created_at: datetime
    updated_at: datetime
    viewer: Principal = SYSTEM
    corrections: list[CorrectionRecord] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act on a contract."""

    n: int
    id: UUID
    at: datetime
    subject: str
    organisation: UUID | None
    action: str
    fields: Any
