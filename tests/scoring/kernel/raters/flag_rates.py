"""How often flags are raised in simulated pools: falsely in honest ones, rightly where a pattern is planted.

    python -m tests.scoring.kernel.raters.flag_rates            50 pools each; the table of docs/evaluation-quality.md

A pool: 24 evaluators with a severity of 2 points (SD), 240 cases with two marks on each of three criteria. A pattern is
planted in one evaluator.
"""

import sys
from collections import Counter
from collections.abc import Callable

from tests.scoring.kernel.raters.test_raters_flags import (
    Planted,
    all_flags,
    blind,
    copied,
    middling,
    one_impression,
    partial,
    scattered,
    severe,
    simulated,
    wandering,
)

from scoring.kernel.raters.flags import Kind

PLANTED: dict[Kind, Callable[[Planted], None]] = {
    "severity": severe,
    "inconsistency": scattered,
    "central_tendency": middling,
    "halo": one_impression,
    "no_discrimination": blind,
    "favouritism": partial,
    "copying": copied,
    "drift": wandering,
}


def main(pools: int) -> None:
    honest = Counter(flag.kind for seed in range(pools) for flag in all_flags(*simulated(seed)))
    sys.stdout.write(f"{'flag':20} in honest pools, per pool   planted pattern found\n")
    for kind, plant in PLANTED.items():
        found = sum(
            any(flag.kind == kind and flag.rater == 0 for flag in all_flags(*simulated(1000 + seed, plant)))
            for seed in range(pools)
        )
        sys.stdout.write(f"{kind:20} {honest[kind] / pools:26.2f}   {found / pools:21.0%}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
