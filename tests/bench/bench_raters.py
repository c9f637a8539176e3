"""(g) Evaluators' marks: Krippendorff's alpha beside the `krippendorff` package, crossed REML beside statsmodels.

Both packages are for this comparison only (requirements/bench.in); a row whose package is absent says so. The marks of
the second row are the golden InstEval subset beside the project, or simulated ones of the same shape where it is absent.
One BLAS thread, as the service runs.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import csv
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.bench.harness import Row, at_least, report

from scoring.kernel.raters.alpha import alpha
from scoring.kernel.raters.crossed import fit_crossed

Array = NDArray[np.float64]
Index = NDArray[np.intp]
GOLDEN = Path(__file__).parents[3] / "shared/golden/scoring/raters/insteval_subset.csv"
UNITS, RATERS, ROUNDS = 10_000, 10, 5
STATSMODELS_ROWS = 2_000


def least(work: Callable[[], object], rounds: int) -> float:
    """Least of some runs, milliseconds."""
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found) * 1000.0


def absent(name: str) -> bool:
    """Whether a package of requirements/bench.in is not there; it is said on standard error."""
    if find_spec(name) is None:
        sys.stderr.write(f"bench-raters: {name} is not installed (requirements/bench.in); its row is left out\n")
        return True
    return False


def alphas() -> list[Row]:
    """10,000 contracts x 10 evaluators, whole marks of 0-100; from the same table, the long form included."""
    random = np.random.default_rng(1)
    table = np.clip(np.round(random.normal(75, 9, (UNITS, 1)) + random.normal(0, 6, (UNITS, RATERS))), 0, 100)
    rows = []
    for metric in ("interval", "ordinal"):

        def ours(metric: Any = metric) -> float:
            return alpha(np.repeat(np.arange(UNITS), RATERS), table.ravel(), metric=metric)

        mine = least(ours, ROUNDS)
        name = f"alpha, {metric}: 10,000 x 10 marks of 0-100, times as fast as krippendorff"
        if absent("krippendorff"):
            rows.append(Row(name, round(mine, 2), "ms"))
            continue
        package = import_module("krippendorff")

        def theirs(metric: str = metric, package: Any = package) -> float:
            return float(package.alpha(reliability_data=table.T, level_of_measurement=metric))

        assert abs(ours() - theirs()) < 1e-9, "both give the same alpha"
        other = least(theirs, 2)
        rows.append(speed(name, ours=mine, theirs=other, limit=20.0))
    return rows


def speed(name: str, *, ours: float, theirs: float, limit: float) -> Row:
    """How many runs in the time of one of theirs; both figures per second."""
    row = at_least(name, 1000.0 / ours, "/s", reference=1000.0 / theirs, limit=limit)
    return Row(row.name, row.value, row.unit, round(1000.0 / theirs, 4), row.ratio, row.goal, row.met)


def marks() -> tuple[Index, Index, Array, str]:
    """Lecturers, students and marks, and where they are from."""
    if not GOLDEN.is_file():
        random = np.random.default_rng(2)
        unit, rater = random.integers(60, size=17_079), random.integers(2_063, size=17_079)
        mark = random.normal(0, 0.6, 60)[unit] + random.normal(0, 0.34, 2_063)[rater] + random.normal(0, 1.17, 17_079)
        return unit, np.unique(rater, return_inverse=True)[1], mark, "simulated marks of the same shape"
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    rater, unit = (np.unique([row[place] for row in rows], return_inverse=True)[1] for place in (0, 1))
    return unit, rater, np.array([float(row[2]) for row in rows]), "golden InstEval marks"


def crossed() -> list[Row]:
    """All marks with predictions and their deviations, against the variances alone of 2,000 of them."""
    unit, rater, mark, source = marks()
    mine = least(lambda: fit_crossed(unit, rater, mark), ROUNDS)
    name = f"crossed REML: 17,079 {source}, times as fast as statsmodels on 2,000"
    if absent("statsmodels"):
        return [Row(name, round(mine, 2), "ms")]
    pandas, models = import_module("pandas"), import_module("statsmodels.formula.api")
    chosen = np.random.default_rng(3).choice(len(mark), STATSMODELS_ROWS, replace=False)
    frame = pandas.DataFrame({"y": mark[chosen], "d": unit[chosen], "s": rater[chosen], "one": 1})

    def theirs() -> object:
        effects = {"d": "0 + C(d)", "s": "0 + C(s)"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return models.mixedlm("y ~ 1", frame, groups="one", vc_formula=effects).fit(reml=True)

    return [speed(name, ours=mine, theirs=least(theirs, 1), limit=30.0)]


def main() -> None:
    """Measure and write the rows."""
    report("raters", [*alphas(), *crossed()], setting="evaluators' marks, one BLAS thread, least of several runs")


if __name__ == "__main__":
    main()
