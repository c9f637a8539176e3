"""A citizen answers a survey with nothing but plain HTML: notice, questions, check, receipt, withdrawal, proof."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import altcha
import pytest
from tests.surveys.conftest import Surveys, answers, completed_contract, contract_fields
from tests.surveys.public.browsing import Browser, Page
from tests.surveys.responses.answering import COLUMNS, invite, open_wave, select

from gongping_local.pytest_servers import Servers
from shared import clock
from shared.events import ContractActivated
from shared.jobs import Worker
from shared.testing import client_for, new_database
from surveys.app import service
from surveys.publication.handlers import publish_wave_job

SAMPLER: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "instruments" / "sampler.json").read_text(encoding="utf-8")
)
SHORT = {"instrument_id": "public-service-short", "languages": ["zh-Hans", "en", "ug-Arab-CN"]}


def browser(surveys: Surveys, **options: Any) -> Browser:
    return Browser(surveys.client.app, **options)


async def begin(surveys: Surveys, token: str, wave_id: str, **options: Any) -> tuple[Browser, Page]:
    """A visitor who has read the notice and stands at the first question."""
    visitor = browser(surveys, **options)
    notice = await visitor.get(f"/p/{wave_id}?t={token}")
    assert notice.status == 200, notice.text
    return visitor, await visitor.submit(notice)


async def answer_all(visitor: Browser, page: Page, *values: Any) -> Page:
    """Answer the questions one after another; returns the page behind the last."""
    for value in values:
        assert page.status == 200, page.text
        page = await visitor.submit(page, a=value)
    return page


async def test_an_invited_person_answers_once_and_gets_a_receipt(surveys: Surveys) -> None:
    wave_id, items = await invite(surveys, 40)
    token = items[0]["token"]
    visitor, page = await begin(surveys, token, wave_id)
    assert "第 1 题" in page.text
    assert token not in page.html
    assert token not in visitor.path
    check = await answer_all(visitor, page, 4, 5, 3, "dont_know", 4, 4, 3, "多一些扶手")
    assert visitor.path.startswith(f"/p/{wave_id}/check")
    assert "多一些扶手" in check.text
    assert "不清楚" in check.text
    receipt = await visitor.submit(check)
    assert receipt.status == 200, receipt.text
    assert visitor.path.startswith(f"/p/{wave_id}/receipt")
    (row,) = await select(surveys, COLUMNS)
    assert row.answers["overall"] == 4
    assert row.answers["improve"] == "多一些扶手"
    assert (row.language, row.mode, row.disposition) == ("zh-Hans", "web", "complete")
    assert await select(surveys, "SELECT 1 FROM response_drafts") == []
    again = await browser(surveys).get(f"/p/{wave_id}?t={token}")
    assert (again.status, "已经用过" in again.text) == (409, True)


async def test_sending_twice_is_one_answer_and_shows_the_same_receipt(surveys: Surveys) -> None:
    wave_id, items = await invite(surveys, 40)
    visitor, page = await begin(surveys, items[0]["token"], wave_id)
    check = await answer_all(visitor, page, 4, 4, 4, 4, 4, 4, 4, "")
    cookies = dict(visitor.http.cookies)
    first = await visitor.submit(check)
    visitor.http.cookies.update(cookies)
    second = await visitor.submit(check)
    assert first.status == second.status == 200
    assert code_on(first) == code_on(second)
    assert len(await select(surveys, COLUMNS)) == 1


def code_on(page: Page) -> str:
    """The code that a receipt shows."""
    return page.html.partition("<strong>")[2].partition("</strong>")[0]


async def test_a_question_that_must_be_answered_says_so(surveys: Surveys) -> None:
    wave_id, items = await invite(surveys, 40)
    visitor, page = await begin(surveys, items[0]["token"], wave_id)
    refused = await visitor.submit(page)
    assert refused.status == 422
    assert refused.title.startswith("错误：")
    assert ("#a", "请回答此题") in refused.links
    assert "a" in refused.ids
    wrong = await visitor.submit(refused, a="9")
    assert wrong.status == 422
    assert "请选择一项" in wrong.text
    assert (await visitor.submit(wrong, a="4")).status == 200
    assert await select(surveys, COLUMNS) == []


async def test_what_was_answered_waits_for_the_invitation_and_for_nothing_else(surveys: Surveys) -> None:
    wave_id, items = await invite(surveys, 40)
    token = items[0]["token"]
    visitor, page = await begin(surveys, token, wave_id)
    await answer_all(visitor, page, 2, 3)
    (draft,) = await select(surveys, "SELECT sealed FROM response_drafts")
    assert b"overall" not in bytes(draft.sealed)
    other, page = await begin(surveys, token, wave_id)
    assert "第 3 题" in page.text
    back = await other.get(f"/p/{wave_id}/q/overall")
    assert back.forms[0].fields["a"] == ["2"]
    stranger, page = await begin(surveys, items[1]["token"], wave_id)
    assert "第 1 题" in page.text
    assert "a" not in (await stranger.get(f"/p/{wave_id}/q/overall")).forms[0].fields


async def test_a_link_of_another_survey_is_named(surveys: Surveys) -> None:
    wave_id, _ = await invite(surveys, 40)
    page = await browser(surveys).get(f"/p/{wave_id}?t=AAAAAAAAAAAAAAAAAAAAAA")
    assert (page.status, "不属于本次调查" in page.text) == (200, True)
    assert len(page.forms) == 1


async def test_a_spoken_code_opens_the_survey_too(surveys: Surveys) -> None:
    wave_id, items = await invite(surveys, 40)
    visitor = browser(surveys)
    notice = await visitor.get(f"/p/{wave_id}")
    assert len(notice.forms) == 1
    wrong = await visitor.submit(notice, token="0000-0000-001")
    assert (wrong.status, "没有这个邀请码" in wrong.text) == (422, True)
    page = await visitor.submit(wrong, token=items[0]["code"].lower().replace("-", " "))
    assert "第 1 题" in page.text
    check = await answer_all(visitor, page, 5, 5, 5, 5, 5, 5, 5, "")
    assert (await visitor.submit(check)).status == 200
    assert len(await select(surveys, COLUMNS)) == 1


async def test_a_spoken_code_finds_its_survey(surveys: Surveys) -> None:
    await invite(surveys, 20)
    wave_id, items = await invite(surveys, 20)
    visitor = browser(surveys)
    home = await visitor.get("/p")
    wrong = await visitor.submit(home, code="0000-0000-001")
    assert (wrong.status, "没有这个邀请码" in wrong.text) == (422, True)
    notice = await visitor.submit(wrong, code=items[0]["code"].lower().replace("-", " "))
    assert visitor.path.startswith(f"/p/{wave_id}?")
    assert "请先阅读" in notice.text
    page = await visitor.submit(notice)
    assert visitor.path.startswith(f"/p/{wave_id}/q/overall?")
    assert page.status == 200


async def test_wrong_codes_are_limited(surveys: Surveys) -> None:
    wave_id, items = await invite(surveys, 40)
    visitor = browser(surveys)
    notice = await visitor.get(f"/p/{wave_id}")
    statuses = [(await visitor.submit(notice, token="0000-0000-001")).status for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    limited = await visitor.submit(notice, token=items[0]["code"])
    assert limited.status == 429
    assert int(limited.answer.headers["retry-after"]) > 0


async def test_without_the_cookie_the_page_says_what_to_do(surveys: Surveys) -> None:
    wave_id, _ = await invite(surveys, 40)
    page = await browser(surveys).get(f"/p/{wave_id}/q/overall")
    assert (page.status, "Cookie" in page.text) == (403, True)


async def test_every_kind_of_question_and_the_skips(surveys: Surveys) -> None:
    uploaded = await surveys.client.as_("finance", regions=["CN"]).post("/v1/instruments", json=SAMPLER)
    assert uploaded.status_code == 201, uploaded.text
    wave_id = await open_wave(surveys, design="open_link", instrument_id="sampler", languages=["zh-Hans", "en"])
    visitor = browser(surveys, language="en")
    page = await visitor.submit(await visitor.get(f"/p/{wave_id}"))
    page = await visitor.submit(page, a=2)  # overall
    assert list(page.forms[0].choices["a"])[:2] == ["yes", "no"]
    page = await visitor.submit(page, a="yes")  # used: why_not is skipped
    rows = [name for name in page.forms[0].choices if name.startswith("a-")]
    assert rows
    page = await visitor.submit(page, values=dict.fromkeys(rows, "2"))
    assert visitor.path.partition("?")[0].endswith("/q/staff_why")
    page = await visitor.submit(page, a="too slow")
    assert page.forms[0].choices["a"][:11] == [str(value) for value in range(11)]
    page = await visitor.submit(page, a=3)  # recommend
    page = await visitor.submit(page, a=6)  # effort
    assert visitor.path.partition("?")[0].endswith("/q/channel")  # asked of those who do not recommend it
    page = await visitor.submit(page, a=page.forms[0].choices["a"][0])
    wrong = await visitor.submit(page, a="many")  # times
    assert wrong.status == 422
    assert wrong.forms[0].fields["a"] == ["many"]
    page = await visitor.submit(wrong, a="0")
    page = await visitor.submit(page, a="12.5")  # fee
    wrong = await visitor.submit(page, a__year="2025", a__month="13")
    assert wrong.status == 422
    page = await visitor.submit(wrong, a__year="2025", a__month="3")
    page = await visitor.submit(page)  # day: left out
    assert visitor.path.partition("?")[0].endswith("/check")
    assert len(page.forms) == 0  # the questions about the respondent come first
    page = await visitor.get(page.link("Continue"))
    assert "About you" in page.text
    check = await visitor.submit(page, a=page.forms[0].choices["a"][0])
    assert visitor.path.partition("?")[0].endswith("/confirm")
    receipt = await visitor.submit(check)
    assert receipt.status == 200, receipt.text
    (row,) = await select(surveys, COLUMNS)
    assert row.answers["used"] == "yes"
    assert row.answers["times"] == 0
    assert row.answers["fee"] == "12.5"
    assert row.answers["since"] == "2025-03"
    assert row.answers["staff_why"] == "too slow"
    assert "why_not" not in row.answers
    assert "day" not in row.answers
    assert row.language == "en"


async def test_a_change_that_opens_a_question_leads_to_it(surveys: Surveys) -> None:
    await surveys.client.as_("finance", regions=["CN"]).post("/v1/instruments", json=SAMPLER)
    wave_id = await open_wave(surveys, design="open_link", instrument_id="sampler", languages=["zh-Hans", "en"])
    visitor = browser(surveys, language="en")
    page = await visitor.submit(await visitor.get(f"/p/{wave_id}"))
    page = await visitor.submit(page, a=4)
    assert (await visitor.submit(page, a="yes")).status == 200
    changing = await visitor.get(f"/p/{wave_id}/q/used?from=check")
    await visitor.submit(changing, a="no")
    assert visitor.path.partition("?")[0].endswith("/q/why_not")
    forward = await visitor.get(f"/p/{wave_id}/check")
    assert visitor.path.partition("?")[0].endswith("/q/why_not")
    assert forward.status == 200


async def test_languages_switch_and_direction_follows(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys, design="open_link", **SHORT)
    visitor = browser(surveys, language="ug-CN,zh;q=0.5")
    notice = await visitor.get(f"/p/{wave_id}")
    html = next(attributes for tag, attributes in notice.elements if tag == "html")
    assert (html["lang"], html["dir"]) == ("ug-Arab-CN", "rtl")
    assert "未经审校" in notice.text
    english = await visitor.get(notice.link("English"))
    html = next(attributes for tag, attributes in english.elements if tag == "html")
    assert (html["lang"], html["dir"]) == ("en", "ltr")
    assert "Before you start" in english.text
    question = await visitor.submit(english)
    assert "Overall, how satisfied" in question.text
    chinese = await visitor.get(question.link("简体中文"))
    assert "总的来说" in chinese.text
    assert visitor.path.partition("?")[0].endswith("/q/overall")


async def test_an_open_link_needs_a_proof_or_patience(servers: Servers) -> None:
    async with new_database(servers.postgres_url, "surveys") as url, client_for(service, url) as client:
        surveys = Surveys(client)
        wave_id = await open_wave(surveys, design="open_link", **SHORT)
        seen = []
        for attempt in range(5):
            visitor = browser(surveys)
            page = await visitor.submit(await visitor.get(f"/p/{wave_id}"))
            check = await answer_all(visitor, page, 4, 4, 4, "")
            proof = None
            if attempt == 4:
                challenge = (await visitor.http.get(f"/v1/waves/{wave_id}/challenge")).json()
                solved = altcha.solve_challenge(altcha.Challenge.from_dict(challenge))
                assert solved is not None
                proof = altcha.Payload(altcha.Challenge.from_dict(challenge), solved).to_base64()
            seen.append((await visitor.submit(check, values={"proof": proof} if proof else {})).status)
        assert seen == [200, 200, 200, 429, 200]
        assert len(await select(surveys, COLUMNS)) == 4
        wrong = browser(surveys)
        page = await wrong.submit(await wrong.get(f"/p/{wave_id}"))
        check = await answer_all(wrong, page, 4, 4, 4, "")
        refused = await wrong.submit(check, proof="bm90aGluZw==")
        assert refused.status == 422
        assert "未能验证" in refused.text
        assert refused.forms[0].fields["payload"] != [""]


async def test_answers_can_be_withdrawn_until_the_freeze(surveys: Surveys) -> None:
    wave_id, items = await invite(surveys, 40)
    visitor, page = await begin(surveys, items[0]["token"], wave_id)
    receipt = code_on(await visitor.submit(await answer_all(visitor, page, 1, 1, 1, 1, 1, 1, 1, "")))
    form = await visitor.get(f"/p/{wave_id}/withdraw")
    wrong = await visitor.submit(form, code="AAAAA")
    assert (wrong.status, "没有这个回执码" in wrong.text) == (422, True)
    gone = await visitor.submit(wrong, code=receipt.lower())
    assert (gone.status, "已撤回" in gone.text) == (200, True)
    assert await select(surveys, COLUMNS) == []


async def test_a_receipt_proves_that_the_answer_is_counted(surveys: Surveys) -> None:
    wave_id, items = await invite(surveys, 40)
    visitor, page = await begin(surveys, items[0]["token"], wave_id)
    receipt = code_on(await visitor.submit(await answer_all(visitor, page, 5, 5, 5, 5, 5, 5, 5, "")))
    for item in items[1:30]:
        sent = await surveys.client.anonymous.put(
            f"/v1/waves/{wave_id}/responses/{UUID(bytes=item['token'].encode()[:16], version=4)}",
            json=answers(4),
            headers={"Survey-Token": item["token"]},
        )
        assert sent.status_code == 201, sent.text
    form = await visitor.get(f"/p/{wave_id}/proof")
    early = await visitor.submit(form, code=receipt)
    assert "调查尚未结束" in early.text
    await surveys.close(wave_id)
    while await Worker(surveys.database, [publish_wave_job]).run_one():
        pass
    proof = await visitor.submit(form, code=receipt)
    assert (proof.status, "已计入，未被改动" in proof.text) == (200, True)
    published = (await surveys.client.anonymous.get(f"/v1/waves/{wave_id}/ledger")).json()
    assert published["root"] in proof.text
    assert "30 份答卷" in proof.text
    wrong = await visitor.submit(form, code=receipt[:-1] + ("0" if receipt[-1] != "0" else "1"))
    assert (wrong.status, "没有这个回执码" in wrong.text) == (422, True)
    closed = await visitor.get(f"/p/{wave_id}")
    assert "本次调查已结束" in closed.text
    results = await visitor.get(closed.link("查看结果"))
    assert results.status == 200
    assert "总的来说" in results.text


async def test_before_and_after_its_time_the_page_says_so(surveys: Surveys) -> None:
    later = clock.now() + (clock.now() - clock.now().replace(year=2020)) / 100
    contract = ContractActivated.model_validate(contract_fields())
    await surveys.hear(contract)
    body = {"contract_id": str(contract.contract_id), "kind": "midterm", "design": "open_link"}
    answer = await surveys.client.as_("operator").post("/v1/waves", json=body | {"opens_at": later.isoformat()})
    assert answer.status_code == 201, answer.text
    page = await browser(surveys).get(f"/p/{answer.json()['id']}")
    assert "调查尚未开始" in page.text
    assert page.forms == []
    unknown = await browser(surveys).get("/p/01890000-0000-7000-8000-000000000000")
    assert (unknown.status, "没有这个页面" in unknown.text) == (404, True)
    assert (await browser(surveys).get("/p/nothing")).status == 422


async def test_every_page_is_marked_simulated_where_the_contract_is(surveys: Surveys) -> None:
    contract = completed_contract(simulated=False)
    await surveys.hear(contract)
    (real,) = await surveys.waves(contract.contract_id)
    simulated = await open_wave(surveys, design="open_link")
    assert "演示数据" in (await browser(surveys).get(f"/p/{simulated}")).text
    assert "演示数据" not in (await browser(surveys).get(f"/p/{real['id']}")).text


@pytest.mark.parametrize("role", ["finance", "provider", "auditor", "public", "broken"])
async def test_pages_take_no_notice_of_who_asks(surveys: Surveys, role: str) -> None:
    wave_id = await open_wave(surveys, design="open_link")
    plain = await browser(surveys).get(f"/p/{wave_id}")
    client = surveys.client.as_(role, regions=["CN-31"]) if role != "broken" else None
    bearer = client.headers["authorization"] if client else "Bearer x.y.z"
    known = await browser(surveys, headers={"Authorization": bearer}).get(f"/p/{wave_id}")
    assert (known.status, known.html) == (200, plain.html)
