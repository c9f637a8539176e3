"""How values are written in OCDS: amounts and measures are JSON numbers, days and instants are date-times."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

__all__ = ["amount_of", "day_text", "instant_text", "number_of", "without_none"]

CHINA = "+08:00"


def number_of(value: Decimal | str) -> int | float:
    """A decimal as a JSON number. OCDS wants a number, never a text; exact up to 15 digits, as every JSON number is."""
    exact = Decimal(value)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def amount_of(value: Decimal | str | None, currency: str) -> dict[str, Any] | None:
    """An OCDS Value."""
    return None if value is None else {"amount": number_of(value), "currency": currency}


def day_text(day: date | str | None, region: str) -> str | None:
    """A calendar day as the date-time of its beginning where the contract is (China: +08:00, elsewhere UTC)."""
    if day is None:
        return None
    text = day if isinstance(day, str) else day.isoformat()
    return f"{text[:10]}T00:00:00{CHINA if region.startswith('CN-') else 'Z'}"


def instant_text(moment: datetime | str | None) -> str | None:
    """An instant in UTC with milliseconds."""
    if moment is None:
        return None
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return known.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def without_none(content: dict[str, Any]) -> dict[str, Any]:
    """The members that have a value: OCDS reads null as "take it back"."""
    return {name: value for name, value in content.items() if value not in (None, [], {})}
