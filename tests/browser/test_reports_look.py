"""Report pages in both languages, on a telephone and on a desk: axe finds nothing, nothing overflows, nothing is loaded."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.browser.conftest import overflow, violations
from tests.scoring.reports.samples import annual_sample, contract_sample

from scoring.reports.annual import annual_document
from scoring.reports.contract_view import contract_document
from scoring.reports.page import headers, write_page

if TYPE_CHECKING:
    from playwright.async_api import Browser, Route

ADDRESS = "http://reports.invalid/"


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_report_pages(chromium: "Browser", tmp_path: Path, language: str, width: int) -> None:
    pages = {
        "contract": write_page(contract_document(contract_sample(), language=language)),
        "draft": write_page(contract_document(contract_sample(determined=None, number=None), language=language)),
        "annual": write_page(annual_document(annual_sample(), language=language)),
    }
    asked: list[str] = []
    folder = Path(os.environ.get("GONGPING_SCREENSHOTS") or tmp_path)

    async def answer(route: "Route") -> None:
        name = route.request.url.removeprefix(ADDRESS)
        asked.append(name)
        await route.fulfill(body=pages.get(name, ""), content_type="text/html; charset=utf-8", headers=headers())

    context = await chromium.new_context(viewport={"width": width, "height": 844})
    try:
        page = await context.new_page()
        await page.route("**/*", answer)
        for name in pages:
            await page.goto(ADDRESS + name)
            await page.screenshot(path=folder / f"report-{name}-{language}-{width}.png", full_page=True)
            assert await violations(page) == [], name
            assert await overflow(page) <= 0, name
            colour = await page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")
            assert colour == "896px", "the page's own style applies under its policy"
    finally:
        await context.close()
    assert set(asked) == set(pages)
