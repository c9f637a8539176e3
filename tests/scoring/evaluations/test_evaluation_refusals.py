"""What is refused, with the criterion, node, case or evaluator named."""

from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.scoring.cases import ident
from tests.scoring.evaluations.evaluation_steps import Steps, contract_id, contracts, form, marks, tiered

from scoring.evaluations.criteria import check_form, check_marks, rating_nodes
from scoring.evaluations.errors import FormRefused, RatingOutOfScale
from scoring.evaluations.models import RatingForm
from scoring.evaluations.register.schemas import FormIn
from scoring.evaluations.schemas import MarkIn, RatingsIn
from scoring.frameworks.document import Framework
from scoring.frameworks.queries import shipped_frameworks

JSON = dict[str, Any]
NODES = {"management": "process.management", "openness": "process.openness"}


def stored_form() -> JSON:
    return FormIn.model_validate(form()).model_dump(mode="json")


def refused(**change: Any) -> list[str]:
    """What is wrong with the marks when the first one is changed."""
    body = RatingsIn.model_validate({"marks": [marks("85", "70")[0] | change, marks("85", "70")[1]]})
    try:
        check_marks(stored_form(), NODES, body.marks)
    except RatingOutOfScale as problem:
        return [error["detail"] for error in problem.members["errors"]]
    return []


def test_marks_out_of_scale_name_criterion_and_node() -> None:
    where = "criterion management (node process.management)"
    assert refused() == []
    assert refused(mark="101") == [
        f"{where}: 101 lies outside of the scale 0-100",
        f"{where}: 101 lies outside of the tier achieved [80, 100]",
    ]
    assert refused(mark="79.99") == [f"{where}: 79.99 lies outside of the tier achieved [80, 100]"]
    assert refused(tier="partly_achieved", mark="80") == [
        f"{where}: 80 lies outside of the tier partly_achieved [60, 80)"
    ]
    assert refused(mark="85.125") == [f"{where}: 85.125 has more than two decimals"]
    assert refused(tier=None) == [f"{where}: pick one of the tiers not_achieved, partly_achieved, achieved"]
    assert refused(tier_reason=None) == [
        f"{where}: state why this value inside the tier (tier_reason), or leave the mark out"
    ]
    assert refused(narrative="seen") == [f"{where}: the narrative has fewer than 10 characters"]
    assert refused(criterion="colour") == [
        "criterion colour: the form does not ask for it in a case of this service category"
    ]
    twice = refused(criterion="openness", tier=None)
    assert twice == ["criterion openness (node process.openness): marked twice"]
    assert refused(criterion="openness", mark=None)[0].endswith("the criterion has no tiers")


def test_a_tier_without_a_value_takes_its_middle_and_says_so() -> None:
    mark = MarkIn(criterion="management", tier="partly_achieved", narrative="some of the records were missing")
    ((criterion, tier, value, midpoint, reason, _),) = check_marks(stored_form(), NODES, [mark])
    assert (criterion, tier, float(value), midpoint, reason) == ("management", "partly_achieved", 70.0, True, None)
    top = MarkIn(
        criterion="management", tier="achieved", mark="100", tier_reason="nothing is missing", narrative="all of it"
    )
    with pytest.raises(RatingOutOfScale):
        check_marks(stored_form(), NODES, [top])
    longer = top.model_copy(update={"narrative": "all of it was there"})
    assert [float(each[2]) for each in check_marks(stored_form(), NODES, [longer])] == [100.0]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"anchors": tiered("x")["anchors"][1:]}, "criterion management: both ends of the scale 0-100 need an anchor"),
        ({"anchors": tiered("x")["anchors"][::-1]}, "criterion management: the anchors do not ascend"),
        ({"tiers": tiered("x")["tiers"][1:]}, "criterion management: the tiers do not cover the scale 0-100"),
        ({"tiers": tiered("x")["tiers"][::2]}, "criterion management: the tiers do not cover the scale 0-100"),
        ({"scale": {"minimum": 50, "maximum": 50}}, "criterion management: the scale is empty"),
        ({"weight": 50}, "the weights sum to 90, not to 100"),
        ({"weight": None}, "without a weight: ['management']"),
        ({"code": "openness"}, "criterion openness: there twice"),
    ],
)
def test_forms_that_contradict_themselves(change: JSON, fault: str) -> None:
    document = form()
    document["criteria"][0] |= change
    with pytest.raises(ValidationError) as caught:
        FormIn.model_validate(document)
    assert fault in str(caught.value)


