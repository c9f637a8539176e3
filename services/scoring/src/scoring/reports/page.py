"""A document as one HTML page that needs nothing else: style and charts are in it, there is no script."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from scoring.reports.document import Document

__all__ = ["headers", "write_page"]


@cache
def _style() -> str:
    return (files("scoring.reports") / "templates" / "report.css").read_text(encoding="utf-8")


@cache
def headers() -> dict[str, str]:
    """What goes with a page: nothing is loaded, and only the style that is in it applies."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("scoring.reports", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = Markup  # the charts' own SVG, whose texts are escaped where they are drawn
    return environment


def write_page(document: Document) -> str:
    """The page."""
    template = _environment().get_template("report.html")
    return template.render(document=document.plain(), style=Markup(_style()))  # noqa: S704 - the service's own file
