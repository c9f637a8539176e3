"""Crossed random effects against lme4, and against dense linear algebra."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.scoring.kernel.raters.simulations import held_out

from scoring.kernel.raters.components import block_design, random_design
from scoring.kernel.raters.crossed import Variances, fit_crossed, fit_variances, predict_effects
from scoring.kernel.raters.joint import joint_inverse

GOLDEN = Path(__file__).parents[5] / "shared/golden/scoring/raters"
beside = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden numbers lie beside the project, not in it")
Array = NDArray[np.float64]
Index = NDArray[np.intp]


def rows(name: str) -> list[list[str]]:
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def insteval() -> tuple[Index, Index, Array, list[str], list[str]]:
    """Lecturers are the units, students the raters."""
    marks = rows("insteval_subset.csv")
    students, rater = np.unique([row[0] for row in marks], return_inverse=True)
    lecturers, unit = np.unique([row[1] for row in marks], return_inverse=True)
    mark = np.array([float(row[2]) for row in marks])
    return unit, rater, mark, lecturers.tolist(), students.tolist()


def lopsided(seed: int, *, cases: int = 30, raters: int = 7) -> tuple[Index, Index, Array]:
    random = np.random.default_rng(seed)
    unit = np.repeat(np.arange(cases), random.integers(1, 4, cases))
    unit[:3] = 0
    rater = np.concatenate(
        [random.choice(raters, int(many), replace=False) for many in np.bincount(unit, minlength=cases)]
    )
    unit = np.repeat(np.arange(cases), np.bincount(unit, minlength=cases))
    used, rater = np.unique(rater, return_inverse=True)
    kept, unit = np.unique(unit, return_inverse=True)
    mark = (
        random.normal(70, 8, len(kept))[unit] + random.normal(0, 5, len(used))[rater] + random.normal(0, 4, len(unit))
    )
    return unit, rater, mark


def dense(unit: Index, rater: Index, variances: Variances, prior: Array | None = None) -> tuple[Array, Array, Array]:
    z_u, z_r = np.eye(unit.max() + 1)[unit], np.eye(rater.max() + 1)[rater]
    of_rater = np.full(z_r.shape[1], variances.rater) if prior is None else prior
    v = variances.unit * z_u @ z_u.T + (z_r * of_rater) @ z_r.T + variances.residual * np.eye(len(unit))
    return z_u, z_r, v


@beside
def test_insteval_golden() -> None:
    unit, rater, mark, lecturers, students = insteval()
    stored: dict[str, Any] = json.loads((GOLDEN / "insteval_subset.json").read_text(encoding="utf-8"))
    found = fit_variances(unit, rater, mark)
    sds = np.sqrt([found.rater, found.unit, found.residual])
    assert sds == pytest.approx([stored["sd"][each] for each in ("s", "d", "Residual")], rel=1e-5)
    assert found.criterion == pytest.approx(stored["REMLcrit"], rel=1e-9)
    lecturer, student, residual = (stored["sd"][each] ** 2 for each in ("d", "s", "Residual"))
    given = Variances(lecturer, student, residual, stored["REMLcrit"])
    for variances, tolerance in ((found, 1e-4), (given, 1e-6)):
        fit = predict_effects(unit, rater, mark, variances=variances)
        assert fit.fixed[0] == pytest.approx(stored["mu"], rel=1e-6)
        assert np.sqrt(fit.fixed_covariance[0, 0]) == pytest.approx(stored["mu_se"], rel=tolerance)
        for name, keys, effect, sd in (
            ("lecturer", lecturers, fit.unit, fit.unit_sd),
            ("student", students, fit.rater, fit.rater_sd),
        ):
            expected = rows(f"insteval_{name}_blup.csv")
            places = [keys.index(row[0]) for row in expected]
            assert effect[places] == pytest.approx([float(row[-2]) for row in expected], abs=tolerance)
            assert sd[places] == pytest.approx([float(row[-1]) for row in expected], rel=tolerance)


@beside
def test_held_out_marks_are_predicted_better_than_by_raw_means() -> None:
    found = held_out()
    assert found is not None
    raw, calibrated = found
    assert calibrated < 0.99 * raw


@pytest.mark.parametrize("seed", range(4))
def test_criterion_and_predictions_are_those_of_dense_algebra(seed: int) -> None:
    unit, rater, mark = lopsided(seed)
    fit = fit_crossed(unit, rater, mark)
    n = len(mark)
    x = np.ones((n, 1))

    def reml(variances: Variances) -> float:
        v = dense(unit, rater, variances)[2]
        inverse = np.linalg.inv(v)
        information = x.T @ inverse @ x
        rest = mark - x @ np.linalg.solve(information, x.T @ inverse @ mark)
        determinants = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
        return float(determinants + rest @ inverse @ rest + (n - 1) * np.log(2 * np.pi))

    best = fit.variances
    assert best.criterion == pytest.approx(reml(best), abs=1e-6)
    for change in (0.98, 1.02):
        for name in ("unit", "rater", "residual"):
            values = {
                each: getattr(best, each) * (change if each == name else 1.0) for each in ("unit", "rater", "residual")
            }
            assert reml(Variances(**values, criterion=0.0)) >= best.criterion - 1e-9
    z_u, z_r, v = dense(unit, rater, best)
    inverse = np.linalg.inv(v)
    mean = float((x.T @ inverse @ mark)[0] / (x.T @ inverse @ x)[0, 0])
    assert fit.fixed[0] == pytest.approx(mean, abs=1e-8)
    assert fit.unit == pytest.approx(best.unit * z_u.T @ inverse @ (mark - mean), abs=1e-8)
    assert fit.rater == pytest.approx(best.rater * z_r.T @ inverse @ (mark - mean), abs=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_joint_inverse_is_that_of_the_dense_equations(seed: int) -> None:
    unit, rater, _ = lopsided(seed)
    region = np.arange(unit.max() + 1) % 2
    design = block_design(unit, rater, factors=[region])
    variances = Variances(60.0, 20.0, 15.0, 0.0)
    prior = np.full(rater.max() + 1, np.nan)
    prior[0] = 2.0
    joint = joint_inverse(
        unit,
        rater,
        variances=variances,
        fixed=design.fixed,
        unit_fixed=design.unit_fixed,
        rater_fixed=design.rater_fixed,
        prior_variance=prior,
    )
    of_rater = np.where(np.isnan(prior), variances.rater, prior)
    z_u, z_r, _ = dense(unit, rater, variances)
    p, units = design.fixed.shape[1], z_u.shape[1]
    w = np.hstack([design.fixed, z_u, z_r])
    penalty = np.concatenate([np.zeros(p), np.full(units, 15.0 / variances.unit), 15.0 / of_rater])
    inverse = 15.0 * np.linalg.inv(w.T @ w + np.diag(penalty))
    to_severity = np.hstack([design.rater_fixed, np.zeros((len(prior), units)), np.eye(len(prior))])
    to_unit = np.hstack([design.unit_fixed, np.eye(units), np.zeros((units, len(prior)))])
    assert joint.severity == pytest.approx(to_severity @ inverse @ to_severity.T, abs=1e-8)
    assert joint.unit == pytest.approx(np.diag(to_unit @ inverse @ to_unit.T), abs=1e-8)
    moved = to_severity @ inverse / 15.0 @ w.T @ z_u
    assert joint.severity_by_unit == pytest.approx(moved.T, abs=1e-8)


def test_no_severity_and_no_differences() -> None:
    random = np.random.default_rng(3)
    unit, rater = np.repeat(np.arange(60), 2), np.tile(np.arange(6), 20)
    alike = fit_crossed(unit, rater, np.full(120, 80.0))
    assert (alike.variances.unit, alike.variances.rater, alike.variances.residual) == (0.0, 0.0, 0.0)
    assert alike.fixed[0] == pytest.approx(80.0)
    assert not alike.rater.any()
    noise = [fit_crossed(unit, rater, random.normal(80, 5, 120)) for _ in range(8)]
    assert any(each.variances.rater == 0.0 for each in noise)
    assert all(np.isfinite(each.variances.criterion) for each in noise)
    nothing = next(each for each in noise if each.variances.rater == 0.0)
    assert not nothing.rater.any()


def test_too_few_marks_are_refused() -> None:
    with pytest.raises(ValueError, match="too few marks"):
        fit_variances(np.arange(5), np.zeros(5, int), np.arange(5.0))
    with pytest.raises(ValueError, match="too few marks"):
        fit_variances(np.zeros(5, int), np.arange(5), np.arange(5.0))


def test_what_is_known_of_a_rater_enters() -> None:
    unit, rater, mark = lopsided(2)
    variances = fit_variances(unit, rater, mark)
    unknown = np.full(rater.max() + 1, np.nan)
    plain = predict_effects(unit, rater, mark, variances=variances)
    same = predict_effects(unit, rater, mark, variances=variances, prior_mean=unknown, prior_variance=unknown)
    assert same.rater == pytest.approx(plain.rater)
    mean, variance = unknown.copy(), unknown.copy()
    mean[0], variance[0] = 12.0, 1e-12
    told = predict_effects(unit, rater, mark, variances=variances, prior_mean=mean, prior_variance=variance)
    assert told.rater[0] == pytest.approx(12.0)
    assert told.rater_sd[0] == pytest.approx(0.0, abs=1e-5)
    z_u, _, v = dense(unit, rater, variances, np.where(np.isnan(variance), variances.rater, variance))
    inverse = np.linalg.inv(v)
    shifted = mark - np.nan_to_num(mean)[rater]
    centre = inverse.sum(axis=0) @ shifted / inverse.sum()
    assert told.unit == pytest.approx(variances.unit * z_u.T @ inverse @ (shifted - centre), abs=1e-7)
    assert random_design(unit, rater).full_rank


@pytest.mark.parametrize(("step", "rise"), [(7.0, 3.0), (50.0, 0.0), (0.0, 3.0), (0.5, 11.0)])
def test_marks_that_leave_nothing_over_have_the_variances_of_the_effects(step: float, rise: float) -> None:
    """Evaluators who differ by the same points on every case: the likelihood grows without end, the answer is plain."""
    unit, rater = np.repeat(np.arange(12), 3), np.tile(np.arange(3), 12)
    found = fit_variances(unit, rater, 20.0 + rise * unit + step * rater)
    assert found.rater == pytest.approx(step**2, rel=0.04, abs=1e-6)
    assert found.unit == pytest.approx(float(np.var(rise * np.arange(12), ddof=1)), rel=0.04, abs=1e-6)
    assert found.residual < 1e-6
