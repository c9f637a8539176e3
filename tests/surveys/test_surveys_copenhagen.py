"""The tenants of Copenhagen, end to end: frame, invitations, answers through the public API, and R's numbers out of it.

The answers Low, Medium and High are points 1, 3 and 5 of a scale: the top-2 share is then R's share of High, and index100
is (mean - 1) * 50 of R's mean of 1 to 3. As answers 0, 7 and 10 they give R's net promoter score.
"""

import asyncio
import csv
import io
import math
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.surveys.conftest import Surveys, contract_fields
from tests.surveys.kernel.golden_survey import Block, beside, read_csv, read_json

from shared.events import ContractActivated, WaveClosed
from shared.jobs import Worker
from surveys.publication.handlers import publish_wave_job
from surveys.settings import policy

pytestmark = beside

VARIABLES = ("Type", "Infl", "Cont")
POINT = {"Low": 1, "Medium": 3, "High": 5}
LIKELY = {"Low": 0, "Medium": 7, "High": 10}
AT_ONCE = 40


def words(english: str) -> dict[str, str]:
    return {"en": english}


INSTRUMENT = {
    "id": "copenhagen-housing",
    "version": "1.0.0",
    "title": words("Satisfaction with housing"),
    "introduction": words("Answers of 1,681 tenants, with a simulated response."),
    "languages": ["en"],
    "scales": [
        {"code": "satisfaction-5", "points": [{"value": value, "label": words(str(value))} for value in range(1, 6)]}
    ],
    "items": [
        {
            "code": "satisfaction",
            "type": "rating",
            "scale": "satisfaction-5",
            "required": True,
            "headline": True,
            "text": words("How satisfied are you with your housing?"),
        },
        {
            "code": "recommend",
            "type": "nps",
            "low": words("Not at all"),
            "high": words("Certainly"),
            "text": words("Would you recommend it?"),
        },
    ],
}


@pytest.fixture
def uncapped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Korn-Graubard intervals as R computes them."""
    monkeypatch.setenv("GONGPING_KORN_GRAUBARD_CAP", "false")
    policy.cache_clear()
    yield
    policy.cache_clear()


async def opened_wave(surveys: Surveys, people: list[dict[str, str]]) -> str:
    contract = ContractActivated.model_validate(contract_fields(beneficiary_population=len(people)))
    await surveys.hear(contract)
    operator = surveys.client.as_("operator")
    kept = await operator.post("/v1/instruments", json=INSTRUMENT)
    assert kept.status_code == 201, kept.text
    opening = {
        "contract_id": str(contract.contract_id),
        "kind": "midterm",
        "design": "census",
        "instrument_id": INSTRUMENT["id"],
        "margins": [{"name": name, "source": "frame", "variable": name} for name in VARIABLES],
    }
    opened = await operator.post("/v1/waves", json=opening)
    assert opened.status_code == 201, opened.text
    return str(opened.json()["id"])


async def invitations(surveys: Surveys, wave_id: str, people: list[dict[str, str]]) -> dict[str, str]:
    """Load and draw the frame, make every invitation; the token by the tenant's number."""
    operator = surveys.client.as_("operator")
    rows = [{"reference": row["id"], "attributes": {name: row[name] for name in VARIABLES}} for row in people]
    loaded = await operator.post(
        f"/v1/waves/{wave_id}/frame", params={"held_by": "purchaser", "source": "register"}, json={"rows": rows}
    )
    assert loaded.status_code == 200, loaded.text
    numbers = dict(zip(loaded.json()["reference_hmacs"], (row["id"] for row in people), strict=True))
    drawn = await operator.post(f"/v1/waves/{wave_id}/frame/draw", json={})
    assert drawn.status_code == 200, drawn.text
    assert (drawn.json()["size"], drawn.json()["drawn"]) == (len(people), len(people))
    tokens: dict[str, str] = {}
    remaining = 1
    while remaining:
        made = (await operator.post(f"/v1/waves/{wave_id}/invitations", json={"limit": 1000})).json()
        tokens |= {numbers[item["reference_hmac"]]: item["token"] for item in made["items"]}
        remaining = made["remaining"]
    assert len(tokens) == len(people)
    return tokens


