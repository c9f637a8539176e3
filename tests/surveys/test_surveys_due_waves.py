"""Waves by the calendar and what a wave declares: margins, quotas, grace, who was present."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.surveys.conftest import DAY, Json, Surveys, completed_contract, contract_fields

from shared import clock
from shared.events import (
    ContractActivated,
    ContractCreated,
    ContractImported,
    ContractUpdated,
    WaveOpened,
)
from shared.ids import new_id
from shared.jobs import ClaimedJob, Continue
from surveys.settings import policy
from surveys.waves.handlers import run_open_due_waves
from surveys.waves.service.projection import half_time


async def look(surveys: Surveys, cursor: str | None = None) -> Continue | None:
    """One run of the hourly job."""
    async with surveys.database.transaction() as session:
        job = ClaimedJob(new_id(), "surveys.open_due_waves", "recurring", {}, cursor, 0)
        return await run_open_due_waves(session, job)


async def kinds(surveys: Surveys, contract_id: UUID) -> list[tuple[str, str]]:
    return [(wave["kind"], wave["opened_by"]) for wave in await surveys.waves(contract_id)]


def in_force(noon: datetime, *, since: int, until: int, **fields: Json) -> ContractActivated:
    """A contract that began `since` days ago and ends in `until` days."""
    today = noon.date()
    period = {"starts_on": today - since * DAY, "ends_on": today + until * DAY}
    return ContractActivated.model_validate(contract_fields(**period) | fields)


def test_half_time() -> None:
    assert half_time(date(2026, 1, 1), date(2026, 1, 31)) == date(2026, 1, 16)
    assert half_time(date(2026, 1, 1), date(2026, 1, 2)) == date(2026, 1, 1)
    for period in ((None, date(2026, 1, 1)), (date(2026, 1, 1), None), (date(2026, 1, 1), date(2026, 1, 1))):
        assert half_time(*period) is None


async def test_midterm_wave_opens_when_half_of_the_time_has_passed(surveys: Surveys, noon: datetime) -> None:
    contract = in_force(noon, since=50, until=52)
    with clock.frozen(noon):
        await surveys.hear(contract)
        await look(surveys)
        assert await kinds(surveys, contract.contract_id) == []
    with clock.frozen(noon + DAY):
        for _ in range(2):
            await look(surveys)
        (wave,) = await surveys.waves(contract.contract_id)
    assert (wave["kind"], wave["opened_by"], wave["design"], wave["population"]) == (
        "midterm",
        "schedule",
        "census",
        200,
    )
    assert len(await surveys.emitted(WaveOpened)) == 1
    await surveys.close(wave["id"])
    with clock.frozen(noon + 2 * DAY):
        await look(surveys)
    assert await kinds(surveys, contract.contract_id) == [("midterm", "schedule")]


async def test_a_wave_asks_what_its_kind_and_if_wanted_its_service_call_for(
    surveys: Surveys, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.frozen(noon):
        for modules, instrument in ((False, "public-service-midterm"), (True, "health-care-midterm")):
            monkeypatch.setattr(policy(), "event_wave_modules", modules)
            contract = in_force(noon, since=60, until=50, service_category="A05")
            await surveys.hear(contract)
            await look(surveys)
            (wave,) = await surveys.waves(contract.contract_id)
            assert wave["instrument_id"] == instrument
            assert wave["languages"] == ["zh-Hans", "en"]


async def test_a_changed_period_moves_the_midterm_wave(surveys: Surveys, noon: datetime) -> None:
    contract = in_force(noon, since=50, until=40)
    longer = ContractUpdated.model_validate(contract.model_dump() | {"version": 8, "ends_on": noon.date() + 80 * DAY})
    with clock.frozen(noon):
        await surveys.hear(contract, longer)
        await look(surveys)
        assert await kinds(surveys, contract.contract_id) == []
    with clock.frozen(noon + 16 * DAY):
        await look(surveys)
        assert await kinds(surveys, contract.contract_id) == [("midterm", "schedule")]


async def test_no_midterm_wave_where_none_is_due(surveys: Surveys, noon: datetime) -> None:
    contracts = [
        in_force(noon, since=200, until=-1),  # over, and not reported yet
        in_force(noon, since=800, until=500),  # half time was long ago
        in_force(noon, since=60, until=50, state="pending"),
        in_force(noon, since=60, until=50, origin="import"),
        in_force(noon, since=60, until=50, ends_on=None),
    ]
    by_hand = in_force(noon, since=60, until=50)
    with clock.frozen(noon):
        await surveys.hear(*contracts, by_hand)
        body = {"contract_id": str(by_hand.contract_id), "kind": "midterm", "design": "open_link"}
        assert (await surveys.client.as_("operator").post("/v1/waves", json=body)).status_code == 201
        await look(surveys)
        for contract in contracts:
            assert await kinds(surveys, contract.contract_id) == []
        assert await kinds(surveys, by_hand.contract_id) == [("midterm", "hand")]


async def test_follow_up_wave_opens_after_the_completion_wave(surveys: Surveys, noon: datetime) -> None:
    contract = completed_contract(ended_at=noon)
    imported = ContractImported.model_validate(
        contract_fields(state="completed", ended_at=noon, origin="import") | {"contract_id": new_id()}
    )
    with clock.frozen(noon):
        await surveys.hear(contract, imported)
    due = noon + policy().follow_up_days * DAY
    for at, expected in (
        (due - timedelta(minutes=1), [("completion", "event")]),
        (due, [("completion", "event"), ("followUp", "schedule")]),
    ):
        with clock.frozen(at):
            await look(surveys)
            assert await kinds(surveys, contract.contract_id) == expected
            assert await kinds(surveys, imported.contract_id) == []


async def test_due_waves_open_chunk_by_chunk(surveys: Surveys, noon: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveys.waves.handlers.DUE_CHUNK", 2)
    contracts = [in_force(noon, since=60, until=50) for _ in range(3)]
    with clock.frozen(noon):
        await surveys.hear(*contracts)
        more = await look(surveys)
        assert isinstance(more, Continue)
        assert await look(surveys, more.cursor) is None
    for contract in contracts:
        assert await kinds(surveys, contract.contract_id) == [("midterm", "schedule")]


async def test_needs_wave_opens_only_where_the_policy_wants_it(
    surveys: Surveys, monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts = [ContractCreated.model_validate(contract_fields(state="draft")) for _ in range(2)]
    await surveys.hear(contracts[0])
    assert await kinds(surveys, contracts[0].contract_id) == []
    monkeypatch.setattr(policy(), "event_waves", "needs")
    await surveys.hear(contracts[1])
    assert await kinds(surveys, contracts[1].contract_id) == [("needs", "event")]
    completed = completed_contract()
    await surveys.hear(completed)
    assert await kinds(surveys, completed.contract_id) == []


async def declared(surveys: Surveys, **fields: Json) -> Any:
    contract = ContractActivated.model_validate(contract_fields())
    await surveys.hear(contract)
    body = {"contract_id": str(contract.contract_id), "kind": "midterm", "design": "census"} | fields
    return await surveys.client.as_("purchaser").post("/v1/waves", json=body)


def categories(**counts: float) -> list[dict[str, Any]]:
    return [{"code": code, "population": count} for code, count in counts.items()]


SEX = {"name": "sex", "source": "frame", "variable": "sex", "categories": categories(female=120, male=80)}


async def test_a_wave_keeps_what_was_declared(surveys: Surveys, noon: datetime) -> None:
    fields = {
        "margins": [SEX | {"categories": categories(female=120.5, male=79.5)}],
        "quotas": [{"variable": "sex", "targets": [{"code": "female", "target": 30}]}],
        "independence": {"supervised_by_provider": True, "interviewers": "provider"},
        "target_population": "六十岁以上的服务对象",
        "sampling_frame": "登记册",
        "anonymous": False,
        "publication_policy": "publish-v1",
    }
    with clock.frozen(noon):
        answer = await declared(surveys, grace_hours=5, **fields)
    assert answer.status_code == 201, answer.text
    wave = answer.json()
    assert {name: wave[name] for name in fields} == fields
    assert wave["cautions"] == ["provider_supervised"]
    assert datetime.fromisoformat(wave["freezes_at"]) == noon + policy().duration + timedelta(hours=5)
    shown = (await surveys.client.anonymous.get(f"/v1/waves/{wave['id']}")).json()
    assert shown == wave


async def test_a_wave_declares_nothing_by_default(surveys: Surveys) -> None:
    wave = (await declared(surveys)).json()
    assert wave["anonymous"] is True
    assert wave["publication_policy"] == "publish-v1"
    assert wave["independence"] == {"supervised_by_provider": False, "interviewers": "none"}
    assert wave["margins"] == wave["quotas"] == wave["cautions"] == []


ITEM = {"name": "opinion", "source": "item", "variable": "overall"}
UNFIT: list[tuple[dict[str, Any], str, str]] = [
    ({"margins": [SEX | {"categories": categories(female=120, male=81)}]}, "/margins/0/categories", "sums to 201"),
    (
        {"margins": [SEX, SEX | {"name": "b", "variable": "b", "categories": categories(x=99, y=100)}]},
        "/margins/1/categories",
        "margin b",
    ),
    (
        {"margins": [ITEM | {"variable": "nothing", "categories": categories(a=1, b=199)}]},
        "/margins/0/variable",
        "nothing",
    ),
    (
        {"margins": [ITEM | {"variable": "improve", "categories": categories(a=1, b=199)}]},
        "/margins/0/variable",
        "improve",
    ),
    (
        {"margins": [ITEM | {"categories": [{"code": "1", "population": 100}, {"code": "9", "population": 100}]}]},
        "/margins/0/categories/1/code",
        "no answer",
    ),
]
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"margins": [SEX | {"categories": categories(female=200)}]}, "/margins/0"),
    ({"margins": [SEX | {"categories": [*categories(female=100), *categories(female=100)]}]}, "/margins/0"),
    ({"margins": [SEX | {"categories": categories(female=0, male=200)}]}, "/margins/0/categories/0/population"),
    ({"margins": [ITEM]}, "/margins/0"),
    ({"margins": [SEX, SEX]}, "/"),
    ({"margins": [SEX | {"name": str(n), "variable": f"v{n}"} for n in range(6)]}, "/margins"),
    ({"margins": [SEX | {"source": "elsewhere"}]}, "/margins/0/source"),
    ({"quotas": [{"variable": "sex", "targets": []}]}, "/quotas/0/targets"),
    ({"quotas": [{"variable": "sex", "targets": [{"code": "a", "target": True}]}]}, "/quotas/0/targets/0/target"),
    ({"independence": {"interviewers": "provider"}}, "/independence"),
    ({"independence": {"supervised_by_provider": 1}}, "/independence/supervised_by_provider"),
    ({"anonymous": "yes"}, "/anonymous"),
    ({"grace_hours": 1001}, "/grace_hours"),
    ({"publication_policy": "none"}, "/publication_policy"),
]  # fmt: skip


async def test_margins_that_do_not_fit_are_named(surveys: Surveys) -> None:
    for fields, pointer, words in UNFIT:
        answer = await declared(surveys, **fields)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/margins-unfit"), answer.text
        assert (answer.json()["errors"][0]["pointer"], words in answer.json()["detail"]) == (pointer, True), answer.text


async def test_malformed_declarations_are_named(surveys: Surveys) -> None:
    for fields, pointer in MALFORMED:
        answer = await declared(surveys, **fields)
        assert answer.status_code == 422, (fields, answer.text)
        assert answer.json()["errors"][0]["pointer"] == pointer, fields
