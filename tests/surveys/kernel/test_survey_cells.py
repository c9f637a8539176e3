"""Estimates from counts are the estimates from rows."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.kernel.cells import cell_counts, cell_estimate, cells_of
from surveys.kernel.margins import Margin
from surveys.kernel.means import Estimate, estimate
from surveys.kernel.measures import rating_measures
from surveys.kernel.weighting import Weighted, weigh
from surveys.kernel.weights import stratum_weights

POINTS = 5
TABLE = np.array([np.nan, 1.0, 2.0, 3.0, 4.0, 5.0, np.nan])


def same(one: Estimate, other: Estimate) -> None:
    for name in ("estimate", "se", "n_eff", "weighting", "unweighted", "deff"):
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None), name
        if left is not None:
            assert left == pytest.approx(right, rel=1e-9, abs=1e-12), name
    assert (one.n, one.df, one.method) == (other.n, other.df, other.method)
    assert (one.interval is None) == (other.interval is None)
    if one.interval is not None and other.interval is not None:
        assert astuple(one.interval) == pytest.approx(astuple(other.interval), rel=1e-8, abs=1e-10)


def compare(weighted: Weighted, codes: np.ndarray, strata: np.ndarray) -> None:
    cells = cells_of(weighted, within=strata)
    counts = cell_counts(cells, codes, TABLE.size)
    assert counts.sum() == codes.size
    for measure in rating_measures(POINTS):
        scores = measure.scores(TABLE)
        found = cell_estimate(cells, counts, scores, scale=(measure.low, measure.high))
        rows = estimate(scores[codes], weighted.design, low=measure.low, high=measure.high)
        same(found, rows)


@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_counts_give_what_rows_give(seed: int, raked: bool, stratified: bool) -> None:
    chance = np.random.default_rng(seed)
    n = int(chance.integers(60, 400))
    codes = chance.integers(0, TABLE.size, n)
    codes[:2] = 1, 5
    strata = chance.choice(4, size=n, p=(0.6, 0.3, 0.09, 0.01)) if stratified else np.zeros(n, dtype=np.int64)
    sizes = np.array([4000.0, 2500.0, 900.0, 60.0]) if stratified else np.array([5000.0])
    margins = []
    if raked:
        one, other = chance.integers(-1, 3, n), chance.integers(0, 2, n)
        one[:3], other[:2] = (0, 1, 2), (0, 1)
        total = float(sizes.sum())
        margins = [
            Margin("one", one, total * np.array([0.3, 0.3, 0.4])),
            Margin("other", other, total * np.array([0.55, 0.45])),
        ]
    base = stratum_weights(strata, sizes)
    weighted = weigh(base, margins, strata=strata, population=sizes if stratified else None, minimum=5)
    compare(weighted, codes, strata)


def test_simple_random_sample_has_wilsons_interval_in_both() -> None:
    codes = np.array([1] * 30 + [5] * 90 + [6] * 5)
    strata = np.zeros(codes.size, dtype=np.int64)
    weighted = weigh(np.full(codes.size, 8.0), strata=strata, population=np.array([1000.0]))
    compare(weighted, codes, strata)
    cells = cells_of(weighted)
    counts = cell_counts(cells, codes, TABLE.size)
    top = rating_measures(POINTS)[0]
    assert cell_estimate(cells, counts, top.scores(TABLE), scale=(0.0, 1.0)).method == "wilson"


def test_some_of_the_answers_are_counted() -> None:
    codes = np.array([1, 5, 5, 0])
    cells = cells_of(weigh(np.ones(4)))
    counted = cell_counts(cells, codes, TABLE.size, only=np.array([False, True, False, True]))
    assert counted.tolist() == [[1, 0, 0, 0, 0, 1, 0]]


def test_cluster_sample_has_no_cells() -> None:
    with pytest.raises(ValueError, match="cells"):
        cells_of(weigh(np.ones(4), clusters=np.array([0, 0, 1, 1])))


def test_nobody_answered() -> None:
    cells = cells_of(weigh(np.ones(3)))
    counts = cell_counts(cells, np.array([0, 6, 6]), TABLE.size)
    with pytest.raises(ValueError, match="no answers"):
        cell_estimate(cells, counts, TABLE, scale=(1.0, 5.0))
