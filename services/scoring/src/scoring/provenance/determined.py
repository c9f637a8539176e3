"""What an exported determination says of its score row, made again from the row itself."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from scoring.determinations.certainty import certainty_of
from scoring.frameworks.document import Framework

__all__ = ["stated_and_found"]


def stated_and_found(
    made: Mapping[str, Any],
    *,
    score: Mapping[str, Any],
    framework: Framework,
    uncertainty: Mapping[str, Any] | None,
    parts: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[str, Any, Any]]:
    """(field, as it is stated, as the row gives it) of everything in a determination that follows from its score row.

    Who signed it, when and under which number is testimony: nothing in the row says it. A determination that an earlier
    release exported states fewer fields; those of the certainty follow where the row has an uncertainty record. `parts`
    are the sub-scores of the row made again.
    """
    result = score["content"]["result"]
    found = {
        "stage": result["stage"],
        "score": result["score"],
        "coverage": result["coverage"],
        "content_hash": score["content_hash"],
        "chain_hash": score["chain_hash"],
    }
    for party in ("provider", "purchaser"):
        found |= {f"{party}_score": parts[party]["score"], f"{party}_grade": parts[party]["grade"]}
    if uncertainty is not None:
        sure = certainty_of(
            framework,
            result,
            probabilities=uncertainty["probabilities"],
            label=uncertainty["label"],
            panel=made["panel"] is not None,
        )
        found |= {
            "uncertainty_hash": uncertainty["record_hash"],
            "grade": sure.grade,
            "point_grade": sure.point_grade,
            "capped_by": list(sure.capped_by),
            "label": sure.label,
            "binding": sure.binding,
            "adverse_allowed": sure.adverse_allowed,
            "p_grade": sure.p_grade,
            "p_grade_or_worse": sure.p_grade_or_worse,
        }
    for name, value in found.items():
        if name in made:
            yield name, _figure(made[name]), _figure(value)


def _figure(value: object) -> object:
    """Figures are stated with six decimals."""
    return f"{value:.6f}" if isinstance(value, Decimal) else value
