"""Screening for state secrets, which may not be entered at all: words and markings, from an editable list.

A hit is a warning and no finding. The warning names the field and the list's word, never the text around it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["CODE", "SecrecyWords", "may_hold_secrets", "secrecy_warnings", "words_in_force"]

CODE = "state-secret-suspected"
_SHIPPED = "secrecy-1.0.0.json"
Word = Annotated[str, Field(min_length=2, max_length=50)]


class SecrecyWords(BaseModel):
    """The list. `levels` count with a star (`机密★10年`), `words` and `alone` by themselves, `harmless` never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    title: dict[str, str]
    note: dict[str, str]
    source: str
    confidence: dict[str, str]
    levels: tuple[Word, ...] = Field(min_length=1)
    star: str = Field(min_length=1)
    words: tuple[Word, ...]
    alone: tuple[Word, ...]
    harmless: tuple[Word, ...]


class _Place(BaseSettings):
    """Where the list is read from: the setting `secrecy_words` of the service (GONGPING_SECRECY_WORDS)."""

    model_config = SettingsConfigDict(env_prefix="GONGPING_", extra="ignore")
    secrecy_words: Path | None = None


class _Screen(NamedTuple):
    words: SecrecyWords
    harmless: re.Pattern[str]
    suspect: re.Pattern[str]
    needles: tuple[str, ...]


@cache
def _screen() -> _Screen:
    path = _Place().secrecy_words
    shipped = resources.files("contracts.disclosure").joinpath("data", _SHIPPED)
    text = path.read_text(encoding="utf-8") if path else shipped.read_text(encoding="utf-8")
    words = SecrecyWords.model_validate_json(text)
    marked = f"(?:{_any(words.levels)})\\s*[{re.escape(words.star)}]"
    # The longest first: an alternative that is a part of another one must not hide it.
    return _Screen(
        words,
        re.compile(_any(words.harmless) or r"(?!)", re.IGNORECASE),
        re.compile(f"{marked}|{_any((*words.words, *words.alone))}", re.IGNORECASE),
        tuple(word.upper() for word in (*words.levels, *words.words, *words.alone)),
    )


def _any(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def words_in_force() -> SecrecyWords:
    """The list that this process screens with."""
    return _screen().words


def secrecy_warnings(content: BaseModel | Mapping[str, Any]) -> list[dict[str, str]]:
    """A warning for each field of a body in which the list has a hit; most bodies take one pass over their JSON."""
    screen = _screen()
    written = (
        content.model_dump_json()
        if isinstance(content, BaseModel)
        else json.dumps(content, ensure_ascii=False, default=str)
    )
    # Plain words first: nearly every body has none, and looking for them costs far less than the expression.
    plain = written.upper()
    if not any(needle in plain for needle in screen.needles):
        return []
    warnings = []
    for pointer, text in _texts(json.loads(written), ""):
        hit = screen.suspect.search(screen.harmless.sub(" ", text))
        if hit:
            warnings.append(
                {
                    "code": CODE,
                    "detail": f"{pointer}: {hit.group()}; state secrets may not be entered. Remove it and report it to "
                    f"the office for secrecy ({screen.words.source}).",
                }
            )
    return warnings


def may_hold_secrets(texts: Iterable[str]) -> bool:
    """Whether `secrecy_warnings` may find something in these texts: one look at thousands of rows, of which few do."""
    plain = "\n".join(texts).upper()
    return any(needle in plain for needle in _screen().needles)


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        yield pointer or "/", value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, f"{pointer}/{name}")
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _texts(part, f"{pointer}/{position}")
