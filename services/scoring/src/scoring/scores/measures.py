"""Which fact each evidence source of a framework names, and how a normaliser reads it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.frameworks.document import Rule
from scoring.scores.facts import Facts, Measured

__all__ = ["MISSING", "attain", "measure", "normalise"]

MISSING: Final = {"hold": kernel.HOLD, "zero": kernel.ZERO, "reweight": kernel.REWEIGHT}
"""What missing evidence means, as the kernel's state; a value that this release does not know holds."""

_MEASURES: Final[Mapping[str, Callable[[Facts, Rule], Measured | None]]] = {
    "execution-rate": lambda facts, _: facts.execution,
    "accepted-share": lambda facts, _: facts.accepted,
    "recipients-heard": lambda facts, _: facts.recipients_heard(),
    "needs-basis": lambda facts, _: facts.needs_basis(),
    "tenderers": lambda facts, _: facts.tenderers(),
    "days-late": lambda facts, rule: facts.days_late(float(rule.normaliser["maximum_days"])),
}


def measure(facts: Facts, rule: Rule) -> Measured | None:
    """The value that a rule asks for, None when there is no evidence; a tier comes as its code."""
    source = rule.evidence["from"]
    if source == "none":
        return None
    if source == "wave":
        return facts.wave(rule.evidence)
    found = _MEASURES[rule.evidence["measure"]](facts, rule)
    if found is not None and rule.normaliser["kind"] == "tier" and found.value not in rule.normaliser["values"]:
        return None  # an open enumeration may name a tier that this framework does not know: no evidence
    return found


def normalise(values: NDArray[np.float64], rule: Rule) -> NDArray[np.float64]:
    """Score 0-100 of the values of an indicator with constant parameters; a tier's value is its score already."""
    parameters: Mapping[str, Any] = rule.normaliser
    match parameters["kind"]:
        case "share":
            return kernel.share(values)
        case "goalposts":
            return kernel.goalposts(values, lower=float(parameters["lower"]), upper=float(parameters["upper"]))
        case "lateness":
            return kernel.lateness(values, maximum_days=float(parameters["maximum_days"]))
        case _:
            return values


def attain(
    values: NDArray[np.float64],
    rule: Rule,
    *,
    target: NDArray[np.float64],
    zero_at: NDArray[np.float64],
    baseline: NDArray[np.float64],
    higher: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores of agreed indicators and whether each is over-attained.

    Where no `zero_at` was agreed (NaN) the score of "less is better" reaches 0 at `zero_at_factor` times the target.
    """
    parameters = rule.normaliser
    stop = np.where(np.isnan(zero_at), target * float(parameters["zero_at_factor"]), zero_at)
    score = kernel.attainment(values, target, zero_at=stop, higher=higher)
    if parameters["kind"] == "baseline":
        score = kernel.baseline(values, baseline, scale=np.abs(target - baseline), higher=higher, level=score)
    return score, kernel.over_attained(values, target, higher=higher, ratio=float(parameters["over_attained_ratio"]))
