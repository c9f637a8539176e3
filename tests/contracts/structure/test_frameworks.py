"""Framework agreements and their call-offs: ceiling, term, concurrency, totals; money and observations of parts."""

import asyncio
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.contracts.structure.conftest import members

from contracts.monitoring.queries import figures_of
from shared.auth import SYSTEM
from shared.events import ContractUpdated, LedgerPosted, ObservationRecorded
from shared.ids import new_id

Json = dict[str, Any]


async def framework_in_force(contracts: Any, structure: Callable[..., Any], **body: Any) -> Json:
    draft = await contracts.draft(region="CN-230000", value="100.00", budget="100.00", **body.pop("terms", {}))
    await structure(draft, kind="framework", **body)
    await contracts.post(f"/contracts/{draft['contract_id']}/submit")
    answer: Json = await contracts.post(f"/contracts/{draft['contract_id']}/activate")
    return answer


async def call_off(contracts: Any, structure: Callable[..., Any], framework: Json, value: str, **terms: Any) -> str:
    """A pending call-off; answers its path."""
    draft = await contracts.draft(value=value, budget=value, **terms)
    await structure(draft, kind="callOff", framework_id=framework["contract_id"])
    await contracts.post(f"/contracts/{draft['contract_id']}/submit")
    return f"/contracts/{draft['contract_id']}"


async def test_call_offs_sum_to_the_ceiling_at_most(contracts: Any, structure: Callable[..., Any]) -> None:
    framework = await framework_in_force(contracts, structure, ceiling="250.00")
    path = f"/contracts/{framework['contract_id']}"
    first = await call_off(contracts, structure, framework, "200.00")
    over = await call_off(contracts, structure, framework, "50.01")
    fitting = await call_off(contracts, structure, framework, "50.00")
    assert (await contracts.post(f"{first}/activate"))["framework_id"] == framework["contract_id"]
    problem = await contracts.refused("POST", f"{over}/activate", status=409, slug="contract-not-activatable")
    (missing,) = problem["missing"]
    assert missing["what"] == "framework.ceiling"
    assert missing["figures"] == {"ceiling": "250.00", "called_off": "200.00", "left": "50.00", "value": "50.01"}
    await contracts.post(f"{fitting}/activate")
    shown = await contracts.get(f"{path}/call-offs?limit=1")
    assert (shown["ceiling"], shown["called_off"], shown["left"]) == ("250.00", "250.00", "0.00")
    assert [one["taken"] for one in shown["items"]] == ["200.00"]
    rest = await contracts.get(f"{path}/call-offs?limit=1&cursor={shown['next']}")
    assert ([one["taken"] for one in rest["items"]], rest["next"]) == (["50.00"], None)
    county = contracts.client.as_("auditor", regions=["CN-230102"])
    assert (await county.get(f"/v1{path}/call-offs")).status_code == 404
    await contracts.refused("GET", f"{first}/call-offs", status=409, slug="framework-not-usable")

    wrong = {"field": "value", "old": "200.00", "new": "200.01", "reason": "录入错误（模拟）", "proof_sha256": "a" * 64}
    asked = await contracts.post(f"{first}/corrections", wrong, expect=201)
    second = contracts.client.as_("purchaser", subject="second")
    approve = f"{first}/corrections/{asked['id']}/approve"
    beyond = await contracts.refused(
        "POST", approve, {"note": "x"}, status=409, slug="contract-not-correctable", client=second
    )
    assert beyond["missing"][0]["figures"]["left"] == "200.00"

    province = (await contracts.get("/regions/CN-23/totals"))["total"]
    assert (province["contracts"], province["money"][0]["value"]) == (3, "250.00")
    await contracts.post(f"{path}/terminate", {"reason": "x"})
    late = await contracts.refused("POST", f"{over}/activate", status=409, slug="contract-not-activatable")
    assert [one["what"] for one in late["missing"]] == ["framework"]


async def test_of_two_call_offs_at_once_one_fits(contracts: Any, structure: Callable[..., Any]) -> None:
    framework = await framework_in_force(contracts, structure)  # the ceiling is its value, 100.00
    paths = [await call_off(contracts, structure, framework, "60.00") for _ in range(3)]
    answers = await asyncio.gather(*(contracts.staff.post(f"/v1{path}/activate") for path in paths))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    shown = await contracts.get(f"/contracts/{framework['contract_id']}/call-offs")
    assert (shown["called_off"], shown["left"]) == ("60.00", "40.00")
    wrong = {"field": "value", "old": "100.00", "new": "59.99", "reason": "录入错误（模拟）", "proof_sha256": "a" * 64}
    path = f"/contracts/{framework['contract_id']}/corrections"
    asked = await contracts.post(path, wrong, expect=201)
    second = contracts.client.as_("purchaser", subject="second")
    approve = f"{path}/{asked['id']}/approve"
    below = await contracts.refused(
        "POST", approve, {"note": "x"}, status=409, slug="contract-not-correctable", client=second
    )
    assert below["called_off"] == "60.00"


