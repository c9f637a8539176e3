"""Flags about two at a time: evaluator and party (favouritism), two evaluators (copying), two criteria (halo)."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scoring.kernel.raters.flags import Flag, Ratings, Rules, chosen

__all__ = ["copying", "favouritism", "halo", "poisson_binomial_tail"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_PERMUTATIONS: Final = 1999


def favouritism(ratings: Ratings, party: Index, *, rules: Rules, seed: int = 0) -> list[Flag]:
    """An evaluator who marks one party's cases higher than the others who marked them do.

    The mean residual over the party's cases, shrunk by B = s_phi^2 / (s_phi^2 + s_e^2 / n), one-sided, n >= 4; a
    permutation of the raters within each case has to agree. `party` is the code of each unit's provider (or purchaser),
    -1 for none.
    """
    concerned = (ratings.shared > 0.0) & (party[ratings.unit] >= 0)
    places = np.flatnonzero(concerned)
    if not len(places):
        return []
    parties = int(party.max()) + 1
    dyads, of_dyad = np.unique(ratings.rater[places] * parties + party[ratings.unit[places]], return_inverse=True)
    n = np.bincount(of_dyad)
    total = np.bincount(of_dyad, ratings.residual[places])
    variance = ratings.sd**2 * np.bincount(of_dyad, ratings.shared[places])
    z = total / np.sqrt(variance)
    enough = np.flatnonzero(n >= rules.dyad_marks)
    if not len(enough):
        return []
    # A mean residual estimates the effect times the share that the case's mean leaves of it.
    share = np.bincount(of_dyad, ratings.shared[places])[enough] / n[enough]
    effect = total[enough] / n[enough] / share
    noise = variance[enough] / (n[enough] * share) ** 2
    between = max(0.0, float(np.mean(effect**2 - noise)))
    shrunk = effect * between / (between + noise)
    p = stats.norm.sf(z[enough])
    candidates = []
    for number, dyad in enumerate(enough):
        own = places[of_dyad == dyad]
        rater, whom = divmod(int(dyads[dyad]), parties)
        detail = {"points": float(effect[number]), "z": float(z[dyad])}
        large = float(shrunk[number]) >= rules.dyad_points
        if large and p[number] < rules.false_discoveries:
            permuted = _permutation_p(ratings, own, rater=rater, seed=seed + int(dyads[dyad]))
            detail["permutation_p"] = permuted
            large = permuted <= rules.false_discoveries
        units = tuple(int(each) for each in np.unique(ratings.unit[own]))
        flag = Flag("favouritism", rater, whom, float(shrunk[number]), float(p[number]), len(own), units, detail)
        candidates.append((flag, large))
    return chosen(candidates, rules=rules)


def _permutation_p(ratings: Ratings, own: Index, *, rater: int, seed: int) -> float:
    """How often chance gives the evaluator as high a sum, when each case's fair marks are dealt out anew."""
    random = np.random.Generator(np.random.Philox(seed))
    total = np.zeros(_PERMUTATIONS)
    reached = float(ratings.residual[own].sum())
    for unit in np.unique(ratings.unit[own]):
        dealt = ratings.residual[ratings.unit == unit]
        many = int(((ratings.unit == unit) & (ratings.rater == rater)).sum())
        drawn = random.permuted(np.tile(dealt, (_PERMUTATIONS, 1)), axis=1)[:, :many]
        total += drawn.sum(axis=1)
    return float((1 + (total >= reached - 1e-9).sum()) / (1 + _PERMUTATIONS))


def copying(ratings: Sequence[Ratings], *, rules: Rules, step: float = 1.0) -> list[Flag]:
    """Two evaluators whose marks agree more than independent work can.

    Over shared cases (at least 10), in each criterion (one `Ratings` per criterion, all with the same rows): the
    variance of the differences, severity removed, is 2 s_e^2 for independent marks; the residual correlation is
    1 - Var / (2 s_e^2), tested by chi-square (lower tail). This form needs no correction for what two marks on one case
    have in common by construction (-1/(k - 1)). Beside it the rate of exactly identical sets of marks against its
    Poisson-binomial expectation, `step` being the distance of two marks that are neighbours.
    """
    first = ratings[0]
    shared = _shared_rows(first)
    candidates = []
    usual = _usual_identity(ratings, shared)
    for (one, other), rows in shared.items():
        n = len(rows)
        if n < rules.shared_cases:
            continue
        a, b = rows[:, 0], rows[:, 1]
        ratios, chances, same = [], np.ones(n), np.ones(n, np.bool_)
        for each in ratings:
            gap = each.calibration.severity[other] - each.calibration.severity[one]
            difference = each.mark[b] - each.mark[a] - gap
            spread = np.sqrt(2.0) * each.sd
            ratios.append(float((difference**2).sum()) / spread**2)
            chances *= stats.norm.cdf((step / 2 - gap) / spread) - stats.norm.cdf((-step / 2 - gap) / spread)
            same &= each.mark[a] == each.mark[b]
        together, df = float(np.mean(ratios)), n - 1
        correlation = 1.0 - together / df
        p_alike = float(stats.chi2.cdf(together, df))
        expected = np.clip(np.maximum(chances, usual), 0.0, 1.0)
        p_same = poisson_binomial_tail(expected, at_least=int(same.sum()))
        units = tuple(int(each) for each in np.unique(first.unit[a]))
        detail = {
            "identical": float(same.sum()),
            "identical_expected": float(expected.sum()),
            "p_identical": p_same,
            "p_correlation": p_alike,
        }
        p = min(1.0, 2.0 * min(p_alike, p_same))
        large = correlation > rules.copying_correlation
        candidates.append((Flag("copying", one, other, correlation, p, n, units, detail), large))
    return chosen(candidates, rules=rules)


