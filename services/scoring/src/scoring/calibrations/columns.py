"""The marks of a round as columns per criterion, one row per contract, evaluator and mark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from scoring.canonical import canonical_text, sha256
from scoring.evaluations.queries import Marks

__all__ = ["TOTAL", "Column", "columns_of", "marks_hash"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

TOTAL: Final = "total"
"""The criterion's name where the whole rating is one mark."""


@dataclass(frozen=True, slots=True)
class Column:
    """The marks of one criterion (0-100) with codes of contracts and evaluators, which all columns share."""

    criterion: str
    mark: Array
    unit: Index
    rater: Index
    order: Index
    contracts: tuple[UUID, ...]
    evaluators: tuple[UUID, ...]
    region: tuple[str, ...]
    """Per contract, like the next three."""
    category: tuple[str, ...]
    provider: tuple[UUID | None, ...]
    anchor: NDArray[np.bool_]
    random: bool
    """Chance assigned every case of the round, and one draw covered every block."""


def columns_of(marks: Marks, *, weights: Mapping[str, float]) -> tuple[list[Column], Column]:
    """The column of each criterion, and that of the total: the weighted mean of an evaluator's marks for a contract.

    `weights` are the criteria's; a criterion without one counts as much as any other.
    """
    contracts, unit = _codes(marks.contract)
    evaluators, rater = _codes(marks.rater)
    first = np.unique(unit, return_index=True)[1]
    common: dict[str, Any] = {
        "contracts": contracts,
        "evaluators": evaluators,
        "region": tuple(marks.region[row] for row in first),
        "category": tuple(marks.category[row] or "" for row in first),
        "provider": tuple(marks.provider[row] for row in first),
        "anchor": np.bincount(unit, marks.anchor, minlength=len(contracts)) > 0,
        "random": bool(marks.drawn_at_random.all()) and len(set(marks.evaluation)) == 1,
    }
    criteria = np.array(marks.criterion)
    columns = []
    for criterion in sorted(set(marks.criterion)):
        rows = np.flatnonzero(criteria == criterion)
        columns.append(
            Column(criterion, marks.mark[rows], unit[rows], rater[rows], marks.order[rows].astype(np.intp), **common)
        )
    weight = np.array([weights.get(each, 1.0) for each in marks.criterion])
    cases = _codes(marks.unit)[1]
    _, rows, sheet = np.unique(cases * len(evaluators) + rater, return_index=True, return_inverse=True)
    total = np.bincount(sheet, weight * marks.mark) / np.bincount(sheet, weight)
    whole = Column(TOTAL, total, unit[rows], rater[rows], marks.order[rows].astype(np.intp), **common)
    return columns, whole


def _codes(ids: Sequence[UUID]) -> tuple[tuple[UUID, ...], Index]:
    known = sorted(set(ids))
    places = {each: number for number, each in enumerate(known)}
    return tuple(known), np.array([places[each] for each in ids], np.intp)


def marks_hash(marks: Marks) -> str:
    """SHA-256 over the marks in a fixed order: the same marks give the same hash, whatever order they came in."""
    rows = sorted(
        [str(case), str(evaluator), criterion, f"{mark:.6f}"]
        for case, evaluator, criterion, mark in zip(marks.unit, marks.rater, marks.criterion, marks.mark, strict=True)
    )
    return sha256(canonical_text(rows))
