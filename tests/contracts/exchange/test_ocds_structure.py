"""Several parties, lots, shares and framework agreements in OCDS."""

from collections.abc import Callable
from typing import Any

from tests.support import ANY_VERSION

Json = dict[str, Any]


async def test_parties_lots_shares_and_frameworks_are_published(
    contracts: Any, assert_valid: Callable[[Json], None]
) -> None:
    framework = await contracts.draft(value="500.00", budget="500.00")
    call_off = await contracts.draft(value="100.00", budget="100.00")
    joint = [await contracts.organisation("provider") for _ in range(2)]
    buyers = [call_off["purchaser"]["organisation_id"], await contracts.organisation("purchaser")]
    members = [
        {"side": side, "organisation_id": one, "share": share, "lead": share == "60"}
        for side, organisations in (("purchaser", buyers), ("provider", joint))
        for one, share in zip(organisations, ("60", "40"), strict=True)
    ]
    structures = {
        framework["contract_id"]: {"kind": "framework", "ceiling": "400.00"},
        call_off["contract_id"]: {
            "kind": "callOff",
            "framework_id": framework["contract_id"],
            "members": members,
            "lots": [
                {"code": "L1", "title": "上门服务", "value": "70.00"},
                {"code": "L2", "title": "日间照料", "value": "30.00"},
            ],
            "regions": [{"region": "CN-230102", "share": "99.5"}, {"region": "CN-230103", "share": "0.5"}],
        },
    }
    for contract_id, body in structures.items():
        answer = await contracts.staff.put(f"/v1/contracts/{contract_id}/structure", json=body, headers=ANY_VERSION)
        assert answer.status_code == 200, answer.text
        for step in ("submit", "activate"):
            await contracts.post(f"/contracts/{contract_id}/{step}")
    shown = await contracts.get(f"/contracts/{call_off['contract_id']}")
    second = shown["members"][3]
    paid = await contracts.book(call_off, "payment", "40.00", member_id=second["member_id"])
    observed = {"indicator_id": shown["indicators"][0]["indicator_id"], "value": "7", "observed_on": "2025-06-30"}
    lot = {"lot_id": shown["lots"][1]["lot_id"]}
    await contracts.post(f"/contracts/{call_off['contract_id']}/observations", observed | lot, expect=201)

    package = (await contracts.client.anonymous.get("/v1/ocds/releases?limit=50")).json()
    assert_valid(package)
    first, full, payment, observation = package["releases"]
    assert first["contracts"][0]["agreement"] == {"kind": "framework", "ceiling": {"amount": 400, "currency": "CNY"}}
    assert "relatedProcesses" not in first
    (related,) = full["relatedProcesses"]
    assert (related["relationship"], related["identifier"]) == (["framework"], first["ocid"])
    (contract,) = full["contracts"]
    assert contract["agreement"] == {"kind": "callOff"}
    assert [one["id"] for one in contract["suppliers"]] == [f"GONGPING-{one}" for one in joint]
    assert full["awards"][0]["suppliers"] == contract["suppliers"]
    roles = {party["id"].removeprefix("GONGPING-"): party["roles"] for party in full["parties"]}
    assert roles == {
        buyers[0]: ["buyer", "procuringEntity", "payer"],
        buyers[1]: ["buyer", "payer"],
        joint[0]: ["supplier", "payee"],
        joint[1]: ["supplier", "payee"],
    }
    assert [(one["id"], one["value"]["amount"]) for one in contract["lots"]] == [("L1", 70), ("L2", 30)]
    assert [(one["side"], one["share"], one["lead"]) for one in contract["partyShares"]] == [
        ("purchaser", 60, True),
        ("purchaser", 40, False),
        ("provider", 60, True),
        ("provider", 40, False),
    ]
    assert contract["regionShares"] == [{"id": "CN-230102", "share": 99.5}, {"id": "CN-230103", "share": 0.5}]
    (transaction,) = payment["contracts"][0]["implementation"]["transactions"]
    assert (transaction["id"], transaction["payee"]["id"]) == (paid["id"], f"GONGPING-{joint[1]}")
    (metric,) = observation["contracts"][0]["implementation"]["metrics"]
    assert metric["observations"][0]["dimensions"] == {"lot": lot["lot_id"]}
