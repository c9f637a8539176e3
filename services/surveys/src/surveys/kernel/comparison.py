"""Providers compared as they stand, and as if all had the same mix of recipients and of ways to answer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surveys.kernel.intervals import Interval, t_interval
from surveys.kernel.variance import Design, degrees, mean, scores_covariance

__all__ = ["NotSeparable", "ProviderEstimate", "compare_providers"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class NotSeparable(ValueError):  # noqa: N818 - named after what is wrong, as the problems of the interface are
    """The mix differs so completely between providers that its effect cannot be told from theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEstimate:
    """One provider's mean, unadjusted and adjusted, in the units of the scores."""

    provider: int
    n: int
    unadjusted: float
    unadjusted_se: float
    unadjusted_interval: Interval
    adjusted: float
    adjusted_se: float
    adjusted_interval: Interval


def compare_providers(
    scores: Floats, providers: Codes, mix: Floats, design: Design, *, level: float = 0.95
) -> tuple[ProviderEstimate, ...]:
    """Means of providers and means adjusted for mode and mix of recipients, side by side.

    The adjusted mean is what a provider would get with the mix of all respondents: m_j - (x_j - x)'b, with b from the
    weighted regression of the scores on the mix inside providers. Its error is linearised like every other and includes
    that of b; the overall mix x is taken as given. Source: the patient-mix adjustment of CAHPS, O'Malley et al., Health
    Services Research 40 (2005) 2162-2181; Binder, International Statistical Review 51 (1983) 279-292, for the variance.

    Arguments:
        scores: n scores, NaN = missing (outside the domain).
        providers: n codes.
        mix: n x p dummies of mode and recipients without a column of ones; no NaN.
        design: with final weights.
        level: of the intervals.

    Raises:
        NotSeparable: mix and providers cannot be told apart, such as one way to answer for each provider.
        ValueError: nobody answered, or there is not a single degree of freedom.
        LonelyClusterError: a stratum has one sampling unit only.
    """
    inside = ~np.isnan(scores)
    codes = np.unique(providers[inside])
    if not codes.size:
        raise ValueError("there are no answers")
    dummies = (providers[:, np.newaxis] == codes).astype(np.float64)
    columns = np.column_stack([dummies, mix])
    weights = np.where(inside, design.weights, 0.0)
    if np.linalg.matrix_rank(columns[inside]) < columns.shape[1]:
        raise NotSeparable("mode or mix of recipients cannot be told from the providers; compare within one mode")
    values = np.where(inside, scores, 0.0)
    inverse = np.linalg.inv(columns.T @ (weights[:, np.newaxis] * columns))
    solution = inverse @ (columns.T @ (weights * values))
    average = weights @ mix / float(weights.sum())
    readings = np.column_stack([np.eye(codes.size), np.tile(average, (codes.size, 1))])
    residual = np.where(inside, values - columns @ solution, 0.0)
    influence = residual[:, np.newaxis] * (columns @ inverse @ readings.T)
    variance = np.diag(scores_covariance(influence, design))
    adjusted = readings @ solution
    df = degrees(design, inside=inside)
    found = []
    for place, code in enumerate(codes):
        own = mean(scores, design, domain=providers == code)
        se = float(np.sqrt(variance[place]))
        found.append(
            ProviderEstimate(
                provider=int(code),
                n=own.n,
                unadjusted=own.estimate,
                unadjusted_se=own.se,
                unadjusted_interval=t_interval(own.estimate, own.se, df=max(own.df, 1), level=level),
                adjusted=float(adjusted[place]),
                adjusted_se=se,
                adjusted_interval=t_interval(float(adjusted[place]), se, df=df, level=level),
            )
        )
    return tuple(found)
