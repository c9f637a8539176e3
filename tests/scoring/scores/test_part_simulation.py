"""Uncertainty of the sub-scores: each by the draws of its own leaves, against closed forms and a direct recomputation."""

import math

import numpy as np
import pytest
from scipy.stats import norm
from tests.scoring.scores.systems import full, scored, system, terms, wave

from scoring import kernel
from scoring.kernel.montecarlo import DRAWS
from scoring.scores.drawing import moved_rows
from scoring.scores.evaluation import Evaluated
from scoring.scores.part_simulation import part_grade_or_worse, simulate_parts

LINEAR, GEOMETRIC = system(exponent=1.0), system(exponent=0.0)
ERRORS = {"voice": 4.0, "quality": 5.0, "reach": 3.0}


def owners(made: Evaluated) -> dict[str, str]:
    """Who answers for each leaf of the one contract."""
    layout = made.inputs.layout
    return {node.path: layout.accountable[row][1] for row, node in enumerate(layout.rows)}


def test_a_sub_score_has_the_error_of_its_own_leaves_alone() -> None:
    """Arithmetic means: SE^2 = sum over the party's own leaves of (points x SE / 100)^2, over its points squared."""
    made = scored(full(**ERRORS), LINEAR)
    parts = simulate_parts(made, 0).parts
    points, rows = made.aggregate.points[:, 0], list(owners(made).items())
    moved = {each.row: each for each in moved_rows(made, 0)}
    seen = set()
    for party in ("purchaser", "provider", "joint", "outside"):
        own = [row for row, (_, owner) in enumerate(rows) if owner == party and points[row] > 0]
        part = parts[party]
        if not own:
            assert part is None
            continue
        assert part is not None
        draws = sum(points[row] * (moved[row].scores if row in moved else np.zeros(DRAWS)) for row in own)
        want = float(np.std(draws, ddof=1) / points[own].sum())
        assert float(part["se"]) == pytest.approx(want, abs=1e-6)
        seen.add(want > 0.0)
        assert float(part["low"]) <= float(part["median"]) <= float(part["high"])
        if want == 0.0:
            assert part["low"] == part["high"] == made.outcomes[0].parts[party]["score"]  # type: ignore[union-attr]
            assert (part["probability"], part["label"]) == ("1.000000", "firm")
    assert seen == {True, False}  # one party has uncertain leaves, another has none
    assert simulate_parts(made, 0).record_hash == simulate_parts(scored(full(**ERRORS), LINEAR), 0).record_hash


def test_a_sub_score_is_surer_or_less_sure_than_the_whole() -> None:
    """The provider's alone: normal with its own mean and error, whatever the whole score's grade is."""
    made = scored(full(quality=5.0), LINEAR)
    outcome = made.outcomes[0]
    assert outcome is not None
    part = simulate_parts(made, 0, draws=20_000).parts["provider"]
    assert part is not None
    mean, se = float(outcome.parts["provider"]["score"]), float(part["se"])
    for least, grades in ((60, ("poor",)), (80, ("poor", "fair")), (90, ("poor", "fair", "good"))):
        found = sum(float(part["probabilities"][grade]) for grade in grades)
        chance = norm.cdf((least - mean) / se)
        assert abs(found - chance) < 4 * math.sqrt(max(chance * (1 - chance), 1e-4) / 20_000)
    assert part_grade_or_worse(part, "excellent") == pytest.approx(1)
    assert part_grade_or_worse(part, "poor") == float(part["probabilities"]["poor"])


def test_with_other_means_the_points_are_divided_anew_in_every_draw() -> None:
    made = scored(full(**ERRORS), GEOMETRIC)
    part = simulate_parts(made, 0, draws=50).parts["provider"]
    assert part is not None
    mine = [row for row, owner in enumerate(owners(made).values()) if owner == "provider"]
    moved = moved_rows(made, 0, draws=50)
    found = []
    for draw in range(50):
        leaves = made.scores[:, :1].copy()
        for each in moved:
            leaves[each.row] = each.scores[draw]
        again = kernel.aggregate(made.inputs.layout.tree, leaves, made.inputs.state[:, :1], made.inputs.weight[:, :1])
        assert again.earned is not None
        assert again.lost is not None
        earned = again.earned[mine, 0].sum()
        found.append(100 * earned / (earned + again.lost[mine, 0].sum()))
    assert float(part["se"]) == pytest.approx(np.std(found, ddof=1), abs=2e-6)
    assert float(part["median"]) == pytest.approx(np.median(found), abs=2e-6)


def test_held_evidence_leaves_the_sub_score_undetermined() -> None:
    made = scored([*terms(), wave(55.0, 6.0)], LINEAR)
    outcome = made.outcomes[0]
    assert outcome is not None
    parts = simulate_parts(made, 0).parts
    held = [party for party, own in outcome.parts.items() if own["held"]]
    assert "provider" in held
    for party in held:
        part = parts[party]
        assert part is not None
        assert part["label"] == "undetermined"