async def test_a_call_off_lies_inside_the_framework(contracts: Any, structure: Callable[..., Any]) -> None:
    framework = await framework_in_force(contracts, structure)
    outside = await call_off(contracts, structure, framework, "10.00", ends_on="2026-01-31", currency="EUR")
    problem = await contracts.refused("POST", f"{outside}/activate", status=409, slug="contract-not-activatable")
    assert [one["what"] for one in problem["missing"]] == ["framework.currency", "framework.term"]
    assert "2025-12-31" in problem["missing"][1]["rule"]


async def test_money_of_a_part_stays_within_the_part(contracts: Any, structure: Callable[..., Any]) -> None:
    draft = await contracts.draft(value="100.00", budget="100.00")
    joint = [await contracts.organisation("provider"), await contracts.organisation("provider")]
    lots = [{"code": "L1", "title": "a", "value": "40.00"}, {"code": "L2", "title": "b", "value": "60.00"}]
    agreed = await structure(draft, members=members("provider", joint, ["66.67", "33.33"]), lots=lots)
    for step in ("submit", "activate"):
        await contracts.post(f"/contracts/{draft['contract_id']}/{step}")
    path = f"/contracts/{draft['contract_id']}/ledger"
    lot, member = agreed["lots"][0]["lot_id"], agreed["members"][1]["member_id"]

    async def refused(slug: str, **entry: Any) -> Json:
        body: Json = {"kind": "payment", "booked_on": "2025-07-02"} | entry
        problem: Json = await contracts.refused("POST", path, body, status=409, slug=slug)
        return problem

    await contracts.book(draft, "commitment", "40.00", lot_id=lot)
    assert (await refused("part-over-value", kind="commitment", amount="0.01", lot_id=lot))["left"] == "0.00"
    paid = await contracts.book(draft, "payment", "33.33", lot_id=lot, member_id=member)
    over = await refused("part-over-value", amount="0.01", member_id=member)
    assert (over["value"], over["left"]) == ("33.33", "0.00")
    assert (await refused("part-over-value", amount="6.68", lot_id=lot))["left"] == "6.67"
    await refused("refund-over-paid", kind="refund", amount="33.34", lot_id=lot)
    for column in ("lot_id", "member_id", "call_off_id"):
        await refused("part-not-in-contract", amount="1.00", **{column: str(new_id())})
    taken = await contracts.book(draft, "reversal", reverses=paid["id"], note="typed twice")
    assert (taken["lot_id"], taken["member_id"]) == (lot, member)
    await contracts.book(draft, "payment", "33.33", member_id=member)
    shown = (await contracts.get(f"/contracts/{draft['contract_id']}/balances"))["parts"]
    assert [(one["part"], one["value"], one["committed"], one["executed"], one["left"]) for one in shown] == [
        ("lot", "40.00", "40.00", "0.00", "40.00"),
        ("lot", "60.00", "0.00", "0.00", "60.00"),
        ("member", "66.67", "0.00", "0.00", "66.67"),
        ("member", "33.33", "0.00", "33.33", "0.00"),
    ]
    events = await contracts.emitted(LedgerPosted)
    assert [event.data["lot_id"] for event in events] == [lot, lot, lot, None]
    body = {"kind": "reversal", "booked_on": "2025-07-02", "reverses": paid["id"], "note": "x", "lot_id": lot}
    assert await contracts.pointers("POST", path, body) == {"/"}


