"""Pure functions over numbers: normalisation, aggregation and quantisation. numpy only, no I/O, no framework."""

from scoring.kernel.aggregate import ABSENT, EVIDENCE, HOLD, REWEIGHT, ZERO, Aggregate, Tree, aggregate
from scoring.kernel.normalise import (
    SHARE,
    TIER,
    attainment,
    band,
    baseline,
    goalposts,
    lateness,
    over_attained,
    piecewise,
    shrunken,
)
from scoring.kernel.quantise import MICRO, apportion, grade_index, quantise

__all__ = [
    "ABSENT",
    "EVIDENCE",
    "HOLD",
    "MICRO",
    "REWEIGHT",
    "SHARE",
    "TIER",
    "ZERO",
    "Aggregate",
    "Tree",
    "aggregate",
    "apportion",
    "attainment",
    "band",
    "baseline",
    "goalposts",
    "grade_index",
    "lateness",
    "over_attained",
    "piecewise",
    "quantise",
    "shrunken",
]
