"""Providers and regions compared by what their recipients said."""

from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from tests.surveys.conftest import Json, Surveys, answers
from tests.surveys.test_surveys_results import answered

from shared import clock
from shared.events import PartyRef
from shared.ids import new_id
from surveys.kernel.areas import empirical_bayes, fay_herriot

PROVIDERS = {name: PartyRef(organisation_id=new_id(), name=name) for name in ("甲中心", "乙中心", "丙中心", "丁中心")}
# Simulated answers, 1-5, at a distance and at the counter: who answers at the counter is a point happier everywhere.
WEB: dict[str, list[int]] = {
    "甲中心": [4, 3, 4, 3] * 8,
    "乙中心": [3, 2, 3, 2] * 2,
    "丙中心": [4, 4, 3, 5] * 4,
    "丁中心": [5] * 5,
}
COUNTER: dict[str, list[int]] = {
    "甲中心": [5, 4, 5, 4] * 2,
    "乙中心": [4, 3, 4, 3] * 8,
    "丙中心": [5, 5, 4, 5] * 4,
    "丁中心": [],
}


async def wave_of(surveys: Surveys, name: str, **fields: Json) -> dict[str, Any]:
    wave = await surveys.completed_wave(provider=PROVIDERS[name], beneficiary_population=100, **fields)
    bodies = [answers(score) for score in WEB[name]] + [answers(score) | {"mode": "counter"} for score in COUNTER[name]]
    await answered(surveys, wave["id"], bodies)
    await surveys.close(wave["id"])
    return wave


