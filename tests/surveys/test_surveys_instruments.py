"""The shipped questionnaire, its hash, its schema and the validator that comes from the same type."""

import json
from collections.abc import Iterable
from importlib.resources import files
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import text
from tests.surveys.conftest import ITEMS, Json, Surveys

from surveys.instruments.document import Instrument, canonical_sha256
from surveys.instruments.errors import InstrumentVersionTaken
from surveys.instruments.queries import questionnaire
from surveys.instruments.service import pin_instrument
from surveys.instruments.shipped import COMMON_CORE, shipped
from surveys.responses.content import Card, content_of
from surveys.responses.errors import ResponseMalformed

CORE = shipped()[COMMON_CORE, "1.0.0"]
QUESTIONNAIRE = questionnaire(CORE)
VALIDATOR = jsonschema.Draft202012Validator(QUESTIONNAIRE.schema)
CARD = Card(
    QUESTIONNAIRE,
    wave_id=uuid4(),
    region="CN-23",
    simulated=True,
    design="census",
    languages=("zh-Hans", "en"),
    strata=(),
)


def accepted(answers: Json) -> bool:
    try:
        content_of(CARD, {"answers": answers})
    except ResponseMalformed:
        return False
    return True


def test_common_core_is_complete_in_both_languages() -> None:
    assert CORE.languages == ("zh-Hans", "en")
    assert [CORE.completeness(language) for language in CORE.languages] == [1.0, 1.0]
    assert CORE.completeness("bo") == 0.0
    assert tuple(item.code for item in CORE.ratings) == ITEMS
    assert CORE.headline.code == "overall"
    assert {CORE.scale_of(item).values for item in CORE.ratings} == {(1, 2, 3, 4, 5)}
    assert {CORE.scale_of(item).codes for item in CORE.ratings} == {("dont_know", "not_used")}


def test_hash_is_that_of_the_file() -> None:
    folder = files("surveys.instruments") / "library"
    (file,) = (entry for entry in folder.iterdir() if entry.name == "public-service-core-1.0.0.json")
    assert CORE.sha256 == canonical_sha256(json.loads(file.read_text(encoding="utf-8")))
    # A published version never changes: whoever edits the file has to give it a new version.
    assert CORE.sha256 == "168af1751ac7e32dbcf9b3ceaf151c083b9538924bfaefa4b1a1427ad134740e"


def test_answer_schema_is_valid_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(QUESTIONNAIRE.schema)
    assert QUESTIONNAIRE.schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert QUESTIONNAIRE.schema["required"] == ["overall"]


scalars = st.one_of(
    st.integers(-1, 7),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.sampled_from([4.0, "dont_know", "not_used", "other", True, False, None, "4"]),
    st.text(max_size=5),
)
maybe_answers = st.dictionaries(st.sampled_from([*ITEMS, "improve", "unknown"]), scalars, max_size=9)


@given(st.one_of(maybe_answers, maybe_answers.map(lambda found: {"overall": 3} | found)))
def test_validator_and_schema_agree(answers: dict[str, Any]) -> None:
    assert accepted(answers) == VALIDATOR.is_valid(answers)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, {"/answers/overall": "must be answered"}),
        ({"overall": True}, {"/answers/overall": "must be one of 1, 2, 3, 4, 5, dont_know, not_used"}),
        ({"overall": 0, "staff": 6}, {"/answers/overall", "/answers/staff"}),
        ({"overall": 3, "age": 20}, {"/answers/age": "there is no such question in this instrument"}),
        ({"overall": 3, "improve": "x" * 1201}, {"/answers/improve": "must be a text of at most 1200 characters"}),
        ({"overall": 3, "improve": "a\0b"}, {"/answers/improve"}),
        ([1], {"/answers"}),
    ],
)
def test_every_wrong_answer_is_named(answers: Json, expected: Iterable[str]) -> None:
    with pytest.raises(ResponseMalformed) as refused:
        content_of(CARD, {"answers": answers})
    found = {error["pointer"]: error["detail"] for error in refused.value.members["errors"]}
    assert found == expected if isinstance(expected, dict) else set(found) == set(expected)


def broken(**changes: Json) -> dict[str, Any]:
    return json.loads(json.dumps(CORE.document)) | changes  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "document",
    [
        broken(items=[*CORE.document["items"], CORE.document["items"][0]]),
        broken(items=[item | {"headline": False} for item in CORE.document["items"] if item["type"] == "rating"]),
        broken(items=[CORE.document["items"][0] | {"scale": "missing"}]),
        broken(scales=[CORE.document["scales"][0] | {"points": CORE.document["scales"][0]["points"][:2]}]),
        broken(surprise=1),
        broken(version="1"),
    ],
)
def test_broken_questionnaires_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Instrument.model_validate(document)


def test_scale_with_a_gap_is_refused() -> None:
    points = [point for point in CORE.document["scales"][0]["points"] if point["value"] != 3]
    with pytest.raises(ValidationError, match="without a gap"):
        Instrument.model_validate(broken(scales=[CORE.document["scales"][0] | {"points": points}]))


async def test_instruments_are_public(surveys: Surveys) -> None:
    listed = (await surveys.client.anonymous.get("/v1/instruments")).json()["items"]
    expected = sorted((found.id, found.version, found.sha256) for found in shipped().values())
    assert [(each["id"], each["version"], each["sha256"]) for each in listed] == expected
    assert {each["origin"] for each in listed} == {"shipped"}
    answer = await surveys.client.anonymous.get(f"/v1/instruments/{COMMON_CORE}")
    assert answer.json()["document"] == CORE.document
    assert answer.json()["answer_schema"] == QUESTIONNAIRE.schema
    answer = await surveys.client.anonymous.get(f"/v1/instruments/{COMMON_CORE}", params={"version": "0.0.1"})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/instrument-not-found")


async def test_pinned_version_keeps_its_content(surveys: Surveys) -> None:
    changed = Instrument.model_validate(broken(title={"zh-Hans": "改过的", "en": "changed"}))
    async with surveys.database.transaction() as session:
        await pin_instrument(session, CORE)
        await pin_instrument(session, CORE)
    with pytest.raises(InstrumentVersionTaken):
        async with surveys.database.transaction() as session:
            await pin_instrument(session, changed)
    newer = Instrument.model_validate(changed.document | {"version": "1.0.1"})
    async with surveys.database.transaction() as session:
        await pin_instrument(session, newer)
    listed = (await surveys.client.anonymous.get("/v1/instruments")).json()["items"]
    assert [each["version"] for each in listed if each["id"] == COMMON_CORE] == ["1.0.1", "1.0.0"]
    newest = (await surveys.client.anonymous.get(f"/v1/instruments/{COMMON_CORE}")).json()
    assert newest["title"]["en"] == "changed"
    with pytest.raises(Exception, match="immutable"):
        async with surveys.database.transaction() as session:
            await session.execute(text("UPDATE instruments SET version = '2.0.0'"))
