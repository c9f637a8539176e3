"""Shares of all cells at once against the same, cell by cell."""

import numpy as np
import numpy.typing as npt
import pytest

from surveys.kernel.calibration import Calibration, calibration_of
from surveys.kernel.domains import Domains
from surveys.kernel.margins import Margin
from surveys.kernel.means import estimate
from surveys.kernel.variance import Design, LonelyClusterError
from surveys.kernel.weights import rake

Floats = npt.NDArray[np.float64]
N, CELLS = 900, 7


def drawn(seed: int) -> tuple[Floats, npt.NDArray[np.int64], np.random.Generator]:
    generator = np.random.default_rng(seed)
    scores = (generator.random(N) < 0.6).astype(np.float64)
    scores[generator.random(N) < 0.1] = np.nan
    place = generator.choice(CELLS - 1, N, p=[0.4, 0.3, 0.15, 0.1, 0.03, 0.02])
    return scores, place, generator


def simple(_: np.random.Generator) -> Design:
    return Design(weights=np.full(N, 5.0), strata=np.zeros(N, dtype=np.int64), population=np.array([5.0 * N]))


def census(_: np.random.Generator) -> Design:
    return Design(weights=np.full(N, 1.0), strata=np.zeros(N, dtype=np.int64))


def stratified(generator: np.random.Generator) -> Design:
    strata = generator.choice([0, 2, 3], N, p=[0.5, 0.3, 0.2])
    sizes = np.array([2000.0, 0.0, 900.0, 400.0])
    counts = np.bincount(strata, minlength=4)
    return Design(weights=sizes[strata] / counts[strata], strata=strata, population=sizes)


def raked(generator: np.random.Generator) -> Design:
    start = stratified(generator)
    sexes, ages = generator.choice(2, N), generator.choice(4, N)
    margins = [
        Margin("sex", sexes, np.array([1700.0, 1600.0])),
        Margin("age", ages, np.array([1000.0, 900.0, 800.0, 600.0])),
    ]
    weights = rake(start.weights, margins).weights
    return Design(
        weights=weights,
        strata=start.strata,
        population=start.population,
        calibration=calibration_of(start.weights, margins),
    )


def calibrated(generator: np.random.Generator) -> Design:
    base = generator.uniform(1.0, 3.0, N)
    columns = np.column_stack([np.ones(N), generator.random(N)])
    factors = 1.0 + 0.1 * columns[:, 1]
    strata = np.zeros(N, dtype=np.int64)
    return Design(weights=base * factors, strata=strata, calibration=Calibration.of_rows(base, columns))


def clustered(generator: np.random.Generator) -> Design:
    return Design(
        weights=generator.uniform(1.0, 3.0, N),
        strata=np.zeros(N, dtype=np.int64),
        clusters=generator.choice(60, N),
    )


@pytest.mark.parametrize("design_of", [simple, census, stratified, raked, calibrated, clustered])
@pytest.mark.parametrize("seed", [1, 2])
def test_all_at_once_is_the_same_as_one_by_one(design_of: object, seed: int) -> None:
    scores, place, generator = drawn(seed)
    design = design_of(generator)  # type: ignore[operator]
    found = Domains(design).shares(scores, place, CELLS, level=0.9)
    assert found[CELLS - 1] is None  # nobody is there
    for cell in range(CELLS - 1):
        expected = estimate(scores, design, domain=place == cell, level=0.9)
        one = found[cell]
        assert one is not None
        assert (one.n, one.df, one.method) == (expected.n, expected.df, expected.method)
        assert one.estimate == pytest.approx(expected.estimate, rel=1e-12)
        assert one.se == pytest.approx(expected.se, rel=1e-9)
        assert one.n_eff == pytest.approx(expected.n_eff, rel=1e-12)
        assert one.weighting == pytest.approx(expected.weighting, rel=1e-12)
        assert one.unweighted == pytest.approx(expected.unweighted, rel=1e-12)
        assert one.interval is not None
        assert expected.interval is not None
        assert one.interval.low == pytest.approx(expected.interval.low, rel=1e-8)
        assert one.interval.high == pytest.approx(expected.interval.high, rel=1e-8)


def test_cell_where_all_agree_has_no_negative_variance() -> None:
    scores, place, generator = drawn(3)
    scores[place == 1] = 1.0
    (_, one, *_) = Domains(raked(generator)).shares(scores, place, CELLS)
    assert one is not None
    assert one.estimate == pytest.approx(1.0)
    assert one.interval is not None
    assert one.interval.low < 1.0


def test_stratum_with_one_answer_is_refused() -> None:
    with pytest.raises(LonelyClusterError):
        Domains(Design(weights=np.ones(3), strata=np.array([0, 0, 1])))
