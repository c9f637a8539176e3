"""Responses: stored once, checked, durable, refused after the freeze; and nothing that leads back to a person."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.surveys.conftest import DAY, FOREIGN, ITEMS, REGION, UNLIMITED, Json, Surveys, answers, contract_fields

from shared import clock
from shared.events import ContractActivated
from shared.ids import new_id
from shared.testing import client_for, token
from surveys.app import service
from surveys.instruments.document import canonical_sha256
from surveys.instruments.queries import questionnaire
from surveys.instruments.shipped import COMMON_CORE, shipped
from surveys.responses.content import Card, content_of
from surveys.settings import policy


def collected(at: datetime, **fields: Json) -> dict[str, Any]:
    return {
        "submission_id": str(uuid4()),
        "enumerator_id": "e-07",
        "collected_at": at.isoformat(),
        **answers(),
    } | fields


async def count(surveys: Surveys, *tables: str) -> int:
    async with surveys.database.reading() as session:
        counts = [
            (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in tables or ("responses_staged", "responses")
        ]
    return int(sum(counts))


async def batch(surveys: Surveys, wave_id: str, items: list[Json], role: str = "evaluator") -> httpx.Response:
    return await surveys.client.as_(role).post(f"/v1/waves/{wave_id}/responses:batch", json={"items": items})


async def test_first_is_created_and_repetition_is_confirmed(surveys: Surveys, noon: datetime) -> None:
    with clock.frozen(noon):
        wave = await surveys.completed_wave()
        body = answers(improve="希望延长开放时间")
        submission_id = uuid4()
        first = await surveys.put(wave["id"], body, submission_id)
    assert first.status_code == 201, first.text
    assert first.headers["Gongping-Region"] == REGION
    assert first.json() == {
        "wave_id": wave["id"],
        "submission_id": str(submission_id),
        "content_sha256": canonical_sha256(body),
        "received_on": "2026-06-01",
        "receipt": first.json()["receipt"],
        "simulated": True,
    }
    assert len(first.json()["receipt"].replace("-", "")) == 25
    reordered = {"language": "zh-Hans", "answers": dict(reversed(body["answers"].items()))}
    with clock.frozen(noon + 3 * DAY):
        for same in (body, reordered):
            again = await surveys.put(wave["id"], same, submission_id)
            assert (again.status_code, again.json()) == (200, first.json())
    assert await count(surveys) == 1


async def test_other_content_under_the_same_id_conflicts(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    submission_id = uuid4()
    assert (await surveys.put(wave["id"], answers(4), submission_id)).status_code == 201
    # Even a body that would not be taken at all, and even after the wave has closed: the id is looked at first.
    others: list[dict[str, Any]] = [answers(5), answers(9), {"answers": {}}]
    for body in others:
        answer = await surveys.put(wave["id"], body, submission_id)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/response-conflict")
    await surveys.close(wave["id"])
    assert (await surveys.put(wave["id"], answers(5), submission_id)).json()["type"] == "/problems/response-conflict"
    assert (await surveys.put(wave["id"], answers(4), submission_id)).status_code == 200
    assert (await surveys.put(wave["id"], answers(4))).json()["type"] == "/problems/wave-not-open"
    assert await count(surveys) == 1


async def test_one_id_may_answer_two_waves(surveys: Surveys) -> None:
    submission_id = uuid4()
    for _ in range(2):
        wave = await surveys.completed_wave()
        assert (await surveys.put(wave["id"], answers(), submission_id)).status_code == 201


async def test_whole_numbers_written_as_floats_are_the_same_answer(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    submission_id = uuid4()
    answer = await surveys.put(wave["id"], {"answers": {"overall": 4.0}}, submission_id)
    assert answer.status_code == 201, answer.text
    assert answer.json()["content_sha256"] == canonical_sha256({"answers": {"overall": 4}})
    assert (await surveys.put(wave["id"], {"answers": {"overall": 4}}, submission_id)).status_code == 200


MALFORMED: list[tuple[Json, list[str]]] = [
    ({}, ["/answers"]),
    ({"answers": {"overall": 6, "staff": "x"}}, ["/answers/overall", "/answers/staff"]),
    ({"answers": {"overall": 4}, "surprise": 1}, ["/surprise"]),
    ({"answers": {"overall": 4}, "mode": "enumerator"}, ["/mode"]),
    ({"answers": {"overall": 4}, "language": "fr"}, ["/language"]),
    ({"answers": {"overall": 4}, "duration_seconds": True}, ["/duration_seconds"]),
    ({"answers": {"overall": 4}, "stratum": "urban"}, ["/stratum"]),
    ({"answers": {"overall": 4}, "enumerator_id": "me"}, ["/enumerator_id"]),
    ([], ["/"]),
]
NO_OBJECTS = (b"", b"{", b"\xff", b'{"answers": {"overall": NaN}}', b'"text"', b'{"answers": "\\ud800"}')


async def test_malformed_response_names_every_field(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    for body, pointers in MALFORMED:
        answer = await surveys.put(wave["id"], body)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/response-malformed"), body
        assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    for raw in NO_OBJECTS:
        answer = await surveys.client.anonymous.put(f"/v1/waves/{wave['id']}/responses/{uuid4()}", content=raw)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/response-malformed"), raw
    assert await count(surveys) == 0


async def test_ids_must_be_random(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    for submission_id in (new_id(), UUID(int=0)):
        answer = await surveys.put(wave["id"], answers(), submission_id)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "path:submission_id"


async def test_too_large_response_is_refused(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    answer = await surveys.put(wave["id"], answers(improve="x" * 70_000))
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/response-too-large")


async def test_unknown_wave_takes_nothing(surveys: Surveys) -> None:
    answer = await surveys.put(str(new_id()), answers())
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/wave-not-found")


async def test_wave_takes_answers_in_its_time_only(surveys: Surveys, noon: datetime) -> None:
    contract = ContractActivated.model_validate(contract_fields())
    await surveys.hear(contract)
    with clock.frozen(noon):
        opening = {
            "contract_id": str(contract.contract_id),
            "kind": "midterm",
            "design": "open_link",
            "opens_at": (noon + DAY).isoformat(),
            "closes_at": (noon + 3 * DAY).isoformat(),
        }
        opened = await surveys.client.as_("operator").post("/v1/waves", json=opening)
    wave_id = opened.json()["id"]
    statuses = []
    for offset in (timedelta(0), DAY, 3 * DAY - timedelta(seconds=1), 3 * DAY):
        with clock.frozen(noon + offset):
            statuses.append((await surveys.put(wave_id, answers())).status_code)
    assert statuses == [409, 201, 201, 409]


async def test_strata_are_named_by_each_response(surveys: Surveys) -> None:
    contract = ContractActivated.model_validate(contract_fields())
    await surveys.hear(contract)
    opening = {
        "contract_id": str(contract.contract_id),
        "kind": "midterm",
        "design": "probability",
        "population": 100,
        "invited": 40,
        "strata": [{"code": "urban", "population": 60}, {"code": "rural", "population": 40}],
    }
    opened = await surveys.client.as_("operator").post("/v1/waves", json=opening)
    wave_id = opened.json()["id"]
    assert (await surveys.put(wave_id, answers() | {"stratum": "rural"})).status_code == 201
    for body in (answers(), answers() | {"stratum": "sea"}):
        answer = await surveys.put(wave_id, body)
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/stratum"]


async def test_foreign_region_does_not_see_the_wave(surveys: Surveys) -> None:
    wave = await surveys.completed_wave(region=FOREIGN)
    there = surveys.client.as_("purchaser", regions=["CN-23"])
    answer = await there.put(f"/v1/waves/{wave['id']}/responses/{uuid4()}", json=answers())
    assert answer.status_code == 404
    assert (await surveys.put(wave["id"], answers())).status_code == 201


async def test_expired_token_is_refused_though_none_is_needed(surveys: Surveys, noon: datetime) -> None:
    with clock.frozen(noon):
        bearer = token(roles=["purchaser"])
    wave = await surveys.completed_wave()
    path = f"/v1/waves/{wave['id']}/responses/{uuid4()}"
    headers = {"Authorization": f"Bearer {bearer}"}
    answer = await surveys.client.anonymous.put(path, json=answers(), headers=headers)
    assert answer.status_code == 401


async def test_enumerators_hand_in_with_a_result_each(surveys: Surveys, noon: datetime) -> None:
    with clock.frozen(noon):
        wave = await surveys.completed_wave()
    at = noon + DAY
    good, late = collected(at), collected(noon + policy().duration + timedelta(hours=1))
    items = [
        good,
        collected(at, answers={"overall": 9}),
        collected(at, submission_id=str(new_id())),
        good,
        good | {"answers": {"overall": 1}},
        late,
        collected(noon + 60 * DAY),
        {"submission_id": good["submission_id"]},
    ]
    # After the end for the public, within the grace.
    with clock.frozen(noon + policy().duration + timedelta(hours=2)):
        assert (await surveys.put(wave["id"], answers())).status_code == 409
        answer = await batch(surveys, wave["id"], items)
        assert answer.status_code == 200, answer.text
        result = answer.json()
        assert [item["status"] for item in result["items"]] == [201, 422, 422, 200, 409, 409, 422, 422]
        assert [item["index"] for item in result["items"]] == list(range(8))
        assert (result["created"], result["unchanged"], result["refused"], result["simulated"]) == (1, 1, 6, True)
        assert result["items"][1]["problem"]["errors"][0]["pointer"] == "/answers/overall"
        assert result["items"][2]["submission_id"] is None
        assert result["items"][4]["problem"]["type"] == "/problems/response-conflict"
        assert result["items"][5]["problem"]["type"] == "/problems/wave-not-open"
        assert result["items"][6]["problem"]["errors"][0]["pointer"] == "/collected_at"
        again = (await batch(surveys, wave["id"], [good, {"submission_id": good["submission_id"]}])).json()
        assert again["items"][0]["receipt"] == result["items"][0]["receipt"]
        # A used id is a conflict before its content is looked at.
        assert [item["status"] for item in again["items"]] == [200, 409]
    async with surveys.database.reading() as session:
        row = (
            await session.execute(text("SELECT mode, enumerator_id, collected_on, submitted_on FROM responses_staged"))
        ).one()
    assert (row.mode, row.enumerator_id, row.collected_on) == ("enumerator", "e-07", at.date())
    with clock.frozen(noon + policy().duration + policy().grace):
        assert [item["status"] for item in (await batch(surveys, wave["id"], [collected(at)])).json()["items"]] == [409]


@pytest.mark.parametrize("ids", [15, 30])
async def test_of_items_with_one_id_the_first_is_stored(surveys: Surveys, noon: datetime, ids: int) -> None:
    # Few go by an insert, many by COPY; neither sorts by chance.
    with clock.frozen(noon):
        wave = await surveys.completed_wave()
        names = [str(uuid4()) for _ in range(ids)]
        items = [
            collected(noon, submission_id=name, duration_seconds=seconds)
            for seconds in (11, 12, 13, 14)
            for name in names
        ]
        result = (await batch(surveys, wave["id"], items)).json()
    assert [item["status"] for item in result["items"]] == [201] * ids + [409] * 3 * ids
    async with surveys.database.reading() as session:
        kept = (await session.execute(text("SELECT DISTINCT duration_seconds FROM responses_staged"))).scalars().all()
    assert kept == [11]


async def test_batch_is_limited(surveys: Surveys, noon: datetime) -> None:
    with clock.frozen(noon):
        wave = await surveys.completed_wave()
        full = [collected(noon, duration_seconds=n) for n in range(500)]
        answer = await batch(surveys, wave["id"], full)
        assert (answer.status_code, answer.json()["created"]) == (200, 500)
        for items in ([], [*full, collected(noon)]):
            assert (await batch(surveys, wave["id"], items)).status_code == 422
    assert await count(surveys) == 500


async def test_nothing_about_an_answer_is_kept_elsewhere(surveys: Surveys, noon: datetime) -> None:
    with clock.frozen(noon):
        wave = await surveys.completed_wave()
        before = {table: await count(surveys, table) for table in ("audit", "outbox", "idempotency", "job")}
        submission_id = uuid4()
        headers = {"Idempotency-Key": "k-1"}
        path = f"/v1/waves/{wave['id']}/responses"
        assert (
            await surveys.client.anonymous.put(f"{path}/{submission_id}", json=answers(), headers=headers)
        ).status_code == 201
        items = [collected(noon)]
        answer = await surveys.client.as_("operator").post(f"{path}:batch", json={"items": items}, headers=headers)
        assert answer.json()["created"] == 1
    assert before == {table: await count(surveys, table) for table in before}
    async with surveys.database.reading() as session:
        types = await session.execute(
            text(
                "SELECT DISTINCT column_name, data_type, column_default FROM information_schema.columns "
                "WHERE table_name IN ('responses', 'responses_staged')"
            )
        )
        columns = {row.column_name: row.data_type for row in types}
    # No instant, no serial number, no address, no token.
    assert {name for name, kind in columns.items() if kind in ("date", "integer", "bigint")} == {
        "collected_on",
        "submitted_on",
        "duration_seconds",
    }
    assert not [name for name, kind in columns.items() if kind.startswith(("timestamp", "inet", "time"))]


async def test_queue_over_its_limit_answers_503_and_stores_nothing(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    async with client_for(service, surveys.database.url, answer_queue=1, **UNLIMITED) as small:
        desk = await _desk_with_one_waiting(small.app, wave["id"])
        answer = await small.anonymous.put(f"/v1/waves/{wave['id']}/responses/{uuid4()}", json=answers())
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/answer-queue-full")
        assert answer.headers["Retry-After"] == "1"
        desk.writer._unfinished = 0
        assert (
            await small.anonymous.put(f"/v1/waves/{wave['id']}/responses/{uuid4()}", json=answers())
        ).status_code == 201
    assert await count(surveys) == 1


async def _desk_with_one_waiting(app: Json, wave_id: str) -> Json:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        await client.put(f"/v1/waves/{wave_id}/responses/{uuid4()}", json={"answers": {}})
    app.state.desk.writer._unfinished = 1
    return app.state.desk


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
bodies = st.fixed_dictionaries(
    {
        "answers": st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 5) | st.just("dont_know"), min_size=1)
        | st.fixed_dictionaries({"overall": st.integers(1, 5), "improve": texts})
    },
    optional={"language": st.sampled_from(["zh-Hans", "en"]), "duration_seconds": st.integers(0, 86_400)},
)


CARD = Card(
    questionnaire(shipped()[COMMON_CORE, "1.0.0"]),
    wave_id=uuid4(),
    region="CN-23",
    simulated=True,
    design="census",
    languages=("zh-Hans", "en"),
    strata=(),
)


@given(bodies, st.permutations(ITEMS))
def test_the_content_hash_is_that_of_the_rfc_8785_form(body: dict[str, Any], order: list[str]) -> None:
    full = dict.fromkeys(("overall", "access", "timeliness", "quality", "staff", "information"), 3)
    body["answers"] = {
        code: (full | body["answers"])[code] for code in (*order, "improve") if code in full | body["answers"]
    }
    assert content_of(CARD, body).sha256 == sha256(rfc8785.dumps(body)).digest()
    collected = {"enumerator_id": "e1", "collected_at": "2026-05-04T09:30:00.5+08:00"} | body
    found = content_of(CARD, collected, collected=True)
    assert found.sha256 == sha256(rfc8785.dumps(collected)).digest()
    assert (found.collected_at, found.collected_on) == (datetime(2026, 5, 4, 1, 30, 0, 500_000, UTC), date(2026, 5, 4))
