"""Cost per accepted unit, in the prices of one year, and whether two such costs may be compared at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Change", "Purchase", "change", "indexed", "not_comparable", "unit_cost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What was bought at what cost: a contract, or direct provision of the same service."""

    cost: Decimal
    """Net cost: paid less refunded."""
    units: Decimal
    """Accepted units, > 0."""
    measure: str
    """Code of the quantity indicator and its unit: what a unit is."""
    service_category: str | None
    currency: str
    region: str
    year: int
    """Year of the prices."""


@dataclass(frozen=True, slots=True)
class Change:
    """One unit cost against another, both in the prices of the later year."""

    before: Decimal
    now: Decimal
    ratio: Decimal
    """now / before; below 1 is cheaper."""


def unit_cost(purchase: Purchase) -> Decimal:
    """Money per accepted unit, in the prices of its own year."""
    return purchase.cost / purchase.units


def indexed(amount: Decimal, *, index: Mapping[int, Decimal], year: int, to: int) -> Decimal:
    """An amount of one year in the prices of another: amount x index[to] / index[year]."""
    return amount if year == to else amount * index[to] / index[year]


def not_comparable(before: Purchase, now: Purchase, *, index: Mapping[int, Decimal]) -> str | None:
    """Why two purchases may not be compared; None when they may.

    Same scope means the same kind of service, measured in the same unit of the same indicator, in one currency; years
    that differ need the price index of both. A difference of scope is never bridged by an assumption.
    """
    missing = [str(year) for year in sorted({before.year, now.year}) if year not in index]
    refusals = (
        (
            before.service_category is None or before.service_category != now.service_category,
            "the services are not of the same category",
        ),
        (before.measure != now.measure, f"units differ: {before.measure} and {now.measure}"),
        (before.currency != now.currency, f"currencies differ: {before.currency} and {now.currency}"),
        (min(before.units, now.units) <= 0, "nothing was accepted"),
        (min(before.cost, now.cost) <= 0, "nothing was paid"),
        (before.year != now.year and bool(missing), f"no price index of {' and '.join(missing)}"),
    )
    return next((reason for refused, reason in refusals if refused), None)


def change(before: Purchase, now: Purchase, *, index: Mapping[int, Decimal]) -> Change:
    """Unit costs side by side in the prices of the later purchase's year; check `not_comparable` first."""
    old = indexed(unit_cost(before), index=index, year=before.year, to=now.year)
    new = unit_cost(now)
    return Change(old, new, new / old)
