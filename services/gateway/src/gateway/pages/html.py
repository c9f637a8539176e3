"""The gateway's small pages for people: one stylesheet, no script, nothing from elsewhere."""

import base64
import hashlib
from html import escape

__all__ = ["HEADERS", "page"]

_STYLE = """
:root { color-scheme: light dark; --text: #1d2125; --quiet: #5a6470; --line: #d5dae0; --link: #0b57a4; --ground: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9ec; --quiet: #a3adb8; --line: #3a434d; --link: #7db8f5; --ground: #14181c; } }
body { font: 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; color: var(--text);
  background: var(--ground); margin: 0; padding: 24px 16px 48px; }
main { max-width: 72ch; margin-inline: auto; }
h1 { font-size: 32px; line-height: 1.25; margin-block: 0 16px; }
h2 { font-size: 20px; margin-block: 32px 8px; }
a { color: var(--link); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code { font-family: ui-monospace, Consolas, monospace; font-size: 14px; overflow-wrap: anywhere; }
dl { margin: 0; }
dt { margin-block-start: 12px; }
dd { margin: 0; color: var(--quiet); }
.method { display: inline-block; min-inline-size: 7ch; font-weight: 600; }
nav { margin-block-end: 24px; }
""".strip()

_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=60",
}


def page(title: str, body: str) -> str:
    """A whole page; `body` is HTML whose texts are already escaped."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} – Gongping</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        '<nav><a href="/docs">API</a> · <a href="/problems">Problems</a> · <a href="/openapi.json">OpenAPI</a></nav>\n'
        f"<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )
