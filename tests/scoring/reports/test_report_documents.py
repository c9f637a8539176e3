"""Pages, PDF and charts: what they say, that they say it in both languages, that hostile words stay words."""

import re
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pypdfium2
import pytest
from tests.scoring.reports.samples import AT, annual_sample, contract_sample

from scoring.appeals import models as appeal_models
from scoring.evidence import models as evidence_models
from scoring.frameworks.document import STAGES
from scoring.rectifications import models as rectification_models
from scoring.reports.annual import annual_document
from scoring.reports.charts import Band, Bar, Count, Limits, Moment, Point, counts, funnel, interval, trend, waterfall
from scoring.reports.charts.svg import fitted, width_of
from scoring.reports.content import ContractReport
from scoring.reports.contract_view import contract_document
from scoring.reports.document import Document, Facts, Figure, Heading, Paragraph, Table
from scoring.reports.formats import day_time, measured
from scoring.reports.page import headers, write_page
from scoring.reports.pdf import write_pdf
from scoring.reports.words import words_of
from scoring.results import models as result_models

HOSTILE = '<script>alert(1)</script> "&\' #let x = 1 #read("/etc/passwd")'
SVG = "{http://www.w3.org/2000/svg}"


def documents(language: str) -> dict[str, Document]:
    return {
        "contract": contract_document(contract_sample(), language=language),
        "annual": annual_document(annual_sample(), language=language),
    }


def test_both_languages_say_the_same_things() -> None:
    chinese, english = words_of("zh"), words_of("en")
    assert chinese.keys() == english.keys()
    for key in sorted(chinese.keys()):
        gaps = [sorted(re.findall(r"{(\w+)}", words[key])) for words in (chinese, english)]
        assert gaps[0] == gaps[1], key


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_and_pdf_say_what_was_found(language: str) -> None:
    for name, document in documents(language).items():
        page = write_page(document)
        pdf = write_pdf(document, made_at=AT)
        opened = pypdfium2.PdfDocument(BytesIO(pdf))
        said = re.sub(r"\s", "", "".join(each.get_textpage().get_text_range() for each in opened))
        assert document.number in page
        assert re.sub(r"\s", "", document.number) in said
        expected = {
            "contract": (
                "84.32",
                "79.99",
                "74.20",
                "86.10",
                "70.0%",
                "35.0%",
                "模拟承接主体",
                "90.90",
                "88.5",
                "96.7%",
            ),
            "annual": (
                "1,204",
                "60.0%",
                "模拟界外承接主体",
                "CN-2305",
                "12.34",
                "9.87",
                "0.087",
                "27.3%",
                "CN-231300",
            ),
        }[name]
        for figure in expected:
            assert figure in page, (name, figure)
            assert figure in said, (name, figure)
        assert pdf == write_pdf(document, made_at=AT)
        for mark in (b"pdfaid:part>2", b"pdfuaid:part>1", b"/MarkInfo", b"/Lang"):
            assert mark in pdf, mark
        assert b"NotoSerifSC" in pdf
        assert len(pdf) < 400_000


def test_hostile_words_stay_words() -> None:
    sample = contract_sample(contract_title=HOSTILE, framework_title={"en": HOSTILE, "zh": HOSTILE})
    lines = [each.model_copy(update={"title": {"en": HOSTILE, "zh": HOSTILE}}) for each in sample.lines]
    document = contract_document(sample.model_copy(update={"lines": lines}), language="en")
    page = write_page(document)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    opened = pypdfium2.PdfDocument(BytesIO(write_pdf(document, made_at=AT)))
    said = re.sub(r"\s", "", "".join(each.get_textpage().get_text_range() for each in opened))
    assert '#read("/etc/passwd")' in said
    assert "root:" not in said


def test_characters_without_type_are_named_and_not_lost() -> None:
    words = "😀 ئۇيغۇر 𠮷\x0b\ufffe\u200b 好"
    sample = contract_sample(contract_title=words)
    lines = [each.model_copy(update={"title": {"en": words, "zh": words}}) for each in sample.lines]
    document = contract_document(sample.model_copy(update={"lines": lines}), language="zh")
    opened = pypdfium2.PdfDocument(BytesIO(write_pdf(document, made_at=AT)))
    said = re.sub(r"\s", "", "".join(each.get_textpage().get_text_range() for each in opened))
    assert "〓" in said
    assert "U+1F600" in said
    assert "U+20BB7" in said
    assert "𠮷" in write_page(document)


