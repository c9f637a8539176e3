"""The rules of dual monitoring (双监控). Pure: figures in, findings out.

Source: 中发〔2018〕34号 (monitoring of the goals' progress and of budget execution); thresholds, distance and clock are
those of the contract's rule set.
"""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from contracts.monitoring.parameters import MonitoringParameters

__all__ = ["Finding", "Goal", "attainment", "findings_of", "progress_of", "threshold_of"]

_CENT = Decimal("0.01")
_FULL = Decimal(100)


class Goal(NamedTuple):
    """An agreed indicator with its latest value; None while nothing was observed."""

    direction: str
    target: Decimal
    zero_at: Decimal | None
    weight: Decimal
    value: Decimal | None


class Finding(NamedTuple):
    """A reason for an alert, in per cent."""

    kind: str
    execution: Decimal
    threshold: Decimal
    progress: Decimal | None


def attainment(goal: Goal) -> Decimal | None:
    """How far the target is reached, 0 to 100 per cent; None without a value.

    direction higher: value / target; lower: 100 at the target or below, falling to 0 at `zero_at`.
    """
    if goal.value is None:
        return None
    if goal.direction == "higher":
        share = goal.value / goal.target if goal.target > 0 else Decimal(1)
    elif goal.value <= goal.target:
        share = Decimal(1)
    elif goal.zero_at is None or goal.zero_at <= goal.target:
        share = Decimal(0)
    else:
        share = (goal.zero_at - goal.value) / (goal.zero_at - goal.target)
    return min(max(share * _FULL, Decimal(0)), _FULL)


def progress_of(goals: Iterable[Goal]) -> Decimal | None:
    """Weighted mean attainment of the goals that were observed, two decimals; None when none was.

    A goal without a value is left out and not counted as 0: a missing figure is a gap in the reports, not in the work.
    """
    reached = [(goal.weight, share) for goal in goals if (share := attainment(goal)) is not None]
    weight = sum((w for w, _ in reached), Decimal(0))
    if weight == 0:
        return None
    total = sum((w * share for w, share in reached), Decimal(0))
    return (total / weight).quantize(_CENT, ROUND_HALF_UP)


def threshold_of(month: date, parameters: MonitoringParameters) -> Decimal | None:
    """The least execution at the end of a month in per cent; None when the rule names none for it.

    The rule names points in the year; a month between two is held to the one before it.
    """
    reached = [step for step in parameters.execution if step[0] <= month.month]
    return max(reached)[1] if reached else None


def findings_of(
    *,
    month: date,
    year_execution: Decimal | None,
    execution: Decimal | None,
    progress: Decimal | None,
    parameters: MonitoringParameters,
) -> list[Finding]:
    """What is alarming at the end of a month.

    `year_execution`: of the year's budget; `execution`: of the whole contract, which is what the progress of its goals
    is compared with. Each in per cent, None where it is not known: then nothing is found.
    """
    found = []
    threshold = threshold_of(month, parameters)
    if threshold is not None and year_execution is not None and year_execution < threshold:
        found.append(Finding("executionBelowThreshold", year_execution, threshold, progress))
    if execution is not None and progress is not None and abs(progress - execution) > parameters.gap_points:
        found.append(Finding("progressGap", execution, parameters.gap_points, progress))
    return found
