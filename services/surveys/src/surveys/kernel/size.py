"""How many answers and invitations a wave needs."""

import math

from scipy.special import ndtri

__all__ = ["invitations_needed", "sample_size"]


def sample_size(
    half_width: float, *, p: float = 0.5, deff: float = 1.0, population: int | None = None, level: float = 0.95
) -> int:
    """Answers needed for an interval of a share p of +- `half_width`.

    n0 = z^2 p (1 - p) / d^2 deff, and n = n0 / (1 + (n0 - 1) / N) for a population of N. Source: Cochran (1977),
    sections 4.4 and 4.7.

    Raises:
        ValueError: a number lies outside its range.
    """
    if not (0.0 < half_width < 1.0 and 0.0 <= p <= 1.0 and deff > 0.0 and (population is None or population > 0)):
        raise ValueError("half width and p are shares, the design effect and the population positive")
    z = float(ndtri(1.0 - (1.0 - level) / 2.0))
    n = max(1.0, z * z * p * (1.0 - p) / half_width**2 * deff)
    if population is not None:
        n = n / (1.0 + (n - 1.0) / population)
    return math.ceil(n - 1e-9)


def invitations_needed(answers: int, response_rate: float, *, population: int | None = None) -> int:
    """Invitations for so many answers at an expected response rate (0-1), and at most everybody.

    Raises:
        ValueError: the response rate is not above 0 and at most 1.
    """
    if not 0.0 < response_rate <= 1.0:
        raise ValueError("a response rate is above 0 and at most 1")
    wanted = math.ceil(answers / response_rate - 1e-9)
    return wanted if population is None else min(wanted, population)
