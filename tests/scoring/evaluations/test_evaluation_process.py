"""An evaluation from its plan to its publication: who does what when, and who sees what when."""

import asyncio
from datetime import timedelta
from typing import Any

import numpy as np
from tests.scoring.evaluations.evaluation_steps import PROVIDER, PURCHASER, Steps, contract_id, contracts, marks

from scoring.evaluations.queries import submitted_marks
from scoring.evaluations.service import standing_events, sweep_overdue
from scoring.evaluations.service.draw import generator_of
from scoring.kernel import assignment as kernel
from shared import clock
from shared.events import ClockOverdue, EvaluationCaseUpdated, EvaluationUpdated
from shared.testing import events


async def test_from_plan_to_publication(steps: Steps) -> None:
    await steps.scoring.hear(*contracts(10))
    await steps.register(6)
    made = await steps.planned(10)
    assert (made["state"], made["cases"], made["ratings"]) == ("planned", {"planned": 10}, {})
    assert made["framework_hash"] == (await steps.get("/frameworks/cn-self-evaluation"))["hash"]

    # The draw: 5 evaluators, 10 cases, 2 each is the balanced design of all pairs; anybody can repeat it from the log.
    draw = await steps.drawn()
    assert draw["random"] is True
    assert draw["body"]["balanced"] is True
    again = kernel.assign(v=5, k=2, excluded=np.zeros((10, 5), dtype=np.bool_), rng=generator_of(draw["seed"]))
    assert [list(block) for block in again.blocks] == draw["body"]["blocks"]
    assert (await steps.get(f"/evaluations/{steps.id}/draws"))["items"] == [draw]
    await steps.post(f"/evaluations/{steps.id}/draw", expect=409)

    # Blind: a task says nothing of scores, anchors and others; nobody sees marks while the cases are rated.
    tasks = await steps.tasks(0)
    assert sorted(task["position"] for task in tasks) == [1, 2, 3, 4]
    assert not {"anchor", "score", "evaluators", "raters", "result"} & set(tasks[0])
    task = tasks[0]
    path = f"/evaluations/assignments/{task['id']}"
    mine: dict[str, Any] = {"role": "evaluator", "subject": "evaluator-0"}
    await steps.post(f"{path}/ratings", {"marks": marks("85", "70")}, **mine, expect=409)
    await steps.post(f"{path}/declaration", {"conflict": False}, **mine, expect=200)
    first = await steps.post(f"{path}/ratings", {"marks": marks("85", "70")[:1]}, **mine)
    assert (await steps.post(f"{path}/submit", **mine, expect=409))["missing"] == ["openness"]
    second = await steps.post(f"{path}/ratings", {"marks": marks("79.5", "70")}, **mine)
    assert [(each["criterion"], each["revision"], each["mark"]) for each in second["marks"]] == [
        ("management", 2, "79.50"),
        ("openness", 1, "70.00"),
    ]
    assert first["marks"][0]["revision"] == 1
    submitted = await steps.post(f"{path}/submit", **mine, expect=200)
    assert len(submitted["submission_sha256"]) == 64
    assert (await steps.post(f"{path}/ratings", {"marks": marks("90", "90")}, **mine, expect=409))["type"] == (
        "/problems/rating-locked"
    )
    for role, subject in (("finance", "planner"), ("auditor", "a"), ("evaluator", "evaluator-0")):
        case = await steps.get(f"/evaluations/cases/{task['case_id']}", role=role, subject=subject)
        assert (case["state"], case["result"]) == ("rating", None)
    await steps.get(f"/evaluations/assignments/{task['id']}", role="evaluator", subject="evaluator-1", expect=404)

    # Closing waits for every rating.
    refused = await steps.post(f"/evaluations/{steps.id}/close", {}, expect=409)
    assert refused["type"] == "/problems/rating-incomplete"
    assert str(contract_id(0)) in refused["missing"]
    await steps.rate_all()
    closed = await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
    assert (closed["state"], closed["cases"], closed["ratings"]) == ("rated", {"preliminary": 10}, {"submitted": 20})

    # What calibration gets: 20 ratings of two criteria, on 0-100, the last revisions.
    async with steps.scoring.database.reading() as session:
        found = await submitted_marks(session, [closed["id"]])
    assert len(found.unit) == len(found.mark) == 40
    assert set(found.criterion) == {"management", "openness"}
    assert set(found.order) <= {1, 2, 3, 4}
    assert found.drawn_at_random.all()
    assert not found.anchor.any()
    assert not found.midpoint.any()
    own = [row for row, unit in enumerate(found.unit) if str(unit) == task["case_id"]]
    assert 79.5 in found.mark[own]

    case_id = next(each["id"] for each in await steps.cases() if each["contract_id"] == str(contract_id(0)))
    path = f"/evaluations/cases/{case_id}"
    provider: dict[str, Any] = {"role": "provider", "organisation": PROVIDER, "subject": "provider-1"}
    purchaser: dict[str, Any] = {"role": "purchaser", "organisation": PURCHASER, "subject": "purchaser-1"}

    # Preliminary: the officers and the evaluators of the case; providers and the public not yet.
    case = await steps.get(path)
    assert case["provisional"] is True
    assert [len(each["marks"]) for each in case["result"]["criteria"]] == [2, 2]
    assert {each["code"] for each in case["assignments"]} == {
        each["rater"] for each in case["result"]["criteria"][0]["marks"]
    }
    await steps.get(path, **provider, expect=404)
    assert (await steps.scoring.client.anonymous.get(f"/v1{path}")).status_code == 404
    assert (await steps.get("/evaluations/cases", **provider))["items"] == []
    lead: dict[str, Any] = {"role": "evaluator", "subject": "evaluator-5"}
    await steps.post(f"{path}/conclude", {"conclusion": "too early"}, **lead, expect=409)

    # Exchange of views: the provider sees the marks of the own case without the evaluators' pseudonyms.
    await steps.post(f"/evaluations/{steps.id}/exchange", expect=200)
    seen = await steps.get(path, **provider)
    assert seen["state"] == "exchange"
    assert {each["rater"] for each in seen["result"]["criteria"][0]["marks"]} == {"1", "2"}
    assert (seen["assignments"], seen["anchor"]) == ([], None)
    assert [each["id"] for each in (await steps.get("/evaluations/cases", **provider))["items"]] == [case_id]
    await steps.get(path, role="provider", organisation=PURCHASER, expect=404)
    stranger: dict[str, Any] = {"role": "purchaser", "organisation": PROVIDER}
    await steps.post(f"{path}/views", {"agrees": True, "statement": "not ours"}, **stranger, expect=403)
    await steps.post(f"{path}/views", {"agrees": True, "statement": "we agree"}, **purchaser)
    waiting = await steps.post(f"{path}/conclude", {"conclusion": "early"}, **lead, expect=409)
    assert "provider" in waiting["detail"]

    # A disagreement goes one level up: a county's officer is not enough, nor is who planned it.
    await steps.post(f"{path}/views", {"agrees": False, "statement": "the visit was on a holiday"}, **provider)
    refused = await steps.post(f"{path}/conclude", {"conclusion": "early"}, **lead, expect=409)
    assert refused["type"] == "/problems/evaluation-review-needed"
    upheld = {"decision": "upheld", "reason": "the visit was on a working day"}
    low = await steps.post(f"{path}/review", upheld, subject="county", regions=["CN-230102"], expect=403)
    assert low["level"] == "CN-2301"
    await steps.post(f"{path}/review", upheld, expect=403)
    reviewed = await steps.post(f"{path}/review", upheld, subject="city", regions=["CN-2301"], expect=200)
    assert (reviewed["state"], reviewed["reviewed_at"] is None) == ("review", False)

    # The lead evaluator signs; then it is published, without marks and names.
    await steps.post(f"{path}/conclude", {"conclusion": "sound"}, role="evaluator", subject="evaluator-0", expect=403)
    final = await steps.post(f"{path}/conclude", {"conclusion": "The service is sound."}, **lead, expect=200)
    assert (final["state"], final["signed_by"], final["provisional"]) == ("final", "E-0005", False)
    assert (await steps.scoring.client.anonymous.get(f"/v1{path}")).status_code == 404
    await steps.post(f"{path}/publish", expect=200)
    public = (await steps.scoring.client.anonymous.get(f"/v1{path}")).json()
    assert public["conclusion"] == "The service is sound."
    assert [each["marks"] for each in public["result"]["criteria"]] == [[], []]
    assert (public["views"], public["assignments"]) == ([], [])
    assert [
        each["id"] for each in (await steps.scoring.client.anonymous.get("/v1/evaluations/cases")).json()["items"]
    ] == [case_id]
    await steps.post(f"{path}/publish", expect=409)
    assert [each["id"] for each in (await steps.get("/evaluations/cases?limit=1", **lead))["items"]]

    kinds = [each["kind"] for each in (await steps.get(f"/evaluations/{steps.id}/acts?case_id={case_id}"))["items"]]
    assert kinds[-5:] == ["exchanged", "disagreed", "reviewed", "concluded", "published"]
    emitted = await events(steps.scoring.database)
    states = [each.data["state"] for each in emitted if each.type == EvaluationUpdated.TYPE]
    assert states == ["planned", "rating", "rated"]
    of_case = [each.data for each in emitted if each.type == EvaluationCaseUpdated.TYPE]
    assert [each["state"] for each in of_case if each["case_id"] == case_id] == [
        "planned",
        "rating",
        "preliminary",
        "exchange",
        "review",
        "review",
        "final",
        "published",
    ]
    assert [each["version"] for each in of_case if each["case_id"] == case_id] == list(range(1, 9))
    assert not any("mark" in key for each in of_case for key in each)
    async with steps.scoring.database.reading() as session:
        standing = [data.model_dump(mode="json") async for data, _, _ in standing_events(session)]
    newest = {each["case_id"]: each for each in of_case}
    last = [each.data for each in emitted if each.type == EvaluationUpdated.TYPE][-1]
    assert sorted(standing, key=str) == sorted([last, *newest.values()], key=str)

    # The decision study, and what is append-only in the database too.
    (management, *_rest) = (await steps.get(f"/evaluations/{steps.id}/d-study?wanted=0.8"))["items"]
    assert [each["criterion"] for each in (management, *_rest)] == ["management", "openness", "total"]
    assert management["marks"] == 20
    assert management["variance_severity"] > 0
    assert management["raters_calibrated"] is None or management["raters_calibrated"] <= (
        management["raters_raw"] or 10**9
    )


