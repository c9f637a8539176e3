"""A small enterprise is paid late: the clock, the interest to the cent, the yearly list; figures worked out by hand."""

from decimal import Decimal
from typing import Any


async def test_overdue_to_a_small_enterprise(story: Any) -> None:
    contracts = story.contracts
    with story.on("2025-02-03"):
        story.contract = await contracts.active(
            value="300000.00", budget="300000.00", signed_on="2025-02-03", starts_on="2025-02-10"
        )
        terms = {"small_enterprise": True, "basis": "acceptance", "acceptance_days": 10, "lpr_annual": "0.031"}
        assert (await story.put("/payment-terms", terms))["warnings"] == []
    with story.on("2025-06-25"):
        # Delivered on 2 June, accepted on 25 June: the agreed ten days ended on 12 June, the clock runs from there.
        await contracts.accept(story.contract, "300000.00", accepted_on="2025-06-25", delivered_on="2025-06-02")
        (due,) = (await story.get("/dues"))["dues"]
        assert (due["clock_from"], due["due_on"]) == ("2025-06-12", "2025-07-12")
    with story.on("2025-07-12"):
        assert (await story.get("/dues"))["overdue"] == "0.00"
    with story.on("2025-07-13"):
        dues = await story.get("/dues")
        assert (dues["overdue"], dues["interest"]) == ("300000.00", "150.00")  # 0.05 % of 300,000 for one day
    with story.on("2025-08-01"):
        await contracts.book(story.contract, "payment", "100000.00", voucher="T-1", booked_on="2025-08-01")
    with story.on("2025-09-10"):
        # 20 days on 300,000 up to 1 August, then 40 days on 200,000: 3,000 + 4,000.
        dues = await story.get("/dues")
        assert (dues["overdue"], dues["interest"], dues["interest_to_book"]) == ("200000.00", "7000.00", "7000.00")
        assert dues["dues"][0]["days_late"] == 60
        await story.post("/dues/interest")
        await contracts.book(story.contract, "payment", "200000.00", voucher="T-2", booked_on="2025-09-10")
        await contracts.refused(
            "POST",
            f"{story.path}/ledger",
            {"kind": "interestPayment", "amount": "7000.01", "booked_on": "2025-09-10"},
            status=409,
            slug="interest-over-accrued",
        )
        assert (await story.get("/balances"))["interest_owed"] == "7000.00"
        await contracts.book(story.contract, "interestPayment", "7000.00", voucher="T-3", booked_on="2025-09-10")
        balances = await story.accounts()
        # Interest stands in accounts of its own: the contract is worth 300,000 and not a cent more was paid for it.
        assert (balances["interest"], balances["interest_payables"], balances["treasury"]) == (
            Decimal(7000),
            Decimal(0),
            Decimal(-307000),
        )
        assert balances["payables"] == 0
        contract = await story.get()
        assert (contract["ledger"]["paid"], contract["ledger"]["outstanding"]) == ("300000.00", "0.00")
    with story.on("2025-12-01"):
        dues = await story.get("/dues")
        assert (dues["overdue"], dues["interest"], dues["interest_to_book"]) == ("0.00", "7000.00", "0.00")
