"""A figure over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from scoring.reports.charts.svg import (
    GRID,
    INK,
    MAIN,
    MUTED,
    WIDTH,
    circle,
    fitted,
    frame,
    line,
    polyline,
    text,
    width_of,
)

__all__ = ["Moment", "trend"]

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 30.0, 12.0, 30.0, 34.0, 184.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time; `value` is None where nothing is known, which leaves a gap; low and high are its interval."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None


def trend(
    moments: Sequence[Moment],
    *,
    name: str,
    title: str,
    description: str,
    unit: str,
    scale: tuple[float, float] = (0.0, 100.0),
) -> str:
    """Points joined by lines, broken where nothing is known; intervals as whiskers; labels as far as there is room.

    `unit` stands over the vertical axis.
    """
    low, high = scale
    parts: list[str] = [text(2, 12, unit, size=11, fill=MUTED)]
    for step in range(6):
        value = low + (high - low) * step / 5
        y = _y(value, scale)
        parts.append(line(LEFT, y, WIDTH - RIGHT, y, stroke=GRID))
        parts.append(text(LEFT - 4, y + 4, f"{value:g}", size=11, fill=MUTED, anchor="end"))
    room = (WIDTH - LEFT - RIGHT) / max(len(moments), 1)
    widest = max((width_of(moment.label, 11) for moment in moments), default=0.0)
    every = max(1, ceil((widest + 8.0) / max(room, 1.0)))
    run: list[tuple[float, float]] = []
    lines: list[str] = []
    points: list[str] = []
    for place, moment in enumerate(moments):
        x = LEFT + room * (place + 0.5)
        if place % every == 0:
            label = fitted(moment.label, room * every - 2, 11)
            parts.append(text(x, HEIGHT - BOTTOM + 18, label, size=11, fill=MUTED, anchor="middle"))
        if moment.value is None:
            lines += [polyline(run, stroke=MAIN)] if len(run) > 1 else []
            run = []
            continue
        y = _y(moment.value, scale)
        run.append((x, y))
        if moment.low is not None and moment.high is not None:
            points.append(line(x, _y(moment.low, scale), x, _y(moment.high, scale), stroke=INK, width=1.5))
        points.append(circle(x, y, 3.5, fill=MAIN))
        if len(moments) <= 8:
            above = y if moment.high is None else min(y, _y(moment.high, scale))
            points.append(text(x, above - 7, f"{moment.value:.1f}", size=11, anchor="middle"))
    lines += [polyline(run, stroke=MAIN)] if len(run) > 1 else []
    return frame([*parts, *lines, *points], name=name, height=HEIGHT, title=title, description=description)


def _y(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)
