"""Breakdowns over HTTP: what is hidden stays hidden whatever is asked."""

import csv
import io
from typing import Any

import numpy as np
import pytest
from tests.surveys.conftest import Surveys
from tests.surveys.publication.conftest import crowd, get, published_wave

from surveys.kernel.suppression import cross, unsafe

SHARES = {
    "age": {"60-69": 0.5, "70-79": 0.35, "80+": 0.15},
    "sex": {"female": 0.55, "male": 0.45},
    "town": {"A": 0.5, "B": 0.3, "C": 0.15, "D": 0.05},
}


async def tables(surveys: Surveys, wave_id: str, *by: str) -> Any:
    return await get(surveys, f"/v1/waves/{wave_id}/publication/tables", **({"by": list(by)} if by else {}))


async def test_tables_by_one_and_two_variables(surveys: Surveys) -> None:
    people = crowd(600, seed=5, shares=SHARES)
    wave = await published_wave(surveys, people, beneficiary_population=900)
    found = await tables(surveys, wave["id"])
    assert (found["release"], found["policy"]) == (1, "publish-v1")
    assert [table["by"] for table in found["tables"]] == [["age"], ["sex"], ["town"]]
    assert set(found["breakdowns"]) == {"age", "sex", "town", "age,sex", "age,town", "sex,town"}
    document = await get(surveys, f"/v1/waves/{wave['id']}/publication")
    assert document["breakdowns"] == found["breakdowns"]
    (sexes,) = (await tables(surveys, wave["id"], "sex"))["tables"]
    assert [each["code"] for each in sexes["variables"][0]["categories"]] == ["female", "male"]
    counts = [sum(person["attributes"]["sex"] == sex for person in people) for sex in ("female", "male")]
    assert sexes["counts"] == counts
    women = [person["answers"]["overall"] >= 4 for person in people if person["attributes"]["sex"] == "female"]
    share = sexes["shares"]["overall"]["cells"][0]
    assert (share["percent"], share["text"]) == (round(np.mean(women) * 100), f"{round(np.mean(women) * 100)} %")
    assert isinstance(share["percent"], int)
    assert set(sexes["shares"]) > {"overall", "staff"}
    for order in (("sex", "age"), ("age", "sex")):
        (table,) = (await tables(surveys, wave["id"], *order))["tables"]
        assert table["by"] == ["age", "sex"]
        assert list(table["shares"]) == ["overall"]
        assert np.array(table["counts"]).shape == (3, 2)


async def test_what_is_published_gives_no_small_count_away(surveys: Surveys) -> None:
    people = crowd(160, seed=8, shares=SHARES)
    wave = await published_wave(surveys, people, beneficiary_population=900)
    shown = {",".join(table["by"]): table for table in (await tables(surveys, wave["id"]))["tables"]}
    hidden_cells = 0
    for by in (("age", "sex"), ("age", "town"), ("sex", "town")):
        (table,) = (await tables(surveys, wave["id"], *by))["tables"]
        if table["withheld"]:
            assert table["counts"] is None
            assert table["shares"] == {}
            continue
        codes = [list(SHARES[name]) for name in by]
        true = np.array(
            [
                [
                    sum(
                        person["attributes"][by[0]] == row and person["attributes"][by[1]] == column
                        for person in people
                    )
                    for column in codes[1]
                ]
                for row in codes[0]
            ]
        )
        counts = np.array(table["counts"], dtype=object)
        hidden = counts == None  # noqa: E711 - compared cell by cell
        assert (counts[~hidden] == true[~hidden]).all()
        assert hidden[(true > 0) & (true < 10)].all()
        margins = [[count is None for count in shown[name]["counts"]] for name in by]
        everything = np.concatenate([hidden.ravel(), *margins, [False]]).astype(np.bool_)
        assert unsafe(cross(true), everything) == []
        hidden_cells += int(hidden.sum())
        cells = np.array(table["shares"]["overall"]["cells"], dtype=object)
        assert all(cell is None for cell in cells[hidden])
    assert hidden_cells


async def test_small_groups_have_no_share(surveys: Surveys) -> None:
    people = crowd(300, seed=4, shares={"town": {"A": 0.9, "B": 0.1}})
    for person in [each for each in people if each["attributes"]["town"] == "B"][5:]:
        person["answers"]["overall"] = "dont_know"
    wave = await published_wave(surveys, people)
    (table,) = (await tables(surveys, wave["id"], "town"))["tables"]
    assert table["counts"][1] >= 10
    share = table["shares"]["overall"]["cells"][1]
    assert (share["percent"], share["text"], share["status"]) == (None, None, "suppressed")


async def test_answers_without_attributes_are_their_own_category(surveys: Surveys) -> None:
    people = crowd(200, shares={"sex": {"female": 0.5, "male": 0.5}})
    for person in people[:30]:
        person["attributes"] = None
    wave = await published_wave(surveys, people)
    (table,) = (await tables(surveys, wave["id"], "sex"))["tables"]
    assert [each["code"] for each in table["variables"][0]["categories"]] == ["female", "male", None]
    assert table["counts"][2] == 30
    assert sum(table["counts"]) == 200


async def test_export_holds_what_the_interface_shows(surveys: Surveys) -> None:
    people = crowd(160, seed=8, shares=SHARES | {"unit": {"=1+1": 0.5, "x": 0.5}})
    wave = await published_wave(surveys, people, beneficiary_population=900)
    path = f"/v1/waves/{wave['id']}/publication"

    async def lines(part: str) -> list[dict[str, str]]:
        answer = await surveys.client.anonymous.get(f"{path}/export", params={"part": part})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
        assert answer.headers["Content-Disposition"].endswith(f'-release-1-{part}.csv"')
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))

    document = await get(surveys, path)
    figures = await lines("figures")
    assert [(row["item"], row["measure"], row["text"], row["status"]) for row in figures] == [
        (item["item"], item["measure"], item["text"] or "", item["status"]) for item in document["items"]
    ]
    assert {row["simulated"] for row in figures} == {"True"}
    cells = [row for row in await lines("tables") if not row["item"]]
    for by in (("age", "town"), ("sex", "town"), ("unit",)):
        (table,) = (await tables(surveys, wave["id"], *by))["tables"]
        shown = [
            "" if count is None else str(count)
            for count in np.array(table["counts"] or [None] * 4, dtype=object).ravel().tolist()
        ]
        found = [row for row in cells if tuple(filter(None, (row["variable_1"], row["variable_2"]))) == by]
        if table["withheld"]:
            assert {row["respondents"] for row in found} == {""}
        else:
            assert [row["respondents"] for row in found] == shown
    assert {row["category_1"] for row in cells if row["variable_1"] == "unit"} == {"'=1+1", "x"}


@pytest.mark.parametrize("by", [["shoe_size"], ["sex", "shoe_size"], ["sex", "sex"], ["age", "sex", "town"]])
async def test_unknown_breakdown_is_refused(surveys: Surveys, by: list[str]) -> None:
    wave = await published_wave(surveys, crowd(60, shares=SHARES))
    answer = await surveys.client.anonymous.get(f"/v1/waves/{wave['id']}/publication/tables", params={"by": by})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("query:by")
    if len(by) < 3:
        assert "age, sex, town" in answer.json()["detail"]
