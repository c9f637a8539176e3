"""The guards of activation and completion, as pure functions over facts."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.contracts.facts import NO_FACTS, Facts
from contracts.contracts.guards import Missing, missing_for_activation, missing_for_completion
from shared.events import AgreedIndicator, ContractState, MilestoneState, PartyRef

TODAY = date(2025, 7, 1)
ID = UUID("01900000-0000-7000-8000-000000000001")
PARTY = PartyRef(organisation_id=ID, name="某组织")


def indicator(level: str, aspect: str) -> AgreedIndicator:
    return AgreedIndicator(
        indicator_id=ID,
        code=level,
        name=level,
        level=level,
        aspect=aspect,
        unit="%",
        direction="higher",
        target=Decimal(90),
        weight=Decimal(10),
    )


def milestone(percentage: str, *, kind: str = "delivery", status: str = "met", code: str = "M") -> MilestoneState:
    return MilestoneState(
        milestone_id=ID, code=code, title="x", kind=kind, percentage=Decimal(percentage), status=status
    )


COMPLETE = ContractState(
    contract_id=ID,
    version=3,
    region="CN-230102",
    contract_number="HT-1",
    title="居家养老服务",
    state="active",
    service_category="A04",
    purchaser=PARTY,
    provider=PartyRef(organisation_id=UUID(int=2), name="另一组织"),
    value=Decimal("100.00"),
    signed_on=TODAY,
    starts_on=date(2025, 1, 1),
    ends_on=date(2025, 12, 31),
    indicators=(
        indicator("output", "quantity"),
        indicator("benefit", "social"),
        indicator("satisfaction", "satisfaction"),
    ),
    milestones=(milestone("40"), milestone("60"), milestone("100", kind="financing")),
)
RECONCILED = Facts(Decimal(0), Decimal(100), Decimal(100), Decimal(0), Decimal(0), 1, 1, 1, ())


def names(missing: list[Missing]) -> list[str]:
    assert all(item.rule and item.how for item in missing)
    return [item.what for item in missing]


def test_a_contract_that_has_everything_lacks_nothing() -> None:
    assert missing_for_activation(COMPLETE, today=TODAY) == []
    assert missing_for_completion(COMPLETE, RECONCILED) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"provider": None}, "provider"),
        ({"contract_number": None}, "contract_number"),
        ({"value": None}, "value"),
        ({"value": Decimal("0.00")}, "value"),
        ({"starts_on": None}, "period"),
        ({"ends_on": None}, "period"),
        ({"signed_on": None}, "signed_on"),
        ({"signed_on": date(2025, 7, 2)}, "signed_on"),
        ({"service_category": None}, "service_category"),
        ({"service_category": "C01"}, "service_category"),
        ({"indicators": COMPLETE.indicators[1:]}, "indicators.output"),
        ({"indicators": COMPLETE.indicators[::2]}, "indicators.benefit"),
        ({"indicators": COMPLETE.indicators[:2]}, "indicators.satisfaction"),
        ({"milestones": COMPLETE.milestones[1:]}, "milestones.delivery"),
        ({"milestones": (*COMPLETE.milestones, milestone("0.00000001", kind="financing"))}, "milestones.financing"),
    ],
)
def test_each_term_is_asked_for_at_activation(change: dict[str, Any], what: str) -> None:
    assert names(missing_for_activation(COMPLETE.model_copy(update=change), today=TODAY)) == [what]


def test_an_empty_draft_lacks_everything_at_once() -> None:
    bare = ContractState(contract_id=ID, version=1, region="CN-23", title="x", state="pending", purchaser=PARTY)
    assert names(missing_for_activation(bare, today=TODAY)) == [
        "provider",
        "contract_number",
        "value",
        "period",
        "signed_on",
        "service_category",
        "indicators.output",
        "indicators.benefit",
        "indicators.satisfaction",
    ]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_percentages_pass_only_at_exactly_one_hundred(shares: list[int]) -> None:
    contract = COMPLETE.model_copy(update={"milestones": tuple(milestone(str(share)) for share in shares)})
    assert (missing_for_activation(contract, today=TODAY) == []) == (sum(shares) == 100)


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"acceptances": 0, "opinions": 0}, ["acceptance"]),
        ({"opinions": 0}, ["acceptance.opinion"]),
        ({"unobserved": ("visits", "rate")}, ["observations.visits", "observations.rate"]),
        ({"payments": 0, "paid": Decimal(0)}, ["payment", "reconciliation"]),
        ({"paid": Decimal("99.99")}, ["reconciliation"]),
        ({"paid": Decimal("100.01")}, ["reconciliation"]),
        ({"refunded": Decimal(5)}, ["reconciliation"]),
        ({"deducted": Decimal(5)}, ["reconciliation"]),
        ({"paid": Decimal(95), "deducted": Decimal(5)}, []),
        ({"paid": Decimal(110), "refunded": Decimal(10)}, []),
    ],
)
def test_each_fact_is_asked_for_at_completion(facts: dict[str, Any], what: list[str]) -> None:
    assert names(missing_for_completion(COMPLETE, replace(RECONCILED, **facts))) == what


def test_the_difference_is_named() -> None:
    (missing,) = missing_for_completion(COMPLETE, replace(RECONCILED, paid=Decimal("97.50")))
    assert "final paid amount not reconciled" in missing.rule
    assert "2.50" in missing.rule
    (excess,) = missing_for_completion(COMPLETE, replace(RECONCILED, paid=Decimal("101.25")))
    assert "exceeds" in excess.rule
    assert "1.25" in excess.rule
    assert "refund" in excess.how


def test_a_milestone_that_was_not_met_is_reported_and_enough() -> None:
    states = ("met", "partlyMet", "notMet", "scheduled")
    reported = tuple(milestone("25", status=status, code=status) for status in states)
    contract = COMPLETE.model_copy(update={"milestones": reported})
    assert names(missing_for_completion(contract, RECONCILED)) == ["milestones.scheduled"]


@pytest.mark.parametrize(("category", "needed"), [("A04", True), ("A0402", True), ("B05", False), (None, False)])
def test_the_recipients_opinion_belongs_to_public_services(category: str | None, needed: bool) -> None:
    contract = COMPLETE.model_copy(update={"service_category": category})
    found = names(missing_for_completion(contract, replace(RECONCILED, opinions=0)))
    assert (found == ["acceptance.opinion"]) is needed


def test_nothing_known_lacks_everything_but_the_survey() -> None:
    contract = COMPLETE.model_copy(update={"milestones": (milestone("100", status="scheduled"),)})
    assert names(missing_for_completion(contract, replace(NO_FACTS, unobserved=("a",)))) == [
        "milestones.M",
        "observations.a",
        "acceptance",
        "payment",
    ]


money = st.integers(0, 10_000).map(lambda cents: Decimal(cents) / 100)


@given(money, money, money, money)
def test_completion_asks_for_exactly_the_balance_of_payables(
    accepted: Decimal, paid: Decimal, deducted: Decimal, refunded: Decimal
) -> None:
    facts = replace(RECONCILED, accepted=accepted, paid=paid, deducted=deducted, refunded=refunded)
    reconciled = paid + deducted - refunded == accepted
    assert (names(missing_for_completion(COMPLETE, facts)) == []) is reconciled


async def test_nobody_buys_from_itself(contracts: Any) -> None:
    same = await contracts.organisation("purchaser", "provider")
    pending = await contracts.pending(purchaser_id=same, provider_id=same)
    path = f"/contracts/{pending['contract_id']}/activate"
    problem = await contracts.refused("POST", path, status=409, slug="contract-not-activatable")
    (missing,) = problem["missing"]
    assert (missing["what"], missing["rule"].startswith("MOF-102 art. 2, 6")) == ("provider.counterpart", True)
