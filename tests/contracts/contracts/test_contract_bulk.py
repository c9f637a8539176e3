"""The bulk upsert: a result per item, nothing half-done, the same content again changes nothing."""

from typing import Any

from shared.events import ContractCreated, ContractUpdated


def item(terms: dict[str, Any], number: int, **fields: Any) -> dict[str, Any]:
    return terms | {"external_id": {"source": "hlj", "id": f"C-{number}"}} | fields


async def test_items_are_created_updated_and_known(contracts: Any) -> None:
    terms = await contracts.terms()
    first = await contracts.post("/contracts:bulk", {"items": [item(terms, 1), item(terms, 2)]})
    assert [result["outcome"] for result in first["items"]] == ["created", "created"]
    changed = [item(terms, 1), item(terms, 2, value="5.00", milestones=[]), item(terms, 3)]
    second = await contracts.post("/contracts:bulk", {"items": changed})
    assert [result["outcome"] for result in second["items"]] == ["unchanged", "updated", "created"]
    assert [result["id"] for result in second["items"][:2]] == [result["id"] for result in first["items"]]
    assert (second["created"], second["updated"], second["unchanged"], second["failed"]) == (1, 1, 1, 0)
    shown = await contracts.get(f"/contracts/{second['items'][1]['id']}")
    assert (shown["value"], shown["milestones"], shown["version"]) == ("5.00", [], 2)
    third = await contracts.post("/contracts:bulk", {"items": changed})
    assert third["unchanged"] == 3
    assert len(await contracts.emitted(ContractCreated)) == 3
    assert len(await contracts.emitted(ContractUpdated)) == 1


async def test_an_item_that_names_its_version_overwrites_nobody(contracts: Any) -> None:
    terms = await contracts.terms()
    unknown = await contracts.post("/contracts:bulk", {"items": [item(terms, 1, version=1)]})
    assert unknown["items"][0]["problem"]["status"] == 412
    (made,) = (await contracts.post("/contracts:bulk", {"items": [item(terms, 1)]}))["items"]
    path = f"/v1/contracts/{made['id']}"
    assert (await contracts.staff.patch(path, json={"title": "改过"}, headers={"If-Match": '"1"'})).status_code == 200
    items = [item(terms, 1, value="5.00", version=1), item(terms, 2, version=None)]
    answer = await contracts.post("/contracts:bulk", {"items": items})
    assert [result["outcome"] for result in answer["items"]] == ["failed", "created"]
    problem = answer["items"][0]["problem"]
    assert (problem["status"], problem["type"], problem["version"]) == (412, "/problems/stale-version", 2)
    assert (await contracts.get(path.removeprefix("/v1")))["title"] == "改过"
    again = await contracts.post("/contracts:bulk", {"items": [item(terms, 1, value="5.00", version=2)]})
    assert again["items"][0]["outcome"] == "updated"
    # Sent once more after it came through, under the version it was based on: known, not stale.
    assert (await contracts.post("/contracts:bulk", {"items": [items[0]]}))["items"][0]["outcome"] == "unchanged"


async def test_refused_items_leave_nothing_and_stop_nobody(contracts: Any) -> None:
    terms = await contracts.terms()
    unknown = "01900000-0000-7000-8000-000000000000"
    items = [
        item(terms, 1, purchaser_id=unknown),
        item(terms, 2, ends_on="2020-01-01"),
        item(terms, 3, indicators=[terms["indicators"][0]] * 2),
        item(terms, 4),
        item(terms, 4, value="7.00"),
    ]
    answer = await contracts.post("/contracts:bulk", {"items": items})
    assert [result["outcome"] for result in answer["items"]] == ["failed", "failed", "failed", "created", "updated"]
    problems = [result["problem"]["type"] for result in answer["items"][:3]]
    assert problems == ["/problems/organisation-unknown", "/problems/malformed", "/problems/malformed"]
    assert answer["items"][2]["problem"]["errors"][0]["pointer"] == "/indicators/1/code"
    assert len((await contracts.get("/contracts"))["items"]) == 1
    assert len(await contracts.emitted(ContractCreated)) == 1


async def test_a_malformed_item_refuses_the_request_with_its_place(contracts: Any) -> None:
    terms = await contracts.terms()
    body = {"items": [item(terms, 1), item(terms, 2, title="")]}
    assert await contracts.pointers("POST", "/contracts:bulk", body) == {"/items/1/title"}
    assert await contracts.pointers("POST", "/contracts:bulk", {"items": [terms]}) == {"/items/0/external_id"}
    assert await contracts.emitted(ContractCreated) == []


async def test_a_contract_that_is_no_draft_is_not_overwritten(contracts: Any) -> None:
    terms = await contracts.terms()
    created = await contracts.post("/contracts:bulk", {"items": [item(terms, 1)]})
    path = f"/contracts/{created['items'][0]['id']}"
    pending = await contracts.post(f"{path}/submit")
    again = await contracts.post("/contracts:bulk", {"items": [item(terms, 1), item(terms, 1, value="1.00")]})
    assert [result["outcome"] for result in again["items"]] == ["unchanged", "failed"]
    assert again["items"][1]["problem"]["type"] == "/problems/contract-not-editable"
    assert await contracts.get(path) == pending


async def test_foreign_regions_are_refused_per_item(contracts: Any) -> None:
    terms = await contracts.terms()
    local = contracts.client.as_("purchaser", regions=["CN-23"])
    body = {"items": [item(terms, 1, region="CN-310101"), item(terms, 2)]}
    answer = (await local.post("/v1/contracts:bulk", json=body)).json()
    assert [result["outcome"] for result in answer["items"]] == ["failed", "created"]
    assert answer["items"][0]["problem"]["status"] == 403


async def test_a_contract_keeps_its_region_and_is_hidden_from_others(contracts: Any) -> None:
    terms = await contracts.terms(region="CN-310101")
    await contracts.post("/contracts:bulk", {"items": [item(terms, 1)]})
    moved = await contracts.post("/contracts:bulk", {"items": [item(terms, 1, region="CN-230102")]})
    assert moved["items"][0]["problem"]["type"] == "/problems/contract-already-recorded"
    local = contracts.client.as_("purchaser", regions=["CN-23"])
    body = {"items": [item(terms, 1, region="CN-230102")]}
    answer = (await local.post("/v1/contracts:bulk", json=body)).json()
    assert answer["items"][0]["problem"]["type"] == "/problems/contract-not-found"


async def test_a_batch_over_the_limit_is_refused_whole(contracts: Any) -> None:
    terms = await contracts.terms()
    limit = contracts.client.app.state.settings.max_bulk_contracts
    body = {"items": [item(terms, n) for n in range(limit + 1)]}
    problem = await contracts.refused("POST", "/contracts:bulk", body, status=413, slug="too-large")
    assert problem["limit"] == limit
    assert await contracts.emitted(ContractCreated) == []
