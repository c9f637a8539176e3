"""Search: filters, words, regions, pages, and what must not be found."""

from typing import Any
from uuid import UUID

import pytest
from tests.support import ANY_VERSION

from contracts.search.service import refresh_flags

CARE, LEGAL = "居家养老服务", "法律援助服务"


async def found(client: Any, **query: Any) -> list[str]:
    """Titles in the order of the list."""
    answer = await client.get("/v1/contracts", params=query)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


@pytest.fixture
async def world(contracts: Any) -> Any:
    """Contracts that differ in what is searched for."""
    bureau = await contracts.organisation("purchaser", name="哈尔滨市道里区民政局（模拟）")
    centre = await contracts.organisation("provider", name="Sunrise 社工服务中心（模拟）")
    common = {"purchaser_id": bureau}
    await contracts.draft(title=f"{CARE}一", provider_id=centre, **common)
    await contracts.active(
        title=f"{CARE}二", region="CN-230103", service_category="A0401", value="500.50", procurement_method="open"
    )
    await contracts.active(
        title=LEGAL,
        region="CN-310101",
        service_category="B03",
        signed_on="2026-01-05",
        starts_on="2026-01-10",
        ends_on="2026-12-31",
        contract_number="ＨＴ-2026/77",
        external_id={"source": "finance", "id": "F-1"},
    )
    return contracts, bureau, centre


async def test_each_filter_narrows_the_list(world: Any) -> None:
    contracts, bureau, centre = world
    first, second, third = f"{CARE}一", f"{CARE}二", LEGAL
    for query, titles in (
        ({}, [first, second, third]),
        ({"order": "newest"}, [third, second, first]),
        ({"state": "draft"}, [first]),
        ({"origin": "import"}, []),
        ({"region": "CN-23"}, [first, second]),
        ({"region": "CN-2301"}, [first, second]),
        ({"region": "CN-230103"}, [second]),
        ({"purchaser_id": bureau}, [first]),
        ({"provider_id": centre}, [first]),
        ({"service_category": "A04"}, [first]),
        ({"category": "A04"}, [first, second]),
        ({"category": "B"}, [third]),
        ({"procurement_method": "open"}, [second]),
        ({"year": 2025}, [first, second]),
        ({"signed_from": "2026-01-05"}, [third]),
        ({"signed_to": "2026-01-04"}, [first, second]),
        ({"in_force_from": "2025-06-01", "in_force_to": "2025-06-30"}, [first, second]),
        ({"value_from": "1000.00"}, [first, third]),
        ({"value_to": "500.50", "currency": "CNY"}, [second]),
        ({"contract_number": "ＨＴ-2026/77"}, [third]),
        ({"source": "finance", "external_id": "F-1"}, [third]),
        ({"source": "finance", "external_id": "F-2"}, []),
        ({"simulated": True, "region": "CN-31"}, [third]),
        ({"simulated": False}, []),
    ):
        assert await found(contracts.staff, **query) == titles, query


async def test_words_are_found_wherever_they_stand(world: Any) -> None:
    contracts, _, _ = world
    first, second, third = f"{CARE}一", f"{CARE}二", LEGAL
    for words, titles in (
        ("养老", [first, second]),
        ("家养老服", [first, second]),
        ("养老 服务一", [first]),
        ("服务", [first, second, third]),
        ("老养", []),
        ("助", [third]),
        ("ht", [first, second, third]),
        ("HT-2026", [third]),
        ("sunr", [first]),
        ("unrise", []),
        ("道里区民政局 SUNRISE", [first]),
        ("民政局 法律", []),
    ):
        assert await found(contracts.staff, text=words) == titles, words
    assert await found(contracts.staff, text="服务", region="CN-31") == [third]
    assert await found(contracts.staff, text="服务", order="newest", limit=1) == [third]


@pytest.mark.parametrize(
    "words", ["O'Brien", "一' OR true --", "%居家%", "a:b :words", "back\\slash", "$1 {x}", "居家\x00养老"]
)
async def test_words_are_only_words(world: Any, words: str) -> None:
    """Whatever is asked for is quoted: nothing of it is read as SQL, and signs part words."""
    contracts, _, _ = world
    titles = await found(contracts.staff, text=words)
    assert titles == ([f"{CARE}一", f"{CARE}二"] if "居家" in words else [])


async def test_what_changes_is_found_as_it_is_now(world: Any) -> None:
    contracts, bureau, _ = world
    draft = (await contracts.get("/contracts?state=draft"))["items"][0]
    answer = await contracts.staff.patch(
        f"/v1/contracts/{draft['contract_id']}", json={"title": "社区助餐"}, headers=ANY_VERSION
    )
    assert answer.status_code == 200, answer.text
    assert await found(contracts.staff, text="养老", state="draft") == []
    assert await found(contracts.staff, text="助餐") == ["社区助餐"]
    await contracts.post(f"/contracts/{draft['contract_id']}/submit")
    assert await found(contracts.staff, state="pending") == ["社区助餐"]
    assert await found(contracts.staff, state="draft") == []
    rename = {
        "effective_on": "2025-06-30",
        "document": "simulated",
        "kind": "rename",
        "name": "道里区社会工作部（模拟）",
    }
    await contracts.post(f"/organisations/{bureau}/successions", rename, expect=201)
    assert await found(contracts.staff, text="社会工作部") == ["社区助餐"]
    assert await found(contracts.staff, text="民政局") == []


