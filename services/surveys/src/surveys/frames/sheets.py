"""Sheets to print: a QR code, the link's spoken code and two sentences, eight people on an A4 page, or one poster.

The text is Chinese and English. With the setting `sheet_font` a TrueType font is embedded; without it the sheets name
the standard font STSong-Light, which PDF readers bring along and some print shops do not.
"""

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

__all__ = ["Sheet", "Wording", "poster", "sheets"]

COLUMNS, ROWS = 2, 4
QUIET_ZONE = 4  # modules around a QR code; ISO/IEC 18004
MARGIN = 6 * mm
STANDARD_FONT = "STSong-Light"
CODE_FONT = "Courier-Bold"
CARD = A4[0] / COLUMNS, A4[1] / ROWS
QR_SIZE = 42 * mm
TITLE_LINES = 3
NO_CAMERA = "不能扫码？打开网址，输入答题码 No camera? Open this page, type the code:"
SIMULATED = "模拟数据 simulated"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one person gets."""

    link: str
    token: str
    code: str
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What every sheet of a wave says.

    `title` is what was bought, `until` the last day for answers, `code_page` the address where a code is typed in,
    `simulated` prints the mark of simulated data, `font` is a TrueType font to embed, or None.
    """

    title: str
    until: str
    code_page: str
    simulated: bool
    font: Path | None


def sheets(items: Sequence[Sheet], wording: Wording) -> bytes:
    """A PDF with a card for each person, to be cut along the lines."""
    buffer = io.BytesIO()
    canvas = _canvas(buffer, wording.title)
    for place, item in enumerate(items):
        within = place % (COLUMNS * ROWS)
        if place and not within:
            canvas.showPage()
        left, bottom = (within % COLUMNS) * CARD[0], A4[1] - (within // COLUMNS + 1) * CARD[1]
        _card(canvas, item, wording, left=left, bottom=bottom)
    canvas.save()
    return buffer.getvalue()


def poster(link: str, wording: Wording) -> bytes:
    """A PDF page to hang up where the service is given; anybody may answer by it."""
    face = _face(wording.font)
    buffer = io.BytesIO()
    canvas = _canvas(buffer, wording.title)
    width, height = A4
    size = 120 * mm
    top = height - 35 * mm
    canvas.setFont(face, 26)
    for line in _title(wording.title, face, 26, width - 40 * mm):
        canvas.drawCentredString(width / 2, top, line)
        top -= 12 * mm
    _draw_qr(canvas, link, left=(width - size) / 2, bottom=top - size, size=size)
    top -= size + 14 * mm
    for text, points in (
        ("请扫码，说说您的感受", 24),
        ("Scan the code and tell us what you think", 16),
        ("不需要账号 no account needed", 13),
        (f"截至 until {wording.until}", 13),
        (link, 9),
    ):
        canvas.setFont(face, points)
        canvas.drawCentredString(width / 2, top, text)
        top -= points * 1.8
    if wording.simulated:
        _right(canvas, SIMULATED, face, 12, at=(width - 15 * mm, height - 15 * mm))
    canvas.save()
    return buffer.getvalue()


def _card(canvas: Canvas, item: Sheet, wording: Wording, *, left: float, bottom: float) -> None:
    face = _face(wording.font)
    width, height = CARD
    canvas.setStrokeGray(0.7)
    canvas.rect(left, bottom, width, height, stroke=1, fill=0)
    inner, right, roof = left + MARGIN, left + width - MARGIN, bottom + height - MARGIN
    _draw_qr(canvas, item.link, left=inner, bottom=roof - QR_SIZE, size=QR_SIZE)
    beside = inner + QR_SIZE + 3 * mm
    top = roof - 5 * mm
    for line in _title(wording.title, face, 11, right - beside):
        top = _line(canvas, line, face, 11, at=(beside, top))
    top -= 2 * mm
    for sentence in ("请扫码回答几个问题。", "Scan and answer a few questions.", f"截至 until {wording.until}"):
        for line in _wrapped(sentence, face, 8.5, right - beside):
            top = _line(canvas, line, face, 8.5, at=(beside, top))
    foot = _line(canvas, NO_CAMERA, face, 7.5, at=(inner, bottom + MARGIN + 11 * mm))
    foot = _line(canvas, wording.code_page, "Courier", 7.5, at=(inner, foot))
    _line(canvas, item.code, CODE_FONT, 13, at=(inner, foot - 2 * mm))
    if item.label is not None:
        _right(canvas, item.label, face, 7.5, at=(right, bottom + 3 * mm))
    if wording.simulated:
        _right(canvas, SIMULATED, face, 7.5, at=(right, bottom + height - 4 * mm))


@functools.cache
def _face(font: Path | None) -> str:
    if font is None:
        pdfmetrics.registerFont(UnicodeCIDFont(STANDARD_FONT))
        return STANDARD_FONT
    name = f"sheet-{font.stem}"
    pdfmetrics.registerFont(TTFont(name, str(font)))
    return name


def _canvas(buffer: io.BytesIO, title: str) -> Canvas:
    # Invariant: no time of making in the file, and the same sheets are the same bytes.
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    canvas.setTitle(title)
    canvas.setLineWidth(0.3)
    return canvas


def _draw_qr(canvas: Canvas, text: str, *, left: float, bottom: float, size: float) -> None:
    """Draw a QR code as black squares; error correction M, as paper gets creased."""
    code = segno.make_qr(text, error="m")
    modules = code.symbol_size(border=QUIET_ZONE)[0]
    side = size / modules
    path = canvas.beginPath()
    for row, line in enumerate(code.matrix):
        for column, dark in enumerate(line):
            if dark:
                path.rect(
                    left + (column + QUIET_ZONE) * side, bottom + size - (row + QUIET_ZONE + 1) * side, side, side
                )
    canvas.setFillGray(0)
    canvas.drawPath(path, stroke=0, fill=1)


def _line(canvas: Canvas, text: str, face: str, points: float, *, at: tuple[float, float]) -> float:
    canvas.setFont(face, points)
    canvas.drawString(*at, text)
    return at[1] - points * 1.35


def _right(canvas: Canvas, text: str, face: str, points: float, *, at: tuple[float, float]) -> None:
    canvas.setFont(face, points)
    canvas.drawRightString(*at, text)


def _title(text: str, face: str, points: float, room: float) -> list[str]:
    """At most three lines; a longer title ends in an ellipsis."""
    lines = _wrapped(text, face, points, room)
    return lines if len(lines) <= TITLE_LINES else [*lines[: TITLE_LINES - 1], f"{lines[TITLE_LINES - 1][:-1]}…"]


def _wrapped(text: str, face: str, points: float, room: float) -> list[str]:
    """Lines that fit a width: broken at spaces, and between Chinese characters anywhere."""
    lines: list[str] = []
    line = ""
    fits = functools.partial(_fits, face=face, points=points, room=room)
    for word in (part for piece in _pieces(text) for part in ([piece] if fits(piece) else piece)):
        if line and not fits(line + word):
            lines.append(line.rstrip())
            line = ""
        line += word
    return [*lines, line.rstrip()] if line.strip() else lines


def _fits(text: str, *, face: str, points: float, room: float) -> bool:
    return bool(pdfmetrics.stringWidth(text.rstrip(), face, points) <= room)


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for character in text:
        if (
            pieces
            and character.isascii()
            and not character.isspace()
            and pieces[-1][-1].isascii()
            and pieces[-1][-1] != " "
        ) or (pieces and character == " "):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces
