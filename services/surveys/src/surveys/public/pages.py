"""Rendering: a page is a status, HTML and what the browser is told to do with it; no framework is needed for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from surveys.public.assets import asset_path
from surveys.public.words import LANGUAGES, Words, text_in, words_of

__all__ = ["HEADERS", "Cookie", "Frame", "Page", "problem_page", "redirect", "render"]

# The token is in the first address: no page may tell it to another site, and no cache may keep a page.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie for the pages below `path`, gone after so many seconds or when the browser closes; empty: deleted."""

    name: str
    value: str
    path: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered."""

    status: int = 200
    html: str = ""
    location: str | None = None
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every page: language, the languages to switch to, where its forms and links lead.

    `root` is the address that the paths of links begin with (`/p` or `/p/<wave>`), `here` the page's own address.
    """

    words: Words
    offered: Sequence[str] = LANGUAGES
    root: str = "/p"
    here: str = "/p"
    simulated: bool = False
    reviewed: bool = True
    keep: Mapping[str, str] = field(default_factory=dict)

    def link(self, path: str, **query: str) -> str:
        """The address of a page in the same language."""
        return f"{path}?{urlencode({**query, 'lang': self.words.tag})}"

    @property
    def switches(self) -> list[tuple[str, str, str, bool]]:
        """For each language its tag, its own name, the address of this page in it, whether it is the present one."""
        return [
            (
                tag,
                words_of(tag).properties.name,
                f"{self.here}?{urlencode({**self.keep, 'lang': tag})}",
                tag == self.words.tag,
            )
            for tag in self.offered
        ]

    def text(self, words: Mapping[str, str]) -> str:
        """A text of an instrument in the page's language."""
        return text_in(words, self.words.tag)


def render(name: str, frame: Frame, *, status: int = 200, cookies: tuple[Cookie, ...] = (), **context: Any) -> Page:  # noqa: ANN401 - what a template needs
    """A page from its template."""
    html = _environment().get_template(name).render(frame=frame, t=frame.words, **({"errors": []} | context))
    return Page(status, html, cookies=cookies)


def redirect(location: str, *, cookies: tuple[Cookie, ...] = ()) -> Page:
    """Go and get another page (303): going back in the browser never sends a form again."""
    return Page(303, location=location, cookies=cookies)


def problem_page(frame: Frame, status: int, *, retry_after: str | None = None) -> Page:
    """What went wrong, in the words of the citizen."""
    words = frame.words
    if status == 429:
        title, text = words.too_many, words.fill("too_many_text", seconds=retry_after or "60")
    elif status in (404, 405, 422):
        title, text = words.not_found, words.not_found_text
    else:
        title, text = words.error_page, words.try_again
    return render("message.html", frame, status=status, title=title, text=text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("surveys.public", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset_path
    return environment
