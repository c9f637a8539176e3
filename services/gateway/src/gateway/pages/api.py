"""The list of the API for people, made from the OpenAPI document."""

from collections.abc import Mapping
from html import escape
from typing import Any

__all__ = ["api_page"]

_INTRODUCTION = (
    "<p>Get a token at <code>POST /oauth/token</code> with client credentials and send it as "
    "<code>Authorization: Bearer …</code>. Every field is described in <a href='/openapi.json'>openapi.json</a>.</p>"
)
_METHODS = ("get", "post", "put", "patch", "delete")


def api_page(document: Mapping[str, Any]) -> str:
    """The body of the page: every operation by tag, and which services could not be asked."""
    by_tag: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            tag = (operation.get("tags") or ["other"])[0]
            by_tag.setdefault(tag, []).append(_operation(method, path, operation))
    away = [name for name, state in document.get("x-gongping-services", {}).items() if state["status"] != "ok"]
    parts = [_INTRODUCTION]
    if away:
        parts.append(f"<p>Not reachable now, so missing below: {escape(', '.join(away))}.</p>")
    for tag in sorted(by_tag):
        items = "\n".join(by_tag[tag])
        parts.append(f"<h2>{escape(tag)}</h2>\n<dl>\n{items}\n</dl>")
    return "\n".join(parts)


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    summary = escape(str(operation.get("summary", "")))
    return f'<dt><span class="method">{method.upper()}</span> <code>{escape(path)}</code></dt>\n<dd>{summary}</dd>'