def framework_that_rates(*criteria: str) -> Framework:
    """A shipped framework whose first indicator's evidence is the evaluators' marks."""
    from dataclasses import replace  # noqa: PLC0415 - here only

    base = next(each for each in shipped_frameworks() if each.id == "four-questions")
    leaves = [node for node in base.walk() if node.rule is not None]
    nodes = tuple(
        replace(leaf, rule=replace(leaf.rule, evidence={"from": "rating", "criterion": criterion}))
        for leaf, criterion in zip(leaves, criteria, strict=False)
        if leaf.rule is not None
    )
    return replace(base, nodes=nodes)


def test_form_and_framework_ask_for_the_same_criteria() -> None:
    framework = framework_that_rates("management", "records")
    nodes = rating_nodes(framework)
    assert set(nodes) == {"management", "records"}
    rated = RatingForm(id="simulated-form", version="1.0.0", document=stored_form())
    with pytest.raises(FormRefused) as caught:
        check_form(rated, nodes, known=nodes)
    assert [error["detail"] for error in caught.value.members["errors"]] == [
        "criterion openness of the form enters no node of the framework",
        f"node {nodes['records']}: its criterion records is not on the form",
    ]
    both = rating_nodes(framework_that_rates("management", "openness"))
    check_form(rated, both, known=both)
    check_form(rated, {"openness": "quality.openness"}, known=both)
    check_form(rated, {}, known={})
    total = {"total": "quality.total"}
    check_form(rated, total, known=total)
    unweighted = deepcopy(stored_form())
    for criterion in unweighted["criteria"]:
        criterion["weight"] = None
    with pytest.raises(FormRefused):
        check_form(RatingForm(id="f", version="1.0.0", document=unweighted), total, known=total)


async def test_plans_and_registers(steps: Steps) -> None:
    await steps.scoring.hear(
        *contracts(6), *contracts(1, start=6, region="CN-310101"), *contracts(1, start=7, provider=ident(4, 999))
    )
    await steps.register(4)
    again = await steps.post("/evaluations/forms", form())
    assert again["sha256"] == (await steps.get("/evaluations/forms/simulated-form"))["sha256"]
    other = await steps.post("/evaluations/forms", form(source="another"), expect=409)
    assert other["type"] == "/problems/rating-form-exists"
    await steps.get("/evaluations/forms/unknown", expect=404)
    first = steps.evaluators[0]
    same = {"organisation_id": first["organisation_id"], "subject": "new", "home_region": "CN-230100"}
    await steps.post("/evaluators", same | {"code": first["code"]}, expect=409)
    await steps.post("/evaluators", same | {"code": "E-9", "organisation_id": str(ident(9, 9))}, expect=404)

    path = "/evaluations"
    wrong = await steps.post(path, steps.plan(1, contract_ids=[str(contract_id(6)), str(ident(1, 1))]), expect=422)
    assert [error["pointer"] for error in wrong["errors"]] == ["/contract_ids/0", "/contract_ids/1"]
    assert "CN-310101" in wrong["errors"][0]["detail"]
    assert str(ident(1, 1)) in wrong["errors"][1]["detail"]
    anchors = await steps.post(path, steps.plan(6, anchor_ids=[str(contract_id(1))]), expect=422)
    assert "at least 5" in anchors["detail"]
    assert "at least 5 anchors" in (await steps.post(path, steps.plan(6, per_case=1), expect=422))["detail"]
    await steps.post(path, steps.plan(6, per_case=4), expect=422)
    await steps.post(path, steps.plan(6, framework_id="unknown"), expect=404)
    await steps.post(path, steps.plan(6, form_id="unknown"), expect=404)
    await steps.post(path, steps.plan(6, region="CN-310000"), expect=403, regions=["CN-23"])

    # A conflict of the lead evaluator is refused with the case named; so is an evaluator who may not take part.
    lead = steps.evaluators[-1]["id"]
    interest = {"organisation_id": str(ident(4, 53)), "nature": "family", "statement": "simulated"}
    await steps.post(f"/evaluators/{lead}/interests", interest, role="evaluator", subject="evaluator-3")
    conflict = await steps.post(path, steps.plan(6), expect=409)
    assert conflict["type"] == "/problems/evaluator-has-conflict"
    assert [each["contract_id"] for each in conflict["cases"]] == [str(contract_id(3))]
    assert "family" in conflict["cases"][0]["reason"]
    await steps.post(f"/evaluators/{lead}/interests", interest | {"contract_id": str(ident(1, 1))}, expect=422)
    await steps.post(f"/evaluators/{first['id']}/retire", {"reason": "simulated"}, expect=200)
    gone = await steps.post(path, steps.plan(2), expect=404)
    assert gone["evaluators"] == ["E-0000 is retired"]


