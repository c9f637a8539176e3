"""Signs of careless or arranged answers: pointers for a person to look at, never a reason to delete anything.

Every function takes columns and returns flags or figures; `sensitivity` says whether the flagged answers matter.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc

from surveys.kernel.means import Estimate, estimate
from surveys.kernel.variance import Design

__all__ = [
    "EnumeratorEffect",
    "NearDuplicates",
    "Sensitivity",
    "bursts",
    "enumerator_effect",
    "mostly_missing",
    "near_duplicates",
    "sensitivity",
    "speeders",
    "straight_lines",
]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def speeders(seconds: Floats, items: Floats, *, enough: int = 100) -> Flags:
    """Answers in less than a second per item, or with `enough` of them in less than half the median duration.

    Sources: Wood et al., Social Psychological and Personality Science 8 (2017) 454-464 (one second per item); half the
    median is a rule of survey agencies.

    Arguments:
        seconds: n durations, NaN where unknown.
        items: n counts of the items that were answered.
        enough: from this many known durations on the median is used.
    """
    flagged = seconds < items
    known = seconds[~np.isnan(seconds)]
    if known.size >= enough:
        flagged = flagged | (seconds < 0.5 * float(np.median(known)))
    return np.asarray(flagged, dtype=np.bool_)


def straight_lines(battery: Floats, *, least: int = 5) -> Flags:
    """Rows of an n x k battery (NaN = missing) with `least` or more answers that are all the same.

    A battery with a reversed item, given as it was asked, makes the sign stronger. Source: Kim et al., Social Science
    Computer Review 37 (2019) 214-233.
    """
    answered = ~np.isnan(battery)
    highest = np.where(answered, battery, -np.inf).max(axis=1, initial=-np.inf)
    lowest = np.where(answered, battery, np.inf).min(axis=1, initial=np.inf)
    return np.asarray((answered.sum(axis=1) >= least) & (highest == lowest), dtype=np.bool_)


def mostly_missing(answered: Floats, applicable: Floats, *, share: float = 0.5) -> Flags:
    """Questionnaires with more than `share` of the applicable items left out (n counts each)."""
    return np.asarray(applicable - answered > share * applicable, dtype=np.bool_)


def bursts(counts: Floats, *, expected: Floats | None = None, level: float = 0.001) -> Flags:
    """Windows with more answers than chance explains: P(Poisson(expected) >= count) < `level`.

    Arguments:
        counts: m counts of answers, one per source (enumerator or network) and window of ten minutes.
        expected: m expected counts; None takes the mean of the other windows for each.
        level: of the one-sided test.
    """
    if expected is None:
        if counts.size < 2:
            return np.zeros(counts.size, dtype=np.bool_)
        expected = (counts.sum() - counts) / (counts.size - 1)
    # P(X >= c) for a Poisson variable is the regularised lower incomplete gamma function P(c, mean).
    tail = np.where(counts > 0.0, gammainc(np.maximum(counts, 1.0), np.maximum(expected, 0.0)), 1.0)
    return np.asarray((tail < level) & (counts > 1.0), dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicates:
    """`match` is each row's largest share of equal answers with another row (NaN where not compared).

    `limit` is what a row has to exceed to be flagged: the threshold, or the 99.9 % quantile of the largest matches in
    shuffled answers when that is higher, so that short questionnaires and halo do not produce false flags.
    """

    match: Floats
    flagged: Flags
    limit: float


def near_duplicates(
    answers: Codes,
    *,
    groups: Codes | None = None,
    threshold: float = 0.85,
    least: int = 5,
    rounds: int = 5,
    most: int = 3000,
    seed: int = 0,
) -> NearDuplicates:
    """Rows that equal another row in more than `threshold` of their answers, beyond what chance gives.

    Sources: Kuriakose & Robbins, Statistical Journal of the IAOS 32 (2016) 283-291, for the measure; Simmons et al.
    (Pew Research Center, 2016) for its false positives with few items, which the shuffled baseline answers.

    Arguments:
        answers: n x k codes of the answers; -1 for missing, which equals missing.
        groups: n codes; the baseline shuffles each item within a group (such as equal headline answers), so that what
            follows from being satisfied is not taken for copying.
        threshold: the published 85 %.
        least: with fewer items nothing is flagged.
        rounds: shuffles for the baseline.
        most: larger waves are compared within a random selection of this size.
        seed: of the selection and the shuffles.
    """
    n, k = answers.shape
    chance = np.random.default_rng(seed)
    match = np.full(n, np.nan)
    if k < least or n < 3:
        return NearDuplicates(match=match, flagged=np.zeros(n, dtype=np.bool_), limit=1.0)
    chosen = np.arange(n) if n <= most else np.sort(chance.choice(n, size=most, replace=False))
    compact = _compact(answers[chosen])
    own = np.zeros(chosen.size, dtype=np.int64) if groups is None else groups[chosen]
    match[chosen] = _largest_match(compact)
    baseline = [_largest_match(_shuffled(compact, own, chance)) for _ in range(rounds)]
    limit = max(threshold, float(np.quantile(np.concatenate(baseline), 0.999)))
    return NearDuplicates(match=match, flagged=np.nan_to_num(match, nan=0.0) > limit, limit=limit)


def _compact(answers: Codes) -> npt.NDArray[np.int16]:
    columns = [np.unique(column, return_inverse=True)[1] for column in answers.T]
    return np.column_stack(columns).astype(np.int16)


def _shuffled(answers: npt.NDArray[np.int16], groups: Codes, chance: np.random.Generator) -> npt.NDArray[np.int16]:
    shuffled = answers.copy()
    for code in np.unique(groups):
        members = np.flatnonzero(groups == code)
        for column in range(answers.shape[1]):
            shuffled[members, column] = answers[chance.permutation(members), column]
    return shuffled


def _largest_match(answers: npt.NDArray[np.int16]) -> Floats:
    n, k = answers.shape
    columns = np.ascontiguousarray(answers.T)
    largest = np.empty(n)
    for start in range(0, n, 256):
        stop = min(n, start + 256)
        equal = np.zeros((stop - start, n), dtype=np.int16)
        for column in columns:
            equal += column[start:stop, np.newaxis] == column
        equal[np.arange(stop - start), np.arange(start, stop)] = -1
        largest[start:stop] = equal.max(axis=1) / k
    return largest


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumeratorEffect:
    """How much the answers depend on who asked.

    `icc` is the intraclass correlation by enumerator (0: none), `deff` what it does to the variance of the mean, and
    `without` how the mean changes when one enumerator's answers are left out, per enumerator code.
    """

    icc: float
    deff: float
    without: dict[int, float]

    @property
    def largest(self) -> float:
        """The largest change of the mean, as a distance."""
        return max((abs(change) for change in self.without.values()), default=0.0)


def enumerator_effect(scores: Floats, enumerators: Codes) -> EnumeratorEffect | None:
    """Intraclass correlation by enumerator and the change of the mean without each; null with fewer than two.

    icc = (MSB - MSW) / (MSB + (m - 1) MSW) with m the adjusted mean workload, deff = 1 + (m - 1) icc. Sources: Kish,
    Journal of the American Statistical Association 57 (1962) 92-115; Searle, Casella & McCulloch, Variance Components
    (1992), section 3.6.

    Arguments:
        scores: n scores such as the top-2 flags, NaN = missing.
        enumerators: n codes; -1 for answers that nobody collected, which are left out.
    """
    use = ~np.isnan(scores) & (enumerators >= 0)
    codes, place = np.unique(enumerators[use], return_inverse=True)
    values, n = scores[use], int(use.sum())
    if codes.size < 2 or n <= codes.size:
        return None
    load = np.bincount(place).astype(np.float64)
    sums = np.bincount(place, weights=values)
    means, overall = sums / load, float(values.mean())
    between = float(load @ (means - overall) ** 2) / (codes.size - 1)
    within = float(((values - means[place]) ** 2).sum()) / (n - codes.size)
    workload = (n - float(load @ load) / n) / (codes.size - 1)
    spread = between + (workload - 1.0) * within
    icc = (between - within) / spread if spread > 0.0 else 0.0
    without = (float(values.sum()) - sums) / (n - load) - overall
    return EnumeratorEffect(
        icc=icc,
        deff=1.0 + (workload - 1.0) * icc,
        without={int(code): float(change) for code, change in zip(codes, without, strict=True)},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """The estimate with all answers and without the flagged ones; `without` is null when none would be left.

    `shift` is their difference in standard errors of the estimate with all answers; above 1 is a reason for caution.
    """

    everyone: Estimate
    without: Estimate | None
    flagged_share: float
    shift: float | None

    @property
    def matters(self) -> bool:
        """Whether the flagged answers move the estimate by more than its standard error, or are all there are."""
        return self.without is None or (self.shift is not None and abs(self.shift) > 1.0)


def sensitivity(
    scores: Floats, design: Design, flagged: Flags, *, low: float = 0.0, high: float = 1.0, level: float = 0.95
) -> Sensitivity:
    """Estimate with all answers and with the domain of the unflagged ones, with the same weights.

    Raises:
        ValueError: nobody answered.
        LonelyClusterError: a stratum has one sampling unit only.
    """
    answered = ~np.isnan(scores)
    everyone = estimate(scores, design, low=low, high=high, level=level)
    share = float(flagged[answered].mean())
    if not (answered & ~flagged).any():
        return Sensitivity(everyone=everyone, without=None, flagged_share=share, shift=None)
    without = estimate(scores, design, low=low, high=high, domain=~flagged, level=level)
    moved = without.estimate - everyone.estimate
    shift = 0.0 if moved == 0.0 else float("inf") if everyone.se == 0.0 else moved / everyone.se
    return Sensitivity(everyone=everyone, without=without, flagged_share=share, shift=shift)
