"""Events of the scoring service about what follows: use of results, rectifications, appeals, their clocks."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Amount, EventData, event

__all__ = [
    "AppealChanged",
    "AppealDecided",
    "AppealFiled",
    "AppealState",
    "ClockDue",
    "ClockNotice",
    "ClockOverdue",
    "RectificationChanged",
    "RectificationFinding",
    "RectificationOpened",
    "RectificationReported",
    "RectificationResolved",
    "RectificationState",
    "ResultUseChanged",
    "ResultUseClosed",
    "ResultUseOpened",
    "ResultUseState",
]


class ResultUseState(EventData):
    """One consequence that a determination demands, at one version; base of its events."""

    result_use_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    determination_id: UUID
    rectification_id: UUID | None = Field(None, description="The rectification whose failure demands it.")
    region: str
    simulated: bool = False
    purchaser_id: UUID | None = None
    provider_id: UUID | None = None
    rule_set_id: str
    rule_set_version: str
    rule: str = Field(description="Code of the demand in its rule set.")
    kind: str = Field(description="support | improve | cut | withhold | payment | renewal | budget | publish.")
    basis: str = Field(description="grade (of the determination) | provider (grade of the provider's own sub-score).")
    grade: str | None = Field(None, description="The grade that demands it; null when there is none to go by.")
    adverse: bool
    money: bool = Field(description="Whether it moves money: such an effect waits while an appeal suspends it.")
    owner: str = Field(description="Who must act: finance | purchaser.")
    state: str = Field(description="open | blocked | suspended | applied | waived | void.")
    reason: str | None = Field(None, description="Why it is blocked, suspended, waived or void.")
    due_on: date | None = Field(None, description="Last day for it, by the calendar of working days.")
    appeal_id: UUID | None = Field(None, description="The appeal that suspends it.")
    previous_id: UUID | None = Field(None, description="The same demand of the determination that was replaced.")
    decision: str | None = Field(None, description="What was decided, one of the rule's choices.")
    amount: Amount | None = Field(None, description="Money that the decision moves, in `currency`.")
    currency: str | None = None
    document_sha256: str | None = Field(None, description="SHA-256 of the closing evidence.")
    recorded_at: datetime


@event("scoring.result_use.opened.v1", kind="state")
class ResultUseOpened(ResultUseState):
    """A determination in effect demands a consequence."""


@event("scoring.result_use.changed.v1", kind="state")
class ResultUseChanged(ResultUseState):
    """A demanded consequence was blocked, suspended, resumed or voided, or its time was extended."""


@event("scoring.result_use.closed.v1", kind="state")
class ResultUseClosed(ResultUseState):
    """A demanded consequence was applied, or waived with a reason."""


class RectificationFinding(BaseModel):
    """One thing to put right."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: str
    text: str
    result: str | None = Field(None, description="eliminated | not_eliminated | no_mechanism; null until resolved.")


class RectificationState(EventData):
    """A rectification at one version; base of its events."""

    rectification_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    region: str
    simulated: bool = False
    cause: str = Field(description="determination | finding | indicator | authorities | media | fiscal | public.")
    determination_id: UUID | None = None
    finding_id: UUID | None = Field(None, description="The contract's finding that opened it.")
    responsible: str = Field(description="Who must put it right: provider | purchaser.")
    state: str = Field(description="draft | active | addressed | declined | completed | closed | stopped | cancelled.")
    demand: str = Field(description="What must be done.")
    findings: tuple[RectificationFinding, ...] = ()
    report_due_on: date | None = Field(None, description="Last day of the elimination period, in working days.")
    reported_at: datetime | None = None
    resolution: str | None = Field(None, description="completely | partly | none.")
    effects: tuple[UUID, ...] = Field((), description="Consequences that an incomplete rectification opened.")
    recorded_at: datetime


@event("scoring.rectification.opened.v1", kind="state")
class RectificationOpened(RectificationState):
    """A rectification was opened."""


@event("scoring.rectification.changed.v1", kind="state")
class RectificationChanged(RectificationState):
    """A rectification went on: activated, concluded, stopped, resumed, completed, closed or cancelled."""


@event("scoring.rectification.reported.v1", kind="state")
class RectificationReported(RectificationState):
    """The responsible party reported what it has put right."""


@event("scoring.rectification.resolved.v1", kind="state")
class RectificationResolved(RectificationState):
    """It was judged whether the matter is put right: completely, partly or not at all."""


class AppealState(EventData):
    """An appeal at one version; base of its events."""

    appeal_id: UUID
    version: int = Field(ge=1)
    contract_id: UUID
    region: str
    simulated: bool = False
    against: str = Field(description="determination | flag_decision.")
    against_id: UUID
    side: str = Field(description="Who appeals: provider | purchaser.")
    state: str = Field(description="filed | decided | withdrawn.")
    suspends: bool = Field(description="Whether publication and money effects wait for the decision.")
    filed_at: datetime
    decide_by: date
    outcome: str | None = Field(None, description="upheld | changed | annulled | remitted.")
    decided_at: datetime | None = None
    new_determination_id: UUID | None = None
    recorded_at: datetime


@event("scoring.appeal.filed.v1", kind="state")
class AppealFiled(AppealState):
    """A party appealed."""


@event("scoring.appeal.changed.v1", kind="state")
class AppealChanged(AppealState):
    """An appeal was withdrawn or served, or its suspension was ordered or lifted."""


@event("scoring.appeal.decided.v1", kind="state")
class AppealDecided(AppealState):
    """An appeal was decided."""


class ClockNotice(EventData):
    """A clock of a consequence, a rectification, an appeal or an evaluation; base of its events."""

    notice_id: UUID
    noun: str = Field(description="result_use | rectification | appeal | evaluation_case.")
    noun_id: UUID
    contract_id: UUID
    region: str
    simulated: bool = False
    clock: str = Field(description="What runs out, for example `close`, `report`, `reply`, `decide`.")
    owner: str = Field(description="Who must act: finance | purchaser | provider | evaluator.")
    due_on: date
    recorded_at: datetime


@event("scoring.clock.due.v1", kind="fact")
class ClockDue(ClockNotice):
    """A time limit is about to run out; told once for each limit."""


@event("scoring.clock.overdue.v1", kind="fact")
class ClockOverdue(ClockNotice):
    """A time limit has run out; told once for each limit."""
