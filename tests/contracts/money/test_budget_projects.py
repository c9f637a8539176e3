"""Budget projects: shares of many contracts, each yuan once, executed amounts that are sums."""

from typing import Any

from shared.events import LedgerPosted


async def test_each_yuan_is_held_once_and_spent_once(contracts: Any, project: Any) -> None:
    first = await contracts.active()
    second = await contracts.active(purchaser_id=first["purchaser"]["organisation_id"])
    shared = await project(first, "100000.00")
    beside = await project(first, "50000.00", code="P-2")
    await contracts.book(first, "budget", "60000.00", budget_project_id=shared["id"])
    await contracts.book(second, "budget", "30000.00", budget_project_id=shared["id"])
    path = f"/contracts/{second['contract_id']}/ledger"
    body = {"kind": "budget", "amount": "10000.01", "booked_on": "2025-07-02", "budget_project_id": shared["id"]}
    problem = await contracts.refused("POST", path, body, status=409, slug="budget-overspent")
    assert problem["left"] == "10000.00"
    # A payment without a project belongs to the only one of the year; with two, it is named.
    paid = await contracts.book(first, "payment", "40000.00")
    assert (paid["budget_project_id"], paid["budget_year"]) == (shared["id"], 2025)
    await contracts.book(first, "budget", "20000.00", budget_project_id=beside["id"])
    assert (await contracts.book(first, "payment", "5000.00"))["budget_project_id"] is None
    await contracts.book(first, "payment", "20000.00", budget_project_id=shared["id"])
    over = {"kind": "payment", "amount": "0.01", "booked_on": "2025-07-02", "budget_project_id": shared["id"]}
    first_path = f"/contracts/{first['contract_id']}/ledger"
    await contracts.refused("POST", first_path, over, status=409, slug="payment-over-share")
    await contracts.refused(
        "POST", first_path, body | {"budget_year": 2026, "amount": "1.00"}, status=409, slug="budget-year-mismatch"
    )
    shown = await contracts.get(f"/budget-projects/{shared['id']}")
    assert (shown["allocated"], shown["unallocated"], shown["executed"], shown["execution_rate"]) == (
        "90000.00",
        "10000.00",
        "60000.00",
        "60",
    )
    shares = (await contracts.get(f"/budget-projects/{shared['id']}/shares"))["items"]
    assert {share["contract_id"]: (share["share"], share["executed"]) for share in shares} == {
        first["contract_id"]: ("60000.00", "60000.00"),
        second["contract_id"]: ("30000.00", "0.00"),
    }
    told = [event.data for event in await contracts.emitted(LedgerPosted) if event.data["kind"] == "payment"]
    assert [data["budget_project_id"] for data in told] == [shared["id"], None, shared["id"]]
    # What was paid from a share is not taken away from under it.
    held = (await contracts.get(f"{first_path}?kind=budget"))["items"][0]
    reversal = {"kind": "reversal", "reverses": held["id"], "note": "误记", "booked_on": "2025-07-02"}
    await contracts.refused("POST", first_path, reversal, status=409, slug="payment-over-share")


