"""Each flag at its limit, as a pure function."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.flags.engine import FlagFacts, Neighbour, flags_of, largest_excess
from contracts.rules.facts import Clauses, Competition, RuleFacts
from contracts.rules.shipped import shipped

CN = shipped()["cn-2020@1.1.0"]
ME, PROVIDER, OTHER = (UUID(int=number) for number in (1, 2, 3))
FACTS = RuleFacts(
    region="CN-230102",
    state="active",
    title="x",
    currency="CNY",
    service_category="A0401",
    value=Decimal("1000000.00"),
    value_at_signing=Decimal("1000000.00"),
    signed_on=date(2025, 3, 1),
    procurement_method="open",
    competition=Competition(bids_received=3, notice_published_on=date(2025, 1, 1), bids_due_on=date(2025, 1, 21)),
)


def neighbour(
    number: int, value: int, *, provider: UUID = OTHER, item: str = "A04", method: str | None = None
) -> Neighbour:
    return Neighbour(UUID(int=number), item, {provider: Decimal(value)}, method, "CNY", Decimal(value))


CLEAR = FlagFacts(
    contract_id=ME,
    facts=FACTS,
    providers=(PROVIDER,),
    neighbours=(
        neighbour(1, 1_000_000, provider=PROVIDER, method="open"),
        neighbour(8, 1_500_000, item="A05"),
        neighbour(9, 1_500_000, item="B01"),
    ),
)


def outcome(code: str, seen: FlagFacts) -> str:
    (flag,) = [flag for flag in flags_of(CN, seen) if flag.rule.code == f"flag-{code}"]
    return flag.outcome


def facts(**fields: Any) -> FlagFacts:
    return replace(CLEAR, facts=replace(FACTS, **fields))


def competition(**fields: Any) -> FlagFacts:
    return facts(competition=FACTS.competition.model_copy(update=fields))


def test_a_plain_contract_raises_nothing() -> None:
    assert {flag.rule.kind: flag.outcome for flag in flags_of(CN, CLEAR)} == {
        "singleBid": "clear",
        "shortNotice": "clear",
        "underThreshold": "notApplicable",
        "splitPurchases": "notApplicable",
        "amendmentCreep": "clear",
        "paidBeforeAccepted": "clear",
        "concentration": "clear",
    }


SPLIT = (
    neighbour(1, 1_000_000, provider=PROVIDER, method="direct"),
    neighbour(4, 999_999, method="limited"),
    neighbour(5, 5_000_000, method="direct"),
)


@pytest.mark.parametrize(
    ("code", "seen", "expected"),
    [
        ("single-bid", competition(bids_rejected=1), "raised"),
        ("single-bid", competition(bids_received=None), "unknown"),
        ("single-bid", facts(procurement_method="direct"), "notApplicable"),
        ("single-bid", facts(competition=Competition(), tenderers=2), "raised"),
        ("short-notice", competition(bids_due_on=date(2025, 1, 20)), "raised"),
        ("short-notice", competition(bids_due_on=None), "unknown"),
        ("under-threshold", facts(procurement_method="limited", value_at_signing=Decimal("1900000.00")), "raised"),
        ("under-threshold", facts(procurement_method="limited", value_at_signing=Decimal("1899999.99")), "clear"),
        ("under-threshold", facts(procurement_method="limited", value_at_signing=Decimal("2000000.00")), "clear"),
        ("under-threshold", facts(currency="EUR"), "unknown"),
        ("split-purchases", replace(facts(procurement_method="direct"), neighbours=SPLIT), "clear"),
        (
            "split-purchases",
            replace(facts(procurement_method="direct"), neighbours=(*SPLIT, neighbour(6, 1, method=None))),
            "raised",
        ),
        ("split-purchases", facts(service_category=None), "unknown"),
        ("amendment-creep", facts(value=Decimal("1080000.00")), "clear"),
        ("amendment-creep", facts(value=Decimal("1080000.01")), "raised"),
        ("amendment-creep", facts(amendments=3), "raised"),
        ("amendment-creep", facts(value_at_signing=None), "unknown"),
        ("paid-before-accepted", replace(CLEAR, excess=(Decimal("0.01"), date(2025, 4, 1))), "raised"),
        (
            "paid-before-accepted",
            replace(facts(clauses=Clauses(prepayment=Decimal(300))), excess=(Decimal(300), date(2025, 4, 1))),
            "clear",
        ),
        ("paid-before-accepted", facts(executed=Decimal(5)), "unknown"),
        (
            "concentration",
            replace(CLEAR, neighbours=(neighbour(1, 10, provider=PROVIDER), neighbour(4, 5), neighbour(5, 5))),
            "raised",
        ),
        ("concentration", replace(CLEAR, neighbours=CLEAR.neighbours[:2]), "notApplicable"),
        ("concentration", replace(CLEAR, providers=()), "unknown"),
    ],
)
def test_each_flag_at_its_limit(code: str, seen: FlagFacts, expected: str) -> None:
    assert outcome(code, seen) == expected


def test_a_framework_and_its_call_offs_count_once() -> None:
    parts = [
        replace(neighbour(1, 800_000, provider=PROVIDER, method="direct"), kind="callOff"),
        replace(neighbour(2, 800_000, provider=OTHER, method="direct"), kind="callOff"),
        replace(neighbour(3, 800_000, provider=OTHER, method="direct"), kind="callOff"),
        replace(neighbour(4, 2_400_000, provider=PROVIDER, method="open"), kind="framework"),
    ]
    seen = replace(facts(procurement_method="direct"), neighbours=parts)
    flags = {flag.rule.code: flag for flag in flags_of(CN, seen)}
    shares = flags["flag-concentration"].figures
    assert (shares["contracts"], shares["value_of_provider"], shares["value_of_purchaser"]) == (3, 800_000, 2_400_000)
    assert flags["flag-concentration"].outcome == "clear"
    assert flags["flag-split-purchases"].outcome == "notApplicable"


def test_a_joint_provider_counts_with_its_share_of_the_money() -> None:
    joint = replace(neighbour(1, 100), providers={PROVIDER: Decimal(30), OTHER: Decimal(70)})
    third = UUID(int=4)
    alone = [neighbour(number, 100, provider=third) for number in (5, 6)]
    seen = replace(CLEAR, providers=(PROVIDER, OTHER), neighbours=(joint, *alone))
    (clear,) = [flag for flag in flags_of(CN, seen) if flag.rule.kind == "concentration"]
    # As the lead it would have had a third of the year, with the whole contract.
    assert (clear.outcome, clear.figures["provider_id"], clear.figures["value_of_provider"]) == ("clear", OTHER, 70)
    partner = replace(seen, neighbours=(joint, neighbour(5, 100, provider=OTHER), alone[1]))
    (raised,) = [flag for flag in flags_of(CN, partner) if flag.rule.kind == "concentration"]
    assert (raised.outcome, raised.figures["provider_id"]) == ("raised", OTHER)
    assert (raised.figures["value_of_provider"], raised.figures["contracts_of_provider"]) == (170, 2)


def test_a_threshold_that_nobody_stated_raises_nothing() -> None:
    neutral = {flag.rule.kind: flag.outcome for flag in flags_of(shipped()["ocds@1.1.0"], CLEAR)}
    assert (neutral["underThreshold"], neutral["splitPurchases"]) == ("unknown", "unknown")


bookings = st.lists(
    st.tuples(
        st.dates(date(2025, 1, 1), date(2025, 1, 9)),
        st.sampled_from(["acceptance", "payment", "refund"]),
        st.integers(1, 100).map(Decimal),
    ),
    max_size=12,
)


@given(bookings)
def test_the_excess_is_the_worst_end_of_a_day(entries: list[tuple[date, str, Decimal]]) -> None:
    def ahead(day: date) -> Decimal:
        signed = [amount if kind == "payment" else -amount for on, kind, amount in entries if on <= day]
        return sum(signed, Decimal(0))

    found = largest_excess(entries)
    if not entries:
        assert found is None
        return
    assert found is not None
    days = sorted({on for on, _, _ in entries})
    assert found[0] == max(ahead(day) for day in days) == ahead(found[1])
