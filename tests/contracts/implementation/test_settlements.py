"""The end of a terminated contract: damages each way, both sides' claims in the ledger, the final value a sum."""

from typing import Any

from shared import clock
from shared.events import ContractSettlementChanged

Json = dict[str, Any]
CLAIMS: Json = {
    "ground": "providerDefault",
    "fault": "both",
    "reason": "连续三个月未达到服务量（模拟）",
    "damages_to_purchaser": "8000.00",
    "damages_to_provider": "1500.00",
    "lines": [{"kind": "deduction", "amount": "2000.00", "note": "质量扣款（模拟）"}],
}


async def terminated(contracts: Any, **fields: Any) -> Json:
    """Half of it was performed and accepted, a little more than that was paid in advance."""
    contract = await contracts.active(**fields)
    await contracts.book(contract, "payment", "50000.00")
    await contracts.accept(contract, "40000.00", result="partlyAccepted", accepted_on="2025-06-30", opinion=None)
    body = {"reason": "解除合同（模拟）", "end_reason": "unsuccessful"}
    found: Json = await contracts.post(f"/contracts/{contract['contract_id']}/terminate", body)
    return found


async def test_both_sides_confirm_and_the_money_is_followed_to_the_end(contracts: Any) -> None:
    contract = await terminated(contracts)
    path = f"/contracts/{contract['contract_id']}/settlement"
    assert (await contracts.get(path))["items"] == []
    await contracts.refused(
        "POST", f"{path}/confirm", {"side": "purchaser"}, status=409, slug="settlement-not-proposed"
    )
    proposed = await contracts.post(path, CLAIMS, expect=201)
    assert [(each["side"], each["kind"], each["amount"], each["cause"]) for each in proposed["lines"]] == [
        ("provider", "penalty", "8000.00", "damages"),
        ("purchaser", "compensation", "1500.00", None),
        ("provider", "deduction", "2000.00", "result"),
    ]
    await contracts.refused("POST", path, CLAIMS, status=409, slug="settlement-already-proposed")
    await contracts.refused("POST", f"{path}/settle", status=409, slug="settlement-not-open")

    await contracts.post(f"{path}/confirm", {"side": "purchaser"})
    provider = contracts.client.as_("provider", organisation=contract["provider"]["organisation_id"])
    await contracts.refused(
        "POST",
        f"{path}/confirm",
        status=412,
        slug="stale-version",
        client=provider,
        headers={"If-Match": '"1"'},
    )
    answer = await provider.post(f"/v1{path}/confirm", headers={"If-Match": '"2"'})
    agreed = answer.json()
    assert agreed["state"] == "agreed", agreed
    entries = (await contracts.get(f"/contracts/{contract['contract_id']}/ledger"))["items"]
    assert {each["entry_id"] for each in agreed["lines"]} <= {entry["id"] for entry in entries}
    balances = await contracts.get(f"/contracts/{contract['contract_id']}/balances")
    assert (balances["penalties_owed"], balances["compensation_owed"], balances["balanced"]) == (
        "8000.00",
        "1500.00",
        True,
    )

    problem = await contracts.refused("POST", f"{path}/settle", status=409, slug="settlement-not-reconciled")
    assert [each["what"] for each in problem["missing"]] == [
        "reconciliation",
        "penalties",
        "compensation",
        "acceptance.opinion",
    ]
    await contracts.book(contract, "refund", "12000.00")
    await contracts.book(contract, "penaltyReceipt", "8000.00")
    over = {"kind": "compensationPayment", "amount": "1500.01", "booked_on": "2025-07-02"}
    ledger = f"/contracts/{contract['contract_id']}/ledger"
    await contracts.refused("POST", ledger, over, status=409, slug="compensation-over-owed")
    await contracts.book(contract, "compensationPayment", "1500.00")
    await contracts.accept(contract, "1.00", result="partlyAccepted")
    await contracts.book(contract, "payment", "1.00")
    settled = await contracts.post(f"{path}/settle")
    assert (settled["state"], settled["final_value"]) == ("settled", "38001.00")
    after = await contracts.get(f"/contracts/{contract['contract_id']}")
    assert (after["final_value"], after["state"], after["end_reason"]) == ("38001.00", "terminated", "unsuccessful")
    told = [event.data["state"] for event in await contracts.emitted(ContractSettlementChanged)]
    assert told == ["proposed", "proposed", "agreed", "settled"]
    # Nothing is owed any more: what is paid now would be over what was accepted.
    more = {"kind": "payment", "amount": "0.01", "booked_on": "2025-07-02"}
    await contracts.refused("POST", ledger, more, status=409, slug="payment-over-accepted")


async def test_an_order_needs_a_reason_and_a_second_person(contracts: Any) -> None:
    contract = await terminated(contracts, service_category="B01")
    path = f"/contracts/{contract['contract_id']}/settlement"
    whole = CLAIMS | {"fault": "provider", "damages_to_provider": "0.00", "lines": []}
    await contracts.post(path, whole, expect=201)
    order = {"reason": "承接主体未应诉（模拟）", "document_sha256": "d" * 64}
    await contracts.refused("POST", f"{path}/order", order, status=409, slug="settlement-needs-second-person")
    stranger = contracts.client.as_("purchaser", subject="chief", organisation=contract["provider"]["organisation_id"])
    await contracts.refused("POST", f"{path}/order", order, status=403, slug="not-a-party", client=stranger)
    chief = contracts.client.as_("purchaser", subject="chief")
    ordered = (await chief.post(f"/v1{path}/order", json=order)).json()
    assert (ordered["state"], ordered["ordered_by"], ordered["lines"][0]["kind"]) == ("ordered", "chief", "penalty")
    await contracts.refused("POST", f"{path}/withdraw", {"reason": "x"}, status=409, slug="settlement-not-open")
    await contracts.book(contract, "refund", "10000.00")
    await contracts.book(
        contract,
        "reversal",
        reverses=ordered["lines"][0]["entry_id"],
        note="免除（模拟）",
        booked_on=f"{clock.today()}",
    )
    assert (await contracts.post(f"{path}/settle"))["final_value"] == "40000.00"


async def test_damages_fit_the_fault_and_only_terminated_contracts_are_settled(contracts: Any) -> None:
    running = await contracts.active()
    path = f"/contracts/{running['contract_id']}/settlement"
    await contracts.refused("POST", path, CLAIMS, status=409, slug="contract-state-conflict")
    contract = await terminated(contracts)
    path = f"/contracts/{contract['contract_id']}/settlement"
    none = CLAIMS | {"fault": "none"}
    for fields in (none, none | {"damages_to_purchaser": "0.00"}, CLAIMS | {"fault": "purchaser"}):
        problem = await contracts.refused("POST", path, fields, status=409, slug="settlement-fault-misfit")
        assert "GPL art. 50" in problem["rule"]
    interest = {"kind": "interest", "amount": "1.00", "cause": "result", "note": "x"}
    assert await contracts.pointers("POST", path, CLAIMS | {"lines": [interest]}) == {"/lines/0"}
    public = none | {"ground": "publicInterest", "damages_to_purchaser": "0.00"}
    await contracts.post(path, public, expect=201)
    withdrawn = await contracts.post(f"{path}/withdraw", {"reason": "模拟"})
    assert withdrawn["state"] == "withdrawn"
    await contracts.post(path, CLAIMS, expect=201)
    assert [each["state"] for each in (await contracts.get(path))["items"]] == ["withdrawn", "proposed"]