async def answer(surveys: Surveys, wave_id: str, people: list[dict[str, str]], tokens: dict[str, str]) -> None:
    async def put(row: dict[str, str]) -> int:
        body = {"answers": {"satisfaction": POINT[row["Sat"]], "recommend": LIKELY[row["Sat"]]}, "language": "en"}
        sent = await surveys.client.anonymous.put(
            f"/v1/waves/{wave_id}/responses/{uuid4()}", json=body, headers={"Survey-Token": tokens[row["id"]]}
        )
        return sent.status_code

    answering = [row for row in people if row["resp"] == "1"]
    for start in range(0, len(answering), AT_ONCE):
        assert set(await asyncio.gather(*(put(row) for row in answering[start : start + AT_ONCE]))) == {201}


def estimate(results: dict[str, Any], item: str, measure: str) -> dict[str, Any]:
    (found,) = (each for each in results["estimates"] if (each["item"], each["measure"]) == (item, measure))
    return dict(found)


def scaled(block: Block, *, origin: float, factor: float) -> dict[str, float]:
    """R's mean, error and limits on the scale of a measure."""
    moved = {name: (block[name] - origin) * factor for name in ("estimate", "ci_low", "ci_high")}
    return moved | {"se": block["se"] * factor}


async def test_the_published_result_is_rs(surveys: Surveys, uncapped: None, tmp_path: Path) -> None:
    people = read_csv("housing_frame.csv")
    expected = read_json("golden_housing.json")
    wave_id = await opened_wave(surveys, people)
    tokens = await invitations(surveys, wave_id, people)
    await answer(surveys, wave_id, people, tokens)
    results = await surveys.close(wave_id)

    assert (results["n"], results["population"]) == (expected["n"], expected["frame_n"])
    assert results["response_rate"] == pytest.approx(expected["response_rate"], rel=1e-9)
    assert results["dispositions"]["complete"] == expected["n"]
    assert results["dispositions"]["non_contact"] == expected["frame_n"] - expected["n"]
    assert results["rates"]["rr5"] == results["rates"]["con3"] == pytest.approx(expected["response_rate"], rel=1e-9)
    check_representativity(results, expected["r_indicator"])
    check_weights(results, expected["raked"]["kish"], expected["margins"])
    check_estimates(results, expected)
    await check_event(surveys, results)
    await check_publication(surveys, wave_id, expected)
    await check_bundle(surveys, wave_id, tmp_path)


def check_representativity(results: dict[str, Any], expected: Block) -> None:
    found = results["representativity"]
    assert found["variables"] == sorted(VARIABLES)
    assert found["r"] == pytest.approx(expected["R"], rel=1e-9)
    assert found["mean_propensity"] == pytest.approx(expected["mean_rho"], rel=1e-9)
    assert found["sd_propensity"] == pytest.approx(expected["sd_rho_n_minus_1"], rel=1e-9)
    assert found["max_bias_per_sd"] == pytest.approx(expected["max_abs_bias_per_unit_sd"], rel=1e-9)


def check_weights(results: dict[str, Any], expected: Block, margins: Block) -> None:
    found = results["weights"]
    assert (found["method"], found["error"], found["trimmed_share"]) == ("raking", None, 0.0)
    assert found["deff"] == pytest.approx(expected["deff_kish"], rel=1e-7)
    assert found["n_eff"] == pytest.approx(expected["n_eff"], rel=1e-7)
    assert (found["minimum"], found["maximum"]) == pytest.approx((expected["min"], expected["max"]), rel=1e-7)
    counted = {
        each["name"]: {one["code"]: one["population"] for one in each["categories"]} for each in found["margins"]
    }
    assert counted == margins


