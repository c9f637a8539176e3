"""Answers as files and the recompute bundle: what is in them, what is not, and who gets them."""

import asyncio
import csv
import hashlib
import io
import json
import random
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyreadstat
import pytest
from sqlalchemy import text
from tests.surveys.conftest import Surveys, contract_fields

from shared.events import ContractActivated

TOLD = "请延长开放时间"


def words(chinese: str) -> dict[str, str]:
    return {"zh-Hans": chinese, "en": chinese}


POINTS = [{"value": value, "label": words(f"{value}分")} for value in range(1, 6)]
UNUSED = [{"code": "not_used", "label": words("没有用过")}]
INSTRUMENT: dict[str, Any] = {
    "id": "every-kind",
    "version": "1.0.0",
    "title": words("各类题目"),
    "introduction": words("模拟问卷。"),
    "languages": ["zh-Hans"],
    "scales": [{"code": "five", "points": POINTS, "no_opinion": UNUSED}],
    "items": [
        {
            "code": "all",
            "type": "rating",
            "scale": "five",
            "headline": True,
            "required": True,
            "text": words("总体满意吗？"),
        },
        {
            "code": "parts",
            "type": "matrix",
            "scale": "five",
            "text": words("各方面满意吗？"),
            "rows": [{"code": "time", "text": words("时间")}, {"code": "place", "text": words("地点")}],
        },
        {"code": "again", "type": "nps", "low": words("不会"), "high": words("一定会"), "text": words("会推荐吗？")},
        {"code": "easy", "type": "effort", "low": words("难"), "high": words("易"), "text": words("办理容易吗？")},
        {"code": "told", "type": "yes_no", "yes": words("是"), "no": words("否"), "text": words("事先告知了吗？")},
        {
            "code": "channel",
            "type": "single",
            "text": words("从哪里知道的？"),
            "options": [{"code": "web", "label": words("网上")}, {"code": "friends", "label": words("亲友")}],
        },
        {
            "code": "used",
            "type": "multiple",
            "text": words("用过哪些？"),
            "options": [{"code": "meals", "label": words("送餐")}, {"code": "care", "label": words("护理")}],
            "no_opinion": UNUSED,
        },
        {"code": "visits", "type": "number", "maximum": 400, "text": words("来过几次？")},
        {"code": "since", "type": "date", "text": words("何时开始？")},
        {"code": "improve", "type": "text", "text": words("有什么建议？")},
    ],
}


def drawn(chance: random.Random) -> dict[str, Any]:
    """A response; simulated."""
    used = chance.choice([["meals"], ["care"], ["meals", "care"], ["not_used"]])
    answers: dict[str, Any] = {
        "all": chance.choice([1, 2, 3, 4, 5, 5, "not_used"]),
        "parts": {"time": chance.randint(1, 5), "place": chance.choice([2, 4, "not_used"])},
        "again": chance.randint(0, 10),
        "easy": chance.randint(1, 7),
        "told": chance.choice(["yes", "yes", "no"]),
        "channel": chance.choice(["web", "friends"]),
        "used": used,
        "visits": chance.randint(0, 30),
        "since": f"2025-{chance.randint(1, 12):02d}",
        "improve": TOLD,
    }
    if chance.random() < 0.2:
        del answers["easy"]
    return {"answers": answers, "language": "zh-Hans", "duration_seconds": 100}


