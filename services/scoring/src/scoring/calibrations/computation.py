"""What closing a round finds: agreement, severities, values and flags. Pure: marks in, plain values out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from scoring.calibrations.columns import Column
from scoring.calibrations.report import BANDS, parts_of, report, severity_of, six
from scoring.kernel.raters.alpha import TENTATIVE
from scoring.kernel.raters.fair import Prior, without_each
from scoring.kernel.raters.flags import Flag, Rules, flags_of, ratings_of
from scoring.kernel.raters.offer import Decision, decide
from scoring.kernel.raters.pairs import copying, favouritism, halo

__all__ = ["ALGORITHM", "DRIFT", "Found", "Value", "compute", "grade_of"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

ALGORITHM: Final = {"id": "crossed-reml", "version": "2"}
"""Version 1 counted the marks' degrees of freedom alone; its rounds stay as they were closed."""
DRIFT: Final = 2.0
"""SD in points by which a severity may move between two rounds; the product's own choice."""
ROUNDING_SD: Final = 1.0 / np.sqrt(12.0)
"""SD of what is lost where a mark is given in whole points: no judgement is exact, even where all judge alike."""
UNKNOWN_SD: Final = 100.0 / np.sqrt(12.0)
"""SD of a mark of which nothing is known: uniform over the scale."""


@dataclass(frozen=True, slots=True)
class Value:
    """A contract's value on one criterion, in points 0-100."""

    contract_id: UUID
    criterion: str
    ratings: int
    raw: float
    fair: float | None
    shrunk: float | None
    se: float
    """Of what enters the score."""
    df: float | None
    clipped: bool
    basis: str
    marks: dict[str, dict[str, str | None]]
    evaluator_dependent: bool


@dataclass(frozen=True, slots=True)
class Found:
    """All that closing finds."""

    offered: bool
    reason: str | None
    decisive: float
    """The alpha that decides whether the round is usable: the least of the columns that enter, of the marks as they
    enter."""
    criteria: dict[str, dict[str, Any]]
    """Per criterion, and for the total: agreement, components, severities, contrasts; figures as strings."""
    values: list[Value]
    flags: list[Flag]
    parts: list[dict[str, list[str]]] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether the evaluators agree enough for a determination without adjudication."""
        return self.decisive >= TENTATIVE


def compute(
    columns: Sequence[Column], whole: Column, *, level: str, prior: Mapping[str, Mapping[str, Any]], seed: int
) -> Found:
    """Calibrate what enters the score, or refuse for all of it; look for flags; measure the agreement.

    `prior` holds the severities of an earlier round per criterion and evaluator. Severity is estimated per criterion;
    flags about one evaluator rest on the whole rating, those about a pair or a halo on all criteria.
    """
    entering = [whole] if level == "total" else list(columns)
    studied = [*columns, whole]
    decided = {each.criterion: _decide(each, prior.get(each.criterion, {})) for each in studied}
    refused = next((decided[each.criterion] for each in entering if not decided[each.criterion].offered), None)
    offered = refused is None
    criteria = {each.criterion: report(each, decided[each.criterion], offered=offered, seed=seed) for each in studied}
    decisive = min(float(criteria[each.criterion]["alpha"]["value"] or "-1") for each in entering)
    return Found(
        offered=offered,
        reason=None if refused is None else refused.reason,
        decisive=decisive,
        criteria=criteria,
        values=_values(entering, decided, offered=offered),
        flags=_flags(columns, whole, decided, seed=seed),
        parts=[] if refused is None or len(refused.parts) < 2 else parts_of(entering[0], refused),
    )


def _decide(column: Column, known: Mapping[str, Any]) -> Decision:
    prior = None
    if known:
        severities = [known.get(str(each)) for each in column.evaluators]
        mean = np.array([np.nan if each is None else float(each["points"]) for each in severities])
        variance = np.array([np.nan if each is None else float(each["variance"]) + DRIFT**2 for each in severities])
        prior = Prior(mean, variance)
    factors = {"region": _levels(column.region), "category": _levels(column.category)}
    return decide(
        column.unit, column.rater, column.mark, random=column.random, factors=factors, anchor=column.anchor, prior=prior
    )


def _levels(names: Sequence[str]) -> Index:
    return np.unique(names, return_inverse=True)[1].astype(np.intp)


def grade_of(value: float) -> int:
    """The place of a value among the ministry's bands, 0 (差) to 3 (优)."""
    return int(np.searchsorted(BANDS, value, side="right"))


