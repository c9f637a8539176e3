"""The score of a contract: against the oracle, by hand, in any order, alone and in a batch."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import oracle
from tests.scoring.cases import (
    CONTRACT,
    acceptance,
    agreed,
    closed_wave,
    complete_history,
    entry,
    facts_of,
    histories,
    ident,
    observation,
    rows_of,
    state,
)

from scoring.canonical import canonical, sha256
from scoring.frameworks.queries import find_framework, frameworks_in_force
from scoring.scores.evaluation import Outcome, evaluate
from scoring.scores.explanation import explain
from scoring.scores.facts import read_facts
from scoring.scores.parts import parts_text
from shared.events import EventData, NeedsBasis

FIGURES = ("stage", "score", "lower", "upper", "coverage", "grade", "grade_lower", "grade_upper")
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


def outcome(events: Sequence[EventData], framework_id: str = "cn-self-evaluation") -> Outcome | None:
    facts = read_facts(str(CONTRACT), rows_of(events))
    return evaluate([facts], find_framework(framework_id))[0] if facts else None


def scored(events: Sequence[EventData], framework_id: str = "cn-self-evaluation") -> Outcome:
    found = outcome(events, framework_id)
    assert found is not None
    return found


def leaves(found: Outcome) -> dict[str, dict[str, Any]]:
    return {leaf["node"]: leaf for leaf in json.loads(found.content)["result"]["leaves"]}


@settings(max_examples=80, deadline=None, suppress_health_check=QUIET)
@given(histories())
def test_each_score_equals_the_oracle_in_exact_fractions(events: list[EventData]) -> None:
    for framework in frameworks_in_force():
        found, want = outcome(events, framework.id), oracle.score(oracle.load(framework.id), facts_of(events))
        assert (found is None) == (want is None)
        if found is None or want is None:
            continue
        assert {name: found.result[name] for name in FIGURES} == {name: want[name] for name in FIGURES}
        parts = leaves(found).values()
        score = Decimal(found.result["score"])
        assert sum(Decimal(leaf["points"]) for leaf in parts) == score
        assert sum(Decimal(leaf["lost"]) for leaf in parts) == 100 - score
        assert all(Decimal(leaf["lost"]) >= 0 and Decimal(leaf["points"]) >= 0 for leaf in parts)
        assert Decimal(found.result["lower"]) <= score <= Decimal(found.result["upper"])
        assert found.content.encode() == canonical(json.loads(found.content))
        assert parts_text(found.parts).encode() == canonical(found.parts)
        assert found.content_hash == sha256(found.content)


@settings(max_examples=30, deadline=None, suppress_health_check=QUIET)
@given(histories(), st.data())
def test_any_order_and_repetition_give_the_same_hash(events: list[EventData], data: st.DataObject) -> None:
    other = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=5))))
    for framework in frameworks_in_force():
        want = oracle.score(oracle.load(framework.id), facts_of(other))
        assert want is not None
        assert scored(other, framework.id).result["score"] == want["score"]
        assert scored(events, framework.id).content_hash == scored(other, framework.id).content_hash


@settings(max_examples=12, deadline=None, suppress_health_check=QUIET)
@given(st.lists(histories(), min_size=2, max_size=5))
def test_a_batch_scores_each_contract_as_alone(many: list[list[EventData]]) -> None:
    facts = [facts for events in many if (facts := read_facts(str(CONTRACT), rows_of(events))) is not None]
    for framework in frameworks_in_force():
        alone = [evaluate([one], framework)[0] for one in facts]
        assert [each and each.content for each in evaluate(facts, framework)] == [
            each and each.content for each in alone
        ]


def test_a_completed_contract_by_hand() -> None:
    """Execution 114,000 / 120,000 = 95 %; output 90 / 100; benefit 80 / 80; satisfaction 81 / 90."""
    found = scored(complete_history())
    assert found.result == {
        "stage": "completion",
        "score": "93.500000",
        "lower": "93.500000",
        "upper": "93.500000",
        "coverage": "1.000000",
        "grade": "excellent",
        "grade_lower": "excellent",
        "grade_upper": "excellent",
        "held": [],
    }
    assert found.contributions == {
        "execution": "9.500000",
        "output.O1": "45.000000",
        "benefit.B1": "30.000000",
        "satisfaction.S1": "9.000000",
    }
    assert found.names["execution"] == "Budget execution rate"
    assert found.simulated
    # Nine days late of ninety: 90; the weights of the process are 20, 30, 30, 20 of 25 points.
    questions = scored(complete_history(), "four-questions")
    assert questions.contributions["process.punctuality"] == "6.750000"
    assert questions.contributions["demand.needs_basis"] == "5.400000"
    assert questions.contributions["quality.output.O1"] == "28.800000"
    assert questions.contributions["long_term.benefit.B1"] == "20.000000"


def test_before_the_wave_closes_satisfaction_is_held_between_its_bounds() -> None:
    found = scored(complete_history()[:-1])
    assert (found.result["score"], found.result["lower"], found.result["upper"]) == (
        "84.500000",
        "84.500000",
        "94.500000",
    )
    assert (found.result["grade"], found.result["grade_upper"]) == ("good", "excellent")
    assert found.result["held"] == ["satisfaction.S1"]
    assert found.result["coverage"] == "0.900000"
    assert leaves(found)["satisfaction.S1"] == {
        "node": "satisfaction.S1",
        "state": "hold",
        "points": "0.000000",
        "lost": "10.000000",
        "indicator": str(ident(2, 3)),
    }


def test_a_deduction_is_no_shortfall_and_a_reversed_payment_never_was() -> None:
    active = state("active", version=2)
    paid = [active, entry(1, "payment", amount=100_000), entry(2, "deduction", amount=20_000)]
    assert scored(paid).contributions["execution"] == "20.000000"
    back = [*paid, entry(3, "refund", amount=12_000)]
    assert scored(back).contributions["execution"] == "18.000000"
    taken = [*back, entry(4, "reversal", amount=100_000, reverses=ident(6, 1))]
    assert scored(taken).contributions["execution"] == "1.333333"
    assert scored([*paid, entry(5, "payment", amount=90_000)]).contributions["execution"] == "20.000000"
    assert scored([active]).result["held"][0] == "execution"


def test_the_latest_observation_that_nothing_supersedes_counts() -> None:
    active = state("active", version=2)
    output = active.indicators[0]
    first = observation(1, output, value=50)
    later = observation(2, output, value=80, observed_on=date(2026, 6, 1))
    correction = observation(3, output, value=60, observed_on=date(2026, 6, 1), supersedes=later.observation_id)
    assert leaves(scored([active, first]))["output.O1"]["raw"] == "50.000000"
    assert leaves(scored([active, later, first]))["output.O1"]["raw"] == "80.000000"
    assert leaves(scored([correction, active, first, later]))["output.O1"]["raw"] == "60.000000"


def test_what_missing_evidence_means_is_agreed_per_indicator() -> None:
    indicators = (
        agreed(1, "output", "O1", target="100"),
        agreed(2, "output", "O2", target="100", missing="zero"),
        agreed(3, "output", "O3", target="100", missing="reweight", weight=Decimal(2)),
        agreed(4, "output", "O4", target="100", missing="a later release's word"),
    )
    active = state("active", version=2, indicators=indicators)
    found = scored([active, observation(1, indicators[0], value=100)])
    parts = leaves(found)
    assert {node: parts[node]["state"] for node in parts if node.startswith("output")} == {
        "output.O1": "evidence",
        "output.O2": "zero",
        "output.O3": "reweight",
        "output.O4": "hold",
    }
    assert found.contributions["output.O1"] == "20.000000"
    assert [Decimal(parts[f"output.{code}"]["lost"]) for code in ("O2", "O3", "O4")] == [20, 0, 20]
    assert "output.O4" in found.result["held"]
    assert "output.O2" not in found.result["held"]


def test_satisfaction_is_held_whatever_was_agreed() -> None:
    indicators = (agreed(1, "satisfaction", "S1", target="90", missing="reweight"),)
    assert "satisfaction.S1" in scored([state("active", version=2, indicators=indicators)]).result["held"]


def test_a_contract_without_agreed_indicators_holds_the_dimension() -> None:
    indicators = (agreed(1, "satisfaction", "S1", target="90"),)
    found = scored([state("completed", version=3, indicators=indicators)])
    assert found.result["held"] == ["execution", "output", "benefit", "satisfaction.S1"]
    assert found.result["upper"] == "100.000000"


def test_without_an_agreed_target_the_index_itself_counts() -> None:
    indicators = (agreed(1, "output", "O1", target="100"),)
    events = [state("completed", version=3, indicators=indicators), closed_wave(1, kind="completion", index=81.25)]
    assert scored(events).contributions["satisfaction"] == "8.125000"


@pytest.mark.parametrize(
    ("terms", "target", "points"),
    [
        ({"target": "90"}, "90", "9.000000"),  # 81 / 90
        ({"target": "0.9", "unit": "比例"}, "90", "9.000000"),  # a share: 81 / 90, not over-attained ninety times
        ({"target": "1", "unit": "比例"}, "100", "8.100000"),
        ({"target": "4.5", "unit": "分（5 分制）"}, None, "8.100000"),  # another scale: the index itself
        ({"target": "150", "unit": "分"}, None, "8.100000"),
        ({"target": "5", "unit": "%", "direction": "lower", "zero_at": "30"}, None, "8.100000"),  # the dissatisfied
    ],
)
def test_an_agreed_satisfaction_is_read_on_the_index_of_the_wave(
    terms: dict[str, str], target: str | None, points: str
) -> None:
    indicators = (agreed(1, "satisfaction", "S1", **terms),)
    events = [state("completed", version=3, indicators=indicators), closed_wave(1, kind="completion", index=81)]
    found = scored(events)
    assert found.contributions["satisfaction.S1"] == points
    assert not leaves(found)["satisfaction.S1"].get("over_attained", False)
    terms_of = {each["indicator_id"]: each for each in facts_of(events)["contract"][0]["indicators"]}
    tree = explain(find_framework("cn-self-evaluation"), json.loads(found.content), indicators=terms_of)
    (leaf,) = next(each for each in tree.children if each.node == "satisfaction").children
    assert (leaf.unit, leaf.raw, leaf.target) == ("index100", "81.000000", target)


@pytest.mark.parametrize(
    ("status", "held"), [("ok", False), ("caution", False), ("unreliable", True), ("suppressed", True)]
)
def test_only_a_wave_that_may_be_scored_counts(status: str, held: bool) -> None:
    events = [*complete_history()[:-1], closed_wave(1, kind="completion", index=81, status=status)]
    assert ("satisfaction.S1" in scored(events).result["held"]) is held


def test_a_wave_of_another_stage_does_not_count() -> None:
    events = [*complete_history()[:-1], closed_wave(1, kind="midterm", index=99)]
    assert "satisfaction.S1" in scored(events).result["held"]
    assert scored([state("active", version=2), events[-1]]).contributions["satisfaction.S1"] == "10.000000"


def test_a_closed_follow_up_wave_opens_the_follow_up() -> None:
    events = [*complete_history(), closed_wave(2, kind="followUp", index=45)]
    found = scored(events)
    assert found.result["stage"] == "followUp"
    assert found.contributions["satisfaction.S1"] == "7.500000"
    questions = scored(events, "four-questions").contributions
    assert questions["demand.satisfaction.S1"] == "8.100000"
    assert questions["long_term.lasting_satisfaction"] == "7.200000"
    assert "long_term.lasting_satisfaction" not in scored(complete_history(), "four-questions").contributions


@pytest.mark.parametrize("name", ["draft", "pending", "cancelled", "a later release's state"])
def test_a_contract_that_is_not_in_force_has_no_score(name: str) -> None:
    assert outcome([state(name, version=1)]) is None


def test_an_unknown_contract_has_no_score() -> None:
    assert outcome([entry(1, "payment", amount=1)]) is None


def test_over_attainment_is_flagged() -> None:
    active = state("active", version=2)
    found = leaves(scored([active, observation(1, active.indicators[0], value=131)]))
    assert found["output.O1"]["over_attained"] is True
    assert "over_attained" not in leaves(scored([active, observation(1, active.indicators[0], value=130)]))["output.O1"]


def test_quality_is_the_better_of_level_and_change() -> None:
    indicator = agreed(1, "output", "O1", target="90", baseline=Decimal(50))
    events = [state("active", version=2, indicators=(indicator,)), observation(1, indicator, value=85)]
    questions = leaves(scored(events, "four-questions"))
    assert questions["quality.output.O1"]["normalised"] == "94.444444"  # level 85 / 90; the change earns 93.75
    assert leaves(scored(events))["output.O1"]["normalised"] == "94.444444"
    low = agreed(1, "output", "O1", target="90", baseline=Decimal(20), direction="lower", zero_at=Decimal(100))
    events = [state("active", version=2, indicators=(low,)), observation(1, low, value=95)]
    assert leaves(scored(events, "four-questions"))["quality.output.O1"]["normalised"] == "50.000000"


def test_acceptance_of_public_services_hears_the_recipients() -> None:
    completed = state("completed", version=3)
    node = "process.recipients_heard"
    unheard = acceptance(1, accepted_value=120_000, opinion=None)
    assert leaves(scored([completed], "four-questions"))[node]["state"] == "hold"
    assert leaves(scored([completed, unheard], "four-questions"))[node]["raw"] == "absent"
    auxiliary = state("completed", version=3, service_category="B03")
    assert leaves(scored([auxiliary, unheard], "four-questions"))[node]["raw"] == "not-required"
    heard = acceptance(2, accepted_value=120_000)
    assert leaves(scored([completed, unheard, heard], "four-questions"))[node]["raw"] == "recorded"


def test_an_acceptance_that_refuses_all_is_evidence_of_0() -> None:
    refused = acceptance(1, accepted_value=0, result="rejected")
    events = [state("completed", version=3), refused]
    assert leaves(scored(events, "four-questions"))["quality.accepted"]["raw"] == "0.000000"
    half = [*events, entry(1, "acceptance", amount=60_000)]
    assert leaves(scored(half, "four-questions"))["quality.accepted"]["raw"] == "0.500000"
    back = [*half, entry(2, "reversal", amount=60_000, reverses=ident(6, 1))]
    assert leaves(scored(back, "four-questions"))["quality.accepted"]["raw"] == "0.000000"


def test_a_tier_that_the_framework_does_not_know_is_no_evidence() -> None:
    poll = state("active", version=2, needs_basis=NeedsBasis(kind="poll"))
    assert "demand.needs_basis" in scored([poll], "four-questions").result["held"]


def test_an_agreed_weight_of_0_is_as_not_agreed() -> None:
    indicators = (agreed(1, "output", "O1", target="100", weight=Decimal(0)), agreed(2, "output", "O2", target="100"))
    events = [state("active", version=2, indicators=indicators), observation(1, indicators[1], value=50)]
    assert scored(events).contributions["output.O2"] == "30.000000"
    assert "output.O1" not in scored(events).contributions


def test_two_indicators_with_one_code_stay_apart() -> None:
    indicators = (agreed(1, "output", "O1", target="100"), agreed(2, "output", "O1", target="50"))
    events = [state("active", version=2, indicators=indicators), observation(1, indicators[1], value=50)]
    assert scored(events).contributions[f"output.O1.{indicators[1].indicator_id}"] == "30.000000"
    assert scored(events).contributions[f"output.O1.{indicators[0].indicator_id}"] == "0.000000"


def test_evidence_that_is_not_used_leaves_the_hash_alone() -> None:
    events = complete_history()
    before = scored(events).content_hash
    assert scored([*events, entry(9, "commitment", amount=5)]).content_hash == before
    assert scored([*events, state("completed", version=4, title="another title")]).content_hash == before
    assert scored([*events, entry(9, "deduction", amount=5)]).content_hash != before
    assert scored([*events, state("completed", version=4, tenderers=4)]).content_hash != before
