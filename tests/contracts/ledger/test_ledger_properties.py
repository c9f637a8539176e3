"""The ledger's rules as properties: any sequence of postings balances, and no total goes where none can be."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.app import service
from contracts.ledger.accounts import ACCOUNTS_OF, Totals, after, require_room
from contracts.ledger.errors import AcceptanceOverValue, CommitmentOverValue, PaymentOverValue, RefundOverPaid
from gongping_local.pytest_servers import Servers
from shared.testing import client_for, new_database

VALUE = Decimal("100.00")
REFUSALS = (AcceptanceOverValue, CommitmentOverValue, PaymentOverValue, RefundOverPaid)
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
    assert -book.balance("treasury") == totals.payment - totals.refund


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


async def post_all(contracts: Any, acts: list[tuple[str, int]]) -> None:
    """Post what is drawn (an amount in per mille of the value, or the entry to reverse) and check after each answer."""
    contract = await contracts.active()
    path = f"/v1/contracts/{contract['contract_id']}"
    rows: list[dict[str, Any]] = []
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
    assert -book.balance("treasury") == Decimal(totals["paid"]) - Decimal(totals["refunded"])
    assert book.balance("services") == Decimal(totals["accepted"])
    assert book.balance("commitments") == Decimal(totals["committed"])
    assert Decimal(totals["executed"]) <= Decimal(contract["value"])
    assert Decimal(totals["refunded"]) <= Decimal(totals["paid"])


def test_the_service_keeps_the_ledger_balanced(running: tuple[asyncio.Runner, Any]) -> None:
    runner, contracts = running
    kinds = st.sampled_from([*sorted(ACCOUNTS_OF), "payment", "payment", "refund", "reversal", "reversal"])

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(kinds, st.integers(1, 600)), min_size=3, max_size=12))
    def check(acts: list[tuple[str, int]]) -> None:
        runner.run(post_all(contracts, acts))

    check()
