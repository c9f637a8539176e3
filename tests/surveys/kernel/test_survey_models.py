"""Change between waves, comparison of providers, small areas, and how many answers are needed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from tests.surveys.kernel.golden_survey import SHARED, beside, column, read_csv, read_table

from surveys.kernel import areas, association, bounds, change, comparison, size
from surveys.kernel.variance import Design, mean

RATED = SHARED / "data" / "survey" / "insteval_eth_3depts.csv"
RATINGS = pytest.mark.skipif(not RATED.is_file(), reason="the ratings lie beside the project, not in it")


def simple(n: int) -> Design:
    return Design(weights=np.ones(n), strata=np.zeros(n, dtype=np.int64))


def test_change_between_independent_waves() -> None:
    found = change.between_waves(change.Point(0.60, 0.03, 200), change.Point(0.70, 0.04, 200))
    assert found.change == pytest.approx(0.10)
    assert found.se == pytest.approx(0.05)
    assert 200 < found.df < 400
    assert found.p == pytest.approx(0.046, abs=1e-3)
    assert found.interval.low < 0.01 < found.interval.high
    same = change.between_waves(change.Point(0.5, 0.0, 9), change.Point(0.5, 0.0, 9))
    assert (same.p, same.interval.width) == (None, 0.0)
    with pytest.raises(ValueError, match="degree of freedom"):
        change.between_waves(change.Point(0.5, 0.1, 0), change.Point(0.5, 0.1, 9))


def test_people_who_answered_once_are_outside_a_panel() -> None:
    before = np.array([1.0, 2.0, 3.0, 4.0, np.nan])
    after = np.array([2.0, 2.0, 5.0, np.nan, 5.0])
    found = change.paired(before, after, simple(5))
    assert found.change == pytest.approx(1.0)
    assert found.df == 2


def test_waves_are_compared_on_the_same_basis_only() -> None:
    one = change.Basis(instrument_sha256="a", population="all recipients", modes=frozenset({"web"}))
    other = change.Basis(instrument_sha256="b", population="children", modes=frozenset({"web", "enumerator"}))
    assert change.incomparable(one, one) == ()
    assert change.incomparable(one, other) == ("other-instrument", "other-population", "other-mode")


def test_holm_of_the_textbook() -> None:
    assert change.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert change.holm([]) == ()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_the_p_value_and_bonferroni(p_values: list[float]) -> None:
    for p, adjusted in zip(p_values, change.holm(p_values), strict=True):
        assert p <= adjusted <= min(1.0, p * len(p_values)) or adjusted == pytest.approx(p)


def test_adjustment_takes_the_mix_out_of_a_comparison() -> None:
    """Two equal providers, one of which serves more people of a kind that is always less satisfied (simulated)."""
    chance = np.random.default_rng(11)
    n = 4000
    providers = chance.integers(0, 2, n)
    older = (chance.random(n) < np.where(providers == 0, 0.2, 0.7)).astype(np.float64)
    scores = (chance.random(n) < 0.8 - 0.3 * older).astype(np.float64)
    scores[:50] = np.nan
    found = comparison.compare_providers(scores, providers, older[:, np.newaxis], simple(n), level=0.999)
    assert [each.provider for each in found] == [0, 1]
    assert found[0].unadjusted - found[1].unadjusted > 0.1
    assert abs(found[0].adjusted - found[1].adjusted) < 0.04
    for each in found:
        assert each.adjusted_interval.low < 0.8 - 0.3 * older.mean() < each.adjusted_interval.high
        domain = mean(scores, simple(n), domain=providers == each.provider)
        assert (each.unadjusted, each.unadjusted_se, each.n) == (domain.estimate, domain.se, domain.n)


def test_adjustment_by_a_useless_variable_changes_little() -> None:
    chance = np.random.default_rng(12)
    providers, noise = chance.integers(0, 3, 900), chance.normal(size=(900, 1))
    scores = chance.random(900)
    for each in comparison.compare_providers(scores, providers, noise, simple(900)):
        assert each.adjusted == pytest.approx(each.unadjusted, abs=0.01)
        assert each.adjusted_se == pytest.approx(each.unadjusted_se, rel=0.05)


def test_mode_that_is_the_provider_cannot_be_adjusted_for() -> None:
    providers = np.array([0, 0, 1, 1])
    with pytest.raises(comparison.NotSeparable, match="cannot be told"):
        comparison.compare_providers(np.arange(4.0), providers, providers[:, np.newaxis].astype(float), simple(4))
    with pytest.raises(ValueError, match="no answers"):
        comparison.compare_providers(np.full(4, np.nan), providers, np.ones((4, 1)), simple(4))


def test_shrinkage_is_stronger_where_there_are_fewer_answers() -> None:
    chance = np.random.default_rng(13)
    n = np.array([5.0, 20.0, 80.0, 320.0] * 10)
    truth = chance.normal(60, 5, n.size)
    means = truth + chance.normal(size=n.size) * 20 / np.sqrt(n)
    found = areas.empirical_bayes(means, np.full(n.size, 400.0), n)
    assert found.label == "modelled"
    assert (np.diff(found.reliability[:4]) > 0).all()
    assert found.within == pytest.approx(400.0)
    assert ((found.estimates - truth) ** 2).mean() < ((means - truth) ** 2).mean()
    assert found.reliability[0] == pytest.approx(found.between / (found.between + 400.0 / 5.0))


def test_areas_that_do_not_differ_are_drawn_to_the_mean() -> None:
    found = areas.empirical_bayes(np.array([50.0, 50.1, 49.9]), np.full(3, 400.0), np.full(3, 10.0))
    assert found.between == 0.0
    assert found.estimates == pytest.approx([50.0] * 3)
    with pytest.raises(ValueError, match="two areas"):
        areas.empirical_bayes(np.array([50.0]), np.array([4.0]), np.array([10.0]))


def restricted_likelihood(model: float, direct: np.ndarray, sampling: np.ndarray, covariates: np.ndarray) -> float:
    """Twice the negative restricted log-likelihood of the area model, but for a constant."""
    precision = 1.0 / (model + sampling)
    gram = covariates.T @ (precision[:, np.newaxis] * covariates)
    fitted = covariates @ np.linalg.solve(gram, covariates.T @ (precision * direct))
    return float(-np.log(precision).sum() + np.linalg.slogdet(gram)[1] + precision @ (direct - fitted) ** 2)


def test_fay_herriot_maximises_the_restricted_likelihood() -> None:
    chance = np.random.default_rng(14)
    covariates = np.column_stack([np.ones(40), chance.normal(size=40)])
    sampling = chance.uniform(5, 60, 40)
    truth = covariates @ np.array([600.0, 30.0]) + chance.normal(size=40) * 6
    direct = truth + chance.normal(size=40) * np.sqrt(sampling)
    found = areas.fay_herriot(direct, sampling, covariates)
    best = minimize_scalar(
        restricted_likelihood,
        bounds=(0.0, 500.0),
        args=(direct, sampling, covariates),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert found.model_variance == pytest.approx(best.x, rel=1e-5)
    assert found.label == "modelled"
    assert (found.mse < sampling).all()
    assert ((found.estimates - truth) ** 2).mean() < ((direct - truth) ** 2).mean()
    assert found.estimates == pytest.approx(
        found.gamma * direct + (1 - found.gamma) * (covariates @ found.coefficients)
    )


def test_fay_herriot_without_anything_between_areas() -> None:
    covariates = np.ones((6, 1))
    found = areas.fay_herriot(np.array([10.0, 10.1, 9.9, 10.0, 10.05, 9.95]), np.full(6, 4.0), covariates)
    assert found.model_variance == 0.0
    assert found.estimates == pytest.approx([10.0] * 6, abs=1e-6)
    with pytest.raises(ValueError, match="more areas"):
        areas.fay_herriot(np.array([1.0]), np.array([1.0]), np.ones((1, 1)))


@beside
def test_fay_herriot_on_a_real_school_population() -> None:
    """Counties of the Californian school file: modelled means are nearer to the truth than direct ones."""
    schools = [
        row for row in read_csv("apipop.csv") if row["api00"] not in ("", "NA") and row["meals"] not in ("", "NA")
    ]
    county, score, meals = column(schools, "cnum").astype(np.int64), column(schools, "api00"), column(schools, "meals")
    chance = np.random.default_rng(15)
    rows, truth = [], []
    for code in np.unique(county):
        members = np.flatnonzero(county == code)
        if members.size < 20:
            continue
        chosen = chance.choice(members, 5, replace=False)
        rows.append((score[chosen].mean(), score.std() ** 2 / 5, meals[members].mean()))
        truth.append(score[members].mean())
    direct, sampling, need = (np.array(each) for each in zip(*rows, strict=True))
    found = areas.fay_herriot(direct, sampling, np.column_stack([np.ones(need.size), need]))
    wrong, modelled = (np.sqrt(((each - truth) ** 2).mean()) for each in (direct, found.estimates))
    assert modelled < 0.7 * wrong


@RATINGS
def test_shrunk_means_of_real_providers_predict_the_other_half() -> None:
    """Lecturers rated by students: from half of the ratings the shrunk means foretell the other half better."""
    rows = read_table(RATED)
    score, lecturer = column(rows, "y"), np.unique(column(rows, "d"), return_inverse=True)[1]
    first = np.random.default_rng(16).random(score.size) < 0.3

    def of(half: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n = np.bincount(lecturer[half], minlength=lecturer.max() + 1).astype(np.float64)
        means = np.bincount(lecturer[half], weights=score[half], minlength=n.size) / np.maximum(n, 1.0)
        squares = np.bincount(lecturer[half], weights=score[half] ** 2, minlength=n.size)
        return means, (squares - n * means**2) / np.maximum(n - 1.0, 1.0), n

    means, variances, n = of(first)
    others, _, remaining = of(~first)
    enough = (n >= 2) & (remaining >= 10)
    found = areas.empirical_bayes(means[enough], variances[enough], n[enough])
    assert enough.sum() > 150
    assert 0.05 < found.between < found.within
    direct = ((means[enough] - others[enough]) ** 2).mean()
    assert ((found.estimates - others[enough]) ** 2).mean() < 0.95 * direct


@RATINGS
def test_real_providers_compared_with_and_without_their_mix() -> None:
    """Departments of a university, adjusted for lectures given as a service to others."""
    rows = read_table(RATED)
    score, departments = column(rows, "y"), column(rows, "dept").astype(np.int64)
    service = column(rows, "service")[:, np.newaxis]
    design = Design(
        weights=np.ones(score.size),
        strata=np.zeros(score.size, dtype=np.int64),
        clusters=np.unique(column(rows, "s"), return_inverse=True)[1],
    )
    found = comparison.compare_providers(score, departments, service, design)
    assert len(found) == 3
    slope = (found[0].unadjusted - found[0].adjusted) / (
        service[departments == found[0].provider].mean() - service.mean()
    )
    for each in found:
        distance = service[departments == each.provider].mean() - service.mean()
        assert each.unadjusted - each.adjusted == pytest.approx(slope * distance)
        assert 0.005 < each.adjusted_se < 0.1


def test_sample_sizes_of_the_textbook() -> None:
    assert size.sample_size(0.05) == 385
    assert size.sample_size(0.05, population=1000) == 278
    assert size.sample_size(0.05, deff=1.5) == 577
    assert size.sample_size(0.03, p=0.8, population=20) == 20
    assert size.invitations_needed(278, 0.4) == 695
    assert size.invitations_needed(278, 0.4, population=500) == 500
    with pytest.raises(ValueError, match="shares"):
        size.sample_size(0.0)
    with pytest.raises(ValueError, match="above 0"):
        size.invitations_needed(10, 0.0)


def test_probability_of_a_target_with_and_without_non_response() -> None:
    assert bounds.p_at_least(0.6, 0.6, 0.02, 100) == pytest.approx(0.5)
    sure = bounds.p_at_least(0.6, 0.65, 0.02, 100)
    unsure = bounds.p_at_least(0.6, 0.65, 0.02, 100, 0.05)
    assert 0.5 < unsure < sure < 1.0
    # By symmetry the doubt is the same below the target.
    assert bounds.p_at_least(0.6, 0.55, 0.02, 100, 0.05) == pytest.approx(1.0 - unsure)
    assert bounds.p_at_least(0.6, 0.6, 0.0, 10) == 1.0
    assert bounds.p_at_least(0.61, 0.6, 0.0, 10) == 0.0
    assert bounds.p_at_least(0.6, 0.65, 0.05, float("inf")) == pytest.approx(0.8413447)
    with pytest.raises(ValueError, match="not negative"):
        bounds.p_at_least(0.6, 0.6, -1.0, 10)
    assert bounds.nonresponse_component(0.41, 0.45) == pytest.approx(0.04)
    assert bounds.nonresponse_component(0.41, 0.45, declared=0.1) == 0.1


def test_representativity_of_equal_and_of_small_frames() -> None:
    columns = np.column_stack([np.ones(2), [0.0, 1.0]])
    equal = bounds.r_indicator(columns, np.array([30.0, 60.0]), np.array([100.0, 200.0]))
    assert equal is not None
    assert equal.indicator == pytest.approx(1.0)
    assert equal.mean == pytest.approx(0.3)
    separated = bounds.r_indicator(columns, np.array([0.0, 200.0]), np.array([100.0, 200.0]))
    assert separated is not None
    assert separated.propensities == pytest.approx([0.0, 1.0], abs=1e-9)
    assert separated.indicator < 0.06
    assert bounds.r_indicator(columns, np.array([9.0, 9.0]), np.array([20.0, 20.0])) is None
    assert bounds.r_indicator(columns, np.zeros(2), np.array([50.0, 50.0])) is None
    with pytest.raises(ValueError, match="at most"):
        bounds.r_indicator(columns, np.array([11.0, 1.0]), np.array([10.0, 90.0]))
    with pytest.raises(ValueError, match="one count"):
        bounds.r_indicator(columns, np.ones(3), np.full(3, 50.0))


def test_cross_tables_without_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="two categories"):
        association.rao_scott(np.zeros(5, dtype=np.int64), np.arange(5), simple(5))
