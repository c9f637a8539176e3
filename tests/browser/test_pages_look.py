"""Every page in three languages, at the width of a telephone and of a desk, light and dark: axe finds nothing, nothing overflows."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from tests.browser.conftest import Site, overflow, press, violations
from tests.surveys.conftest import contract_fields
from tests.surveys.responses.answering import invite, open_wave

from shared.events import ContractActivated
from shared.jobs import Worker
from surveys.publication.handlers import publish_wave_job

if TYPE_CHECKING:
    from playwright.async_api import Page

LANGUAGES = {"zh": "zh-Hans", "en": "en", "ug": "ug-Arab-CN"}
SHORT = {"instrument_id": "public-service-short", "languages": list(LANGUAGES.values())}
SIZES = [(390, "light"), (1280, "light"), (390, "dark")]


async def inspect(site: Site, page: "Page", name: str) -> None:
    """Look at a page: axe, overflow, a picture."""
    await site.shot(page, name)
    assert await violations(page) == [], name
    assert await overflow(page) <= 0, name


@pytest.mark.parametrize(("width", "scheme"), SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_way_through_a_survey(site: Site, language: str, width: int, scheme: Any) -> None:
    wave_id = await open_wave(site.surveys, design="open_link", **SHORT)
    name = f"{language}-{width}-{scheme}"
    async with site.visitor(width=width, color_scheme=scheme) as page:
        await page.goto(f"{site.url}/p/{wave_id}?lang={LANGUAGES[language]}")
        assert await page.get_attribute("html", "dir") == ("rtl" if language == "ug" else "ltr")
        await inspect(site, page, f"{name}-1-notice")
        await press(page)
        await inspect(site, page, f"{name}-2-question")
        await press(page)
        assert await page.evaluate("document.activeElement.className") == "errors"
        await inspect(site, page, f"{name}-3-error")
        await page.check("input[value='4']")
        await press(page)
        for _ in range(2):
            await page.check("input[value='2']")
            await press(page)
        await page.fill("textarea", "希望延长开放时间 · longer opening hours")
        await inspect(site, page, f"{name}-4-text")
        await press(page)
        await inspect(site, page, f"{name}-5-check")
        await press(page)
        await page.wait_for_url("**/receipt*")
        await inspect(site, page, f"{name}-6-receipt")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_complaints_and_their_follow_up(site: Site, language: str) -> None:
    contract = ContractActivated.model_validate(contract_fields())
    await site.surveys.hear(contract)
    query = f"lang={LANGUAGES[language]}"
    for width in (390, 1280):
        async with site.visitor(width=width) as page:
            await page.goto(f"{site.url}/p?{query}")
            await inspect(site, page, f"{language}-{width}-7-home")
            await page.goto(f"{site.url}/p/complaint?q=养老&{query}")
            await inspect(site, page, f"{language}-{width}-8-search")
            async with page.expect_navigation():
                await page.click("main ul a")
            await press(page)
            await inspect(site, page, f"{language}-{width}-9-complaint-error")
            await page.check("input[value='complaint']")
            await page.fill("#words", "周二没有人来送餐")
            await press(page)
            await inspect(site, page, f"{language}-{width}-10-complaint-receipt")
            code = await page.inner_text(".panel strong")
            officer = site.surveys.client.as_("purchaser")
            (case,) = (await officer.get("/v1/complaints", params={"status": "open"})).json()["items"]
            closed = await officer.post(
                f"/v1/complaints/{case['service_request_id']}/close", json={"words": "已补送并致歉"}
            )
            assert closed.status_code == 200, closed.text
            await page.goto(f"{site.url}/p/follow?{query}")
            await inspect(site, page, f"{language}-{width}-11-follow")
            await page.fill("#code", code)
            await press(page)
            await inspect(site, page, f"{language}-{width}-12-case")


async def test_every_kind_of_question(site: Site) -> None:
    from tests.surveys.public.test_survey_pages import SAMPLER  # noqa: PLC0415 - only here

    uploaded = await site.surveys.client.as_("finance", regions=["CN"]).post("/v1/instruments", json=SAMPLER)
    assert uploaded.status_code == 201, uploaded.text
    wave_id = await open_wave(site.surveys, design="open_link", instrument_id="sampler", languages=["zh-Hans", "en"])
    async with site.visitor(width=390) as page:
        await page.goto(f"{site.url}/p/{wave_id}")
        await press(page)
        await page.check("input[value='2']")
        await press(page)
        await page.check("input[value='yes']")
        await press(page)
        seen = []
        while "/check" not in page.url:
            code = page.url.partition("?")[0].rpartition("/")[2]
            seen.append(code)
            await inspect(site, page, f"kind-{code}")
            if code == "recommend":
                await page.check("input[value='3']")
            elif code == "parts":
                for radio in await page.query_selector_all("input[value='1']"):
                    await radio.check()
            await press(page)
        assert {"parts", "staff_why", "recommend", "effort", "channel", "times", "since"} <= set(seen)
        await inspect(site, page, "kind-check")


async def test_proof_results_and_refusals(site: Site) -> None:
    wave_id, items = await invite(site.surveys, 40, language="zh-Hans")
    async with site.visitor() as page:
        await page.goto(f"{site.url}/p/{wave_id}")
        await inspect(site, page, "code-entry")
        await page.fill("#code", "0000-0000-001")
        await press(page)
        await inspect(site, page, "code-wrong")
        receipts = []
        for item in items[:24]:
            sent = await site.surveys.client.anonymous.put(
                f"/v1/waves/{wave_id}/responses/{UUID(bytes=item['token'].encode()[:16], version=4)}",
                json={"answers": dict.fromkeys(("overall", "access", "timeliness", "quality"), 4)},
                headers={"Survey-Token": item["token"]},
            )
            assert sent.status_code == 201, sent.text
            receipts.append(sent.json()["receipt"])
        await page.goto(f"{site.url}/p/{wave_id}?t={items[0]['token']}")
        await inspect(site, page, "spent")
        await site.surveys.close(wave_id)
        while await Worker(site.surveys.database, [publish_wave_job]).run_one():
            pass
        await page.goto(f"{site.url}/p/{wave_id}/proof")
        await inspect(site, page, "proof-form")
        await page.fill("#code", receipts[0])
        await press(page)
        await page.click("summary")
        await inspect(site, page, "proof")
        await page.goto(f"{site.url}/p/{wave_id}/results")
        await inspect(site, page, "results")
        await page.goto(f"{site.url}/p/{wave_id}")
        await inspect(site, page, "closed")


async def test_zoomed_to_two_hundred_per_cent_nothing_is_cut(site: Site) -> None:
    wave_id = await open_wave(site.surveys, design="open_link", **SHORT)
    # WCAG 1.4.10: 1,280 pixels at 400 % are 320.
    async with site.visitor(width=320) as page:
        for path in (f"/p/{wave_id}?lang=ug-Arab-CN", f"/p/{wave_id}?lang=en", "/p/complaint?lang=en"):
            await page.goto(site.url + path)
            assert await overflow(page) <= 0, path
