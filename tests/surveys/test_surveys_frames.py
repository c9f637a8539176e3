"""Frames: loaded as keyed hashes, drawn once, invited once, checked against other sources."""

import csv
import hashlib
import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.surveys.conftest import DAY, FOREIGN, REGION, Json, Surveys, contract_fields

from shared import clock
from shared.events import ContractActivated, ObservationRecorded
from shared.ids import new_id
from shared.testing import deliver, delivery
from surveys.frames.rows import reference_key
from surveys.settings import policy
from surveys.waves.handlers import contracts_subscription

HELD = {"held_by": "purchaser", "source": "养老服务登记册"}


async def open_wave(surveys: Surveys, *, population: int | None = 40, region: str = REGION, **fields: Json) -> str:
    contract = ContractActivated.model_validate(contract_fields(beneficiary_population=population, region=region))
    await surveys.hear(contract)
    body: dict[str, Any] = {"contract_id": str(contract.contract_id), "kind": "midterm", "design": "census"} | fields
    if body["design"] == "probability":
        body["population"] = population
    answer = await surveys.client.as_("purchaser").post("/v1/waves", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def people(n: int, **fields: Json) -> list[dict[str, Any]]:
    return [{"reference": f"2301-{number:05d}"} | fields for number in range(n)]


async def load(surveys: Surveys, wave_id: str, rows: list[dict[str, Any]], **held: str) -> Any:
    return await surveys.client.as_("purchaser").post(
        f"/v1/waves/{wave_id}/frame", params=HELD | held, json={"rows": rows}
    )


async def post(surveys: Surveys, wave_id: str, path: str, **body: Json) -> Any:
    return await surveys.client.as_("purchaser").post(f"/v1/waves/{wave_id}/{path}", json=body)


async def drawn(surveys: Surveys, wave_id: str, rows: list[dict[str, Any]], **held: str) -> dict[str, Any]:
    answer = await load(surveys, wave_id, rows, **held)
    assert answer.status_code == 200, answer.text
    answer = await post(surveys, wave_id, "frame/draw")
    assert answer.status_code == 200, answer.text
    frame: dict[str, Any] = answer.json()
    return frame


async def invited(surveys: Surveys, wave_id: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    await drawn(surveys, wave_id, rows)
    answer = await post(surveys, wave_id, "invitations", limit=5000)
    assert answer.status_code == 201, answer.text
    assert answer.json()["remaining"] == 0
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def everything_stored(surveys: Surveys) -> str:
    """Every row of every table, as text and as hexadecimal bytes."""
    async with surveys.database.reading() as session:
        tables = (await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).all()
        rows = [(await session.scalars(text(f"SELECT t::text FROM {table} t"))).all() for table in tables]
    return "\n".join(row for each in rows for row in each)


async def test_census_from_rows_to_tokens(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    rows = people(40, channel="sms", language="zh-Hans", stratum="north")
    answer = await load(surveys, wave_id, rows[:25])
    assert answer.headers["Gongping-Region"] == REGION
    first = answer.json()
    assert (first["added"], first["unchanged"], first["size"]) == (25, 0, 25)
    assert first["reference_hmacs"][3] == reference_key(UUID(wave_id), "2301-00003").hex()
    second = (await load(surveys, wave_id, rows[20:])).json()
    assert (second["added"], second["unchanged"], second["size"]) == (15, 5, 40)
    answer = await post(surveys, wave_id, "invitations")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/frame-not-drawn")
    frame = (await post(surveys, wave_id, "frame/draw")).json()
    assert (frame["state"], frame["size"], frame["drawn"], frame["issued"], frame["cautions"]) == (
        "drawn",
        40,
        40,
        0,
        [],
    )
    made: list[dict[str, Any]] = []
    for remaining in (25, 10, 0):
        answer = await post(surveys, wave_id, "invitations", limit=15)
        assert (answer.status_code, answer.json()["remaining"]) == (201, remaining)
        assert answer.headers["Cache-Control"] == "no-store"
        made += answer.json()["items"]
    assert (await post(surveys, wave_id, "invitations")).json()["items"] == []
    assert {item["reference_hmac"] for item in made} == {*first["reference_hmacs"], *second["reference_hmacs"]}
    assert len({item["token"] for item in made}) == len({item["code"] for item in made}) == 40
    assert made[0]["link"] == f"{policy().public_url}/p/{wave_id}?t={made[0]['token']}"
    assert (made[0]["channel"], made[0]["language"], made[0]["stratum"]) == ("sms", "zh-Hans", "north")
    frame = (await surveys.client.as_("auditor").get(f"/v1/waves/{wave_id}/frame")).json()
    assert frame["tokens"] == {"open": 40, "opened": 0, "spent": 0, "bounced": 0, "not_eligible": 0}
    stored = await everything_stored(surveys)
    assert made[0]["reference_hmac"] in stored
    for secret in (*(item["token"] for item in made), *(item["code"] for item in made), "2301-0", "230100"):
        assert secret not in stored
        assert secret.encode().hex() not in stored


async def test_rows_come_as_lines_too(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    purchaser = surveys.client.as_("purchaser")
    lines = "\n".join(json.dumps(row) for row in people(3)) + "\n\n"
    headers = {"Content-Type": "application/x-ndjson; charset=utf-8"}
    answer = await purchaser.post(f"/v1/waves/{wave_id}/frame", params=HELD, content=lines, headers=headers)
    assert (answer.status_code, answer.json()["added"]) == (200, 3)
    for content, pointer in (
        (lines + '{"reference"', "/rows/3"),
        ('{"reference": "a", "name": "b"}', "/rows/0/name"),
        ("\n", "/rows"),
    ):
        answer = await purchaser.post(f"/v1/waves/{wave_id}/frame", params=HELD, content=content, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/frame-malformed")
        assert answer.json()["errors"][0]["pointer"] == pointer
    many = "\n".join(json.dumps(row) for row in people(10_001))
    answer = await purchaser.post(f"/v1/waves/{wave_id}/frame", params=HELD, content=many, headers=headers)
    assert answer.status_code == 413


def test_a_reference_is_one_however_it_is_written() -> None:
    wave_id, other = new_id(), new_id()
    assert reference_key(wave_id, " 13ａ 77") == reference_key(wave_id, "１３A77")
    assert reference_key(wave_id, "13A77") != reference_key(wave_id, "13A78")
    assert reference_key(wave_id, "13A77") != reference_key(other, "13A77")


HASHED = hashlib.sha256(b"made by the holder of the list").hexdigest()
MALFORMED: list[tuple[list[dict[str, Any]], str]] = [
    ([], "/rows"),
    ([{}], "/rows/0"),
    ([{"reference": "a", "reference_hmac": HASHED}], "/rows/0"),
    ([{"reference_hmac": "ab"}], "/rows/0/reference_hmac"),
    ([{"reference": "a", "phone": "13900000000"}], "/rows/0/phone"),
    ([{"reference": "a", "channel": "pigeon"}], "/rows/0/channel"),
    ([{"reference": "a", "attributes": {"age": 60}}], "/rows/0/attributes/age"),
    ([{"reference": "a", "attributes": {"age": "sixty nine and a half"}}], "/rows/0/attributes/age"),
    ([{"reference": "a", "attributes": {"stratum": "x"}}], "/rows/0"),
    ([{"reference": "a", "language": "bo"}], "/rows/0/language"),
    ([{"reference": "a"}, {"reference": "b"}, {"reference": "A "}], "/rows/2"),
    ([{"reference": "a"}, {"reference_hmac": HASHED}], "/rows"),
]


async def test_malformed_rows_are_named_and_none_is_loaded(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    for rows, pointer in MALFORMED:
        answer = await load(surveys, wave_id, rows)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/frame-malformed"), answer.text
        assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await surveys.client.as_("purchaser").get(f"/v1/waves/{wave_id}/frame")).status_code == 404
    for held in ({"held_by": "somebody"}, {"source": ""}):
        assert (await load(surveys, wave_id, people(1), **held)).status_code == 422


async def test_a_frame_keeps_its_source_and_its_rows(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    assert (await load(surveys, wave_id, people(2, channel="sms"))).status_code == 200
    for rows, held, pointer in (
        (people(1), {"held_by": "provider"}, "query:held_by"),
        (people(1), {"source": "another"}, "query:source"),
        ([{"reference_hmac": HASHED}], {}, "/rows"),
        (people(2, channel="post"), {}, "/rows/0"),
    ):
        answer = await load(surveys, wave_id, rows, **held)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    await post(surveys, wave_id, "frame/draw")
    for answer in (await load(surveys, wave_id, people(3)), await post(surveys, wave_id, "frame/draw")):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/frame-already-drawn")


async def test_open_links_and_closed_waves_take_no_frame(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys, design="open_link")
    answer = await load(surveys, wave_id, people(1))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/frame-not-wanted")
    await surveys.close(wave_id)
    for path, body in (("frame/draw", {}), ("invitations", {}), ("frame/reconciliation", {"basis": "invoice"})):
        answer = await post(surveys, wave_id, path, **body)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/wave-already-closed")


STRATA = [{"code": "urban", "population": 60}, {"code": "rural", "population": 20}]


async def test_probability_sample_is_drawn_once_and_can_be_drawn_again_by_its_seed(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys, design="probability", population=80, invited=20, strata=STRATA)
    rows = [row | {"stratum": "urban" if number < 66 else "rural"} for number, row in enumerate(people(88))]
    hashes = (await load(surveys, wave_id, rows)).json()["reference_hmacs"]
    frame = (await post(surveys, wave_id, "frame/draw")).json()
    assert frame["strata"] == [
        {"code": "rural", "population": 22, "drawn": 5},
        {"code": "urban", "population": 66, "drawn": 15},
    ]
    wave = (await surveys.client.anonymous.get(f"/v1/waves/{wave_id}")).json()
    assert (wave["population"], wave["invited"]) == (88, 20)
    assert wave["strata"] == [{"code": "rural", "population": 22}, {"code": "urban", "population": 66}]
    items = (await post(surveys, wave_id, "invitations")).json()["items"]
    seed = bytes.fromhex(frame["seed"])
    again: set[str] = set()
    for code, n in (("rural", 5), ("urban", 15)):
        stratum = [each for each, row in zip(hashes, rows, strict=True) if row["stratum"] == code]
        again |= set(sorted(stratum, key=lambda each: hashlib.sha256(seed + bytes.fromhex(each)).digest())[:n])
    assert {item["reference_hmac"] for item in items} == again


async def test_sample_sizes_must_fit_the_strata(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys, design="probability", population=80, invited=20, strata=STRATA, anonymous=False)
    answer = await load(surveys, wave_id, people(1, stratum="remote"))
    assert answer.json()["errors"][0]["pointer"] == "/rows/0/stratum"
    await load(surveys, wave_id, people(30, stratum="urban"))
    answer = await post(surveys, wave_id, "frame/draw")
    assert (answer.json()["type"], answer.json()["strata"]) == ("/problems/frame-differs", ["rural"])
    await load(surveys, wave_id, [{"reference": f"r{number}", "stratum": "rural"} for number in range(6)])
    for body, status in (
        ({"sample": 37}, 409),
        ({"allocation": {"urban": 10}}, 409),
        ({"allocation": {"urban": 10, "rural": 7}}, 409),
        ({"allocation": {"urban": 10, "rural": 1}}, 409),
        ({"allocation": {"urban": 10, "rural": 4}, "sample": 14}, 422),
        ({"allocation": {"urban": 10, "rural": True}}, 422),
        ({"allocation": {"urban": 10, "rural": 4}}, 200),
    ):
        answer = await post(surveys, wave_id, "frame/draw", **body)
        assert answer.status_code == status, answer.text
    assert answer.json()["drawn"] == 14
    census = await open_wave(surveys)
    await load(surveys, census, people(5))
    answer = await post(surveys, census, "frame/draw", sample=3)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/frame-differs")


async def test_drawing_on_a_stale_wave_is_refused(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    await load(surveys, wave_id, people(5))
    purchaser = surveys.client.as_("purchaser")
    path = f"/v1/waves/{wave_id}/frame/draw"
    assert (await purchaser.post(path, json={}, headers={"If-Match": '"7"'})).status_code == 412
    assert (await purchaser.post(path, json={}, headers={"If-Match": '"1"'})).status_code == 200


def rows_with(attributes: list[dict[str, str]]) -> list[dict[str, Any]]:
    return [{"reference": f"p{number}", "attributes": each} for number, each in enumerate(attributes)]


async def test_attributes_stay_coarse_in_anonymous_waves(surveys: Surveys) -> None:
    fine = rows_with([{"age": "60-69"}] * 30 + [{"age": "90-99"}] * 4)
    wave_id = await open_wave(surveys)
    await load(surveys, wave_id, fine)
    answer = await post(surveys, wave_id, "frame/draw")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/attributes-too-fine")
    assert answer.json()["combinations"] == [{"age": "90-99"}]
    small = await open_wave(surveys)
    await load(surveys, small, [*people(30, stratum="a"), {"reference": "x", "stratum": "b"}])
    assert (await post(surveys, small, "frame/draw")).json()["combinations"] == [{"stratum": "b"}]
    identified = await open_wave(surveys, anonymous=False)
    assert (await drawn(surveys, identified, fine))["drawn"] == 34
    odd = await open_wave(surveys)
    await load(surveys, odd, rows_with([{"age": "60-69"}] * 20 + [{"sex": "female"}] * 20))
    assert (await post(surveys, odd, "frame/draw")).json()["type"] == "/problems/frame-differs"
    empty = await open_wave(surveys)
    assert (await post(surveys, empty, "frame/draw")).json()["type"] == "/problems/frame-not-found"


SEX = {"name": "sex", "source": "frame", "variable": "sex"}


def categories(**counts: float) -> list[dict[str, Any]]:
    return [{"code": code, "population": count} for code, count in counts.items()]


async def test_margins_are_counted_or_checked_at_the_drawing(surveys: Surveys) -> None:
    rows = rows_with([{"sex": "female"}] * 25 + [{"sex": "male"}] * 15)
    counted = await open_wave(surveys, margins=[SEX])
    await drawn(surveys, counted, rows)
    wave = (await surveys.client.anonymous.get(f"/v1/waves/{counted}")).json()
    assert wave["margins"] == [SEX | {"categories": categories(female=25.0, male=15.0)}]
    unfit: list[tuple[dict[str, Any], str]] = [
        (SEX | {"categories": categories(female=25, male=10, other=5)}, "other"),
        (SEX | {"categories": categories(female=30, male=12)}, "sums to 42"),
        (SEX | {"variable": "age"}, "have no age"),
    ]
    for margin, words in unfit:
        population = sum(each["population"] for each in margin.get("categories", [])) or None
        wave_id = await open_wave(surveys, margins=[margin], population=population or 40)
        await load(surveys, wave_id, rows)
        answer = await post(surveys, wave_id, "frame/draw")
        assert (answer.status_code, answer.json()["margin"]) == (409, "sex"), answer.text
        assert words in answer.json()["detail"]


async def test_a_list_of_another_length_than_the_contract_names_is_a_caution(surveys: Surveys) -> None:
    for n, cautions in ((36, []), (35, ["frame_gap_population"])):
        wave_id = await open_wave(surveys)
        assert (await drawn(surveys, wave_id, people(n)))["cautions"] == cautions


async def test_reconciliation_with_paid_units(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    answer = await post(surveys, wave_id, "frame/reconciliation", basis="invoice")
    assert answer.status_code == 404
    await drawn(surveys, wave_id, people(40))
    frame = (await post(surveys, wave_id, "frame/reconciliation", paid_units=50, basis="验收单")).json()
    assert frame["cautions"] == ["frame_gap_paid_units"]
    assert frame["reconciliation"]["gap"] == pytest.approx(0.2)
    assert frame["reconciliation"]["within"] is False
    wave = (await surveys.client.anonymous.get(f"/v1/waves/{wave_id}")).json()
    assert wave["cautions"] == ["frame_gap_paid_units"]
    frame = (await post(surveys, wave_id, "frame/reconciliation", paid_units=44, basis="corrected")).json()
    assert (frame["cautions"], frame["reconciliation"]["within"]) == ([], True)
    frame = (await post(surveys, wave_id, "frame/reconciliation", basis="the contract")).json()
    assert (frame["reconciliation"]["taken_from"], frame["reconciliation"]["gap"]) == ("contract", 0)
    answer = await post(surveys, wave_id, "frame/reconciliation", basis="x", paid_units=4, indicator_code="people")
    assert answer.status_code == 422


async def test_reconciliation_with_the_newest_observation(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    await drawn(surveys, wave_id, people(40))
    answer = await post(surveys, wave_id, "frame/reconciliation", indicator_code="people", basis="report")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/paid-units-unknown")
    contract_id = (await surveys.client.anonymous.get(f"/v1/waves/{wave_id}")).json()["contract_id"]
    wrong, right = new_id(), new_id()
    observed = [
        (wrong, "90", "2026-06-01", None),
        (right, "41", "2026-05-01", wrong),
        (new_id(), "30", "2026-04-01", None),
        (lot := new_id(), "7", "2026-06-02", None),  # a lot's value stands for no contract
    ]
    facts = [
        ObservationRecorded.model_validate(
            {
                "observation_id": observation_id,
                "contract_id": contract_id,
                "region": REGION,
                "indicator_id": new_id(),
                "indicator_code": "people",
                "value": value,
                "observed_on": day,
                "supersedes": supersedes,
                "lot_id": lot if observation_id == lot else None,
                "recorded_at": clock.now(),
            }
        )
        for observation_id, value, day, supersedes in observed
    ]
    deliveries = [
        delivery(fact, subject=fact.contract_id, region=REGION, seq=900 + place) for place, fact in enumerate(facts)
    ]
    await deliver(surveys.database, contracts_subscription, deliveries[::-1])
    frame = (await post(surveys, wave_id, "frame/reconciliation", indicator_code="people", basis="report")).json()
    assert frame["reconciliation"]["paid_units"] == 41
    assert frame["reconciliation"]["taken_from"] == f"observation {right}"


async def test_audit_by_another_source(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    frame = await drawn(surveys, wave_id, people(40), held_by="provider")
    assert frame["cautions"] == ["frame_unaudited"]
    evaluator = surveys.client.as_("evaluator")
    path = f"/v1/waves/{wave_id}/frame/audit"
    known = [row["reference"] for row in people(40)]
    other = {"source": "医保登记", "held_by": "third_party"}
    for body, pointer in (
        ({"references": known[:29]} | other, "/references"),
        ({"references": known[:15] * 2} | other, "/references"),
        ({"references": known, "source": HELD["source"], "held_by": "third_party"}, "/source"),
        ({"references": known, "source": "医保登记", "held_by": "provider"}, "/held_by"),
        ({"reference_hmacs": [reference_key(UUID(wave_id), each).hex() for each in known]} | other, "/references"),
    ):
        answer = await evaluator.post(path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    strangers = ["x1", "x2", "x3", "x4"]
    answer = (await evaluator.post(path, json={"references": known[:28] + strangers} | other)).json()
    assert answer["missing"] == [reference_key(UUID(wave_id), each).hex() for each in strangers]
    assert (answer["frame"]["audit"]["sample"], answer["frame"]["audit"]["missing"]) == (32, 4)
    assert answer["frame"]["cautions"] == ["frame_gap_audit", "frame_unaudited"]
    answer = (await evaluator.post(path, json={"references": known[:27] + strangers[:3]} | other)).json()
    assert answer["frame"]["audit"]["gap"] == pytest.approx(0.1)
    assert answer["frame"]["cautions"] == []


async def test_hashed_lists_are_audited_by_hashes(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    hashes = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(40)]
    await drawn(surveys, wave_id, [{"reference_hmac": each} for each in hashes])
    body = {"reference_hmacs": hashes[:35], "source": "another", "held_by": "purchaser"}
    answer = await post(surveys, wave_id, "frame/audit", **body)
    assert answer.json()["frame"]["audit"]["gap"] == 0


async def test_lost_tokens_are_replaced(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    items = await invited(surveys, wave_id, people(3))
    hashes = [item["reference_hmac"] for item in items]
    answer = await post(surveys, wave_id, "invitations/reissue", reference_hmacs=[*hashes, HASHED])
    assert (answer.status_code, answer.json()["references"]) == (404, [HASHED])
    answer = await post(surveys, wave_id, "invitations/reissue", reference_hmacs=hashes[:1])
    (renewed,) = answer.json()["items"]
    assert renewed["reference_hmac"] == hashes[0]
    assert renewed["token"] != items[0]["token"]
    purchaser = surveys.client.as_("purchaser")
    path = f"/v1/waves/{wave_id}/invitations/sheets"
    assert (await purchaser.post(path, json={"items": [sheet(renewed)]})).status_code == 200
    answer = await purchaser.post(path, json={"items": [sheet(items[1]), sheet(items[0])]})
    assert (answer.status_code, answer.json()["items"]) == (404, [1])


def sheet(item: dict[str, Any], **fields: Json) -> dict[str, Any]:
    return {"token": item["token"], "code": item["code"]} | fields


async def test_an_idempotency_key_does_not_keep_tokens(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    await drawn(surveys, wave_id, people(4))
    purchaser = surveys.client.as_("purchaser")
    path, headers = f"/v1/waves/{wave_id}/invitations", {"Idempotency-Key": "one and the same"}
    first = (await purchaser.post(path, json={"limit": 2}, headers=headers)).json()
    second = (await purchaser.post(path, json={"limit": 2}, headers=headers)).json()
    assert not {item["token"] for item in first["items"]} & {item["token"] for item in second["items"]}
    async with surveys.database.reading() as session:
        kept = await session.scalar(text("SELECT count(*) FROM idempotency WHERE path = :path"), {"path": path})
    assert kept == 0


async def test_marks_count_in_the_dispositions(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    items = await invited(surveys, wave_id, people(5))
    marks = [
        {"reference_hmac": items[0]["reference_hmac"], "mark": "bounced"},
        {"reference_hmac": items[1]["reference_hmac"], "mark": "not_eligible"},
    ]
    frame = (await post(surveys, wave_id, "invitations/marks", items=marks)).json()
    assert frame["tokens"] == {"open": 3, "opened": 0, "spent": 0, "bounced": 1, "not_eligible": 1}
    answer = await post(surveys, wave_id, "invitations/marks", items=[{"reference_hmac": HASHED, "mark": "bounced"}])
    assert (answer.status_code, answer.json()["references"]) == (404, [HASHED])
    frame = (await post(surveys, wave_id, "invitations/marks", items=[marks[1] | {"mark": None}])).json()
    assert frame["tokens"]["not_eligible"] == 0


async def test_reminders_from_their_day_on_to_those_without_an_answer(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    items = await invited(surveys, wave_id, people(6, channel="post"))
    bounced = {"reference_hmac": items[0]["reference_hmac"], "mark": "bounced"}
    await post(surveys, wave_id, "invitations/marks", items=[bounced])
    path = f"/v1/waves/{wave_id}/reminders"
    purchaser = surveys.client.as_("purchaser")
    now = clock.now()
    before = (await purchaser.get(path)).json()
    assert (before["round"], before["items"]) == (0, [])
    assert before["due_on"] == [str(clock.day_of(now + 3 * DAY)), str(clock.day_of(now + 7 * DAY))]
    for day, passed in ((3, 1), (8, 2)):
        with clock.frozen(now + day * DAY):
            answer = await surveys.client.as_("purchaser").get(path, params={"limit": 3})
            page = answer.json()
            rest = (await surveys.client.as_("purchaser").get(path, params={"after": page["next"]})).json()
        assert page["round"] == passed
        assert rest["next"] is None
        listed = [item["reference_hmac"] for item in page["items"] + rest["items"]]
        assert listed == sorted(item["reference_hmac"] for item in items[1:])
        assert page["items"][0]["channel"] == "post"
    with clock.frozen(now + 40 * DAY):
        assert (await surveys.client.as_("purchaser").get(path)).json()["items"] == []


async def test_quotas_are_counted(surveys: Surveys) -> None:
    quota = {"variable": "sex", "targets": [{"code": "female", "target": 8}, {"code": "male", "target": 6}]}
    wave_id = await open_wave(surveys, quotas=[quota])
    frame = await drawn(surveys, wave_id, rows_with([{"sex": "female"}] * 25 + [{"sex": "male"}] * 15))
    assert frame["quotas"] == [
        {"variable": "sex", "code": "female", "target": 8, "answered": 0},
        {"variable": "sex", "code": "male", "target": 6, "answered": 0},
    ]


async def test_enumerators_have_keys_that_are_shown_once(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    purchaser = surveys.client.as_("purchaser")
    path = f"/v1/waves/{wave_id}/enumerators"
    made = (await purchaser.post(path, json={"pseudonyms": ["e1", "e2"], "employed_by": "third_party"})).json()["items"]
    assert [each["pseudonym"] for each in made] == ["e1", "e2"]
    renewed = (await purchaser.post(path, json={"pseudonyms": ["e1"], "employed_by": "purchaser"})).json()["items"]
    assert renewed[0]["key"] != made[0]["key"]
    assert (await purchaser.delete(f"{path}/e2")).status_code == 204
    answer = await purchaser.delete(f"{path}/e3")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/enumerator-unknown")
    listed = (await surveys.client.as_("auditor").get(path)).json()["items"]
    assert listed == [
        {"pseudonym": "e1", "employed_by": "purchaser", "active": True, "key": None},
        {"pseudonym": "e2", "employed_by": "third_party", "active": False, "key": None},
    ]
    wave = (await purchaser.get(f"/v1/waves/{wave_id}")).json()
    assert wave["cautions"] == []
    await purchaser.post(path, json={"pseudonyms": ["e4"], "employed_by": "provider"})
    wave = (await purchaser.get(f"/v1/waves/{wave_id}")).json()
    assert wave["cautions"] == ["provider_supervised"]
    stored = await everything_stored(surveys)
    assert all(each["key"] not in stored for each in [*made, *renewed])


async def test_foreign_waves_answer_like_missing_ones(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys, region=FOREIGN)
    here = surveys.client.as_("purchaser", regions=["CN-23"])
    for each in (wave_id, str(new_id())):
        answer = await here.post(f"/v1/waves/{each}/frame", params=HELD, json={"rows": people(1)})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/wave-not-found")


SHARED = Path(os.environ.get("GONGPING_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))


@pytest.mark.skipif(not (SHARED / "golden" / "survey").is_dir(), reason="the golden files are not there")
async def test_the_copenhagen_tenants_are_a_frame_with_its_margins(surveys: Surveys) -> None:
    with (SHARED / "golden" / "survey" / "housing_frame.csv").open(encoding="utf-8", newline="") as file:
        tenants = list(csv.DictReader(file))
    golden = json.loads((SHARED / "golden" / "survey" / "golden_housing.json").read_text(encoding="utf-8"))
    rows = [
        {"reference": tenant["id"], "attributes": {name: tenant[name] for name in ("Type", "Infl", "Cont")}}
        for tenant in tenants
    ]
    margins = [{"name": name, "source": "frame", "variable": name} for name in golden["margins"]]
    wave_id = await open_wave(surveys, population=len(rows), margins=margins)
    frame = await drawn(surveys, wave_id, rows)
    assert (frame["size"], frame["drawn"], frame["cautions"]) == (golden["frame_n"], golden["frame_n"], [])
    wave = (await surveys.client.anonymous.get(f"/v1/waves/{wave_id}")).json()
    counted = {
        margin["name"]: {category["code"]: category["population"] for category in margin["categories"]}
        for margin in wave["margins"]
    }
    assert counted == golden["margins"]
    answer = await post(surveys, wave_id, "invitations", limit=5000)
    assert len({item["token"] for item in answer.json()["items"]}) == golden["frame_n"]
