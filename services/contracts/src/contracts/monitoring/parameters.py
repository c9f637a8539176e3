"""The rule of monitoring as a contract's rule set has it, and the settings of the process."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.rules.queries import RuleSet

__all__ = ["Monitoring", "MonitoringParameters", "monitoring", "parameters_in"]


@dataclass(frozen=True, slots=True)
class MonitoringParameters:
    """Thresholds of execution (month, per cent), the distance in percentage points, the time to decide and its end."""

    rule: str
    rule_sha256: str
    execution: tuple[tuple[int, Decimal], ...]
    gap_points: Decimal
    decide_within: int
    working_days: bool
    suspends: bool


def parameters_in(rules: RuleSet) -> MonitoringParameters | None:
    """The rule of kind executionMonitoring in a set; None where the set has none: then nothing is alarming."""
    rule = next((rule for rule in rules.rules if rule.kind == "executionMonitoring"), None)
    if rule is None:
        return None
    figures = rule.parameters
    return MonitoringParameters(
        rule=f"{rules.name} {rule.code}: {rule.source or 'convention'} ({rule.confidence.grade})",
        rule_sha256=rule.sha256,
        execution=tuple((step.through_month, step.below_percent) for step in figures.alerts),
        gap_points=figures.goal_gap_percent,
        decide_within=figures.decide_within,
        working_days=figures.decide_unit == "workingDays",
        suspends=figures.timeout == "suspend",
    )


class Monitoring(BaseSettings):
    """Read from the environment as GONGPING_MONITORING_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="GONGPING_MONITORING_", extra="ignore")

    chunk: int = Field(200, ge=1, description="Contracts that one transaction of the monitoring monitors.")


@cache
def monitoring() -> Monitoring:
    """The process's settings, read from the environment once."""
    return Monitoring()