async def test_draws_that_cannot_be_made(steps: Steps) -> None:
    """Disconnected, impossible, weak: each says what stands in the way."""
    await steps.scoring.hear(*contracts(8))
    await steps.register(6)
    await steps.register(1, organisation=ident(4, 57))
    everybody = [each["id"] for each in steps.evaluators]
    for number, ours in ((0, range(4, 8)), (1, range(4, 8)), (2, range(4)), (3, range(4))):
        for contract in ours:
            await steps.post(
                f"/evaluators/{everybody[number]}/interests",
                {"contract_id": str(contract_id(contract)), "nature": "advice", "statement": "simulated"},
            )
    await steps.planned(8, evaluator_ids=everybody[:4], lead_id=everybody[5])
    parted = await steps.post(f"/evaluations/{steps.id}/draw", expect=409)
    assert parted["type"] == "/problems/assignment-disconnected"
    assert [part["evaluators"] for part in parted["components"]] == [["E-0000", "E-0001"], ["E-0002", "E-0003"]]
    assert parted["components"][0]["contracts"] == [str(contract_id(number)) for number in range(4)]
    assert (await steps.get(f"/evaluations/{steps.id}"))["state"] == "planned"
    await steps.post(f"/evaluations/{steps.id}/cancel", {"reason": "the pool is parted"}, expect=200)
    await steps.post(f"/evaluations/{steps.id}/draw", expect=409)

    # Evaluator 6 is of an organisation that is contract 7's provider: out by itself, with the reason in the log.
    await steps.planned(8, evaluator_ids=[everybody[0], everybody[1], everybody[6]], lead_id=everybody[5])
    impossible = await steps.post(f"/evaluations/{steps.id}/draw", expect=409)
    assert impossible["type"] == "/problems/assignment-impossible"
    assert [case["contract_id"] for case in impossible["cases"]] == [str(contract_id(number)) for number in range(4, 8)]
    reasons = {each["evaluator"]: each["reasons"] for each in impossible["cases"][3]["excluded"]}
    assert reasons["E-0006"] == ["conflict: the evaluator's organisation is a party to the contract"]
    assert reasons["E-0000"] == ["conflict: advice, declared for the contract"]

    await steps.planned(3, evaluator_ids=[everybody[each] for each in (0, 1, 4, 6)], lead_id=everybody[5])
    weak = await steps.post(f"/evaluations/{steps.id}/draw", expect=409)
    assert weak["type"] == "/problems/assignment-weak"
    assert weak["fiedler"] < 0.5 * weak["reference"]


