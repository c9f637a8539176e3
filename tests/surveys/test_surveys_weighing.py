"""Weights of waves: margins that are met, margins that cannot be, computing again, and what changed since."""

import asyncio
import random
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from tests.surveys.conftest import DAY, Surveys, answers, contract_fields

from shared import clock
from shared.events import ContractActivated, WaveClosed
from shared.ids import new_id
from surveys.kernel.merkle import root_of

ITEM_MARGIN = {
    "name": "access",
    "source": "item",
    "variable": "access",
    "categories": [{"code": "4", "population": 150}, {"code": "2", "population": 50}],
}


async def open_wave(surveys: Surveys, **fields: Any) -> dict[str, Any]:
    contract_id = fields.pop("contract_id", None)
    if contract_id is None:
        contract = ContractActivated.model_validate(contract_fields())
        await surveys.hear(contract)
        contract_id = contract.contract_id
    body = {"contract_id": str(contract_id), "kind": "midterm", "design": "census"} | fields
    answer = await surveys.client.as_("operator").post("/v1/waves", json=body)
    assert answer.status_code == 201, answer.text
    wave: dict[str, Any] = answer.json()
    return wave


async def answered(surveys: Surveys, wave_id: str, bodies: list[dict[str, Any]]) -> None:
    for start in range(0, len(bodies), 40):
        got = await asyncio.gather(*(surveys.put(wave_id, body) for body in bodies[start : start + 40]))
        assert {answer.status_code for answer in got} == {201}


def estimate(results: dict[str, Any], item: str = "overall", measure: str = "top2") -> dict[str, Any]:
    (found,) = (each for each in results["estimates"] if (each["item"], each["measure"]) == (item, measure))
    return dict(found)


def some(count: int, **others: int | str) -> list[dict[str, Any]]:
    return [answers(**others) for _ in range(count)]


async def test_answers_are_raked_to_the_margin_of_a_question(surveys: Surveys) -> None:
    wave = await open_wave(surveys, margins=[ITEM_MARGIN])
    # Of 60 with easy access 45 are satisfied, of 60 without 15.
    await answered(surveys, wave["id"], some(45, overall=5, access=4) + some(15, overall=2, access=4))
    await answered(surveys, wave["id"], some(15, overall=5, access=2) + some(45, overall=2, access=2))
    results = await surveys.close(wave["id"])
    top = estimate(results)
    assert top["unweighted"] == pytest.approx(0.5)
    assert top["estimate"] == pytest.approx(0.75 * 0.75 + 0.25 * 0.25)
    # Post-stratification: sum of W_k^2 p_k (1 - p_k) / n_k, with the n/(n - 1) of the whole sample.
    variance = sum(share**2 * 0.1875 / 60 for share in (0.75, 0.25)) * 120 / 119
    assert top["se"] == pytest.approx(variance**0.5)
    weights = results["weights"]
    assert (weights["method"], weights["error"], weights["unknown_share"]) == ("raking", None, {"access": 0.0})
    assert (weights["minimum"], weights["maximum"]) == pytest.approx((50 / 60, 150 / 60))
    assert top["nonresponse_se"] == pytest.approx(max(abs(top["estimate"] - 0.5), 0.4 * 0.15))


async def test_empty_category_closes_the_wave_and_says_which(surveys: Surveys) -> None:
    wave = await open_wave(surveys, margins=[ITEM_MARGIN])
    await answered(surveys, wave["id"], some(120, overall=5, access=4))
    results = await surveys.close(wave["id"])
    error = results["weights"]["error"]
    assert (error["kind"], error["margin"], error["category"]) == ("empty-category", "access", "2")
    assert "50 people" in error["detail"]
    for found in results["estimates"]:
        assert found["status"] == "unreliable"
        assert found["reasons"][0] == "weighting-failed-empty-category"
    (event,) = await surveys.emitted(WaveClosed)
    told = WaveClosed.parse(event.data)
    assert isinstance(told, WaveClosed)
    assert told.weights is not None
    assert told.weights.error == error["detail"]