async def closed(surveys: Surveys, count: int = 90, **fields: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A closed wave of every kind of question, and what was answered."""
    contract = ContractActivated.model_validate(contract_fields(beneficiary_population=120))
    await surveys.hear(contract)
    operator = surveys.client.as_("operator")
    kept = await operator.post("/v1/instruments", json=INSTRUMENT)
    assert kept.status_code in (200, 201), kept.text
    margin = {"name": "channel", "source": "item", "variable": "channel"}
    margin["categories"] = [{"code": "web", "population": 90}, {"code": "friends", "population": 30}]  # type: ignore[assignment]
    body = {"contract_id": str(contract.contract_id), "kind": "midterm", "design": "census"}
    opened = await operator.post("/v1/waves", json=body | {"instrument_id": "every-kind", "margins": [margin]} | fields)
    assert opened.status_code == 201, opened.text
    chance = random.Random(20261123)
    bodies = [drawn(chance) for _ in range(count)]
    for start in range(0, count, 40):
        got = await asyncio.gather(*(surveys.put(opened.json()["id"], each) for each in bodies[start : start + 40]))
        assert {each.status_code for each in got} == {201}, got[0].text
    return await surveys.close(opened.json()["id"]), [each["answers"] for each in bodies]


async def taken(surveys: Surveys, wave_id: str, kind: str) -> bytes:
    answer = await surveys.client.as_("evaluator").get(f"/v1/waves/{wave_id}/answers", params={"format": kind})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.content


def shares(results: dict[str, Any], item: str) -> dict[str, float]:
    return {each["option"]: each["unweighted"] for each in results["estimates"] if each["item"] == item}


async def test_every_kind_of_question_is_estimated(surveys: Surveys) -> None:
    results, given = await closed(surveys)
    n = len(given)
    rated = [each["all"] for each in given if each["all"] != "not_used"]
    found = {(each["item"], each["measure"]): each for each in results["estimates"] if each["option"] is None}
    assert found["overall", "top2"]["unweighted"] == pytest.approx(sum(each >= 4 for each in rated) / len(rated))
    assert found["overall", "bottom2"]["unweighted"] == pytest.approx(sum(each <= 2 for each in rated) / len(rated))
    times = [each["parts"]["time"] for each in given]
    assert found["parts.time", "index100"]["unweighted"] == pytest.approx((sum(times) / n - 1) * 25)
    likely = [each["again"] for each in given]
    score = 100 * (sum(each >= 9 for each in likely) - sum(each <= 6 for each in likely)) / n
    assert found["again", "nps"]["unweighted"] == pytest.approx(score)
    effort = [each["easy"] for each in given if "easy" in each]
    assert found["easy", "ces"]["unweighted"] == pytest.approx(sum(effort) / len(effort))
    assert found["easy", "ces"]["n"] == len(effort)
    assert shares(results, "told") == {"yes": pytest.approx(sum(each["told"] == "yes" for each in given) / n)}
    assert shares(results, "channel")["web"] == pytest.approx(sum(each["channel"] == "web" for each in given) / n)
    with_opinion = [each["used"] for each in given if each["used"] != ["not_used"]]
    meals = sum("meals" in each for each in with_opinion) / len(with_opinion)
    assert shares(results, "used")["meals"] == pytest.approx(meals)
    assert results["no_opinion"]["used"] == pytest.approx(1 - len(with_opinion) / n)
    assert {"visits", "since", "improve"}.isdisjoint({each["item"] for each in results["estimates"]})


async def test_csv_holds_the_answers_and_nothing_that_names_anybody(surveys: Surveys) -> None:
    results, given = await closed(surveys)
    content = (await taken(surveys, results["wave_id"], "csv")).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert len(rows) == len(given)
    assert TOLD not in content
    assert {"submission_id", "leaf", "salt", "submitted_on", "duration_seconds", "improve"}.isdisjoint(rows[0])

    def of(row: dict[str, str]) -> tuple[str, ...]:
        return tuple(
            row[name] for name in ("all", "parts_time", "again", "easy", "told", "used_meals", "visits", "since")
        )

    def expected(each: dict[str, Any]) -> tuple[str, ...]:
        used = "" if each["used"] == ["not_used"] else str(int("meals" in each["used"]))
        rating = "-1" if each["all"] == "not_used" else str(each["all"])
        told = "1" if each["told"] == "yes" else "2"
        parts = (rating, each["parts"]["time"], each["again"], each.get("easy", ""), told, used, each["visits"])
        return tuple(map(str, (*parts, each["since"].replace("-", ""))))

    assert sorted(map(of, rows)) == sorted(map(expected, given))
    assert sum(float(row["weight"]) for row in rows) == pytest.approx(120)


@pytest.mark.parametrize("kind", ["sav", "dta"])
async def test_spss_and_stata_carry_chinese_labels(surveys: Surveys, tmp_path: Path, kind: str) -> None:
    results, given = await closed(surveys)
    path = tmp_path / f"answers.{kind}"
    path.write_bytes(await taken(surveys, results["wave_id"], kind))
    read = pyreadstat.read_sav if kind == "sav" else pyreadstat.read_dta
    frame, meta = read(str(path))
    assert len(frame) == len(given)
    labels: dict[str, Any] = meta.column_names_to_labels
    assert labels["all"] == "总体满意吗？"
    assert labels["used_meals"] == "用过哪些？ — 送餐"
    values: dict[str, Any] = meta.variable_value_labels
    assert values["all"][5] == "5分"
    assert values["all"][-1] == "没有用过"
    assert values["again"] == {0: "不会", 10: "一定会"}
    assert values["mode"][1] == "网上"
    assert "SIMULATED" in (meta.file_label or "")
    assert float(frame["weight"].sum()) == pytest.approx(120)
    if kind == "sav":
        _, meta = pyreadstat.read_sav(str(path), user_missing=True)
        assert meta.missing_ranges["all"] == [{"lo": -1.0, "hi": -1.0}]
        assert meta.variable_measure["all"] == "ordinal"


async def test_parquet_is_an_extra(surveys: Surveys) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    results, given = await closed(surveys)
    table = pq.read_table(io.BytesIO(await taken(surveys, results["wave_id"], "parquet")))
    assert table.num_rows == len(given)
    assert table.schema.field("all").metadata[b"label"].decode() == "总体满意吗？"


async def test_taking_answers_stands_in_the_audit_trail(surveys: Surveys) -> None:
    results, _ = await closed(surveys, count=12)
    await taken(surveys, results["wave_id"], "csv")
    async with surveys.database.reading() as session:
        rows = (await session.execute(text("SELECT noun_id FROM audit WHERE action = 'answers.exported'"))).all()
    assert [row.noun_id for row in rows] == [results["wave_id"]]


async def test_answers_of_fewer_than_ten_stay(surveys: Surveys) -> None:
    results, _ = await closed(surveys, count=9)
    for path in ("answers?format=csv", "recompute"):
        answer = await surveys.client.as_("auditor").get(f"/v1/waves/{results['wave_id']}/{path}")
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-few-answers")


async def test_unknown_format_is_refused(surveys: Surveys) -> None:
    answer = await surveys.client.as_("auditor").get(f"/v1/waves/{uuid4()}/answers", params={"format": "xls"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "query:format")


async def test_bundle_is_whole_and_gives_the_same_numbers(surveys: Surveys, tmp_path: Path) -> None:
    results, given = await closed(surveys)
    path = f"/v1/waves/{results['wave_id']}/recompute"
    auditor = surveys.client.as_("auditor")
    first, second = (await auditor.get(path)).content, (await auditor.get(path)).content
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        archive.extractall(tmp_path)
        names = set(archive.namelist())
    lines = (line.split("  ") for line in (tmp_path / "SHA256SUMS").read_text().splitlines())
    sums = {name: digest for digest, name in lines}
    assert set(sums) == names - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    assert json.loads((tmp_path / "results.json").read_text()) == results
    assert json.loads((tmp_path / "policy.json").read_text())["name"] == results["policy"]
    assert "SIMULATED" in (tmp_path / "README.txt").read_text()
    assert TOLD not in "".join((tmp_path / name).read_text() for name in names)
    expected = list(csv.DictReader((tmp_path / "expected.csv").read_text().splitlines()))
    assert len(expected) == len(results["estimates"])
    assert len(list(csv.DictReader((tmp_path / "data.csv").read_text().splitlines()))) == len(given)
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("the numbers are computed again only where R is installed")
    ran = await asyncio.to_thread(
        subprocess.run, [rscript, "recompute.R"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "the numbers are the same" in ran.stdout


async def test_r_finds_numbers_that_were_changed(surveys: Surveys, tmp_path: Path) -> None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R is not installed")
    results, _ = await closed(surveys)
    content = (await surveys.client.as_("auditor").get(f"/v1/waves/{results['wave_id']}/recompute")).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    table = (tmp_path / "data.csv").read_text().splitlines()
    (tmp_path / "data.csv").write_text("\n".join([*table[:-1], table[1]]) + "\n")
    ran = await asyncio.to_thread(
        subprocess.run, [rscript, "recompute.R"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode != 0
    assert "differ" in ran.stderr


async def test_stratified_sample_gives_the_same_numbers_in_r(surveys: Surveys, tmp_path: Path) -> None:
    """Strata with a finite population correction, and the Wilson interval of a simple random sample."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R is not installed")
    simple = {"design": "probability", "population": 400, "invited": 100, "margins": []}
    strata = {"strata": [{"code": "urban", "population": 250}, {"code": "rural", "population": 150}]}
    for number, fields in enumerate((simple, simple | strata)):
        contract = ContractActivated.model_validate(contract_fields())
        await surveys.hear(contract)
        operator = surveys.client.as_("operator")
        body = {"contract_id": str(contract.contract_id), "kind": "midterm", **fields}
        opened = await operator.post("/v1/waves", json=body)
        assert opened.status_code == 201, opened.text
        chance = random.Random(number)
        for each in range(90):
            answers = {"overall": chance.randint(1, 5), "access": chance.randint(2, 5)}
            place = {"stratum": "urban" if each % 3 else "rural"} if "strata" in fields else {}
            sent = await surveys.put(opened.json()["id"], {"answers": answers, **place})
            assert sent.status_code == 201, sent.text
        results = await surveys.close(opened.json()["id"])
        content = (await surveys.client.as_("auditor").get(f"/v1/waves/{results['wave_id']}/recompute")).content
        folder = tmp_path / str(number)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder)
        ran = await asyncio.to_thread(
            subprocess.run, [rscript, "recompute.R"], cwd=folder, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        methods = {each["ci_method"] for each in results["estimates"]}
        assert ("wilson" in methods) == ("strata" not in fields)
