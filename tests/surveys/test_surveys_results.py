"""Results: what closing computes, keeps for good and hands over."""

import asyncio
import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import text
from tests.surveys.conftest import DAY, FOREIGN, ITEMS, REGION, Surveys, answers, contract_fields, random_answers

from shared import clock
from shared.events import AgreedIndicator, ContractActivated, WaveClosed, WaveOpened
from shared.ids import new_id
from shared.jobs import Worker
from shared.testing import opened
from surveys.app import service
from surveys.snapshot import snapshot


def estimate(results: dict[str, Any], item: str, measure: str) -> dict[str, Any]:
    (found,) = (each for each in results["estimates"] if (each["item"], each["measure"]) == (item, measure))
    return dict(found)


def cases(**counts: int) -> dict[str, int]:
    names = ("complete", "partial", "refusal", "non_contact", "unknown_eligibility", "not_eligible")
    return {name: counts.get(name, 0) for name in names}


async def answered(surveys: Surveys, wave_id: str, bodies: list[dict[str, Any]]) -> None:
    for start in range(0, len(bodies), 40):
        got = await asyncio.gather(*(surveys.put(wave_id, body) for body in bodies[start : start + 40]))
        assert {answer.status_code for answer in got} == {201}


async def test_closing_computes_what_a_plain_computation_gives(surveys: Surveys) -> None:
    wave = await surveys.completed_wave(beneficiary_population=200)
    generator = random.Random(20261122)
    bodies = [random_answers(generator) for _ in range(150)]
    await answered(surveys, wave["id"], bodies)
    results = await surveys.close(wave["id"])
    assert (results["n"], results["policy"], results["revision"]) == (150, "score-v1", 1)
    assert (results["simulated"], results["region"], results["design"]) == (True, REGION, "census")
    assert results["response_rate"] == pytest.approx(150 / 200)
    assert results["rates"]["rr5"] == pytest.approx(150 / 200)
    assert results["dispositions"] == cases(complete=150, non_contact=50)
    assert [each["item"] for each in results["estimates"]] == [item for item in ITEMS for _ in range(3)]
    for item in ITEMS:
        values = np.array(
            [body["answers"][item] for body in bodies if body["answers"][item] != "dont_know"], dtype=float
        )
        top2, index = estimate(results, item, "top2"), estimate(results, item, "index100")
        assert top2["n"] == index["n"] == values.size
        assert top2["estimate"] == pytest.approx((values >= 4).mean())
        assert index["estimate"] == pytest.approx((values.mean() - 1) * 25)
        assert index["ci_low"] < index["estimate"] < index["ci_high"]
        assert (top2["ci_method"], index["ci_method"]) == ("korn-graubard", "t")
        # A quarter did not answer, and some had no opinion: the sampling interval alone would promise too much. All
        # answers come from one address here, so that some look like a burst; and nobody had a token.
        expected = {"non-response-exceeds-interval", "flagged-answers-matter", "no-frame"}
        assert {"no-frame"} <= {*top2["reasons"], *index["reasons"]} <= expected
        assert (top2["status"], index["status"]) == ("caution", "caution")
        assert results["no_opinion"][item] == pytest.approx(1 - values.size / 150)
    (event,) = await surveys.emitted(WaveClosed)
    closed = WaveClosed.parse(event.data)
    assert isinstance(closed, WaveClosed)
    assert (str(closed.wave_id), closed.version, closed.n) == (wave["id"], 2, 150)
    assert [each.model_dump(mode="json") for each in closed.estimates] == results["estimates"]
    assert closed.response_rate == results["response_rate"]
    assert event.region == REGION


