"""A provider stops in the middle: failures, termination, damages, both sides' settlement; figures worked out by hand."""

from decimal import Decimal
from typing import Any

PROOF = "a" * 64


async def in_trouble(story: Any) -> None:
    """A first part is accepted and paid; from June on recipients are not visited."""
    contracts = story.contracts
    with story.on("2025-01-05"):
        story.contract = await contracts.active(value="200000.00", budget="200000.00")
    with story.on("2025-04-10"):
        await contracts.accept(story.contract, "80000.00", accepted_on="2025-04-10", result="partlyAccepted")
        await contracts.book(story.contract, "payment", "80000.00", voucher="T-1", booked_on="2025-04-10")
    with story.on("2025-06-20"):
        failure = await story.post(
            "/failures",
            {
                "category": "staffing",
                "description": "上门服务中断（模拟）",
                "starts_on": "2025-06-02",
                "events": 14,
                "penalty_contracted": "10000.00",
                "penalty_basis": "违约责任第三款（模拟）",
                "document_sha256": PROOF,
                "penalty": {"kind": "penalty", "amount": "6000.00", "booked_on": "2025-06-20"},
            },
        )
        assert (failure["penalty_imposed"], failure["penalty_owed"]) == ("6000.00", "6000.00")
        over = {"kind": "penalty", "amount": "4000.01", "booked_on": "2025-06-20"}
        await contracts.refused(
            "POST", f"{story.path}/failures/{failure['id']}/penalties", over, status=409, slug="penalty-over-contracted"
        )


async def terminated(story: Any) -> None:
    """The contract ends; it says that its money does not yet."""
    contracts = story.contracts
    with story.on("2025-07-15"):
        body = {"reason": "承接主体停止服务，经催告未恢复（模拟）", "end_reason": "incomplete"}
        ended = await story.post("/terminate", body, expect=200)
        assert (ended["state"], ended["end_reason"], ended["final_value"]) == ("terminated", "incomplete", None)
        claim = {
            "ground": "providerDefault",
            "fault": "purchaser",
            "reason": "模拟",
            "damages_to_purchaser": "15000.00",
        }
        refused = await contracts.refused(
            "POST", f"{story.path}/settlement", claim, status=409, slug="settlement-fault-misfit"
        )
        assert "GPL art. 50" in refused["rule"]
        proposed = await story.post("/settlement", claim | {"fault": "provider"})
        assert [(line["side"], line["kind"], line["amount"]) for line in proposed["lines"]] == [
            ("provider", "penalty", "15000.00")
        ]
        assert "penalties" not in await story.accounts() or (await story.accounts())["penalties"] == -6000


async def test_terminated_with_damages(story: Any) -> None:
    contracts = story.contracts
    await in_trouble(story)
    await terminated(story)
    with story.on("2025-08-01"):
        await story.post("/settlement/confirm", {"side": "purchaser"}, expect=200)
        assert (await story.accounts())["penalties"] == -6000  # one side alone books nothing
        agreed = await story.post("/settlement/confirm", {"side": "provider"}, expect=200)
        assert (agreed["state"], agreed["final_value"]) == ("agreed", None)
        assert (await story.accounts())["penalties"] == -21000
        refusal = await contracts.refused(
            "POST", f"{story.path}/settlement/settle", status=409, slug="settlement-not-reconciled"
        )
        assert [each["what"] for each in refusal["missing"]] == ["penalties"]
        assert "21000.00" in refusal["missing"][0]["rule"]
    with story.on("2025-09-01"):
        await contracts.book(story.contract, "penaltyReceipt", "21000.00", voucher="R-1", booked_on="2025-09-01")
        settled = await story.post("/settlement/settle", expect=200)
        assert (settled["state"], settled["final_value"]) == ("settled", "80000.00")
        assert await story.accounts() == {
            "payables": Decimal(0),
            "penalties": Decimal(-21000),
            "penalty_receivables": Decimal(0),
            "services": Decimal(80000),
            "treasury": Decimal(-59000),
        }
        ended = await story.get()
        assert (ended["state"], ended["final_value"], ended["ledger"]["paid"]) == ("terminated", "80000.00", "80000.00")
        balances = await story.get("/balances")
        # What the service cost and what the provider owes for leaving are two things: penalties change no execution.
        assert (balances["scored"]["payable"], Decimal(balances["scored"]["percent"])) == ("80000.00", Decimal(40))
    told = await story.types()
    assert told.count("contract.terminated") == 1
    assert "contract.completed" not in told
