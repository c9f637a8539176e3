"""Sizes drawn so that they follow known quantiles.

Source: quantiles of 5,104 real municipal contracts (reference: contracts, section 8), of which about 1,300 are for
services. Between two quantiles the logarithm is interpolated; beyond the outer ones the last slope goes on to 1 % and
99 %, and nothing is drawn beyond that.
"""

import math
import random
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

__all__ = ["CNY_PER_EUR", "draw", "draw_money", "quantile"]

# The quantiles of the values are in euro. A round figure close to the yearly averages of 2023-2025 turns them into
# yuan: it keeps the shape, and nobody should read a price level into simulated contracts.
CNY_PER_EUR = Decimal("7.8")

VALUE_EUR = {0.05: 496.0, 0.25: 2_480.0, 0.50: 8_190.0, 0.75: 16_745.0, 0.95: 105_442.0}
VALUE_TO_BUDGET = {0.25: 0.74, 0.50: 0.97, 0.75: 1.0}
TERM_DAYS = {0.05: 30.0, 0.50: 360.0, 0.95: 1_080.0}
INITIATION_TO_SIGNING_DAYS = {0.25: 16.0, 0.50: 62.0, 0.75: 86.0}
TENDERERS_MEDIAN = 3


def quantile(table: Mapping[float, float], share: float) -> float:
    """The value below which `share` (0-1) of the distribution lies, by log-linear interpolation.

    Args:
        table: at least two quantiles, share to positive value, both rising.
        share: held between 0.01 and 0.99.
    """
    shares = sorted(table)
    share = min(max(share, 0.01), 0.99)
    low, high = next(((a, b) for a, b in pairwise(shares) if share <= b), (shares[-2], shares[-1]))
    part = (share - low) / (high - low)
    return math.exp(math.log(table[low]) * (1 - part) + math.log(table[high]) * part)


def draw(random_: random.Random, table: Mapping[float, float]) -> float:
    """One value of the distribution."""
    return quantile(table, random_.random())


def draw_money(random_: random.Random) -> Decimal:
    """A contract value in yuan, to the hundred as contracts usually are, at least 1,000."""
    amount = Decimal(str(round(draw(random_, VALUE_EUR), 2))) * CNY_PER_EUR
    return max(Decimal(1000), (amount / 100).quantize(Decimal(1)) * 100).quantize(Decimal("0.01"))
