"""Sheets to print: one QR code and one spoken code per person, eight people on a page."""

import base64
import re
import zlib
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import segno
from reportlab.pdfbase import pdfmetrics
from tests.surveys.conftest import Surveys
from tests.surveys.test_surveys_frames import invited, open_wave, people

from surveys.frames.service import link_of, new_code, new_token
from surveys.frames.sheets import CARD, QR_SIZE, QUIET_ZONE, STANDARD_FONT, Sheet, Wording, _title, poster, sheets
from surveys.settings import policy

WAVE = UUID("0190b7a2-0000-7000-8000-000000000001")


def wording(**fields: Any) -> Wording:
    usual: dict[str, Any] = {
        "title": "社区居家养老服务",
        "until": "2026-12-31",
        "code_page": "http://127.0.0.1/p",
        "simulated": True,
    }
    return Wording(**{"font": None} | usual | fields)


def pages(pdf: bytes) -> list[str]:
    """The drawing operators of every page."""
    assert pdf.startswith(b"%PDF-")
    streams = re.findall(rb"/ASCII85Decode /FlateDecode.*?stream\r?\n(.*?)~>endstream", pdf, re.DOTALL)
    return [zlib.decompress(base64.a85decode(stream)).decode("latin-1") for stream in streams]


def squares(page: str) -> list[set[tuple[int, int]]]:
    """Row and column of the dark modules of every QR code on a page of cards, in the order of drawing."""
    found = []
    for drawing in re.findall(r"n ((?:-?[\d.]+ -?[\d.]+ -?[\d.]+ -?[\d.]+ re ?){50,})f", page.replace("\n", " ")):
        boxes = [tuple(float(part) for part in box) for box in re.findall(r"(\S+) (\S+) (\S+) \S+ re", drawing)]
        left, top = min(box[0] for box in boxes), max(box[1] for box in boxes)
        side = boxes[0][2]
        found.append({(round((top - y) / side), round((x - left) / side)) for x, y, _ in boxes})
    return found


def dark(link: str) -> set[tuple[int, int]]:
    matrix = segno.make_qr(link, error="m").matrix
    return {(row, column) for row, line in enumerate(matrix) for column, module in enumerate(line) if module}


def test_every_person_has_a_card_with_the_own_codes() -> None:
    items = [Sheet(link_of(WAVE, token), token, new_code(), None) for token in (new_token() for _ in range(17))]
    found = pages(sheets(items, wording()))
    assert len(found) == 3
    drawn = [code for page in found for code in squares(page)]
    assert drawn == [dark(item.link) for item in items]
    written = "".join(found)
    assert all(f"({item.code}) Tj" in written for item in items)
    assert written.count("(http://127.0.0.1/p) Tj") == 17


def test_a_code_is_large_enough_for_a_cheap_camera() -> None:
    modules = segno.make_qr(link_of(WAVE, new_token()), error="m").symbol_size(border=QUIET_ZONE)[0]
    assert QR_SIZE / modules * 25.4 / 72 > 0.7  # mm; 0.5 is the usual advice for reading from a hand's distance
    assert CARD[1] > QR_SIZE


def test_simulated_data_is_marked_and_the_same_sheets_are_the_same_bytes() -> None:
    items = [Sheet(link_of(WAVE, "t" * 22), "t" * 22, "0000-0000-000", "一号楼")]
    marked = sheets(items, wording())
    assert marked == sheets(items, wording())
    assert len(pages(marked)[0]) > len(pages(sheets(items, wording(simulated=False)))[0])
    (page,) = pages(poster(link_of(WAVE), wording()))
    assert squares(page) == [dark(link_of(WAVE))]


def test_long_titles_and_long_words_stay_on_the_card() -> None:
    for title in ("长" * 300, "w" * 300, "a b " * 100, "一"):
        (page,) = pages(sheets([Sheet(link_of(WAVE, "t" * 22), "t" * 22, "0000-0000-000", None)], wording(title=title)))
        assert page.count(" Tj") == (8 if title == "一" else 10)
        lines = _title(title, STANDARD_FONT, 11, 120)
        assert len(lines) <= 3
        assert all(pdfmetrics.stringWidth(line, STANDARD_FONT, 11) <= 121 for line in lines)


def test_a_font_of_the_operators_own_is_embedded() -> None:
    fonts = sorted(Path("/usr/share/fonts").rglob("*.ttf")) if Path("/usr/share/fonts").is_dir() else []
    if not fonts:
        pytest.skip("no TrueType font on this machine")
    pdf = sheets(
        [Sheet(link_of(WAVE, "t" * 22), "t" * 22, "0000-0000-000", None)], wording(font=fonts[0], title="A service")
    )
    assert b"/FontFile2" in pdf


async def test_sheets_are_printed_for_living_tokens_only(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    first, second, *_ = await invited(surveys, wave_id, people(9))
    path = f"/v1/waves/{wave_id}/invitations/sheets"
    purchaser = surveys.client.as_("purchaser")
    item = {"token": first["token"], "code": first["code"], "label": "三单元"}
    answer = await purchaser.post(path, json={"items": [item]})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    (page,) = pages(answer.content)
    assert squares(page) == [dark(first["link"])]
    for items, dead in (
        ([item | {"code": second["code"]}], [0]),
        ([item, item | {"token": new_token()}], [1]),
    ):
        answer = await purchaser.post(path, json={"items": items})
        assert (answer.status_code, answer.json()["items"]) == (404, dead)
    for body, pointer in (({"items": [item | {"token": "short"}]}, "/items/0/token"), ({}, "/items")):
        answer = await purchaser.post(path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_an_open_link_has_a_poster(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys, design="open_link")
    answer = await surveys.client.as_("operator").post(f"/v1/waves/{wave_id}/invitations/sheets", json={})
    (page,) = pages(answer.content)
    assert squares(page) == [dark(f"{policy().public_url}/p/{wave_id}")]
