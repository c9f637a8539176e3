"""What codes and classes say about roles, and the table of classes against the published one."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.organisations.eligibility import eligibility_of
from contracts.organisations.uscc import ALPHABET, KINDS, REGISTRARS, inner_check, outer_check

RULES = Path(__file__).parents[4] / "shared" / "data" / "cn" / "cn_rules.json"


def code_of(first_two: str) -> str:
    body = f"{first_two}230102MA1C2D3E" + inner_check("MA1C2D3E")
    return body + outer_check(body)


@pytest.mark.parametrize(
    ("first_two", "institution_class", "verdicts"),
    [
        ("11", None, ("eligible", "barred", "ask")),
        ("12", None, ("ask", "ask", "ask")),
        ("12", "publicWelfare1", ("barred", "barred", "ask")),
        ("12", "publicWelfare2", ("barred", "eligible", "eligible")),
        ("12", "productionBusiness", ("barred", "eligible", "eligible")),
        ("12", "administrative", ("eligible", "barred", "ask")),
        ("13", None, ("ask", "ask", "ask")),
        ("31", None, ("barred", "eligible", "eligible")),
        ("52", None, ("barred", "eligible", "eligible")),
        ("91", None, ("barred", "eligible", "eligible")),
        ("91", "publicWelfare1", ("barred", "eligible", "eligible")),
        ("N2", None, ("barred", "eligible", "eligible")),
        ("Y1", None, ("ask", "ask", "ask")),
        ("71", None, ("ask", "ask", "ask")),
    ],
)
def test_the_code_tells_who_may_do_what(
    first_two: str, institution_class: str | None, verdicts: tuple[str, ...]
) -> None:
    found = eligibility_of(code_of(first_two), institution_class=institution_class)
    assert tuple(verdict.role for verdict in found) == ("purchaser", "provider", "evaluator")
    assert tuple(verdict.verdict for verdict in found) == verdicts
    assert all(verdict.source and verdict.note for verdict in found)


def test_every_class_of_the_standard_gets_an_answer() -> None:
    for first_two in KINDS:
        assert {verdict.verdict for verdict in eligibility_of(code_of(first_two))} <= {"eligible", "barred", "ask"}
    assert {verdict.verdict for verdict in eligibility_of(None)} == {"ask"}
    assert [verdict.verdict for verdict in eligibility_of(None, individual=True)] == ["barred", "eligible", "ask"]


@pytest.mark.skipif(not RULES.is_file(), reason="the data beside the project is not there")
def test_the_table_of_classes_equals_the_published_one() -> None:
    published = json.loads(RULES.read_text(encoding="utf-8"))["uscc"]
    assert published["alphabet"] == ALPHABET
    assert set(published["registrar"]) == set(REGISTRARS)
    classes = {first + second for first, seconds in published["class"].items() for second in seconds}
    assert classes == set(KINDS)


async def test_codes_are_checked_and_classes_kept(contracts: Any) -> None:
    anonymous = contracts.client.anonymous
    good = (await anonymous.get("/v1/organisations:check", params={"uscc": code_of("N2")})).json()
    assert (good["valid"], good["division"], good["problem"]) == (True, "230102", None)
    assert good["registrar"] == "agriculture (农业)"
    assert [verdict["verdict"] for verdict in good["verdicts"]] == ["barred", "eligible", "eligible"]
    retired = code_of("91").replace("230102", "371202")
    retired = retired[:17] + outer_check(retired[:17])
    warned = (await anonymous.get("/v1/organisations:check", params={"uscc": retired})).json()
    assert [warning["code"] for warning in warned["warnings"]] == ["division-retired"]
    bad = (await anonymous.get("/v1/organisations:check", params={"uscc": code_of("N2")[:16] + "00"})).json()
    assert (bad["valid"], bad["verdicts"]) == (False, [])
    assert bad["problem"]

    recorded = await contracts.organisation("provider", uscc=code_of("12"), institution_class="publicWelfare1")
    shown = await contracts.get(f"/organisations/{recorded}")
    assert (shown["institution_class"], shown["status"], shown["individual"]) == ("publicWelfare1", "active", False)
    verdicts = (await contracts.get(f"/organisations/{recorded}/eligibility"))["verdicts"]
    assert [verdict["verdict"] for verdict in verdicts] == ["barred", "barred", "ask"]
    assert verdicts[0]["source"] == "MOF-102 art. 8"
