"""Small parts of SVG: numbers, text that fits, the frame that makes a chart readable without eyes.

Charts are drawn 360 units wide, the width of a telephone, with text of 12 units: nothing gets smaller than it can be
read. Only presentation attributes are used, so that a browser and the PDF engine draw the same picture, and meaning
never hangs on colour alone. Contrast is at least 4.5 to 1 for text and 3 to 1 for what is drawn (WCAG 2.2).
"""

import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

__all__ = [
    "ALERT",
    "AXIS",
    "FONT",
    "GAP",
    "GRID",
    "INK",
    "MAIN",
    "MUTED",
    "PAPER",
    "SIZE",
    "WIDTH",
    "circle",
    "fitted",
    "frame",
    "line",
    "number",
    "placed",
    "polyline",
    "rectangle",
    "text",
    "width_of",
    "written",
]

WIDTH = 360.0
SIZE = 12.0
FONT = "Noto Sans SC, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
INK, MUTED, MAIN, ALERT = "#1a1a1a", "#595959", "#1d5c99", "#a3281e"
AXIS, GRID, GAP, PAPER = "#767676", "#d0d0d0", "#b8c4d0", "#ffffff"


def number(value: float) -> str:
    """A coordinate with at most two decimals, without an exponent or a negative zero."""
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def width_of(words: str, size: float = SIZE) -> float:
    """About how wide a text is: a Chinese character is as wide as it is high, others 0.58 of that."""
    return sum(size if unicodedata.east_asian_width(sign) in "WF" else 0.58 * size for sign in words)


def fitted(words: str, room: float, size: float = SIZE) -> str:
    """The text, cut with an ellipsis where it would be wider than `room`."""
    if width_of(words, size) <= room:
        return words
    kept = ""
    for sign in words:
        if width_of(f"{kept}{sign}…", size) > room:
            break
        kept += sign
    return f"{kept.rstrip()}…"


def written(words: str) -> str:
    """A text inside SVG: escaped, and without the control characters that XML has no way to write."""
    return escape("".join(sign for sign in words if unicodedata.category(sign) not in {"Cc", "Cs"}), quote=False)


def text(
    x: float, y: float, words: str, *, size: float = SIZE, fill: str = INK, anchor: str = "start", bold: bool = False
) -> str:
    """Text on a baseline; the engine of the PDF has one weight, which `bold` thickens by its outline."""
    outline = f' stroke="{fill}" stroke-width="{number(size / 40)}"' if bold else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}" text-anchor="{anchor}"'
        f"{outline}>{written(words)}</text>"
    )


def rectangle(x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none") -> str:
    """A rectangle; one that is too thin to be seen gets half a unit."""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(max(width, 0.5))}" height="{number(height)}" '
        f'fill="{fill}" stroke="{stroke}"/>'
    )


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = AXIS, width: float = 1.0, dash: str = "") -> str:
    """A straight line, dashed on demand."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" stroke="{stroke}" '
        f'stroke-width="{number(width)}"{dashes}/>'
    )


def polyline(points: Iterable[tuple[float, float]], *, stroke: str, width: float = 1.5, dash: str = "") -> str:
    """Straight lines from point to point."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{number(width)}"{dashes}/>'


def circle(x: float, y: float, radius: float, *, fill: str, stroke: str = PAPER) -> str:
    """A point with a rim, so that points that overlap stay apart."""
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}" stroke="{stroke}"/>'


def placed(labels: Sequence[tuple[float, str]], *, size: float, low: float, high: float) -> list[tuple[float, int]]:
    """Where labels with these centres stand: (centre, row), kept in [low, high], a row further down if they meet."""
    ends: list[float] = []
    made = []
    for centre, words in labels:
        half = width_of(words, size) / 2
        at = min(max(centre, low + half), high - half)
        row = next((row for row, end in enumerate(ends) if at - half >= end + 3.0), len(ends))
        ends[row : row + 1] = [at + half]
        made.append((at, row))
    return made


def frame(parts: Iterable[str], *, name: str, height: float, title: str, description: str) -> str:
    """The picture with its title and what it says in words, which a screen reader reads in its place.

    `name` is unique in the page.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(WIDTH)} {number(height)}" role="img" '
        f'aria-labelledby="{name}-title {name}-description" font-family="{FONT}">'
        f'<title id="{name}-title">{written(title)}</title>'
        f'<desc id="{name}-description">{written(description)}</desc>'
        f"{rectangle(0, 0, WIDTH, height, fill=PAPER)}{''.join(parts)}</svg>"
    )