async def test_time_runs_out_without_views_and_a_further_evaluator_reopens_a_case(steps: Steps) -> None:
    await steps.scoring.hear(*contracts(3))
    await steps.register(4)
    await steps.planned(3)
    finance = steps.scoring.client.as_("finance")
    draws = await asyncio.gather(*(finance.post(f"/v1/evaluations/{steps.id}/draw") for _ in range(3)))
    assert sorted(answer.status_code for answer in draws) == [200, 409, 409]
    (late_task, *_) = await steps.tasks(0)
    mine = steps.as_evaluator(0)
    await mine.post(f"/v1/evaluations/assignments/{late_task['id']}/declaration", json={"conflict": False})
    await mine.post(f"/v1/evaluations/assignments/{late_task['id']}/ratings", json={"marks": marks("85", "70")})
    await steps.rate_all_but(0)
    with clock.frozen(clock.now() + timedelta(days=31)):
        assert await swept(steps) == 2
        assert await swept(steps) == 0
    # A rating that is submitted while the rating is closed either counts or is refused: nothing in between.
    lapsing = finance.post(f"/v1/evaluations/{steps.id}/close", json={"lapse": True, "reason": "simulated"})
    closed, submitted = await asyncio.gather(
        lapsing, mine.post(f"/v1/evaluations/assignments/{late_task['id']}/submit")
    )
    assert (closed.status_code, submitted.status_code) in {(409, 200), (409, 409)}, (closed.text, submitted.text)
    assert closed.json()["type"] == "/problems/rating-incomplete"
    await steps.rate_all()
    await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
    await steps.post(f"/evaluations/{steps.id}/exchange", expect=200)
    (case, other, _) = await steps.cases()
    path = f"/evaluations/cases/{case['id']}"
    lead: dict[str, Any] = {"role": "evaluator", "subject": "evaluator-3"}
    await steps.post(f"{path}/conclude", {"conclusion": "early"}, **lead, expect=409)
    assert await swept(steps) == 0
    with clock.frozen(clock.now() + timedelta(days=15)):
        assert await swept(steps) == 3
        assert await swept(steps) == 0
        late: dict[str, Any] = {"role": "purchaser", "organisation": PURCHASER}
        await steps.post(f"{path}/views", {"agrees": True, "statement": "the marks are high enough"}, **late)
        await steps.post(f"{path}/conclude", {"conclusion": "nobody disagreed"}, **lead, expect=200)
        await steps.post(f"/evaluations/cases/{other['id']}/views", {"agrees": True, "statement": "late"}, **late)
    with clock.frozen(clock.now() + timedelta(days=61)):
        await steps.post(
            f"/evaluations/cases/{other['id']}/views", {"agrees": True, "statement": "later"}, **late, expect=409
        )

    # One more evaluator: the one of the pool who has not rated the case, drawn and logged.
    added = await steps.post(f"{path}/evaluators", {"reason": "a flag of the round"}, expect=200)
    assert (added["state"], added["conclusion"], len(added["assignments"])) == ("rating", None, 3)
    assert (await steps.get(f"/evaluations/{steps.id}"))["state"] == "rating"
    (first, further) = (await steps.get(f"/evaluations/{steps.id}/draws"))["items"]
    assert (first["case_id"], further["case_id"], further["random"]) == (None, case["id"], True)
    await steps.post(f"{path}/evaluators", {"reason": "nobody is left"}, expect=409)
    # Whoever still has to rate reads neither the marks nor what the parties said about them.
    (code,) = [each["code"] for each in added["assignments"] if each["state"] == "assigned"]
    blind: dict[str, Any] = {"role": "evaluator", "subject": f"evaluator-{int(code[-4:])}"}
    before = await steps.get(path, **blind)
    assert (before["result"], before["views"], before["conclusion"]) == (None, [], None)
    await steps.rate_all()
    assert len((await steps.get(path, **blind))["views"]) == 1
    again = await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
    assert again["cases"] == {"preliminary": 1, "exchange": 2}
    assert len((await steps.get(path))["result"]["criteria"][0]["marks"]) == 3
    overdue = [each.data for each in await events(steps.scoring.database) if each.type == ClockOverdue.TYPE]
    assert sorted(each["clock"] for each in overdue) == ["rating", "rating", "views", "views", "views"]


async def swept(steps: Steps) -> int:
    async with steps.scoring.database.transaction() as session:
        return await sweep_overdue(session)
