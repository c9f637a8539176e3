"""The answers as a table for another evaluator: what the results were computed from, and nothing that names anybody.

No ids, no times, no receipts, no free text; the rows stand in the order of their content. For officers only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surveys.instruments.variables import Variable, variables_of
from surveys.results.dataset import Dataset
from surveys.results.quality import quality_of
from surveys.results.questions import questions_of
from surveys.results.response import DISPOSITION, MODE
from surveys.results.weighing import STRATUM

__all__ = ["Column", "Table", "table_of"]

Values = npt.NDArray[np.float64]
Words = Mapping[str, str]

CASES = {1: {"zh-Hans": "完成", "en": "Complete"}, 2: {"zh-Hans": "部分完成", "en": "Partial"}}
CASES |= {3: {"zh-Hans": "中断", "en": "Break-off"}}
MODES = {
    1: {"zh-Hans": "网上", "en": "Web"},
    2: {"zh-Hans": "服务窗口", "en": "At the counter"},
    3: {"zh-Hans": "访员", "en": "Interviewer"},
}
NO_OPINION = -1  # the first answer that is no opinion; the next ones are -2, -3, …
MEASURES = {"ordinal": "ordinal", "nominal": "nominal", "scale": "scale"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One variable of the table: numbers (NaN = no answer), its label, the labels of its values per language.

    `missing` are the values that are answers without an opinion.
    """

    name: str
    values: Values
    text: Words
    labels: Mapping[int, Words] = field(default_factory=dict)
    missing: tuple[int, ...] = ()
    measure: str = "nominal"
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The columns, of one length."""

    columns: tuple[Column, ...]

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.columns[0].values.size)


def table_of(dataset: Dataset) -> Table:
    """The answers with weights, margins, strata, flags: everything that a recomputation needs."""
    columns = [column for variable in variables_of(dataset.instrument) for column in _answers(variable, dataset)]
    return Table(columns=(*_design(dataset), *columns))


def _design(dataset: Dataset) -> list[Column]:
    found = dataset.columns
    columns = [
        _plain("disposition", found.codes[DISPOSITION], {"zh-Hans": "完成情况", "en": "Disposition"}, CASES),
        _plain("mode", found.codes[MODE], {"zh-Hans": "答复方式", "en": "Mode"}, MODES),
    ]
    flagged = quality_of(found, dataset.instrument, questions_of(dataset.instrument)).flagged
    yes = {0: {"zh-Hans": "否", "en": "No"}, 1: {"zh-Hans": "是", "en": "Yes"}}
    columns.append(_plain("flagged", flagged, {"zh-Hans": "质量标记", "en": "Has a quality flag"}, yes))
    if dataset.strata:
        labels = {place: {"zh-Hans": code, "en": code} for place, code in enumerate(dataset.strata, start=1)}
        columns.append(_plain("stratum", found.codes[STRATUM], {"zh-Hans": "抽样层", "en": "Stratum"}, labels))
    for place, margin in enumerate(dataset.margins, start=1):
        labels = {
            code: {"zh-Hans": each["code"], "en": each["code"]}
            for code, each in enumerate(margin["categories"], start=1)
        }
        text = {"zh-Hans": f"加权变量：{margin['name']}", "en": f"Margin: {margin['name']}"}
        columns.append(_plain(f"margin_{place}", found.codes[f"margin:{margin['name']}"], text, labels))
    if dataset.weighing is not None:
        weighted = dataset.weighing.weighted
        for place, fitted in enumerate(weighted.margins, start=1):
            text = {"zh-Hans": f"加权单元：{fitted.name}", "en": f"Margin as it was met: {fitted.name}"}
            columns.append(Column(name=f"fitted_{place}", values=(fitted.codes + 1).astype(np.float64), text=text))
        columns.append(
            Column(
                name="variance_stratum",
                values=(weighted.design.strata + 1).astype(np.float64),
                text={"zh-Hans": "方差层", "en": "Stratum of the variance"},
            )
        )
        columns += [
            Column(
                name="base_weight",
                values=weighted.base,
                text={"zh-Hans": "基础权数", "en": "Base weight"},
                measure="scale",
            ),
            Column(
                name="weight",
                values=weighted.design.weights,
                text={"zh-Hans": "最终权数", "en": "Final weight"},
                measure="scale",
            ),
        ]
    return columns


def _plain(name: str, codes: npt.NDArray[np.generic], text: Words, labels: Mapping[int, Words]) -> Column:
    values = codes.astype(np.float64)
    if name != "flagged":
        values[values == 0.0] = np.nan
    return Column(name=name, values=values, text=text, labels=labels)


def _answers(variable: Variable, dataset: Dataset) -> list[Column]:
    found = dataset.columns
    name = variable.code.replace(".", "_").replace("-", "_")
    if variable.kind == "text":
        return []
    if variable.kind in ("number", "date"):
        return [
            Column(
                name=name, values=found.numbers[variable.code], text=variable.text, measure="scale", code=variable.code
            )
        ]
    if variable.kind == "multiple":
        yes = {0: {"zh-Hans": "未选", "en": "Not chosen"}, 1: {"zh-Hans": "选中", "en": "Chosen"}}
        return [
            Column(
                name=f"{name}_{str(option).replace('-', '_')}",
                values=np.array([np.nan, 0.0, 1.0])[found.codes[f"{variable.code}.{option}"]],
                text={
                    language: f"{words} — {label.get(language, option)}" for language, words in variable.text.items()
                },
                labels=yes,
                code=variable.code,
            )
            for option, label in variable.values.items()
        ]
    numeric = variable.ordinal
    numbers = [float(value) if numeric else float(place) for place, value in enumerate(variable.values, start=1)]
    silent = [float(NO_OPINION - place) for place in range(len(variable.missing))]
    labels = dict(zip(map(int, numbers), variable.values.values(), strict=True))
    labels |= dict(zip(map(int, silent), variable.missing.values(), strict=True))
    return [
        Column(
            name=name,
            values=np.array([np.nan, *numbers, *silent])[found.codes[variable.code]],
            text=variable.text,
            labels=labels,
            missing=tuple(map(int, silent)),
            measure="ordinal" if numeric else "nominal",
            code=variable.code,
        )
    ]
