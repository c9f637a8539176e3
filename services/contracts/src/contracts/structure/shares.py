"""The money of shares in per cent, exact to the cent. Pure.

Each share takes what lies between two roundings (half up) of running sums, so that the parts of an amount always sum to
it, whatever the shares: 33.33, 33.33 and 33.34 per cent of 100.01 are 33.33, 33.34 and 33.34. The database function
`share_of` (migration 0007) computes the same.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

__all__ = ["WHOLE", "befores", "part_of", "parts_of"]

WHOLE = Decimal(100)
_CENT = Decimal("0.01")


def befores(shares: Sequence[Decimal]) -> list[Decimal]:
    """For each share the sum of those before it."""
    sums = [Decimal(0)]
    for share in shares[:-1]:
        sums.append(sums[-1] + share)
    return sums[: len(shares)]


def part_of(amount: Decimal, *, share_before: Decimal, share: Decimal) -> Decimal:
    """The part of an amount that a share takes; both in per cent."""
    return _rounded(amount * (share_before + share) / WHOLE) - _rounded(amount * share_before / WHOLE)


def parts_of(amount: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """The parts of an amount by shares in per cent; where the shares sum to 100 the parts sum to the amount."""
    return [
        part_of(amount, share_before=before, share=share) for before, share in zip(befores(shares), shares, strict=True)
    ]


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)
