"""Taking a wrong match of a voucher back: two persons, reversals in one transaction, history kept, the month true."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.contracts.money.test_vouchers import line, reconciled, statement


async def the_voucher(contracts: Any, number: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in (await contracts.get("/vouchers"))["items"] if row["number"] == number)
    return found


async def test_a_booking_in_the_wrong_contract_is_taken_back_by_two_persons(contracts: Any) -> None:
    right, wrong = await contracts.active(), await contracts.completable()
    number = right["contract_number"]
    lines = [line("V-1", "100.00", contract_number=number), line("V-2", "7.00")]
    await contracts.post("/vouchers/files", statement(lines, "107.00"), expect=201)
    path = f"/vouchers/{(await the_voucher(contracts, 'V-1'))['id']}"
    asked = {"reason": "记错合同（模拟）"}
    await contracts.refused("POST", f"{path}/unmatch", asked, status=409, slug="voucher-not-open")
    await contracts.refused("POST", f"{path}/unmatch/approve", status=409, slug="voucher-not-open")
    # Room in the wrong contract: 100.00 of what was paid came back; then it is completed with the voucher's money.
    await contracts.book(wrong, "refund", "100.00")
    await contracts.post(f"{path}/book", {"contract_id": wrong["contract_id"]})
    done = await contracts.post(f"/contracts/{wrong['contract_id']}/complete")
    assert done["final_value"] == "120000.00"

    request = await contracts.post(f"{path}/unmatch", asked)
    assert (request["state"], request["decided_by"], len(request["entry_ids"])) == ("requested", None, 1)
    assert (await contracts.get(path))["unmatching_requested"] is True
    await contracts.refused("POST", f"{path}/unmatch", asked, status=409, slug="unmatching-already-requested")
    await contracts.refused("POST", f"{path}/unmatch/approve", status=409, slug="unmatching-needs-second-person")
    assert (await contracts.post(f"{path}/unmatch/reject", {"reason": "再核（模拟）"}))["state"] == "rejected"
    second = contracts.client.as_("finance", subject="second")
    none = {"status": 409, "slug": "unmatching-not-requested", "client": second}
    await contracts.refused("POST", f"{path}/unmatch/approve", **none)
    await contracts.post(f"{path}/unmatch", asked)
    stale = {"headers": {"If-Match": '"9"'}, "client": second}
    await contracts.refused("POST", f"{path}/unmatch/approve", status=412, slug="stale-version", **stale)
    answers = await asyncio.gather(*(second.post(f"/v1{path}/unmatch/approve") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    back = await contracts.get(path)
    assert (back["queue"], back["proved"], back["contract_id"]) == ("unmatched", "0.00", right["contract_id"])
    assert back["unmatching_requested"] is False

    entries = (await contracts.get(f"/contracts/{wrong['contract_id']}/ledger"))["items"]
    assert [entry["kind"] for entry in entries[-2:]] == ["payment", "reversal"]
    assert "记错合同" in entries[-1]["note"]
    shown = await contracts.get(f"/contracts/{wrong['contract_id']}")
    assert (shown["final_value"], shown["ledger"]["paid"]) == ("119900.00", "120000.00")
    assert (await contracts.get(f"/contracts/{wrong['contract_id']}/balances"))["balanced"]
    history = await contracts.staff.get(f"/v1{path}/unmatchings")
    assert [each["state"] for each in history.json()] == ["rejected", "done"]
    assert history.json()[1]["decided_by"] == "second"

    # A new matching of the month does not find the old booking; booked where it belongs, it is proved once.
    rematch = {"region": "CN-2301", "source": "treasury", "month": "2025-07-01"}
    assert await contracts.post("/vouchers:rematch", rematch) == {"changed": 0}
    again = await contracts.post(f"{path}/book", {"contract_id": right["contract_id"]})
    assert (again["queue"], again["proved"]) == ("matched", "100.00")


async def test_a_match_by_hand_ends_and_the_entry_stays(contracts: Any) -> None:
    contract = await contracts.active()
    first = await contracts.book(contract, "payment", "40.00")
    other = await contracts.book(contract, "payment", "60.00")
    numbered = await contracts.book(contract, "payment", "5.00", voucher="V-3")
    lines = [line("V-1", "100.00"), line("V-2", "40.00"), line("V-3", "5.00")]
    await contracts.post("/vouchers/files", statement(lines, "145.00"), expect=201)
    path = f"/vouchers/{(await the_voucher(contracts, 'V-1'))['id']}"
    await contracts.post(f"{path}/match", {"entry_ids": [first["id"], other["id"]]})
    third = f"/vouchers/{(await the_voucher(contracts, 'V-3'))['id']}/unmatch"
    for body in ({"reason": "x"}, {"reason": "x", "entry_ids": [numbered["id"]]}):
        await contracts.refused("POST", third, body, status=409, slug="voucher-match-refused")
    stranger = {"reason": "x", "entry_ids": [first["id"], numbered["id"]]}
    problem = await contracts.refused("POST", f"{path}/unmatch", stranger, status=409, slug="voucher-match-refused")
    assert problem["entry_ids"] == [numbered["id"]]

    second = contracts.client.as_("finance", subject="second")
    await contracts.post(f"{path}/unmatch", {"reason": "x", "entry_ids": [first["id"]]})
    assert (await second.post(f"/v1{path}/unmatch/approve")).json()["queue"] == "partlyMatched"
    partly = await contracts.get(path)
    assert (partly["proved"], partly["difference"]) == ("60.00", "40.00")
    assert len((await contracts.get(f"/contracts/{contract['contract_id']}/ledger"))["items"]) == 3  # nothing reversed
    month = await reconciled(contracts)
    assert (month["ledger"], month["unproved"]["amount"], month["difference"]) == ("105.00", "40.00", "40.00")
    # The entry is free for the voucher that it belongs to.
    rightly = f"/vouchers/{(await the_voucher(contracts, 'V-2'))['id']}"
    assert (await contracts.post(f"{rightly}/match", {"entry_ids": [first["id"]]}))["queue"] == "matched"
    await contracts.post(f"{path}/book", {"contract_id": contract["contract_id"]})
    assert (await reconciled(contracts))["reconciled"]

    # What agrees is not opened by accident.
    closed = await contracts.refused(
        "POST", f"{rightly}/unmatch", {"reason": "x"}, status=409, slug="voucher-month-reconciled"
    )
    assert closed["month"] == "2025-07"
    await contracts.post(f"{rightly}/unmatch", {"reason": "x", "reopens_month": True})
    assert (await second.post(f"/v1{rightly}/unmatch/approve")).json()["queue"] == "unmatched"
    assert not (await reconciled(contracts))["reconciled"]

    # What was matched stays readable, ended; nothing of it can be changed or deleted.
    async with contracts.database.transaction() as session:
        ended = "SELECT count(*) FROM voucher_matches WHERE entry_id = :id AND unmatching_id IS NOT NULL"
        assert await session.scalar(text(ended), {"id": first["id"]}) == 2
    for change in (
        "UPDATE voucher_matches SET unmatching_id = NULL WHERE unmatching_id IS NOT NULL",
        "UPDATE voucher_matches SET made_by = 'number'",
        "DELETE FROM voucher_matches",
    ):
        with pytest.raises(DBAPIError):
            async with contracts.database.transaction() as session:
                await session.execute(text(change))


async def test_a_month_that_agrees_meanwhile_is_not_opened_by_an_old_request(contracts: Any) -> None:
    contract = await contracts.active()
    lines = [line("V-1", "10.00"), line("V-2", "20.00")]
    await contracts.post("/vouchers/files", statement(lines, "30.00"), expect=201)
    path = f"/vouchers/{(await the_voucher(contracts, 'V-1'))['id']}"
    booked = {"contract_id": contract["contract_id"]}
    await contracts.post(f"{path}/book", booked)
    await contracts.post(f"{path}/unmatch", {"reason": "x"})
    await contracts.post(f"/vouchers/{(await the_voucher(contracts, 'V-2'))['id']}/book", booked)
    second = contracts.client.as_("finance", subject="second")
    refused = {"status": 409, "slug": "voucher-month-reconciled", "client": second}
    await contracts.refused("POST", f"{path}/unmatch/approve", **refused)
    assert (await contracts.get(path))["queue"] == "matched"
    # Reversed by hand before the second person came: the match alone is left, and ends.
    entry = (await contracts.get(f"/contracts/{contract['contract_id']}/ledger"))["items"][0]
    await contracts.book(contract, "reversal", reverses=entry["id"], note="x")
    assert (await second.post(f"/v1{path}/unmatch/approve")).json()["queue"] == "unmatched"
    assert len((await contracts.get(f"/contracts/{contract['contract_id']}/ledger"))["items"]) == 3
