"""What a rule of a framework gets from the evidence: a value with its sources and its error."""

from typing import NamedTuple

__all__ = ["Agreed", "Measured", "Ref", "Spread"]

Ref = tuple[str, str]
"""Id and SHA-256 of one item of evidence."""


class Spread(NamedTuple):
    """How far a measured value may be off: the distribution of one item of evidence, in the value's unit."""

    kind: str
    """sampling (a survey, a statistic), rater (evaluators' marks) or method (a fallback of the method itself)."""
    dist: str
    """normal, t (with `df`), beta or uniform."""
    se: float
    df: float | None = None
    n: int | None = None
    """Answers, or marks, that it rests on."""
    centre: float | None = None
    """Middle of the distribution where it is not the value itself: bounds lie unevenly around an estimate."""


class Measured(NamedTuple):
    """A measured value with the evidence that it rests on; a tier's value is its code, `pick` the value inside it.

    Without a `spread` the value is exact: a count that a ledger, a register or the contract itself shows.
    """

    value: float | str
    refs: tuple[Ref, ...]
    spread: Spread | None = None
    pick: float | None = None
    fallback: bool = False
    """Whether the middle of a tier stands in for a value that the evaluator did not state."""


class Agreed(NamedTuple):
    """An indicator that the contract agreed, with its latest observation in force.

    `node` is its code, with its id where two indicators of a level share a code.
    """

    indicator_id: str
    node: str
    name: str
    higher: bool
    target: float
    zero_at: float
    """NaN when none was agreed."""
    baseline: float
    """NaN for a first contract."""
    weight: float
    accountable: str
    missing: str
    observed: Measured | None
