"""Simulated waves: how often intervals cover the truth, and what the gate says when they do not.

All people and answers here are simulated. `python -m tests.surveys.kernel.simulation_survey` prints the tables of
docs/survey-quality.md.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from surveys.kernel.estimates import ItemEstimate, Plan, item_estimates
from surveys.kernel.gate import SCORE_V1
from surveys.kernel.intervals import t_interval
from surveys.kernel.weighting import weigh
from surveys.kernel.weights import Margin

__all__ = ["Outcome", "People", "people", "raked_waves", "silent_waves"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

PARTS = {"district": 4, "age": 3, "sex": 2}


@dataclass(frozen=True, slots=True)
class People:
    """A simulated population: the margins' codes and everybody's answer 1-5, which depends on them."""

    codes: dict[str, Codes]
    answers: Floats

    @property
    def satisfied(self) -> npt.NDArray[np.bool_]:
        return self.answers >= 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """Shares of the repetitions in which each interval covered the truth, and the statuses that the gate gave."""

    repetitions: int
    sampling: float
    honest: float
    bounds: float
    index: float
    width: float
    statuses: dict[str, float]


def people(size: int, chance: np.random.Generator, *, level: float = 0.4) -> People:
    """A population in which district and age change the satisfaction."""
    codes = {name: chance.integers(0, count, size) for name, count in PARTS.items()}
    mood = level + 0.35 * (codes["district"] - 1.5) + 0.4 * (codes["age"] - 1) + 0.1 * codes["sex"]
    latent = mood + chance.logistic(size=size)
    answers = 1.0 + np.searchsorted(np.array([-2.0, -1.0, 0.0, 1.5]), latent).astype(np.float64)
    return People(codes, answers)


def estimated(group: People, responded: Codes, plan: Plan) -> tuple[ItemEstimate, ItemEstimate]:
    """Rake the respondents to the population's margins and estimate."""
    size = group.answers.size
    margins = [
        Margin(name, codes[responded], np.bincount(codes, minlength=PARTS[name]).astype(np.float64))
        for name, codes in group.codes.items()
    ]
    weighted = weigh(np.full(responded.size, size / responded.size), margins)
    top2, index = item_estimates(group.answers[responded], weighted.design.strata, plan, weighted=weighted)
    return top2, index


def raked_waves(n: int, *, repetitions: int, seed: int, size: int = 40_000, level: float = 0.4) -> Outcome:
    """Samples in which those of some districts and ages answer less often: missing at random given the margins."""
    chance = np.random.default_rng(seed)
    group = people(size, chance, level=level)
    rates = expit(-0.3 + 0.3 * (group.codes["district"] - 1.5) + 0.3 * (group.codes["age"] - 1))
    invited = round(n / float(rates.mean()))
    plan = Plan(design="probability", population=size, invited=invited)
    found = []
    for _ in range(repetitions):
        asked = chance.choice(size, invited, replace=False)
        found.append(estimated(group, asked[chance.random(invited) < rates[asked]], plan))
    return summed_up(group, found)


def silent_waves(
    size: int, response_rate: float, difference: float, *, repetitions: int, seed: int, level: float = 0.4
) -> Outcome:
    """Censuses in which the satisfied answer more often, so that the silent are `difference` less satisfied (0-1).

    Nothing in the frame shows it: the propensity depends on the answer alone.
    """
    chance = np.random.default_rng(seed)
    group = people(size, chance, level=level)
    share = float(group.satisfied.mean())
    among = share + (1.0 - response_rate) * difference
    rates = np.where(group.satisfied, response_rate * among / share, response_rate * (1.0 - among) / (1.0 - share))
    plan = Plan(design="census", population=size)
    found = [estimated(group, np.flatnonzero(chance.random(size) < rates), plan) for _ in range(repetitions)]
    return summed_up(group, found)


def summed_up(group: People, found: list[tuple[ItemEstimate, ItemEstimate]]) -> Outcome:
    truth = float(group.satisfied.mean())
    mean = float((group.answers.mean() - 1.0) / 4.0 * 100.0)
    sampling, honest, bounds, index, widths = [], [], [], [], []
    statuses: Counter[str] = Counter()
    for top2, hundred in found:
        statuses[top2.status] += 1
        assert top2.estimate is not None
        assert top2.bounds is not None
        bounds.append(top2.bounds.low <= truth <= top2.bounds.high)
        if top2.se is None or top2.df is None or top2.interval is None or top2.nonresponse_se is None:
            continue
        wide = t_interval(top2.estimate, float(np.hypot(top2.se, top2.nonresponse_se)), df=top2.df)
        sampling.append(top2.interval.low <= truth <= top2.interval.high)
        honest.append(wide.low <= truth <= wide.high)
        widths.append(top2.interval.width)
        assert hundred.interval is not None
        index.append(hundred.interval.low <= mean <= hundred.interval.high)
    return Outcome(
        repetitions=len(found),
        sampling=float(np.mean(sampling)),
        honest=float(np.mean(honest)),
        bounds=float(np.mean(bounds)),
        index=float(np.mean(index)),
        width=float(np.mean(widths)),
        statuses={status: count / len(found) for status, count in sorted(statuses.items())},
    )


def main() -> None:
    """Print the tables."""
    print("| answers | satisfied | top2 covered | index100 covered |\n|---|---|---|---|")  # noqa: T201
    for n in (100, 200, 400, 1000):
        for level in (0.4, 2.0):
            share = float(people(40_000, np.random.default_rng(n), level=level).satisfied.mean())
            found = raked_waves(n, repetitions=2000, seed=n, level=level)
            print(f"| {n} | {share:.2f} | {found.sampling:.1%} | {found.index:.1%} |")  # noqa: T201
    print("\n| people | response | silent differ by | covered | with component | bounds | width | statuses |")  # noqa: T201
    print("|---|---|---|---|---|---|---|---|")  # noqa: T201
    for size in (150, 250, 1000):
        for response_rate in (0.2, 0.45, 0.8):
            for difference in (0.0, SCORE_V1.silent_difference, 2.0 * SCORE_V1.silent_difference):
                found = silent_waves(size, response_rate, difference, repetitions=500, seed=size)
                statuses = ", ".join(f"{name} {share:.0%}" for name, share in found.statuses.items())
                print(  # noqa: T201
                    f"| {size} | {response_rate:.2f} | {difference:.2f} | {found.sampling:.1%} | {found.honest:.1%} | "
                    f"{found.bounds:.0%} | {found.width:.3f} | {statuses} |"
                )


if __name__ == "__main__":
    main()
