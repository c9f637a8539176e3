"""The weights of a wave: from what it declared and what was answered, with the reason when they cannot be made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from surveys.instruments.document import canonical_sha256
from surveys.kernel.estimates import Plan
from surveys.kernel.margins import EmptyCategory, Margin, MarginsDisagree, WeightingError
from surveys.kernel.weighting import Weighted, weigh
from surveys.kernel.weights import stratum_weights
from surveys.responses.columns import Coded, Columns

__all__ = ["STRATUM", "Weighing", "margin_reads", "sampling_strata", "weigh_wave"]

STRATUM = "frame:stratum"  # the column with an answer's stratum
UNKNOWN_SHARE = 0.05  # of the answers without a category of a margin, from which on it has to be told

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """Weights with their report.

    `flaws` make every estimate unreliable, `cautions` only have to be told. `report` is what is stored: method,
    margins, Kish's measures, what was merged, trimmed or collapsed, and the error.
    """

    weighted: Weighted
    report: dict[str, Any]
    flaws: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


def margin_reads(margins: Sequence[Mapping[str, Any]], strata: Sequence[str]) -> tuple[Coded, ...]:
    """What has to be read to weight a wave: the categories of its margins and the strata."""
    found = [
        Coded(
            f"margin:{margin['name']}",
            tuple(margin["variable"].split(".")) if margin["source"] == "item" else (margin["variable"],),
            tuple(category["code"] for category in margin["categories"]),
            "answers" if margin["source"] == "item" else "attributes",
        )
        for margin in margins
        if margin["variable"] != "stratum"
    ]
    of_stratum = (
        Coded(f"margin:{margin['name']}", ("stratum",), tuple(each["code"] for each in margin["categories"]), "column")
        for margin in margins
        if margin["source"] == "frame" and margin["variable"] == "stratum"
    )
    return (*found, *of_stratum, Coded(STRATUM, ("stratum",), tuple(strata), "column"))


def sampling_strata(columns: Columns, plan: Plan) -> Codes:
    """Stratum code of each answer, 0 where the design has none."""
    codes = columns.codes[STRATUM].astype(np.int64)
    return np.maximum(codes - 1, 0) if plan.stratum_population else np.zeros_like(codes)


def weigh_wave(columns: Columns, plan: Plan, margins: Sequence[Mapping[str, Any]], *, minimum: int = 20) -> Weighing:
    """Weight the answers of a wave to its margins.

    Base weights are N_h / n_h in a stratified sample and N / n otherwise, 1 where N is unknown. When the margins cannot
    be met the base weights stand, and every estimate is unreliable with the reason: a wave closes on its day in any
    case, and a recomputation with other margins is a new revision.

    Arguments:
        columns: the answers, at least one.
        plan: the declared design.
        margins: as the wave declares them.
        minimum: categories with fewer answers are merged with a neighbour.
    """
    strata = sampling_strata(columns, plan)
    base, population = _base(columns.n, strata, plan)
    declared = [_margin(columns, margin) for margin in margins]
    flaws: tuple[str, ...] = ()
    error: dict[str, Any] | None = None
    try:
        _check_occupied(declared)
        weighted = weigh(base, declared, strata=strata, population=population, minimum=minimum)
    except WeightingError as refused:
        error = _told(refused, margins)
        flaws = (f"weighting-failed-{error['kind']}",)
        weighted = weigh(base, (), strata=strata, population=population)
    unknown = {margin.name: float((margin.codes < 0).mean()) for margin in declared}
    report = {
        "method": "raking" if margins and error is None else "base" if plan.population else "none",
        "margins": list(margins),
        "margins_sha256": canonical_sha256(list(margins)) if margins else None,
        "deff": weighted.kish.deff,
        "n_eff": weighted.kish.n_eff,
        "minimum": weighted.kish.minimum,
        "maximum": weighted.kish.maximum,
        "sweeps": weighted.sweeps,
        "trimmed_share": weighted.trimmed_share,
        "merged": {name: [list(pair) for pair in pairs] for name, pairs in weighted.merged.items()},
        "collapsed_strata": list(weighted.collapsed),
        "unknown_share": unknown,
        "error": error,
    }
    told = tuple(f"margin-{name}-unknown-above-0.05" for name, share in unknown.items() if share > UNKNOWN_SHARE)
    return Weighing(weighted=weighted, report=report, flaws=flaws, cautions=told)


def _base(n: int, strata: Codes, plan: Plan) -> tuple[Floats, Floats | None]:
    """Base weights, and the population of the sampling strata where a finite population correction is due."""
    if plan.design == "probability" and plan.stratum_population:
        sizes = np.array(plan.stratum_population, dtype=np.float64)
        return stratum_weights(strata, sizes), sizes
    size = float(plan.population) if plan.population else float(n)
    known = plan.design == "probability" and plan.population is not None
    return np.full(n, size / n), np.array([size]) if known else None


def _margin(columns: Columns, margin: Mapping[str, Any]) -> Margin:
    codes = columns.codes[f"margin:{margin['name']}"].astype(np.int64) - 1
    targets = np.array([float(category["population"]) for category in margin["categories"]])
    return Margin(margin["name"], codes, targets)


def _check_occupied(margins: Sequence[Margin]) -> None:
    """Refuse a category without answers before categories are merged, so that the error names it as it was declared."""
    for margin in margins:
        if not margin.size:
            raise MarginsDisagree(margin.name, None, "has no population counts: the frame was never drawn")
        counts = np.bincount(margin.codes[margin.codes >= 0], minlength=margin.size)
        for category in np.flatnonzero((margin.targets > 0.0) & (counts == 0)):
            detail = f"{margin.targets[category]:g} people in the population and no answer"
            raise EmptyCategory(margin.name, int(category), detail)


def _told(refused: WeightingError, margins: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The error with the category by its own code."""
    kinds = {"EmptyCategory": "empty-category", "MarginsDisagree": "margins-disagree", "NotConverged": "not-converged"}
    category = None
    for margin in margins:
        if margin["name"] == refused.margin and refused.category is not None:
            codes = [each["code"] for each in margin["categories"]]
            category = codes[refused.category] if 0 <= refused.category < len(codes) else None
    return {
        "kind": kinds.get(type(refused).__name__, "margins-unusable"),
        "margin": refused.margin,
        "category": category,
        "detail": str(refused),
    }
