"""Every kind of question, the skip logic, and the JSON Schema that says the same as the validator."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from surveys.instruments.document import Instrument
from surveys.instruments.queries import questionnaire

Json = Any
SAMPLER: dict[str, Any] = json.loads((Path(__file__).parent / "sampler.json").read_text(encoding="utf-8"))
INSTRUMENT = Instrument.model_validate(SAMPLER)
QUESTIONNAIRE = questionnaire(INSTRUMENT)
VALIDATOR = jsonschema.Draft202012Validator(QUESTIONNAIRE.schema)
BASE = {"overall": 4, "used": "yes"}
REST = {"overall": 4, "used": "no", "why_not": ["far"], "channel": "phone"}


def found(answers: Json) -> dict[str, str]:
    return {each["pointer"]: each["detail"] for each in QUESTIONNAIRE.check(answers)}


@pytest.mark.parametrize(
    "answers",
    [
        BASE,
        REST,
        BASE | {"parts": {"staff": 4, "place": "dont_know"}},
        BASE | {"overall": "dont_know", "parts": {"staff": 1}, "staff_why": "慢"},
        BASE | {"recommend": 0, "channel": "visit"},
        BASE | {"recommend": 10, "effort": "not_used", "times": "dont_know", "fee": "-4.5", "since": "2026-02"},
        BASE | {"day": "2026-02-28", "sex": "prefer_not", "fee": "100", "times": 30},
        {"overall": 4, "used": "no", "why_not": ["nothing"]},
    ],
)
def test_answers_that_fit_are_taken(answers: Json) -> None:
    assert QUESTIONNAIRE.check(answers) == []
    VALIDATOR.validate(answers)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, {"/answers/overall": "must be answered", "/answers/used": "must be answered"}),
        ([], {"/answers": "Input should be a valid dictionary"}),
        (BASE | {"overall": 5}, {"/answers/overall": "must be one of 1, 2, 3, 4, dont_know"}),
        (BASE | {"overall": True}, {"/answers/overall": "must be one of 1, 2, 3, 4, dont_know"}),
        (BASE | {"used": "maybe"}, {"/answers/used": "must be one of yes, no"}),
        (BASE | {"age": 3}, {"/answers/age": "there is no such question in this instrument"}),
        (BASE | {"parts": {"staff": 5}}, {"/answers/parts/staff": "must be one of 1, 2, 3, 4, dont_know"}),
        (BASE | {"parts": {"roof": 1}}, {"/answers/parts/roof": "there is no such line in this question"}),
        (BASE | {"parts": 3}, {"/answers/parts": "must be an object with one answer per line: staff, place"}),
        (BASE | {"recommend": 11}, {"/answers/recommend": f"must be one of {', '.join(map(str, range(11)))}"}),
        (BASE | {"effort": 0}, {"/answers/effort": "must be one of 1, 2, 3, 4, 5, 6, 7, not_used"}),
        (BASE | {"times": 31}, {"/answers/times": "must be an integer from 0 to 30, or dont_know"}),
        (
            BASE | {"fee": "100.01"},
            {"/answers/fee": "must be a decimal as a string with at most 2 decimals from -5 to 100"},
        ),
        (BASE | {"fee": 5}, {"/answers/fee"}),
        (BASE | {"fee": "1e2"}, {"/answers/fee"}),
        (BASE | {"fee": "١"}, {"/answers/fee"}),
        (BASE | {"since": "2026-13"}, {"/answers/since": "must be a date YYYY-MM"}),
        (BASE | {"day": "2026-02-29"}, {"/answers/day": "must be a date YYYY-MM-DD from 2026-01-10 to 2026-03-01"}),
        (BASE | {"day": "2026-01-09"}, {"/answers/day"}),
        (REST | {"why_not": []}, {"/answers/why_not"}),
        (REST | {"why_not": ["far", "far"]}, {"/answers/why_not"}),
        (REST | {"why_not": ["far", "dear", "slow"]}, {"/answers/why_not"}),
        (
            REST | {"why_not": ["far", "nothing"]},
            {
                "/answers/why_not": "must be a list of 1 to 2 different codes out of far, dear, slow, nothing; "
                "nothing stands alone"
            },
        ),
    ],
)
def test_answers_that_do_not_fit_are_named(answers: Json, expected: set[str] | dict[str, str]) -> None:
    problems = found(answers)
    assert problems == expected if isinstance(expected, dict) else set(problems) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (
            BASE | {"why_not": ["far"]},
            {"/answers/why_not": "must be left out: the question is skipped after the answer to used"},
        ),
        ({"overall": 1, "used": "no"}, {"/answers/why_not": "must be answered"}),
        (REST | {"parts": {"staff": 1}}, {"/answers/parts"}),
        # The line that would ask for the reason is itself skipped, so that the reason is skipped too.
        (REST | {"overall": 1, "parts": {"staff": 1}, "staff_why": "x"}, {"/answers/parts", "/answers/staff_why"}),
        (BASE | {"parts": {"staff": 1}, "staff_why": "x"}, {"/answers/staff_why"}),
        (BASE | {"recommend": 7, "channel": "phone"}, {"/answers/channel"}),
    ],
)
def test_skip_logic_is_enforced(answers: Json, expected: set[str] | dict[str, str]) -> None:
    problems = found(answers)
    assert problems == expected if isinstance(expected, dict) else set(problems) == expected
    assert not VALIDATOR.is_valid(answers)


def test_applicable_questions_follow_the_answers() -> None:
    everything = tuple(item["code"] for item in SAMPLER["items"])
    assert QUESTIONNAIRE.codes == everything
    hidden_after = {"yes": {"why_not", "staff_why", "channel"}, "no": {"parts", "staff_why", "channel"}}
    for used, hidden in hidden_after.items():
        assert set(QUESTIONNAIRE.applicable({"overall": 4, "used": used})) == set(everything) - hidden
    asked = [None, "overall", "used"]
    steps = [QUESTIONNAIRE.next_item({"overall": 4, "used": "no"}, after) for after in asked]
    assert [item.code for item in steps if item] == ["overall", "used", "why_not"]
    assert QUESTIONNAIRE.next_item(BASE, "sex") is None


def test_completion_counts_lines_and_leaves_out_text_and_the_person() -> None:
    # overall, used, two lines, recommend, effort, times, fee, since, day
    assert QUESTIONNAIRE.completion(BASE) == (2, 10)
    assert QUESTIONNAIRE.completion(BASE | {"parts": {"staff": 1}, "staff_why": "x", "sex": "male"}) == (3, 10)
    # overall, used, why_not, recommend, effort, channel, times, fee, since, day
    assert QUESTIONNAIRE.completion(REST) == (4, 10)
    assert QUESTIONNAIRE.completion(REST | {"why_not": ["dear"]}) == (3, 9)


scalar = st.one_of(
    st.integers(-1, 12), st.sampled_from(["yes", "no", "dont_know", "far", "phone", "2026-05", "3.25", "", True, None])
)
answer = st.one_of(
    scalar,
    st.lists(st.sampled_from(["far", "dear", "slow", "nothing", "roof"]), max_size=3),
    st.dictionaries(st.sampled_from(["staff", "place", "roof"]), scalar, max_size=2),
)
likely = {
    "overall": st.sampled_from([1, 3, 4, "dont_know"]),
    "used": st.sampled_from(["yes", "no"]),
    "why_not": st.lists(st.sampled_from(["far", "dear", "slow", "nothing"]), max_size=2),
    "parts": st.fixed_dictionaries({}, optional={"staff": st.integers(1, 4), "place": st.integers(1, 4)}),
    "staff_why": st.text("ab", max_size=3),
    "recommend": st.integers(0, 10),
    "channel": st.sampled_from(["phone", "visit"]),
    "times": st.one_of(st.integers(-2, 32), st.just("dont_know")),
    "since": st.sampled_from(["2026-05", "2026", "2026-13"]),
}


@given(st.one_of(st.fixed_dictionaries({}, optional=likely), st.dictionaries(st.sampled_from([*likely, "x"]), answer)))
def test_schema_and_validator_accept_the_same(answers: dict[str, Json]) -> None:
    assert (QUESTIONNAIRE.check(answers) == []) == VALIDATOR.is_valid(answers)


def test_schema_is_valid_and_titled() -> None:
    jsonschema.Draft202012Validator.check_schema(QUESTIONNAIRE.schema)
    assert QUESTIONNAIRE.schema["$id"] == f"urn:gongping:answers:{INSTRUMENT.sha256}"
    assert QUESTIONNAIRE.schema["required"] == ["overall", "used"]
    assert QUESTIONNAIRE.schema["properties"]["since"]["title"] == "从何时"


def test_variables_stand_for_questions_and_lines() -> None:
    variables = {variable.code: variable for variable in QUESTIONNAIRE.variables}
    assert list(variables)[3:5] == ["parts.staff", "parts.place"]
    overall, line = variables["overall"], variables["parts.staff"]
    assert (overall.kind, overall.headline, overall.lowest, overall.points) == ("rating", True, 1, 4)
    assert overall.indices == (30.0, 60.0, 80.0, 100.0)
    assert list(overall.values) == [1, 2, 3, 4]
    assert list(overall.missing) == ["dont_know"]
    assert (line.item, line.row, line.kind, line.ordinal) == ("parts", "staff", "rating", True)
    assert (line.answer({"parts": {"staff": 2}}), line.answer({}), line.answer({"parts": {}})) == (2, None, None)
    assert (variables["recommend"].points, variables["effort"].lowest) == (11, 1)
    assert variables["effort"].values[7] == {"zh-Hans": "易", "en": "Easy"}
    assert list(variables["used"].values) == ["yes", "no"]
    assert variables["sex"].about_respondent
    with pytest.raises(ValueError, match="no scale"):
        _ = variables["times"].lowest


def test_completeness_names_the_missing_texts() -> None:
    assert INSTRUMENT.completeness("en") == 1.0
    assert INSTRUMENT.missing_texts("en") == []
    assert INSTRUMENT.completeness("mn-Mong-CN") == 0.0
    document = deepcopy(SAMPLER)
    document["items"][3]["rows"][1]["text"].pop("en")
    partial = Instrument.model_validate(document)
    assert partial.missing_texts("en") == ["/items/3/rows/1/text"]
    assert 0.9 < partial.completeness("en") < 1


def changed(place: str, value: Json) -> dict[str, Any]:
    """The sampler with one value set by pointer; an index equal to the length appends."""
    document: Json = deepcopy(SAMPLER)
    *path, last = place.strip("/").split("/")
    node = document
    for part in path:
        node = node[int(part) if isinstance(node, list) else part]
    if isinstance(node, list):
        node[int(last) : int(last) + 1] = [value]
    else:
        node[last] = value
    return document  # type: ignore[no-any-return]


EXTRA = {"code": "extra", "type": "text", "text": {"en": "Extra"}}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (changed("/items/2/show_if", {"item": "sex", "one_of": ["male"]}), "no such earlier item"),
        (changed("/items/2/show_if", {"item": "why_not", "includes": ["far"]}), "no such earlier item"),
        (changed("/items/2/show_if", {"item": "used", "one_of": ["maybe"]}), "maybe is no answer"),
        (changed("/items/2/show_if", {"item": "used", "includes": ["yes"]}), "for a multiple choice"),
        (changed("/items/7/show_if", {"item": "why_not", "one_of": ["far"]}), "for a multiple choice"),
        (changed("/items/2/show_if", {"item": "used", "at_least": 1}), "integers and points"),
        (changed("/items/10/show_if", {"item": "fee", "at_least": 1}), "integers and points"),
        (changed("/items/4/show_if", {"item": "parts", "at_most": 1}), "name a row"),
        (changed("/items/4/show_if", {"item": "overall", "row": "staff", "at_most": 1}), "name a row"),
        (changed("/items/4/show_if", {"item": "overall", "at_most": 1, "at_least": 1}), "give one of"),
        (changed("/items/4/show_if", {"item": "overall"}), "give one of"),
        (changed("/items/4/show_if", {"all": []}), "at least 1"),
        (changed("/items/0/show_if", {"item": "used", "one_of": ["no"]}), "no such earlier item"),
        (changed("/items/13", EXTRA), "questions about the respondent come last"),
        (changed("/items/12/required", True), "cannot be required"),
        (changed("/items/0/headline", False), "exactly one rating item"),
        (changed("/items/2/max_choices", 9), "more than there are options"),
        (changed("/items/2/options/1/code", "far"), "far is there twice"),
        (changed("/items/6/no_opinion/0/code", "UPPER"), "pattern"),
        (changed("/items/12/no_opinion/0/code", "male"), "male is there twice"),
        (changed("/items/8/minimum", 30), "minimum must lie below"),
        (changed("/items/11/earliest", "2027-01-01"), "earliest date"),
        (changed("/items/3/scale", "missing"), "no scale missing"),
        (changed("/items/3/type", "slider"), "slider"),
        (changed("/scales/0/points/0/index", None), "either every point"),
        (changed("/scales/0/points/0/index", 10), "lower index"),
        (changed("/items/0/text", {"en": "a\0b"}), "pattern"),
        (changed("/translations", {"ug": {"status": "unreviewed"}}), "not among the languages"),
        (changed("/languages", ["english"]), "pattern"),
        (changed("/languages", ["en", "en"]), "language en is there twice"),
    ],
)
def test_contradictory_questionnaires_are_refused(document: Json, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Instrument.model_validate(document)


def test_conditions_are_nested_four_deep_at_most() -> None:
    condition: Json = {"item": "used", "one_of": ["no"]}
    for _ in range(3):
        condition = {"none": [condition]}
    Instrument.model_validate(changed("/items/2/show_if", condition))
    with pytest.raises(ValidationError, match="more than 4 deep"):
        Instrument.model_validate(changed("/items/2/show_if", {"all": [condition]}))


@pytest.mark.parametrize("points", [3, 4, 5, 7, 10, 11])
def test_scales_have_the_usual_numbers_of_points(points: int) -> None:
    lowest = 0 if points == 11 else 1
    scale = [{"value": lowest + step, "label": {"en": str(step)}} for step in range(points)]
    instrument = Instrument.model_validate(changed("/scales/0/points", scale) | {"items": SAMPLER["items"][:1]})
    top = questionnaire(instrument)
    assert top.check({"overall": lowest + points - 1}) == []
    assert top.check({"overall": lowest + points}) != []
    assert top.variables[0].indices[0] == 0.0
    assert top.variables[0].indices[-1] == 100.0


@pytest.mark.parametrize("points", [2, 6, 8, 9])
def test_scales_of_other_sizes_are_refused(points: int) -> None:
    scale = [{"value": step, "label": {"en": str(step)}} for step in range(points)]
    with pytest.raises(ValidationError):
        Instrument.model_validate(changed("/scales/0/points", scale))
