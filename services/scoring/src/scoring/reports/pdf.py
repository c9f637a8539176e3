"""A document as PDF, set by Typst with fonts from a wheel (docs/decisions/0012).

The same document gives the same bytes: the time of creation is the report's own. Nothing is read but the template and
the fonts: no system fonts, no packages, no network.
"""

import json
import unicodedata
from dataclasses import asdict
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any

import pylopdf_fonts_zh_cn
import typst
from fontTools.ttLib import TTFont

from scoring.reports.document import Document, Paragraph
from scoring.reports.words import words_of

__all__ = ["write_pdf"]

_LOCK = Lock()
"""A compiler is reused, and works for one caller at a time."""


@cache
def _compiler() -> typst.Compiler:
    folders = sorted({str(Path(path).parent) for path in _font_files()})
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    return typst.Compiler(font_paths=fonts, ignore_system_fonts=True)


def _font_files() -> tuple[Path, Path]:
    return pylopdf_fonts_zh_cn.sans_path(), pylopdf_fonts_zh_cn.serif_path()


MISSING = "\u3013"
"""The geta mark: what Chinese typesetters put where they have no type for a character."""


@cache
def _held() -> frozenset[int]:
    """Characters that both fonts hold."""
    held: list[frozenset[int]] = []
    for path in _font_files():
        with TTFont(path, lazy=True) as font:
            held.append(frozenset(font.getBestCmap()))
    return held[0] & held[1]


def _settable(words: str, missing: set[str]) -> str:
    """A text with what the fonts hold: PDF/A must not show empty boxes. What is not held is noted in `missing`."""
    made = []
    for sign in words:
        category = unicodedata.category(sign)
        if sign == "\n" or ord(sign) in _held():
            made.append(sign)
        elif category not in {"Cc", "Cf", "Cs"}:  # controls and marks without a picture are left out
            missing.add(sign)
            made.append(MISSING)
    return "".join(made)


def _all_settable(value: Any, missing: set[str]) -> Any:  # noqa: ANN401 - any part of a document
    if isinstance(value, str):
        return _settable(value, missing)
    if isinstance(value, dict):
        return {key: _all_settable(each, missing) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_all_settable(each, missing) for each in value]
    return value


@cache
def _template() -> bytes:
    return (files("scoring.reports") / "templates" / "report.typ").read_bytes()


def write_pdf(document: Document, *, made_at: datetime) -> bytes:
    """PDF/A-2a and PDF/UA-1: tagged, with embedded fonts, for the archive and for screen readers.

    A character that the fonts do not hold is set as a geta mark and named by its code point at the end.

    Takes some tens of milliseconds of one core; call it off the event loop.
    """
    missing: set[str] = set()
    plain = _all_settable(document.plain(), missing)
    if missing:
        points = " ".join(f"U+{ord(sign):04X}" for sign in sorted(missing))
        note = words_of(document.language).fill("missing_signs", mark=MISSING, points=points)
        plain["blocks"].append(asdict(Paragraph(note)))
    data = json.dumps(plain, ensure_ascii=False)
    with _LOCK:
        made = _compiler().compile(
            _template(),
            format="pdf",
            sys_inputs={"data": data},
            pdf_standards=["a-2a", "ua-1"],
            timestamp=made_at.replace(microsecond=0),
        )
    if not isinstance(made, bytes):  # pragma: no cover - the engine answers a PDF with one value
        raise TypeError("the engine gave no single document")
    return made
