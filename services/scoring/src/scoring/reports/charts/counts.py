"""How many of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.reports.charts.svg import MAIN, WIDTH, fitted, frame, rectangle, text, width_of

__all__ = ["Count", "counts"]

ROW, LEFT, RIGHT = 36.0, 4.0, 4.0


@dataclass(frozen=True, slots=True)
class Count:
    """A class with its number of cases; `note` stands beside the number."""

    label: str
    number: int
    note: str = ""


def counts(items: Sequence[Count], *, name: str, title: str, description: str) -> str:
    """A bar per class, each with its number."""
    most = max((item.number for item in items), default=0) or 1
    parts: list[str] = []
    for place, item in enumerate(items):
        top = place * ROW
        figures = f"{item.number}{f' · {item.note}' if item.note else ''}"
        parts.append(text(LEFT, top + 14, fitted(item.label, WIDTH - width_of(figures) - 16)))
        parts.append(text(WIDTH - RIGHT, top + 14, figures, anchor="end"))
        if item.number:
            parts.append(rectangle(LEFT, top + 19, (WIDTH - LEFT - RIGHT) * item.number / most, 11, fill=MAIN))
    return frame(parts, name=name, height=ROW * len(items) + 4, title=title, description=description)
