"""What every page keeps to: headers, weight, words in every language, no trace in logs."""

import json
import re
from pathlib import Path

import pytest
from tests.surveys.conftest import Surveys
from tests.surveys.public.browsing import Browser
from tests.surveys.responses.answering import invite, open_wave

from surveys.public import words as words_module
from surveys.public.words import LANGUAGES, choose_language, words_of

FOLDER = Path(words_module.__file__).parent
FIRST_LOAD = 30_000  # bytes, uncompressed: the limit


async def test_headers_keep_the_token_here(surveys: Surveys) -> None:
    wave_id, items = await invite(surveys, 40)
    browser = Browser(surveys.client.app)
    for path in ("/p", f"/p/{wave_id}?t={items[0]['token']}", "/p/complaint", "/p/follow", "/p/nothing"):
        answer = await browser.http.get(path)
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
    notice = await browser.get(f"/p/{wave_id}?t={items[0]['token']}")
    await browser.submit(notice)
    (cookie,) = browser.http.cookies.jar
    assert (cookie.name, cookie.path, cookie.expires) == ("visit", f"/p/{wave_id}", None)
    started = await browser.http.post(
        f"/p/{wave_id}/start", data={"token": items[1]["token"]}, headers={"X-Forwarded-Proto": "https"}
    )
    set_cookie = started.headers["set-cookie"].lower()
    assert all(word in set_cookie for word in ("httponly", "samesite=lax", "secure"))
    assert items[1]["token"] not in started.headers["location"]


async def test_nothing_is_inline_and_nothing_comes_from_elsewhere(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys, design="open_link")
    browser = Browser(surveys.client.app)
    notice = await browser.get(f"/p/{wave_id}")
    for page in (notice, await browser.submit(notice), await browser.get("/p/complaint")):
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page.html)
        assert re.findall(r"<script(?![^>]*src=)", page.html) == []
        assert all(path.startswith("/p/static/") for path in page.loads), page.loads


@pytest.mark.parametrize("language", ["zh-CN", "en", "ug"])
async def test_the_first_load_is_under_30_kilobytes(surveys: Surveys, language: str) -> None:
    wave_id = await open_wave(
        surveys, design="open_link", instrument_id="public-service-short", languages=list(LANGUAGES)
    )
    browser = Browser(surveys.client.app, language=language)
    for path in (f"/p/{wave_id}", "/p/complaint", "/p"):
        page = await browser.get(path)
        weights = [len(page.html.encode())]
        for asset in page.loads:
            answer = await browser.http.get(asset)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
            weights.append(len(answer.content))
        assert sum(weights) < FIRST_LOAD, (path, weights)


async def test_a_file_of_another_version_is_not_found(surveys: Surveys) -> None:
    browser = Browser(surveys.client.app)
    page = await browser.get("/p")
    stale = re.sub(r"/static/\w+/", "/static/000000000000/", page.loads[0])
    assert (await browser.http.get(stale)).status_code == 404


def test_every_language_has_every_word_with_the_same_blanks() -> None:
    loaded = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (FOLDER / "words").glob("*.json")}
    assert set(loaded) == {"zh-Hans", "en", "ug"}
    source: dict[str, str] = loaded["zh-Hans"]["words"]
    for language, file in loaded.items():
        assert set(file["words"]) == set(source), language
        for key, text in file["words"].items():
            assert set(re.findall(r"{\w+}", text)) <= set(re.findall(r"{\w+}", source[key])), (language, key)
    assert loaded["ug"]["status"] == "unreviewed"
    assert not words_of("ug-Arab-CN").reviewed
    assert words_of("en").reviewed


def test_every_word_is_used() -> None:
    texts = "".join(
        path.read_text(encoding="utf-8") for pattern in ("*.py", "templates/*.html") for path in FOLDER.glob(pattern)
    )
    prefixes = re.findall(r"['\"](\w+_)['\"] ~|f\"(\w+_)\{", texts)
    made = tuple(first or second for first, second in prefixes)
    words = json.loads((FOLDER / "words" / "zh-Hans.json").read_text(encoding="utf-8"))["words"]
    unused = [key for key in words if not re.search(rf"\b{key}\b", texts) and not key.startswith(made)]
    assert unused == []


@pytest.mark.parametrize(
    ("asked", "accepted", "expected"),
    [
        ("ug-Arab-CN", "en", "ug-Arab-CN"),
        (None, "fr, en;q=0.8", "en"),
        (None, "zh-CN", "zh-Hans"),
        ("xx", "", "zh-Hans"),
        (None, "", "zh-Hans"),
    ],
)
def test_language_follows_wish_and_browser(asked: str | None, accepted: str, expected: str) -> None:
    assert choose_language(LANGUAGES, asked, accepted) == expected


def test_an_unknown_language_falls_back_to_chinese_words() -> None:
    assert words_of("bo-CN").home_title == words_of("zh-Hans").home_title
    with pytest.raises(AttributeError):
        _ = words_of("en").no_such_word


async def test_a_page_leaves_no_line_in_the_log(surveys: Surveys, capsys: pytest.CaptureFixture[str]) -> None:
    wave_id, items = await invite(surveys, 40)
    browser = Browser(surveys.client.app)
    capsys.readouterr()
    page = await browser.submit(await browser.get(f"/p/{wave_id}?t={items[0]['token']}"))
    await browser.submit(page, a="4")
    await browser.get("/p/nothing")
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""
