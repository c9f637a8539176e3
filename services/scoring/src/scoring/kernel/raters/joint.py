"""The joint inverse of the mixed model equations: how sure severities and values are, and how they hang together.

Source: Henderson 1975, Biometrics 31:423. For a best linear unbiased prediction, cov(b^ - b, a^ - a) = -cov(b^, a), so
that the part of the inverse between raters and units over the units' variance says how a prediction moves with the
marks of a unit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.kernel.raters.crossed import Solved, Variances, known, ratio

__all__ = ["Joint", "joint_inverse"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Joint:
    """Parts of the joint inverse of the mixed model equations, in squared points; nothing is taken as known.

    `severity` is a linear map of the fixed coefficients and the raters' effects. What is given is the covariance of the
    errors of prediction.
    """

    severity: Array
    """raters x raters."""
    severity_by_unit: Array
    """units x raters: how much a predicted severity moves when each mark of a unit rises by one point in all."""
    unit: Array
    """Variance of the unit's own fixed part and effect together."""


def joint_inverse(
    unit: Index,
    rater: Index,
    *,
    variances: Variances,
    fixed: Array,
    unit_fixed: Array,
    rater_fixed: Array,
    prior_variance: Array | None = None,
) -> Joint:
    """Covariances of the errors of predicted severities and unit values.

    `unit_fixed` (units x p) and `rater_fixed` (raters x p) say which part of the fixed coefficients belongs to a unit's
    value and to a rater's severity. The units are eliminated, whichever factor is larger.
    """
    units, raters = len(unit_fixed), len(rater_fixed)
    _, variance = known(variances, raters, None, prior_variance)
    rater_ratio = np.array([ratio(float(each), variances) for each in variance])
    unit_ratio = np.full(units, ratio(variances.unit, variances))
    solved = Solved(unit, rater, np.column_stack([fixed, np.zeros(len(fixed))]), unit_ratio, rater_ratio)
    p, xx = solved.p, solved.xx_inverse
    inverse, k_b = solved.inverse_b(), solved.k_b[:, :p]
    tb, ta, d = solved.tb, solved.ta, solved.d
    # Raters: errors of b = tb u_b and of the coefficients, joined by G = [rater_fixed, I].
    b_b = tb[:, None] * (inverse + k_b @ xx @ k_b.T) * tb[None, :]
    b_x = -tb[:, None] * (k_b @ xx)
    cross = b_x @ rater_fixed.T
    severity = b_b + cross + cross.T + rater_fixed @ xx @ rater_fixed.T
    # Units: how predictions move with the sum of a unit's marks, Z_a' of the derivative.
    n_b = solved.incidence @ (tb[:, None] * inverse)
    kappa = (solved.w_a[:, :p] - solved.incidence @ (tb[:, None] * k_b)) / d[:, None]
    moves_b = n_b * tb[None, :] / d[:, None] - kappa @ xx @ (tb[:, None] * k_b).T
    moves = moves_b + kappa @ xx @ rater_fixed.T
    k_a = ta[:, None] * kappa
    inside = np.asarray(solved.incidence.multiply(n_b * tb[None, :]).sum(axis=1)).ravel()
    a_a = ta**2 * (1.0 / d + ta**2 * inside / d**2 + np.einsum("ip,pq,iq->i", k_a, xx, k_a))
    a_x = -ta[:, None] * (k_a @ xx)
    own = a_a + 2.0 * (a_x * unit_fixed).sum(axis=1) + np.einsum("ip,pq,iq->i", unit_fixed, xx, unit_fixed)
    return Joint(severity=variances.residual * severity, severity_by_unit=moves, unit=variances.residual * own)
