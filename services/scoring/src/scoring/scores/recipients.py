"""What a contract agreed about its recipients' satisfaction, on the scale on which a survey measures it.

A survey's index runs from 0 to 100. Contracts agree shares (0.9), per cents or points of 100 (90), marks of another
scale (4.5 of five) or shares of the dissatisfied, less of which is better. A number of one scale says nothing on
another: 81 points are no ninety-fold of 0.9.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from scoring.frameworks.document import Rule
from scoring.scores.measured import Agreed

__all__ = ["agreed_index", "measures_index", "on_index", "told_on_index"]

_NAN: Final = float("nan")
_LEAST: Final = 20.0
"""Least number that is read as points of 100; the surveys service reads agreed targets by the same limit."""
_WHOLE: Final = 100.0
"""The target where none can be read: what is attained is then the index itself."""


def measures_index(rule: Rule) -> bool:
    """Whether a rule measures by a survey's index of 0-100."""
    return bool(rule.evidence["from"] == "wave" and rule.evidence["measure"] == "index100")


def agreed_index(target: float, *, higher: bool) -> float | None:
    """The factor that brings an agreed target to the index of 0-100; None where it is of another scale."""
    if not higher or not 0.0 < target <= _WHOLE:
        return None
    if target <= 1.0:
        return 100.0
    return 1.0 if target >= _LEAST else None


def on_index(agreed: Agreed) -> Agreed:
    """The agreed indicator with target and baseline on the index; the index itself counts where they cannot be read.

    Source: 财预〔2020〕10号 (attainment of the agreed target); what stands in for a target of another scale is the rule
    for contracts that agreed none (own choice).
    """
    factor = agreed_index(agreed.target, higher=agreed.higher)
    if factor == 1.0:
        return agreed
    if factor is None:
        return agreed._replace(higher=True, target=_WHOLE, zero_at=_NAN, baseline=_NAN)
    # Through decimal figures: 0.57 is 57, not the 56.99999999999999 of the product.
    target, baseline = (float(Decimal(repr(each)) * 100) for each in (agreed.target, agreed.baseline))
    return agreed._replace(target=target, baseline=baseline)


def told_on_index(agreed: Mapping[str, Any]) -> dict[str, str | None]:
    """The same of an indicator as the contract's terms tell it; no target where none can be read."""
    factor = agreed_index(float(agreed["target"]), higher=agreed["direction"] != "lower")
    if factor == 1.0:
        return {}
    if factor is None:
        return {"target": None, "direction": "higher", "zero_at": None, "baseline": None}
    target, baseline = (
        None if each is None else f"{(Decimal(each) * 100).normalize():f}"
        for each in (agreed["target"], agreed["baseline"])
    )
    return {"target": target, "baseline": baseline}
