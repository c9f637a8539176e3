"""Totals as then and as now, growth of participation, and the public record: public facts of published contracts."""

from typing import Any

import pytest

LAIWU, JINAN = "CN-371202", "CN-370102"


@pytest.fixture
async def world(contracts: Any) -> Any:
    """Three contracts in force or ended, in a former division and in the one that took its place; a draft beside them."""
    bureau = await contracts.organisation("purchaser")
    old, new = await contracts.organisation("provider"), await contracts.organisation("provider")
    common = {"purchaser_id": bureau}
    await contracts.active(region=LAIWU, provider_id=old, **common)
    await contracts.completed(region=JINAN, provider_id=old, **common)
    later = {"signed_on": "2026-01-05", "starts_on": "2026-01-10", "ends_on": "2026-12-31", "value": "500.50"}
    contract = await contracts.active(region=JINAN, provider_id=new, **common, **later)
    await contracts.book(contract, "payment", "100.00")
    await contracts.book(contract, "refund", "40.00")
    await contracts.draft(region=JINAN, provider_id=new, **common)
    return contracts, {"bureau": bureau, "old": old, "new": new}


async def test_totals_stand_in_the_boundaries_of_then_and_of_now(world: Any) -> None:
    contracts, _ = world

    async def totals(region: str, **query: Any) -> dict[str, Any]:
        answer = await contracts.client.anonymous.get(f"/v1/regions/{region}/totals", params=query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    now = await totals("CN-3701", by="county")
    assert [(item["region"], item["contracts"]) for item in now["items"]] == [("CN-370102", 2), ("CN-370116", 1)]
    assert (now["total"]["contracts"], now["total"]["ended"], now["total"]["simulated"]) == (3, 1, 3)
    assert now["total"]["money"] == [{"currency": "CNY", "value": "240500.50", "paid": "120060.00"}]
    assert now["total"]["name"] == "济南市"
    then = await totals("CN-3701", boundaries="then")
    assert then["total"]["contracts"] == 2
    assert (await totals("CN-3712", boundaries="then"))["total"]["contracts"] == 1
    assert (await totals("CN-3712"))["total"]["contracts"] == 0
    assert (await totals("CN-3712", on="2018-01-01"))["total"]["contracts"] == 1
    assert [item["region"] for item in (await totals("CN", by="prefecture"))["items"]] == ["CN-3701"]
    assert (await totals("CN-37", year=2026))["total"]["money"][0]["paid"] == "60.00"
    # The figures are public, the same for a caller of another region; the lists of contracts are not.
    foreign = await contracts.client.as_("auditor", regions=["CN-31"]).get("/v1/regions/CN-3701/totals")
    assert foreign.json()["total"]["contracts"] == 3
    assert (await contracts.client.anonymous.get("/v1/regions/CN-99/totals")).status_code == 422


async def test_a_division_that_went_elsewhere_in_part_is_counted_apart(contracts: Any) -> None:
    await contracts.active(region="CN-3414")
    apart = await contracts.get("/regions/CN-3401/totals")
    assert (apart["total"]["contracts"], apart["items"]) == (0, [])
    assert [(item["region"], item["contracts"]) for item in apart["uncertain"]] == [("CN-3414", 1)]
    assert (await contracts.get("/regions/CN-34/totals"))["total"]["contracts"] == 1
    assert (await contracts.get("/regions/CN-3401/participation"))["uncertain"] == ["CN-3414"]


async def test_participation_grows_by_region_and_year(world: Any) -> None:
    contracts, _ = world
    answer = await contracts.client.anonymous.get("/v1/regions/CN-37/participation", params={"by": "prefecture"})
    rows = {(row["role"], row["year"]): row for row in answer.json()["items"]}
    assert {row["region"] for row in answer.json()["items"]} == {"CN-3701"}

    def figures(role: str, year: int) -> tuple[int, int, int, int | None]:
        row = rows[role, year]
        return row["active"], row["new"], row["cumulative"], row["growth"]

    assert figures("provider", 2025) == (1, 1, 1, None)
    assert figures("provider", 2026) == (1, 1, 2, 0)
    assert figures("purchaser", 2025) == (1, 1, 1, None)
    assert figures("purchaser", 2026) == (1, 0, 1, 0)
    then = (await contracts.get("/regions/CN-3712/participation?boundaries=then"))["items"]
    assert [(row["role"], row["active"]) for row in then] == [("provider", 1), ("purchaser", 1)]


async def test_the_public_record_holds_public_facts_only(world: Any) -> None:
    contracts, names = world
    anonymous = contracts.client.anonymous
    record = (await anonymous.get(f"/v1/organisations/{names['old']}/record")).json()
    assert record["own"]["contracts"] == 2
    assert record["own"]["states"] == [
        {"state": "active", "end_reason": None, "contracts": 1},
        {"state": "completed", "end_reason": "complete", "contracts": 1},
    ]
    assert (record["own"]["milestones_met"], record["own"]["milestones_late"]) == (2, 0)
    assert record["own"]["money"] == [{"currency": "CNY", "value": "240000.00", "paid": "120000.00"}]
    page = (await anonymous.get(f"/v1/organisations/{names['old']}/record/contracts", params={"limit": 1})).json()
    assert [item["state"] for item in page["items"]] == ["completed"]
    rest = (
        await anonymous.get(
            f"/v1/organisations/{names['old']}/record/contracts", params={"limit": 1, "cursor": page["next"]}
        )
    ).json()
    assert [item["region"] for item in rest["items"]] == [LAIWU]
    assert rest["next"] is None
    # The draft is in nothing that is public.
    assert len((await contracts.get(f"/organisations/{names['new']}/record/contracts"))["items"]) == 1
    assert (await contracts.get(f"/organisations/{names['bureau']}/record"))["own"]["contracts"] == 0
    missing = "/organisations/01900000-0000-7000-8000-000000000000/record"
    await contracts.refused("GET", missing, status=404, slug="organisation-not-found")
