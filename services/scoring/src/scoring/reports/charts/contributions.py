"""Where the points of a score come from and where they were lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.reports.charts.svg import (
    AXIS,
    GAP,
    GRID,
    INK,
    MAIN,
    MUTED,
    PAPER,
    SIZE,
    WIDTH,
    fitted,
    frame,
    line,
    placed,
    rectangle,
    text,
    width_of,
)

__all__ = ["Bar", "waterfall"]

ROW, BAR = 38.0, 13.0
LEFT, RIGHT = 4.0, 4.0
SCALE = (WIDTH - LEFT - RIGHT) / 100.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A node's part of the score: points earned out of `weight` points that it could earn, both of 100."""

    label: str
    points: float
    weight: float


def waterfall(
    bars: Sequence[Bar],
    *,
    name: str,
    title: str,
    description: str,
    total: str,
    sum_label: str,
    thresholds: Sequence[tuple[float, str]] = (),
) -> str:
    """Each bar begins where the one before it ended: earned points filled, lost points an empty outline beside them.

    The last bar is the score (the sum); `total` names it and `sum_label` says it in figures. `thresholds` are grade
    bounds as (points, label), marked on that bar.
    """
    marks = [(LEFT + value * SCALE, label) for value, label in sorted(thresholds) if 0.0 < value < 100.0]
    places = placed(marks, size=11, low=LEFT, high=WIDTH - RIGHT)
    height = ROW * (len(bars) + 1) + 10.0 + 13.0 * (1 + max((row for _, row in places), default=0))
    parts: list[str] = []
    reached = 0.0
    for place, bar in enumerate(bars):
        top = place * ROW
        figures = f"{bar.points:.2f} / {bar.weight:.2f}"
        parts.append(_labels(top, bar.label, figures))
        x = LEFT + reached * SCALE
        parts.append(rectangle(x, top + 18, bar.weight * SCALE, BAR, fill="none", stroke=GAP))
        if bar.points > 0.0:
            parts.append(rectangle(x, top + 18, bar.points * SCALE, BAR, fill=MAIN))
        reached += bar.points
        below = LEFT + reached * SCALE
        parts.append(line(below, top + 18 + BAR, below, top + ROW + 18, stroke=AXIS, width=0.75))
    top = len(bars) * ROW
    parts.append(_labels(top, total, sum_label, bold=True))
    parts.append(rectangle(LEFT, top + 18, 100.0 * SCALE, BAR, fill="none", stroke=GRID))
    parts.append(rectangle(LEFT, top + 18, reached * SCALE, BAR, fill=INK))
    under = top + 18 + BAR
    for (x, label), (at, row) in zip(marks, places, strict=True):
        parts.append(line(x, top + 16, x, under + 4 + 13 * row, stroke=AXIS, dash="3 2"))
        parts.append(text(at, under + 15 + 13 * row, label, size=11, fill=MUTED, anchor="middle"))
    return frame(parts, name=name, height=height, title=title, description=description)


def _labels(top: float, label: str, figures: str, *, bold: bool = False) -> str:
    room = WIDTH - LEFT - RIGHT - width_of(figures) - 10.0
    shown = fitted(label, room, SIZE)
    # The line from the bar above passes behind the words.
    ground = rectangle(LEFT, top + 2, width_of(shown) + 2, 15, fill=PAPER)
    beside = width_of(figures) + 2
    ground += rectangle(WIDTH - RIGHT - beside, top + 2, beside, 15, fill=PAPER)
    return (
        ground
        + text(LEFT, top + 13, shown, bold=bold)
        + text(WIDTH - RIGHT, top + 13, figures, anchor="end", bold=bold)
    )
