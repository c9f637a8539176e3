"""Rule sets with their sources, a region's own ones with a second person, and the calendar of working days."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from tests.scoring.conftest import Scoring
from tests.scoring.following import NOW, history, in_effect, provider_of, uses

from scoring.results.calendar import shipped_calendar
from scoring.results.rules import RuleSet, shipped_rule_sets
from scoring.settings import ScoringSettings
from shared import clock
from shared.periods import clocks


def national(**changes: Any) -> dict[str, Any]:
    document = next(each for each in shipped_rule_sets() if each.id == "cn-result-use").model_dump(mode="json")
    return document | changes


def test_the_shipped_rule_sets_name_their_sources() -> None:
    ids = {each.id: each.applies_to for each in shipped_rule_sets()}
    assert ids == {"cn-result-use": "CN", "cn-51-result-use": "CN-51"}
    for rule_set in shipped_rule_sets():
        for demand in (*rule_set.demands, *rule_set.after_rectification):
            assert demand.source
            assert demand.confidence
            # Payment and renewal use only what the provider answers for.
            assert demand.kind not in {"payment", "renewal"} or demand.basis == "provider"


def test_the_most_specific_rule_set_applies() -> None:
    applicable = {
        region: [each.id for each in shipped_rule_sets() if each.applies(region)]
        for region in ("CN-510100", "CN-230102", "XK-01", "CN")
    }
    assert applicable == {
        "CN-510100": ["cn-51-result-use", "cn-result-use"],
        "CN-230102": ["cn-result-use"],
        "XK-01": [],
        "CN": ["cn-result-use"],
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"basis": "grade"}, "use only what the provider answers for"),
        ({"money": False, "percent": "5.00"}, "moves money"),
        ({"resolutions": ["none"]}, "belong to demands after a rectification"),
        ({"code": "cut"}, "stands twice"),
        ({"owner": "provider"}, "owner"),
        ({"working_days": 0}, "working_days"),
        ({"source": ""}, "source"),
    ],
)
def test_a_bad_rule_set_is_refused_with_the_place_named(change: dict[str, Any], told: str) -> None:
    document = national()
    (payment,) = [demand for demand in document["demands"] if demand["code"] == "payment"]
    payment |= change
    with pytest.raises(ValidationError, match=told):
        RuleSet.model_validate(document)


def test_working_days_are_counted_with_holidays_and_make_up_days() -> None:
    calendar = shipped_calendar("CN")
    assert calendar.after(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert calendar.after(date(2026, 10, 9), 1) == date(2026, 10, 10)  # a Saturday that is worked on
    assert calendar.after(date(2026, 9, 30), 0) == date(2026, 9, 30)
    assert calendar.between(date(2026, 9, 30), date(2026, 10, 12)) == 4
    assert calendar.between(date(2026, 10, 12), date(2026, 9, 30)) == 0
    assert calendar.day_of(datetime(2026, 9, 30, 17, 0, tzinfo=UTC)) == date(2026, 10, 1)
    # A year that the list does not know, and a country without a list: weekdays.
    assert shipped_calendar("CN").after(date(2031, 1, 3), 1) == date(2031, 1, 6)
    assert shipped_calendar("XK").after(date(2026, 9, 30), 1) == date(2026, 10, 1)
    corrected = calendar.corrected({date(2026, 10, 8): False})
    assert corrected.after(date(2026, 9, 30), 1) == date(2026, 10, 9)


async def test_a_province_has_its_own_rules_after_a_second_person(scoring: Scoring) -> None:
    document = national(id="hlj-result-use", applies_to="CN-23")
    (payment,) = [demand for demand in document["demands"] if demand["code"] == "payment"]
    payment |= {"percent": "5.00", "working_days": 5}
    document["demands"] = [payment]
    author = scoring.client.as_("finance", regions=["CN-23"], subject="author")
    second = scoring.client.as_("finance", regions=["CN-23"], subject="second")
    other = scoring.client.as_("finance", regions=["CN-31"], subject="other")
    path = "/v1/results/rules/hlj-result-use/versions/1.0.0"
    assert (await other.post("/v1/results/rules", json=document)).status_code == 403
    assert (await author.post("/v1/results/rules", json=document | {"applies_to": "CN"})).status_code == 403
    bad = document | {"demands": [payment | {"basis": "grade"}]}
    assert (await author.post("/v1/results/rules", json=bad)).status_code == 422
    made = await author.post("/v1/results/rules", json=document)
    assert (made.status_code, made.json()["state"]) == (201, "submitted")
    assert (await author.post("/v1/results/rules", json=document)).json()["type"] == "/problems/rule-set-exists"
    assert (await author.post(f"{path}/approve")).json()["type"] == "/problems/second-person-needed"
    assert (await other.post(f"{path}/approve")).status_code == 403
    with clock.frozen(NOW):
        second = scoring.client.as_("finance", regions=["CN-23"], subject="second")
        assert (await second.post(f"{path}/approve")).json()["approved_by"] == "second"
        assert (await second.post(f"{path}/approve")).json()["type"] == "/problems/rule-set-state-conflict"
        await scoring.hear(*history())
        await in_effect(scoring)
        opened = await uses(scoring)
        assert list(opened) == ["payment"]
        # 5 % of 120,000; the 25th is a holiday.
        assert (opened["payment"]["proposed"], opened["payment"]["due_on"]) == ("6000.00", "2026-09-29")
        assert (opened["payment"]["rule_set_id"], opened["payment"]["rule_set_version"]) == ("hlj-result-use", "1.0.0")
        # Rules of tomorrow shorten no time limit of today's determination.
        later = document | {"version": "1.1.0", "appeal": document["appeal"] | {"file": 1, "decide": 2}}
        author = scoring.client.as_("finance", regions=["CN-23"], subject="author")
        assert (await author.post("/v1/results/rules", json=later)).status_code == 201
        assert (await second.post(f"{path.replace('1.0.0', '1.1.0')}/approve")).status_code == 200
    with clock.frozen(NOW + timedelta(days=3)):
        appeal = {"against": "determination", "against_id": opened["payment"]["determination_id"], "grounds": "late"}
        filed = (await provider_of(scoring).post("/v1/appeals", json=appeal)).json()
        assert (filed["file_by"], filed["decide_by"]) == ("2026-10-19", "2026-10-15")
        second = scoring.client.as_("finance", regions=["CN-23"], subject="second")
        assert (await second.post(f"{path}/retire")).json()["state"] == "retired"
    listed = (await scoring.client.anonymous.get("/v1/results/rules")).json()
    assert {(each["id"], each["version"], each["state"]) for each in listed} == {
        ("cn-result-use", "1.0.0", "shipped"),
        ("cn-51-result-use", "1.0.0", "shipped"),
        ("hlj-result-use", "1.0.0", "retired"),
        ("hlj-result-use", "1.1.0", "approved"),
    }


async def test_officers_correct_the_calendar(scoring: Scoring) -> None:
    path = "/v1/results/calendars/CN"
    days = {"days": [{"day": "2026-09-22", "working": False, "source": "a simulated notice"}]}
    province = scoring.client.as_("finance", regions=["CN-23"])
    assert (await province.put(path, json=days)).status_code == 403
    assert (await scoring.client.as_("finance", regions=["CN"]).put(path, json=days)).status_code == 204
    found = (await scoring.client.anonymous.get(path, params={"year": 2026})).json()
    assert found["listed"] is True
    assert "2026-09-22" in found["workdays_off"]
    assert "2026-10-10" in found["weekends_on"]
    assert [each["day"] for each in found["entries"]] == ["2026-09-22"]
    assert (await scoring.client.anonymous.get(path, params={"year": 2031})).json()["listed"] is False
    with clock.frozen(NOW):
        await scoring.hear(*history())
        await in_effect(scoring)
        assert (await uses(scoring))["payment"]["due_on"] == "2026-10-13"


async def test_a_demonstration_divides_the_limits_of_results_and_appeals(
    scoring: Scoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValidationError, match="GONGPING_DEMONSTRATION"):
        ScoringSettings(database_url="postgresql://x@127.0.0.1/x", clock_divisor=10)
    monkeypatch.setenv("GONGPING_DEMONSTRATION", "true")
    monkeypatch.setenv("GONGPING_CLOCK_DIVISOR", "10")
    clocks.cache_clear()
    try:
        with clock.frozen(NOW):
            await scoring.hear(*history())
            made = await in_effect(scoring)
            opened = await uses(scoring)
            # From Monday: 20, 10 and 30 working days become 2, 1 and 3.
            assert {rule: opened[rule]["due_on"] for rule in ("cut", "payment", "renewal")} == {
                "cut": "2026-09-23",
                "payment": "2026-09-22",
                "renewal": "2026-09-24",
            }
            body = {"against": "determination", "against_id": made["id"], "grounds": "the visits are missing"}
            filed = (await provider_of(scoring).post("/v1/appeals", json=body)).json()
            assert (filed["file_by"], filed["decide_by"]) == ("2026-09-23", "2026-09-22")
    finally:
        monkeypatch.undo()
        clocks.cache_clear()
