"""Fair marks: severity removed, with the uncertainty of removing it; raw and shrunk marks beside them.

    fair_u = mean over its raters of (y_ur - severity_r)
    SE^2   = s_e^2 / k + w' V w - 2 (s_e^2 / k) w' d_u

V is the joint covariance of the severities' errors of prediction, w = 1/k for the unit's raters, d_u how the predicted
severities move with the unit's marks. The last term is what the simple sum leaves out: a mark that is too high makes
its rater look too generous, so that a part of its error is taken back.

How well an error is known is told by its degrees of freedom. The spread of the severities is known from no more than
the raters, the residual's from all marks: where both enter, the degrees are Satterthwaite's (1946, Biometrics Bulletin
2:110). With three raters an interval that counted the marks alone would cover nine cases in ten instead of 95 %.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from scoring.kernel.raters.components import Design, random_design
from scoring.kernel.raters.crossed import Crossed, Variances, fit_variances, predict_effects
from scoring.kernel.raters.joint import Joint, joint_inverse

__all__ = [
    "Calibration",
    "Prior",
    "as_raw",
    "calibrate",
    "carry_forward",
    "contrast_errors",
    "fair_mean",
    "without_each",
]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Prior:
    """What earlier rounds say of each rater's severity: mean and variance; NaN where nothing is known."""

    mean: Array
    variance: Array


@dataclass(frozen=True, slots=True)
class Calibration:
    """Values per unit in points, and severities per rater (positive: generous; the mean of the pool is 0)."""

    variances: Variances
    severity: Array
    severity_variance: Array
    """Prediction error variance (PEV)."""
    raters_per_unit: Array
    raw: Array
    raw_se: Array
    """With severity in it: what a raw mean is worth."""
    fair: Array
    """Cut to the scale; `clipped` says where."""
    fair_se: Array
    clipped: NDArray[np.bool_]
    shrunk: Array
    """The best prediction: the fair value drawn towards the mean by its unreliability."""
    shrunk_se: Array
    raw_df: Array
    """Degrees of freedom of each raw error."""
    fair_df: Array
    """Degrees of freedom of each fair error; of the residual variance where severity adds nothing to it."""
    joint: Joint


def calibrate(
    unit: Index,
    rater: Index,
    mark: Array,
    *,
    design: Design | None = None,
    prior: Prior | None = None,
    variances: Variances | None = None,
    low: float = 0.0,
    high: float = 100.0,
) -> Calibration:
    """Estimate severities and take them out. ValueError where the marks are too few for it.

    `variances` fixes the components (an appeal is decided with its round's parameters) instead of estimating them.
    """
    design = random_design(unit, rater) if design is None else design
    found = fit_variances(unit, rater, mark, fixed=design.fixed) if variances is None else variances
    mean, variance = (None, None) if prior is None else (prior.mean, prior.variance)
    fit = predict_effects(
        unit, rater, mark, variances=found, fixed=design.fixed, prior_mean=mean, prior_variance=variance
    )
    joint = joint_inverse(
        unit,
        rater,
        variances=found,
        fixed=design.fixed,
        unit_fixed=design.unit_fixed,
        rater_fixed=design.rater_fixed,
        prior_variance=variance,
    )
    severity = design.rater_fixed @ fit.fixed + fit.rater
    return _values(unit, rater, mark, fit=fit, joint=joint, design=design, severity=severity, scale=(low, high))


def _values(
    unit: Index,
    rater: Index,
    mark: Array,
    *,
    fit: Crossed,
    joint: Joint,
    design: Design,
    severity: Array,
    scale: tuple[float, float],
) -> Calibration:
    k = np.bincount(unit).astype(np.float64)
    raw = np.bincount(unit, mark) / k
    fair = np.bincount(unit, mark - severity[rater]) / k
    clipped = (fair < scale[0]) | (fair > scale[1])
    weight = _weights(unit, rater, k, len(severity))
    residual = fit.variances.residual
    carried = np.asarray(weight.multiply(weight @ joint.severity).sum(axis=1)).ravel()
    back = np.asarray(weight.multiply(joint.severity_by_unit).sum(axis=1)).ravel()
    fair_variance = np.maximum(residual / k + carried - 2.0 * residual / k * back, 0.0)
    same = np.asarray(weight.multiply(weight).sum(axis=1)).ravel()
    spread = fit.variances.rater + _between_homes(design, fit)
    raw_variance = spread * same + residual / k
    df = float(max(1, len(mark) - len(k) - len(severity) + 1))
    # Of a fair error the pool's own mean severity is what the marks cannot tell: its spread over the raters.
    pool = np.minimum(spread / len(severity), carried)
    return Calibration(
        variances=fit.variances,
        severity=severity,
        severity_variance=np.diag(joint.severity).copy(),
        raters_per_unit=k,
        raw=raw,
        raw_se=np.sqrt(raw_variance),
        fair=np.clip(fair, *scale),
        fair_se=np.sqrt(fair_variance),
        clipped=clipped,
        shrunk=np.clip(design.unit_fixed @ fit.fixed + fit.unit, *scale),
        shrunk_se=np.sqrt(np.maximum(joint.unit, 0.0)),
        raw_df=_satterthwaite(raw_variance, spread * same, raters=len(severity), df=df),
        fair_df=_satterthwaite(fair_variance, pool, raters=len(severity), df=df),
        joint=joint,
    )


