"""What should be measured next: the evidence whose absence or error weighs most in a score."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from pydantic_core import from_json

from scoring.scores.evaluation import Outcome

__all__ = ["advise"]

_LEAST: Final = 0.05
"""Share of the variance below which an item is not worth an advice."""


def advise(
    outcome: Outcome, sources: Sequence[Mapping[str, str]], counts: Mapping[str, int | None]
) -> list[dict[str, str]]:
    """Advices, the most useful first: missing evidence by the points at stake, then errors by what would go.

    `reduces` is the share of the evidence's variance that would go: more answers (twice as many) take half of theirs,
    one more evaluator beside k takes 1 / (k + 1), a value stated inside a tier takes all of it.
    """
    leaves = from_json(outcome.content)["result"]["leaves"] if outcome.result["held"] else []
    missing = sorted(
        ((Decimal(leaf["lost"]), leaf["node"]) for leaf in leaves if leaf["state"] == "hold"),
        key=lambda each: (-each[0], each[1]),
    )
    advices = [{"action": "supply-evidence", "nodes": node, "points": f"{points:.6f}"} for points, node in missing]
    errors: list[tuple[float, dict[str, str]]] = []
    for source in sources:
        share, known = float(source["share"]), counts.get(source["id"])
        if share < _LEAST:
            continue
        match source["kind"]:
            case "sampling":
                action, gone = "more-answers", share / 2.0
            case "rater":
                action, gone = "another-evaluator", share / ((known or 1) + 1.0)
            case _:
                action, gone = "state-the-value", share
        found = {"action": action, "nodes": source["nodes"], "evidence": source["id"], "reduces": f"{gone:.6f}"}
        errors.append((gone, found))
    return advices + [found for _, found in sorted(errors, key=lambda each: (-each[0], each[1]["evidence"]))]
