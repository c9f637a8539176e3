"""The recompute bundle: answers, weights, margins, policy and an R script. A second evaluator gets the same number.

For officers only. What was suppressed is not in it, and a wave of fewer than ten answers has none.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import numpy as np

from surveys.kernel.gate import SCORE_V1
from surveys.results.dataset import Dataset
from surveys.results.files import as_csv
from surveys.results.microdata import Column, Table, table_of
from surveys.results.questions import Question, questions_of

__all__ = ["bundle_of"]

TRIM_LOW, TRIM_HIGH = 0.3, 3.0  # the limits of `kernel.weighting.weigh`
README = """Recompute bundle / 复算包

data.csv      the answers: one row per answer, sorted by content; no names, ids, times or free text
              答卷：每行一份，按内容排序；无姓名、编号、时间和文字意见
margins.csv   the margins that were met: population per category / 加权总体数
strata.csv    strata of the variance with their population (empty: no finite population correction) / 抽样层
plan.csv      level of confidence, cap of the Korn-Graubard size, limits of the weights / 计算参数
scores.csv    what each answer counts for in each estimate / 各答案的得分
expected.csv  the published numbers / 已公布的结果
results.json  the same with status and reasons, margins and hashes / 结果全文
policy.json   the gate's thresholds / 判定规则
instrument.json  the questionnaire / 问卷
recompute.R   `Rscript recompute.R` in this folder computes the numbers again and compares them / 复算脚本
SHA256SUMS    hashes of these files / 文件校验值

{simulated}For the evaluation of this contract only; pass it on to nobody. 仅供本合同评价使用，不得外传。
"""
SIMULATED = "SIMULATED DATA, made up for demonstration. 模拟数据，仅供演示。\n"


def bundle_of(dataset: Dataset, results: dict[str, Any], *, simulated: bool) -> bytes:
    """The bundle as a ZIP archive; the same results give the same bytes.

    `results` is the stored result as JSON with its estimates.
    """
    table = table_of(dataset)
    contents = {
        "README.txt": README.format(simulated=SIMULATED if simulated else "").encode(),
        "data.csv": as_csv(table),
        "margins.csv": _margins(dataset),
        "strata.csv": _strata(dataset),
        "plan.csv": _rows(
            ("level", "cap", "trim_low", "trim_high"),
            [(repr(dataset.plan.level), int(dataset.plan.cap), TRIM_LOW, TRIM_HIGH)],
        ),
        **_estimates(dataset, results["estimates"], table),
        "results.json": _json(results),
        "policy.json": _json(asdict(SCORE_V1)),
        "instrument.json": _json(dataset.instrument.document),
        "recompute.R": files("surveys.results").joinpath("bundle_files/recompute.R").read_bytes(),
    }
    sums = "".join(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in contents.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in {**contents, "SHA256SUMS": sums.encode()}.items():
            # A fixed date: the archive says nothing of when it was made, and can be compared.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _margins(dataset: Dataset) -> bytes:
    fitted = () if dataset.weighing is None else dataset.weighing.weighted.margins
    rows = [
        (f"fitted_{place}", margin.name, code, repr(float(target)))
        for place, margin in enumerate(fitted, start=1)
        for code, target in enumerate(margin.targets, start=1)
    ]
    return _rows(("variable", "name", "category", "target"), rows)


def _strata(dataset: Dataset) -> bytes:
    population = None if dataset.weighing is None else dataset.weighing.weighted.design.population
    sizes = ["" if population is None else repr(float(size)) for size in ([0.0] if population is None else population)]
    return _rows(("stratum", "population"), list(enumerate(sizes, start=1)))


def _estimates(dataset: Dataset, estimates: Sequence[dict[str, Any]], table: Table) -> dict[str, bytes]:
    """What each answer counts for, and the numbers that must come out; suppressed ones are left out."""
    shown = {(each["item"], each["measure"], each["option"]): each for each in estimates}
    columns = {column.name: column for column in table.columns}
    scores: list[tuple[Any, ...]] = []
    expected: list[tuple[Any, ...]] = []
    for question in questions_of(dataset.instrument):
        column = columns[_column_of(question)]
        for measure in question.measures:
            option = measure.name if question.shares else question.option
            name = "share" if question.shares else measure.name
            found = shown.get((question.name, name, option or ("yes" if name == "share" else None)))
            if found is None or found["estimate"] is None:
                continue
            number = len(expected) + 1
            values = measure.scores(question.table)
            scores += [(number, value, repr(score)) for value, score in _valued(column, question, values)]
            limits = (measure.low, measure.high)
            named = (found[key] for key in ("estimate", "se", "ci_low", "ci_high", "ci_method", "n"))
            expected.append((number, question.name, name, option, column.name, *limits, *map(_word, named)))
    fields = ("estimate_id", "item", "measure", "option", "column", "low", "high")
    return {
        "scores.csv": _rows(("estimate_id", "value", "score"), scores),
        "expected.csv": _rows((*fields, "estimate", "se", "ci_low", "ci_high", "ci_method", "n"), expected),
    }


def _column_of(question: Question) -> str:
    return question.column.replace(".", "_").replace("-", "_")


def _valued(column: Column, question: Question, scores: Any) -> Iterable[tuple[int, float]]:  # noqa: ANN401
    """Value in the table and score of each answer that has one."""
    values = (0, 1) if question.option is not None else tuple(column.labels)
    places = scores[1 : 1 + len(values)].tolist()
    return [(int(value), float(score)) for value, score in zip(values, places, strict=False) if not np.isnan(score)]


def _word(value: object) -> object:
    return "" if value is None else repr(value) if isinstance(value, float) else value


def _rows(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue().encode()


def _json(document: object) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
