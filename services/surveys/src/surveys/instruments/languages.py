"""How a language is written: direction, fonts, line height, vertical script.

Source of the properties: W3C Chinese, Mongolian, Tibetan and Arabic layout requirements as far as browsers follow them.
Words of the navigation are data in `navigation.json`, each language with its review status.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

__all__ = ["LanguageProperties", "language_named", "language_properties", "navigation", "navigation_status"]

HAN = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageProperties:
    """What a page needs to know of a language.

    `fonts` is a CSS font stack, `line_height` has no unit, `size` is a factor to the body size. With `vertical` the
    running text stands in columns from left to right; form controls stay in horizontal boxes, because browsers lay out
    progress bars, ranges and tables badly in vertical text. `break_words` False: never `word-break: break-all`.
    """

    tag: str
    name: str
    english: str
    direction: Literal["ltr", "rtl"] = "ltr"
    vertical: bool = False
    fonts: str = HAN
    line_height: float = 1.5
    size: float = 1.0
    break_words: bool = True

    @property
    def writing_mode(self) -> str:
        """Value of the CSS property `writing-mode`."""
        return "vertical-lr" if self.vertical else "horizontal-tb"


KNOWN = (
    LanguageProperties(tag="zh-Hans", name="简体中文", english="Chinese (simplified)", line_height=1.7),
    LanguageProperties(
        tag="en", name="English", english="English", fonts='system-ui, "Noto Sans", sans-serif', break_words=False
    ),
    LanguageProperties(
        tag="bo",
        name="བོད་ཡིག",
        english="Tibetan",
        fonts='"Noto Serif Tibetan", "Microsoft Himalaya", Kailasa, serif',
        line_height=1.9,
        size=1.15,
        break_words=False,
    ),
    LanguageProperties(
        tag="ug",
        name="ئۇيغۇرچە",
        english="Uyghur",
        direction="rtl",
        fonts='"Noto Naskh Arabic", "Microsoft Uighur", "UKIJ Tuz", serif',
        line_height=1.8,
        size=1.1,
        break_words=False,
    ),
    LanguageProperties(
        tag="mn-Mong",
        name="ᠮᠣᠩᠭᠣᠯ",
        english="Mongolian (traditional script)",
        vertical=True,
        fonts='"Noto Sans Mongolian", "Mongolian Baiti", sans-serif',
        line_height=1.7,
        size=1.1,
        break_words=False,
    ),
    LanguageProperties(
        tag="kk-Arab",
        name="قازاقشا",
        english="Kazakh (Arabic script)",
        direction="rtl",
        fonts='"Noto Naskh Arabic", "Microsoft Uighur", serif',
        line_height=1.8,
        size=1.1,
        break_words=False,
    ),
    LanguageProperties(
        tag="za",
        name="Vahcuengh",
        english="Zhuang",
        fonts='system-ui, "Noto Sans", sans-serif',
        break_words=False,
    ),
    LanguageProperties(
        tag="ko",
        name="한국어",
        english="Korean",
        fonts='system-ui, "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans CJK KR", sans-serif',
        line_height=1.7,
        break_words=False,
    ),
)


def language_properties(tag: str) -> LanguageProperties:
    """How a language is written, by the longest known beginning of its tag (`ug-Arab-CN` is `ug`).

    A language that is not known is written from left to right in the system's font and shown by its tag.
    """
    parts = tag.split("-")
    by_tag = {each.tag: each for each in KNOWN}
    for length in range(len(parts), 0, -1):
        found = by_tag.get("-".join(parts[:length]))
        if found is not None:
            return found
    return LanguageProperties(tag=tag, name=tag, english=tag, fonts="system-ui, sans-serif", break_words=False)


def navigation(tag: str) -> Mapping[str, str] | None:
    """The words around the questions (continue, back, check your answers ...) in a language; None without any."""
    found = _closest(tag)
    return None if found is None else found["words"]


def navigation_status(tag: str) -> str | None:
    """`source` (written in it), `reviewed` (by a reader who knows the language) or `unreviewed`; None without words."""
    found = _closest(tag)
    return None if found is None else found["status"]


def _closest(tag: str) -> dict[str, Any] | None:
    parts = tag.split("-")
    for length in range(len(parts), 0, -1):
        found: dict[str, Any] | None = _navigation().get("-".join(parts[:length]))
        if found is not None:
            return found
    return None


@cache
def _navigation() -> dict[str, dict[str, Any]]:
    file = files("surveys.instruments") / "navigation.json"
    loaded: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def language_named(name: str) -> str | None:
    """The tag of a language that is called by its own or its English name; None when it is not known."""
    wanted = name.casefold()
    aliases = {"chinese": "zh-Hans", "中文": "zh-Hans", "汉语": "zh-Hans", "mongolian": "mn-Mong", "kazakh": "kk-Arab"}
    for each in KNOWN:
        if wanted in (each.english.casefold(), each.name.casefold()):
            return each.tag
    return aliases.get(wanted)