async def test_pages_hold_everything_once_within_the_scope(world: Any) -> None:
    contracts, _, _ = world
    inside = contracts.client.as_("auditor", regions=["CN-2301", "CN-32"])
    assert await found(inside) == [f"{CARE}一", f"{CARE}二"]
    assert await found(inside, region="CN-23") == [f"{CARE}一", f"{CARE}二"]
    assert await found(inside, region="CN-230103") == [f"{CARE}二"]
    assert await found(inside, region="CN-31") == []
    assert await found(inside, text="法律") == []
    for query in ({}, {"text": "服务"}, {"order": "newest"}, {"order": "newest", "text": "服务"}):
        titles, cursor = [], None
        while True:
            page = {"limit": 1} | query | ({"cursor": cursor} if cursor else {})
            body = (await contracts.staff.get("/v1/contracts", params=page)).json()
            titles += [item["title"] for item in body["items"]]
            if (cursor := body["next"]) is None:
                break
        assert titles == await found(contracts.staff, **query)
        assert len(titles) == 3


async def test_bad_filters_are_named(contracts: Any) -> None:
    for query, pointer in (
        ({"text": "。！"}, "query:text"),
        ({"region": "CN-99"}, "query:region"),
        ({"value_from": "2.00", "value_to": "1.00"}, "query:value_to"),
        ({"signed_from": "2026-01-02", "signed_to": "2026-01-01"}, "query:signed_to"),
        ({"category": "x"}, "query:category"),
        ({"value_from": "-1"}, "query:value_from"),
        ({"flag": "unheard"}, "query:flag"),
        ({"cursor": "WyJhIl0"}, "query:cursor"),
    ):
        answer = await contracts.staff.get("/v1/contracts", params=query)
        assert answer.status_code == 422, (query, answer.text)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    for role in ("provider", "evaluator"):
        refused = await contracts.client.as_(role).get("/v1/contracts", params={"flag": "singleBid"})
        assert refused.status_code == 403


async def test_flags_are_found_after_the_sweep_and_follow_their_neighbours(contracts: Any) -> None:
    async def sweep() -> int:
        chunks, last = 0, UUID(int=0)
        while True:
            async with contracts.database.transaction() as session:
                found = await refresh_flags(session, after=last, limit=1)
            if found is None:
                return chunks
            last, chunks = found, chunks + 1

    lone = await contracts.active(title="单一来源", procurement_method="open", tenderers=1)
    assert await found(contracts.staff, flag="singleBid") == []
    assert await sweep() == 1
    assert await found(contracts.staff, flag="singleBid") == ["单一来源"]
    assert await found(contracts.staff, flag="concentration") == []
    assert await sweep() == 0
    # Four more of the same provider: the first one's share of the purchaser's year is a question now, too.
    parties = {side: lone[side.removesuffix("_id")]["organisation_id"] for side in ("purchaser_id", "provider_id")}
    for number in range(4):
        await contracts.active(title=f"又一 {number}", **parties)
    assert await sweep() == 4
    assert await sweep() == 1
    assert "单一来源" in await found(contracts.staff, flag="concentration")
    live = await contracts.get(f"/contracts/{lone['contract_id']}/flags")
    assert {flag["kind"] for flag in live["flags"] if flag["outcome"] == "raised"} == {"singleBid", "concentration"}
    assert await sweep() == 0
    await contracts.accept(lone)
    await contracts.book(lone, "payment", "100.00")
    assert await sweep() == 1


async def test_a_region_finds_what_it_has_a_share_of_when_asked(contracts: Any) -> None:
    draft = await contracts.draft(title=f"{CARE}一", region="CN-230102")
    places = [{"region": "CN-230102", "share": "60"}, {"region": "CN-230203", "share": "40"}]
    path = f"/v1/contracts/{draft['contract_id']}"
    assert (
        await contracts.staff.put(f"{path}/structure", json={"regions": places}, headers=ANY_VERSION)
    ).status_code == 200
    await contracts.draft(title=f"{CARE}二", region="CN-230203")
    await contracts.draft(title=LEGAL, region="CN-230204")
    first, second = f"{CARE}一", f"{CARE}二"
    shared = {"shared_region": "true"}
    for query, titles in (
        ({"region": "CN-2302"}, [second, LEGAL]),
        ({"region": "CN-2302", **shared}, [first, second, LEGAL]),
        ({"region": "CN-2302", "order": "newest", **shared}, [LEGAL, second, first]),
        ({"region": "CN-230203", **shared}, [first, second]),
        ({"region": "CN-230204", **shared}, [LEGAL]),
        ({"region": "CN-2301", **shared}, [first]),
        ({"region": "CN-2302", "text": "养老", **shared}, [first, second]),
        ({"region": "CN-2302", "state": "active", **shared}, []),
        ({"region": "CN-2302", "year": "2025", "value_from": "1.00", **shared}, [first, second, LEGAL]),
    ):
        assert await found(contracts.staff, **query) == titles, query
    pages, cursor = [], None
    for _ in range(3):
        query = {"region": "CN-2302", "limit": "1", **shared} | ({"cursor": cursor} if cursor else {})
        answer = (await contracts.staff.get("/v1/contracts", params=query)).json()
        pages += [item["title"] for item in answer["items"]]
        cursor = answer["next"]
    assert (pages, cursor) == ([first, second, LEGAL], None)
    # Found is what may be read: a share of another region's contract opens nothing.
    county = contracts.client.as_("auditor", regions=["CN-2302"])
    assert await found(county, region="CN-2302", **shared) == [second, LEGAL]
    owner = contracts.client.as_("auditor", regions=["CN-2301"])
    assert await found(owner, region="CN-2302", **shared) == [first]
    refused = await contracts.staff.get("/v1/contracts", params=shared)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query:shared_region")