def test_a_page_loads_nothing() -> None:
    policy = headers()["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    page = write_page(documents("zh")["contract"])
    assert "style=" not in page
    assert not re.findall(r'(?:src|href)="(?!#)', page)


def test_a_draft_says_so_and_has_no_place_for_a_seal() -> None:
    page = write_page(contract_document(contract_sample(determined=None, number=None), language="zh"))
    assert "未认定" in page
    assert "盖章处" not in page
    assert "盖章处" in write_page(documents("zh")["contract"])


def test_an_annual_report_without_determinations_and_with_few_providers() -> None:
    empty: dict[str, Any] = {
        name: [] for name in ("frameworks", "stages", "grades", "labels", "months", "years", "parts", "uses")
    }
    empty |= {"rectifications": [], "appeals": []}
    page = write_page(annual_document(annual_sample(determined=0, funnel=None, **empty), language="en"))
    assert "No determination was signed" in page
    sample = annual_sample()
    assert sample.funnel is not None
    refused = sample.funnel.model_copy(update={"refused": "3 peers", "peers": 3, "target": None, "units": []})
    page = write_page(annual_document(annual_sample(funnel=refused), language="en"))
    assert "No funnel plot: 3 providers can be compared" in page
    assert "只有 3 个承接主体可比" in write_page(annual_document(annual_sample(funnel=refused), language="zh"))
    assert "<svg" in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_sections_tables_and_figures_are_numbered_and_referred_to(language: str) -> None:
    words = words_of(language)
    for name, document in documents(language).items():
        for kind in (Table, Figure):
            blocks = [block for block in document.blocks if isinstance(block, kind)]
            labels = [words.fill(f"{block.kind}_label", number=n) for n, block in enumerate(blocks, start=1)]
            assert [
                block.caption.startswith(f"{label}{'　' if language == 'zh' else '. '}")
                for block, label in zip(blocks, labels, strict=True)
            ] == [True] * len(blocks), name
        sections = [block.text for block in document.blocks if isinstance(block, Heading) and not block.sub]
        firsts = [each.split("、" if language == "zh" else ".")[0] for each in sections]
        assert firsts == (list("一二三四五六七八九") if language == "zh" else list("123456789"))[: len(firsts)]
    said = " ".join(block.text for block in documents(language)["contract"].blocks if isinstance(block, Paragraph))
    for label in ("表 1", "表 2", "表 3", "图 1", "图 2") if language == "zh" else ("Table 2", "Figure 1", "Figure 2"):
        assert label in said
    # A part that is missing leaves no gap.
    few = contract_document(contract_sample(targets=[]), language=language)
    captions = [block.caption for block in few.blocks if isinstance(block, Table)]
    assert captions[1].startswith("表 2" if language == "zh" else "Table 2")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_codes_have_names(language: str) -> None:
    known = words_of(language).keys()
    families = {
        "use": result_models.KINDS,
        "state_of": (*rectification_models.STATES, *appeal_models.STATES, *appeal_models.OUTCOMES),
        "kind": evidence_models.KINDS,
        "stage": STAGES,
        "label": ("firm", "indicative", "undetermined", "none"),
        "accountable": ("purchaser", "provider", "joint", "outside"),
        "capped_by": ("coverage",),
    }
    for family, codes in families.items():
        for code in codes:
            assert f"{family}.{code}" in known, (family, code)


def test_a_reader_finds_names_and_no_codes_or_foreign_words() -> None:
    said = {
        language: " ".join(
            [block.text for block in document.blocks if isinstance(block, Paragraph)]
            + [value for block in document.blocks if isinstance(block, Facts) for _, value in block.rows]
        )
        for language in ("zh", "en")
        for document in [documents(language)["contract"]]
    }
    assert "卫生健康公共服务（A05）" in said["zh"]
    assert "Health (A05)" in said["en"]
    assert "1,280,000.00 元" in said["zh"]
    assert "CNY 1,280,000.00" in said["en"]
    assert "因触发底线“服务对象安全”，认定为“中”" in said["zh"]
    assert 'the gate "safety of the recipients" was crossed' in said["en"]
    assert "80.40 分，低于 85 分" in said["zh"]
    assert "“visits”的目标 70% 比同行业以往合同宽松" in said["zh"]
    assert "签署人说明的理由：模拟理由" in said["zh"]
    assert "MoF measures" not in said["zh"]
    assert "gate:" not in said["zh"] + said["en"]


def test_a_report_of_an_earlier_release_is_still_shown() -> None:
    sample = contract_sample()
    [gate] = sample.gates
    stored = sample.model_copy(
        update={
            "framework_source": "财预〔2020〕10号",
            "gates": [gate.model_copy(update={"reason": "a simulated gate", "title": None, "below": None})],
        }
    )
    page = write_page(contract_document(ContractReport.model_validate_json(stored.model_dump_json()), language="en"))
    assert "财预〔2020〕10号" in page
    assert "a simulated gate" in page


def test_figures_stand_in_their_units() -> None:
    chinese, english = words_of("zh"), words_of("en")
    assert measured("0.985000", "share", chinese) == "98.5%"
    assert measured("1200.000000", "人次", chinese) == "1,200 人次"
    assert measured("3", "days", chinese) == "3 天"
    assert measured("3", "days", english) == "3 days"
    assert measured("82.5", "index100", english) == "82.5 points"
    assert measured("1.1", "ratio", english) == "1.1"
    assert measured("good", "tier", english) == "good"
    assert measured("5", "{x}", english) == "5 {x}"


def drawings() -> dict[str, str]:
    """Every chart at its edges."""
    bands = [Band("poor", 0, 60), Band("fair", 60, 80), Band("good", 80, 90), Band("excellent", 90, 100)]
    limits = [Limits(float(n), 70 - 40 / n, 75 - 20 / n, 85 + 20 / n, 90 + 40 / n) for n in range(1, 40)]
    said: Any = {"title": "a & b", "description": "<in words>"}
    return {
        "waterfall": waterfall(
            [Bar(HOSTILE, 40, 50), Bar("b", 0, 50)], name="w", total="score", sum_label="40.00", **said
        ),
        "empty waterfall": waterfall([], name="w", total="score", sum_label="40.00", **said),
        "interval": interval(bands, name="i", score=100, label="100.00", bounds=(0, 100), likely=(99.9, 100), **said),
        "no interval": interval(bands, name="i", score=0, label="0.00", bounds=(0, 0), likely=None, **said),
        "counts": counts([Count("none", 0), Count("some", 3, "100 %")], name="c", **said),
        "trend": trend(
            [Moment(str(n), None if n == 3 else 50.0 + n, 40, 60) for n in range(30)], name="t", unit="points", **said
        ),
        "no trend": trend([], name="t", unit="points", **said),
        "funnel": funnel(
            [Point("in", 5, 80), Point("out", 39, 99, 99.8)],
            limits,
            name="f",
            target=80,
            size_label="n",
            value_label="%",
            **said,
        ),
        "no funnel": funnel([], [], name="f", target=80, size_label="n", value_label="%", **said),
    }


@pytest.mark.parametrize("name", sorted(drawings()))
def test_every_chart_is_an_image_that_can_be_read_aloud(name: str) -> None:
    drawn = ET.fromstring(drawings()[name])  # noqa: S314 - drawn by ourselves
    assert drawn.get("role") == "img"
    named = [part.get("id") for part in (drawn.find(f"{SVG}title"), drawn.find(f"{SVG}desc")) if part is not None]
    assert drawn.get("aria-labelledby", "").split() == named
    _, _, width, height = map(float, drawn.get("viewBox", "").split())
    for part in drawn.iter():
        for attribute, most in (
            ("x", width),
            ("cx", width),
            ("x1", width),
            ("x2", width),
            ("y", height),
            ("cy", height),
        ):
            value = part.get(attribute)
            if value is not None:
                assert -1.0 <= float(value) <= most + 1.0, (part.tag, attribute, value)
        if part.tag == f"{SVG}text":
            assert float(part.get("font-size", "0")) >= 10.0


def test_the_waterfall_ends_at_the_score() -> None:
    drawn = ET.fromstring(  # noqa: S314 - drawn by ourselves
        waterfall(
            [Bar("a", 30, 50), Bar("b", 45.5, 50)],
            name="w",
            title="t",
            description="d",
            total="score",
            sum_label="75.50",
        )
    )
    bars = [part for part in drawn.iter(f"{SVG}rect") if part.get("fill") in {"#1d5c99", "#1a1a1a"}]
    ends = [float(bar.get("x", "0")) + float(bar.get("width", "0")) for bar in bars]
    starts = [float(bar.get("x", "0")) for bar in bars]
    assert starts[1] == pytest.approx(ends[0], abs=0.02)
    assert ends[-1] == pytest.approx(ends[1], abs=0.02)


def test_labels_are_cut_to_their_room() -> None:
    assert fitted("服务", 100.0) == "服务"
    cut = fitted("服务及时率不低于约定的百分之九十五", 100.0)
    assert cut.endswith("…")
    assert width_of(cut) <= 100.0


def test_times_are_those_of_the_regions_offices() -> None:
    # AT is 09:00 UTC.
    assert day_time(AT, "CN-230102") == "2026-03-01 17:00 (UTC+8)"
    assert day_time(AT, "XK-01") == "2026-03-01 09:00 (UTC)"
    report = contract_sample()
    page = write_page(contract_document(report, language="zh"))
    assert "17:00 (UTC+8)" in page
    assert "09:00 UTC" not in page
