"""Estimates of small areas and many providers that borrow strength. Modelled: for maps and rankings, never for money.

A payment-relevant score uses direct estimates only; every result here says `modelled`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from surveys.kernel.margins import NotConverged

__all__ = ["FayHerriot", "Shrunk", "empirical_bayes", "fay_herriot", "unit_reliability"]

Floats = npt.NDArray[np.float64]

STEPS = 200
CLOSE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """Means drawn towards the overall mean.

    `reliability` is lambda_j, the weight of an area's own mean; `between` and `within` are the variances between areas
    and between the answers of one area, in squared units of the answers.
    """

    estimates: Floats
    reliability: Floats
    overall: float
    between: float
    within: float
    label: Literal["modelled"] = "modelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class FayHerriot:
    """Area means from direct estimates and covariates.

    `model_variance` is the REML estimate of the variance between areas that the covariates leave, `mse` the estimated
    mean squared error of each area's estimate, `gamma` the weight of its direct estimate.
    """

    estimates: Floats
    mse: Floats
    gamma: Floats
    coefficients: Floats
    model_variance: float
    label: Literal["modelled"] = "modelled"


def unit_reliability(between: float, within: float, n: Floats) -> Floats:
    """lambda_j = s2_b / (s2_b + s2_w / n_j), the share of an area mean's variance that is between areas (0-1).

    Source: Spearman-Brown, as used for CAHPS providers; 0.70 and more is wanted there.
    """
    return np.asarray(between / (between + within / n), dtype=np.float64) if between > 0.0 else np.zeros_like(n)


def empirical_bayes(means: Floats, variances: Floats, n: Floats) -> Shrunk:
    """Shrink area means: shrunk_j = m + lambda_j (y_j - m).

    The variances come from the one-way analysis of variance, m is the mean weighted by the information of the areas.
    Sources: Efron & Morris, Journal of the American Statistical Association 70 (1975) 311-319; Searle, Casella &
    McCulloch, Variance Components (1992), section 3.6.

    Arguments:
        means: k means of the areas.
        variances: k variances of the answers in each area (denominator n - 1), anything where n is 1.
        n: k numbers of answers.

    Raises:
        ValueError: fewer than two areas, or no area with two answers.
    """
    count, size = means.size, float(n.sum())
    if count < 2 or size <= count:
        raise ValueError("shrinkage needs two areas and more answers than areas")
    free = n - 1.0
    within = float(np.where(free > 0.0, free * variances, 0.0).sum()) / float(free.sum())
    overall = float(n @ means) / size
    workload = (size - float(n @ n) / size) / (count - 1)
    spread = float(n @ (means - overall) ** 2) / (count - 1)
    between = max(0.0, (spread - within) / workload)
    reliability = unit_reliability(between, within, n)
    if between > 0.0:
        precision = 1.0 / (between + within / n)
        overall = float(precision @ means) / float(precision.sum())
    return Shrunk(
        estimates=overall + reliability * (means - overall),
        reliability=reliability,
        overall=overall,
        between=between,
        within=within,
    )


def fay_herriot(direct: Floats, sampling: Floats, covariates: Floats) -> FayHerriot:
    """Empirical best linear unbiased predictors of the area model, with REML and the Prasad-Rao type error.

    Sources: Fay & Herriot, Journal of the American Statistical Association 74 (1979) 269-277; REML scoring and the mean
    squared error g1 + g2 + 2 g3 as in Rao & Molina, Small Area Estimation, 2nd edition (2015), sections 6.1 and 6.2.

    Arguments:
        direct: k direct estimates of the areas.
        sampling: k sampling variances of them, taken as known, all positive.
        covariates: k x p, with a column of ones.

    Raises:
        NotConverged: the variance between areas was not found.
        ValueError: fewer areas than coefficients plus one, or a sampling variance that is not positive.
    """
    count, columns = covariates.shape
    if count <= columns or (sampling <= 0.0).any():
        raise ValueError("the area model needs more areas than coefficients, and positive sampling variances")
    model = _reml(direct, sampling, covariates)
    precision = 1.0 / (model + sampling)
    inverse = np.linalg.inv(covariates.T @ (precision[:, np.newaxis] * covariates))
    coefficients = inverse @ (covariates.T @ (precision * direct))
    fitted = covariates @ coefficients
    gamma = model * precision
    own = gamma * sampling
    regression = (1.0 - gamma) ** 2 * np.einsum("ij,jk,ik->i", covariates, inverse, covariates)
    estimated = sampling**2 * precision**3 * 2.0 / float((precision**2).sum())
    return FayHerriot(
        estimates=gamma * direct + (1.0 - gamma) * fitted,
        mse=own + regression + 2.0 * estimated,
        gamma=gamma,
        coefficients=coefficients,
        model_variance=model,
    )


def _reml(direct: Floats, sampling: Floats, covariates: Floats) -> float:
    """The variance between areas by Fisher scoring of the restricted likelihood; 0 where its slope points below 0."""
    current = float(np.median(sampling))
    for _ in range(STEPS):
        precision = 1.0 / (current + sampling)
        weighted = precision[:, np.newaxis] * covariates
        projection = np.diag(precision) - weighted @ np.linalg.inv(covariates.T @ weighted) @ weighted.T
        residual = projection @ direct
        slope = -0.5 * float(np.trace(projection)) + 0.5 * float(residual @ residual)
        step = slope / (0.5 * float((projection**2).sum()))
        moved = max(0.0, current + step)
        if abs(moved - current) <= CLOSE * (moved + float(sampling.min())):
            return moved
        current = moved
    raise NotConverged(None, None, f"the variance between areas did not settle in {STEPS} steps")