async def test_an_observation_of_a_part_does_not_stand_for_the_whole(
    contracts: Any, structure: Callable[..., Any]
) -> None:
    framework = await framework_in_force(contracts, structure)
    called = await call_off(contracts, structure, framework, "30.00")
    path = f"/contracts/{framework['contract_id']}"
    call_off_id = called.removeprefix("/contracts/")
    bodies = [
        {"indicator_id": indicator["indicator_id"], "value": "1", "observed_on": "2025-06-30"}
        for indicator in framework["indicators"]
    ]
    part = {"call_off_id": call_off_id}
    await contracts.refused("POST", f"{path}/observations", bodies[0] | part, status=409, slug="call-off-not-in-force")
    await contracts.post(f"{called}/activate")
    recorded = [await contracts.post(f"{path}/observations", body | part, expect=201) for body in bodies][-1]
    assert recorded["call_off_id"] == call_off_id
    correction = bodies[-1] | {"supersedes": recorded["id"], "note": "x"}
    await contracts.refused("POST", f"{path}/observations", correction, status=409, slug="observation-not-correctable")
    lacking = await contracts.refused("POST", f"{path}/complete", status=409, slug="contract-not-completable")
    assert "observations.visits" in {one["what"] for one in lacking["missing"]}
    assert {event.data["call_off_id"] for event in await contracts.emitted(ObservationRecorded)} == {call_off_id}

    # Money of a call-off counts once, in whichever of the two ledgers it stands.
    await contracts.book(framework, "payment", "20.00", call_off_id=call_off_id)
    own = {"contract_id": call_off_id}
    body = {"kind": "payment", "amount": "10.01", "booked_on": "2025-07-02"}
    await contracts.refused("POST", f"{called}/ledger", body, status=409, slug="payment-over-value")
    await contracts.book(own, "payment", "10.00")
    more = body | {"amount": "0.01", "call_off_id": call_off_id}
    await contracts.refused("POST", f"{path}/ledger", more, status=409, slug="part-over-value")


async def test_a_rate_of_call_offs_is_combined_by_their_money(contracts: Any, structure: Callable[..., Any]) -> None:
    framework = await framework_in_force(contracts, structure, ceiling="250.00")
    path = f"/contracts/{framework['contract_id']}/observations"
    rate = next(one["indicator_id"] for one in framework["indicators"] if one["code"] == "independence")
    body = {"indicator_id": rate, "observed_on": "2025-06-30"}
    for money, value in (("150.00", "80"), ("50.00", "60")):
        called = await call_off(contracts, structure, framework, money)
        await contracts.post(f"{called}/activate")
        part = called.removeprefix("/contracts/")
        await contracts.post(path, body | {"value": value, "call_off_id": part}, expect=201)
    await call_off(contracts, structure, framework, "10.00")  # not in force: no part of the whole yet
    made = await contracts.post(f"{path}/combined", body | {"of": "callOffs", "rule": "shareMean"}, expect=201)
    assert float(made["value"]) == 75
    assert made["call_off_id"] is None


async def test_a_framework_is_paid_through_and_completed_after_its_call_offs(
    contracts: Any, structure: Callable[..., Any]
) -> None:
    framework = await framework_in_force(contracts, structure, ceiling="250.00")
    one = await call_off(contracts, structure, framework, "200.00")
    called = await contracts.post(f"{one}/activate")
    path = f"/contracts/{framework['contract_id']}"
    # Over the framework's own value of 100, within its ceiling: the call-off's money, once.
    await contracts.book(framework, "payment", "150.00", call_off_id=called["contract_id"])
    over = {"kind": "payment", "amount": "50.01", "booked_on": "2025-07-02", "call_off_id": called["contract_id"]}
    await contracts.refused("POST", f"{path}/ledger", over, status=409, slug="part-over-value")
    await contracts.observe(called)
    await contracts.report_milestones(called)
    await contracts.accept(called, "150.00")
    assert [(await contracts.get(where))["ledger"]["paid"] for where in (one, path)] == ["150.00", "0.00"]
    await contracts.observe(framework)
    await contracts.report_milestones(framework)
    problem = await contracts.refused("POST", f"{path}/complete", status=409, slug="contract-not-completable")
    assert [(each["what"], each["figures"]) for each in problem["missing"]] == [("call_offs", {"in_force": 1})]
    done = await contracts.post(f"{one}/complete")
    assert (done["state"], done["final_value"]) == ("completed", "150.00")
    assert (await contracts.post(f"{path}/complete"))["state"] == "completed"