def _values(entering: Sequence[Column], decided: Mapping[str, Decision], *, offered: bool) -> list[Value]:
    dependent = _dependent(entering, decided, offered=offered)
    found = []
    for column in entering:
        decision = decided[column.criterion]
        done = decision.calibration
        severity = severity_of(decision, len(column.evaluators), offered=offered)
        left = without_each(column.unit, column.rater, column.mark, severity=severity)
        k = np.bincount(column.unit, minlength=len(column.contracts))
        raw = np.bincount(column.unit, column.mark, minlength=len(column.contracts)) / np.maximum(k, 1)
        spread = float(column.mark.std(ddof=1)) if len(column.mark) > 1 else 0.0
        by_unit = np.split(np.argsort(column.unit, kind="stable"), np.cumsum(k)[:-1])
        for unit in np.flatnonzero(k):
            rows = by_unit[unit]
            # Without any model the spread of all marks is known from as many of them less one.
            se: float = (spread or UNKNOWN_SD) / np.sqrt(k[unit])
            df = float(len(column.mark) - 1) if spread else None
            if done is not None:
                se = float((done.fair_se if offered else done.raw_se)[unit])
                df = round(float((done.fair_df if offered else done.raw_df)[unit]), 2)
            calibrated = offered and done is not None
            found.append(
                Value(
                    contract_id=column.contracts[unit],
                    criterion=column.criterion,
                    ratings=int(k[unit]),
                    raw=float(raw[unit]),
                    fair=float(done.fair[unit]) if calibrated and done is not None else None,
                    shrunk=float(done.shrunk[unit]) if calibrated and done is not None else None,
                    se=float(max(se, ROUNDING_SD / np.sqrt(k[unit]))),
                    df=df,
                    clipped=bool(done.clipped[unit]) if calibrated and done is not None else False,
                    basis="fair" if calibrated else "raw",
                    marks={
                        str(column.evaluators[column.rater[row]]): {
                            "mark": six(column.mark[row]),
                            "fair": six(column.mark[row] - severity[column.rater[row]]),
                            "without": None if np.isnan(left[row]) else six(left[row]),
                        }
                        for row in rows
                    },
                    evaluator_dependent=bool(dependent[unit]),
                )
            )
    return found


def _dependent(entering: Sequence[Column], decided: Mapping[str, Decision], *, offered: bool) -> NDArray[np.bool_]:
    """Whether the grade of a contract's marks (mean over the criteria) is another without some evaluator."""
    first = entering[0]
    shape = len(first.contracts), len(first.evaluators)
    total, changed, seen = np.zeros(shape[0]), np.zeros(shape), np.zeros(shape, np.bool_)
    for column in entering:
        severity = severity_of(decided[column.criterion], shape[1], offered=offered)
        fair = column.mark - severity[column.rater]
        k = np.maximum(np.bincount(column.unit, minlength=shape[0]), 1)
        value = np.clip(np.bincount(column.unit, fair, minlength=shape[0]) / k, 0.0, 100.0)
        left = without_each(column.unit, column.rater, column.mark, severity=severity)
        moved = np.nan_to_num(left - value[column.unit])
        total += value / len(entering)
        np.add.at(changed, (column.unit, column.rater), moved / len(entering))
        seen[column.unit, column.rater] = True
    before = np.searchsorted(BANDS, total, side="right")
    after = np.searchsorted(BANDS, total[:, None] + changed, side="right")
    dependent: NDArray[np.bool_] = (seen & (after != before[:, None])).any(axis=1)
    return dependent


def _flags(columns: Sequence[Column], whole: Column, decided: Mapping[str, Decision], *, seed: int) -> list[Flag]:
    rules = Rules()
    found: list[Flag] = []
    of_total = decided[whole.criterion]
    if of_total.calibration is None:
        return found
    ratings = ratings_of(whole.unit, whole.rater, whole.mark, order=whole.order, calibration=of_total.calibration)
    if of_total.offered:
        found += flags_of(ratings, rules=rules, seed=seed)
        parties = sorted({each for each in whole.provider if each is not None})
        party = np.array([-1 if each is None else parties.index(each) for each in whole.provider], np.intp)
        if parties:
            found += favouritism(ratings, party, rules=rules, seed=seed)
    apart = [decided[each.criterion].calibration for each in columns]
    if all(each is not None for each in apart) and _same_rows(columns):
        several = [
            ratings_of(each.unit, each.rater, each.mark, order=each.order, calibration=done)
            for each, done in zip(columns, apart, strict=True)
            if done is not None
        ]
        found += [*copying(several, rules=rules), *halo(several, rules=rules)]
    else:
        found += copying([ratings], rules=rules)
    return found


def _same_rows(columns: Sequence[Column]) -> bool:
    first = columns[0]
    return all(np.array_equal(first.unit, each.unit) and np.array_equal(first.rater, each.rater) for each in columns)