async def compared(surveys: Surveys, what: str, *regions: str, **asked: Json) -> dict[str, Any]:
    answer = await surveys.client.as_("evaluator", regions=list(regions) or ["CN"]).get(
        f"/v1/satisfaction/{what}", params=asked
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def collected(body: dict[str, Any]) -> dict[str, Any]:
    own = {"submission_id": str(uuid4()), "enumerator_id": "e1", "collected_at": clock.now().isoformat()}
    return body | own


def index(scores: list[int]) -> Any:
    return (np.array(scores, dtype=float) - 1.0) * 25.0


async def test_providers_stand_beside_each_other_plain_adjusted_and_modelled(surveys: Surveys) -> None:
    waves = [await wave_of(surveys, name) for name in PROVIDERS]
    sha256 = waves[0]["instrument_sha256"]
    found = await compared(surveys, "providers", instrument_sha256=sha256)
    assert (found["waves"], found["answers"], found["mix"], found["unadjusted_because"]) == (4, 117, ["mode"], None)
    told = {each["provider_name"]: each for each in found["providers"]}
    assert set(told) == set(PROVIDERS)
    # Five answers are too few to tell anything.
    assert {told["丁中心"][name] for name in ("n", "unadjusted", "adjusted", "modelled", "reliability")} == {None}
    scores = {name: index(WEB[name] + COUNTER[name]) for name in ("甲中心", "乙中心", "丙中心")}
    for name, values in scores.items():
        assert (told[name]["n"], told[name]["unadjusted"]) == (values.size, pytest.approx(values.mean()))
        assert told[name]["unadjusted_low"] < values.mean() < told[name]["unadjusted_high"]
    # The first has few answers from the counter and the second many: adjusted, their distance grows.
    plain = told["甲中心"]["unadjusted"] - told["乙中心"]["unadjusted"]
    adjusted = told["甲中心"]["adjusted"] - told["乙中心"]["adjusted"]
    assert adjusted == pytest.approx(25.0, abs=2.0)
    assert abs(plain) < adjusted - 5.0
    shrunken = empirical_bayes(
        np.array([each.mean() for each in scores.values()]),
        np.array([each.var(ddof=1) for each in scores.values()]),
        np.array([float(each.size) for each in scores.values()]),
    )
    assert [told[name]["modelled"] for name in scores] == pytest.approx(shrunken.estimates.tolist())
    assert [told[name]["reliability"] for name in scores] == pytest.approx(shrunken.reliability.tolist())
    assert (found["label"], found["overall"]) == ("modelled", pytest.approx(shrunken.overall))
    for asked, kind in (
        ({"item": "no_such"}, "unknown-measure"),
        ({"kind": "midterm"}, "nothing-to-compare"),
        ({"service_category": "B"}, "nothing-to-compare"),
        ({"closed_since": "2999-01-01T00:00:00Z"}, "nothing-to-compare"),
        ({"region": "XK"}, "nothing-to-compare"),
    ):
        answer = await surveys.client.as_("auditor").get(
            "/v1/satisfaction/providers", params={"instrument_sha256": sha256} | asked
        )
        assert answer.json()["type"] == f"/problems/{kind}", (asked, answer.text)


async def test_a_mix_that_is_the_provider_cannot_be_held_equal(surveys: Surveys) -> None:
    sha256 = ""
    for name, mode in (("甲中心", "web"), ("乙中心", "enumerator")):
        wave = await surveys.completed_wave(provider=PROVIDERS[name], beneficiary_population=50)
        sha256 = wave["instrument_sha256"]
        bodies = [answers(score) for score in (3, 4, 5) * 5]
        if mode == "web":
            await answered(surveys, wave["id"], bodies)
        else:
            sent = await surveys.client.as_("evaluator").post(
                f"/v1/waves/{wave['id']}/responses:batch", json={"items": [collected(body) for body in bodies]}
            )
            assert sent.json()["created"] == 15, sent.text
        await surveys.close(wave["id"])
    found = await compared(surveys, "providers", instrument_sha256=sha256)
    assert found["unadjusted_because"] == "not-separable"
    for each in found["providers"]:
        assert (each["unadjusted"], each["adjusted"]) == (pytest.approx(75.0), None)


async def test_regions_have_direct_and_modelled_figures(surveys: Surveys) -> None:
    regions = [f"CN-2301{number:02d}" for number in range(2, 8)]
    results, sha256 = {}, ""
    for place, region in enumerate(regions):
        wave = await surveys.completed_wave(region=region, beneficiary_population=60)
        bodies = [answers(score) for score in (1, 2, 3, 4, 5, 5) * 6 + (1 + place % 5,) * 9]
        await answered(surveys, wave["id"], bodies)
        results[region] = await surveys.close(wave["id"])
        sha256 = wave["instrument_sha256"]
    asked = {"instrument_sha256": sha256}
    found = await compared(surveys, "regions", **asked)
    direct = []
    for region, each in zip(regions, found["regions"], strict=True):
        (overall,) = [
            one
            for one in results[region]["estimates"]
            if (one["item"], one["measure"], one["option"]) == ("overall", "index100", None)
        ]
        assert (each["region"], each["n"], each["waves"]) == (region, 45, 1)
        assert (each["direct"], each["direct_se"]) == pytest.approx((overall["estimate"], overall["se_total"]))
        direct.append((each["direct"], each["direct_se"] ** 2))
    values, variances = np.array(direct).T
    model = fay_herriot(values, variances, np.ones((values.size, 1)))
    assert [each["modelled"] for each in found["regions"]] == pytest.approx(model.estimates.tolist())
    assert [each["weight_of_direct"] for each in found["regions"]] == pytest.approx(model.gamma.tolist())
    # One city is one area, too few for a model; a caller sees the own regions only.
    whole = await compared(surveys, "regions", level="city", **asked)
    assert [(each["region"], each["waves"], each["modelled"]) for each in whole["regions"]] == [("CN-2301", 6, None)]
    assert whole["regions"][0]["direct"] == pytest.approx(values.mean())
    own = await compared(surveys, "regions", "CN-230102", "CN-230103", **asked)
    assert [each["region"] for each in own["regions"]] == regions[:2]
    assert own["no_model_because"] == "fewer-than-5-regions"
    foreign = await surveys.client.as_("finance", regions=["XK"]).get("/v1/satisfaction/regions", params=asked)
    assert foreign.status_code == 404


async def test_an_open_link_and_another_questionnaire_are_not_compared(surveys: Surveys) -> None:
    wave = await surveys.completed_wave(provider=PROVIDERS["甲中心"], beneficiary_population=None)
    await answered(surveys, wave["id"], [answers(4)] * 12)
    await surveys.close(wave["id"])
    for sha256 in (wave["instrument_sha256"], uuid4().hex * 2):
        answer = await surveys.client.as_("finance").get(
            "/v1/satisfaction/regions", params={"instrument_sha256": sha256}
        )
        assert answer.status_code == 404, answer.text
