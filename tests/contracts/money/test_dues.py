"""When accepted value is due, and the interest on what is late."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from tests.support import ANY_VERSION

from contracts.dues.interest import Charge, Settlement, Terms, clock_start, dues_of, warnings_of
from contracts.dues.parameters import parameters_in
from contracts.rules.shipped import shipped
from shared import clock

RATE = Decimal("0.0005")
TERMS = Terms("acceptance", 30, None, RATE)
DAY = date(2025, 7, 1)
days = st.integers(0, 200).map(lambda n: DAY + timedelta(days=n))
cents = st.integers(1, 10**7).map(lambda n: Decimal(n) / 100)


def charge(amount: str, on: date = DAY, delivered: date | None = None, number: int = 1) -> Charge:
    return Charge(UUID(int=number), Decimal(amount), on, delivered)


def test_the_parameters_say_where_they_come_from() -> None:
    parameters = parameters_in(shipped()["cn-2020@1.0.0"])
    assert (parameters.days, parameters.agreed_max_days, parameters.per_day) == (30, 60, RATE)
    assert "SME-PAY art. 17" in parameters.rule
    neutral = parameters_in(shipped()["ocds@1.0.0"])
    assert (neutral.days, neutral.per_day) == (None, None)


def test_interest_runs_from_the_day_after_the_due_date() -> None:
    for as_of, late, interest in (
        (date(2025, 7, 31), 0, "0.00"),
        (date(2025, 8, 1), 1, "5.00"),
        (date(2025, 8, 10), 10, "50.00"),
    ):
        (due,) = dues_of([charge("10000.00")], [], TERMS, as_of=as_of)
        assert (due.due_on, due.days_late, due.interest) == (date(2025, 7, 31), late, Decimal(interest))
    part = Settlement(date(2025, 8, 5), Decimal(4000))
    (due,) = dues_of([charge("10000.00")], [part], TERMS, as_of=date(2025, 8, 10))
    assert (due.outstanding, due.interest) == (Decimal(6000), Decimal("40.00"))  # 5 days on 10,000, 5 on 6,000
    back = Settlement(date(2025, 8, 9), Decimal(-4000))
    (due,) = dues_of([charge("10000.00")], [part, back], TERMS, as_of=date(2025, 8, 10))
    assert due.outstanding == Decimal(10000)


def test_the_oldest_part_is_paid_first() -> None:
    parts = [charge("100.00", DAY + timedelta(days=9), number=2), charge("50.00")]
    first, second = dues_of(parts, [Settlement(DAY, Decimal(60))], TERMS, as_of=DAY)
    assert (first.entry_id, first.outstanding, second.settled) == (UUID(int=1), Decimal(0), Decimal(10))


def test_a_delayed_acceptance_does_not_delay_the_payment() -> None:
    late = charge("1.00", date(2025, 7, 31), delivered=DAY)
    assert clock_start(late, TERMS) == date(2025, 7, 31)
    assert clock_start(late, TERMS._replace(acceptance_days=10)) == date(2025, 7, 11)
    assert clock_start(late, TERMS._replace(basis="delivery")) == DAY
    assert clock_start(charge("1.00"), TERMS._replace(basis="delivery")) == DAY


@given(st.lists(st.tuples(cents, days), max_size=6), st.lists(st.tuples(days, cents), max_size=6), days)
def test_nothing_is_settled_twice(
    parts: list[tuple[Decimal, date]], paid: list[tuple[date, Decimal]], as_of: date
) -> None:
    charges = [Charge(UUID(int=n), amount, on, None) for n, (amount, on) in enumerate(parts, 1)]
    dues = dues_of(charges, [Settlement(*payment) for payment in paid], TERMS, as_of=as_of)
    owed = sum((amount for amount, _ in parts), Decimal(0))
    available = sum((amount for on, amount in paid if on <= as_of), Decimal(0))
    assert sum((due.settled for due in dues), Decimal(0)) == min(owed, available)
    for due in dues:
        assert due.settled + due.outstanding == due.amount
        assert 0 <= due.interest <= due.amount * RATE * due.days_late + Decimal("0.01")


def test_terms_beyond_the_rule_are_warned_of_and_kept() -> None:
    limits: dict[str, Any] = {"at_most_days": 60, "year_days": 365}
    doubts = warnings_of(
        small_enterprise=True, days=90, agreed_rate=Decimal("0.00001"), lpr_annual=Decimal("0.031"), **limits
    )
    assert [doubt["code"] for doubt in doubts] == ["payment-days-over-limit", "late-interest-below-lpr"]
    assert warnings_of(small_enterprise=False, days=90, agreed_rate=None, lpr_annual=None, **limits) == []
    assert warnings_of(small_enterprise=True, days=60, agreed_rate=RATE, lpr_annual=Decimal("0.031"), **limits) == []


async def test_a_late_payment_to_a_small_enterprise(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"
    await contracts.refused("GET", f"{path}/payment-terms", status=404, slug="payment-terms-not-found")
    await contracts.accept(contract, "10000.00", delivered_on="2025-06-20")
    terms = {"small_enterprise": True, "basis": "delivery", "days": 90}
    await contracts.refused("PUT", f"{path}/payment-terms", terms, status=428, slug="precondition-required")
    first = {"If-Match": '"0"'}  # the version of what is not recorded yet
    answer = await contracts.staff.put(f"/v1{path}/payment-terms", json=terms, headers=first)
    assert answer.headers["etag"] == '"1"'
    assert [doubt["code"] for doubt in answer.json()["warnings"]] == ["payment-days-over-limit"]
    for stale in (first, {"If-Match": '"7"'}):
        await contracts.refused("PUT", f"{path}/payment-terms", terms, status=412, slug="stale-version", headers=stale)
    terms |= {"basis": "acceptance", "days": 30, "acceptance_days": 5}
    assert (await contracts.staff.put(f"/v1{path}/payment-terms", json=terms, headers=ANY_VERSION)).json()[
        "version"
    ] == 2
    large = await contracts.staff.put(f"/v1{path}/payment-terms", json={"small_enterprise": False}, headers=ANY_VERSION)
    assert large.json()["warnings"] == []
    assert (await contracts.get(f"{path}/dues"))["days"] is None  # the rule protects small enterprises only
    assert (await contracts.staff.put(f"/v1{path}/payment-terms", json=terms, headers=ANY_VERSION)).status_code == 200
    with clock.frozen(datetime.fromisoformat("2025-08-04T03:00:00+00:00")):
        client = contracts.client.as_("purchaser", "finance")
        dues = (await client.get(f"/v1{path}/dues")).json()
        # Accepted on 1 July, five days after the delivery of 20 June at the latest: due 25 July, ten days late.
        assert [(due["clock_from"], due["due_on"], due["days_late"]) for due in dues["dues"]] == [
            ("2025-06-25", "2025-07-25", 10)
        ]
        assert (dues["overdue"], dues["interest"], dues["interest_to_book"]) == ("10000.00", "50.00", "50.00")
        booked = await client.post(f"/v1{path}/dues/interest")
        assert (booked.status_code, booked.json()["kind"], booked.json()["amount"]) == (201, "interest", "50.00")
        again = await client.post(f"/v1{path}/dues/interest")
        assert (again.status_code, again.json()["type"]) == (409, "/problems/no-interest-to-book")
    assert (await contracts.get(path))["ledger"]["outstanding"] == "10000.00"
    bad = {"small_enterprise": 1, "days": 0, "daily_rate": "2"}
    assert await contracts.pointers("PUT", f"{path}/payment-terms", bad, headers=ANY_VERSION) == {
        "/small_enterprise",
        "/days",
        "/daily_rate",
    }


async def test_the_terms_of_the_text_apply_where_none_are_recorded(contracts: Any) -> None:
    large = await contracts.active(clauses={"provider_size": "large"})
    small = await contracts.active(
        clauses={"provider_size": "small", "payment_days": 45, "late_interest_per_day": "0.0006"}
    )
    for contract in (large, small):
        await contracts.accept(contract, "10000.00")
    assert (await contracts.get(f"/contracts/{large['contract_id']}/dues"))["dues"] == []
    path = f"/contracts/{small['contract_id']}"
    with clock.frozen(datetime.fromisoformat("2025-08-25T03:00:00+00:00")):
        client = contracts.client.as_("purchaser", "finance")
        dues = (await client.get(f"/v1{path}/dues")).json()
        assert (dues["days"], dues["daily_rate"], dues["dues"][0]["due_on"]) == (45, "0.0006", "2025-08-15")
        assert (dues["interest"], (await client.post(f"/v1{path}/dues/interest")).status_code) == ("60.00", 201)


async def test_a_confirmed_rule_refuses_a_longer_time_after_signing_too(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/payment-terms"
    body = {"small_enterprise": True, "days": 61}
    assert (await contracts.staff.put(f"/v1{path}", json=body, headers=ANY_VERSION)).json()["warnings"]
    confirm = {"version": "1.0.0", "scope": "CN-23", "person": "模拟 负责人", "basis": "模拟文号"}
    await contracts.post("/rules/cn-2020/confirmations", confirm | {"rules": ["pay-sme-within"]})
    problem = await contracts.refused(
        "PUT", path, body, status=409, slug="payment-terms-over-limit", headers=ANY_VERSION
    )
    (missing,) = problem["missing"]
    assert (missing["what"], missing["figures"]["max_days"]) == ("rules.pay-sme-within", 60)
    assert missing["rule"].startswith("SME-PAY art.")
    for allowed in (body | {"days": 60}, body | {"small_enterprise": False}):
        assert (await contracts.staff.put(f"/v1{path}", json=allowed, headers=ANY_VERSION)).status_code == 200


async def test_interest_typed_by_hand_is_compared_with_what_has_run(contracts: Any) -> None:
    contract = await contracts.active(clauses={"provider_size": "small"})
    await contracts.accept(contract, "10000.00")  # on 1 July 2025: due on 31 July; 5.00 a day from then on
    path = f"/contracts/{contract['contract_id']}"
    body = {"kind": "interest", "amount": "50.00", "booked_on": "2025-08-10"}
    assert (await contracts.post(f"{path}/ledger", body, expect=201))["warnings"] == []
    more = body | {"amount": "0.01"}
    problem = await contracts.refused("POST", f"{path}/ledger", more, status=409, slug="interest-over-run")
    assert (problem["interest"], problem["interest_booked"], problem["missing"][0]["what"]) == (
        "50.00",
        "50.01",
        "note",
    )
    assert problem["missing"][0]["rule"].startswith("SME-PAY art. 17")
    reasoned = more | {"note": "调解协议（模拟）"}
    (doubt,) = (await contracts.post(f"{path}/ledger", reasoned, expect=201))["warnings"]
    assert (doubt["code"], "50.00 have run" in doubt["detail"]) == ("interest-over-run", True)
    acts = [each["action"] for each in (await contracts.get(f"{path}/history"))["items"]]
    assert acts.count("interest.over_run") == 1
    assert (await contracts.get(f"{path}/balances"))["interest_owed"] == "50.01"
    assert (await contracts.get(f"{path}/dues?as_of=2025-08-10"))["interest_to_book"] == "0.00"


async def test_a_province_that_blocks_interest_beyond_its_rule_refuses_it(contracts: Any) -> None:
    document = json.loads(json.dumps(shipped()["cn-2020@1.1.0"].document))
    document |= {"id": "hlj-2025", "version": "1.0.0", "scope": "CN-23", "based_on": "cn-2020@1.1.0"}
    (late,) = [rule for rule in document["rules"] if rule["code"] == "late-interest"]
    late["severity"] = "block"
    first, second = (contracts.client.as_("finance", regions=["CN-23"], subject=who) for who in ("one", "two"))
    assert (await first.post("/v1/rules", json=document)).status_code == 201
    of_set = "/v1/rules/hlj-2025"
    approved = await second.post(f"{of_set}/approve", json={"version": "1.0.0", "basis": "模拟文号"})
    assert approved.status_code == 200, approved.text
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"
    body = {"kind": "interest", "amount": "5.00", "booked_on": "2025-08-10", "note": "模拟"}
    (doubt,) = (await contracts.post(f"{path}/ledger", body, expect=201))["warnings"]  # nobody has confirmed it
    assert doubt["rule"].startswith("SME-PAY art. 17")
    confirm = {"version": "1.0.0", "scope": "CN-23", "person": "模拟 负责人", "basis": "模拟文号"}
    confirmed = await second.post(f"{of_set}/confirmations", json=confirm | {"rules": ["late-interest"]})
    assert confirmed.is_success, confirmed.text
    problem = await contracts.refused("POST", f"{path}/ledger", body, status=409, slug="interest-over-run")
    assert problem["missing"][0]["what"] == "rules.late-interest"
    assert len((await contracts.get(f"{path}/ledger"))["items"]) == 1


async def test_a_purchaser_lists_its_overdue_payments(contracts: Any) -> None:
    bureau = await contracts.organisation("purchaser")
    small = await contracts.active(purchaser_id=bureau, clauses={"provider_size": "micro"})
    unknown = await contracts.active(purchaser_id=bureau)
    large = await contracts.active(purchaser_id=bureau, clauses={"provider_size": "large", "payment_days": 30})
    paid = await contracts.active(purchaser_id=bureau)
    for contract in (small, unknown, large, paid):
        await contracts.accept(contract, "10000.00")  # on 1 July 2025: due on 31 July
    await contracts.book(small, "payment", "4000.00")
    await contracts.book(small, "payment", "6000.00", booked_on="2025-09-01")
    await contracts.book(paid, "payment", "10000.00")
    path = f"/organisations/{bureau}/overdue-payments"
    on_time = await contracts.get(f"{path}?as_of=2025-07-31")
    assert (on_time["sums"], on_time["items"]) == ([], [])
    late = await contracts.get(f"{path}?as_of=2025-08-10")
    # 0.05 % a day of 6,000 and of 10,000 for ten days.
    assert late["sums"] == [
        {"currency": "CNY", "contracts": 2, "payments": 2, "overdue": "16000.00", "interest": "80.00"}
    ]
    assert [(each["contract_id"], each["small_enterprise"], each["due_since"]) for each in late["items"]] == [
        (small["contract_id"], True, "2025-07-31"),
        (unknown["contract_id"], None, "2025-07-31"),
    ]
    year = await contracts.get(f"{path}?as_of=2025-12-31")
    assert [each["contract_id"] for each in year["items"]] == [unknown["contract_id"]]
    own = contracts.client.as_("purchaser", organisation=bureau)
    assert (await own.get(f"/v1{path}?as_of=2025-12-31")).json() == year
    stranger = contracts.client.as_("purchaser", organisation=await contracts.organisation("purchaser"))
    await contracts.refused("GET", path, status=403, slug="not-a-party", client=stranger)
    foreign = contracts.client.as_("finance", regions=["CN-31"])
    assert (await foreign.get(f"/v1{path}?as_of=2025-12-31")).json()["items"] == []
