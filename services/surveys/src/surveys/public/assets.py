"""The stylesheet and the script: their content is in their address, so that browsers keep them for ever."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from surveys.instruments.languages import KNOWN, LanguageProperties

__all__ = ["Asset", "asset", "asset_path"]

MEDIA_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load."""

    body: bytes
    media_type: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Every asset by its name."""
    found = {}
    for name in ("page.css", "page.js"):
        text = (files("surveys.public") / "static" / name).read_text(encoding="utf-8")
        if name.endswith(".css"):
            text += "".join(_language_rule(each) for each in KNOWN)
        body = text.encode()
        kind = name.rpartition(".")[2]
        found[name] = Asset(body, MEDIA_TYPES[kind], hashlib.sha256(body).hexdigest()[:12])
    return found


def asset(name: str) -> Asset | None:
    """An asset; None when there is none of that name."""
    return assets().get(name)


def asset_path(name: str) -> str:
    """The address of an asset; it changes with the content."""
    return f"/p/static/{assets()[name].digest}/{name}"


def _language_rule(language: LanguageProperties) -> str:
    """How a language is set: font, height of the line, size, and columns for a vertical script.

    Controls stay horizontal, because browsers lay them out badly in vertical text (W3C mlreq).
    """
    rule = f'[lang|="{language.tag}"]{{font-family:{language.fonts};line-height:{language.line_height};'
    if language.size != 1.0:
        rule += f"font-size:{16 * language.size:g}px;"
    rule += "}\n"
    if language.vertical:
        running_text = f'[lang|="{language.tag}"] :is(h1,h2,p,.label)'
        rule += f"{running_text}{{writing-mode:{language.writing_mode};max-inline-size:22em}}\n"
    return rule
