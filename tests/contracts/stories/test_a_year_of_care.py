"""A one-year contract for care of the elderly at home that ends well; every figure was worked out by hand."""

from decimal import Decimal
from typing import Any

from contracts.monitoring.handlers import monitor

BUDGET, VALUE = "1200000.00", "1200000.00"
MILESTONES = [
    {"code": "D1", "title": "上半年服务", "percentage": "40", "due_on": "2025-06-30"},
    {"code": "D2", "title": "下半年服务", "percentage": "60", "due_on": "2025-12-31"},
    {"code": "P1", "title": "首付", "kind": "financing", "percentage": "30"},
    {"code": "P2", "title": "中期付款", "kind": "financing", "percentage": "40"},
    {"code": "P3", "title": "尾款", "kind": "financing", "percentage": "30"},
]


async def concluded(story: Any) -> None:
    """January: the budget stands first, the contract is drafted, signed by both sides and in force."""
    contracts = story.contracts
    with story.on("2025-01-06"):
        purchaser = await contracts.organisation("purchaser")
        provider = await contracts.organisation("provider")
        project = await contracts.post(
            "/budget-projects",
            {
                "region": "CN-230102",
                "unit_id": purchaser,
                "code": "YL-2025-01",
                "name": "居家养老服务（模拟）",
                "year": 2025,
                "initial_amount": "1000000.00",
                "simulated": True,
            },
            expect=201,
        )
        await contracts.post(
            f"/budget-projects/{project['id']}/adjust",
            {"full_year_amount": BUDGET, "reason": "年中追加（模拟）"},
        )
        story.contract = await contracts.pending(
            purchaser_id=purchaser,
            provider_id=provider,
            value=VALUE,
            budget=BUDGET,
            signed_on="2025-01-06",
            starts_on="2025-01-10",
            milestones=MILESTONES,
            needs_basis={"kind": "document", "reference": "民意调查报告（模拟）"},
            beneficiary_population=2400,
        )
        story.contract = await story.post("/activate", expect=200)
        await contracts.book(story.contract, "budget", VALUE, budget_project_id=project["id"], booked_on="2025-01-06")
        await contracts.book(story.contract, "commitment", VALUE, booked_on="2025-01-06")
        await story.put("/payment-terms", {"small_enterprise": True, "days": 30})
        story.project = project["id"]


async def first_half(story: Any) -> None:
    """An advance after its acceptance, an observation, June within the threshold."""
    contracts = story.contracts
    with story.on("2025-03-31"):
        await contracts.accept(story.contract, "360000.00", accepted_on="2025-03-31", result="partlyAccepted")
        await contracts.book(story.contract, "payment", "360000.00", voucher="T-0001", booked_on="2025-03-31")
        await story.report("P1", "2025-03-31")
    with story.on("2025-06-30"):
        await story.observe("2025-06-30", visits="5900", independence="32", complaints="1.2")
        await story.report("D1", "2025-06-28")
    with story.on("2025-07-01"):
        # 360,000 of 1,200,000 are 30 %, under the 40 % of June; the goals stand at 49 % + quality: one alert each.
        await story.job(monitor)
        alerts = (await contracts.get("/monitoring/alerts"))["items"]
        assert {alert["kind"] for alert in alerts} == {"executionBelowThreshold", "progressGap"}
        for alert in alerts:
            decision = {"decision": "continue", "reason": "中期款在七月支付（模拟）"}
            await contracts.post(f"/monitoring/alerts/{alert['id']}/decide", decision)


async def second_half_until_the_last_part(story: Any) -> None:
    """The middle payment in time, the last part accepted less a deduction for a poor result, everything reported."""
    contracts = story.contracts
    with story.on("2025-07-10"):
        await contracts.accept(story.contract, "480000.00", accepted_on="2025-07-10", result="partlyAccepted")
    with story.on("2025-08-08"):
        dues = await story.get("/dues")
        assert (dues["overdue"], [due["due_on"] for due in dues["dues"]][-1]) == ("0.00", "2025-08-09")
        await contracts.book(story.contract, "payment", "480000.00", voucher="T-0002", booked_on="2025-08-08")
        await story.report("P2", "2025-08-08")
    with story.on("2025-12-31"):
        await story.observe("2025-12-31", visits="12600", independence="61", complaints="1.1", satisfaction="92.5")
        await story.report("D2", "2025-12-30")
        await story.report("P3", "2025-12-31", status="partlyMet", note="扣减后支付（模拟）")


async def test_a_year_of_care_that_ends_well(story: Any) -> None:
    await concluded(story)
    await first_half(story)
    contracts = story.contracts
    await second_half_until_the_last_part(story)
    with story.on("2026-01-05"):
        await contracts.accept(story.contract, "360000.00", accepted_on="2026-01-05")
        refusal = await contracts.refused("POST", f"{story.path}/complete", status=409, slug="contract-not-completable")
        assert [each["what"] for each in refusal["missing"]] == ["reconciliation"]
        assert "short of the accepted 1200000.00 by 360000.00" in refusal["missing"][0]["rule"]
        await contracts.book(
            story.contract, "deduction", "12000.00", cause="result", note="投诉率超标（模拟）", booked_on="2026-01-05"
        )
        await contracts.book(
            story.contract,
            "payment",
            "348000.00",
            voucher="T-0003",
            booked_on="2026-01-05",
            budget_year=2025,
            budget_project_id=story.project,
        )
        ended = await story.post("/complete", expect=200)
        assert (ended["state"], ended["end_reason"]) == ("completed", "complete")
    with story.on("2026-01-06"):
        assert await story.accounts() == {
            "appropriations": Decimal(-1200000),
            "budget_lines": Decimal(1200000),
            "commitments": Decimal(1200000),
            "commitments_reserve": Decimal(-1200000),
            "deductions": Decimal(-12000),
            "payables": Decimal(0),
            "services": Decimal(1200000),
            "treasury": Decimal(-1188000),
        }
        balances = await story.get("/balances")
        # A deduction for a poor result is no shortfall: the score would otherwise depend on its own consequence.
        assert (balances["scored"]["payable"], Decimal(balances["scored"]["percent"])) == ("1200000.00", Decimal(100))
        dues = await story.get("/dues")
        assert (dues["overdue"], dues["interest"]) == ("0.00", "0.00")
        project = await contracts.get(f"/budget-projects/{story.project}")
        assert (project["executed"], Decimal(project["execution_rate"])) == ("1188000.00", Decimal("99.00"))
        await contracts.refused("POST", f"{story.path}/complete", status=409, slug="contract-already-completed")
    told = await story.types()
    assert told.count("contract.activated") == told.count("contract.completed") == 1
    assert told.count("acceptance.recorded") == 3
    assert told.index("contract.activated") < told.index("acceptance.recorded") < told.index("contract.completed")
