"""A calibration round from its opening to the evidence, the determinations it holds, and what people decide."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.scoring.calibrations.calibration_steps import careful, careless, closed, entered, held, opened, rated
from tests.scoring.cases import state
from tests.scoring.evaluations.evaluation_steps import Steps, contract_id, contracts, form, tiered
from tests.scoring.frameworks.framework_drafts import OWN, bring_into_force, own_document

from scoring.canonical import canonical_text, sha256
from scoring.scores.rescore import SCORE_JOB
from shared.jobs import Worker


async def test_marks_become_evidence_without_their_severity(steps: Steps) -> None:
    evaluation_id = await rated(steps, careful)
    assert await held(steps, 0) is None
    made = await opened(steps, evaluation_id)
    assert (made["state"], made["level"], made["region"], made["content"]) == ("open", "criterion", "CN-230000", None)
    assert "still open" in str(await held(steps, 0))
    again = await steps.post("/calibrations", {"title": "2", "evaluation_ids": [evaluation_id]}, expect=409)
    assert again["rounds"] == [made["id"]]
    await steps.post(
        f"/calibrations/{made['id']}/trial", {"contract_id": str(contract_id(0)), "criterion": "management"}, expect=409
    )

    stale = await steps.scoring.client.as_("finance").post(
        f"/v1/calibrations/{made['id']}/close", headers={"If-Match": '"9"'}
    )
    assert stale.status_code == 412
    done = await closed(steps, made["id"])
    assert (done["state"], done["offered"], done["refusal"]) == ("closed", True, None)
    assert done["sha256"] == sha256(canonical_text(done["content"]))
    told = done["content"]["criteria"]["management"]
    assert float(told["alpha"]["value"]) > float(told["alpha_raw"]["value"])
    assert float(told["alpha"]["lower"]) <= float(told["alpha"]["value"]) <= float(told["alpha"]["upper"])
    points = [float(told["severities"][each["id"]]["points"]) for each in steps.evaluators[:4]]
    assert points == sorted(points)
    refused = await steps.post(f"/calibrations/{made['id']}/close", expect=409)
    assert refused["type"] == "/problems/calibration-closed"
    assert "being entered" in str(await held(steps, 0))

    assert await entered(steps) == 2
    assert await held(steps, 0) is None
    values = (await steps.get(f"/calibrations/{made['id']}/values?limit=200"))["items"]
    assert len(values) == 24
    management = [each for each in values if each["criterion"] == "management"]
    truth = np.array([38 + 4.0 * number for number in range(12)])
    raw, fair = (np.array([float(each[name]) for each in management]) for name in ("raw", "fair"))
    assert np.std(fair - truth) < 0.6 * np.std(raw - truth)
    for each in management:
        assert (each["basis"], each["ratings"], each["clipped"]) == ("fair", 2, False)
        mean = np.mean([float(mark["fair"]) for mark in each["marks"].values()])
        assert float(each["fair"]) == pytest.approx(mean, abs=2e-6)
    shown = await steps.scoring.get("/v1/evidence", contract_id=str(contract_id(3)), kind="rating")
    stated = {item["body"]["measure"]: item for item in shown["items"]}
    assert set(stated) == {"management", "openness"}
    value = next(each for each in management if each["contract_id"] == str(contract_id(3)))
    body = stated["management"]["body"]
    assert (body["value"], body["se"], body["dist"], body["n"]) == (value["fair"], value["se"], "t", 2)
    assert (body["details"]["raw"], body["details"]["shrunk"]) == (value["raw"], value["shrunk"])
    assert body["details"]["round_sha256"] == done["sha256"]
    assert value["evidence_id"] == stated["management"]["id"]
    assert await Worker(steps.scoring.database, [SCORE_JOB]).run_one()  # the score follows

    # Twelve cases and grades almost without chance: the many-facet model says why it has no numbers.
    facets = await steps.get(f"/calibrations/{made['id']}/facets")
    assert (facets["estimable"], facets["marks"], facets["evaluators"]) == (False, 48, {})
    assert "too few marks" in facets["reason"]

    # An appeal is decided with the round's own parameters.
    trial = {"contract_id": value["contract_id"], "criterion": "management"}
    same = await steps.post(f"/calibrations/{made['id']}/trial", trial, expect=200, role="auditor")
    assert float(same["value"]) == pytest.approx(float(same["standing"]), abs=2e-6)
    evaluator, mark = next(iter(value["marks"].items()))
    raised = trial | {"marks": {evaluator: f"{float(mark['mark']) + 10:.2f}"}}
    higher = await steps.post(f"/calibrations/{made['id']}/trial", raised, expect=200)
    assert float(higher["value"]) == pytest.approx(float(value["fair"]) + 5, abs=2e-6)
    without = await steps.post(f"/calibrations/{made['id']}/trial", trial | {"without": [evaluator]}, expect=200)
    assert without["value"] == mark["without"]
    stranger = trial | {"marks": {str(contract_id(0)): "80"}}
    refused = await steps.post(f"/calibrations/{made['id']}/trial", stranger, expect=422)
    assert refused["errors"][0]["pointer"] == f"/marks/{contract_id(0)}"
    outside = trial | {"marks": {evaluator: "101"}}
    await steps.post(f"/calibrations/{made['id']}/trial", outside, expect=422)

    # What closing found stays, whoever asks the database.
    for sql in (
        "UPDATE calibration_rounds SET content = '{}'",
        "UPDATE calibrated_values SET fair = 100",
        "DELETE FROM calibrated_values",
        "DELETE FROM calibration_rounds",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with steps.scoring.database.transaction() as session:
                await session.execute(text(sql))

    # Further marks: a new round replaces the old one and carries its severities on; the evidence supersedes.
    await steps.post("/calibrations", {"title": "3", "evaluation_ids": [evaluation_id]}, expect=409)
    following = await opened(steps, evaluation_id, replaces=made["id"], prior_round_id=made["id"])
    assert "still open" in str(await held(steps, 3))
    done = await closed(steps, following["id"])
    assert done["content"]["prior"]["round"] == made["id"]
    await entered(steps)
    shown = await steps.scoring.get("/v1/evidence", contract_id=str(contract_id(3)), kind="rating")
    superseded = {item["body"]["supersedes"] for item in shown["items"]} - {None}
    assert superseded == {item["id"] for item in stated.values()}
    assert await held(steps, 3) is None


async def test_too_little_agreement_needs_a_panel(steps: Steps) -> None:
    evaluation_id = await rated(steps, careless, cases=6)
    made = await opened(steps, evaluation_id)
    done = await closed(steps, made["id"])
    assert done["state"] == "needs_adjudication"
    assert float(done["content"]["alpha"]) < 0.667
    await entered(steps)
    assert "agree too little" in str(await held(steps, 1))
    path = f"/calibrations/{made['id']}/adjudication"
    body = {"reasons": "The panel rated the six contracts itself.", "document_number": "simulated-1"}
    refused = await steps.post(path, body, subject="closer", expect=409)
    assert refused["type"] == "/problems/calibration-same-person"
    decided = await steps.post(path, body, subject="panel", expect=200)
    assert (decided["state"], decided["sha256"]) == ("closed", done["sha256"])
    assert [each["outcome"] for each in decided["decisions"]] == ["adjudicated"]
    assert await held(steps, 1) is None
    await steps.post(path, body, subject="panel", expect=409)


async def test_uncalibrated_marks_need_a_second_evaluator(steps: Steps) -> None:
    anchors = [str(contract_id(number)) for number in range(5)]
    evaluation_id = await rated(steps, careful, cases=7, evaluators=2, per_case=1, anchor_ids=anchors)
    made = await opened(steps, evaluation_id)
    done = await closed(steps, made["id"])
    assert (done["state"], done["offered"]) == ("closed", False)
    assert "second evaluator" in done["refusal"]
    assert done["content"]["criteria"]["management"]["severities"] == {}
    await entered(steps)
    assert await held(steps, 0) is None
    assert "one evaluator alone" in str(await held(steps, 6))
    (one, _) = (await steps.get(f"/calibrations/{made['id']}/values?contract_id={contract_id(6)}"))["items"]
    assert (one["basis"], one["fair"], one["ratings"]) == ("raw", None, 1)
    shown = await steps.scoring.get("/v1/evidence", contract_id=str(contract_id(6)), kind="rating")
    assert {item["body"]["value"] for item in shown["items"]} >= {one["raw"]}


async def test_flags_hold_until_somebody_decides(steps: Steps) -> None:
    def one_is_idle(evaluator: int, contract: int) -> tuple[float, float]:
        return (71.0, 72.0) if evaluator == 0 else careful(evaluator, contract)

    evaluation_id = await rated(steps, one_is_idle, evaluators=3)
    made = await opened(steps, evaluation_id)
    await closed(steps, made["id"])
    await entered(steps)
    flags = (await steps.get(f"/calibrations/{made['id']}/flags"))["items"]
    idle = [each for each in flags if each["evaluator_id"] == steps.evaluators[0]["id"] and each["holds"]]
    assert {"central_tendency", "no_discrimination"} & {each["kind"] for each in idle}
    place = next(number for number in range(12) if str(contract_id(number)) in idle[0]["contracts"])
    for name in ("p", "effect"):
        float(idle[0]["detail"][name])
    found = await steps.get(f"/calibrations/{made['id']}")
    if found["state"] == "needs_adjudication":
        body = {"reasons": "One evaluator of three was idle.", "document_number": "simulated-2"}
        await steps.post(f"/calibrations/{made['id']}/adjudication", body, subject="panel", expect=200)
    assert "is undecided" in str(await held(steps, place))
    outcome = {"outcome": "marks_stand", "reasons": "The records show the visits to the sites."}
    again = next(each for each in idle if str(contract_id(place)) in each["contracts"])
    for flag in flags:
        path = f"/calibrations/{made['id']}/flags/{flag['id']}/decision"
        await steps.post(path, outcome, subject="closer", expect=409)
        body = outcome | {"outcome": "second_evaluation"} if flag is again else outcome
        decided = await steps.post(path, body, subject="panel")
        assert decided["flag_id"] == flag["id"]
        assert (await steps.post(path, outcome, subject="panel", expect=409))["decision"] == decided["id"]
    # A further evaluation was decided upon: the contract waits for the round that takes its marks in.
    assert "Further evaluators" in str(await held(steps, place))
    following = await opened(steps, evaluation_id, replaces=made["id"])
    assert "still open" in str(await held(steps, place))
    values = (await steps.get(f"/calibrations/{made['id']}/values?contract_id={contract_id(place)}"))["items"]
    assert following["replaces"] == made["id"]
    assert all(each["marks"][steps.evaluators[0]["id"]]["mark"] in {"71.000000", "72.000000"} for each in values)


async def test_rounds_take_what_is_rated_and_alike(steps: Steps) -> None:
    await steps.register(3)
    await steps.scoring.hear(*contracts(2))
    planned = await steps.planned(2)
    refused = await steps.post("/calibrations", {"title": "1", "evaluation_ids": [planned["id"]]}, expect=409)
    assert refused["evaluations"] == [planned["id"]]
    twice = {"title": "1", "evaluation_ids": [planned["id"], planned["id"]]}
    await steps.post("/calibrations", twice, expect=422)
    await steps.post("/calibrations", {"title": "1", "evaluation_ids": [str(contract_id(0))]}, expect=404)
    await steps.get(f"/calibrations/{contract_id(0)}", expect=404)


async def test_the_score_rests_on_fair_marks(steps: Steps) -> None:
    """A framework that asks for an evaluator's mark gets the calibrated one, and its row names the evidence."""
    await bring_into_force(steps.scoring, own_document(parent="three-families"))
    await steps.scoring.hear(*contracts(8))
    await steps.register(4)
    criterion = tiered("professional_quality", tiers=[], weight=100)
    await steps.post("/evaluations/forms", form(id="simulated-single", criteria=[criterion]))
    await steps.planned(8, framework_id=OWN, form_id="simulated-single")
    await steps.drawn()
    places = {str(contract_id(number)): number for number in range(8)}
    for number in range(3):
        for task in await steps.tasks(number):
            mark = careful(number, places[task["contract_id"]])[0]
            path = f"/evaluations/assignments/{task['id']}"
            mine: dict[str, Any] = {"role": "evaluator", "subject": f"evaluator-{number}"}
            await steps.post(f"{path}/declaration", {"conflict": False}, **mine, expect=200)
            given = {"criterion": "professional_quality", "mark": f"{mark:.2f}", "narrative": "the staff was trained"}
            await steps.post(f"{path}/ratings", {"marks": [given]}, **mine)
            await steps.post(f"{path}/submit", **mine, expect=200)
    await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
    made = await opened(steps, steps.id)
    await closed(steps, made["id"])
    await entered(steps)
    await steps.scoring.hear(state("completed", version=3, contract_id=contract_id(5)))
    (value,) = (await steps.get(f"/calibrations/{made['id']}/values?contract_id={contract_id(5)}"))["items"]
    told = await steps.scoring.get(f"/v1/scores/{contract_id(5)}/explanation", framework_id=OWN)
    (leaf,) = [node for node in walk(told["tree"]) if node["node"].endswith("quality.professional")]
    assert float(leaf["normalised"]) == pytest.approx(float(value["fair"]), abs=2e-6)
    history = await steps.scoring.get(f"/v1/scores/{contract_id(5)}/history", framework_id=OWN)
    assert value["evidence_id"] in {item for item, _ in history["items"][0]["content"]["evidence"]}

    # Would the grade change without one of them? Through the framework, on the whole score.
    asked = await steps.get(f"/calibrations/contracts/{contract_id(5)}/without?framework_id={OWN}")
    assert asked["version"] == history["items"][0]["version"]
    assert {each["evaluator_id"] for each in asked["items"]} == set(value["marks"])
    for each in asked["items"]:
        left = float(value["marks"][each["evaluator_id"]]["without"])
        moved = (left - float(value["fair"])) * float(leaf["weight"]) / 100
        assert float(each["difference"]) == pytest.approx(moved, abs=3e-6)
        assert each["criteria"] == ["professional_quality"]
        bands = [
            code
            for code, least in (("excellent", 90), ("good", 80), ("fair", 60), ("poor", 0))
            if float(each["score"]) >= least
        ]
        assert (each["grade"], each["changes"]) == (
            bands[0],
            bands[0] != asked["grade"] or each["grade_upper"] != told_upper(asked, told),
        )
    assert asked["evaluator_dependent"] is any(each["changes"] for each in asked["items"])
    unrated = await steps.get(f"/calibrations/contracts/{contract_id(5)}/without?framework_id=cn-self-evaluation")
    assert (unrated["evaluator_dependent"], unrated["items"]) == (None, [])


def told_upper(asked: dict[str, Any], told: dict[str, Any]) -> str:
    """The grade of the upper bound as the score has it now."""
    upper = float(told["upper"])
    return next(code for code, least in (("excellent", 90), ("good", 80), ("fair", 60), ("poor", 0)) if upper >= least)


def walk(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for child in tree.get("children") or ():
        yield from walk(child)
