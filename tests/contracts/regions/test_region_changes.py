"""Division codes over time: retired ones warn, recorded changes are followed, history is not rewritten."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.regions.changes import SHIPPED, Change, present_codes
from contracts.regions.queries import parse_region
from contracts.registers.places import place_regions
from shared.divisions import PROVINCES, RETIRED

TODAY = date(2026, 1, 1)
DOCUMENT = "民函〔2021〕1号 (simulated)"


def change(code: str, *successors: str, on: date = date(2020, 5, 1), kind: str = "recode") -> Change:
    return Change(code, None, kind, successors, on, True, "test")


@pytest.mark.parametrize(
    ("code", "on", "present"),
    [
        ("CN-2301", TODAY, ("CN-2301",)),
        ("CN-3712", TODAY, ("CN-3701",)),
        ("CN-3712", date(2018, 6, 1), ("CN-3712",)),
        ("CN-371202", TODAY, ("CN-370116",)),
        ("CN-371299", TODAY, ("CN-3701",)),  # unknown county: the division above it is followed
        ("CN-3414", TODAY, ("CN-3401", "CN-3402", "CN-3405")),
        ("CN-341422", date(2012, 1, 1), ("CN-340225",)),
        ("CN-341422", TODAY, ("CN-340281",)),  # two changes one after the other
        ("CN-522201", TODAY, ("CN-5206",)),
        ("XK-05", TODAY, ("XK-05",)),
        ("CN-00", TODAY, ("CN-00",)),
    ],
)
def test_former_codes_are_followed_to_the_present_ones(code: str, on: date, present: tuple[str, ...]) -> None:
    assert present_codes(code, SHIPPED, on=on) == present


def test_every_retired_prefecture_has_present_successors() -> None:
    for code in RETIRED:
        for found in present_codes(f"CN-{code}", SHIPPED, on=TODAY):
            assert found[5:] in PROVINCES[found[3:5]].prefectures, (code, found)


def test_a_code_without_successor_is_covered_by_nothing() -> None:
    assert present_codes("CN-239901", [change("CN-2399", kind="retirement")], on=TODAY) == ()


CODES = st.sampled_from([f"CN-23{number:02}" for number in range(1, 7)])


@given(st.lists(st.builds(change, CODES, CODES, on=st.dates(date(2000, 1, 1), TODAY)), max_size=8), CODES)
def test_following_ends_even_in_a_circle(changes: list[Change], code: str) -> None:
    assert len(present_codes(code, changes, on=TODAY)) <= 1


@given(st.lists(CODES, max_size=6), st.sampled_from(["self", "province", "prefecture", "county"]))
def test_then_places_every_region_under_the_code_of_its_time(regions: list[str], by: str) -> None:
    placed = place_regions(regions, inside="CN-23", by=by, boundaries="then", changes=SHIPPED, on=TODAY)
    assert not placed.uncertain
    assert set(placed.items) == set(regions)
    assert all(region.startswith(item) and parse_region(item) == item for region, item in placed.items.items())


def test_now_places_a_former_division_where_its_successors_are() -> None:
    regions = ["CN-371202", "CN-3701", "CN-3414", "CN-341402", "XK-05"]

    def placed(inside: str, by: str) -> tuple[dict[str, str], tuple[str, ...]]:
        found = place_regions(regions, inside=inside, by=by, boundaries="now", changes=SHIPPED, on=TODAY)
        return dict(found.items), found.uncertain

    assert placed("CN-3701", "county") == ({"CN-371202": "CN-370116", "CN-3701": "CN-3701"}, ())
    assert placed("CN-3401", "self") == ({"CN-341402": "CN-3401"}, ("CN-3414",))
    assert placed("CN-34", "prefecture") == ({"CN-3414": "CN-34", "CN-341402": "CN-3401"}, ())
    assert placed("CN-3414", "self") == ({}, ())
    assert placed("CN", "province")[0] == dict.fromkeys(["CN-371202", "CN-3701"], "CN-37") | dict.fromkeys(
        ["CN-3414", "CN-341402"], "CN-34"
    )
    assert placed("XK-05", "self") == ({"XK-05": "XK-05"}, ())


async def test_a_recorded_change_is_told_warned_of_and_kept(contracts: Any) -> None:
    body = {
        "kind": "merger",
        "code": "CN-230199",
        "name": "旧区",
        "successors": ["CN-230102"],
        "effective_on": "2021-04-09",
        "document": DOCUMENT,
    }
    recorded = await contracts.post("/regions/changes", body, expect=201)
    assert recorded["day_known"] is True
    problem = await contracts.refused(
        "POST", "/regions/changes", body, status=409, slug="region-change-already-recorded"
    )
    assert "2021-04-09" in problem["detail"]
    unsound: tuple[dict[str, Any], ...] = (
        {"code": "CN-00"},
        {"successors": []},
        {"successors": ["CN-230102", "CN-230103"]},
        {"kind": "split"},
        {"kind": "retirement"},
        {"kind": "recode", "successors": ["CN-230199"], "effective_on": "2022-01-01"},
        {"code": "CN-230102", "successors": ["CN-230199"]},  # a circle
    )
    for wrong in unsound:
        await contracts.refused("POST", "/regions/changes", body | wrong, status=409, slug="region-change-unsound")
    assert await contracts.pointers("POST", "/regions/changes", body | {"code": "CN-99"}) == {"/code"}
    foreign = contracts.client.as_("operator", regions=["CN-31"])
    await contracts.refused("POST", "/regions/changes", body, status=403, slug="forbidden", client=foreign)

    shown = await contracts.get("/regions/CN-230199")
    assert (shown["name"], shown["valid_to"], shown["successors"]) == ("旧区", "2021-04-09", ["CN-230102"])
    assert shown["present"] == ["CN-230102"]
    assert "retired on 2021-04-09" in shown["warnings"][0]
    assert (await contracts.get("/regions/CN-230199?on=2020-01-01"))["warnings"] == []
    assert (await contracts.get("/regions/CN-230102"))["predecessors"] == ["CN-230199"]
    codes = [each["code"] for each in (await contracts.get("/regions/changes"))["items"]]
    assert "CN-230199" in codes
    assert "CN-3414" in codes
    # A retired code is accepted, with a warning.
    contract = await contracts.draft(region="CN-230199")
    assert [warning["code"] for warning in contract["warnings"]] == ["division-retired"]


async def test_divisions_are_listed_as_on_a_day(contracts: Any) -> None:
    async def codes(parent: str, on: str) -> set[str]:
        return {each["code"] for each in (await contracts.get(f"/regions?parent={parent}&on={on}"))["items"]}

    assert {"CN-3712"} == await codes("CN-37", "2018-06-01") - await codes("CN-37", "2020-01-01")
    assert await codes("CN-52", "2010-01-01") ^ await codes("CN-52", "2020-01-01") == {
        "CN-5222",
        "CN-5206",
        "CN-5224",
        "CN-5205",
    }
    assert len((await contracts.get("/regions?on=2020-01-01"))["items"]) == 34
    assert (await contracts.get("/regions?parent=CN-2301&on=2020-01-01"))["items"] == []
    tongren = await contracts.get("/regions/CN-5206")
    assert (tongren["valid_from"], tongren["day_known"], tongren["predecessors"]) == ("2011-01-01", False, ["CN-5222"])
    await contracts.refused("GET", "/regions/CN-99", status=422, slug="malformed")


async def test_counties_are_named_by_the_list_of_their_province(contracts: Any) -> None:
    before = await contracts.draft(region="CN-230199")
    assert before["warnings"] == []  # nobody has named the counties of the prefecture
    body: dict[str, Any] = {
        "document": DOCUMENT,
        "items": [{"code": "CN-230102", "name": "道里区"}, {"code": "CN-230103", "name": "旧区"}],
    }
    assert await contracts.post("/regions/counties", body) == {"created": 2, "updated": 0, "unchanged": 0}
    body["items"][1] |= {"name": "南岗区", "valid_from": "2010-01-01"}
    assert await contracts.post("/regions/counties", body) == {"created": 0, "updated": 1, "unchanged": 1}
    listed = (await contracts.client.anonymous.get("/v1/regions?parent=CN-2301")).json()["items"]
    assert [(each["code"], each["name"], each["level"]) for each in listed] == [
        ("CN-230102", "道里区", "county"),
        ("CN-230103", "南岗区", "county"),
    ]
    early = (await contracts.client.anonymous.get("/v1/regions?parent=CN-2301&on=2009-12-31")).json()["items"]
    assert [each["code"] for each in early] == ["CN-230102"]
    shown = await contracts.get("/regions/CN-230103")
    assert (shown["name"], shown["valid_from"], shown["warnings"]) == ("南岗区", "2010-01-01", [])
    await contracts.active(region="CN-230102")
    totals = await contracts.get("/regions/CN-23/totals?by=county")
    assert [(each["region"], each["name"]) for each in totals["items"]] == [("CN-230102", "道里区")]
    # A code that the list does not have is doubtful now, and taken all the same.
    doubtful = await contracts.draft(region="CN-230199")
    assert [each["code"] for each in doubtful["warnings"]] == ["division-unknown"]
    wrong = {"document": "x", "items": [{"code": "CN-2301", "name": "x"}, {"code": "XK-05", "name": "x"}]}
    assert await contracts.pointers("POST", "/regions/counties", wrong) == {"/items/0/code", "/items/1/code"}
    twice = {"document": "x", "items": [{"code": "CN-230102", "name": name} for name in ("a", "b")]}
    assert await contracts.pointers("POST", "/regions/counties", twice) == {"/items/1/code"}
    foreign = contracts.client.as_("finance", regions=["CN-31"])
    assert (await foreign.post("/v1/regions/counties", json=body)).status_code == 403
