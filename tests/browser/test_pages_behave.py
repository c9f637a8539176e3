"""What the small script adds, and that nothing needs it."""

from tests.browser.conftest import Site, press
from tests.surveys.responses.answering import COLUMNS, invite, open_wave, select

SHORT = {"instrument_id": "public-service-short"}
FIRST_LOAD = 30_000
STORED = "Object.keys(localStorage).filter(key => key.startsWith('gp:'))"


async def test_the_token_leaves_the_address_and_back_works(site: Site) -> None:
    wave_id, items = await invite(site.surveys, 40)
    token = items[0]["token"]
    async with site.visitor() as page:
        await page.goto(f"{site.url}/p/{wave_id}?t={token}")
        assert token not in page.url
        await press(page)
        for value in ("4", "3"):
            await page.check(f"input[value='{value}']")
            await press(page)
        assert page.url.partition("?")[0].endswith("/timeliness")
        assert token not in page.url
        await page.go_back()
        assert page.url.partition("?")[0].endswith("/access")
        assert await page.is_checked("input[value='3']")
        assert await page.evaluate("document.cookie") == ""


async def test_what_is_typed_survives_a_reload_and_goes_with_the_answer(site: Site) -> None:
    wave_id = await open_wave(site.surveys, design="open_link", **SHORT)
    async with site.visitor() as page:
        await page.goto(f"{site.url}/p/{wave_id}")
        await press(page)
        for _ in range(3):
            await page.check("input[value='4']")
            await press(page)
        await page.fill("textarea", "希望延长")
        await page.locator(".note", has_text="已自动保存").wait_for()
        await page.reload()
        assert await page.input_value("textarea") == "希望延长"
        await press(page)
        assert await page.evaluate(STORED) == []
        await press(page)
        await page.wait_for_url("**/receipt*")
        assert await page.evaluate(STORED) == []
    (row,) = await select(site.surveys, COLUMNS)
    assert row.answers["improve"] == "希望延长"
    assert row.duration_seconds is not None


async def test_another_visitor_of_the_same_device_sees_nothing(site: Site) -> None:
    wave_id, items = await invite(site.surveys, 40)
    async with site.visitor() as page:
        await page.goto(f"{site.url}/p/{wave_id}?t={items[0]['token']}")
        await press(page)
        await page.check("input[value='1']")
        await page.locator(".note", has_text="已自动保存").wait_for()
        await page.goto(f"{site.url}/p/{wave_id}?t={items[1]['token']}")
        await press(page)
        assert page.url.partition("?")[0].endswith("/overall")
        assert not await page.is_checked("input[value='1']")


async def test_without_a_connection_the_answer_waits_and_is_sent_once(site: Site) -> None:
    wave_id, items = await invite(site.surveys, 40)
    async with site.visitor() as page:
        await page.goto(f"{site.url}/p/{wave_id}?t={items[0]['token']}")
        await press(page)
        await page.check("input[value='5']")
        await press(page)
        await page.goto(page.url.replace("/q/access", "/check"))
        await page.context.set_offline(True)
        await page.click("main form button")
        await page.locator(".note", has_text="没有网络").wait_for()
        assert await select(site.surveys, COLUMNS) == []
        await page.context.set_offline(False)
        await page.wait_for_url("**/receipt*")
        assert await page.is_visible(".panel strong")
    assert len(await select(site.surveys, COLUMNS)) == 1


async def test_the_browser_solves_the_proof_of_work(site: Site) -> None:
    wave_id = await open_wave(site.surveys, design="open_link", **SHORT)
    async with site.visitor() as page:
        await page.goto(f"{site.url}/p/{wave_id}")
        await press(page)
        for _ in range(3):
            await page.check("input[value='4']")
            await press(page)
        await press(page)
        await press(page)
        await page.wait_for_url("**/receipt*")
    assert len(await select(site.surveys, "SELECT 1 FROM response_proofs")) == 1


async def test_everything_works_without_script(site: Site) -> None:
    wave_id = await open_wave(site.surveys, design="open_link", **SHORT)
    async with site.visitor(java_script_enabled=False) as page:
        await page.goto(f"{site.url}/p/{wave_id}")
        await press(page)
        for _ in range(3):
            await page.check("input[value='4']")
            await press(page)
        await page.fill("textarea", "没有脚本也行")
        await press(page)
        await press(page)
        assert "/receipt" in page.url
        assert len(await page.inner_text(".panel strong")) == 29
    (row,) = await select(site.surveys, COLUMNS)
    assert row.answers["improve"] == "没有脚本也行"


async def test_keys_alone_are_enough(site: Site) -> None:
    wave_id = await open_wave(site.surveys, design="open_link", **SHORT)
    async with site.visitor(width=1280, language="en") as page:
        await page.goto(f"{site.url}/p/{wave_id}")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        while await page.evaluate("document.activeElement.tagName") != "BUTTON":
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/q/overall*")
        while await page.evaluate("document.activeElement.type") != "radio":
            await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/q/timeliness*")
        await page.go_back()
        assert await page.is_checked("input[value='4']")


async def test_the_first_load_is_small(site: Site) -> None:
    wave_id = await open_wave(site.surveys, design="open_link", **SHORT)
    async with site.visitor() as page:
        await page.goto(f"{site.url}/p/{wave_id}", wait_until="networkidle")
        sizes = await page.evaluate(
            "performance.getEntries().filter(e => e.encodedBodySize !== undefined)"
            ".map(e => [e.name.replace(location.origin, ''), e.encodedBodySize])"
        )
    loaded = [size for name, size in sizes if "/p/" in name]
    assert len(loaded) == 3, sizes
    assert sum(loaded) < FIRST_LOAD, sizes