async def test_the_full_year_amount_changes_by_adjustments(contracts: Any, project: Any) -> None:
    contract = await contracts.active()
    recorded = await project(contract, "100000.00", full_year_amount="90000.00")
    assert (recorded["initial_amount"], recorded["full_year_amount"]) == ("100000.00", "90000.00")
    await contracts.book(contract, "budget", "80000.00", budget_project_id=recorded["id"])
    path = f"/budget-projects/{recorded['id']}/adjust"
    for change, status, slug in (
        ({"full_year_amount": "79999.99"}, 409, "budget-below-shares"),
        ({"full_year_amount": "90000.00"}, 409, "budget-unchanged"),
    ):
        await contracts.refused("POST", path, change | {"reason": "调剂"}, status=status, slug=slug)
    stale = {"full_year_amount": "85000.00", "reason": "调剂"}
    await contracts.refused("POST", path, stale, status=412, slug="stale-version", headers={"If-Match": '"1"'})
    assert (await contracts.post(path, stale))["unallocated"] == "5000.00"
    listed = (await contracts.staff.get(f"/v1/budget-projects/{recorded['id']}/adjustments")).json()
    assert [(row["before"], row["after"]) for row in listed] == [("100000.00", "90000.00"), ("90000.00", "85000.00")]
    same = {name: recorded[name] for name in ("region", "unit_id", "code", "name", "year", "initial_amount")}
    items = [
        same | {"full_year_amount": "85000.00"},
        same | {"full_year_amount": "95000.00"},
        same | {"initial_amount": "1.00"},
        same | {"code": "P-9"},
    ]
    bulk = await contracts.post("/budget-projects:bulk", {"items": items})
    assert [item["outcome"] for item in bulk["items"]] == ["unchanged", "updated", "failed", "created"]
    await contracts.refused("POST", "/budget-projects", same, status=409, slug="budget-project-already-recorded")
    assert await contracts.pointers("POST", "/budget-projects", same | {"year": True, "code": "a b"}) == {
        "/year",
        "/code",
    }
    assert len((await contracts.get("/budget-projects?year=2025&code=P-1"))["items"]) == 1
    foreign = contracts.client.as_("finance", "purchaser", regions=["CN-31"])
    assert (await foreign.get(f"/v1/budget-projects/{recorded['id']}")).status_code == 404
    assert (await foreign.post("/v1/budget-projects", json=same)).status_code in (403, 409)
    assert (await foreign.post("/v1/budget-projects", json=same | {"code": "P-10"})).status_code == 403


async def test_commitments_are_split_over_budget_years(contracts: Any, project: Any) -> None:
    contract = await contracts.active(ends_on="2026-12-31")
    years = {year: await project(contract, "60000.00", year=year) for year in (2025, 2026)}
    for year, held in years.items():
        await contracts.book(contract, "budget", "60000.00", budget_project_id=held["id"])
        await contracts.book(contract, "commitment", "60000.00", budget_year=year)
    await contracts.accept(contract, "50000.00")
    await contracts.book(contract, "deduction", "2000.00")
    await contracts.book(contract, "deduction", "3000.00", cause="saving")
    await contracts.book(contract, "payment", "45000.00")
    await contracts.book(contract, "interest", "10.00", note="和解（模拟）")
    await contracts.book(contract, "interestPayment", "4.00")
    await contracts.book(contract, "penalty", "700.00", cause="damages")
    told = await contracts.get(f"/contracts/{contract['contract_id']}/balances")
    assert [(row["budget_year"], row["budget"], row["committed"], row["execution_rate"]) for row in told["years"]] == [
        (2025, "60000.00", "60000.00", "75"),
        (2026, "60000.00", "60000.00", "0"),
    ]
    assert (told["balanced"], told["interest_owed"], told["penalties_owed"]) == (True, "6.00", "700.00")
    # 50,000 accepted less a lawful saving of 3,000, of 120,000 less the same; the poor result's 2,000 do not count.
    assert told["scored"] == {"payable": "47000.00", "savings": "3000.00", "base": "117000.00", "percent": "40.17"}
    path = f"/contracts/{contract['contract_id']}/ledger"
    for kind, slug in (("interestPayment", "interest-over-accrued"), ("penaltyReceipt", "penalty-over-imposed")):
        body = {"kind": kind, "amount": "700.01", "booked_on": "2025-07-02"}
        await contracts.refused("POST", path, body, status=409, slug=slug)
    payable = {
        event.data["cause"] or event.data["kind"]: event.data["payable"]
        for event in await contracts.emitted(LedgerPosted)
    }
    assert (payable["acceptance"], payable["result"], payable["saving"], payable["payment"]) == (
        "50000.00",
        None,
        "-3000.00",
        None,
    )