def check_estimates(results: dict[str, Any], expected: Block) -> None:
    """Raked as the estimate, unweighted beside it; the intervals are Korn-Graubard's and Student's."""
    places = (
        ("overall", "top2", "top", 0.0, 1.0),
        ("overall", "index100", "mean", 1.0, 50.0),
        ("recommend", "nps", "nps", 0.0, 1.0),
    )
    for item, measure, block, origin, factor in places:
        found = estimate(results, item, measure)
        raked = scaled(expected["raked"][block], origin=origin, factor=factor)
        plain = scaled(expected["unweighted"][block], origin=origin, factor=factor)
        assert found["estimate"] == pytest.approx(raked["estimate"], rel=1e-9), measure
        assert found["se"] == pytest.approx(raked["se"], rel=1e-8), measure
        assert found["unweighted"] == pytest.approx(plain["estimate"], rel=1e-9), measure
        assert found["unweighted_se"] == pytest.approx(plain["se"], rel=1e-8), measure
        assert found["df"] == expected["raked"][block]["df"]
        if measure != "top2":
            limits = (found["ci_low"], found["ci_high"])
            assert limits == pytest.approx((raked["ci_low"], raked["ci_high"]), rel=1e-8), measure
        assert (found["status"], found["n"]) == ("caution", expected["n"])
        assert {"response-below-half", "r-indicator-below-0.8"} <= set(found["reasons"])
    top = estimate(results, "overall", "top2")
    beta = expected["raked"]["ciprop_top"]["beta"]
    assert top["ci_method"] == "korn-graubard"
    assert (top["ci_low"], top["ci_high"]) == pytest.approx((beta["low"], beta["high"]), rel=1e-8)
    # The reference's bounds of the unweighted share, [.202, .750]; the truth of the whole frame lies between them.
    rate, share = expected["response_rate"], expected["unweighted"]["top"]["estimate"]
    assert top["bounds_low"] == pytest.approx(rate * share, rel=1e-9)
    assert top["bounds_high"] == pytest.approx(rate * share + 1 - rate, rel=1e-9)
    assert top["bounds_low"] < expected["truth"]["top"] < top["bounds_high"]
    assert top["tipping_point"] == pytest.approx((0.8 - rate * share) / (1 - rate), rel=1e-9)
    assert top["nonresponse_se"] >= abs(top["estimate"] - top["unweighted"])
    assert top["se_total"] == pytest.approx(math.hypot(top["se"], top["nonresponse_se"]))
    assert abs(top["estimate"] - expected["truth"]["top"]) < top["se_total"]
    assert top["p_ge_target_sampling"] < top["p_ge_target"] < 0.5


async def check_event(surveys: Surveys, results: dict[str, Any]) -> None:
    (event,) = await surveys.emitted(WaveClosed)
    told = WaveClosed.parse(event.data)
    assert isinstance(told, WaveClosed)
    assert [each.model_dump(mode="json") for each in told.estimates] == results["estimates"]
    assert (told.r_indicator, told.determinable) == (results["representativity"]["r"], True)
    assert told.weights is not None
    assert (told.weights.margins, told.weights.margins_sha256) == (VARIABLES, results["weights"]["margins_sha256"])
    assert (told.ledger_size, told.ledger_root) == (results["n"], results["ledger_root"])
    assert told.results_sha256 == results["sha256"]


async def check_publication(surveys: Surveys, wave_id: str, expected: Block) -> None:
    """What the public reads is the raked share with its interval, to the six digits of the publication."""
    assert await Worker(surveys.database, [publish_wave_job]).run_one()
    told = await surveys.client.anonymous.get(f"/v1/waves/{wave_id}/publication")
    assert told.status_code == 200, told.text
    document = told.json()
    headline = document["headline"]
    assert (headline["measure"], headline["status"]) == ("top2", "caution")
    assert headline["estimate"] == pytest.approx(expected["raked"]["top"]["estimate"], abs=5e-7)
    assert headline["unweighted"] == pytest.approx(expected["unweighted"]["top"]["estimate"], abs=5e-7)
    beta = expected["raked"]["ciprop_top"]["beta"]
    assert (headline["ci_low"], headline["ci_high"]) == pytest.approx((beta["low"], beta["high"]), abs=5e-7)
    assert document["response_rate"] == pytest.approx(expected["response_rate"], abs=5e-7)
    assert document["r_indicator"] == pytest.approx(expected["r_indicator"]["R"], abs=5e-7)


async def check_bundle(surveys: Surveys, wave_id: str, folder: Path) -> None:
    """The bundle holds R's weights, and its own script gives the published numbers again where R is installed."""
    taken = await surveys.client.as_("auditor").get(f"/v1/waves/{wave_id}/recompute")
    assert taken.status_code == 200, taken.text
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        archive.extractall(folder)
    rows = list(csv.DictReader((folder / "data.csv").read_text(encoding="utf-8").splitlines()))
    expected = sorted(float(row["rake3"]) for row in read_csv("housing_weights.csv"))
    assert sorted(float(row["weight"]) for row in rows) == pytest.approx(expected, rel=1e-7)
    rscript = shutil.which("Rscript")
    if rscript is None:
        return
    ran = await asyncio.to_thread(
        subprocess.run, [rscript, "recompute.R"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "the numbers are the same" in ran.stdout