def _satterthwaite(variance: Array, part: Array, *, raters: int, df: float) -> Array:
    """Degrees of freedom of a variance of which `part` comes from raters - 1 of them, the rest from `df`."""
    part = np.minimum(part, variance)
    rest = variance - part
    parts = part * part / max(1, raters - 1) + rest * rest / df
    found: Array = np.divide(variance * variance, parts, out=np.full_like(variance, df), where=parts > 0.0)
    return np.maximum(found, 1.0)


def _between_homes(design: Design, fit: Crossed) -> float:
    return float(np.var(design.rater_fixed @ fit.fixed))


def _weights(unit: Index, rater: Index, k: Array, raters: int) -> sparse.csr_array:
    return sparse.csr_array(sparse.coo_array((1.0 / k[unit], (unit, rater)), shape=(len(k), raters)))


def contrast_errors(unit: Index, rater: Index, *, level: Index, calibration: Calibration) -> Array:
    """Standard errors of the differences between the blocks' mean fair values, levels x levels, in points.

    The error is that of the severities and of the marks; that the block's cases are a sample of more is no part of it.
    """
    levels = int(level.max()) + 1
    k = calibration.raters_per_unit
    per_level = np.eye(levels)[level] / np.bincount(level, minlength=levels)
    weight = _weights(unit, rater, k, len(calibration.severity))
    mean_weight = weight.T @ per_level
    noise = calibration.variances.residual / k
    joint = calibration.joint
    back = (per_level * noise[:, None]).T @ joint.severity_by_unit @ mean_weight
    covariance = mean_weight.T @ joint.severity @ mean_weight - back - back.T
    covariance[np.diag_indices(levels)] += (per_level**2 * noise[:, None]).sum(axis=0)
    own = np.diag(covariance)
    errors: Array = np.sqrt(np.maximum(own[:, None] + own[None, :] - 2.0 * covariance, 0.0))
    return errors


def carry_forward(calibration: Calibration, *, drift: float) -> Prior:
    """The prior of the next round: severities as they are, their variance grown by the drift between rounds.

    `drift` is a standard deviation in points.
    """
    return Prior(mean=calibration.severity.copy(), variance=calibration.severity_variance + drift**2)


def fair_mean(marks: Array, severities: Array, *, low: float = 0.0, high: float = 100.0) -> tuple[float, bool]:
    """The fair value of one unit from marks and known severities, and whether it was cut to the scale."""
    value = float(np.mean(marks - severities))
    return min(max(value, low), high), not low <= value <= high


def without_each(
    unit: Index, rater: Index, mark: Array, *, severity: Array, low: float = 0.0, high: float = 100.0
) -> Array:
    """For each mark, the unit's fair value without that mark (NaN: it is the only one); the severities stay.

    Leave-one-evaluator-out with the round's parameters: would the result be another one if this evaluator had not taken
    part?
    """
    k = np.bincount(unit).astype(np.float64)
    adjusted = mark - severity[rater]
    total = np.bincount(unit, adjusted)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (total[unit] - adjusted) / (k[unit] - 1.0)
    return np.clip(np.where(k[unit] >= 2.0, left, np.nan), low, high)


def as_raw(calibration: Calibration) -> Calibration:
    """The same round where severity may not be taken out: the raw means stand, with severity in their error."""
    return replace(
        calibration,
        fair=calibration.raw.copy(),
        fair_se=calibration.raw_se.copy(),
        fair_df=calibration.raw_df.copy(),
        clipped=np.zeros(len(calibration.raw), np.bool_),
    )
