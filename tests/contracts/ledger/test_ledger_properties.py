"""The ledger's rules as properties: any sequence of postings balances, and no total goes where none can be."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.app import service
from contracts.ledger.accounts import ACCOUNTS_OF, Totals, after, require_deductible, require_room
from contracts.ledger.budget import Line, require_budget, share_to_pay_from
from contracts.ledger.errors import (
    AcceptanceOverValue,
    CommitmentOverBudget,
    CommitmentOverValue,
    CompensationOverOwed,
    DeductionOverPayable,
    InterestOverAccrued,
    PaymentOverShare,
    PaymentOverValue,
    PenaltyOverImposed,
    RefundOverPaid,
)
from gongping_local.pytest_servers import Servers
from shared.testing import client_for, new_database

VALUE = Decimal("100.00")
REFUSALS = (
    AcceptanceOverValue,
    CommitmentOverValue,
    CompensationOverOwed,
    InterestOverAccrued,
    PaymentOverValue,
    PenaltyOverImposed,
    RefundOverPaid,
)
amounts = st.integers(1, 6000).map(lambda cents: Decimal(cents) / 100)
postings = st.lists(st.tuples(st.sampled_from(sorted(ACCOUNTS_OF)), amounts), max_size=30)


@dataclass
class Book:
    """A ledger by hand: rows of two accounts."""

    rows: list[tuple[str, str, Decimal]] = field(default_factory=list)

    def balance(self, account: str) -> Decimal:
        return sum(
            (a if debit == account else -a for debit, credit, a in self.rows if account in (debit, credit)), Decimal(0)
        )


@given(postings)
def test_no_sequence_leaves_the_bounds_or_the_balance(sequence: list[tuple[str, Decimal]]) -> None:
    totals, book = Totals(), Book()
    for kind, amount in sequence:
        new = after(totals, kind, amount)
        try:
            require_room(totals, new, value=VALUE, currency="CNY")
        except REFUSALS:
            continue
        totals = new
        book.rows.append((*ACCOUNTS_OF[kind], amount))
        assert 0 <= totals.refund <= totals.payment
        assert totals.payment - totals.refund + totals.deduction <= VALUE
        assert totals.commitment <= VALUE
        assert totals.acceptance <= VALUE
    accounts = {account for pair in ACCOUNTS_OF.values() for account in pair}
    assert sum(book.balance(account) for account in accounts) == 0
    assert -book.balance("payables") == totals.acceptance - totals.executed
    paid_beside = totals.interest_payment + totals.compensation_payment - totals.penalty_receipt
    assert -book.balance("treasury") == totals.payment - totals.refund + paid_beside
    assert 0 <= -book.balance("interest_payables") == totals.interest - totals.interest_payment
    assert 0 <= book.balance("penalty_receivables") == totals.penalty - totals.penalty_receipt
    assert 0 <= -book.balance("compensation_payables") == totals.compensation - totals.compensation_payment


@given(st.lists(st.tuples(st.sampled_from(["acceptance", "payment", "deduction", "refund"]), amounts, st.booleans())))
def test_no_yuan_is_deducted_that_was_not_accepted_or_is_paid(sequence: list[tuple[str, Decimal, bool]]) -> None:
    totals, book = Totals(), list[tuple[str, Decimal]]()
    for kind, amount, back in sequence:
        standing = [each for each in book if each[0] == kind]
        if back and not standing:
            continue
        entry = standing[-1] if back else (kind, amount)
        new = after(totals, kind, -entry[1] if back else entry[1])
        try:
            require_room(totals, new, value=VALUE, currency="CNY")
            require_deductible(totals, new, ended=False, currency="CNY")
        except (*REFUSALS, DeductionOverPayable):
            continue
        if back:
            book.remove(entry)
        else:
            book.append(entry)
        more, totals = new.deduction - totals.deduction, new
        assert totals.deduction <= totals.acceptance
        if more > 0:
            assert totals.executed <= totals.acceptance


@given(amounts, amounts, amounts)
def test_a_deduction_that_an_import_left_uncovered_may_shrink_and_not_grow(
    over: Decimal, more: Decimal, accepted: Decimal
) -> None:
    before = Totals(acceptance=accepted, deduction=accepted + over)
    with pytest.raises(DeductionOverPayable):
        require_deductible(before, after(before, "deduction", more), ended=False, currency="CNY")
    require_deductible(before, after(before, "deduction", -more), ended=False, currency="CNY")
    require_deductible(before, after(before, "acceptance", more), ended=False, currency="CNY")


PROJECTS = (UUID(int=1), UUID(int=2))
lines = st.builds(
    Line,
    st.sampled_from(["budget", "commitment", "payment", "refund"]),
    st.sampled_from(PROJECTS),
    st.sampled_from([2025, 2026]),
    amounts,
)


@given(st.lists(st.tuples(lines, st.booleans()), max_size=30))
def test_no_sequence_overspends_a_share_or_a_year(sequence: list[tuple[Line, bool]]) -> None:
    book: list[Line] = []
    for drawn, back in sequence:
        line = drawn._replace(project_id=None) if drawn.kind == "commitment" else drawn
        line = line._replace(year=2025 + PROJECTS.index(line.project_id)) if line.project_id else line
        if back and line.kind == "budget":
            held = [standing for standing in book if standing.kind == "budget" and standing.amount > 0]
            if not held:
                continue
            line = held[-1]._replace(amount=-held[-1].amount)
        try:
            require_budget(book, line, currency="CNY")
        except (PaymentOverShare, CommitmentOverBudget):
            continue
        book.append(line)
        for project in PROJECTS:
            of = [standing for standing in book if standing.project_id == project]
            sums = {
                kind: sum(item.amount for item in of if item.kind == kind) for kind in ("budget", "payment", "refund")
            }
            assert 0 <= sums["payment"] - sums["refund"] <= sums["budget"]
    years = {line.year for line in book if line.kind == "budget"}
    assert all(share_to_pay_from(book, kind="commitment", year=year or 0, amount=VALUE) is None for year in years)


@given(amounts, amounts, amounts)
def test_an_excess_from_an_import_may_shrink_and_not_grow(paid: Decimal, more: Decimal, back: Decimal) -> None:
    before = Totals(payment=VALUE + paid)
    with pytest.raises(PaymentOverValue):
        require_room(before, after(before, "payment", more), value=VALUE, currency="CNY")
    require_room(before, after(before, "refund", min(back, paid)), value=VALUE, currency="CNY")
    require_room(before, after(before, "payment", more), value=None, currency="CNY")


@pytest.fixture
def running(servers: Servers, contracts_type: Any) -> Iterator[tuple[asyncio.Runner, Any]]:
    with asyncio.Runner() as runner:
        database = new_database(servers.postgres_url, "contracts")
        client = client_for(service, runner.run(database.__aenter__()))
        try:
            yield runner, contracts_type(runner.run(client.__aenter__()))
        finally:
            runner.run(client.__aexit__(None, None, None))
            runner.run(database.__aexit__(None, None, None))


async def recorded_project(contracts: Any, contract: dict[str, Any]) -> str:
    body = {
        "region": "CN-230102",
        "unit_id": contract["purchaser"]["organisation_id"],
        "code": "P1",
        "name": "养老服务",
        "year": 2025,
        "initial_amount": "50000.00",
        "simulated": True,
    }
    found: str = (await contracts.post("/budget-projects", body, expect=201))["id"]
    return found


async def post_all(contracts: Any, acts: list[tuple[str, int]]) -> None:
    """Post what is drawn (an amount in per mille of the value, or the entry to reverse) and check after each answer."""
    contract = await contracts.active()
    path = f"/v1/contracts/{contract['contract_id']}"
    rows: list[dict[str, Any]] = []
    project = await recorded_project(contracts, contract)
    for kind, number in acts:
        if kind == "acceptance":
            body = {"result": "accepted", "accepted_on": "2025-07-01", "accepted_value": f"{number * 120}.00"}
            answer = await contracts.staff.post(f"{path}/acceptances", json=body)
        elif kind == "reversal":
            if not rows:
                continue
            body = {"kind": kind, "reverses": rows[number % len(rows)]["id"], "note": "误记", "booked_on": "2025-07-02"}
            answer = await contracts.staff.post(f"{path}/ledger", json=body)
        else:
            body = {"kind": kind, "amount": f"{number * 120}.00", "booked_on": "2025-07-02"}
            if kind == "budget":
                body["budget_project_id"] = project
            answer = await contracts.staff.post(f"{path}/ledger", json=body)
        assert answer.status_code in (201, 409), answer.text
        stored = (await contracts.get(f"{path.removeprefix('/v1')}/ledger?limit=200"))["items"]
        assert len(stored) == len(rows) + (answer.status_code == 201)
        assert stored[: len(rows)] == rows
        rows = stored
    book = Book([(row["debit_account"], row["credit_account"], Decimal(row["amount"])) for row in rows])
    totals = (await contracts.get(path.removeprefix("/v1")))["ledger"]
    assert {name: Decimal(total) >= 0 for name, total in totals.items() if name != "outstanding"} == dict.fromkeys(
        ("committed", "accepted", "paid", "deducted", "refunded", "executed"), True
    )
    assert -book.balance("payables") == Decimal(totals["outstanding"])
    told = await contracts.get(f"{path.removeprefix('/v1')}/balances")
    interest_paid = book.balance("interest") - Decimal(told["interest_owed"])
    received = -book.balance("penalties") - Decimal(told["penalties_owed"])
    compensated = book.balance("compensations") - Decimal(told["compensation_owed"])
    paid = Decimal(totals["paid"]) - Decimal(totals["refunded"]) + interest_paid + compensated - received
    assert -book.balance("treasury") == paid
    assert (
        min(interest_paid, compensated, received, Decimal(told["interest_owed"]), Decimal(told["penalties_owed"])) >= 0
    )
    assert told["balanced"]
    assert {row["account"]: Decimal(row["balance"]) for row in told["accounts"]} == {
        row["account"]: book.balance(row["account"]) for row in told["accounts"]
    }
    assert all(Decimal(share["left"]) >= 0 for share in told["projects"])
    shown = await contracts.get(f"/budget-projects/{project}")
    assert Decimal(shown["unallocated"]) >= 0
    assert Decimal(shown["executed"]) == sum(Decimal(share["executed"]) for share in told["projects"])
    assert book.balance("services") == Decimal(totals["accepted"])
    assert book.balance("commitments") == Decimal(totals["committed"])
    assert Decimal(totals["executed"]) <= Decimal(contract["value"])
    assert Decimal(totals["deducted"]) <= Decimal(totals["accepted"])
    assert Decimal(totals["refunded"]) <= Decimal(totals["paid"])


def test_the_service_keeps_the_ledger_balanced(running: tuple[asyncio.Runner, Any]) -> None:
    runner, contracts = running
    kinds = st.sampled_from([*sorted(ACCOUNTS_OF), "payment", "payment", "refund", "reversal", "reversal"])

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(kinds, st.integers(1, 600)), min_size=3, max_size=12))
    def check(acts: list[tuple[str, int]]) -> None:
        runner.run(post_all(contracts, acts))

    check()
