"""A citizen complains and follows the case with nothing but plain HTML."""

import re
from uuid import UUID

from tests.surveys.conftest import Surveys, contract_fields
from tests.surveys.public.browsing import Browser, Page
from tests.surveys.responses.answering import select

from shared.events import ContractActivated


async def contract(surveys: Surveys, **fields: object) -> UUID:
    """A contract that is known here."""
    found = ContractActivated.model_validate(contract_fields(**fields))
    await surveys.hear(found)
    return found.contract_id


def code_on(page: Page) -> str:
    """The code that a receipt shows."""
    return page.html.partition("<strong>")[2].partition("</strong>")[0]


async def test_a_citizen_finds_the_service_complains_and_follows_the_case(surveys: Surveys) -> None:
    contract_id = await contract(surveys)
    browser = Browser(surveys.client.app)
    home = await browser.get("/p")
    search = await browser.get(home.link("投诉"))
    nothing = await browser.submit(search, q="不存在的服务")
    assert "没有找到" in nothing.text
    found = await browser.submit(nothing, q="居家养老")
    form = await browser.get(found.link("社区居家养老服务"))
    assert "某区民政局" in form.text
    assert "演示数据" in form.text
    sent = await browser.submit(
        form, kind="complaint", subject="timeliness", words="周二没有送餐，电话13812345678", contact="a@b.cn"
    )
    assert sent.status == 201, sent.text
    code = code_on(sent)
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}[0-9A-Z*~$=]", code)
    again = await browser.submit(
        form, kind="complaint", subject="timeliness", words="周二没有送餐，电话13812345678", contact="a@b.cn"
    )
    assert code_on(again) == code
    (row,) = await select(surveys, "SELECT id, kind, service_code, description, language, contract_id FROM complaints")
    assert (row.kind, row.service_code, row.contract_id, row.language) == (
        "complaint",
        "timeliness",
        contract_id,
        "zh-Hans",
    )
    follow = await browser.get(sent.link("查询处理结果"))
    case = await browser.submit(follow, code=code.lower())
    assert "正在处理" in case.text
    assert "13812345678" not in case.text
    assert case.forms == []
    officer = surveys.client.as_("purchaser")
    closed = await officer.post(f"/v1/complaints/{row.id}/close", json={"words": "已补送"})
    assert closed.status_code == 200, closed.text
    case = await browser.submit(follow, code=code)
    assert "已补送" in case.text
    unsaid = await browser.submit(case)
    assert (unsaid.status, "请选择问题是否解决" in unsaid.text) == (422, True)
    said = await browser.submit(unsaid, resolved="no", comment="今天又没有来")
    assert said.status == 200
    assert "正在处理" in said.text
    assert "今天又没有来" in said.text


async def test_what_is_wrong_is_named_and_nothing_is_lost(surveys: Surveys) -> None:
    contract_id = await contract(surveys)
    browser = Browser(surveys.client.app, language="en")
    form = await browser.get(f"/p/complaint?contract={contract_id}")
    wrong = await browser.submit(form, where="x" * 201, contact="me")
    assert wrong.status == 422
    assert wrong.title.startswith("Error: ")
    targets = [href for href, _ in wrong.links if href.startswith("#") and href != "#main"]
    assert targets == ["#kind", "#words", "#where"]
    assert {target[1:] for target in targets} <= set(wrong.ids)
    assert wrong.forms[0].fields["contact"] == ["me"]
    assert wrong.forms[0].fields["id"] == form.forms[0].fields["id"]
    sent = await browser.submit(wrong, kind="report", words="...", where="")
    assert sent.status == 201, sent.text


async def test_a_changed_form_under_a_used_id_gets_a_new_one(surveys: Surveys) -> None:
    contract_id = await contract(surveys)
    browser = Browser(surveys.client.app)
    form = await browser.get(f"/p/complaint?contract={contract_id}")
    assert (await browser.submit(form, kind="praise", words="很好")).status == 201
    other = await browser.submit(form, kind="suggestion", words="可以更好")
    assert other.status == 200
    assert other.forms[0].fields["id"] != form.forms[0].fields["id"]
    assert other.forms[0].fields["words"] == ["可以更好"]
    assert (await browser.submit(other)).status == 201
    assert len(await select(surveys, "SELECT 1 FROM complaints")) == 2


async def test_wrong_codes_are_refused_and_limited(surveys: Surveys) -> None:
    browser = Browser(surveys.client.app)
    form = await browser.get("/p/follow")
    statuses = [(await browser.submit(form, code="0000-0000-001")).status for _ in range(11)]
    assert statuses == [422] * 10 + [429]


async def test_drafts_are_not_offered_to_citizens(surveys: Surveys) -> None:
    await contract(surveys, state="draft")
    found = await Browser(surveys.client.app).get("/p/complaint?q=%E5%85%BB%E8%80%81")
    assert "没有找到" in found.text


async def test_a_page_for_an_unknown_contract_is_not_found(surveys: Surveys) -> None:
    missing = await Browser(surveys.client.app).get("/p/complaint?contract=01890000-0000-7000-8000-000000000000")
    assert (missing.status, "没有这个页面" in missing.text) == (404, True)
    broken = await Browser(surveys.client.app).http.post("/p/follow", content=b"code=%ff")
    assert broken.status_code == 422