async def test_conflicts_that_come_up_while_rating(steps: Steps) -> None:
    await steps.scoring.hear(*contracts(3))
    await steps.register(6)
    pool = [each["id"] for each in steps.evaluators]
    await steps.planned(3, evaluator_ids=pool[:3], lead_id=pool[5])
    await steps.drawn()
    given_up, kept = await steps.tasks(0)
    mine: JSON = {"role": "evaluator", "subject": "evaluator-0"}
    conflict = {"conflict": True, "nature": "business", "statement": "simulated"}
    await steps.post(f"/evaluations/assignments/{given_up['id']}/declaration", {"conflict": True}, **mine, expect=422)
    gone = await steps.post(f"/evaluations/assignments/{given_up['id']}/declaration", conflict, **mine, expect=200)
    assert gone["state"] == "recused"
    path = f"/evaluations/assignments/{given_up['id']}"
    locked = await steps.post(f"{path}/ratings", {"marks": marks("85", "70")}, **mine, expect=409)
    assert locked["type"] == "/problems/rating-locked"
    (declared,) = (await steps.get(f"/evaluators/{pool[0]}/interests"))["items"]
    assert (declared["contract_id"], declared["nature"]) == (given_up["contract_id"], "business")

    # An interest that is declared after the assignment stops the rating of the case that it touches.
    path = f"/evaluations/assignments/{kept['id']}"
    await steps.post(f"{path}/declaration", {"conflict": False}, **mine, expect=200)
    late = {"contract_id": kept["contract_id"], "nature": "dispute", "statement": "simulated"}
    await steps.post(f"/evaluators/{pool[0]}/interests", late)
    stopped = await steps.post(f"{path}/ratings", {"marks": marks("85", "70")}, **mine, expect=409)
    assert stopped["type"] == "/problems/evaluator-has-conflict"
    assert stopped["cases"][0]["contract_id"] == kept["contract_id"]

    # A named evaluator with a conflict is refused; without one the case goes on, and the log says that it was a choice.
    case = f"/evaluations/cases/{given_up['case_id']}/evaluators"
    named = await steps.post(case, {"reason": "recused", "evaluator_id": pool[0]}, expect=404)
    assert "assigned to this case already" in named["detail"]
    await steps.post(f"/evaluators/{pool[3]}/interests", late | {"contract_id": given_up["contract_id"]})
    barred = await steps.post(case, {"reason": "recused", "evaluator_id": pool[3]}, expect=409)
    assert barred["cases"][0]["contract_id"] == given_up["contract_id"]
    await steps.post(case, {"reason": "recused", "evaluator_id": pool[4]}, expect=200)
    assert [each["random"] for each in (await steps.get(f"/evaluations/{steps.id}/draws"))["items"]] == [True, False]

    # What lapses must leave every case two ratings, and one graph.
    for number in (1, 2, 4):
        for task in await steps.tasks(number):
            await steps.rate(number, task)
    await steps.post(f"/evaluations/{steps.id}/close", {"lapse": True}, expect=422)
    short = await steps.post(f"/evaluations/{steps.id}/close", {"lapse": True, "reason": "late"}, expect=409)
    assert short["missing"] == [kept["contract_id"]]
    await steps.post(f"/evaluations/cases/{kept['case_id']}/evaluators", {"reason": "late"}, expect=200)
    await steps.rate_all_but(0)
    closed = await steps.post(f"/evaluations/{steps.id}/close", {"lapse": True, "reason": "late"}, expect=200)
    assert closed["ratings"] == {"recused": 1, "lapsed": 1, "submitted": 6}

    # Nothing that was said can be changed, not even in the database.
    for table in ("ratings", "evaluation_draws", "evaluation_acts", "evaluator_interests", "rating_forms"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET recorded_at = now()"):
            with pytest.raises(DBAPIError, match=r"append-only|does not exist"):
                async with steps.scoring.database.transaction() as session:
                    await session.execute(text(statement))


async def test_rotation_and_qualification(steps: Steps) -> None:
    """Nobody rates a provider in three evaluations in a row; who is not qualified for a category makes the draw not random."""
    provider = ident(4, 700)
    await steps.scoring.hear(*contracts(2, provider=provider), *contracts(2, start=10, provider=provider))
    await steps.scoring.hear(*contracts(3, start=12, service_category="B03"))
    await steps.register(4)
    specialist = await steps.post(
        "/evaluators",
        {
            "organisation_id": steps.evaluators[0]["organisation_id"],
            "code": "E-B",
            "subject": "evaluator-b",
            "home_region": "CN-230100",
            "categories": ["B03"],
        },
    )
    pool = [each["id"] for each in steps.evaluators]
    for _ in range(2):
        await steps.planned(2, evaluator_ids=pool[:2], lead_id=pool[3])
        await steps.drawn()
    await steps.planned(2, start=10, evaluator_ids=pool[:3], lead_id=pool[3])
    tired = await steps.post(f"/evaluations/{steps.id}/draw", expect=409)
    reasons = {each["evaluator"]: each["reasons"] for each in tired["cases"][0]["excluded"]}
    assert reasons == {
        "E-0000": ["rotation: rated this provider in its last 2 evaluations"],
        "E-0001": ["rotation: rated this provider in its last 2 evaluations"],
    }
    # Two cases of another category: the specialist rates nothing, and limits nothing.
    await steps.planned(2, start=10, evaluator_ids=[*pool[2:4], specialist["id"]], lead_id=pool[0])
    draw = await steps.drawn()
    assert draw["random"] is True
    assert len(draw["body"]["exclusions"]) == 2
    await steps.planned(5, start=10, evaluator_ids=[*pool[2:4], specialist["id"]], lead_id=pool[0])
    draw = await steps.drawn()
    assert draw["random"] is False
    assert {each["reasons"][0] for each in draw["body"]["exclusions"]} == {"qualification: not qualified for A05"}


async def test_who_reads_live_scores_does_not_rate(steps: Steps) -> None:
    """One person in two roles: the token that reads scores is refused at each step, and may give the case up."""
    await steps.scoring.hear(*contracts(3))
    await steps.register(4)
    await steps.planned(3)
    await steps.drawn()
    task = (await steps.tasks(0))[0]
    path = f"/v1/evaluations/assignments/{task['id']}"
    for role in ("finance", "purchaser", "auditor", "operator"):
        both = steps.scoring.client.as_("evaluator", role, subject="evaluator-0")
        answer = await both.post(f"{path}/declaration", json={"conflict": False})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden"), role
        assert role in answer.json()["detail"]
    alone, both = steps.as_evaluator(0), steps.scoring.client.as_("evaluator", "auditor", subject="evaluator-0")
    assert (await alone.post(f"{path}/declaration", json={"conflict": False})).status_code == 200
    assert (await both.post(f"{path}/ratings", json={"marks": marks("85", "70")})).status_code == 403
    assert (await alone.post(f"{path}/ratings", json={"marks": marks("85", "70")})).status_code == 201
    assert (await both.post(f"{path}/submit")).status_code == 403
    given_up = {"conflict": True, "nature": "advice", "statement": "simulated"}
    assert (await both.post(f"{path}/declaration", json=given_up)).json()["state"] == "recused"


async def test_who_left_the_register_rates_no_more(steps: Steps) -> None:
    """What was submitted stands; the open case waits for others. The same when the organisation is suspended."""
    await steps.scoring.hear(*contracts(3))
    await steps.register(4)
    await steps.planned(3)
    await steps.drawn()
    first, second = await steps.tasks(0)
    await steps.rate(0, first)
    path = f"/v1/evaluations/assignments/{second['id']}"
    client = steps.as_evaluator(0)
    assert (await client.post(f"{path}/declaration", json={"conflict": False})).status_code == 200
    retired = steps.evaluators[0]["id"]
    await steps.post(f"/evaluators/{retired}/retire", {"reason": "left the profession"}, expect=200)
    for act, body in (
        ("ratings", {"marks": marks("85", "70")}),
        ("declaration", {"conflict": False}),
        ("submit", None),
    ):
        answer = await client.post(f"{path}/{act}", json=body)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/rating-locked"), act
        assert "you are retired" in answer.json()["detail"]
    assert {each["state"] for each in await steps.tasks(0)} == {"submitted", "declared"}
    organisation = steps.evaluators[0]["organisation_id"]
    await steps.post(f"/evaluators/organisations/{organisation}/suspend", {"reason": "simulated"}, expect=200)
    task = (await steps.tasks(1))[0]
    answer = await steps.as_evaluator(1).post(
        f"/v1/evaluations/assignments/{task['id']}/declaration", json={"conflict": False}
    )
    assert (answer.status_code, "is suspended" in answer.json()["detail"]) == (409, True)
