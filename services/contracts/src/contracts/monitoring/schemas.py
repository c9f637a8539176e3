"""Bodies and answers about monitoring."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.web import Figure, Model, Out

__all__ = ["AlertKind", "AlertOut", "AlertState", "DecisionIn", "MonitoringOut"]

AlertKind = Literal["executionBelowThreshold", "progressGap"]
AlertState = Literal["open", "suspended", "decided"]


class DecisionIn(Model):
    """What is done about an alert."""

    decision: Literal["continue", "transfer", "cancel"] = Field(
        description="continue (继续执行) | transfer (调剂: move the budget) | cancel (取消: end the contract)."
    )
    reason: str = Field(min_length=1, max_length=2000, description="Why.")


class AlertOut(Out):
    """An alert; figures in per cent, those of the last day of the month."""

    id: UUID = Field(description="Id of the alert.")
    version: int = Field(description="Version; the ETag.")
    contract_id: UUID = Field(description="Contract.")
    region: str = Field(description="Its region.")
    kind: str = Field(
        description="executionBelowThreshold (of the year's budget) | progressGap (goals against execution)."
    )
    month: date = Field(description="First day of the month that was monitored.")
    execution: Figure = Field(description="Execution in per cent: of the year's budget, or of the contract for a gap.")
    threshold: Figure = Field(description="Least execution in per cent, or largest distance in percentage points.")
    progress: Figure | None = Field(description="Progress of the goals in per cent; null when nothing was observed.")
    rule: str = Field(description="Version and source of the rule.")
    state: str = Field(description="open | suspended (nobody decided in time) | decided.")
    decision: str | None = Field(description="continue | transfer | cancel.")
    reason: str | None = Field(description="Why it was decided so.")
    decided_by: str | None = Field(description="Who decided.")
    opened_at: datetime = Field(description="When it was raised.")
    decide_by: date = Field(description="Last day for a decision (working days of the rule).")
    suspended_at: datetime | None = Field(description="When the contract was suspended because of it.")
    decided_at: datetime | None = Field(description="When it was decided.")


class MonitoringOut(Out):
    """Both monitors of a contract at the end of a month, in per cent."""

    contract_id: UUID = Field(description="Contract.")
    month: date = Field(description="First day of the month.")
    year_execution: Figure | None = Field(
        description="Paid less refunded of the year / the year's budget; null while the budget is unknown."
    )
    threshold: Figure | None = Field(description="Least execution by the rule; null when it names none.")
    execution: Figure | None = Field(description="Paid less refunded so far / contract value.")
    progress: Figure | None = Field(description="Weighted mean attainment of the observed output and benefit goals.")
    goals: int = Field(description="Agreed output and benefit goals.")
    observed: int = Field(description="Of these, observed so far.")
    findings: list[AlertKind] = Field(description="What is alarming.")
    rule: str | None = Field(description="Rule set, rule and source; null where the rule set has no such rule.")
