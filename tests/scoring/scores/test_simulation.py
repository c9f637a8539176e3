"""Uncertainty records: against closed forms, under common random numbers, the same in every path."""

import math

import numpy as np
import pytest
from scipy.stats import beta, norm, t
from tests.scoring.cases import CONTRACT
from tests.scoring.scores.systems import full, scored, statement, system, terms, wave

from scoring.kernel.montecarlo import DRAWS, Uncertain, draw
from scoring.scores.evaluation import evaluate_with
from scoring.scores.facts import read_facts
from scoring.scores.policy import concentration
from scoring.scores.simulation import Simulated, simulate, substream

LINEAR = system(exponent=1.0, gates=[{"code": "g", "node": "voice", "below": 60, "cap": "fair", "reason": "for tests"}])
GEOMETRIC = system(exponent=0.0)
ERRORS = {"voice": 4.0, "quality": 5.0, "reach": 3.0}


def record(rows: list[list[object]], framework: object = LINEAR, *, draws: int = DRAWS) -> Simulated:
    return simulate(scored(rows, framework), 0, draws=draws)  # type: ignore[arg-type]  # a framework


@pytest.mark.parametrize(
    ("item", "quantile"),
    [
        (Uncertain(7, "normal", 70.0, 3.0), lambda q: norm.ppf(q, 70, 3)),
        (Uncertain(8, "t", 70.0, 3.0, 9.0), lambda q: 70 + 3 * t.ppf(q, 9)),
        (Uncertain(9, "uniform", 70.0, 20 / math.sqrt(12)), lambda q: 60 + 20 * q),
        (Uncertain(10, "beta", 0.8, 0.1), lambda q: beta.ppf(q, 12, 3)),
        (Uncertain(11, "beta", 80.0, 10.0), lambda q: 100 * beta.ppf(q, 12, 3)),
    ],
)
def test_draws_follow_their_distribution(item: Uncertain, quantile: object) -> None:
    """The share of draws below a quantile is the quantile, within 4 Monte Carlo standard errors (25 comparisons)."""
    drawn = draw([item], 20_000)[0]
    for share in (0.025, 0.25, 0.5, 0.75, 0.975):
        found = (drawn < quantile(share)).mean()  # type: ignore[operator]  # one of the above
        assert abs(found - share) < 4 * math.sqrt(share * (1 - share) / 20_000)
    assert (draw([Uncertain(1, "normal", 0.0, 1.0), item], 20_000)[1] == drawn).all()  # a substream of its own


def test_interval_and_probabilities_are_those_of_the_closed_form() -> None:
    """Arithmetic means, nothing clipped: the variance is the sum of (w s)^2; reach has the slope 0.8 above 50."""
    found = record(full(**ERRORS))
    point = 0.4 * (0.6 * 68 + 0.4 * 100) + 0.2 * 80 + 0.4 * 73.5
    parts = {"quality": 0.2 * 5, "voice": 0.2 * 4 * math.sqrt(40 / 38), "reach": 0.24 * 0.8 * 3}
    sd = math.sqrt(sum(each * each for each in parts.values()))
    se = sd / math.sqrt(DRAWS)
    assert abs(float(found.median) - point) < 3 * 1.2533 * se
    tail = math.sqrt(0.025 * 0.975 / DRAWS) / (norm.pdf(1.96) / sd)
    for figure, want in ((found.low, point - 1.96 * sd), (found.high, point + 1.96 * sd)):
        assert abs(float(figure) - want) < 3 * tail
    chance = norm.cdf((80 - point) / sd)
    assert abs(float(found.probabilities["fair"]) - chance) < 3 * math.sqrt(chance * (1 - chance) / DRAWS)
    assert sum(float(each) for each in found.probabilities.values()) == pytest.approx(1)
    for source in found.sources:
        name = {"marks.quality": "quality", "voice": "voice", "access.reach": "reach"}[source["nodes"]]
        assert float(source["sd"]) == pytest.approx(parts[name], rel=3 / math.sqrt(2 * DRAWS) * 1.3)
    assert [source["nodes"] for source in found.sources] == ["marks.quality", "voice", "access.reach"]
    shares = {kind: float(share) for kind, share in found.shares.items() if share is not None}
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["rater"] < shares["sampling"]  # two of the three sources are samples
    assert found.shares["weight"] is None


def test_the_draws_of_an_item_are_the_same_under_every_framework() -> None:
    nodes = LINEAR.document["nodes"]
    heavier = system(
        exponent=1.0,
        nodes=[
            {**each, "weight": dict.fromkeys(each["weight"], weight)}
            for each, weight in zip(nodes, (20, 40, 40), strict=True)
        ],
    )
    sd = {
        framework: float(next(each["sd"] for each in record(full(voice=4.0), framework).sources))
        for framework in (LINEAR, heavier)
    }
    assert sd[heavier] == pytest.approx(2 * sd[LINEAR], abs=2e-6)
    assert substream(str(CONTRACT), ("a", "b")) != substream(str(CONTRACT), ("a", "c"))