async def test_sparse_categories_are_merged_and_told(surveys: Surveys) -> None:
    margin = ITEM_MARGIN | {
        "categories": [{"code": code, "population": people} for code, people in (("1", 40), ("2", 60), ("4", 100))]
    }
    wave = await open_wave(surveys, margins=[margin])
    await answered(surveys, wave["id"], some(6, access=1) + some(40, access=2) + some(50, access=4))
    results = await surveys.close(wave["id"])
    assert results["weights"]["merged"] == {"access": [[0, 1]]}
    assert "margin-access-categories-merged" in estimate(results)["reasons"]


async def test_answers_without_a_category_keep_their_weight_and_are_told(surveys: Surveys) -> None:
    wave = await open_wave(surveys, margins=[ITEM_MARGIN])
    await answered(surveys, wave["id"], some(50, access=4) + some(40, access=2) + some(10, access="dont_know"))
    results = await surveys.close(wave["id"])
    assert results["weights"]["unknown_share"] == {"access": pytest.approx(0.1)}
    assert "margin-access-unknown-above-0.05" in estimate(results)["reasons"]


async def test_computing_again_is_a_new_revision(surveys: Surveys) -> None:
    wave = await open_wave(surveys, margins=[ITEM_MARGIN])
    await answered(surveys, wave["id"], some(60, overall=5, access=4) + some(60, overall=2, access=3))
    first = await surveys.close(wave["id"])
    assert first["weights"]["error"]["category"] == "2"
    operator = surveys.client.as_("operator")
    path = f"/v1/waves/{wave['id']}/results:recompute"
    same = await operator.post(path, json={"reason": "再次复算", "margins": [ITEM_MARGIN]})
    assert (same.status_code, same.json()["type"]) == (409, "/problems/weighting-impossible")
    assert (same.json()["margin"], same.json()["category"]) == ("access", "2")
    unfit = ITEM_MARGIN | {"categories": [{"code": "4", "population": 10}, {"code": "3", "population": 20}]}
    refused = await operator.post(path, json={"reason": "再次复算", "margins": [unfit]})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/margins-unfit")
    right = ITEM_MARGIN | {"categories": [{"code": "4", "population": 150}, {"code": "3", "population": 50}]}
    stale = await operator.post(
        path, json={"reason": "总体数更正", "margins": [right]}, headers={"If-Match": f'"{wave["version"] + 7}"'}
    )
    assert stale.status_code == 412
    made = await operator.post(path, json={"reason": "总体数更正", "margins": [right]})
    assert made.status_code == 201, made.text
    second = made.json()
    assert (second["revision"], second["reason"], second["weights"]["error"]) == (2, "总体数更正", None)
    assert estimate(second)["estimate"] == pytest.approx(0.75)
    assert second["sha256"] != first["sha256"]
    assert (second["ledger_root"], second["n"]) == (first["ledger_root"], first["n"])
    listed = (await operator.get(f"/v1/waves/{wave['id']}/results/revisions")).json()
    assert listed == [first, second]
    events = [WaveClosed.parse(each.data) for each in await surveys.emitted(WaveClosed)]
    assert [(each.revision, each.version) for each in events if isinstance(each, WaveClosed)] == [(1, 2), (2, 3)]


