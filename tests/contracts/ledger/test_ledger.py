"""The ledger over HTTP: what is posted, what is refused, and that nothing is ever changed."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from contracts.ledger.queries import payables_balance
from shared.events import LedgerPosted


async def totals(contracts: Any, contract: Any) -> dict[str, str]:
    found: dict[str, str] = (await contracts.get(f"/contracts/{contract['contract_id']}"))["ledger"]
    return found


async def test_each_kind_books_its_two_accounts(contracts: Any) -> None:
    contract = await contracts.active()
    await contracts.book(contract, "commitment", "120000.00")
    await contracts.accept(contract, "100000.00")
    await contracts.book(
        contract, "payment", "95000.00", voucher="V-1", milestone_id=contract["milestones"][2]["milestone_id"]
    )
    await contracts.book(contract, "refund", "1000.00")
    await contracts.book(contract, "deduction", "6000.00")
    entries = (await contracts.get(f"/contracts/{contract['contract_id']}/ledger"))["items"]
    assert [(e["kind"], e["debit_account"], e["credit_account"], e["amount"]) for e in entries] == [
        ("commitment", "commitments", "commitments_reserve", "120000.00"),
        ("acceptance", "services", "payables", "100000.00"),
        ("payment", "payables", "treasury", "95000.00"),
        ("refund", "treasury", "payables", "1000.00"),
        ("deduction", "payables", "deductions", "6000.00"),
    ]
    assert await totals(contracts, contract) == {
        "committed": "120000.00",
        "accepted": "100000.00",
        "paid": "95000.00",
        "deducted": "6000.00",
        "refunded": "1000.00",
        "executed": "100000.00",
        "outstanding": "0.00",
    }
    posted = await contracts.emitted(LedgerPosted)
    assert [(event.data["kind"], event.data["amount"], event.data["voucher"]) for event in posted] == [
        (e["kind"], e["amount"], e["voucher"]) for e in entries
    ]
    assert [event.data["entry_id"] for event in posted] == [e["id"] for e in entries]


async def test_no_more_is_paid_than_the_contract_is_worth(contracts: Any) -> None:
    contract = await contracts.active()
    await contracts.accept(contract)
    await contracts.book(contract, "payment", "100000.00")
    await contracts.book(contract, "deduction", "15000.00")
    path, day = f"/contracts/{contract['contract_id']}/ledger", "2025-07-02"
    for kind in ("payment", "deduction"):
        body = {"kind": kind, "amount": "5000.01", "booked_on": day}
        problem = await contracts.refused("POST", path, body, status=409, slug="payment-over-value")
        assert "At most 5000.00 is left" in problem["detail"]
    await contracts.book(contract, "refund", "0.01")
    await contracts.book(contract, "payment", "5000.01")
    assert (await totals(contracts, contract))["executed"] == "120000.00"


async def test_no_more_is_committed_or_accepted_than_the_contract_is_worth(contracts: Any) -> None:
    contract = await contracts.active()
    await contracts.book(contract, "commitment", "120000.00")
    path = f"/contracts/{contract['contract_id']}"
    body = {"kind": "commitment", "amount": "0.01", "booked_on": "2025-07-02"}
    await contracts.refused("POST", f"{path}/ledger", body, status=409, slug="commitment-over-value")
    accepted = {"result": "accepted", "accepted_on": "2025-07-01", "accepted_value": "120000.01"}
    await contracts.refused("POST", f"{path}/acceptances", accepted, status=409, slug="acceptance-over-value")
    assert len((await contracts.get(f"{path}/ledger"))["items"]) == 1


async def test_no_more_comes_back_than_was_paid(contracts: Any) -> None:
    contract = await contracts.active()
    payment = await contracts.book(contract, "payment", "100.00")
    path = f"/contracts/{contract['contract_id']}/ledger"
    body = {"kind": "refund", "amount": "100.01", "booked_on": "2025-07-02"}
    problem = await contracts.refused("POST", path, body, status=409, slug="refund-over-paid")
    assert "At most 100.00 can come back" in problem["detail"]
    await contracts.book(contract, "refund", "40.00")
    reversal = {"kind": "reversal", "reverses": payment["id"], "note": "误记", "booked_on": "2025-07-02"}
    await contracts.refused("POST", path, reversal, status=409, slug="refund-over-paid")


async def test_an_entry_is_reversed_once_and_in_full(contracts: Any) -> None:
    contract = await contracts.active()
    payment = await contracts.book(contract, "payment", "60000.00", voucher="V-1")
    reversal = await contracts.book(contract, "reversal", reverses=payment["id"], note="误记")
    assert (reversal["debit_account"], reversal["credit_account"]) == (
        payment["credit_account"],
        payment["debit_account"],
    )
    assert (reversal["amount"], reversal["reverses"]) == ("60000.00", payment["id"])
    assert (await totals(contracts, contract))["paid"] == "0.00"
    path = f"/contracts/{contract['contract_id']}/ledger"
    again = {"kind": "reversal", "reverses": payment["id"], "note": "再记", "booked_on": "2025-07-02"}
    await contracts.refused("POST", path, again, status=409, slug="entry-already-reversed")
    of_reversal = again | {"reverses": reversal["id"]}
    await contracts.refused("POST", path, of_reversal, status=409, slug="entry-not-reversible")
    other = await contracts.active()
    foreign = await contracts.book(other, "payment", "1.00")
    await contracts.refused("POST", path, again | {"reverses": foreign["id"]}, status=409, slug="entry-not-reversible")
    event = (await contracts.emitted(LedgerPosted))[1]
    assert (event.data["kind"], event.data["reverses"]) == ("reversal", payment["id"])


async def test_a_voucher_is_booked_once_per_contract(contracts: Any) -> None:
    contract, other = await contracts.active(), await contracts.active()
    await contracts.book(contract, "payment", "1.00", voucher="V-1")
    body = {"kind": "payment", "amount": "1.00", "booked_on": "2025-07-02", "voucher": "V-1"}
    path = f"/contracts/{contract['contract_id']}/ledger"
    await contracts.refused("POST", path, body, status=409, slug="voucher-already-used")
    await contracts.book(other, "payment", "1.00", voucher="V-1")


async def test_what_does_not_belong_to_the_contract_conflicts(contracts: Any) -> None:
    contract, other = await contracts.active(), await contracts.active()
    path = f"/contracts/{contract['contract_id']}/ledger"
    body = {"kind": "payment", "amount": "1.00", "booked_on": "2025-07-02"}
    cases = {
        "ledger-currency-mismatch": {"currency": "EUR"},
        "booking-in-the-future": {"booked_on": "2999-01-01"},
        "milestone-unknown": {"milestone_id": other["milestones"][0]["milestone_id"]},
        "entry-of-acceptance": {"kind": "acceptance"},
    }
    for slug, change in cases.items():
        await contracts.refused("POST", path, body | change, status=409, slug=slug)
    draft = await contracts.draft()
    problem = await contracts.refused(
        "POST", f"/contracts/{draft['contract_id']}/ledger", body, status=409, slug="contract-state-conflict"
    )
    assert problem["state"] == "draft"
    assert await contracts.emitted(LedgerPosted) == []


async def test_malformed_entries_are_refused_with_the_place(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/ledger"
    body = {"kind": "payment", "amount": "1.00", "booked_on": "2025-07-02"}
    cases: list[tuple[str, dict[str, Any]]] = [
        ("/kind", {"kind": "gift"}),
        ("/amount", {"amount": "0.00"}),
        ("/amount", {"amount": "-1.00"}),
        ("/amount", {"amount": "1.001"}),
        ("/amount", {"amount": 1.5}),
        ("/amount", {"amount": "Infinity"}),
        ("/booked_on", {"booked_on": "yesterday"}),
        ("/voucher", {"voucher": ""}),
        ("/", {"amount": None}),
        ("/", {"kind": "reversal"}),
        ("/", {"reverses": "01900000-0000-7000-8000-000000000000"}),
        ("/paid", {"paid": True}),
    ]
    for pointer, change in cases:
        assert await contracts.pointers("POST", path, body | change) == {pointer}, change


async def test_settlement_goes_on_after_the_end(contracts: Any) -> None:
    contract = await contracts.completed()
    payment = next(
        e
        for e in (await contracts.get(f"/contracts/{contract['contract_id']}/ledger"))["items"]
        if e["kind"] == "payment"
    )
    await contracts.book(contract, "refund", "10.00")
    accepted = next(
        e
        for e in (await contracts.get(f"/contracts/{contract['contract_id']}/ledger"))["items"]
        if e["kind"] == "acceptance"
    )
    reversal = {"kind": "reversal", "reverses": accepted["id"], "note": "撤回", "booked_on": "2025-07-02"}
    path = f"/contracts/{contract['contract_id']}/ledger"
    await contracts.refused("POST", path, reversal, status=409, slug="contract-state-conflict")
    assert payment["id"] != accepted["id"]
    assert (await totals(contracts, contract))["outstanding"] == "10.00"


async def test_entries_are_listed_by_kind_and_page(contracts: Any) -> None:
    contract = await contracts.active()
    posted = [await contracts.book(contract, "payment", f"{n}.00") for n in range(1, 4)]
    await contracts.book(contract, "commitment", "9.00")
    path = f"/contracts/{contract['contract_id']}/ledger"
    page = await contracts.get(f"{path}?kind=payment&limit=2")
    rest = await contracts.staff.get(f"/v1{path}", params={"kind": "payment", "cursor": page["next"]})
    assert page["items"] + rest.json()["items"] == [
        {name: told for name, told in entry.items() if name != "warnings"} for entry in posted
    ]
    link = (await contracts.staff.get(f"/v1{path}", params={"limit": 2})).headers["link"]
    assert 'rel="next"' in link


@pytest.mark.parametrize("statement", ["UPDATE {0} SET region = 'CN-11'", "DELETE FROM {0}"])
async def test_the_database_refuses_to_change_facts(contracts: Any, statement: str) -> None:
    await contracts.completed()
    for table in ("ledger_entries", "observations", "acceptances"):
        async with contracts.database.session(write=True) as session:
            with pytest.raises(IntegrityError, match="append-only"):
                await session.execute(text(statement.format(table)))


async def test_a_repeated_payment_is_booked_once(contracts: Any) -> None:
    contract = await contracts.active()
    path, key = f"/v1/contracts/{contract['contract_id']}/ledger", {"Idempotency-Key": "pay-1"}
    body = {"kind": "payment", "amount": "10.00", "booked_on": "2025-07-02"}
    answers = [await contracts.staff.post(path, json=body, headers=key) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await totals(contracts, contract))["paid"] == "10.00"
    async with contracts.database.reading() as session:
        assert await payables_balance(session, contract_id=contract["contract_id"]) == -10


async def test_the_final_value_stays_the_sum_of_the_ledger(contracts: Any) -> None:
    contract = await contracts.completable()
    path = f"/contracts/{contract['contract_id']}"
    short = await contracts.active()
    await contracts.observe(short)
    await contracts.report_milestones(short)
    await contracts.accept(short, "100000.00")
    await contracts.book(short, "payment", "100000.00")
    done = await contracts.post(f"/contracts/{short['contract_id']}/complete")
    assert done["final_value"] == "100000.00"
    # 20,000 of the value were never accepted: after the completion nobody pays them.
    body = {"kind": "payment", "amount": "0.01", "booked_on": "2025-07-03"}
    ledger = f"/contracts/{short['contract_id']}/ledger"
    problem = await contracts.refused("POST", ledger, body, status=409, slug="payment-over-accepted")
    assert (problem["accepted"], "MOF-102 art. 2" in problem["detail"]) == ("100000.00", True)

    ended = await contracts.post(f"{path}/complete")
    assert ended["final_value"] == "120000.00"
    refund = await contracts.book(contract, "refund", "500.00", booked_on="2025-07-04")
    told = await contracts.get(path)
    assert (told["final_value"], told["ledger"]["paid"], told["ledger"]["refunded"]) == (
        "119500.00",
        "120000.00",
        "500.00",
    )
    assert told["version"] == ended["version"] + 1
    await contracts.book(contract, "reversal", reverses=refund["id"], note="误记（模拟）", booked_on="2025-07-05")
    assert (await contracts.get(path))["final_value"] == "120000.00"
    assert [each["action"] for each in (await contracts.get(f"{path}/history"))["items"]].count(
        "contract.final_value_followed"
    ) == 2


async def test_a_saving_is_one_on_what_was_accepted(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"
    body = {"kind": "deduction", "cause": "saving", "amount": "50000.00", "booked_on": "2025-07-02"}
    await contracts.refused("POST", f"{path}/ledger", body, status=409, slug="saving-over-accepted")
    await contracts.accept(contract, "50000.00")
    await contracts.book(contract, "deduction", "50000.00", cause="saving")
    scored = (await contracts.get(f"{path}/balances"))["scored"]
    assert (scored["payable"], scored["base"], scored["percent"]) == ("0.00", "70000.00", "0")
    (accepted,) = (await contracts.get(f"{path}/ledger?kind=acceptance"))["items"]
    back = {"kind": "reversal", "reverses": accepted["id"], "note": "x", "booked_on": "2025-07-02"}
    await contracts.refused("POST", f"{path}/ledger", back, status=409, slug="saving-over-accepted")


async def test_a_deduction_is_withheld_from_what_is_payable(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/ledger"
    body = {"kind": "deduction", "amount": "2000.00", "booked_on": "2025-07-02"}
    await contracts.book(contract, "payment", "40000.00")
    # Nothing is accepted: the advance alone is executed, whatever the purchaser would like to keep of the rest.
    problem = await contracts.refused("POST", path, body, status=409, slug="deduction-over-payable")
    assert (problem["accepted"], problem["payable"]) == ("0.00", "0.00")
    assert "MOF-102 art. 2" in problem["detail"]
    assert "penalty" in problem["detail"]
    accepted = await contracts.accept(contract, "41000.00", result="partlyAccepted")
    problem = await contracts.refused("POST", path, body, status=409, slug="deduction-over-payable")
    assert problem["payable"] == "1000.00"
    assert (await totals(contracts, contract))["executed"] == "40000.00"
    await contracts.book(contract, "refund", "1000.00")
    taken = await contracts.book(contract, "deduction", "2000.00")
    assert (await totals(contracts, contract))["executed"] == "41000.00"
    back = {"kind": "reversal", "reverses": accepted["entry_id"], "note": "误记", "booked_on": "2025-07-02"}
    await contracts.refused("POST", path, back, status=409, slug="deduction-over-payable")
    await contracts.book(contract, "reversal", reverses=taken["id"], note="误记")
    await contracts.post(path, back, expect=201)


async def test_nothing_is_taken_back_before_it_was_booked(contracts: Any) -> None:
    contract = await contracts.active()
    entry = await contracts.book(contract, "payment", "10.00", booked_on="2025-07-02")
    back = {"kind": "reversal", "reverses": entry["id"], "note": "x", "booked_on": "2025-07-01"}
    path = f"/contracts/{contract['contract_id']}/ledger"
    problem = await contracts.refused("POST", path, back, status=409, slug="entry-not-reversible")
    assert "2025-07-02" in problem["detail"]


async def test_an_ended_contract_is_neither_paid_nor_cut_over_what_was_accepted(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"
    await contracts.observe(contract)
    await contracts.report_milestones(contract)
    await contracts.accept(contract, "100000.00")
    await contracts.book(contract, "payment", "100000.00")
    await contracts.post(f"{path}/complete")
    # A deduction counts as executed: 20,000 that nobody delivered would make the execution whole.
    body = {"kind": "deduction", "amount": "20000.00", "booked_on": "2025-07-02"}
    problem = await contracts.refused("POST", f"{path}/ledger", body, status=409, slug="payment-over-accepted")
    assert problem["accepted"] == "100000.00"
    back = await contracts.book(contract, "refund", "500.00")
    await contracts.book(contract, "deduction", "500.00")
    await contracts.refused(
        "POST",
        f"{path}/ledger",
        {"kind": "payment", "amount": "0.01", "booked_on": "2025-07-02"},
        status=409,
        slug="payment-over-accepted",
    )
    await contracts.book(contract, "reversal", reverses=back["id"], note="误记（模拟）")  # what was wrong is put right


async def test_nothing_comes_back_before_it_was_paid(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/ledger"
    await contracts.book(contract, "payment", "10.00", booked_on="2025-07-02")
    await contracts.book(contract, "payment", "10.00", booked_on="2025-09-02")
    body = {"kind": "refund", "amount": "5.00", "booked_on": "2025-07-01"}
    problem = await contracts.refused("POST", path, body, status=409, slug="refund-over-paid")
    assert "2025-07-01" in problem["detail"]
    await contracts.book(contract, "refund", "15.00", booked_on="2025-09-03")
    # On 1 August 10.00 stand as paid; 6.00 of them are needed for what came back in September.
    late = body | {"booked_on": "2025-08-01", "amount": "5.01"}
    await contracts.refused("POST", path, late, status=409, slug="refund-over-paid")
    await contracts.book(contract, "refund", "5.00", booked_on="2025-08-01")
    old = body | {"kind": "payment", "booked_on": "1989-12-31"}
    assert await contracts.pointers("POST", path, old) == {"/booked_on"}
    # What an acceptance or an import dates before there were budget years is of none.
    await contracts.accept(contract, "1.00", accepted_on="1989-12-31")
    (accepted,) = (await contracts.get(f"{path}?kind=acceptance"))["items"]
    assert (accepted["booked_on"], accepted["budget_year"]) == ("1989-12-31", None)


async def test_a_value_is_not_corrected_under_what_was_paid(contracts: Any) -> None:
    contract = await contracts.active()
    await contracts.book(contract, "payment", "10.00")
    path = f"/contracts/{contract['contract_id']}/corrections"
    body = {"field": "value", "old": "120000.00", "new": "9.99", "reason": "录入错误（模拟）", "proof_sha256": "a" * 64}
    problem = await contracts.refused("POST", path, body, status=409, slug="contract-not-correctable")
    assert problem["standing"] == "10.00"
    await contracts.post(path, body | {"new": "10.00"}, expect=201)
