"""The self-evaluation table is recomputed by an independent evaluator of Excel formulas and comes to the same score."""

import io
import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from tests.scoring.cases import CONTRACT, closed_wave, complete_history, histories, rows_of

from scoring.frameworks.document import Framework
from scoring.frameworks.queries import shipped_frameworks
from scoring.reports.errors import TableNotAdditive
from scoring.reports.selfevaluation import Header, table_nodes, write_workbook
from scoring.reports.selfevaluation.formulas import score_formula
from scoring.reports.selfevaluation.rows import check_additive
from scoring.scores.evaluation import evaluate
from scoring.scores.facts import read_facts
from scoring.scores.normalisers import score_row
from shared.events import EventData

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the evaluator compares with `is`, of which Python warns when it compiles it
    import formulas

    formulas.Parser().ast("=MAX(1,2)")[1].compile()

SELF = next(each for each in shipped_frameworks() if each.id == "cn-self-evaluation")
QUESTIONS = next(each for each in shipped_frameworks() if each.id == "four-questions")


def workbook_of(events: list[EventData], framework: Framework) -> tuple[bytes, dict[str, Any]] | None:
    """The workbook of a history and the result that it must come to; None without a score."""
    facts = read_facts(str(CONTRACT), rows_of(events))
    if facts is None:
        return None
    (outcome,) = evaluate([facts], framework)
    if outcome is None:
        return None
    header = Header(
        title="模拟合同 simulated",
        contract_id=str(CONTRACT),
        purchaser="",
        provider="",
        stage="期末评价",
        framework=framework.id,
        currency="CNY",
        budget=None,
        value=float(facts.terms["value"]) if facts.terms["value"] else None,
        executed=None
        if facts.execution is None
        else round(float(facts.execution.value) * float(facts.terms["value"]), 2),
        score=outcome.result["score"],
        grades=[(grade.title["zh"], grade.minimum) for grade in framework.grades],
        content_hash=outcome.content_hash,
        simulated=True,
        determined=None,
    )
    content = json.loads(outcome.content)
    return write_workbook(header, table_nodes(facts, framework, content)), outcome.result


def computed(book: bytes, folder: Path) -> dict[str, Any]:
    """Every cell of the form as an independent evaluator computes it, by its address."""
    path = folder / "table.xlsx"
    path.write_bytes(book)
    solution = formulas.ExcelModel().loads(str(path)).finish().calculate()
    form = "'[table.xlsx]自评表'!"
    return {
        str(key).removeprefix(form): cell.value[0, 0]
        for key, cell in solution.items()
        if str(key).startswith(form) and ":" not in str(key)
    }


def labelled(book: bytes, label: str) -> int:
    """The row of the form whose first cell says so."""
    sheet = openpyxl.load_workbook(io.BytesIO(book))["自评表"]
    return next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == label)


@pytest.mark.parametrize("framework", [SELF, QUESTIONS], ids=lambda each: each.id)
def test_the_formulas_come_to_the_score(tmp_path: Path, framework: Framework) -> None:
    # A part of the evidence is missing, and the wave's index has digits that no two decimals hold.
    wave = closed_wave(9, kind="completion", index=81.23456789012345)
    events = [each for each in complete_history() if type(each) is not type(wave)]
    for history in ([*events, wave], events):
        made = workbook_of(history, framework)
        assert made is not None
        book, result = made
        cells = computed(book, tmp_path)
        row = labelled(book, "总分")
        assert cells[f"G{row}"] == pytest.approx(float(result["score"]), abs=1e-6)
        assert cells[f"F{row}"] == pytest.approx(100.0)
        title = next(grade.title["zh"] for grade in framework.grades if grade.code == result["grade"])
        assert cells[f"H{row}"] == title
        assert cells[f"H{row + 1}"] == "与系统一致"


@given(history=histories())
@settings(max_examples=25, deadline=None, phases=(Phase.generate,), derandomize=True)
def test_values_for_programs_that_do_not_compute_are_the_score_too(history: list[EventData]) -> None:
    made = workbook_of(history, SELF)
    assume(made is not None)
    assert made is not None
    book, result = made
    sheet = openpyxl.load_workbook(io.BytesIO(book), data_only=True)["自评表"]
    row = labelled(book, "总分")
    points = [sheet.cell(each, 7).value for each in (7, *range(11, row))]
    assert sum(float(value) for value in points if isinstance(value, int | float)) == pytest.approx(
        float(result["score"]), abs=1e-5
    )
    assert sheet.cell(row, 7).value == pytest.approx(float(result["score"]))


