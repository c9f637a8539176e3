"""What a round's document says of one column of marks: agreement, components, severities, contrasts."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.calibrations.columns import Column
from scoring.kernel.raters.alpha import AlphaInterval, alpha_interval
from scoring.kernel.raters.chance import agreement
from scoring.kernel.raters.fair import Calibration
from scoring.kernel.raters.gstudy import Components, dependability, generalisability, raters_needed
from scoring.kernel.raters.offer import Decision

__all__ = ["BANDS", "parts_of", "report", "severity_of", "six"]

Array = NDArray[np.float64]

BANDS: Final = (60.0, 80.0, 90.0)
"""Lower bounds of the ministry's grades 中, 良 and 优 (财预〔2020〕10号)."""


def severity_of(decision: Decision, raters: int, *, offered: bool) -> Array:
    """The severities that are taken out: none where calibration was refused."""
    if not offered or decision.calibration is None:
        return np.zeros(raters)
    return decision.calibration.severity


def report(column: Column, decision: Decision, *, offered: bool, seed: int) -> dict[str, Any]:
    """What the round's document says of one column; figures are six-decimal strings."""
    done = decision.calibration
    severity = severity_of(decision, len(column.evaluators), offered=offered)
    raw = alpha_interval(column.unit, column.mark, seed=seed)
    entered = raw
    if offered and done is not None:
        fair = alpha_interval(column.unit, column.mark - severity[column.rater], seed=seed)
        entered = _adjusted(fair, column, decision, done)
    told: dict[str, Any] = {
        "offered": decision.offered,
        "reason": decision.reason,
        "alpha": _alpha(entered),
        "alpha_raw": _alpha(raw),
        "ac2_grades": _ac2(column),
        "contrasts": [
            {
                "factor": each.factor,
                "between": [_name(column, each.factor, each.one), _name(column, each.factor, each.other)],
                "se": six(each.se),
            }
            for each in decision.contrasts
        ],
        "variances": None,
        "severities": {},
    }
    if done is not None:
        told |= _components(done, len(column.mark) / max(1, len(np.unique(column.unit))))
    if done is not None and offered:
        told["severities"] = {
            str(evaluator): {
                "points": six(done.severity[place]),
                "variance": six(done.severity_variance[place]),
                "marks": int((column.rater == place).sum()),
            }
            for place, evaluator in enumerate(column.evaluators)
        }
    return told


def _adjusted(fair: AlphaInterval, column: Column, decision: Decision, done: Calibration) -> AlphaInterval:
    """Alpha of fair marks, honest about the severities having been estimated from the same marks.

    Taking them out uses up degrees of freedom of the disagreement within cases, as in an adjusted R^2: it grows by
    (n - cases) / (n - cases - used). A severity that is known no better than before uses none.
    """
    known = decision.design.rater_fixed.any(axis=0).sum()
    if done.variances.rater > 0.0:
        known += float(np.clip(1.0 - done.severity_variance / done.variances.rater, 0.0, 1.0).sum())
    k = np.bincount(column.unit)
    free = float(k[k >= 2].sum() - (k >= 2).sum())
    factor = free / (free - known) if free > known else float("inf")
    value, lower, upper = (max(-1.0, 1.0 - (1.0 - each) * factor) for each in (fair.value, fair.lower, fair.upper))
    return AlphaInterval(value, lower, upper, fair.units, fair.draws)


def _components(done: Calibration, mean_raters: float) -> dict[str, Any]:
    found = done.variances
    parts = Components(found.unit, found.rater, found.residual)
    return {
        "variances": {
            "case": six(found.unit),
            "severity": six(found.rater),
            "residual": six(found.residual),
        },
        "icc": {
            "agreement_single": six(dependability(parts, raters=1)),
            "consistency_single": six(generalisability(parts, raters=1)),
            "agreement_mean": six(dependability(parts, raters=mean_raters)),
            "consistency_mean": six(generalisability(parts, raters=mean_raters)),
        },
        "raters_needed": {
            "raw": _needed(raters_needed(parts, wanted=0.8)),
            "calibrated": _needed(raters_needed(parts, wanted=0.8, calibrated=True)),
        },
    }


def _needed(value: float) -> str | None:
    return None if value == float("inf") else six(value)


def _alpha(found: AlphaInterval) -> dict[str, Any]:
    return {
        "value": None if np.isnan(found.value) else six(found.value),
        "lower": None if np.isnan(found.lower) else six(found.lower),
        "upper": None if np.isnan(found.upper) else six(found.upper),
        "contracts": found.units,
    }


def _ac2(column: Column) -> str | None:
    """Gwet's AC2 of the grades that the marks stand for, quadratic weights."""
    order = np.argsort(column.unit, kind="stable")
    unit = column.unit[order]
    slot = np.arange(len(unit)) - np.searchsorted(unit, unit)
    table = np.full((len(column.contracts), int(slot.max()) + 1), np.nan)
    table[unit, slot] = np.searchsorted(BANDS, column.mark[order], side="right")
    if table.shape[1] < 2 or not ((~np.isnan(table)).sum(axis=1) >= 2).any():
        return None
    found = agreement(table, coefficient="gwet", categories=np.arange(4.0)).value
    return None if np.isnan(found) else six(found)


def _name(column: Column, factor: str, code: int) -> str:
    return sorted(set(column.region if factor == "region" else column.category))[code]


def parts_of(column: Column, decision: Decision) -> list[dict[str, list[str]]]:
    """The parts that no evaluator links, as ids of contracts and evaluators."""
    return [
        {
            "contracts": [str(column.contracts[each]) for each in units],
            "evaluators": [str(column.evaluators[each]) for each in raters],
        }
        for units, raters in decision.parts
    ]


def six(value: float) -> str:
    """A figure with six decimals, never a negative zero."""
    return f"{float(value) + 0.0:.6f}"
