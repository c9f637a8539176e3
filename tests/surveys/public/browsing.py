"""A browser without script, as far as the tests of the pages need one: it keeps cookies and fills in forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx

Attributes = dict[str, str | None]


@dataclass
class Form:
    """A form with what it would send."""

    method: str
    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    """What a page holds: forms, links, text, and the addresses of what it loads."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.answer = answer
        self.status = answer.status_code
        self.html = answer.text
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.loads: list[str] = []
        self.text = ""
        self.title = ""
        self.ids: list[str] = []
        self.elements: list[tuple[str, Attributes]] = []
        self._open: list[str] = []
        self._area: str | None = None
        self.feed(self.html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        self._open.append(tag)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "form":
            self.forms.append(Form(str(found.get("method", "get")).lower(), str(found.get("action", ""))))
        elif tag == "a":
            self.links.append((str(found.get("href", "")), ""))
        elif tag in {"script", "link", "img"} and (found.get("src") or found.get("href")):
            self.loads.append(str(found.get("src") or found.get("href")))
        if self.forms and tag in {"input", "textarea"} and found.get("name"):
            self._field(tag, found)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside == "title":
            self.title += data
        if inside not in {"script", "style", "title"}:
            self.text += data + " "
        if "a" in self._open and self.links:
            href, words = self.links[-1]
            self.links[-1] = (href, words + data)
        if self._area is not None:
            self.forms[-1].fields[self._area][-1] += data

    def _field(self, tag: str, found: Attributes) -> None:
        form, name, kind = self.forms[-1], str(found["name"]), found.get("type")
        value = str(found.get("value") or "")
        if kind in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(value)
            if "checked" in found:
                form.fields.setdefault(name, []).append(value)
        else:
            form.fields.setdefault(name, []).append(value)
            self._area = name if tag == "textarea" else None

    def link(self, words: str) -> str:
        """The address of the first link with these words."""
        return next(href for href, text in self.links if words in text)


class Browser:
    """One visitor with cookies."""

    def __init__(self, app: Any, *, language: str = "zh-CN", headers: dict[str, str] | None = None) -> None:
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://test",
            headers={"Accept-Language": language} | (headers or {}),
        )
        self.path = "/p"

    async def get(self, path: str) -> Page:
        """Open an address and follow where it leads."""
        return await self._follow(await self.http.get(path))

    async def submit(self, page: Page, *, values: dict[str, str] | None = None, **more: Any) -> Page:
        """Send a page's first form with what it holds and what was filled in; None leaves a field out."""
        chosen = page.forms[0]
        wanted: dict[str, Any] = {**(values or {}), **more}
        fields = dict(chosen.fields)
        for name, value in wanted.items():
            key = name.replace("__", "-")
            fields.pop(key, None)
            if value is not None:
                fields[key] = [str(each) for each in value] if isinstance(value, list) else [str(value)]
        action = urljoin(self.path, chosen.action) if chosen.action else self.path
        if chosen.method == "get":
            return await self._follow(await self.http.get(action.partition("?")[0], params=fields))
        return await self._follow(await self.http.post(action, data=fields))

    async def _follow(self, answer: httpx.Response) -> Page:
        while answer.status_code == 303:
            answer = await self.http.get(answer.headers["location"])
        self.path = answer.request.url.raw_path.decode()
        return Page(answer)
