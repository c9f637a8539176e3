"""Base weights and what unequal weights cost."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Kish", "kish", "stratum_weights"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kish:
    """Loss of precision by unequal weights: `deff` = n sum(w^2) / (sum w)^2 and `n_eff` = n / deff."""

    n: int
    total: float
    deff: float
    n_eff: float
    smallest: float
    largest: float


def kish(weights: Floats) -> Kish:
    """Kish's design effect of weighting. Source: Kish, Journal of Official Statistics 8 (1992) 183-200.

    Raises:
        ValueError: there are no weights, or they sum to zero.
    """
    total = float(weights.sum())
    if not weights.size or total == 0.0:
        raise ValueError("there are no weights")
    deff = weights.size * float(weights @ weights) / total**2
    return Kish(
        n=weights.size,
        total=total,
        deff=deff,
        n_eff=weights.size / deff,
        smallest=float(weights.min()),
        largest=float(weights.max()),
    )


def stratum_weights(strata: Codes, population: Floats) -> Floats:
    """Base weights d_i = N_h / n_h of a stratified sample, n_h being the answers of the stratum.

    Non-response inside a stratum is taken as random. Source: Cochran (1977), section 5.3. A stratum without answers
    gets no weight: the caller has to report it.
    """
    answers = np.bincount(strata, minlength=population.size)
    return np.asarray((population / np.maximum(answers, 1))[strata], dtype=np.float64)
