"""Weights and the judgements that they came from: recomputed, and refused when the judgements contradict themselves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from scoring.frameworks.faults import Fault
from scoring.kernel import weighting as kernel

__all__ = ["JudgementError", "Weights", "weighting_faults", "weights_from"]

ROUNDING: Final = 0.5
"""Points by which a stated weight may differ from the computed one: weights are rounded to whole numbers."""
Weights = dict[str, float]
"""Weight in per cent by code; sums to 100."""


class JudgementError(ValueError):
    """The judgements contradict themselves beyond the limit, or are no judgements of these items."""


def weights_from(judgements: Mapping[str, Any]) -> tuple[Weights, dict[str, Any]]:
    """Weights in per cent and what is to be known about them; JudgementError names the judge and the triad.

    Several judges are aggregated: AHP by the geometric mean of the judgements (AIJ), the best-worst method and budget
    allocation by the arithmetic mean of the weights.
    """
    match judgements["method"]:
        case "ahp":
            return _ahp(judgements)
        case "bwm":
            return _bwm(judgements)
        case "budget":
            return _budget(judgements)
        case _:
            raise JudgementError("direct weights come from no judgements")


def weighting_faults(parent: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]], name: str) -> Iterator[Fault]:
    """Faults of the weightings of one dimension: inconsistent, of other items, or not the weights that are stated."""
    for weighting in parent.get("weighting", ()):
        if weighting["method"] == "direct":
            continue
        try:
            weights, _ = weights_from(weighting)
        except JudgementError as refusal:
            yield Fault(f"node {name}", str(refusal))
            continue
        for stage in weighting["stages"]:
            stated = {node["code"]: float(node["weight"][stage]) for node in nodes if node["weight"][stage] > 0}
            if stated.keys() != weights.keys():
                odd = ", ".join(sorted(stated.keys() ^ weights.keys()))
                yield Fault(f"node {name}", f"the judgements at stage {stage} are not about the same children: {odd}")
                continue
            for code, weight in weights.items():
                if abs(stated[code] - weight) > ROUNDING + 1e-9:
                    yield Fault(
                        f"node {name}",
                        f"{code} weighs {stated[code]:g} at stage {stage}, the judgements give {weight:.2f}",
                    )


def _ahp(judgements: Mapping[str, Any]) -> tuple[Weights, dict[str, Any]]:
    codes: list[str] = judgements["codes"]
    matrices = [_matrix(rows, len(codes), judge) for judge, rows in enumerate(judgements["matrices"], 1)]
    version = judgements.get("random_index", "saaty-1980")
    singles = [kernel.ahp(matrix, random_index=version) for matrix in matrices]
    group = kernel.ahp(kernel.aggregate_judgements(matrices), random_index=version)
    for who, found in [*((f"judge {judge}", each) for judge, each in enumerate(singles, 1)), ("the group", group)]:
        if not found.consistent:
            triad = ", ".join(codes[item] for item in found.triad or ())
            raise JudgementError(
                f"AHP: the consistency ratio of {who} is {found.ratio:.3f}, the limit {found.limit:.2f}; the "
                f"judgements that contradict each other most are those of {triad} "
                f"(a_ij a_jk a_ki = {found.triad_product:.3g}, 1 when consistent)"
            )
    return _percent(codes, group.weights), {
        "random_index": version,
        "lambda_max": group.lambda_max,
        "consistency_index": group.index,
        "consistency_ratio": group.ratio,
        "limit": group.limit,
        "judges": [each.ratio for each in singles],
        "geometric": _percent(codes, group.geometric),
        "geometric_consistency_index": group.geometric_index,
        "geometric_limit": group.geometric_limit,
        "worst_triad": [codes[item] for item in group.triad or ()],
    }


def _matrix(rows: Sequence[Sequence[float]], order: int, judge: int) -> Any:  # noqa: ANN401 - an array
    if len(rows) != order or any(len(row) != order for row in rows):
        raise JudgementError(f"AHP: the matrix of judge {judge} is not {order} by {order}")
    matrix = np.array(rows, dtype=np.float64)
    if matrix.min() < 1 / 9 - 1e-2 or not np.allclose(matrix * matrix.T, 1.0, atol=2e-2):
        raise JudgementError(
            f"AHP: the matrix of judge {judge} is not reciprocal with judgements of 1/9 to 9 (a_ij a_ji = 1)"
        )
    # What was typed as .33 is meant as 1/3.
    return np.where(matrix >= 1.0, matrix, 1.0 / matrix.T)


def _bwm(judgements: Mapping[str, Any]) -> tuple[Weights, dict[str, Any]]:
    codes = sorted(judgements["judges"][0]["best_to_others"])
    found: list[kernel.Bwm] = []
    for number, judge in enumerate(judgements["judges"], 1):
        to_others, to_worst = judge["best_to_others"], judge["others_to_worst"]
        best, worst = judge["best"], judge["worst"]
        if sorted(to_others) != codes or sorted(to_worst) != codes or {best, worst} - set(codes) or best == worst:
            raise JudgementError(f"BWM: judge {number} does not judge the same items, best and worst among them")
        if to_others[best] != 1 or to_worst[worst] != 1 or to_others[worst] != to_worst[best]:
            raise JudgementError(
                f"BWM: judge {number}: the best over itself and the worst over itself are 1, and the best over the "
                "worst is the same in both lists"
            )
        result = kernel.bwm(
            codes.index(best),
            codes.index(worst),
            np.array([to_others[code] for code in codes], dtype=np.float64),
            np.array([to_worst[code] for code in codes], dtype=np.float64),
        )
        if not result.consistent:
            raise JudgementError(
                f"BWM: the consistency ratio of judge {number} is {result.ratio:.3f}, the limit {result.limit:.3f}; "
                "the judgements that contradict each other most are those of "
                f"{best}, {codes[result.worst_item]}, {worst}"
            )
        found.append(result)
    mean = np.mean([each.weights for each in found], axis=0)
    return _percent(codes, mean), {
        "limits": "liang-2020",
        "judges": [each.ratio for each in found],
        "limit": max(each.limit for each in found),
        "deviations": [each.deviation for each in found],
    }


def _budget(judgements: Mapping[str, Any]) -> tuple[Weights, dict[str, Any]]:
    codes = list(judgements["allocations"][0])
    for number, allocation in enumerate(judgements["allocations"], 1):
        if allocation.keys() != set(codes):
            raise JudgementError(f"budget allocation: panellist {number} does not allocate to the same items")
        if abs(sum(allocation.values()) - 100) > 1e-6:
            raise JudgementError(
                f"budget allocation: panellist {number} allocates {sum(allocation.values()):g} points, not 100"
            )
    table = np.array([[allocation[code] for code in codes] for allocation in judgements["allocations"]])
    found = kernel.budget_allocation(table.astype(np.float64))
    return _percent(codes, found.weights), {
        "panel": len(table),
        "spread": {code: 100.0 * float(spread) for code, spread in zip(codes, found.spread, strict=True)},
        "concentration": found.concentration,
    }


def _percent(codes: Sequence[str], weights: Any) -> Weights:  # noqa: ANN401 - an array
    """Weights in per cent with two decimals that sum to exactly 100 (largest remainder)."""
    units = np.asarray(weights, dtype=np.float64) * 10_000
    floors = np.floor(units + 1e-9)
    spare = round(10_000 - float(floors.sum()))
    for place in np.argsort(floors - units, kind="stable")[:spare]:
        floors[place] += 1
    return {code: float(floor) / 100 for code, floor in zip(codes, floors, strict=True)}
