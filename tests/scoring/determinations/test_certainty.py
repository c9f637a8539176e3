"""Which grade binds, what it may open, and when a gate holds a determination."""

from decimal import Decimal
from typing import Any

import pytest

from scoring.determinations.certainty import certainty_of, uncertain_gates
from scoring.frameworks.document import Framework, Gate
from scoring.frameworks.queries import find_framework

PLAIN = find_framework("cn-self-evaluation")
SIMULATED = {"en": "a simulated reason", "zh": "模拟理由"}
SAFETY = Gate(
    code="safety",
    node="output",
    below=60,
    cap="fair",
    probability=0.9,
    reason=SIMULATED,
    title={"en": "safety", "zh": "安全"},
)


def gated() -> Framework:
    fields = {name: getattr(PLAIN, name) for name in PLAIN.__dataclass_fields__}
    return Framework(**(fields | {"gates": (SAFETY,)}))


def result(score: str, grade: str, *, coverage: str = "1.000000", crossed: bool | None = None) -> dict[str, Any]:
    gates = [] if crossed is None else [{"code": "safety", "node": "output", "cap": "fair", "crossed": crossed}]
    return {"score": score, "ungated": score, "grade": grade, "coverage": coverage, "gates": gates}


def chances(*probabilities: str) -> dict[str, str]:
    return dict(zip(("excellent", "good", "fair", "poor"), probabilities, strict=True))


def test_the_band_of_the_score_binds() -> None:
    found = certainty_of(
        PLAIN,
        result("84.500000", "good"),
        probabilities=chances("0.01", "0.95", "0.04", "0"),
        label="firm",
        panel=False,
    )
    assert (found.grade, found.point_grade, found.capped_by, found.label) == ("good", "good", (), "firm")
    assert (found.p_grade, found.p_grade_or_worse) == (Decimal("0.95"), Decimal("0.99"))
    assert found.binding
    assert found.adverse_allowed


@pytest.mark.parametrize(("coverage", "grade"), [("0.949999", "good"), ("0.950000", "excellent")])
def test_excellent_needs_coverage(coverage: str, grade: str) -> None:
    found = certainty_of(
        PLAIN,
        result("93.000000", "excellent", coverage=coverage),
        probabilities=chances("0.8", "0.15", "0.05", "0"),
        label="indicative",
        panel=False,
    )
    assert (found.grade, found.point_grade) == (grade, "excellent")
    if grade == "good":
        # What would have been excellent is good now, and the grade is surer than before.
        assert found.capped_by == ("coverage",)
        assert (found.p_grade, found.p_grade_or_worse, found.label) == (Decimal("0.95"), Decimal(1), "firm")
    else:
        assert (found.p_grade, found.label) == (Decimal("0.8"), "indicative")


@pytest.mark.parametrize(
    ("probabilities", "label", "panel", "binding", "adverse"),
    [
        (chances("0", "0.05", "0.92", "0.03"), "firm", False, True, True),
        (chances("0", "0.25", "0.75", "0"), "indicative", False, True, False),
        (chances("0", "0.45", "0.55", "0"), "undetermined", False, False, False),
        (chances("0", "0.45", "0.55", "0"), "undetermined", True, True, True),
        # Exactly nine in ten are enough, and one draw less is not.
        (chances("0", "0.100", "0.880", "0.020"), "indicative", False, True, True),
        (chances("0", "0.101", "0.879", "0.020"), "indicative", False, True, False),
        # Undetermined between fair and poor, and yet surely fair or worse.
        (chances("0", "0.02", "0.5", "0.48"), "undetermined", False, False, True),
    ],
)
def test_consequences_need_certainty_or_a_panel(
    probabilities: dict[str, str], label: str, panel: bool, binding: bool, adverse: bool
) -> None:
    found = certainty_of(PLAIN, result("70.000000", "fair"), probabilities=probabilities, label=label, panel=panel)
    assert (found.binding, found.adverse_allowed) == (binding, adverse)


def test_a_gate_that_caps_is_named() -> None:
    framework = gated()
    crossed = result("79.999999", "fair", crossed=True) | {"ungated": "92.000000"}
    found = certainty_of(framework, crossed, probabilities=chances("0", "0", "1", "0"), label="firm", panel=False)
    assert (found.grade, found.point_grade, found.capped_by) == ("fair", "excellent", ("gate:safety",))
    # One that is crossed and changes nothing is not.
    low = result("65.000000", "fair", crossed=True)
    found = certainty_of(framework, low, probabilities=chances("0", "0", "1", "0"), label="firm", panel=False)
    assert (found.grade, found.capped_by) == ("fair", ())


@pytest.mark.parametrize(
    ("probability", "crossed", "held"),
    [
        ("0.100000", False, False),
        ("0.499000", False, False),
        ("0.500000", False, True),
        ("0.500000", True, True),
        ("0.899000", True, True),
        ("0.900000", True, False),
        ("0.300000", True, True),
        # Nine draws in ten lie below, and the point value does not: its estimate stands at the end of its range.
        ("0.900000", False, True),
        ("1.000000", False, True),
    ],
)
def test_a_gate_as_likely_as_not_holds(probability: str, crossed: bool, held: bool) -> None:
    found = uncertain_gates(gated(), result("70.000000", "fair", crossed=crossed), {"safety": probability})
    assert [each["gate"] for each in found] == (["safety"] if held else [])