async def test_computing_an_open_wave_again_is_refused(surveys: Surveys) -> None:
    wave = await open_wave(surveys)
    answer = await surveys.client.as_("finance").post(
        f"/v1/waves/{wave['id']}/results:recompute", json={"reason": "试一试看"}
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/wave-not-closed")


async def test_change_since_the_last_comparable_wave(surveys: Surveys, noon: datetime) -> None:
    contract = ContractActivated.model_validate(contract_fields())
    await surveys.hear(contract)
    found = []
    for days, satisfied in ((0, 60), (30, 90)):
        with clock.frozen(noon + days * DAY):
            wave = await open_wave(surveys, contract_id=contract.contract_id)
            await answered(surveys, wave["id"], some(satisfied, overall=5) + some(150 - satisfied, overall=2))
            found.append(await surveys.close(wave["id"]))
    first, second = found
    assert first["comparison"] == {"wave_id": None, "why_not": ["no-earlier-wave"]}
    assert second["comparison"] == {"wave_id": first["wave_id"], "why_not": []}
    (change,) = (each for each in second["changes"] if (each["item"], each["measure"]) == ("overall", "top2"))
    assert (change["previous"], change["change"]) == pytest.approx((0.4, 0.2))
    errors = [estimate(each)["se"] for each in found]
    assert change["se"] == pytest.approx((errors[0] ** 2 + errors[1] ** 2) ** 0.5)
    assert change["ci_low"] < 0.2 < change["ci_high"]
    assert 0 < change["p"] < change["p_holm"] < 0.05


async def test_waves_of_another_population_are_not_compared(surveys: Surveys, noon: datetime) -> None:
    contract = ContractActivated.model_validate(contract_fields())
    await surveys.hear(contract)
    results: dict[str, Any] = {}
    for days, whom in ((0, "全部服务对象"), (30, "新增服务对象")):
        with clock.frozen(noon + days * DAY):
            wave = await open_wave(surveys, contract_id=contract.contract_id, target_population=whom)
            await answered(surveys, wave["id"], some(40))
            results = await surveys.close(wave["id"])
    assert results["comparison"] == {"wave_id": None, "why_not": ["other-population"]}
    assert results["changes"] == []


async def test_wave_under_the_providers_eyes_makes_no_score(surveys: Surveys) -> None:
    declared = await open_wave(surveys, independence={"supervised_by_provider": True})
    await answered(surveys, declared["id"], some(150))
    at_counter = await open_wave(surveys)
    await answered(surveys, at_counter["id"], [body | {"mode": "counter"} for body in some(150)])
    for wave in (declared, at_counter):
        results = await surveys.close(wave["id"])
        assert results["supervised"]
        assert {found["status"] for found in results["estimates"]} == {"unreliable"}
        assert "provider-supervised-alone" in estimate(results)["reasons"]
    assert all(WaveClosed.parse(each.data).supervised for each in await surveys.emitted(WaveClosed))  # type: ignore[attr-defined]


async def test_ledger_is_that_of_the_stored_answers(surveys: Surveys) -> None:
    wave = await open_wave(surveys)
    await answered(surveys, wave["id"], some(23))
    results = await surveys.close(wave["id"])
    async with surveys.database.reading() as session:
        leaves = list(await session.scalars(text("SELECT leaf FROM responses")))
    assert (results["ledger_size"], results["ledger_root"]) == (23, root_of(leaves).hex())


async def test_speeders_are_counted_and_their_weight_is_told(surveys: Surveys) -> None:
    wave = await open_wave(surveys)
    quick = [body | {"duration_seconds": 2} for body in some(40, overall=5)]
    calm = [body | {"duration_seconds": 90} for body in some(110, overall=2)]
    await answered(surveys, wave["id"], quick + calm)
    results = await surveys.close(wave["id"])
    assert results["quality"]["flags"]["speeder"] == 40
    assert results["quality"]["flagged_share"] >= 40 / 150
    assert "flagged-answers-matter" in estimate(results)["reasons"]
    assert estimate(results)["status"] == "caution"


async def test_open_link_is_marked_as_not_determinable(surveys: Surveys) -> None:
    wave = await surveys.completed_wave(beneficiary_population=None)
    generator = random.Random(3)
    await answered(surveys, wave["id"], [answers(generator.randint(1, 5)) for _ in range(60)])
    await surveys.close(wave["id"])
    (event,) = await surveys.emitted(WaveClosed)
    told = WaveClosed.parse(event.data)
    assert isinstance(told, WaveClosed)
    assert not told.determinable
    assert {(each.se, each.p_ge_target, each.nonresponse_se) for each in told.estimates} == {(None, None, None)}


async def test_unknown_wave_has_no_answers_to_take(surveys: Surveys) -> None:
    answer = await surveys.client.as_("auditor").get(f"/v1/waves/{new_id()}/answers", params={"format": "csv"})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/wave-not-found")