def _shared_rows(ratings: Ratings) -> dict[tuple[int, int], Index]:
    """The rows of both raters of each pair on the cases that they share."""
    order = np.argsort(ratings.unit, kind="stable")
    edges = np.flatnonzero(np.diff(ratings.unit[order])) + 1
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for rows in np.split(order, edges):
        ranked = sorted((int(ratings.rater[row]), int(row)) for row in rows)
        for place, (one, row) in enumerate(ranked):
            for other, beside in ranked[place + 1 :]:
                found.setdefault((one, other), []).append((row, beside))
    return {pair: np.array(rows, np.intp) for pair, rows in found.items()}


def _usual_identity(ratings: Sequence[Ratings], shared: Mapping[tuple[int, int], Index]) -> float:
    """How often two raters of the pool give identical sets of marks: the median over the pairs."""
    rates = [
        float(np.all([each.mark[rows[:, 0]] == each.mark[rows[:, 1]] for each in ratings], axis=0).mean())
        for rows in shared.values()
    ]
    return float(np.median(rates)) if rates else 0.0


def poisson_binomial_tail(probabilities: Array, *, at_least: int) -> float:
    """P(X >= at_least) for a sum of independent events of unequal probability, by exact convolution."""
    mass = np.ones(1)
    for p in probabilities:
        mass = np.convolve(mass, [1.0 - p, p])
    return float(min(1.0, mass[at_least:].sum()))


def halo(ratings: Sequence[Ratings], *, rules: Rules) -> list[Flag]:
    """An evaluator who gives every criterion of a case the same: one impression instead of several marks.

    The mean correlation of the residuals between criteria is above .7 (against the pool's by Fisher's z), or the
    evaluator's marks of one case spread less than half as far as the pool's (tested by F). All `ratings` have the same
    rows.
    """
    if len(ratings) < 2:
        return []
    first = ratings[0]
    residuals = np.stack([each.residual for each in ratings])
    centred = np.stack([each.mark - each.mark.mean() for each in ratings])
    spread = centred.var(axis=0, ddof=1)
    places = {rater: first.of(rater) for rater in range(first.raters)}
    places = {rater: own for rater, own in places.items() if len(own) >= rules.least_marks}
    if len(places) < 2:
        return []
    above = np.triu_indices(len(ratings), 1)
    correlation = {rater: _mean_correlation(residuals[:, own], above) for rater, own in places.items()}
    usual, pool = float(np.median(list(correlation.values()))), float(spread.mean())
    by_correlation, by_spread = [], []
    for rater, own in places.items():
        units = tuple(int(each) for each in np.unique(first.unit[own]))
        n = len(own)
        z = (np.arctanh(min(correlation[rater], 0.999999)) - np.arctanh(min(usual, 0.999999))) * np.sqrt(n - 3)
        ratio = float(np.sqrt(spread[own].mean() / pool)) if pool > 0.0 else 1.0
        detail = {"correlation": correlation[rater], "pool": usual, "spread_ratio": ratio}
        p = float(stats.norm.sf(z))
        flag = Flag("halo", rater, None, correlation[rater], p, n, units, detail)
        by_correlation.append((flag, correlation[rater] > rules.halo_correlation))
        df = n * (len(ratings) - 1)
        p = float(stats.f.cdf(ratio**2, df, spread.size * (len(ratings) - 1)))
        by_spread.append(
            (Flag("halo", rater, None, correlation[rater], p, n, units, detail), ratio < rules.halo_spread)
        )
    found = {flag.rater: flag for flag in chosen(by_spread, rules=rules)}
    found |= {flag.rater: flag for flag in chosen(by_correlation, rules=rules)}
    return [found[rater] for rater in sorted(found)]


def _mean_correlation(residuals: Array, above: tuple[NDArray[np.intp], NDArray[np.intp]]) -> float:
    sd = residuals.std(axis=1)
    if (sd <= 1e-12).any():
        return 0.0
    correlations: Array = np.asarray(np.corrcoef(residuals))
    return float(correlations[above].mean())
