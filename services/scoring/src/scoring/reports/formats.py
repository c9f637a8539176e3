"""Figures and times as a reader wants them; what is hashed keeps its six decimals."""

from datetime import datetime, timedelta, timezone
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from scoring.reports.words import Words
from scoring.results.calendar import shipped_calendar

__all__ = ["counted", "day_time", "grouped", "measured", "percent", "score", "short", "two"]


_ATTACHED = {"%", "‰"}
_BARE = {None, "", "none", "ratio", "agreed", "tier"}
"""Units of figures that are read without one."""


def score(value: str) -> str:
    """A score with two decimals, the rest cut off: 79.999999 is fair and must not look like the 80.00 of good."""
    return str(Decimal(value).quantize(Decimal("0.01"), rounding=ROUND_FLOOR))


def two(value: str) -> str:
    """Points or a mean with two decimals, rounded half to even."""
    return str(Decimal(value).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN))


def percent(value: str) -> str:
    """A share as per cent with one decimal."""
    return f"{(Decimal(value) * 100).quantize(Decimal('0.1'), rounding=ROUND_HALF_EVEN)}%"


def grouped(value: str) -> str:
    """Money with separators of thousands."""
    return f"{Decimal(value):,.2f}"


def counted(value: int) -> str:
    """A number of things with separators of thousands."""
    return f"{value:,}"


def day_time(value: datetime, region: str) -> str:
    """An instant to the minute as the clocks of the region's offices show it, with their distance from UTC."""
    hours = shipped_calendar(region.partition("-")[0]).utc_offset_hours
    zone = f"UTC{hours:+d}" if hours else "UTC"
    return f"{value.astimezone(timezone(timedelta(hours=hours))):%Y-%m-%d %H:%M} ({zone})"


def short(digest: str) -> str:
    """The first sixteen signs of a hash in groups of four: enough to compare by eye."""
    return " ".join(digest[place : place + 4] for place in range(0, 16, 4))


def measured(value: str | None, unit: str | None, words: Words) -> str:
    """A measured value in its unit without trailing zeros, a share as per cent; a tier by its name.

    What a contract agreed is counted in the contract's own words (人次); a framework's units have words in both
    languages.
    """
    if value is None:
        return ""
    try:
        figure = Decimal(value)
    except ArithmeticError:
        return words.code("tier", value)
    if unit == "share":
        figure, unit = figure * 100, "%"
    plain = format(figure.normalize(), ",f")
    if unit in _BARE:
        return plain
    if unit in _ATTACHED:
        return f"{plain}{unit}"
    return words.unit(plain, unit or "")
