"""A printed sheet names one short address: whoever types the code there reaches the right survey."""

from tests.surveys.conftest import Surveys
from tests.surveys.public.browsing import Browser
from tests.surveys.responses.answering import invite


async def test_a_code_alone_leads_to_its_survey(surveys: Surveys) -> None:
    first, of_first = await invite(surveys, 40)
    second, of_second = await invite(surveys, 40)
    for wave_id, items in ((first, of_first), (second, of_second)):
        visitor = Browser(surveys.client.app)
        home = await visitor.get("/p")
        assert home.status == 200
        notice = await visitor.submit(home, code=items[0]["code"].lower().replace("-", " "))
        assert notice.status == 200
        assert visitor.path.startswith(f"/p/{wave_id}?t=")
        assert "第 1 题" in (await visitor.submit(notice)).text


async def test_a_wrong_code_is_named_and_tries_are_limited(surveys: Surveys) -> None:
    await invite(surveys, 40)
    visitor = Browser(surveys.client.app, language="en")
    home = await visitor.get("/p")
    for wrong in ("0000-0000-001", "", "不是", '"><script>'):
        page = await visitor.submit(home, code=wrong)
        assert (page.status, "There is no such code" in page.text) == (422, True)
        assert "<script>" not in page.html
    statuses = [(await visitor.submit(home, code="0000-0000-001")).status for _ in range(8)]
    assert statuses == [422] * 6 + [429] * 2
