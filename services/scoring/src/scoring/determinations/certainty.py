"""What the certainty of a score means for its determination: the grade that binds and what it may open.

Pure functions over a score's result and its uncertainty record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from scoring.frameworks.document import Framework

__all__ = ["ADVERSE", "INDICATIVE", "Certainty", "certainty_of", "uncertain_gates"]

TOP_COVERAGE: Final = Decimal("0.95")
"""Share of the weight that must have evidence for the highest grade (优). Source: the product's determination rule."""

ADVERSE: Final = Decimal("0.90")
"""P(that grade or worse) that an adverse consequence needs, and P of a firm grade. Source: as above."""

INDICATIVE: Final = Decimal("0.70")
"""P of an indicative grade; below it the grade is undetermined. Source: as above."""

GATE_OPEN: Final = Decimal("0.50")
"""A gate crossed with a probability from here up to the gate's own holds the determination. Source: as above."""


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure the grade is and what follows; the probabilities are None where no record of them exists."""

    grade: str
    point_grade: str
    capped_by: tuple[str, ...]
    label: str | None
    p_grade: Decimal | None
    p_grade_or_worse: Decimal | None
    binding: bool
    adverse_allowed: bool


def certainty_of(
    framework: Framework,
    result: Mapping[str, Any],
    *,
    probabilities: Mapping[str, str] | None,
    label: str | None,
    panel: bool,
) -> Certainty:
    """The binding grade of a result: the band of its deterministic score, held below the highest by thin coverage.

    `probabilities` (by grade, 0-1) and `label` are those of the uncertainty record. Where a cap lowers the grade, the
    probability of the grades above it falls to the capped one, and the label is read off anew. A panel's decision makes
    an undetermined grade bind and an adverse consequence possible.
    """
    grades = [grade.code for grade in framework.grades]
    grade, before = result["grade"], point_grade(framework, result)
    caps = [f"gate:{gate['code']}" for gate in _crossed(result) if grade != before and gate["cap"] == grade]
    if grade == grades[0] and Decimal(result["coverage"]) < TOP_COVERAGE:
        grade = grades[1]
        caps.append("coverage")
    p_grade = p_worse = None
    if probabilities is not None:
        place = grades.index(grade)
        capped = grade != result["grade"]
        at_or_above = grades[: place + 1] if capped else [grade]
        p_grade = _sum(probabilities, at_or_above)
        p_worse = min(p_grade + _sum(probabilities, grades[place + 1 :]), Decimal(1))
        if capped:
            label = "firm" if p_grade >= ADVERSE else "indicative" if p_grade >= INDICATIVE else "undetermined"
    return Certainty(
        grade=grade,
        point_grade=before,
        capped_by=tuple(caps),
        label=label,
        p_grade=p_grade,
        p_grade_or_worse=p_worse,
        binding=panel or label in {"firm", "indicative"},
        adverse_allowed=panel or (p_worse is not None and p_worse >= ADVERSE),
    )


def point_grade(framework: Framework, result: Mapping[str, Any]) -> str:
    """The band of the score itself, before gates and coverage; lower bounds are inclusive."""
    score = Decimal(result.get("ungated", result["score"]))
    return next(grade.code for grade in framework.grades if score >= Decimal(str(grade.minimum)))


def _crossed(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The gates whose node lies below its threshold."""
    return [gate for gate in result.get("gates", ()) if gate["crossed"]]


def uncertain_gates(
    framework: Framework, result: Mapping[str, Any], probabilities: Mapping[str, str]
) -> Sequence[dict[str, str]]:
    """The gates of which nobody can say whether they are crossed: P from .5 up to the gate's probability (.9).

    A gate that the point result crosses with less than .5, or does not cross with more, is one too: the score and the
    draws contradict each other.
    """
    crossed = {gate["code"] for gate in _crossed(result)}
    held = []
    for gate in framework.gates:
        probability = Decimal(probabilities.get(gate.code, "0"))
        sure = probability >= Decimal(str(gate.probability))
        if (not sure) if gate.code in crossed else probability >= GATE_OPEN:
            held.append(
                {"gate": gate.code, "node": gate.node, "probability": f"{probability:.6f}", "reason": gate.reason["en"]}
            )
    return held


def _sum(probabilities: Mapping[str, str], grades: Sequence[str]) -> Decimal:
    return sum((Decimal(probabilities.get(grade, "0")) for grade in grades), Decimal(0))
