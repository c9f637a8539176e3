"""The many-facet Rasch model against TAM's numbers, and on simulated grades whose truth is known."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from scoring.kernel.raters.facets import Facets, NotEstimableError, fit_facets, separation

GOLDEN = Path(__file__).parents[5] / "shared/golden/scoring/mfrm"
beside = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden numbers lie beside the project, not in it")
TOLERANCE = 1e-3
"""Of an own marginal maximum likelihood, as the golden numbers state it."""


def table(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@beside
def test_facets_golden() -> None:
    rows = table("TAM_data_ex10.csv")
    places = {pid: number for number, pid in enumerate(sorted({int(row["pid"]) for row in rows}))}
    coded = np.array(
        [
            (places[int(row["pid"])], item, int(row["rater"]) - 1, int(row[f"I000{item + 1}"]))
            for row in rows
            for item in range(5)
            if row[f"I000{item + 1}"] not in {"", "NA"}
        ],
        np.intp,
    )
    found = fit_facets(*coded.T)
    stored = json.loads((GOLDEN / "ex10.json").read_text())
    told = {
        "variance": found.variance,
        "EAP_reliability": found.reliability,
        "deviance": found.deviance,
        "npars": found.parameters,
        "WLE_rel": found.reliability_wle,
    }
    for name, value in told.items():
        assert value == pytest.approx(stored[name], rel=TOLERANCE), name
    facets = table("ex10_xsi_facets.csv")
    estimates = np.concatenate([found.criterion, found.rater])
    # Relative, as the numbers state it; of an estimate near 0 the same in logits.
    assert estimates == pytest.approx([float(row["xsi"]) for row in facets], rel=TOLERANCE, abs=TOLERANCE)
    errors = np.concatenate([found.criterion_se_complete, found.rater_se_complete])
    assert errors == pytest.approx([float(row["se.xsi"]) for row in facets], rel=TOLERANCE)
    # What is not known of the persons makes the true errors larger than those.
    assert (found.criterion_se > found.criterion_se_complete).all()
    persons = table("ex10_wle.csv")
    assert [places[int(row["pid"])] for row in persons] == list(range(len(places)))
    assert found.unit_wle == pytest.approx([float(row["theta"]) for row in persons], rel=TOLERANCE, abs=TOLERANCE)
    assert found.unit_wle_se == pytest.approx([float(row["error"]) for row in persons], rel=TOLERANCE)


TAU = np.array([-1.2, 0.1, 1.1])


def simulated(seed: int, *, wild: int | None = None) -> tuple[Facets, np.ndarray]:
    """400 simulated cases by two of eight evaluators each, three criteria, four grades; `wild` marks by the dice."""
    rng = np.random.default_rng(seed)
    theta, difficulty, severity = rng.normal(0, 1.5, 400), np.array([-0.5, 0.0, 0.5]), rng.normal(0, 0.8, 8)
    severity -= severity.mean()
    pairs = [(case, evaluator) for case in range(400) for evaluator in rng.choice(8, 2, replace=False)]
    coded = np.array([(case, item, evaluator) for case, evaluator in pairs for item in range(3)], np.intp)
    unit, criterion, rater = coded.T
    log = np.arange(4) * (theta[unit] - difficulty[criterion] - severity[rater])[:, None]
    log -= np.concatenate([[0.0], np.cumsum(TAU)])
    chance = np.exp(log - np.logaddexp.reduce(log, axis=1, keepdims=True))
    grade = (rng.random(len(unit))[:, None] > np.cumsum(chance, axis=1)).sum(axis=1)
    if wild is not None:
        grade[rater == wild] = rng.integers(0, 4, int((rater == wild).sum()))
    return fit_facets(unit, criterion, rater, grade), severity


def test_severity_and_steps_are_recovered_within_their_errors() -> None:
    z = []
    for seed in range(3):
        found, severity = simulated(seed)
        z.append((found.rater - severity) / found.rater_se)
        assert found.step == pytest.approx(TAU, abs=0.3)
        assert found.rater.sum() == pytest.approx(0.0, abs=1e-9)
        assert found.rater_infit == pytest.approx(np.ones(8), abs=0.25)
    # 24 standardised errors: neither too large nor too small.
    assert 0.6 < np.sqrt(np.mean(np.square(z))) < 1.5


def test_an_evaluator_without_regard_to_the_cases_does_not_fit() -> None:
    found, _ = simulated(7, wild=3)
    assert found.rater_infit.argmax() == found.rater_outfit.argmax() == 3
    assert found.rater_infit[3] > 1.5 > np.delete(found.rater_infit, 3).max()


def test_what_cannot_be_estimated_is_refused_with_its_cause() -> None:
    unit, rater = np.repeat(np.arange(20), 2), np.tile(np.arange(2), 20)
    item = np.zeros(40, np.intp)
    grade = np.where(rater == 1, 2, unit % 3)
    with pytest.raises(NotEstimableError) as refused:
        fit_facets(unit, item, rater, grade)
    assert (refused.value.facet, refused.value.place) == ("rater", 1)
    with pytest.raises(NotEstimableError, match="Category 1 was never given"):
        fit_facets(unit, item, rater, np.where(unit % 2 == 0, 0, 2))
    with pytest.raises(NotEstimableError, match="two evaluators"):
        fit_facets(unit, item, np.zeros(40, np.intp), unit % 3)


def test_separation_by_hand() -> None:
    # Variance 4, error variance 1: G^2 = 3, reliability 3 / 4.
    g, reliability, strata = separation(np.array([-2.0, 0.0, 2.0]), np.ones(3))
    assert (g, reliability, strata) == pytest.approx((3**0.5, 0.75, (4 * 3**0.5 + 1) / 3))
    assert separation(np.zeros(3), np.ones(3))[0] == 0.0