def test_one_contract_alone_and_in_a_batch_has_the_same_record() -> None:
    rows = [full(**ERRORS), full(voice=2.0), [*terms(), wave(55.0, 6.0)], full()]
    for framework in (LINEAR, GEOMETRIC):
        facts = [read_facts(str(CONTRACT), each) for each in rows]
        batch = evaluate_with([each for each in facts if each is not None], framework)
        for number, each in enumerate(rows):
            alone = record(each[::-1], framework)
            assert simulate(batch, number).record_hash == alone.record_hash


def test_what_is_exact_needs_no_draws() -> None:
    found = record(full())
    assert (found.draws, found.label, found.probability, found.sources) == (1, "firm", "1.000000", [])
    assert found.low == found.high == found.median == "77.720000"
    assert {found.shares["sampling"], found.shares["rater"]} == {"0.000000"}


def test_missing_evidence_that_could_change_the_grade_leaves_it_undetermined() -> None:
    rows = [row for row in full() if row[1] != "wave"]
    found = record(rows)
    assert (found.label, found.probability) == ("undetermined", "1.000000")
    assert found.advice[0] == {"action": "supply-evidence", "nodes": "voice", "points": "20.000000"}


def test_labels_follow_the_probability_and_the_advice_follows_the_variance() -> None:
    assert record(full(quality=3.0)).label == "firm"
    assert record(full(quality=20.0)).label in {"indicative", "undetermined"}
    found = record([*full(voice=1.0, quality=12.0)])
    assert [each["action"] for each in found.advice][:1] == ["another-evaluator"]
    # Two marks: a third takes a third of their variance away.
    assert float(found.advice[0]["reduces"]) == pytest.approx(float(found.sources[0]["share"]) / 3, abs=1e-6)


def test_a_tier_without_a_stated_value_brings_the_width_of_the_tier() -> None:
    rows = [*(row for row in full() if row[4].get("measure") != "care"), statement(3, "manual", "care", tier="b")]
    found = record(rows)
    (source,) = found.sources
    assert (source["kind"], source["nodes"]) == ("method", "marks.care")
    assert float(source["sd"]) == pytest.approx(0.2 * 20 / math.sqrt(12), rel=0.05)
    assert found.advice[-1]["action"] == "state-the-value"


def test_a_gate_has_a_probability_and_caps_draw_by_draw() -> None:
    rows = [*terms(), *[row for row in full() if row[1] in {"manual", "rating"}], wave(62.0, 4.0, df=None)]
    found = record(rows)
    chance = norm.cdf((60 - 62) / 4)
    assert abs(float(found.gates["g"]) - chance) < 3 * math.sqrt(chance * (1 - chance) / DRAWS)


def test_other_means_are_drawn_through_the_whole_tree() -> None:
    """Geometric mean of reach and waiting: the effect of a small error is the gradient."""
    found = record(full(reach=0.5), GEOMETRIC)
    level = math.exp(0.6 * math.log(68) + 0.4 * math.log(100))
    want = 0.4 * level * 0.6 / 68 * 0.8 * 0.5
    assert float(found.sources[0]["sd"]) == pytest.approx(want, rel=0.08)


def test_more_draws_come_closer() -> None:
    few, many = (record(full(**ERRORS), draws=draws) for draws in (DRAWS, 20_000))
    assert abs(float(few.median) - float(many.median)) < 0.2
    assert many.draws == 20_000
    assert few.record_hash != many.record_hash


def test_a_panels_spread_is_a_dirichlet_concentration() -> None:
    random = np.random.default_rng(1)
    shares = random.dirichlet(np.array([0.5, 0.3, 0.2]) * 40, size=4000)
    panel = [dict(zip("abc", each, strict=True)) for each in shares.tolist()]
    assert concentration(panel) == pytest.approx(40, rel=0.05)
    assert concentration(panel[:1]) is None
    assert concentration([{"a": 50, "b": 50}] * 3) is None


def test_the_weights_own_spread_stands_beside_the_evidences() -> None:
    nodes = LINEAR.document["nodes"]
    panel = [{"access": 50, "voice": 15, "marks": 35}, {"access": 30, "voice": 25, "marks": 45}]
    judged = {"method": "budget", "allocations": panel, "stages": ["completion"], "reason": "for tests"}
    found = record(full(voice=4.0), system(exponent=1.0, nodes=nodes, weighting=[judged]))
    plain = record(full(voice=4.0))
    assert found.shares["weight"] is not None
    assert float(found.shares["weight"]) > 0
    assert (found.low, found.high, found.probabilities) == (plain.low, plain.high, plain.probabilities)
