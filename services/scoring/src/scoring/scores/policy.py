"""What the choice of weights and of the method adds to the spread of a score, beside the evidence's own error."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.frameworks.document import Framework
from scoring.kernel.montecarlo import gradient, propagate
from scoring.scores.layout import Layout

__all__ = ["concentration", "method_variance", "weight_variance"]


def concentration(allocations: Sequence[Mapping[str, float]]) -> float | None:
    """Kappa of Dirichlet(kappa w) by moments from a panel's budget allocations; None where they do not differ.

    Source: kappa = mean over the criteria of [w (1 - w) / var] - 1.
    """
    if len(allocations) < 2:
        return None
    table = np.array([[each[code] for code in sorted(allocations[0])] for each in allocations], dtype=np.float64)
    table = table / table.sum(axis=1, keepdims=True)
    mean, variance = table.mean(axis=0), table.var(axis=0, ddof=1)
    told = variance > 0.0
    if not told.any():
        return None
    kappa = float(np.mean(mean[told] * (1.0 - mean[told]) / variance[told]) - 1.0)
    return kappa if kappa > 0.0 else None


def weight_variance(
    layout: Layout, *, stage: str, nodes: NDArray[np.float64], state: Sequence[int], weight: Sequence[float]
) -> float | None:
    """Variance of the score if the weights were Dirichlet around their panel's mean; None: no panel's spread is stated.

    For arithmetic means: sum over the nodes with a panel of g^2 [sum(w v^2) - (sum(w v))^2] / (kappa + 1), g the points
    of the score per point of the node. Source: variance of a Dirichlet-weighted mean.
    """
    panels = _panels_of(layout.framework, stage)
    if not panels or not layout.tree.linear:
        return None
    slopes, variance = gradient(layout.tree, state, weight), 0.0
    for path, kappa in panels:
        node = layout.numbers[path]
        children = layout.tree.parents[node - layout.tree.leaves]
        total = sum(weight[child] * (slopes[child] > 0.0) for child in children)
        if total <= 0.0 or slopes[node] <= 0.0:
            continue
        shares = [(weight[child] / total, float(nodes[child])) for child in children if slopes[child] > 0.0]
        mean = sum(share * value for share, value in shares)
        spread = sum(share * value * value for share, value in shares) - mean * mean
        variance += slopes[node] ** 2 * max(spread, 0.0) / (kappa + 1.0)
    return variance


@lru_cache(maxsize=256)
def _panels_of(framework: Framework, stage: str) -> list[tuple[str, float]]:
    return list(_panels(framework.document, (), stage))


def _panels(node: Mapping[str, Any], path: tuple[str, ...], stage: str) -> Iterator[tuple[str, float]]:
    """Nodes whose weights a panel allocated, with the concentration of its judgements."""
    for judged in node.get("weighting", ()):
        if judged["method"] != "budget" or stage not in judged["stages"]:
            continue
        if (kappa := concentration(judged["allocations"])) is not None:
            yield ".".join(path), kappa
            break
    for child in node.get("nodes", node.get("children", ())):
        yield from _panels(child, (*path, child["code"]), stage)


def method_variance(tree: kernel.Tree, leaves: Sequence[float], state: Sequence[int], weight: Sequence[float]) -> float:
    """Variance between the stated means, arithmetic and geometric ones throughout, each as likely.

    Over the leaves with evidence: a missing one would make every geometric mean its own. Source: method choice as a
    factor of the uncertainty analysis, OECD/JRC handbook, step 7.
    """
    known = [each if each == kernel.EVIDENCE else kernel.REWEIGHT for each in state]
    kinds = {tree.exponents, (1.0,) * len(tree.parents), (0.0,) * len(tree.parents)}
    scores = []
    for exponents in sorted(kinds):
        root = propagate(tree, leaves, known, weight, exponents=exponents)[-1]
        if root is None:
            return 0.0
        scores.append(float(root))
    middle = sum(scores) / len(scores)
    return sum((score - middle) ** 2 for score in scores) / len(scores)
