"""A three-year contract with supplements: its own budget every year, 10 % of the value at signing and 36 months at most."""

from decimal import Decimal
from typing import Any

YEARS = (2024, 2025, 2026)
MILESTONES = [
    {"code": f"D{year}", "title": f"{year} 年度服务", "percentage": share, "due_on": f"{year}-12-31"}
    for year, share in zip(YEARS, ("33.33", "33.33", "33.34"), strict=True)
]
CONDITIONS = ["budgetSecured", "contentFixed", "continuous", "fundingStable", "priceStable"]


async def concluded(story: Any) -> None:
    """December: three budget years are held, the five conditions of a longer term are met, the rules are confirmed."""
    contracts = story.contracts
    with story.on("2023-12-20"):
        await contracts.post(
            "/rules/cn-2020/confirmations",
            {
                "version": "1.0.0",
                "rules": ["term-limit", "supplement-cap"],
                "scope": "CN-23",
                "person": "simulated",
                "basis": "simulated",
            },
        )
        terms = {
            "value": "900000.00",
            "budget": "900000.00",
            "signed_on": "2023-12-20",
            "starts_on": "2024-01-01",
            "ends_on": "2026-12-31",
            "milestones": MILESTONES,
        }
        story.contract = await contracts.pending(**terms)
        refusal = await contracts.refused("POST", f"{story.path}/activate", status=409, slug="contract-not-activatable")
        assert [each["what"] for each in refusal["missing"]] == ["rules.term-limit"]
        await story.post("/return", expect=200)
        answer = await contracts.staff.patch(
            f"/v1{story.path}",
            json={"clauses": {"term_conditions": CONDITIONS, "payment_days": 30}},
            headers={"If-Match": '"3"'},
        )
        assert answer.status_code == 200, answer.text
        await story.post("/submit", expect=200)
        story.contract = await story.post("/activate", expect=200)
        story.projects = {}
        for year in YEARS:
            project = {
                "region": "CN-230102",
                "unit_id": story.contract["purchaser"]["organisation_id"],
                "code": "JY-1",
                "name": "就业培训（模拟）",
                "year": year,
                "initial_amount": "400000.00",
                "simulated": True,
            }
            held = await contracts.post("/budget-projects", project, expect=201)
            story.projects[year] = held["id"]
            for kind in ("budget", "commitment"):
                named = {"budget_project_id": held["id"]} if kind == "budget" else {"budget_year": year}
                await contracts.book(story.contract, kind, "300000.00", booked_on="2023-12-20", **named)
        # The third year holds 300,000; a cent more cannot be committed in it, whatever the contract is worth.
        body = {"kind": "commitment", "amount": "0.01", "booked_on": "2023-12-20", "budget_year": 2026}
        await contracts.refused("POST", f"{story.path}/ledger", body, status=409, slug="commitment-over-value")


async def propose(
    story: Any, day: str, *, slug: str | None = None, reason: str = "quantityAdjustment", **change: Any
) -> Any:
    """Propose an amendment; with `slug`, it is refused."""
    body = {"reason_code": reason, "rationale": "模拟", "amended_on": day, **change}
    if slug is None:
        return await story.post("/amendments", body)
    return await story.contracts.refused("POST", f"{story.path}/amendments", body, status=409, slug=slug)


async def confirmed(story: Any, amendment: dict[str, Any]) -> Any:
    """Both sides confirm; nothing changes before the second one has."""
    before = (await story.get())["value"]
    await story.post(f"/amendments/{amendment['id']}/confirm", {"side": "purchaser"}, expect=200)
    assert (await story.get())["value"] == before
    return await story.post(f"/amendments/{amendment['id']}/confirm", {"side": "provider"}, expect=200)


async def supplemented(story: Any) -> None:
    """Two supplements use up the tenth part of the value at signing to the cent; nothing more is possible."""
    with story.on("2025-03-10"):
        await propose(story, "2025-03-10", slug="amendment-changes-nothing", value="900000.00")
        first = await confirmed(story, await propose(story, "2025-03-10", value="950000.00"))
        assert (first["number"], first["value_before"], first["value_after"]) == (1, "900000.00", "950000.00")
    with story.on("2025-09-01"):
        refusal = await propose(story, "2025-09-01", slug="amendment-over-limit", value="990000.01")
        assert "supplement-cap" in str(refusal)
        second = await confirmed(story, await propose(story, "2025-09-01", value="990000.00"))
        assert (second["number"], second["value_after"]) == (2, "990000.00")
        await propose(story, "2025-09-01", slug="amendment-over-limit", reason="termExtension", ends_on="2027-01-31")
        assert (await story.get("/amendments"))["increases"] == "90000.00"
        await story.contracts.book(
            story.contract, "budget", "90000.00", booked_on="2025-09-01", budget_project_id=story.projects[2025]
        )
        await story.contracts.book(story.contract, "commitment", "90000.00", booked_on="2025-09-01", budget_year=2025)


async def test_three_years_with_a_supplement(story: Any) -> None:
    await concluded(story)
    contracts = story.contracts
    with story.on("2024-12-31"):
        await contracts.accept(story.contract, "300000.00", accepted_on="2024-12-31", result="partlyAccepted")
        await contracts.book(story.contract, "payment", "300000.00", booked_on="2024-12-31", voucher="T-24")
        await story.report("D2024", "2024-12-31")
    await supplemented(story)
    for year, amount in ((2025, "390000.00"), (2026, "300000.00")):
        with story.on(f"{year}-12-31"):
            result = "accepted" if year == 2026 else "partlyAccepted"
            await contracts.accept(story.contract, amount, accepted_on=f"{year}-12-31", result=result)
            await contracts.book(story.contract, "payment", amount, booked_on=f"{year}-12-31", voucher=f"T-{year}")
            await story.report(f"D{year}", f"{year}-12-31")
    with story.on("2027-01-04"):
        await story.observe("2026-12-31", visits="12000", complaints="1", independence="60", satisfaction="90")
        ended = await story.post("/complete", expect=200)
        assert (ended["state"], ended["value"]) == ("completed", "990000.00")
        balances = await story.get("/balances")
        assert {year["budget_year"]: (year["budget"], year["executed"]) for year in balances["years"]} == {
            2024: ("300000.00", "300000.00"),
            2025: ("390000.00", "390000.00"),
            2026: ("300000.00", "300000.00"),
        }
        assert (await story.accounts())["payables"] == 0
        for project in story.projects.values():
            shown = await contracts.get(f"/budget-projects/{project}")
            assert shown["allocated"] == shown["executed"]
        rates = [
            Decimal((await contracts.get(f"/budget-projects/{story.projects[year]}"))["execution_rate"])
            for year in YEARS
        ]
        assert rates == [Decimal(75), Decimal("97.5"), Decimal(75)]
        # What was paid for a year is not known twice: no further amendment of a contract that has ended.
        await propose(story, "2027-01-04", slug="contract-state-conflict", value="991000.00")
