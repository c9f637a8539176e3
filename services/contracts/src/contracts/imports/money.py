"""Amounts as the ledger can hold them."""

from decimal import ROUND_HALF_EVEN, Decimal

__all__ = ["to_cents"]

_CENT = Decimal("0.01")


def to_cents(amount: Decimal, place: str, warnings: list[dict[str, str]]) -> Decimal:
    """An amount with two decimals; one that has more is rounded half-even, and a warning says so."""
    rounded = amount.quantize(_CENT, rounding=ROUND_HALF_EVEN)
    if rounded != amount:
        warnings.append({"code": "amount-rounded", "detail": f"{place}: {amount} was recorded as {rounded}"})
    return rounded
