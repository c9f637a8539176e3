"""The shipped questionnaires: complete, unchanged, and one for each wave of each kind of service."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from surveys.instruments.errors import LanguageIncomplete
from surveys.instruments.queries import Instrument, language_properties, navigation, navigation_status, questionnaire
from surveys.instruments.service import complete_languages, instrument_for
from surveys.instruments.shipped import COMMON_CORE, shipped

SHIPPED = shipped()
SERVICES = (
    "public-service",
    "health-care",
    "family-planning",
    "education",
    "employment-training",
    "community",
    "elderly-care",
)
ONE_OF_EACH = pytest.mark.parametrize("instrument", SHIPPED.values(), ids=lambda found: f"{found.id} {found.version}")


def words(instrument: Instrument) -> Iterator[tuple[str, str, str]]:
    for where, texts in instrument.texts():
        for language, text in texts.items():
            yield where, language, text


def test_core_and_six_modules_have_four_waves_each() -> None:
    expected = {f"{service}-{wave}" for service in SERVICES for wave in ("needs", "midterm", "completion", "follow-up")}
    expected = expected - {"public-service-completion"} | {COMMON_CORE, "public-service-short"}
    assert {instrument_id for instrument_id, _ in SHIPPED} == expected


def test_published_versions_never_change() -> None:
    # Whoever changes a word of the library gives the questionnaire a new version and adds its hash here.
    file = Path(__file__).parent / "shipped_hashes.json"
    expected = json.loads(file.read_text(encoding="utf-8"))
    assert {f"{code} {version}": found.sha256 for (code, version), found in SHIPPED.items()} == expected


@ONE_OF_EACH
def test_shipped_questionnaires_are_complete(instrument: Instrument) -> None:
    assert instrument.languages[:2] == ("zh-Hans", "en")
    for language in instrument.languages:
        assert instrument.missing_texts(language) == []
    jsonschema.Draft202012Validator.check_schema(questionnaire(instrument).schema)
    assert {scale.code for scale in instrument.scales} >= {item.scale for item in instrument.ratings}


@ONE_OF_EACH
def test_shipped_texts_are_in_their_script(instrument: Instrument) -> None:
    for where, language, text in words(instrument):
        assert text == text.strip(), where
        assert "{" not in text, where
        has_han = re.search(r"[\u4e00-\u9fff]", text) is not None
        has_arabic = re.search(r"[\u0600-\u06ff]", text) is not None
        assert (has_han, has_arabic) == (language == "zh-Hans", language == "ug-Arab-CN"), (where, text)


@ONE_OF_EACH
def test_short_enough_for_a_phone(instrument: Instrument) -> None:
    always = [item for item in instrument.items if item.show_if is None and not item.about_respondent]
    assert len(always) <= 14


def test_the_library_uses_every_kind_of_question() -> None:
    kinds = {item.type for instrument in SHIPPED.values() for item in instrument.items}
    assert kinds == {
        "rating", "single", "multiple", "matrix", "nps", "effort", "yes_no", "number", "date", "text",
    }  # fmt: skip


def test_modules_ask_what_the_core_asks() -> None:
    core = {item.code: item for item in SHIPPED[COMMON_CORE, "1.0.0"].ratings}
    for service in SERVICES[1:]:
        module = {item.code: item for item in SHIPPED[f"{service}-completion", "1.0.0"].ratings}
        assert {code: module[code].text for code in core} == {code: item.text for code, item in core.items()}


def test_instrument_for_a_kind_and_a_category() -> None:
    assert instrument_for("completion") == COMMON_CORE
    assert instrument_for("completion", "A05") == "health-care-completion"
    assert instrument_for("followUp", "A0203") == "education-follow-up"
    # Social security is more than care for older people: no module fits it wholly.
    assert instrument_for("needs", "A04") == "public-service-needs"
    for kind in ("needs", "midterm", "completion", "followUp"):
        for category in (None, "A02", "A03", "A05", "A10", "B01"):
            assert (instrument_for(kind, category), "1.0.0") in SHIPPED


def test_unreviewed_words_are_offered_only_when_named() -> None:
    short = SHIPPED["public-service-short", "1.0.0"]
    assert short.completeness("ug-Arab-CN") == 1.0
    assert complete_languages(short, None) == ["zh-Hans", "en"]
    assert complete_languages(short, ["ug-Arab-CN", "zh-Hans"]) == ["ug-Arab-CN", "zh-Hans"]
    with pytest.raises(LanguageIncomplete) as refused:
        complete_languages(short, ["bo-CN"])
    assert refused.value.members["completeness"] == {"bo-CN": 0.0}
    unreviewed = short.model_copy(update={"languages": ("ug-Arab-CN",)})
    with pytest.raises(LanguageIncomplete):
        complete_languages(unreviewed, None)


@pytest.mark.parametrize(
    ("tag", "direction", "mode", "font"),
    [
        ("zh-Hans-CN", "ltr", "horizontal-tb", "PingFang SC"),
        ("ug-Arab-CN", "rtl", "horizontal-tb", "Noto Naskh Arabic"),
        ("kk-Arab-CN", "rtl", "horizontal-tb", "Noto Naskh Arabic"),
        ("bo-CN", "ltr", "horizontal-tb", "Noto Serif Tibetan"),
        ("mn-Mong-CN", "ltr", "vertical-lr", "Noto Sans Mongolian"),
        ("ko-KR", "ltr", "horizontal-tb", "Noto Sans CJK KR"),
        ("za", "ltr", "horizontal-tb", "Noto Sans"),
        ("pt-BR", "ltr", "horizontal-tb", "system-ui"),
    ],
)
def test_languages_are_written_as_they_are_written(tag: str, direction: str, mode: str, font: str) -> None:
    found = language_properties(tag)
    assert (found.direction, found.writing_mode) == (direction, mode)
    assert font in found.fonts


def test_tibetan_has_room_and_is_never_broken_anywhere() -> None:
    tibetan = language_properties("bo-CN")
    assert tibetan.line_height >= 1.9
    assert tibetan.size > 1
    assert not tibetan.break_words
    assert language_properties("mn").vertical is False  # Cyrillic, unless the tag says otherwise


def test_navigation_has_the_same_words_in_every_language() -> None:
    loaded = json.loads((files("surveys.instruments") / "navigation.json").read_text(encoding="utf-8"))
    keys = {language: set(entry["words"]) for language, entry in loaded.items()}
    assert keys["ug"] == keys["en"] == keys["zh-Hans"]
    for key in keys["en"]:
        fields = {frozenset(re.findall(r"\{(\w+)\}", entry["words"][key])) for entry in loaded.values()}
        assert len(fields) == 1, key
    assert navigation_status("ug-Arab-CN") == "unreviewed"
    assert navigation_status("zh-Hans-CN") == "source"
    assert navigation("bo-CN") is None
    assert (navigation("ug-Arab-CN") or {})["continue"] != (navigation("en") or {})["continue"]


def test_the_documented_questionnaire_is_one() -> None:
    page = (Path(__file__).parents[3] / "docs" / "instruments.md").read_text(encoding="utf-8")
    (document,) = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    instrument = Instrument.model_validate_json(document)
    assert [instrument.completeness(language) for language in instrument.languages] == [1.0, 1.0]
    assert questionnaire(instrument).check({"overall": 4, "problem": "no"}) == []
    assert [found["pointer"] for found in questionnaire(instrument).check({"overall": 4, "which": "x"})] == [
        "/answers/which"
    ]
