"""Risk flags over HTTP: from what is recorded, scoped, with figures and legal source."""

from typing import Any

from tests.support import ANY_VERSION


def of(answer: Any, kind: str) -> Any:
    (flag,) = [flag for flag in answer["flags"] if flag["kind"] == kind]
    return flag


async def test_flags_come_from_the_records_of_the_contract_and_its_neighbours(contracts: Any) -> None:
    purchaser, provider = await contracts.organisation("purchaser"), await contracts.organisation("provider")
    same = {"purchaser_id": purchaser, "provider_id": provider, "value": "1200000.00", "budget": "1200000.00"}
    flagged = await contracts.active(
        **same,
        procurement_method="selective",
        competition={
            "bids_received": 1,
            "notice_published_on": "2024-12-01",
            "bids_due_on": "2024-12-06",
            "award_notice_on": "2024-12-20",
        },
    )
    await contracts.active(**same, procurement_method="direct")
    last_year = await contracts.active(**same, procurement_method="direct", signed_on="2024-12-30")
    await contracts.draft(**same)
    path = f"/contracts/{flagged['contract_id']}/flags"
    answer = await contracts.get(path)
    assert (answer["rule_set"], answer["raised"]) == ("cn-2020@1.1.0", 3)
    single, short = of(answer, "singleBid"), of(answer, "shortNotice")
    assert (single["outcome"], single["figures"]["bids"], single["source"]) == ("raised", 1, "GPL art. 36(1)")
    assert (short["figures"]["days"], short["figures"]["minimum_days"], short["source"]) == (5, 20, "GPL art. 35")
    split = of(answer, "splitPurchases")
    assert (split["outcome"], split["figures"]["purchases"], split["figures"]["total"]) == ("raised", 2, "2400000.00")
    assert of(answer, "concentration")["outcome"] == "notApplicable"

    # Paid first and accepted later; a payment that was taken back does not count.
    await contracts.book(flagged, "payment", "1000.00", booked_on="2025-02-01")
    back = await contracts.book(flagged, "payment", "500.00", booked_on="2025-02-01")
    await contracts.book(flagged, "reversal", reverses=back["id"], note="x", booked_on="2025-02-02")
    await contracts.accept(flagged, "1000.00", accepted_on="2025-03-01")
    paid = of(await contracts.get(path), "paidBeforeAccepted")
    assert (paid["outcome"], paid["figures"]["paid_ahead"], paid["figures"]["on"]) == (
        "raised",
        "1000.00",
        "2025-02-01",
    )

    await contracts.active(**same, procurement_method="open")
    concentration = of(await contracts.get(path), "concentration")
    assert (concentration["outcome"], concentration["figures"]["share_percent"]) == ("raised", "100.00")

    listed: list[str] = []
    path, pages = "/flags?limit=2&kind=singleBid", 0
    while path:
        page = await contracts.get(path)
        listed += [item["contract_id"] for item in page["items"]]
        assert all(flag["kind"] == "singleBid" for item in page["items"] for flag in item["flags"])
        path = f"/flags?limit=2&kind=singleBid&cursor={page['next']}" if page["next"] else ""
        pages += 1
    assert (listed, pages) == ([flagged["contract_id"]], 3)
    everything = {item["contract_id"] for item in (await contracts.get(f"/flags?purchaser_id={purchaser}"))["items"]}
    assert flagged["contract_id"] in everything
    assert last_year["contract_id"] not in everything
    foreign = contracts.client.as_("auditor", regions=["CN-31"])
    assert (await foreign.get("/v1/flags")).json()["items"] == []
    assert await contracts.pointers("GET", "/flags?region=Harbin", {}) == {"query:region"}


async def test_a_joint_provider_is_counted_with_its_share(contracts: Any) -> None:
    purchaser = await contracts.organisation("purchaser")
    one, two = [await contracts.organisation("provider") for _ in range(2)]
    draft = await contracts.draft(purchaser_id=purchaser, provider_id=one, value="100.01", budget="100.01")
    parties = [
        {"side": "provider", "organisation_id": one, "share": "33.33", "lead": True},
        {"side": "provider", "organisation_id": two, "share": "66.67", "lead": False},
    ]
    path = f"/contracts/{draft['contract_id']}"
    assert (
        await contracts.staff.put(f"/v1{path}/structure", json={"members": parties}, headers=ANY_VERSION)
    ).status_code == 200
    for step in ("submit", "activate"):
        await contracts.post(f"{path}/{step}")
    for _ in range(2):
        await contracts.active(purchaser_id=purchaser, value="30.00", budget="30.00")
    raised = of(await contracts.get(f"{path}/flags"), "concentration")["figures"]
    # 66.67 % of 100.01, to the cent, of 160.01: under a half where the whole contract would be over.
    assert (raised["provider_id"], raised["value_of_provider"], raised["share_percent"]) == (two, "66.68", "41.67")
    assert of(await contracts.get(f"{path}/flags"), "concentration")["outcome"] == "clear"
    # The one is merged into the other: it has both shares, 100.01 of 160.01, though it stands there twice.
    merger = {"kind": "merger", "successor_id": two, "effective_on": "2025-06-30", "document": "simulated"}
    await contracts.post(f"/organisations/{one}/successions", merger, expect=201)
    merged = of(await contracts.get(f"{path}/flags"), "concentration")
    assert (merged["outcome"], merged["figures"]["value_of_provider"]) == ("raised", "100.01")
