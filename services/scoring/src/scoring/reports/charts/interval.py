"""A score with what is not known about it, on the scale of the grades."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.reports.charts.svg import (
    AXIS,
    GRID,
    INK,
    MAIN,
    MUTED,
    PAPER,
    WIDTH,
    frame,
    line,
    placed,
    rectangle,
    text,
    width_of,
)

__all__ = ["Band", "interval"]

LEFT, RIGHT = 8.0, 8.0
SCALE = (WIDTH - LEFT - RIGHT) / 100.0
ALTERNATE = ("#f2f2f2", PAPER)


@dataclass(frozen=True, slots=True)
class Band:
    """A grade's part of the scale, 0-100; `chance` is the probability of the grade, None where none was computed."""

    label: str
    low: float
    high: float
    chance: float | None = None


def interval(
    bands: Sequence[Band],
    *,
    name: str,
    title: str,
    description: str,
    score: float,
    label: str,
    bounds: tuple[float, float],
    likely: tuple[float, float] | None,
) -> str:
    """The score as a mark, the 95 % interval as a bar, the bounds (missing evidence 0 or 100) as a thin line.

    `label` is the score in figures. Grades stand above their part of the scale, with their probability if there is one.
    """
    chances = any(band.chance is not None for band in bands)
    names = [((_x(band.low) + _x(band.high)) / 2, band.label) for band in bands]
    places = placed(names, size=12, low=2, high=WIDTH - 2)
    rows = 1 + max((row for _, row in places), default=0)
    middle = 38.0 + 14.0 * rows + (14.0 if chances else 0.0)
    height = middle + 44.0
    parts: list[str] = []
    for place, (band, (centre, row)) in enumerate(zip(bands, places, strict=True)):
        left, right = _x(band.low), _x(band.high)
        parts.append(rectangle(left, 4, right - left, middle + 16, fill=ALTERNATE[place % 2]))
        parts.append(line(left, 4, left, middle + 20, stroke=GRID))
        parts.append(text(centre, 20 + 14 * row, band.label, anchor="middle"))
        if band.chance is not None:
            share = f"{100 * band.chance:.0f}%"
            parts.append(text((left + right) / 2, 20 + 14 * rows, share, size=11, fill=MUTED, anchor="middle"))
    low, high = bounds
    parts.append(line(_x(low), middle, _x(high), middle, stroke=AXIS, width=1.5))
    parts += [line(_x(end), middle - 5, _x(end), middle + 5, stroke=AXIS, width=1.5) for end in bounds]
    if likely is not None:
        parts.append(rectangle(_x(likely[0]), middle - 4, _x(likely[1]) - _x(likely[0]), 8, fill=MAIN))
    at = _x(score)
    parts.append(
        f'<path d="M {at:.2f} {middle - 9:.2f} l 6 9 l -6 9 l -6 -9 z" fill="{INK}" stroke="{PAPER}" stroke-width="1"/>'
    )
    half = width_of(label, 13) / 2
    parts.append(
        text(min(max(at, LEFT + half), WIDTH - RIGHT - half), middle - 13, label, size=13, anchor="middle", bold=True)
    )
    parts.append(line(LEFT, middle + 20, WIDTH - RIGHT, middle + 20))
    for tick in (0, 20, 40, 60, 80, 100):
        parts.append(line(_x(tick), middle + 20, _x(tick), middle + 24))
        anchor = "end" if tick == 100 else "middle"
        parts.append(text(min(_x(tick), WIDTH - 2), middle + 37, str(tick), size=11, fill=MUTED, anchor=anchor))
    return frame(parts, name=name, height=height, title=title, description=description)


def _x(value: float) -> float:
    return LEFT + min(max(value, 0.0), 100.0) * SCALE