def test_a_changed_value_changes_the_score_and_is_noticed(tmp_path: Path) -> None:
    made = workbook_of(complete_history(), SELF)
    assert made is not None
    book, result = made
    workbook = openpyxl.load_workbook(io.BytesIO(book))
    sheet = workbook["自评表"]
    assert [sheet.cell(10, column).value for column in range(1, 9)] == [
        "一级指标",
        "二级指标",
        "三级指标",
        "年度指标值",
        "实际完成值",
        "分值",
        "得分",
        "偏差原因分析及改进措施",
    ]
    sheet["E11"] = 45  # half of what was observed: the output's 50 points were 45 for 90 of 100
    changed = io.BytesIO()
    workbook.save(changed)
    cells = computed(changed.getvalue(), tmp_path)
    row = labelled(book, "总分")
    assert cells["G11"] == pytest.approx(22.5)
    assert cells[f"G{row}"] == pytest.approx(float(result["score"]) - 22.5)
    assert cells[f"H{row}"] == "中"
    assert str(cells[f"H{row + 1}"]).startswith("与系统不一致")


NUMBERS = st.integers(-30, 300).map(lambda number: number / 2)
NORMALISERS: list[dict[str, Any]] = [
    {"kind": "share"},
    {"kind": "goalposts", "lower": 10, "upper": 60},
    {"kind": "goalposts", "lower": 10, "upper": 60, "direction": "lower"},
    {"kind": "lateness", "maximum_days": 30},
    {"kind": "band", "zero_below": 5, "low": 20, "high": 40, "zero_above": 90},
    {"kind": "band", "zero_below": 20, "low": 20, "high": 40, "zero_above": 40},
    {"kind": "piecewise", "knots": [[-2.5, 0], [10, 40], [60, 90], [100, 100]]},
    {"kind": "attainment", "over_attained_ratio": 1.3, "zero_at_factor": 2},
    {
        "kind": "attainment",
        "over_attained_ratio": 1.3,
        "zero_at_factor": 2,
        "over_deduction": 7,
        "target_zero": "unmet",
    },
    {"kind": "attainment", "over_attained_ratio": 1.3, "zero_at_factor": 2, "target_zero": "met"},
    {"kind": "baseline", "over_attained_ratio": 1.3, "zero_at_factor": 2, "scale": "target-minus-baseline"},
]


@pytest.mark.parametrize("higher", [True, False])
@pytest.mark.parametrize("normaliser", NORMALISERS, ids=lambda each: "-".join(map(str, each.values()))[:40])
def test_every_normaliser_is_the_same_formula(normaliser: dict[str, Any], higher: bool) -> None:
    text = score_formula(normaliser, higher=higher, x="A1", target="B1", zero_at="C1", before="D1")
    function = formulas.Parser().ast(f"={text}")[1].compile()

    @given(x=NUMBERS, target=NUMBERS, zero_at=NUMBERS, before=NUMBERS)
    @settings(max_examples=15, deadline=None, phases=(Phase.generate,), derandomize=True)
    def agree(x: float, target: float, zero_at: float, before: float) -> None:
        given_ = {"A1": x, "B1": target, "C1": zero_at, "D1": before}
        made = float(np.asarray(function(*[given_[name] for name in function.inputs])).reshape(-1)[0])
        columns = {
            name: np.array([value]) for name, value in (("target", target), ("zero_at", zero_at), ("before", before))
        }
        (expected,), _ = score_row(normaliser, np.array([x]), higher=np.array([higher]), **columns)
        assert math.isclose(made, float(expected), rel_tol=1e-12, abs_tol=1e-9)

    agree()


def test_a_framework_that_does_not_add_up_is_refused() -> None:
    document = json.loads(json.dumps(SELF.document)) | {"aggregation": {"kind": "power", "exponent": 0}}
    from scoring.frameworks.reading import plain_framework  # noqa: PLC0415 - only here

    with pytest.raises(TableNotAdditive, match="root"):
        check_additive(plain_framework(document))
