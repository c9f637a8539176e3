"""Lots, several buyers, joint providers, several regions: what is agreed, refused, and counted."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.contracts.structure.conftest import members
from tests.support import ANY_VERSION

from contracts.structure.queries import shares
from shared.auth import SYSTEM
from shared.events import ContractUpdated
from shared.ids import new_id

Json = dict[str, Any]


async def test_forty_parties_in_three_regions_share_each_yuan_once(
    contracts: Any, structure: Callable[..., Any]
) -> None:
    draft = await contracts.draft(value="100000.01", budget="100000.01")
    buyers = [await contracts.organisation("purchaser") for _ in range(20)]
    providers = [await contracts.organisation("provider") for _ in range(20)]
    parts = members("purchaser", buyers, ["5"] * 20) + members("provider", providers, ["2.5"] * 19 + ["52.5"])
    places = [
        {"region": "CN-230102", "share": "33.33"},
        {"region": "CN-230103", "share": "33.33"},
        {"region": "CN-230104", "share": "33.34"},
    ]
    lots = [
        {"code": "L1", "title": "上门服务", "value": "60000.00"},
        {"code": "L2", "title": "日间照料", "value": "40000.01"},
    ]
    agreed = await structure(draft, members=parts, regions=places, lots=lots)
    assert agreed["version"] == draft["version"] + 1
    assert (agreed["purchaser"]["organisation_id"], agreed["provider"]["organisation_id"]) == (buyers[0], providers[0])
    assert [member["organisation_id"] for member in agreed["members"]] == buyers + providers
    assert [lot["value"] for lot in agreed["lots"]] == ["60000.00", "40000.01"]
    (event,) = await contracts.emitted(ContractUpdated)
    assert len(event.data["members"]) == 40
    assert event.data["regions"] == places

    again = await structure(draft, members=parts, regions=places, lots=[*lots[1:], lots[0]])
    assert {lot["code"]: lot["lot_id"] for lot in again["lots"]} == {x["code"]: x["lot_id"] for x in agreed["lots"]}
    assert [x["member_id"] for x in again["members"]] == [x["member_id"] for x in agreed["members"]]

    contract_id = draft["contract_id"]
    for step in ("submit", "activate"):
        await contracts.post(f"/contracts/{contract_id}/{step}")
    async with contracts.database.reading(principal=SYSTEM) as session:
        found = await shares(session, contract_ids=[contract_id])
    assert [(one.region, one.own, one.part) for one in found] == [
        ("CN-230102", True, Decimal("33330.00")),
        ("CN-230103", False, Decimal("33330.01")),
        ("CN-230104", False, Decimal("33340.00")),
    ]
    totals = {
        region: (await contracts.get(f"/regions/{region}/totals"))["total"]
        for region in ("CN-230102", "CN-230103", "CN-230104", "CN-2301")
    }
    assert [total["contracts"] for total in totals.values()] == [1, 0, 0, 1]
    assert [total["money"][0]["value"] for total in totals.values()] == [
        "33330.00",
        "33330.01",
        "33340.00",
        "100000.01",
    ]
    await contracts.book({"contract_id": contract_id}, "payment", "1000.00")
    own = {"member_id": agreed["members"][21]["member_id"]}
    await contracts.book({"contract_id": contract_id}, "payment", "100.00", **own)
    record = await contracts.get(f"/organisations/{providers[1]}/record")
    assert record["own"]["contracts"] == 1
    assert record["own"]["money"] == [{"currency": "CNY", "value": "2500.00", "paid": "125.00"}]
    listed = await contracts.get(f"/organisations/{providers[1]}/record/contracts")
    assert [row["contract_id"] for row in listed["items"]] == [contract_id]
    one = contracts.client.as_("provider", organisation=providers[7])
    observed = {"indicator_id": draft["indicators"][0]["indicator_id"], "value": "1", "observed_on": "2025-06-30"}
    answer = await one.post(f"/v1/contracts/{contract_id}/observations", json=observed)
    assert answer.status_code == 201
    assert (
        await contracts.client.as_("purchaser", organisation=buyers[9]).post(
            f"/v1/contracts/{contract_id}/suspend", json={"reason": "x"}
        )
    ).status_code == 200


async def test_what_does_not_fit_is_refused(contracts: Any, structure: Callable[..., Any]) -> None:
    draft = await contracts.draft()
    path = f"/contracts/{draft['contract_id']}/structure"
    first, second = await contracts.organisation("provider"), await contracts.organisation("provider")
    joint = members("provider", [first, second], ["60", "40"])
    assert await contracts.pointers("PUT", path, {"members": [joint[0]]}, headers=ANY_VERSION) == {"/"}
    strange = members("provider", [str(new_id())], ["100"])
    await contracts.refused(
        "PUT", path, {"members": strange}, status=409, slug="organisation-unknown", headers=ANY_VERSION
    )
    wrong_role = members("purchaser", [first], ["100"])
    await contracts.refused(
        "PUT", path, {"members": wrong_role}, status=409, slug="organisation-unknown", headers=ANY_VERSION
    )
    foreign = contracts.client.as_("purchaser", regions=["CN-230102"])
    elsewhere = {"regions": [{"region": "CN-310101", "share": "100"}]}
    await contracts.refused("PUT", path, elsewhere, status=403, slug="forbidden", client=foreign, headers=ANY_VERSION)
    framework = {"kind": "callOff", "framework_id": draft["contract_id"]}
    await contracts.refused("PUT", path, framework, status=409, slug="framework-not-usable", headers=ANY_VERSION)

    agreed = await structure(draft, members=joint, lots=[{"code": "L1", "title": "x", "value": "119999.99"}])
    await contracts.refused("PUT", path, {}, status=412, slug="stale-version", headers={"If-Match": '"1"'})
    lead = {"provider_id": second}
    address = f"/contracts/{draft['contract_id']}"
    problem = await contracts.refused(
        "PATCH", address, lead, status=409, slug="contract-not-editable", headers=ANY_VERSION
    )
    assert "structure" in problem["detail"]
    await contracts.post(f"{address}/submit")
    await contracts.refused("PUT", path, {}, status=409, slug="contract-not-editable", headers=ANY_VERSION)
    problem = await contracts.refused("POST", f"{address}/activate", status=409, slug="contract-not-activatable")
    (missing,) = problem["missing"]
    assert missing["what"] == "lots"
    assert "119999.99" in missing["rule"]
    assert "120000.00" in missing["rule"]
    await contracts.post(f"{address}/return")
    plain = await structure(draft)
    assert (plain["members"], plain["lots"], plain["regions"]) == ([], [], [])
    assert plain["provider"]["organisation_id"] == first
    assert plain["version"] == agreed["version"] + 3


async def test_successors_take_the_places_and_shares_of_members(contracts: Any, structure: Callable[..., Any]) -> None:
    draft = await contracts.draft()
    old = [await contracts.organisation("provider") for _ in range(3)]
    await structure(draft, members=members("provider", old, ["50", "30", "20"]))
    contract_id = draft["contract_id"]
    await contracts.post(f"/contracts/{contract_id}/submit")
    terms = (await contracts.get(f"/contracts/{contract_id}/confirmations"))["terms_sha256"]
    body = {"terms_sha256": terms, "organisation_id": old[2]}
    await contracts.post(f"/contracts/{contract_id}/confirm", body)
    merged = await contracts.organisation("provider")
    succession = {
        "kind": "merger",
        "others": [old[2]],
        "successor_id": merged,
        "effective_on": "2025-06-30",
        "document": "simulated",
    }
    await contracts.post(f"/organisations/{old[1]}/successions", succession, expect=201)
    after = await contracts.get(f"/contracts/{contract_id}")
    assert [(x["organisation_id"], x["share"]) for x in after["members"]] == [
        (old[0], "50"),
        (merged, "30"),
        (merged, "20"),
    ]
    assert after["provider"]["organisation_id"] == old[0]
    assert after["confirmations"] == []
    shown = await contracts.get(f"/contracts/{contract_id}/confirmations")
    assert shown["terms_sha256"] != terms
    assert [one["ended_as"] for one in shown["given"]] == ["lapsed"]
    assert len(shown["parties"]) == 3