async def test_what_a_framework_pays_for_a_completed_call_off_moves_what_it_cost(
    contracts: Any, structure: Callable[..., Any]
) -> None:
    framework = await framework_in_force(contracts, structure, ceiling="250.00")
    one = await call_off(contracts, structure, framework, "200.00")
    called = await contracts.post(f"{one}/activate")
    part = {"call_off_id": called["contract_id"]}
    path = f"/contracts/{framework['contract_id']}"
    await contracts.observe(called)
    await contracts.report_milestones(called)
    await contracts.accept(called, "150.00")
    # A lawful saving is one on what was accepted of the call-off, of which the framework itself has nothing.
    much = {"kind": "deduction", "amount": "150.01", "cause": "saving", "booked_on": "2025-07-02"} | part
    saving = await contracts.refused("POST", f"{path}/ledger", much, status=409, slug="saving-over-accepted")
    assert saving["accepted"] == "150.00"
    await contracts.book(framework, "deduction", "10.00", cause="saving", **part)
    await contracts.book(framework, "payment", "100.00", **part)
    await contracts.book(called, "payment", "40.00")
    assert (await contracts.post(f"{one}/complete"))["final_value"] == "140.00"
    assert (await contracts.get(f"{one}/balances"))["scored"]["savings"] == "10.00"
    assert (await contracts.get(f"{path}/balances"))["scored"]["savings"] == "0.00"

    back = await contracts.book(framework, "refund", "30.00", **part)
    shown = await contracts.get(one)
    assert (shown["final_value"], shown["ledger"]["paid"], shown["ledger"]["refunded"]) == ("110.00", "140.00", "30.00")
    told = (await contracts.emitted(ContractUpdated))[-1]
    assert (told.subject, told.data["version"]) == (called["contract_id"], shown["version"])
    assert (await contracts.get(f"{path}/call-offs"))["called_off"] == "110.00"
    await contracts.book(framework, "payment", "10.00", **part)  # of the refund, the late rest
    over = {"kind": "payment", "amount": "20.01", "booked_on": "2025-07-02"} | part
    problem = await contracts.refused("POST", f"{path}/ledger", over, status=409, slug="payment-over-accepted")
    assert problem["accepted"] == "150.00"
    await contracts.book(framework, "reversal", reverses=back["id"], note="误记（模拟）")
    assert (await contracts.get(one))["final_value"] == "150.00"
    assert [(await contracts.get(where))["ledger"]["paid"] for where in (one, path)] == ["150.00", "0.00"]
    assert (await contracts.get(f"{path}/balances"))["balanced"]

    # The framework's own money, and its own final value, are without it.
    await contracts.observe(framework)
    await contracts.report_milestones(framework)
    await contracts.accept(framework, "5.00")
    await contracts.book(framework, "payment", "5.00")
    assert (await contracts.post(f"{path}/complete"))["final_value"] == "5.00"
    await contracts.book(framework, "refund", "1.00")
    assert (await contracts.get(path))["final_value"] == "4.00"
    await contracts.book(framework, "refund", "50.00", **part)
    assert [(await contracts.get(where))["final_value"] for where in (one, path)] == ["100.00", "4.00"]


async def test_a_call_off_paid_through_its_framework_is_neither_overdue_nor_behind(
    contracts: Any, structure: Callable[..., Any]
) -> None:
    framework = await framework_in_force(contracts, structure, ceiling="250.00")
    one = await call_off(contracts, structure, framework, "200.00")
    called = await contracts.post(f"{one}/activate")
    await contracts.accept(called, "200.00")
    due = await contracts.get(f"{one}/dues?as_of=2025-12-31")
    assert due["overdue"] == "200.00"
    await contracts.book(framework, "payment", "150.00", call_off_id=called["contract_id"])
    assert (await contracts.get(f"{one}/dues?as_of=2025-12-31"))["overdue"] == "50.00"
    # Nor does it lag behind the month's execution.
    async with contracts.database.reading(principal=SYSTEM) as session:
        (figures,) = await figures_of(session, contract_ids=[UUID(called["contract_id"])], month=date(2025, 8, 1))
    assert (figures.year_execution, figures.execution) == (Decimal(75), Decimal(75))


async def test_a_completion_and_a_payment_through_the_framework_at_once_agree(
    contracts: Any, structure: Callable[..., Any]
) -> None:
    framework = await framework_in_force(contracts, structure, ceiling="250.00")
    one = await call_off(contracts, structure, framework, "200.00")
    called = await contracts.post(f"{one}/activate")
    await contracts.observe(called)
    await contracts.report_milestones(called)
    await contracts.accept(called, "100.00")
    await contracts.book(framework, "payment", "100.00", call_off_id=called["contract_id"])
    body = {"kind": "refund", "amount": "1.00", "booked_on": "2025-07-02", "call_off_id": called["contract_id"]}
    refund = f"/v1/contracts/{framework['contract_id']}/ledger"
    done, back = await asyncio.gather(
        contracts.staff.post(f"/v1{one}/complete"), contracts.staff.post(refund, json=body)
    )
    assert (done.status_code in (200, 409), back.status_code) == (True, 201)
    shown = await contracts.get(one)
    assert shown["final_value"] == ("99.00" if done.status_code == 200 else None)
