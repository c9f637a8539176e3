"""Texts of a framework in both languages.

A document gives its source, and the reason of a gate, as one text or in both languages. Versions that were approved
with one text keep it, because score rows pin their hash: what the shipped ones say is translated beside the hashed
document. A framework that inherits them writes the same texts, and finds them too.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["bilingual", "gate_title"]


@cache
def _shipped() -> Mapping[str, Any]:
    return json.loads((files("scoring.frameworks") / "texts.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@cache
def _translations() -> Mapping[str, Mapping[str, str]]:
    return {text["en"]: text for text in _shipped()["texts"]}


def bilingual(text: str | Mapping[str, str]) -> dict[str, str]:
    """A text in English (en) and Chinese (zh); one that was written once only stands in both places."""
    if isinstance(text, str):
        return dict(_translations().get(text) or {"en": text, "zh": text})
    return dict(text)


def gate_title(gate: Mapping[str, Any]) -> dict[str, str]:
    """What people call a gate: its title, the name of a shipped gate, or its code in words."""
    if "title" in gate:
        return dict(gate["title"])
    known = _shipped()["gates"].get(gate["code"])
    if known is not None and isinstance(gate["reason"], str) and gate["reason"] in _translations():
        return dict(known)
    plain = gate["code"].replace("_", " ")
    return {"en": plain, "zh": plain}
