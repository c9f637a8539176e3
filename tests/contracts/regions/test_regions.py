"""Region codes: what is accepted, what is warned of, what is listed."""

import csv
from pathlib import Path
from typing import Any

import pytest

from contracts.regions.queries import children_of, division_of, division_warnings, parse_region, province_name
from shared.divisions import PROVINCES, RETIRED, region_label

DATA = Path(__file__).parents[4] / "shared" / "data" / "gbt2260"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("CN-23", "CN-23"),
        ("CN-2301", "CN-2301"),
        ("CN-230102", "CN-230102"),
        ("CN-230000", "CN-23"),
        ("CN-230100", "CN-2301"),
        ("CN-00", "CN-00"),
        ("CN-000000", "CN-00"),
        ("CN-371202", "CN-371202"),
        ("XK-05", "XK-05"),
        ("ZZ-0", "ZZ-0"),
    ],
)
def test_a_region_has_one_canonical_form(text: str, canonical: str) -> None:
    assert parse_region(text) == canonical
    assert parse_region(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CN",
        "CN-",
        "CN-2",
        "CN-230",
        "CN-99",
        "CN-0001",
        "CN-23 ",
        "cn-23",
        "CN-2301022",
        "230102",
        "XK-a b",
        "CN-２３",
    ],
)
def test_a_malformed_region_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_region(text)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("CN-230102", []),
        ("230000", []),
        ("CN-00", []),
        ("710000", []),
        ("810101", []),
        ("371202", ["division-retired"]),
        ("632121", ["division-retired"]),
        ("239901", ["division-unknown"]),
        ("990000", []),
        ("990100", ["division-unknown"]),
        ("XK-05", []),
    ],
)
def test_doubtful_divisions_are_warned_of_and_never_refused(code: str, expected: list[str]) -> None:
    assert [warning["code"] for warning in division_warnings(code)] == expected


def test_retired_prefectures_are_no_present_ones() -> None:
    assert not [code for code in RETIRED if code[2:] in PROVINCES[code[:2]].prefectures]


def test_names() -> None:
    assert province_name("CN-230102") == "黑龙江省"
    assert province_name("XK-05") is None
    assert division_of("CN-2301") == ("CN-2301", "哈尔滨市", None, "prefecture", "CN-23")
    assert division_of("CN-230102") is None
    assert division_of("XK-23") is None
    assert len(children_of(None)) == 34
    assert children_of("XK") == []


@pytest.mark.skipif(not DATA.is_dir(), reason="the data beside the project is not there")
def test_the_table_equals_the_published_one() -> None:
    with (DATA / "cities.csv").open(encoding="utf-8") as file:
        published = {row["code"]: row["name"] for row in csv.DictReader(file)}
    with (DATA / "provinces.csv").open(encoding="utf-8") as file:
        provinces = {row["code"]: row["name"] for row in csv.DictReader(file)}
    ours = {code + two: name for code, province in PROVINCES.items() for two, name in province.prefectures.items()}
    assert ours == published
    assert {code: PROVINCES[code].name for code in provinces} == provinces
    with (DATA / "areas.csv").open(encoding="utf-8") as file:
        # Prefectures without counties stand in that list under their own code.
        counties = [row["code"] for row in csv.DictReader(file) if not row["code"].endswith("00")]
    assert [code for code in counties if division_warnings(code) or parse_region(f"CN-{code}") != f"CN-{code}"] == []


async def test_regions_are_listed_for_all(contracts: Any) -> None:
    anonymous = contracts.client.anonymous
    provinces = (await anonymous.get("/v1/regions")).json()["items"]
    assert len(provinces) == 34
    assert provinces[0] == {
        "code": "CN-11",
        "name": "北京市",
        "name_en": "Beijing",
        "level": "province",
        "parent": None,
    }
    cities = (await anonymous.get("/v1/regions", params={"parent": "CN-230000"})).json()["items"]
    assert [city["code"] for city in cities][:2] == ["CN-2301", "CN-2302"]
    assert (await anonymous.get("/v1/regions", params={"parent": "CN-2301"})).json()["items"] == []
    problem = await contracts.refused("GET", "/regions?parent=CN-99", status=422, slug="malformed")
    assert problem["errors"][0]["pointer"] == "query:parent"


def test_a_person_reads_what_a_region_is_called() -> None:
    assert region_label("CN-23") == "黑龙江省（CN-23）"
    assert region_label("CN-2301") == "黑龙江省哈尔滨市（CN-2301）"
    assert region_label("CN-230102") == "黑龙江省哈尔滨市（CN-230102）"
    assert region_label("CN-110101") == "北京市（CN-110101）"  # nobody calls a place 市辖区
    assert region_label("CN-429004") == "湖北省（CN-429004）"
    assert region_label("CN-371202") == "山东省莱芜市（CN-371202）"  # retired in 2019
    assert region_label("CN-230102", chinese=False) == "Heilongjiang (CN-230102)"
    assert region_label("CN-00") == "CN-00"
    assert region_label("XK-1") == "XK-1"
