"""Reading the golden vectors of the surveys' statistics, which lie beside the project and not in it."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from surveys.kernel import intervals, variance
from surveys.kernel.weights import Kish, Margin

__all__ = [
    "CLOSED_FORM",
    "GOLDEN",
    "SHARED",
    "STANDARD_ERROR",
    "WEIGHTS",
    "Block",
    "Floats",
    "RakeOfR",
    "Rows",
    "beside",
    "check",
    "check_kish",
    "check_means",
    "column",
    "flag",
    "margins_of",
    "read_csv",
    "read_json",
    "read_table",
]

SHARED = Path(os.environ.get("GONGPING_SHARED", Path(__file__).resolve().parents[3].parent / "shared"))
GOLDEN = SHARED / "golden" / "survey"
CLOSED_FORM = 1e-9
STANDARD_ERROR = 1e-8
WEIGHTS = 1e-7

beside = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden vectors lie beside the project, not in it")

Floats = npt.NDArray[np.float64]
Rows = list[dict[str, str]]
Block = Any  # a block of a golden file, whose shape the test knows


def read_json(name: str) -> Block:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def read_csv(name: str) -> Rows:
    return read_table(GOLDEN / name)


def read_table(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(rows: Rows, name: str) -> Floats:
    return np.array([float(row[name]) if row[name] not in ("", "NA") else np.nan for row in rows])


def flag(rows: Rows, name: str, value: str) -> Floats:
    return np.array([1.0 if row[name] == value else 0.0 for row in rows])


def margins_of(rows: Rows, block: dict[str, dict[str, int]]) -> list[Margin]:
    found = []
    for name, targets in block.items():
        categories = list(targets)
        codes = np.array([categories.index(row[name]) for row in rows])
        found.append(Margin(name, codes, np.array([float(targets[each]) for each in categories])))
    return found


class RakeOfR:
    """The residuals that R's `rake()` keeps: ten sweeps over the margins, without weights.

    Not what the product does (see `Calibration`); here to reach every number of the files and to know the difference.
    """

    def __init__(self, margins: list[Margin], *, raked: Floats, final: Floats | None = None) -> None:
        self.margins = margins
        self.ratio = np.ones_like(raked) if final is None else final / raked

    def residuals(self, linear: Floats) -> Floats:
        left = linear * self.ratio
        for _ in range(10):
            for margin in self.margins:
                means = np.bincount(margin.codes, weights=left) / np.bincount(margin.codes)
                left = left - means[margin.codes]
        return left / self.ratio


def check(found: variance.MeanEstimate, expected: dict[str, Any], index: int | None = None) -> None:
    def of(key: str) -> Block:
        value = expected[key]
        return value if index is None else value[index]

    assert found.estimate == pytest.approx(of("estimate"), rel=CLOSED_FORM)
    assert found.se == pytest.approx(of("se"), rel=STANDARD_ERROR)
    if "df" in expected:
        assert found.df == expected["df"]
    if expected.get("deff") is not None and found.deff is not None:
        assert found.deff == pytest.approx(of("deff"), rel=STANDARD_ERROR)
    if "ci_low" in expected:
        limits = intervals.t_interval(found.estimate, found.se, df=found.df)
        assert limits.low == pytest.approx(of("ci_low"), rel=STANDARD_ERROR)
        assert limits.high == pytest.approx(of("ci_high"), rel=STANDARD_ERROR)


def check_means(rows: Rows, design: variance.Design, expected: dict[str, Any]) -> None:
    assert expected["name"]
    for index, name in enumerate(expected["name"]):
        check(variance.mean(column(rows, name), design), expected, index)


def check_kish(found: Kish, expected: dict[str, Any], *, tolerance: float = WEIGHTS) -> None:
    assert found.n == expected["n"]
    assert found.total == pytest.approx(expected["sum"], rel=tolerance)
    assert found.deff == pytest.approx(expected["deff_kish"], rel=tolerance)
    assert found.n_eff == pytest.approx(expected["n_eff"], rel=tolerance)
    assert found.deff - 1.0 == pytest.approx(expected["cv2"], rel=tolerance)
    assert found.minimum == pytest.approx(expected["min"], rel=tolerance)
    assert found.maximum == pytest.approx(expected["max"], rel=tolerance)
