"""Simulated rounds of evaluation whose truth is known; the figures of docs/evaluation-quality.md.

    python -m tests.scoring.kernel.raters.simulations            the figures of the page (200 rounds each)
    python -m tests.scoring.kernel.raters.simulations 20         the same from fewer rounds

Every name and number is simulated. The grades are those of the ministry: 90, 80, 60, lower bound inclusive.
"""

import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scoring.kernel.raters.crossed import fit_crossed
from scoring.kernel.raters.fair import calibrate
from scoring.kernel.raters.offer import decide

__all__ = ["SCENARIOS", "Figures", "Round", "confounded", "figures", "held_out", "measure", "region_gaps", "scenario"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
INSTEVAL = Path(__file__).parents[5] / "shared/golden/scoring/raters/insteval_subset.csv"
WIDE = 1e9  # the simulations are not cut to 0-100: that would flatter every method


@dataclass(frozen=True, slots=True)
class Round:
    """Marks with the truth behind them."""

    unit: Index
    rater: Index
    mark: Array
    truth: Array
    region: Index
    random: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one round: shares of conflicting and of wrong grades, and root mean squared errors in points."""

    offered: bool
    conflict_raw: float
    conflict_fair: float
    wrong_raw: float
    wrong_fair: float
    rmse_raw: float
    rmse_fair: float
    rmse_shrunk: float
    covered: float
    """Share of cases whose 95 % interval holds the truth."""


def balanced(random: np.random.Generator, *, cases: int, raters: int, each: int) -> tuple[Index, Index]:
    """Raters drawn at random for each case, all with nearly the same number of cases."""
    unit = np.repeat(np.arange(cases), each)
    rater = np.empty((cases, each), np.intp)
    load = np.zeros(raters)
    for case in range(cases):
        rater[case] = np.argsort(load + random.random(raters))[:each]
        load[rater[case]] += 1
    return unit, rater.ravel()


def scenario(
    random: np.random.Generator,
    *,
    cases: int = 400,
    raters: int = 24,
    each: int = 2,
    truth: float = 9.0,
    severity: float = 6.0,
    noise: float = 4.0,
    interaction: float = 0.0,
    drift: float = 0.0,
    tails: bool = False,
) -> Round:
    """A round whose raters were drawn at random.

    `interaction` is the SD of a rater's own view of a case; `drift` how far each rater's severity moves on average, in
    points, from the first case to the last; `tails` draws the noise from t with 3 degrees of freedom.
    """
    unit, rater = balanced(random, cases=cases, raters=raters, each=each)
    true = random.normal(80.0, truth, cases)
    mark = true[unit] + random.normal(0.0, severity, raters)[rater]
    mark += noise * (random.standard_t(3, len(unit)) if tails else random.normal(size=len(unit)))
    mark += random.normal(0.0, interaction, len(unit)) if interaction else 0.0
    if drift:
        slope = random.choice([-1.0, 1.0], raters) * drift
        place = np.empty(len(unit))
        for one in range(raters):
            own = np.flatnonzero(rater == one)
            place[own] = np.linspace(-0.5, 0.5, len(own))[random.permutation(len(own))]
        mark += slope[rater] * place
    return Round(unit, rater, mark, true, np.zeros(cases, np.intp), random=True)


def confounded(
    random: np.random.Generator, *, share: float, cases: int = 400, raters: int = 24, gap: float = 10.0
) -> Round:
    """Two regions, each with evaluators of its own; a `share` of the cases gets one evaluator of the other region."""
    region, home = np.arange(cases) % 2, np.arange(raters) % 2
    true = random.normal(75.0, 9.0, cases) + gap * region
    rater = np.empty((cases, 2), np.intp)
    for case in range(cases):
        rater[case] = random.choice(np.flatnonzero(home == region[case]), 2, replace=False)
        if random.random() < share:
            rater[case, 1] = random.choice(np.flatnonzero(home != region[case]))
    unit, flat = np.repeat(np.arange(cases), 2), rater.ravel()
    mark = true[unit] + random.normal(0.0, 6.0, raters)[flat] + random.normal(0.0, 4.0, 2 * cases)
    return Round(unit, flat, mark, true, region, random=False)


SCENARIOS: dict[str, Callable[[np.random.Generator], Round]] = {
    "reference: 400 contracts, 24 evaluators, 2 each": scenario,
    "the same with 3 evaluators each": lambda random: scenario(random, each=3),
    "rater x unit interaction of 4 points": lambda random: scenario(random, interaction=4.0),
    "drift of 8 points": lambda random: scenario(random, drift=8.0),
    "five ratings per rater (160 raters)": lambda random: scenario(random, raters=160),
    "five ratings per rater, hardly any severity": lambda random: scenario(random, raters=160, severity=1.0),
    "heavy tails (t with 3 df)": lambda random: scenario(random, tails=True),
    "confounded, 30 % cross-rated": lambda random: confounded(random, share=0.30),
    "confounded, 5 % cross-rated": lambda random: confounded(random, share=0.05),
    "confounded, 1 % cross-rated": lambda random: confounded(random, share=0.01),
    "confounded, none cross-rated": lambda random: confounded(random, share=0.0),
}


def grade(score: Array) -> Index:
    found: Index = np.searchsorted([60.0, 80.0, 90.0], score, side="right")
    return found


def measure(found: Round) -> Figures:
    """What the round's marks are worth raw and as the code decides: calibrated, or raw when it refuses."""
    decision = decide(
        found.unit,
        found.rater,
        found.mark,
        random=found.random,
        factors={"region": found.region},
        low=-WIDE,
        high=WIDE,
    )
    done = decision.calibration
    assert done is not None, "all these rounds can be estimated"
    severity = done.severity if decision.offered else np.zeros(len(done.severity))
    values = done.shrunk if decision.offered else done.raw
    return Figures(
        offered=decision.offered,
        conflict_raw=_conflicts(found, found.mark),
        conflict_fair=_conflicts(found, found.mark - severity[found.rater]),
        wrong_raw=float((grade(done.raw) != grade(found.truth)).mean()),
        wrong_fair=float((grade(done.fair) != grade(found.truth)).mean()),
        rmse_raw=_rmse(done.raw, found.truth),
        rmse_fair=_rmse(done.fair, found.truth),
        rmse_shrunk=_rmse(values, found.truth),
        covered=float((np.abs(done.fair - found.truth) <= 1.959964 * done.fair_se).mean()),
    )


def _conflicts(found: Round, mark: Array) -> float:
    """Share of the pairs of evaluators of one case whose marks have different grades."""
    table = grade(mark).reshape(len(found.truth), -1)
    one, other = np.triu_indices(table.shape[1], 1)
    return float((table[:, one] != table[:, other]).mean())


def _rmse(value: Array, truth: Array) -> float:
    return float(np.sqrt(((value - truth) ** 2).mean()))


def region_gaps(found: Round) -> tuple[float, float | None]:
    """Points of the true regional difference that are lost: by the plain model, and by the code (None: it refuses)."""
    plain = calibrate(found.unit, found.rater, found.mark, low=-WIDE, high=WIDE)
    decision = decide(
        found.unit, found.rater, found.mark, random=False, factors={"region": found.region}, low=-WIDE, high=WIDE
    )
    truth = _gap(found.truth, found.region)
    own = None
    if decision.offered and decision.calibration is not None:
        own = truth - _gap(decision.calibration.fair, found.region)
    return truth - _gap(plain.fair, found.region), own


def _gap(value: Array, region: Index) -> float:
    return float(value[region == 1].mean() - value[region == 0].mean())


def figures(name: str, *, rounds: int, seed: int = 0) -> dict[str, float]:
    """Means over some simulated rounds of a scenario."""
    found = [measure(SCENARIOS[name](np.random.default_rng([seed, number]))) for number in range(rounds)]
    return {field: float(np.mean([getattr(each, field) for each in found])) for field in Figures.__dataclass_fields__}


def held_out(folds: int = 5) -> tuple[float, float] | None:
    """Root mean squared errors of held-out InstEval marks: by raw means, and by mean, unit and severity; None: no data.

    Real marks of lecturers by students (R's lme4), the golden subset beside the project.
    """
    if not INSTEVAL.is_file():
        return None
    with INSTEVAL.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    rater, unit = (np.unique([row[place] for row in rows], return_inverse=True)[1] for place in (0, 1))
    mark = np.array([float(row[2]) for row in rows])
    fold = np.random.default_rng(1).integers(folds, size=len(mark))
    squares = np.zeros(2)
    for held in (fold == each for each in range(folds)):
        used, codes = np.unique(rater[~held], return_inverse=True)
        fit = fit_crossed(unit[~held], codes, mark[~held])
        severity = np.zeros(int(rater.max()) + 1)
        severity[used] = fit.rater
        raw = np.bincount(unit[~held], mark[~held]) / np.bincount(unit[~held])
        own = fit.fixed[0] + fit.unit[unit[held]] + severity[rater[held]]
        squares += ((mark[held] - raw[unit[held]]) ** 2).sum(), ((mark[held] - own) ** 2).sum()
    raw_error, own_error = np.sqrt(squares / len(mark))
    return float(raw_error), float(own_error)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(rounds: int) -> None:
    say(f"{'simulated round':50} offered  conflict raw/fair  wrong raw/fair  RMSE raw/fair/shrunk  covered")
    for name in SCENARIOS:
        row = figures(name, rounds=rounds)
        say(
            f"{name:50} {row['offered']:6.0%}   {row['conflict_raw']:6.1%} / {row['conflict_fair']:6.1%}"
            f"   {row['wrong_raw']:5.1%} / {row['wrong_fair']:5.1%}"
            f"   {row['rmse_raw']:5.2f} / {row['rmse_fair']:5.2f} / {row['rmse_shrunk']:5.2f}    {row['covered']:6.1%}"
        )
    for share in (0.01, 0.05, 0.30):
        found = [region_gaps(confounded(np.random.default_rng([9, each]), share=share)) for each in range(rounds)]
        own = [each for _, each in found if each is not None]
        say(
            f"true gap of 10 points, {share:4.0%} cross-rated: the plain model loses "
            f"{np.mean([each for each, _ in found]):5.2f}; offered in {len(own)} of {rounds}, and loses "
            f"{np.mean(own) if own else float('nan'):5.2f} (SD {np.std(own) if own else float('nan'):4.2f})"
        )
    found_out = held_out()
    if found_out is not None:
        say(f"InstEval, held-out marks: RMSE by raw means {found_out[0]:.4f}, calibrated {found_out[1]:.4f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
