"""Waves: opened by events or by hand, once, in the right stage, in complete languages."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from tests.surveys.conftest import DAY, FOREIGN, REGION, Json, Surveys, completed_contract, contract_fields

from gongping_local.pytest_servers import Servers
from shared import clock
from shared.db import Database
from shared.events import (
    ContractActivated,
    ContractCompleted,
    ContractCreated,
    ContractImported,
    ContractState,
    ContractSuspended,
    ContractUpdated,
    WaveOpened,
)
from shared.ids import new_id
from shared.testing import client_for, new_database
from surveys.app import service
from surveys.settings import policy
from surveys.waves.models import ContractStub


def opening(contract_id: UUID, **fields: Json) -> dict[str, Any]:
    return {"contract_id": str(contract_id), "kind": "midterm", "design": "open_link"} | fields


async def stored(database: Database, contract_id: UUID) -> ContractStub | None:
    async with database.reading() as session:
        return await session.scalar(select(ContractStub).where(ContractStub.id == contract_id))


async def active_contract(surveys: Surveys, **fields: Json) -> UUID:
    contract = ContractActivated.model_validate(contract_fields(**fields))
    await surveys.hear(contract)
    return contract.contract_id


async def test_completion_opens_the_completion_wave(surveys: Surveys, noon: datetime) -> None:
    with clock.frozen(noon):
        contract = completed_contract()
        await surveys.hear(contract)
    (wave,) = await surveys.waves(contract.contract_id)
    assert wave["kind"] == "completion"
    assert wave["state"] == "open"
    assert wave["opened_by"] == "event"
    assert wave["region"] == REGION
    assert wave["simulated"] is True
    assert (wave["design"], wave["population"]) == ("census", 200)
    assert wave["contract_title"] == contract.title
    assert wave["languages"] == ["zh-Hans", "en"]
    closes_at = datetime.fromisoformat(wave["closes_at"])
    assert closes_at - datetime.fromisoformat(wave["opens_at"]) == policy().duration
    assert datetime.fromisoformat(wave["freezes_at"]) - closes_at == policy().grace
    (event,) = await surveys.emitted(WaveOpened)
    assert event.subject == wave["id"]
    assert event.region == REGION
    assert event.causationid is not None
    opened = WaveOpened.parse(event.data)
    assert isinstance(opened, WaveOpened)
    assert opened.instrument_sha256 == wave["instrument_sha256"]
    assert opened.version == 1
    async with surveys.database.reading() as session:
        job = (await session.execute(text("SELECT kind, key, run_at FROM job"))).one()
        assert (job.kind, job.key) == ("surveys.close_wave", wave["id"])
        assert job.run_at == datetime.fromisoformat(wave["freezes_at"])
        assert (await session.execute(text("SELECT action, noun_id FROM audit"))).all() == [("wave.opened", wave["id"])]


async def test_redelivery_opens_nothing_twice(surveys: Surveys) -> None:
    contract = completed_contract()
    await surveys.hear(contract, seqs=[1])
    await surveys.hear(contract, seqs=[1])  # the inbox knows it
    await surveys.hear(contract, seqs=[2])  # a replay past the inbox: the unique index knows it
    assert len(await surveys.waves(contract.contract_id)) == 1
    await surveys.close((await surveys.waves(contract.contract_id))[0]["id"])
    await surveys.hear(contract, seqs=[3])
    assert len(await surveys.waves(contract.contract_id)) == 1
    assert len(await surveys.emitted(WaveOpened)) == 1


async def test_contract_without_beneficiaries_gets_an_open_link(surveys: Surveys) -> None:
    for population in (None, 0):
        wave = await surveys.completed_wave(beneficiary_population=population)
        assert (wave["design"], wave["population"]) == ("open_link", None)


async def test_completion_of_long_ago_opens_nothing(surveys: Surveys) -> None:
    contract = completed_contract(ended_at=clock.now() - (policy().event_wave_max_age_days + 1) * DAY, origin="import")
    await surveys.hear(contract)
    assert await surveys.waves(contract.contract_id) == []
    assert await stored(surveys.database, contract.contract_id) is not None


async def test_imported_contract_opens_nothing_by_itself(surveys: Surveys) -> None:
    contract = ContractImported.model_validate(contract_fields(state="completed", origin="import"))
    await surveys.hear(contract)
    assert await surveys.waves(contract.contract_id) == []


async def test_late_completion_opens_its_wave_behind_a_newer_version(surveys: Surveys) -> None:
    completed = completed_contract(version=7)
    newer = ContractUpdated.model_validate(completed.model_dump() | {"version": 8, "title": "新的名称"})
    await surveys.hear(newer)
    await surveys.hear(completed)
    (wave,) = await surveys.waves(completed.contract_id)
    assert wave["contract_title"] == "新的名称"


@pytest.fixture
async def projection(servers: Servers) -> AsyncIterator[Surveys]:
    async with new_database(servers.postgres_url, "surveys") as url, client_for(service, url) as client:
        yield Surveys(client)


STATE_MODELS = (ContractCreated, ContractActivated, ContractSuspended, ContractUpdated, ContractCompleted)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(5)), repeated=st.lists(st.integers(0, 4), max_size=4))
async def test_any_order_of_events_ends_in_the_same_projection(
    projection: Surveys, order: list[int], repeated: list[int]
) -> None:
    contract_id = new_id()
    states = ("draft", "active", "suspended", "suspended", "completed")
    life: list[ContractState] = [
        model.model_validate(
            contract_fields(
                contract_id=contract_id, version=n + 1, state=states[n], title=f"版本 {n + 1}", ended_at=clock.now()
            )
        )
        for n, model in enumerate(STATE_MODELS)
    ]
    for n in [*order, *repeated]:
        await projection.hear(life[n])
    found = await stored(projection.database, contract_id)
    assert found is not None
    assert (found.version, found.title, found.state) == (5, "版本 5", "completed")
    assert [wave["kind"] for wave in await projection.waves(contract_id)] == ["completion"]


async def test_open_by_hand(surveys: Surveys, noon: datetime) -> None:
    with clock.frozen(noon):
        contract_id = await active_contract(surveys)
        body = opening(
            contract_id,
            design="probability",
            population=1000,
            invited=220,
            strata=[{"code": "urban", "population": 900}, {"code": "rural", "population": 100}],
            languages=["en"],
            closes_at="2026-06-20T16:00:00+08:00",
        )
        answer = await surveys.client.as_("purchaser", regions=["CN-23"]).post("/v1/waves", json=body)
    assert answer.status_code == 201, answer.text
    wave = answer.json()
    assert answer.headers["Gongping-Region"] == REGION
    assert answer.headers["ETag"] == '"1"'
    assert (wave["opened_by"], wave["invited"], wave["languages"]) == ("hand", 220, ["en"])
    assert wave["strata"] == body["strata"]
    assert wave["closes_at"] == "2026-06-20T08:00:00Z"
    shown = await surveys.client.anonymous.get(f"/v1/waves/{wave['id']}")
    assert shown.json() == wave
    assert len(await surveys.emitted(WaveOpened)) == 1


async def test_census_takes_the_contracts_beneficiaries(surveys: Surveys) -> None:
    finance = surveys.client.as_("finance")
    known = await active_contract(surveys, beneficiary_population=321)
    answer = await finance.post("/v1/waves", json=opening(known, design="census"))
    assert answer.json()["population"] == 321
    unknown = await active_contract(surveys, beneficiary_population=None)
    answer = await finance.post("/v1/waves", json=opening(unknown, design="census"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/population"


async def test_kind_must_fit_the_stage(surveys: Surveys) -> None:
    operator = surveys.client.as_("operator")
    contract_id = await active_contract(surveys)
    for kind, status in (("followUp", 409), ("completion", 409), ("needs", 201), ("midterm", 201)):
        answer = await operator.post("/v1/waves", json=opening(contract_id, kind=kind))
        assert answer.status_code == status, answer.text
        if status == 409:
            assert answer.json()["type"] == "/problems/wave-kind-not-due"
            assert answer.json()["contract_state"] == "active"
    wave = await surveys.completed_wave()
    answer = await operator.post("/v1/waves", json=opening(UUID(wave["contract_id"]), kind="followUp"))
    assert answer.status_code == 201
    answer = await operator.post("/v1/waves", json=opening(UUID(wave["contract_id"]), kind="completion"))
    assert answer.json()["type"] == "/problems/wave-already-open"


async def test_opening_the_same_kind_at_once_opens_one(surveys: Surveys) -> None:
    contract_id = await active_contract(surveys)
    operator = surveys.client.as_("operator")
    asked = await asyncio.gather(*(operator.post("/v1/waves", json=opening(contract_id)) for _ in range(4)))
    assert sorted(answer.status_code for answer in asked) == [201, 409, 409, 409]
    assert len(await surveys.waves(contract_id)) == 1


PROBABILITY = {"design": "probability", "population": 8, "invited": 3}
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "yearly"}, "/kind"),
    ({"design": "sample"}, "/design"),
    ({"surprise": 1}, "/surprise"),
    ({"population": True}, "/population"),
    ({"population": "12"}, "/population"),
    ({"invited": 5}, "/"),
    ({"design": "probability", "population": 10}, "/"),
    (PROBABILITY | {"invited": 9}, "/"),
    (PROBABILITY | {"strata": [{"code": "a", "population": 7}]}, "/"),
    (PROBABILITY | {"strata": [{"code": "a", "population": 4}, {"code": "a", "population": 4}]}, "/"),
    ({"closes_at": "2001-01-01T00:00:00Z"}, "/closes_at"),
    ({"closes_at": "2030-01-01T00:00:00"}, "/closes_at"),
]


async def test_malformed_opening_names_the_field(surveys: Surveys) -> None:
    contract_id = await active_contract(surveys)
    for fields, pointer in MALFORMED:
        answer = await surveys.client.as_("operator").post("/v1/waves", json=opening(contract_id, **fields))
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert await surveys.waves(contract_id) == []


async def test_incomplete_language_and_unknown_instrument_are_refused(surveys: Surveys) -> None:
    contract_id = await active_contract(surveys)
    operator = surveys.client.as_("operator")
    answer = await operator.post("/v1/waves", json=opening(contract_id, languages=["zh-Hans", "bo"]))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/language-incomplete")
    assert answer.json()["completeness"] == {"bo": 0.0}
    answer = await operator.post("/v1/waves", json=opening(contract_id, instrument_id="nothing"))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/instrument-not-found")
    answer = await operator.post("/v1/waves", json=opening(contract_id, instrument_version="9.9.9"))
    assert answer.status_code == 404


async def test_unknown_and_foreign_contracts_answer_the_same(surveys: Surveys) -> None:
    contract_id = await active_contract(surveys, region=FOREIGN)
    here = surveys.client.as_("operator", regions=["CN-23"])
    for each in (contract_id, new_id()):
        for design in ("open_link", "census"):
            answer = await here.post("/v1/waves", json=opening(each, design=design))
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/contract-unknown")


async def test_list_pages_without_a_gap(surveys: Surveys) -> None:
    made = [await surveys.completed_wave() for _ in range(5)]
    operator = surveys.client.as_("operator")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = await operator.get("/v1/waves", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        page = answer.json()
        seen += [wave["id"] for wave in page["items"]]
        cursor = page["next"]
        assert ("Link" in answer.headers) == (cursor is not None)
        if cursor is None:
            break
    assert seen == [wave["id"] for wave in made]
    await surveys.close(seen[0])
    answer = await operator.get("/v1/waves", params={"state": "closed"})
    assert [wave["id"] for wave in answer.json()["items"]] == seen[:1]
    answer = await operator.get("/v1/waves", params={"cursor": "WzEsMl0"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "query:cursor")


async def test_unknown_wave_is_not_found(surveys: Surveys) -> None:
    answer = await surveys.client.anonymous.get(f"/v1/waves/{new_id()}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/wave-not-found")
