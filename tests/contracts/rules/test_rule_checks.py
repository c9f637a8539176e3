"""Each kind of rule over facts, and what a verdict does."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rules.checks import Finding, Moment, Outcome
from contracts.rules.engine import Standing, effect_of, verdicts
from contracts.rules.facts import (
    TERM_CONDITIONS,
    TERMS,
    AgreedMilestone,
    Clauses,
    Competition,
    RecordedTerms,
    RuleFacts,
)
from contracts.rules.periods import due_on, months_of_term
from contracts.rules.shipped import shipped

CN = shipped()["cn-2020@1.1.0"]
TODAY = date(2025, 7, 1)
FACTS = RuleFacts(
    region="CN-230102",
    state="active",
    title="居家养老服务",
    currency="CNY",
    service_category="A04",
    catalogue_item=True,
    provider_uscc="91110000600037341L",
    value=Decimal("120000.00"),
    value_at_signing=Decimal("120000.00"),
    budget=Decimal("120000.00"),
    signed_on=date(2025, 1, 6),
    starts_on=date(2025, 1, 10),
    ends_on=date(2025, 12, 31),
    procurement_method="open",
    executed=Decimal("70000.00"),
    acceptances=1,
    opinions=1,
    accepted_on=date(2025, 6, 30),
    competition=Competition(award_notice_on=date(2024, 12, 20)),
    clauses=Clauses(terms=list(TERMS), negative_list=[], purchaser_guarantee=False, provider_size="small"),
    published={"contract": date(2025, 1, 8), "copyFiled": date(2025, 1, 15), "acceptance": date(2025, 7, 1)},
    milestones=(
        AgreedMilestone("M1", "delivery", date(2025, 12, 31)),
        AgreedMilestone("P1", "financing", date(2026, 1, 30)),
    ),
    satisfaction=("satisfaction",),
    beneficiary_population=900,
    recorded=RecordedTerms(small_enterprise=True, days=30, daily_rate=None, lpr_annual=None),
)


def found(
    code: str, facts: RuleFacts = FACTS, *, today: date = TODAY, calendar: dict[date, bool] | None = None
) -> Finding:
    verdict = {each.rule.code: each for each in verdicts(CN, facts, Moment(today, calendar or {}), Standing())}[code]
    return verdict.finding


def clauses(**fields: Any) -> dict[str, Any]:
    return {"clauses": FACTS.clauses.model_copy(update=fields)}


def test_a_contract_that_keeps_every_rule_is_told_so() -> None:
    outcomes = {each.rule.code: each.finding.outcome for each in verdicts(CN, FACTS, Moment(TODAY), Standing())}
    assert {outcome for code, outcome in outcomes.items()} == {"kept", "stated", "notApplicable"}
    assert [code for code, outcome in outcomes.items() if outcome == "notApplicable"] == ["performance-bond"]
    assert not [code for code in outcomes if code.startswith("flag-")]


@pytest.mark.parametrize(
    ("code", "change", "outcome"),
    [
        ("negative-list", clauses(negative_list=["N4"]), "broken"),
        ("negative-list", clauses(negative_list=None), "unknown"),
        ("catalogue-item", {"catalogue_item": False}, "broken"),
        ("catalogue-item", {"service_category": None}, "unknown"),
        ("provider-eligibility", {"provider_uscc": "11100000000000000X"}, "broken"),
        ("provider-eligibility", {"provider_uscc": "12100000000000000X"}, "unknown"),
        ("provider-eligibility", {"provider_uscc": "N2100000000000000X"}, "kept"),
        ("provider-eligibility", {"provider_uscc": None}, "unknown"),
        ("budget-first", {"budget": None}, "unknown"),
        ("budget-first", {"budget": Decimal("119999.99")}, "broken"),
        ("term-limit", {"ends_on": date(2026, 1, 9)}, "kept"),
        ("term-limit", {"ends_on": date(2026, 1, 10)}, "broken"),
        ("term-limit", {"ends_on": date(2028, 1, 9)} | clauses(term_conditions=list(TERM_CONDITIONS)), "kept"),
        ("term-limit", {"ends_on": date(2028, 1, 9)} | clauses(term_conditions=list(TERM_CONDITIONS[1:])), "broken"),
        ("term-limit", {"ends_on": date(2028, 1, 10)} | clauses(term_conditions=list(TERM_CONDITIONS)), "broken"),
        ("term-limit", {"ends_on": None}, "unknown"),
        ("mandatory-terms", clauses(terms=list(TERMS[:7])), "broken"),
        ("mandatory-terms", clauses(terms=None), "unknown"),
        ("milestones-agreed", {"milestones": FACTS.milestones[:1]}, "broken"),
        ("milestones-agreed", {"milestones": FACTS.milestones[1:]}, "broken"),
        ("milestones-agreed", {"milestones": (), "kind": "callOff"}, "broken"),
        ("milestones-agreed", {"milestones": (), "kind": "framework"}, "notApplicable"),
        ("no-guarantee", clauses(purchaser_guarantee=True), "broken"),
        ("no-guarantee", clauses(purchaser_guarantee=None), "unknown"),
        ("performance-bond", clauses(performance_bond=Decimal(12000), performance_bond_form="nonCash"), "kept"),
        ("performance-bond", clauses(performance_bond=Decimal("12000.01"), performance_bond_form="nonCash"), "broken"),
        ("performance-bond", clauses(performance_bond=Decimal(12000), performance_bond_form="cash"), "broken"),
        ("performance-bond", clauses(performance_bond=Decimal(12000)), "unknown"),
        ("pay-sme-within", clauses(payment_days=60), "kept"),
        ("pay-sme-within", clauses(payment_days=61), "broken"),
        ("pay-sme-within", clauses(payment_days=61, provider_size="large"), "notApplicable"),
        ("pay-sme-within", clauses(provider_size=None), "unknown"),
        ("late-interest", clauses(late_interest_per_day=Decimal("0.0001"), lpr_per_year=Decimal("0.031")), "kept"),
        ("late-interest", clauses(late_interest_per_day=Decimal("0.00005"), lpr_per_year=Decimal("0.031")), "broken"),
        ("late-interest", clauses(late_interest_per_day=Decimal("0.0001")), "unknown"),
        ("sign-within", {"signed_on": date(2025, 1, 19)}, "kept"),
        ("sign-within", {"signed_on": date(2025, 1, 20)}, "broken"),
        ("sign-within", {"competition": Competition()}, "unknown"),
        ("publish-contract-within", {"published": {"contract": date(2025, 1, 9)}}, "broken"),
        ("publish-contract-within", {"published": {}}, "broken"),
        ("publish-contract-within", {"published": {}, "signed_on": date(2025, 6, 30)}, "pending"),
        ("file-copy-within", {"signed_on": None}, "notApplicable"),
        ("supplement-cap", {"value": Decimal("132000.00")}, "kept"),
        ("supplement-cap", {"value": Decimal("132000.01")}, "broken"),
        ("supplement-cap", {"value_at_signing": None}, "unknown"),
        ("supplement-cap", {"value_at_signing": None, "state": "draft"}, "notApplicable"),
        ("acceptance-recipients", {"opinions": 0}, "broken"),
        ("acceptance-recipients", {"opinions": 0, "service_category": "B01"}, "notApplicable"),
        ("acceptance-recipients", {"acceptances": 0}, "pending"),
        ("execution-monitoring", {"executed": Decimal("47999.99")}, "broken"),
        ("execution-monitoring", {"executed": Decimal("48000.00")}, "kept"),
        ("execution-monitoring", {"ends_on": date(2026, 1, 9)}, "notApplicable"),
    ],
)
def test_each_kind_at_its_limit(code: str, change: dict[str, Any], outcome: str) -> None:
    finding = found(code, replace(FACTS, **change))
    assert finding.outcome == outcome, finding
    assert (finding.how is None) == (outcome in ("kept", "notApplicable", "stated"))


@pytest.mark.parametrize(
    ("change", "what", "both"),
    [
        (clauses(terms=["price"], payment_days=30), "clauses.payment_days", ("30", "settlement")),
        (clauses(terms=["price"], prepayment=Decimal("1.00")), "clauses.prepayment", ("1.00", "settlement")),
        (
            {"milestones": (AgreedMilestone("M1", "delivery", date(2026, 1, 1)),)},
            "milestones.M1",
            ("2026-01-01", "2025-12-31"),
        ),
        (
            {"milestones": (AgreedMilestone("M1", "delivery", date(2025, 1, 9)),)},
            "milestones.M1",
            ("2025-01-09", "2025-01-10"),
        ),
        (
            {"milestones": (AgreedMilestone("P1", "financing", date(2025, 1, 5)),)},
            "milestones.P1",
            ("2025-01-05", "2025-01-06"),
        ),
        (clauses(prepayment=Decimal("120000.01")), "clauses.prepayment", ("120000.01", "120000.00")),
        (
            {"competition": Competition(award_value=Decimal("119999.99"))},
            "competition.award_value",
            ("120000.00", "119999.99"),
        ),
        ({"beneficiary_population": 0}, "beneficiary_population", ("0", "satisfaction")),
        (clauses(payment_days=60), "payment-terms.days", ("30", "60")),
        (clauses(provider_size="large"), "payment-terms.small_enterprise", ("small or medium", "large")),
    ],
)
def test_two_values_that_contradict_each_other_are_both_named(
    change: dict[str, Any], what: str, both: tuple[str, ...]
) -> None:
    assert found("terms-consistent").outcome == "kept"
    finding = found("terms-consistent", replace(FACTS, **change))
    assert finding.outcome == "broken"
    assert [one["what"] for one in finding.figures["contradictions"]] == [what]
    assert finding.how
    assert all(value in finding.how for value in both), finding.how


def test_what_the_value_grew_by_later_is_no_contradiction_to_the_award() -> None:
    grown = replace(FACTS, value=Decimal("125000.00"), competition=Competition(award_value=Decimal("120000.00")))
    assert found("terms-consistent", grown).outcome == "kept"


def test_a_keyword_in_the_title_is_shown_and_decides_nothing() -> None:
    finding = found("negative-list", replace(FACTS, title="后勤人员劳务派遣服务"))
    assert (finding.outcome, finding.figures["keywords_in_title"]) == ("kept", {"N5": ["劳务派遣"]})


def test_monitoring_looks_at_the_last_month_that_ended() -> None:
    late = replace(FACTS, executed=Decimal("60000.00"))
    assert found("execution-monitoring", late, today=date(2025, 4, 30)).outcome == "pending"
    assert found("execution-monitoring", late, today=date(2025, 8, 31)).outcome == "kept"
    broken = found("execution-monitoring", late, today=date(2025, 9, 1))
    assert (broken.outcome, broken.figures["threshold_percent"], broken.figures["rate_percent"]) == ("broken", 60, 50)


def test_working_days_follow_the_recorded_calendar() -> None:
    signed, published = date(2025, 9, 30), date(2025, 10, 9)
    facts = replace(FACTS, signed_on=signed, published={"contract": published})
    assert found("publish-contract-within", facts, today=date(2025, 12, 1)).outcome == "broken"
    holidays = {date(2025, 10, day): False for day in range(1, 9)}
    assert found("publish-contract-within", facts, today=date(2025, 12, 1), calendar=holidays).outcome == "kept"
    assert due_on(date(2025, 9, 26), within=1, unit="workingDays", calendar={date(2025, 9, 28): True}) == date(
        2025, 9, 28
    )


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(1, 60))
def test_months_of_a_term_are_whole_anniversaries(start: date, months: int) -> None:
    after = start.replace(day=1)
    year, month = divmod(after.year * 12 + after.month - 1 + months, 12)
    if start.day > 28:
        return
    end = date(year, month + 1, start.day)
    assert months_of_term(start, date.fromordinal(end.toordinal() - 1)) == months
    assert months_of_term(start, end) == months + 1


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "months"),
    [
        ("2024-02-29", "2025-02-28", 12),  # a year from a leap day ends with February
        ("2024-02-29", "2025-03-01", 13),
        ("2024-02-29", "2028-02-28", 48),
        ("2025-01-31", "2025-02-28", 1),
        ("2025-01-31", "2025-03-01", 2),
        ("2025-03-31", "2025-04-30", 1),
        ("2025-01-01", "2025-12-31", 12),
        ("2025-06-30", "2025-06-30", 1),
    ],
)
def test_a_term_from_the_end_of_a_month_ends_with_one(starts_on: str, ends_on: str, months: int) -> None:
    assert months_of_term(date.fromisoformat(starts_on), date.fromisoformat(ends_on)) == months


def test_only_a_confirmed_rule_blocks_and_an_override_ends_that() -> None:
    rule, other = CN.rule("term-limit"), CN.rule("late-interest")
    assert rule
    assert other
    counting: tuple[Outcome, ...] = ("broken", "unknown")
    harmless: tuple[Outcome, ...] = ("kept", "pending", "notApplicable", "stated")
    for outcome in counting:
        finding = Finding(outcome)
        assert effect_of(rule, finding, confirmed=False, overridden=False) == "warn"
        assert effect_of(rule, finding, confirmed=True, overridden=False) == "block"
        assert effect_of(rule, finding, confirmed=True, overridden=True) == "overridden"
        assert effect_of(other, finding, confirmed=True, overridden=False) == "warn"
    for outcome in harmless:
        assert effect_of(rule, Finding(outcome), confirmed=True, overridden=False) == "none"
