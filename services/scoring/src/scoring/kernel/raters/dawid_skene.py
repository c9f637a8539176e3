"""Dawid and Skene's model for categorical verdicts (pass / fail of a finding): who errs, and what is probably true.

Source: Dawid & Skene 1979, Applied Statistics 28:20. Expectation-maximisation from the majority vote.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Verdicts", "dawid_skene"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Probabilities: of each category per unit and overall, and of each verdict given the truth per rater."""

    posterior: Array
    """units x categories."""
    prevalence: Array
    confusion: Array
    """raters x true category x verdict."""
    log_likelihood: float
    converged: bool


def dawid_skene(
    unit: Index, rater: Index, verdict: Index, *, categories: int, tolerance: float = 1e-10, iterations: int = 2000
) -> Verdicts:
    """The model's maximum likelihood, by rounds that end when the log-likelihood gains less than `tolerance` of it."""
    units, raters = int(unit.max()) + 1, int(rater.max()) + 1
    votes = np.zeros((units, categories))
    np.add.at(votes, (unit, verdict), 1.0)
    posterior = votes / votes.sum(axis=1, keepdims=True)
    last, converged = float("-inf"), False
    prevalence, confusion = posterior.mean(axis=0), np.empty((raters, categories, categories))
    for _ in range(iterations):
        prevalence = posterior.mean(axis=0)
        counts = np.zeros((raters, categories, categories))
        for truth in range(categories):
            np.add.at(counts[:, truth, :], (rater, verdict), posterior[unit, truth])
        total = counts.sum(axis=2, keepdims=True)
        # A category that a rater never met says nothing about the rater.
        confusion = np.divide(counts, total, out=np.full_like(counts, 1.0 / categories), where=total > 1e-300)
        with np.errstate(divide="ignore"):
            log = np.log(confusion)[rater, :, verdict]
            logs = np.tile(np.log(prevalence), (units, 1))
        np.add.at(logs, unit, log)
        peak = logs.max(axis=1, keepdims=True)
        scaled = np.exp(logs - peak)
        total_unit = scaled.sum(axis=1, keepdims=True)
        posterior = scaled / total_unit
        likelihood = float((np.log(total_unit) + peak).sum())
        if likelihood - last <= tolerance * abs(likelihood):
            last, converged = likelihood, True
            break
        last = likelihood
    return Verdicts(posterior, prevalence, confusion, last, converged)
