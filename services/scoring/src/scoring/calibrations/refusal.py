"""Why a round was not calibrated, in a sentence that names what stands in the way."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from scoring.calibrations.computation import Found
from scoring.kernel.raters.components import ANCHORS, CONTRAST_SE

__all__ = ["refusal_text"]

_AFTER: Final = " The raw marks stand, with severity in their error, and every contract needs a second evaluator."


def refusal_text(found: Found) -> str:
    """The sentence for the reason of a refusal."""
    return _TEXTS[found.reason or "too_few"](found) + _AFTER


def _disconnected(found: Found) -> str:
    parts = "; ".join(
        f"{len(part['contracts'])} contracts with evaluators {', '.join(part['evaluators'][:5])}"
        for part in found.parts[:6]
    )
    return (
        f"The marks fall into {len(found.parts)} parts that no evaluator links ({parts}): severity cannot be told from "
        "the cases across them."
    )


def _not_comparable(found: Found) -> str:
    worst: Mapping[str, Any] = max(
        (each for told in found.criteria.values() for each in told["contrasts"]), key=lambda each: float(each["se"])
    )
    one, other = worst["between"]
    return (
        f"Who rates what was not left to chance, and the difference between {worst['factor']} {one} and {other} has a "
        f"standard error of {float(worst['se']):.1f} points (at most {CONTRAST_SE:g}): let more cases be rated across."
    )


_TEXTS: Final[Mapping[str, Callable[[Found], str]]] = {
    "disconnected": _disconnected,
    "not_comparable": _not_comparable,
    "too_few": lambda _: "There are too few marks to tell severity from the cases and from chance.",
    "too_few_anchors": lambda _: (
        f"Who rates what was not left to chance, and fewer than {ANCHORS} cases were rated across regions or "
        "categories, or by everybody."
    ),
    "not_identified": lambda _: (
        "Who rates what was not left to chance, and some region or category was rated by its own evaluators only."
    ),
}
