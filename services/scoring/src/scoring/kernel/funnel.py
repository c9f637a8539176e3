"""Funnel limits: how far a unit of its size may lie from the target by chance alone."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, gammaincinv, ndtri

__all__ = [
    "ALARM",
    "ALERT",
    "MINIMUM_PEERS",
    "Funnel",
    "Overdispersion",
    "PeerGroupTooSmall",
    "binomial_limits",
    "mean_funnel",
    "normal_limits",
    "overdispersion",
    "poisson_ratio_limits",
    "proportion_funnel",
]

Floats = NDArray[np.float64]
Limits = tuple[Floats, Floats]

ALERT: Final = 0.95
ALARM: Final = 0.998
"""Outside the 95 % limits: alert (look at it); outside the 99.8 % limits: alarm. Source: Spiegelhalter 2005."""

MINIMUM_PEERS: Final = 10
_WINSORISED: Final = 0.1


class PeerGroupTooSmall(ValueError):  # noqa: N818 - named after what is wrong
    """Fewer than ten peers: the spread that is usual among them is not known, so there are no limits."""


@dataclass(frozen=True, slots=True)
class Overdispersion:
    """How much more the peers differ than chance allows."""

    phi: float
    """Mean squared winsorised z; 1 when chance explains the spread."""
    between: float
    """tau^2, on the scale on which the z were made; 0 when phi is not above what chance gives."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """Every unit with its own limits, in the units of the result."""

    target: float
    overdispersion: Overdispersion
    z: Floats
    """Distance from the target in standard errors, the spread among peers included."""
    alert_low: Floats
    alert_high: Floats
    alarm_low: Floats
    alarm_high: Floats

    def verdicts(self) -> list[str]:
        """What each unit is: inside, alert or alarm."""
        size = np.abs(self.z)
        names = np.where(size > _z(ALARM), "alarm", np.where(size > _z(ALERT), "alert", "inside"))
        return [str(name) for name in names]


def _z(level: float) -> float:
    return float(ndtri(0.5 + level / 2))


def normal_limits(target: float, n: Floats, *, level: float) -> Limits:
    """Normal limits of a proportion, target +- z sqrt(target (1 - target) / n); not cut at 0 and 1.

    Source: Spiegelhalter, Statistics in Medicine 24 (2005) 1185-1202, A.1.1.
    """
    half = _z(level) * np.sqrt(target * (1.0 - target) / n)
    return target - half, target + half


def binomial_limits(target: float, n: Floats, *, level: float) -> Limits:
    """Exact binomial limits of a proportion, interpolated between whole numbers of successes.

    Source: Spiegelhalter 2005, A.1.1: with r the a-quantile and F the distribution function, the limit is
    (r - (F(r) - a) / (F(r) - F(r - 1))) / n.
    """
    tail = (1.0 - level) / 2
    low = np.array([_interpolated(target, float(each), tail) for each in n])
    high = np.array([_interpolated(target, float(each), 1.0 - tail) for each in n])
    return low, high


def _interpolated(target: float, n: float, share: float) -> float:
    low, high = -1, int(n)
    while high - low > 1:  # the smallest r with F(r) >= share
        middle = (low + high) // 2
        if float(bdtr(float(middle), int(n), target)) >= share:
            high = middle
        else:
            low = middle
    at = float(bdtr(float(high), int(n), target))
    before = float(bdtr(float(high - 1), int(n), target)) if high > 0 else 0.0
    return (high - (at - share) / (at - before)) / n


def poisson_ratio_limits(expected: Floats, *, level: float) -> Limits:
    """Exact Poisson limits of observed / expected around 1.

    Source: Spiegelhalter 2005, A.1.2, by the gamma quantiles of Garwood, Biometrika 28 (1936) 437-442.
    """
    tail = (1.0 - level) / 2
    low: Floats = gammaincinv(expected, tail) / expected
    high: Floats = gammaincinv(expected + 1.0, 1.0 - tail) / expected
    return low, high


def overdispersion(z: Floats, error: Floats) -> Overdispersion:
    """Spread among the peers beyond chance: additive random effects from winsorised z (10 % on either side).

    phi = mean z^2; tau^2 = max(0, (k phi - (k - 1)) / (sum w - sum w^2 / sum w)), w = 1 / error^2, and 0 unless
    k phi >= k - 1. Winsorised, so that the outliers that are looked for do not widen the limits themselves.
    Source: Spiegelhalter 2005, 3.3; as in FunnelPlotR.
    """
    k = len(z)
    low, high = np.quantile(z, [_WINSORISED, 1.0 - _WINSORISED])
    phi = float(np.mean(np.clip(z, low, high) ** 2))
    if k * phi < k - 1:
        return Overdispersion(phi, 0.0)
    weight = 1.0 / error**2
    total = float(np.sum(weight))
    between = (k * phi - (k - 1)) / (total - float(np.sum(weight**2)) / total)
    return Overdispersion(phi, max(0.0, between))


def mean_funnel(y: Floats, error: Floats, *, target: float | None = None) -> Funnel:
    """Limits for means with standard errors > 0 around the target; default: their mean weighted by precision.

    Raises:
        PeerGroupTooSmall: fewer than ten units.
    """
    _check_peers(len(y))
    centre = float(np.sum(y / error**2) / np.sum(1.0 / error**2)) if target is None else target
    found = overdispersion((y - centre) / error, error)
    whole = np.sqrt(error**2 + found.between)
    alert, alarm = _z(ALERT) * whole, _z(ALARM) * whole
    return Funnel(
        target=centre,
        overdispersion=found,
        z=(y - centre) / whole,
        alert_low=centre - alert,
        alert_high=centre + alert,
        alarm_low=centre - alarm,
        alarm_high=centre + alarm,
    )


def proportion_funnel(numerator: Floats, denominator: Floats, *, target: float | None = None) -> Funnel:
    """Limits for shares on the arcsine scale around the target; default: all successes / all cases.

    Y = asin sqrt p, s = 1 / (2 sqrt n), limits sin^2(asin sqrt target +- z sqrt(s^2 + tau^2)), held inside [0, 1].

    Raises:
        PeerGroupTooSmall: fewer than ten units.
    """
    _check_peers(len(numerator))
    centre = float(np.sum(numerator) / np.sum(denominator)) if target is None else target
    error = 0.5 / np.sqrt(denominator)
    middle = float(np.arcsin(np.sqrt(centre)))
    distance = np.arcsin(np.sqrt(numerator / denominator)) - middle
    found = overdispersion(distance / error, error)
    whole = np.sqrt(error**2 + found.between)

    def limit(z: float) -> Floats:
        angle = np.clip(middle + z * whole, 0.0, np.pi / 2)
        back: Floats = np.sin(angle) ** 2
        return back

    return Funnel(
        target=centre,
        overdispersion=found,
        z=distance / whole,
        alert_low=limit(-_z(ALERT)),
        alert_high=limit(_z(ALERT)),
        alarm_low=limit(-_z(ALARM)),
        alarm_high=limit(_z(ALARM)),
    )


def _check_peers(k: int) -> None:
    if k < MINIMUM_PEERS:
        raise PeerGroupTooSmall(f"{k} peers; at least {MINIMUM_PEERS} are needed to know what is usual among them")
