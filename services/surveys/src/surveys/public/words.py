"""The words of the pages. Those around the questions belong to the instruments, the rest stands in `words/`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from surveys.instruments.languages import (
    LanguageProperties,
    language_properties,
    navigation,
    navigation_status,
)

__all__ = ["LANGUAGES", "Words", "choose_language", "text_in", "words_of"]

# The pages without a wave are in these; a wave offers its own languages.
LANGUAGES = ("zh-Hans", "en", "ug-Arab-CN")
SOURCE = "zh-Hans"


@dataclass(frozen=True, slots=True)
class Words:
    """Every word of the pages in one language, and how that language is written.

    A text that is missing stands in Chinese. `reviewed` is False while no reader of the language has gone over them.
    """

    tag: str
    properties: LanguageProperties
    reviewed: bool
    texts: Mapping[str, str]

    def __getattr__(self, key: str) -> str:
        """A text, for templates."""
        try:
            return self.texts[key]
        except KeyError:
            raise AttributeError(key) from None

    def fill(self, key: str, **values: object) -> str:
        """A text with its blanks filled in."""
        return self.texts[key].format(**values)


@cache
def words_of(tag: str) -> Words:
    """The words in a language, by the longest known beginning of its tag."""
    own = _file(tag)
    source = _file(SOURCE) or {}
    base = {**(navigation(SOURCE) or {}), **source.get("words", {})}
    texts = {**base, **(navigation(tag) or {}), **(own or {}).get("words", {})}
    reviewed = own is not None and own["status"] != "unreviewed" and navigation_status(tag) != "unreviewed"
    return Words(tag, language_properties(tag), reviewed, texts)


def choose_language(offered: Sequence[str], asked: str | None, accepted: str = "") -> str:
    """The language to show: the one asked for, the browser's first that is offered, the first.

    `accepted` is the header Accept-Language (RFC 9110, section 12.5.4); its order counts, weights are ignored as
    browsers write them in falling order.
    """
    wishes = [asked, *(part.split(";")[0].strip() for part in accepted.split(","))]
    for wish in wishes:
        if not wish:
            continue
        exact = [tag for tag in offered if tag.lower() == wish.lower()]
        primary = [tag for tag in offered if tag.split("-")[0].lower() == wish.split("-")[0].lower()]
        if exact or primary:
            return (exact or primary)[0]
    return offered[0]


def text_in(words: Mapping[str, str], tag: str) -> str:
    """A text of an instrument in a language, else in Chinese, else in the first that it has."""
    return words.get(tag) or words.get(SOURCE) or next(iter(words.values()))


@cache
def _file(tag: str) -> dict[str, Any] | None:
    parts = tag.split("-")
    for length in range(len(parts), 0, -1):
        file = files("surveys.public") / "words" / f"{'-'.join(parts[:length])}.json"
        if file.is_file():
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return found
    return None
