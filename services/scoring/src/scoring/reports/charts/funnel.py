"""Units of different size against the limits of chance (Spiegelhalter's funnel plot)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from scoring.reports.charts.svg import (
    ALERT,
    AXIS,
    GRID,
    INK,
    MAIN,
    MUTED,
    WIDTH,
    circle,
    fitted,
    frame,
    line,
    number,
    polyline,
    text,
    width_of,
)

__all__ = ["Limits", "Point", "funnel"]

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 34.0, 14.0, 28.0, 40.0, 272.0


@dataclass(frozen=True, slots=True)
class Point:
    """A unit: `size` on the horizontal axis, `value` on the vertical; `outside` is 95 or 99.8 where it lies outside."""

    label: str
    size: float
    value: float
    outside: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of chance at a size."""

    size: float
    low95: float
    high95: float
    low998: float
    high998: float


def funnel(
    points: Sequence[Point],
    limits: Sequence[Limits],
    *,
    name: str,
    title: str,
    description: str,
    target: float,
    size_label: str,
    value_label: str,
) -> str:
    """Units as points, the target as a line, 95 % limits dashed and 99.8 % limits full; outside ones are named squares.

    Limits come in the order of their size and are computed where the comparison is (`kernel.funnel`).
    """
    widest = max([point.size for point in points] + [limit.size for limit in limits], default=1.0) or 1.0
    values = [point.value for point in points] + [target]
    values += [bound for limit in limits for bound in (limit.low95, limit.high95)]
    low, high = min(values), max(values)
    margin = (high - low) * 0.06 or 1.0
    low, high = (max(low - margin, 0.0) if low >= 0.0 else low - margin), high + margin

    def place(size: float, value: float) -> tuple[float, float]:
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return (
            LEFT + (WIDTH - LEFT - RIGHT) * size / widest,
            HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP),
        )

    parts = [line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, stroke=AXIS)]
    for value in _ticks(low, high):
        _, y = place(0, value)
        parts.append(line(LEFT, y, WIDTH - RIGHT, y, stroke=GRID, width=0.75))
        parts.append(text(LEFT - 4, y + 4, f"{value:g}", size=10, fill=MUTED, anchor="end"))
    for size in _ticks(0.0, widest, whole=True):
        x, _ = place(size, low)
        parts.append(text(x, HEIGHT - BOTTOM + 15, f"{size:g}", size=10, fill=MUTED, anchor="middle"))
    parts.append(text(2, 12, value_label, size=11, fill=MUTED))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, size_label, size=11, fill=MUTED, anchor="middle"))
    _, at = place(0, target)
    parts.append(line(LEFT, at, WIDTH - RIGHT, at, stroke=INK, width=1.25))
    for of, dash in (("low95", "5 3"), ("high95", "5 3"), ("low998", ""), ("high998", "")):
        # The limits of the smallest sizes lie beyond the picture.
        curve = [place(limit.size, getattr(limit, of)) for limit in limits if low <= getattr(limit, of) <= high]
        if len(curve) > 1:
            parts.append(polyline(curve, stroke=AXIS, width=1.0, dash=dash))
    for point in points:
        x, y = place(point.size, point.value)
        if point.outside is None:
            parts.append(circle(x, y, 3.5, fill=MAIN))
            continue
        parts.append(
            f'<rect x="{number(x - 4)}" y="{number(y - 4)}" width="8" height="8" fill="{ALERT}" stroke="#ffffff"/>'
        )
        label = fitted(point.label, 130, 11)
        left = x + 8 + width_of(label, 11) > WIDTH - 2
        parts.append(text(x - 7 if left else x + 7, y + 4, label, size=11, anchor="end" if left else "start"))
    return frame(parts, name=name, height=HEIGHT, title=title, description=description)


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """About five round figures between two bounds; `whole` for what is counted."""
    rough = (high - low) / 5 or 1.0
    scale = 10.0 ** floor(log10(rough))
    step = next(each * scale for each in (1.0, 2.0, 5.0, 10.0) if each * scale >= rough * 0.999)
    if whole:
        step = max(step, 1.0)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(place * step, 9) for place in range(first, last + 1)]
