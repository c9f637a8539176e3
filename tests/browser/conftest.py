"""The public pages in a real browser, through the real gateway.

They run where Playwright and a Chromium are (`make browser-setup`), and are skipped elsewhere. GONGPING_CHROMIUM names
the browser; GONGPING_SCREENSHOTS a folder that keeps the pictures.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.tools import run_gateway, serve
from tests.surveys.conftest import Surveys

from gongping_local.pytest_servers import Servers
from shared.testing import client_for, new_database
from surveys.app import service

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = os.environ.get("GONGPING_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
PRESENT = CHROMIUM is not None and all(find_spec(name) for name in ("playwright", "axe_playwright_python"))
# Chromium calls home in the background; nothing here may leave the machine.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--proxy-server=direct://",
]
# WCAG 2.2 AA and everything below it, and what axe calls good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder, and skip it where there is no browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")
            if not PRESENT:
                item.add_marker(pytest.mark.skip("there is no Playwright or no Chromium: make browser-setup"))


@dataclass
class Site:
    """The gateway with the surveys service behind it, and a browser in front."""

    url: str
    surveys: Surveys
    browser: "Browser"
    folder: Path

    @asynccontextmanager
    async def visitor(self, *, width: int = 390, language: str = "zh-CN", **options: Any) -> AsyncIterator["Page"]:
        """A page of a fresh visitor; it may talk to the gateway only, and its script must not fail."""
        height = 844 if width < 640 else 800
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, locale=language, **options
        )
        page = await context.new_page()
        page.set_default_timeout(15_000)
        foreign: list[str] = []
        failed: list[str] = []
        page.on("request", lambda request: None if request.url.startswith(self.url) else foreign.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        try:
            yield page
        finally:
            await context.close()
        assert foreign == []
        assert failed == []

    async def shot(self, page: "Page", name: str) -> None:
        """Keep a picture of the whole page."""
        await page.screenshot(path=self.folder / f"{name}.png", full_page=True)


async def press(page: "Page") -> None:
    """Press the button of the page's form and wait for where it leads; the script asks for a connection first."""
    async with page.expect_navigation():
        await page.click("main form button")


async def violations(page: "Page") -> list[str]:
    """What axe finds wrong, as rule and element."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    result = await page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{found['id']}: {node['html'][:160]}" for found in result["violations"] for node in found["nodes"]]


async def overflow(page: "Page") -> int:
    """Pixels by which the page is wider than the window."""
    width: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator["Browser"]:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - not installed everywhere

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def site(servers: Servers, chromium: "Browser", tmp_path: Path, nobody_listens_at: str) -> AsyncIterator[Site]:
    kept = os.environ.get("GONGPING_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path
    async with (
        new_database(servers.postgres_url, "surveys") as surveys_url,
        new_database(servers.postgres_url, "gateway") as gateway_url,
        client_for(service, surveys_url, answers_per_minute=1000, answers_per_hour=1000) as client,
        serve(client.app, lifespan="off") as upstream,
        run_gateway(
            gateway_url, contracts_url=nobody_listens_at, surveys_url=upstream, scoring_url=nobody_listens_at
        ) as gateway,
    ):
        yield Site(gateway.url, Surveys(client), chromium, folder)


@pytest.fixture(scope="session")
def nobody_listens_at() -> str:
    """An address of a service that is not there; nothing here asks for it."""
    return "http://127.0.0.1:9"
