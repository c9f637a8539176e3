"""Answers about what a contract's results led to."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from shared.web import Money, Out

__all__ = [
    "AppealView",
    "ContractResultsOut",
    "DeterminationView",
    "EffectsOut",
    "NoticeView",
    "RectificationView",
    "ResultUseView",
]


class DeterminationView(Out):
    """A determination and where it stands."""

    determination_id: UUID = Field(description="Id, as scoring has it.")
    framework_id: str = Field(description="The framework.")
    stage: str = Field(description="interim | completion | followUp.")
    score: str = Field(description="0-100, six decimals.")
    grade: str = Field(description="The grade that binds.")
    label: str | None = Field(description="firm | indicative | undetermined.")
    provider_grade: str | None = Field(description="Grade of what the provider alone answers for.")
    document_number: str = Field(description="Number of the signed document.")
    issued_at: datetime = Field(description="When it was signed, UTC.")
    replaces: UUID | None = Field(description="The determination that it corrects.")
    replaced_by: UUID | None = Field(description="The one that corrects it.")
    effective_at: datetime | None = Field(description="When it takes effect, by its service; null: not served.")
    published_at: datetime | None = Field(description="When it was published.")
    annulled: bool = Field(description="Whether an appeal annulled it.")
    suspended: bool = Field(description="Whether an appeal suspends publication and money effects.")


class ResultUseView(Out):
    """A consequence that a determination demands."""

    result_use_id: UUID = Field(description="Id.")
    determination_id: UUID = Field(description="The determination.")
    kind: str = Field(description="support | improve | cut | withhold | payment | renewal | budget | publish.")
    basis: str = Field(description="grade | provider.")
    grade: str | None = Field(description="The grade that demands it.")
    owner: str = Field(description="Who must act: finance | purchaser.")
    state: str = Field(description="open | blocked | suspended | applied | waived | void.")
    reason: str | None = Field(description="Why it is blocked, suspended, waived or void.")
    due_on: date | None = Field(description="Last day.")
    decision: str | None = Field(description="What was decided.")
    amount: Money | None = Field(description="Money that the decision moves.")
    currency: str | None = Field(description="ISO 4217 code.")
    document_sha256: str | None = Field(description="SHA-256 of the closing evidence.")


class RectificationView(Out):
    """A rectification."""

    rectification_id: UUID = Field(description="Id.")
    cause: str = Field(description="determination | finding | indicator | authorities | media | fiscal | public.")
    responsible: str = Field(description="Who must put it right: provider | purchaser.")
    state: str = Field(description="active | addressed | declined | completed | closed | stopped.")
    demand: str = Field(description="What must be done.")
    report_due_on: date | None = Field(description="Last day of the elimination period.")
    reported_at: datetime | None = Field(description="When the party reported.")
    resolution: str | None = Field(description="completely | partly | none.")


class AppealView(Out):
    """An appeal."""

    appeal_id: UUID = Field(description="Id.")
    against: str = Field(description="determination | flag_decision.")
    against_id: UUID = Field(description="What it is against.")
    side: str = Field(description="Who appeals: provider | purchaser.")
    state: str = Field(description="filed | decided | withdrawn.")
    suspends: bool = Field(description="Whether publication and money effects wait.")
    decide_by: date = Field(description="Last day for the decision.")
    outcome: str | None = Field(description="upheld | changed | annulled | remitted.")
    new_determination_id: UUID | None = Field(description="The determination that carries it out.")


class NoticeView(Out):
    """A time limit that is about to run out, or has."""

    noun: str = Field(description="result_use | rectification | appeal.")
    noun_id: UUID = Field(description="Its id.")
    clock: str = Field(description="What runs out.")
    owner: str = Field(description="Who must act.")
    due_on: date = Field(description="Last day.")


class EffectsOut(Out):
    """What the determinations in force led to, in sum."""

    deducted: Money = Field(description="Payment that was deducted, in the contract's currency.")
    withheld: Money = Field(description="Payment or budget that is withheld.")
    cut: Money = Field(description="Budget that was cut.")
    renewal: str | None = Field(description="Decision about the next provider: renew, tender_anew, ...")
    budget: str | None = Field(description="Decision about the next budget line: increase, keep, reduce, cancel.")
    budget_amount: Money | None = Field(description="Amount of the next budget line.")
    open: int = Field(description="Consequences that are open.")
    rectifying: bool = Field(description="Whether something is being put right.")


class ContractResultsOut(Out):
    """What a contract's results led to."""

    contract_id: UUID = Field(description="The contract.")
    effects: EffectsOut | None = Field(description="In sum; null: the caller sees what is published only.")
    determinations: list[DeterminationView] = Field(description="Determinations in the order of issue.")
    uses: list[ResultUseView] = Field(description="What they demand.")
    rectifications: list[RectificationView] = Field(description="What is being put right.")
    appeals: list[AppealView] = Field(description="Appeals.")
    notices: list[NoticeView] = Field(description="Clocks that were told, in order.")