async def test_few_answers_are_suppressed(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    await answered(surveys, wave["id"], [answers(5)] * 9)
    results = await surveys.close(wave["id"])
    assert results["n"] == 9
    for found in results["estimates"]:
        assert (found["status"], found["estimate"], found["n"]) == ("suppressed", None, None)
    assert set(results["no_opinion"].values()) == {None}


async def test_wave_without_answers_closes_too(surveys: Surveys) -> None:
    for population in (200, None):
        wave = await surveys.completed_wave(beneficiary_population=population)
        results = await surveys.close(wave["id"])
        assert results["n"] == 0
        assert results["response_rate"] == (0.0 if population else None)
        assert {found["status"] for found in results["estimates"]} == {"suppressed"}


async def test_open_link_hands_over_no_error(surveys: Surveys) -> None:
    wave = await surveys.completed_wave(beneficiary_population=None)
    await answered(surveys, wave["id"], [answers(5), answers(4), answers(2)] * 15)
    results = await surveys.close(wave["id"])
    assert results["response_rate"] is None
    assert set(results["rates"].values()) == {None}
    for found in results["estimates"]:
        assert found["status"] == "caution"
        assert found["reasons"] == ["open-link"]
        assert [found[name] for name in ("se", "df", "ci_low", "ci_high", "ci_method")] == [None] * 5


async def test_stratified_sample_is_weighted(surveys: Surveys) -> None:
    contract = ContractActivated.model_validate(contract_fields())
    await surveys.hear(contract)
    opening = {
        "contract_id": str(contract.contract_id),
        "kind": "midterm",
        "design": "probability",
        "population": 1000,
        "invited": 160,
        "strata": [{"code": "urban", "population": 700}, {"code": "rural", "population": 300}],
    }
    wave = (await surveys.client.as_("operator").post("/v1/waves", json=opening)).json()
    urban = [answers(value) | {"stratum": "urban"} for value in [5, 4, 4, 2] * 20]
    rural = [answers(value) | {"stratum": "rural"} for value in [5, 1, 2, 3] * 10]
    await answered(surveys, wave["id"], urban + rural)
    results = await surveys.close(wave["id"])
    top2 = estimate(results, "overall", "top2")
    assert top2["estimate"] == pytest.approx(0.7 * 0.75 + 0.3 * 0.25)
    # Cochran (1977), section 5.3: sum of W_h^2 (1 - f_h) s_h^2 / n_h.
    variance = 0.7**2 * (1 - 80 / 700) * 0.1875 / 79 + 0.3**2 * (1 - 40 / 300) * 0.1875 / 39
    assert top2["se"] == pytest.approx(variance**0.5)
    assert top2["df"] == 118
    assert results["response_rate"] == pytest.approx(120 / 160)


async def test_incomplete_questionnaires_are_told_apart(surveys: Surveys) -> None:
    wave = await surveys.completed_wave(beneficiary_population=50)
    partial = {"answers": dict.fromkeys(ITEMS[:4], 4)}
    broken_off = {"answers": {"overall": 2}}
    await answered(surveys, wave["id"], [answers()] * 6 + [partial] * 5 + [broken_off] * 4)
    results = await surveys.close(wave["id"])
    assert results["dispositions"] == cases(complete=6, partial=5, refusal=4, non_contact=35)
    assert results["response_rate"] == pytest.approx(6 / 50)
    assert results["rates"]["rr2"] == pytest.approx(11 / 50)
    assert results["no_opinion"]["before"] == pytest.approx(9 / 15)


async def test_no_results_before_the_close(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    answer = await surveys.client.as_("auditor").get(f"/v1/waves/{wave['id']}/results")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/wave-not-closed")


async def test_closing_twice_conflicts(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    operator = surveys.client.as_("operator")
    stale = await operator.post(f"/v1/waves/{wave['id']}/close", headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    first = await operator.post(f"/v1/waves/{wave['id']}/close", headers={"If-Match": '"1"'})
    assert (first.status_code, first.headers["ETag"], first.json()["state"]) == (200, '"2"', "closed")
    again = await operator.post(f"/v1/waves/{wave['id']}/close")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/wave-already-closed")
    answer = await operator.get(f"/v1/waves/{wave['id']}")
    assert answer.json()["closed_at"] is not None
    assert len(await surveys.emitted(WaveClosed)) == 1


async def test_closing_at_once_closes_once(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    operator = surveys.client.as_("operator")
    got = await asyncio.gather(*(operator.post(f"/v1/waves/{wave['id']}/close") for _ in range(4)))
    assert sorted(answer.status_code for answer in got) == [200, 409, 409, 409]
    assert len(await surveys.emitted(WaveClosed)) == 1


async def test_wave_closes_by_itself_after_its_grace(surveys: Surveys, noon: datetime) -> None:
    with clock.frozen(noon):
        wave, other = await surveys.completed_wave(), await surveys.completed_wave()
        await answered(surveys, wave["id"], [answers()] * 12)
        worker = Worker(surveys.database, service.jobs)
        assert not await worker.run_one()
    freezes_at = datetime.fromisoformat(wave["freezes_at"])
    with clock.frozen(freezes_at - timedelta(seconds=1)):
        assert not await worker.run_one()
        await surveys.close(other["id"])
    with clock.frozen(freezes_at):
        for _ in range(4):  # both waves come to their end, and each is published once
            assert await worker.run_one()
        assert not await worker.run_one()
        answer = await surveys.client.as_("operator").get(f"/v1/waves/{wave['id']}/results")
    assert answer.json()["n"] == 12
    assert datetime.fromisoformat(answer.json()["closed_at"]) == freezes_at
    assert len(await surveys.emitted(WaveClosed)) == 2
    async with surveys.database.reading() as session:
        assert set(await session.scalars(text("SELECT state FROM job"))) == {"done"}


async def test_results_cannot_be_changed(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    await surveys.close(wave["id"])
    for statement in ("UPDATE wave_results SET n = 1", "DELETE FROM wave_results"):
        with pytest.raises(Exception, match="immutable"):
            async with surveys.database.transaction() as session:
                await session.execute(text(statement))


async def test_same_answers_give_the_same_numbers(surveys: Surveys) -> None:
    generator = random.Random(5)
    bodies = [random_answers(generator) for _ in range(60)]
    found = []
    for order in (1, -1):
        wave = await surveys.completed_wave()
        await answered(surveys, wave["id"], bodies[::order])
        found.append((await surveys.close(wave["id"]))["estimates"])
    for one, other in zip(*found, strict=True):
        # Whether an answer came in a burst depends on when it came, and is the only thing here that does.
        assert {**one, "reasons": None, "status": None, "without_flagged": None} == {
            **other,
            "reasons": None,
            "status": None,
            "without_flagged": None,
        }


async def test_snapshot_tells_every_wave_as_it_is(surveys: Surveys) -> None:
    waves = [await surveys.completed_wave(region=region) for region in (REGION, FOREIGN, REGION)]
    await answered(surveys, waves[1]["id"], [answers()] * 15)
    await surveys.close(waves[1]["id"])
    (closed,) = await surveys.emitted(WaveClosed)
    first = await surveys.emitted(WaveOpened)
    async with opened(service, surveys.database.url) as database, database.reading() as session:
        told = [(data, str(subject), region) async for data, subject, region in snapshot(session)]
    assert [(data.TYPE, subject, region) for data, subject, region in told] == [
        (WaveOpened.TYPE, waves[0]["id"], REGION),
        (WaveClosed.TYPE, waves[1]["id"], FOREIGN),
        (WaveOpened.TYPE, waves[2]["id"], REGION),
    ]
    assert told[1][0].model_dump(mode="json") == closed.data
    assert told[0][0].model_dump(mode="json") == first[0].data


async def test_unknown_wave_cannot_be_closed(surveys: Surveys) -> None:
    operator = surveys.client.as_("operator")
    for answer in (
        await operator.post(f"/v1/waves/{uuid4()}/close"),
        await operator.get(f"/v1/waves/{uuid4()}/results"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/wave-not-found")


async def test_grace_lets_collected_answers_in(surveys: Surveys, noon: datetime) -> None:
    with clock.frozen(noon):
        wave = await surveys.completed_wave()
    items = [
        {"submission_id": str(uuid4()), "enumerator_id": "e-1", "collected_at": (noon + DAY).isoformat(), **answers()}
        for _ in range(11)
    ]
    with clock.frozen(datetime.fromisoformat(wave["closes_at"]) + DAY):
        answer = await surveys.client.as_("evaluator").post(
            f"/v1/waves/{wave['id']}/responses:batch", json={"items": items}
        )
        assert answer.json()["created"] == 11
        results = await surveys.close(wave["id"])
    assert results["n"] == 11
    assert UUID(results["wave_id"]) == UUID(wave["id"])


@pytest.mark.parametrize(
    ("agreed", "target", "told"),
    [("90", 90.0, "contract"), ("0.85", 85.0, "contract"), ("4.5", 80.0, "setting"), (None, 80.0, "setting")],
)
async def test_the_target_is_what_the_contract_agreed(
    surveys: Surveys, agreed: str | None, target: float, told: str
) -> None:
    indicators = [] if agreed is None else [satisfaction(agreed), satisfaction("60", weight="1", code="S2")]
    wave = await surveys.completed_wave(indicators=indicators, beneficiary_population=60)
    await answered(surveys, wave["id"], [answers(score) for score in (3, 4, 5) * 14])
    results = await surveys.close(wave["id"])
    if agreed == "4.5":
        # The one that can be read as a per cent speaks.
        target, told = 60.0, "contract"
    assert results["target_from"] == told
    assert estimate(results, "overall", "index100")["target"] == pytest.approx(target)
    assert estimate(results, "overall", "top2")["target"] == pytest.approx(target / 100.0)


def satisfaction(target: str, *, weight: str = "10", code: str = "S1") -> AgreedIndicator:
    return AgreedIndicator(
        indicator_id=new_id(),
        code=code,
        name="服务对象满意度",
        level="satisfaction",
        aspect="satisfaction",
        unit="%",
        direction="higher",
        target=Decimal(target),
        weight=Decimal(weight),
    )
