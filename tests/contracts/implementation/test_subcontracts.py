"""Subcontracts: the purchaser consents, the whole is never given away, the provider stays liable."""

from typing import Any

from shared.events import SubcontractChanged
from shared.ids import new_id

Json = dict[str, Any]


async def test_parts_are_given_away_with_consent_and_never_the_whole(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/subcontracts"
    other = await contracts.organisation("provider")
    body: Json = {"subcontractor_id": other, "title": "助餐服务（模拟）", "value": "70000.00", "ends_on": "2025-11-30"}
    provider = contracts.client.as_("provider", organisation=contract["provider"]["organisation_id"])
    first = (await provider.post(f"/v1{path}", json=body)).json()
    assert (first["state"], first["warnings"][0]["what"]) == ("proposed", "subcontractor.uscc")
    consent = f"{path}/{first['id']}/consent"
    problem = await contracts.refused("POST", consent, status=403, slug="forbidden", client=provider)
    assert "purchaser" in problem["detail"]
    second = await contracts.post(path, body | {"value": "49999.99"}, expect=201)
    stale = {"headers": {"If-Match": '"2"'}}
    await contracts.refused("POST", consent, status=412, slug="stale-version", **stale)
    assert (await contracts.post(consent, {"document_sha256": "e" * 64}))["state"] == "consented"
    await contracts.refused("POST", consent, status=409, slug="subcontract-not-open")
    problem = await contracts.refused(
        "POST", path, body | {"value": "50000.00"}, status=409, slug="subcontract-of-the-whole"
    )
    assert "MOF-102" in problem["rule"]
    assert problem["left"] == "50000.00"
    third = await contracts.post(path, body | {"value": "49999.99"}, expect=201)
    await contracts.post(f"{path}/{second['id']}/consent")
    late = f"{path}/{third['id']}"
    await contracts.refused("POST", f"{late}/consent", status=409, slug="subcontract-of-the-whole")
    assert (await contracts.post(f"{late}/refuse", {"reason": "模拟"}))["state"] == "refused"
    ended = await contracts.post(f"{path}/{second['id']}/end", {"reason": "模拟"})
    assert (ended["state"], ended["version"]) == ("ended", 3)
    listed = await contracts.get(path)
    assert (listed["consented"], listed["share_percent"]) == ("119999.99", "100")
    assert listed["liable"] == contract["provider"]["organisation_id"]
    assert [each["state"] for each in listed["items"]] == ["consented", "ended", "refused"]
    told = [(event.data["state"], event.data["version"]) for event in await contracts.emitted(SubcontractChanged)]
    assert told[0] == ("proposed", 1)
    assert told[-1] == ("ended", 3)


async def test_who_and_when_must_fit(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/subcontracts"
    purchaser_only = await contracts.organisation("purchaser")
    body: Json = {"subcontractor_id": str(new_id()), "title": "x", "value": "1.00"}
    await contracts.refused("POST", path, body, status=409, slug="organisation-unknown")
    refusals = [
        ("organisation-unknown", {"subcontractor_id": purchaser_only}),
        ("subcontractor-not-eligible", {"subcontractor_id": contract["provider"]["organisation_id"]}),
    ]
    for slug, fields in refusals:
        await contracts.refused("POST", path, body | fields, status=409, slug=slug)
    able = body | {"subcontractor_id": await contracts.organisation("provider")}
    await contracts.refused("POST", path, able | {"ends_on": "2026-01-01"}, status=409, slug="subcontract-out-of-term")
    assert await contracts.pointers("POST", path, able | {"starts_on": "2025-03-01", "ends_on": "2025-02-01"}) == {"/"}
    missing = f"{path}/{new_id()}/end"
    await contracts.refused("POST", missing, {"reason": "x"}, status=404, slug="subcontract-not-found")
    ended = await contracts.completed()
    await contracts.refused(
        "POST", f"/contracts/{ended['contract_id']}/subcontracts", able, status=409, slug="contract-state-conflict"
    )
