"""Treasury vouchers: each injected error appears in a queue, and a month closes when the three sums agree."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.vouchers.matching import queue_of

MONTH = "2025-07-01"
amounts = st.integers(1, 10**6).map(lambda n: Decimal(n) / 100)


@given(amounts, st.lists(amounts, max_size=4))
def test_a_voucher_is_matched_by_its_exact_sum_only(amount: Decimal, proved: list[Decimal]) -> None:
    queue = queue_of(amount, proved)
    assert (queue == "matched") == (sum(proved, Decimal(0)) == amount)
    assert (queue == "unmatched") == (not proved)


def line(number: str, amount: str, **fields: Any) -> dict[str, Any]:
    return {"number": number, "amount": amount, "paid_on": "2025-07-02"} | fields


def statement(lines: list[dict[str, Any]], total: str, **fields: Any) -> dict[str, Any]:
    return {"region": "CN-2301", "source": "treasury", "month": MONTH, "total": total, "lines": lines} | fields


async def reconciled(contracts: Any) -> dict[str, Any]:
    (month,) = (
        await contracts.staff.get("/v1/vouchers/reconciliation", params={"region": "CN-2301", "year": 2025})
    ).json()
    found: dict[str, Any] = month
    return found


async def test_every_injected_error_appears_in_a_queue(contracts: Any) -> None:
    first, second = await contracts.active(), await contracts.active()
    await contracts.book(first, "payment", "10000.00", voucher="V-1")  # as in the statement
    await contracts.book(first, "payment", "2000.00", voucher="V-2")  # 20 too little in the ledger
    await contracts.book(first, "payment", "500.00", voucher="V-5")  # one voucher for two contracts
    await contracts.book(second, "payment", "700.00", voucher="V-5")
    await contracts.book(second, "payment", "333.00", voucher="V-6")  # unknown to the treasury
    await contracts.book(first, "refund", "100.00", voucher="V-7")
    number = second["contract_number"]
    lines = [
        line("V-1", "10000.00", contract_number=first["contract_number"]),
        line("V-2", "2020.00"),
        line("V-3", "4000.00", contract_number=number),  # missing in the ledger
        line("V-1", "10000.00"),  # twice in the statement
        line("V-5", "1200.00"),
        line("V-7", "100.00", kind="refund"),
        line("V-8", "1.00", contract_number=number),  # no contract of ours
    ]
    file = await contracts.post("/vouchers/files", statement(lines, "27122.00"), expect=201)
    assert {queue["queue"]: (queue["count"], queue["amount"]) for queue in file["queues"]} == {
        "matched": (3, "11100.00"),
        "partlyMatched": (1, "2020.00"),
        "unmatched": (2, "4001.00"),
        "duplicate": (1, "10000.00"),
    }
    assert file["difference"] == "1.00"  # the stated total is wrong as well
    await contracts.refused(
        "POST", "/vouchers/files", statement(lines, "27122.00"), status=409, slug="voucher-file-already-imported"
    )
    unproved = await contracts.staff.get("/v1/vouchers/unproved", params={"region": "CN-2301", "month": MONTH})
    assert [(row["voucher"], row["amount"]) for row in unproved.json()["items"]] == [("V-6", "333.00")]
    month = await reconciled(contracts)
    assert (month["stated"], month["lines"], month["vouchers"], month["ledger"], month["difference"]) == (
        "27122.00",
        "27121.00",
        "17121.00",
        "13433.00",
        "3688.00",
    )
    assert (month["unproved"]["count"], month["unproved"]["amount"], month["reconciled"]) == (1, "333.00", False)
    listed = {row["number"]: row for row in (await contracts.get("/vouchers?queue=unmatched"))["items"]}
    partly = (await contracts.get("/vouchers?queue=partlyMatched"))["items"][0]
    assert (partly["proved"], partly["difference"]) == ("2000.00", "20.00")
    assert listed["V-3"]["contract_id"] == second["contract_id"]

    # Worked through: booked, matched by hand, dismissed; then everything agrees but the file's own total.
    booked = await contracts.post(f"/vouchers/{listed['V-3']['id']}/book", {"contract_id": second["contract_id"]})
    assert (booked["queue"], booked["proved"]) == ("matched", "4000.00")
    again = {"contract_id": second["contract_id"]}
    await contracts.refused("POST", f"/vouchers/{booked['id']}/book", again, status=409, slug="voucher-not-open")
    much = {"contract_id": first["contract_id"], "amount": "20.01"}
    path = f"/vouchers/{partly['id']}"
    await contracts.refused("POST", f"{path}/book", much, status=409, slug="voucher-match-refused")
    assert (await contracts.post(f"{path}/book", {"contract_id": first["contract_id"]}))["queue"] == "matched"
    dismiss = f"/vouchers/{listed['V-8']['id']}/dismiss"
    stale = {"headers": {"If-Match": '"9"'}}
    await contracts.refused("POST", dismiss, {"reason": "x"}, status=412, slug="stale-version", **stale)
    assert (await contracts.post(dismiss, {"reason": "不属于本合同"}))["queue"] == "dismissed"
    entry = unproved.json()["items"][0]["entry_id"]
    late = statement([line("T-6", "333.00")], "333.00")
    (late_voucher,) = [
        row
        for row in (await contracts.post("/vouchers/files", late, expect=201), await contracts.get("/vouchers"))[1][
            "items"
        ]
        if row["number"] == "T-6"
    ]
    match = f"/vouchers/{late_voucher['id']}/match"
    foreign_entry = (await contracts.get(f"/contracts/{first['contract_id']}/ledger"))["items"][0]["id"]
    await contracts.refused("POST", match, {"entry_ids": [foreign_entry]}, status=409, slug="voucher-match-refused")
    assert (await contracts.post(match, {"entry_ids": [entry]}))["queue"] == "matched"
    month = await reconciled(contracts)
    assert (month["difference"], month["unproved"]["count"], month["reconciled"]) == ("0.00", 0, False)
    assert Decimal(month["stated"]) - Decimal(month["lines"]) == 1
    assert {queue["queue"] for queue in month["queues"]} == {"matched", "duplicate", "dismissed"}


async def test_a_month_closes_and_opens_again(contracts: Any) -> None:
    contract = await contracts.active()
    file = await contracts.post("/vouchers/files", statement([line("V-1", "100.00")], "100.00"), expect=201)
    assert file["queues"][0]["queue"] == "unmatched"
    await contracts.book(contract, "payment", "100.00", voucher="V-1")
    rematch = {"region": "CN-2301", "source": "treasury", "month": MONTH}
    assert await contracts.post("/vouchers:rematch", rematch) == {"changed": 1}
    assert (await reconciled(contracts))["reconciled"]
    entry = (await contracts.get(f"/contracts/{contract['contract_id']}/ledger"))["items"][0]
    await contracts.book(contract, "reversal", reverses=entry["id"], note="误记")
    assert not (await reconciled(contracts))["reconciled"]
    assert await contracts.post("/vouchers:rematch", rematch) == {"changed": 1}
    (voucher,) = (await contracts.get("/vouchers?queue=unmatched"))["items"]
    assert voucher["proved"] == "0.00"
    # Booked anew although the number is used in the contract: the match ties them.
    again = await contracts.post(f"/vouchers/{voucher['id']}/book", {"contract_id": contract["contract_id"]})
    assert again["queue"] == "matched"
    assert (await reconciled(contracts))["reconciled"]
    await contracts.post("/vouchers/files", statement([line("V-1", "100.00")], "100.00"), expect=409)
    twice = await contracts.post("/vouchers/files", statement([line("V-1", "99.00")], "99.00"), expect=201)
    assert [queue["queue"] for queue in twice["queues"]] == ["duplicate"]

    bad = statement([line("V-9", "0.00", paid_on="2025-08-01")], "x", month="2025-07-02")
    assert await contracts.pointers("POST", "/vouchers/files", bad) == {"/month", "/total", "/lines/0/amount"}
    outside = statement([line("V-9", "1.00", paid_on="2025-08-01")], "1.00")
    assert await contracts.pointers("POST", "/vouchers/files", outside) == {"/"}
    later = statement([line("V-9", "1.00", paid_on="2099-07-02")], "1.00", month="2099-07-01")
    assert await contracts.pointers("POST", "/vouchers/files", later) == {"/lines/0/paid_on"}
    foreign = contracts.client.as_("finance", "operator", regions=["CN-31"])
    assert (
        await foreign.post("/v1/vouchers/files", json=outside | {"lines": [line("V-9", "1.00")]})
    ).status_code == 403
    assert (await foreign.get("/v1/vouchers")).json()["items"] == []
    hidden = await foreign.get(f"/v1/vouchers/{voucher['id']}")
    assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/voucher-not-found")
    asked = await foreign.get("/v1/vouchers/reconciliation", params={"region": "CN-2301", "year": 2025})
    assert asked.status_code == 403


async def test_a_number_comes_back_next_year_and_a_dismissal_is_taken_back(contracts: Any) -> None:
    contract = await contracts.active()
    await contracts.book(contract, "payment", "100.00", voucher="A-1", booked_on="2025-07-02")
    march = {"month": "2026-03-01"}
    later = line("A-1", "55.00", paid_on="2026-03-02")
    file = await contracts.post("/vouchers/files", statement([later], "55.00", **march), expect=201)
    # Neither a duplicate of the year before nor a proof of its payment.
    assert [queue["queue"] for queue in file["queues"]] == ["unmatched"]
    first = await contracts.post("/vouchers/files", statement([line("A-1", "100.00")], "100.00"), expect=201)
    assert [queue["queue"] for queue in first["queues"]] == ["matched"]
    again = statement([later | {"note": "x"}], "55.00", **march)
    assert [each["queue"] for each in (await contracts.post("/vouchers/files", again, expect=201))["queues"]] == [
        "duplicate"
    ]
    (voucher,) = (await contracts.get("/vouchers?queue=unmatched"))["items"]
    path = f"/vouchers/{voucher['id']}"
    await contracts.refused("POST", f"{path}/reopen", {"reason": "x"}, status=409, slug="voucher-not-open")
    await contracts.post(f"{path}/dismiss", {"reason": "误判（模拟）"})
    reopened = await contracts.post(f"{path}/reopen", {"reason": "属于本合同（模拟）"})
    assert (reopened["queue"], reopened["reason"]) == ("unmatched", "属于本合同（模拟）")
    assert (await contracts.post(f"{path}/book", {"contract_id": contract["contract_id"]}))["queue"] == "matched"


async def test_what_the_ledger_has_under_the_number_is_not_booked_again(contracts: Any) -> None:
    contract = await contracts.active()
    await contracts.post("/vouchers/files", statement([line("V-1", "100.00")], "100.00"), expect=201)
    (voucher,) = (await contracts.get("/vouchers"))["items"]
    posted = await contracts.book(contract, "payment", "40.00", voucher="V-1")
    path, body = f"/vouchers/{voucher['id']}", {"contract_id": contract["contract_id"]}
    problem = await contracts.refused("POST", f"{path}/book", body, status=409, slug="voucher-match-refused")
    assert problem["entry_ids"] == [posted["id"]]
    rematch = {"region": "CN-2301", "source": "treasury", "month": MONTH}
    assert await contracts.post("/vouchers:rematch", rematch) == {"changed": 1}
    booked = await contracts.post(f"{path}/book", body)
    assert (booked["queue"], booked["proved"]) == ("matched", "100.00")
    assert (await contracts.get(f"/contracts/{contract['contract_id']}"))["ledger"]["paid"] == "100.00"
