"""Rounds against what happens meanwhile: a further evaluator, a determination, a mark that an appeal corrects."""

import asyncio
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from tests.scoring.calibrations.calibration_steps import careful, closed, entered, held, opened, rated
from tests.scoring.evaluations.evaluation_steps import Steps, contract_id

from scoring.calibrations.service import correct_mark
from scoring.evidence.queries import lock_contracts


async def test_a_round_is_not_closed_while_somebody_rates_again(steps: Steps) -> None:
    evaluation_id = await rated(steps, careful, cases=4, evaluators=3)
    made = await opened(steps, evaluation_id)
    case = (await steps.cases())[0]
    await steps.post(
        f"/evaluations/cases/{case['id']}/evaluators", {"reason": "a flag of the round before"}, expect=200
    )
    refused = await steps.post(f"/calibrations/{made['id']}/close", expect=409, subject="closer")
    assert (refused["type"], refused["evaluations"]) == ("/problems/evaluations-not-rated", [evaluation_id])
    for number in range(3):
        for task in await steps.tasks(number):
            if task["state"] == "assigned":
                await steps.rate(number, task, management="85", openness="70")
    await steps.post(f"/evaluations/{evaluation_id}/close", {}, expect=200)
    assert (await closed(steps, made["id"]))["sha256"]
    (value, _) = (await steps.get(f"/calibrations/{made['id']}/values?contract_id={case['contract_id']}"))["items"]
    assert value["ratings"] == 3  # the further mark is in it


async def test_marks_of_an_evaluator_whose_conflict_comes_up_later_are_set_aside(steps: Steps) -> None:
    """It was declared when the marks had been submitted: they enter no round, and a further evaluator takes over."""
    evaluation_id = await rated(steps, careful, cases=4, evaluators=3)
    made = await opened(steps, evaluation_id)
    task = (await steps.tasks(0))[0]
    interest = {"contract_id": task["contract_id"], "nature": "business", "statement": "simulated"}
    await steps.post(f"/evaluators/{steps.evaluators[0]['id']}/interests", interest)
    refused = await steps.post(f"/calibrations/{made['id']}/close", expect=409, subject="closer")
    assert refused["type"] == "/problems/evaluator-has-conflict"
    assert [each["contract_id"] for each in refused["cases"]] == [task["contract_id"]]
    assert "E-0000" in refused["detail"]

    # Closed again without the further rating, the case would have one rating left: it is named.
    await steps.post(f"/evaluations/cases/{task['case_id']}/evaluators", {"reason": "a conflict"}, expect=200)
    short = await steps.post(f"/evaluations/{evaluation_id}/close", {"lapse": True, "reason": "x"}, expect=409)
    assert short["missing"] == [task["contract_id"]]
    assert {each["state"] for each in await steps.tasks(0)} == {"submitted"}  # nothing of a refused step stays
    for number in (1, 2):
        for each in await steps.tasks(number):
            if each["state"] == "assigned":
                await steps.rate(number, each, management="62", openness="64")
    again = await steps.post(f"/evaluations/{evaluation_id}/close", {}, expect=200)
    assert again["ratings"] == {"submitted": 8, "recused": 1}
    (act,) = [
        each for each in (await steps.get(f"/evaluations/{evaluation_id}/acts"))["items"] if each["kind"] == "recused"
    ]
    assert act["reason"] == "E-0000: business, declared for the contract; the submitted marks are set aside"
    await closed(steps, made["id"])
    (value, _) = (await steps.get(f"/calibrations/{made['id']}/values?contract_id={task['contract_id']}"))["items"]
    assert value["ratings"] == 2
    assert steps.evaluators[0]["id"] not in value["marks"]


async def test_a_round_is_opened_before_or_after_a_determination_and_not_during_one(steps: Steps) -> None:
    """Whoever issues a determination holds the contract's lock while it asks what stands in the way."""
    evaluation_id = await rated(steps, careful, cases=4, evaluators=3)
    database = steps.scoring.database
    async with database.transaction() as session:
        await lock_contracts(session, [contract_id(1)])
        opening = asyncio.create_task(opened(steps, evaluation_id))
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        async with database.reading() as other:
            while not (await other.execute(text(waiting))).scalar_one():
                assert not opening.done(), "it did not wait for the contract"
                await asyncio.sleep(0)
        assert await held(steps, 1) is None
    assert (await opening)["state"] == "open"
    assert "still open" in str(await held(steps, 1))


async def test_a_round_that_replaces_another_leaves_nothing_of_it_out(steps: Steps) -> None:
    """Else flags and want of agreement would vanish for the contracts that it leaves out."""
    first = await rated(steps, careful, cases=4, evaluators=3)
    steps.evaluators = steps.evaluators[:4]
    await steps.planned(4)
    second = steps.id
    await steps.drawn()
    await steps.rate_all_but(3)
    await steps.post(f"/evaluations/{second}/close", {}, expect=200)
    old = await opened(steps, first)
    await closed(steps, old["id"])
    body = {"title": "another", "evaluation_ids": [second], "replaces": old["id"]}
    refused = await steps.post("/calibrations", body, expect=409)
    assert (refused["type"], refused["evaluations"]) == ("/problems/evaluations-differ", [first])
    both = await steps.post("/calibrations", body | {"evaluation_ids": [first, second]})
    again = await steps.post("/calibrations", body | {"evaluation_ids": [first]}, expect=409)
    assert again["rounds"] == [both["id"]]


async def test_a_later_round_keeps_what_an_appeal_corrected(steps: Steps) -> None:
    evaluation_id = await rated(steps, careful, cases=5, evaluators=3)
    first = await opened(steps, evaluation_id)
    await closed(steps, first["id"])
    await entered(steps)
    (before, _) = (await steps.get(f"/calibrations/{first['id']}/values?contract_id={contract_id(2)}"))["items"]
    evaluator = next(iter(before["marks"]))
    async with steps.scoring.database.transaction() as session:
        await correct_mark(
            session,
            UUID(first["id"]),
            contract_id=contract_id(2),
            region="CN-230102",
            evaluator_id=UUID(evaluator),
            criterion="management",
            mark=Decimal(99),
            appeal_id=contract_id(9),
        )
    second = await opened(steps, evaluation_id, replaces=first["id"])
    done = await closed(steps, second["id"])
    (after, _) = (await steps.get(f"/calibrations/{second['id']}/values?contract_id={contract_id(2)}"))["items"]
    assert after["marks"][evaluator]["mark"] == "99.000000"
    assert float(after["raw"]) > float(before["raw"])
    assert "corrected" in done["content"]
    other = (await steps.get(f"/calibrations/{second['id']}/values?contract_id={contract_id(3)}"))["items"][0]
    assert all(float(told["mark"]) < 99 for told in other["marks"].values())
