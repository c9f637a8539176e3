"""Performance failures: what the contract provides, what was imposed and paid, all of it in the ledger."""

from typing import Any

from shared.events import PerformanceFailureChanged

Json = dict[str, Any]
FAILURE: Json = {
    "category": "lateDelivery",
    "description": "服务晚两周开始（模拟）",
    "starts_on": "2025-02-01",
    "ends_on": "2025-02-14",
    "events": 2,
    "penalty_contracted": "5000.00",
    "penalty_basis": "第八条（模拟）",
}


def money(kind: str, amount: str, **fields: Any) -> Json:
    return {"kind": kind, "amount": amount, "booked_on": "2025-03-01"} | fields


async def test_penalties_are_entries_and_their_sums(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/failures"
    milestone = contract["milestones"][0]["milestone_id"]
    body = FAILURE | {"milestone_id": milestone, "penalty": money("penalty", "3000.00")}
    failure = await contracts.post(path, body, expect=201)
    assert (failure["penalty_imposed"], failure["penalty_paid"], failure["penalty_owed"]) == (
        "3000.00",
        "0.00",
        "3000.00",
    )
    book = f"{path}/{failure['id']}/penalties"
    await contracts.refused("POST", book, money("penalty", "2000.01"), status=409, slug="penalty-over-contracted")
    await contracts.refused(
        "POST", book, money("penaltyReceipt", "3000.01"), status=409, slug="penalty-over-contracted"
    )
    await contracts.accept(contract, "40000.00")
    await contracts.post(book, money("deduction", "2000.00"))
    paid = await contracts.post(book, money("penaltyReceipt", "1000.00", voucher="V-1"))
    assert (paid["version"], paid["penalty_imposed"], paid["penalty_paid"], paid["penalty_owed"]) == (
        3,
        "5000.00",
        "3000.00",
        "2000.00",
    )
    entries = (await contracts.get(f"/contracts/{contract['contract_id']}/ledger"))["items"]
    mine = {each["entry_id"] for each in paid["penalties"]}
    assert {(entry["kind"], entry["cause"], entry["milestone_id"]) for entry in entries if entry["id"] in mine} == {
        ("penalty", "result", milestone),
        ("deduction", "result", milestone),
        ("penaltyReceipt", None, milestone),
    }
    problem = await contracts.refused(
        "POST", f"{path}/{failure['id']}/withdraw", {"reason": "x"}, status=409, slug="failure-not-withdrawable"
    )
    for entry in reversed(problem["entries"]):
        await contracts.book(contract, "reversal", reverses=entry, note="模拟")
    withdrawn = await contracts.post(f"{path}/{failure['id']}/withdraw", {"reason": "模拟"})
    assert (withdrawn["state"], withdrawn["penalty_imposed"]) == ("withdrawn", "0.00")
    await contracts.refused("POST", book, money("penalty", "1.00"), status=409, slug="failure-withdrawn")
    assert [each["state"] for each in (await contracts.get(path))["items"]] == ["withdrawn"]
    told = [
        (event.data["version"], event.data["penalty_imposed"])
        for event in await contracts.emitted(PerformanceFailureChanged)
    ]
    assert told == [(1, "3000.00"), (2, "5000.00"), (3, "5000.00"), (4, "0.00")]


async def test_what_did_not_happen_is_refused(contracts: Any) -> None:
    contract, other = await contracts.active(), await contracts.active()
    path = f"/contracts/{contract['contract_id']}/failures"
    future = FAILURE | {"ends_on": "2999-01-01"}
    await contracts.refused("POST", path, future, status=409, slug="failure-in-the-future")
    foreign = FAILURE | {"milestone_id": other["milestones"][0]["milestone_id"]}
    assert await contracts.pointers("POST", path, foreign) == {"/milestone_id"}
    assert await contracts.pointers("POST", path, FAILURE | {"ends_on": "2025-01-31"}) == {"/"}
    received = FAILURE | {"penalty": money("penaltyReceipt", "1.00")}
    assert await contracts.pointers("POST", path, received) == {"/"}
    recorded = await contracts.post(path, FAILURE, expect=201)
    elsewhere = f"/contracts/{other['contract_id']}/failures/{recorded['id']}/withdraw"
    await contracts.refused("POST", elsewhere, {"reason": "x"}, status=404, slug="failure-not-found")
