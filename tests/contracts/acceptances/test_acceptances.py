"""Acceptances over HTTP: each books its value; taking one back means reversing its entry."""

from typing import Any

from shared.events import AcceptanceRecorded, LedgerPosted

ONSITE = {"kind": "onSite", "people": 30, "satisfied": 27}


async def test_an_acceptance_books_its_value_and_is_announced(contracts: Any) -> None:
    contract = await contracts.active()
    accepted = await contracts.accept(contract, "80000.00")
    entries = (await contracts.get(f"/contracts/{contract['contract_id']}/ledger"))["items"]
    assert [(entry["id"], entry["kind"], entry["amount"]) for entry in entries] == [
        (accepted["entry_id"], "acceptance", "80000.00")
    ]
    (event,) = await contracts.emitted(AcceptanceRecorded)
    assert event.data["opinion"] == accepted["opinion"]
    assert (event.data["acceptance_id"], event.data["accepted_value"]) == (accepted["id"], "80000.00")
    assert len(await contracts.emitted(LedgerPosted)) == 1
    assert (await contracts.get(f"/contracts/{contract['contract_id']}/acceptances"))["items"] == [accepted]


async def test_a_rejection_books_nothing_and_is_no_acceptance(contracts: Any) -> None:
    contract = await contracts.active()
    body = {"result": "rejected", "accepted_on": "2025-07-01", "note": "人员不足"}
    rejected = await contracts.post(f"/contracts/{contract['contract_id']}/acceptances", body, expect=201)
    assert (rejected["accepted_value"], rejected["entry_id"]) == ("0.00", None)
    path = f"/contracts/{contract['contract_id']}/complete"
    problem = await contracts.refused("POST", path, status=409, slug="contract-not-completable")
    assert "acceptance" in [item["what"] for item in problem["missing"]]


async def test_an_acceptance_that_was_taken_back_does_not_count(contracts: Any) -> None:
    contract = await contracts.completable()
    accepted = (await contracts.get(f"/contracts/{contract['contract_id']}/acceptances"))["items"][0]
    await contracts.book(contract, "reversal", reverses=accepted["entry_id"], note="验收有误")
    path = f"/contracts/{contract['contract_id']}/complete"
    problem = await contracts.refused("POST", path, status=409, slug="contract-not-completable")
    assert [item["what"] for item in problem["missing"]] == ["acceptance", "reconciliation"]
    await contracts.accept(contract, "120000.00", result="partlyAccepted")
    assert (await contracts.post(path))["state"] == "completed"


async def test_a_closed_wave_may_carry_the_opinion(contracts: Any) -> None:
    contract = await contracts.active()
    opinion = {"kind": "wave", "reference": "01900000-0000-7000-8000-000000000000"}
    accepted = await contracts.accept(contract, opinion=opinion)
    assert accepted["opinion"] == opinion | {"people": 0, "satisfied": 0}


async def test_dates_and_states_conflict(contracts: Any) -> None:
    body = {"result": "accepted", "accepted_on": "2999-01-01", "accepted_value": "1.00"}
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/acceptances"
    await contracts.refused("POST", path, body, status=409, slug="acceptance-in-the-future")
    for other in (await contracts.draft(), await contracts.completed()):
        path = f"/contracts/{other['contract_id']}/acceptances"
        past = body | {"accepted_on": "2025-07-01"}
        await contracts.refused("POST", path, past, status=409, slug="contract-state-conflict")


async def test_malformed_acceptances_are_refused_with_the_place(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/acceptances"
    body = {"result": "accepted", "accepted_on": "2025-07-01", "accepted_value": "1.00"}
    cases: list[tuple[str, dict[str, Any]]] = [
        ("/result", {"result": "fine"}),
        ("/accepted_value", {"accepted_value": 1.5}),
        ("/", {"accepted_value": "0.00"}),
        ("/", {"result": "rejected"}),
        ("/opinion", {"opinion": ONSITE | {"people": 5}}),
        ("/opinion", {"opinion": {"kind": "onSite"}}),
        ("/opinion", {"opinion": {"kind": "wave"}}),
        ("/opinion/people", {"opinion": ONSITE | {"people": "30"}}),
        ("/opinion/names", {"opinion": ONSITE | {"names": ["x"]}}),
        ("/currency", {"currency": "CNY"}),
    ]
    for pointer, change in cases:
        assert await contracts.pointers("POST", path, body | change) == {pointer}, change
    assert await contracts.emitted(AcceptanceRecorded) == []
