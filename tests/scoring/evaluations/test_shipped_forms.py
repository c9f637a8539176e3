"""The rating forms that are shipped: whole, hashed, and asking for what the shipped frameworks ask for."""

from typing import Any

import pytest
from tests.scoring.cases import state
from tests.scoring.evaluations.evaluation_steps import Steps, contract_id

from scoring.canonical import canonical, sha256
from scoring.evaluations.criteria import check_form, criteria_for, every_rating_node, rating_nodes
from scoring.evaluations.forms import shipped_forms
from scoring.evaluations.models import RatingForm
from scoring.evaluations.register.schemas import FormIn
from scoring.frameworks.registry import Registry
from scoring.frameworks.service import registry


@pytest.fixture(scope="module")
async def known(shared_scoring: object) -> Registry:
    from tests.scoring.conftest import Scoring  # noqa: PLC0415 - for its type

    assert isinstance(shared_scoring, Scoring)
    async with shared_scoring.database.reading() as session:
        return await registry(session)


def by_id(form_id: str) -> RatingForm:
    return next(form for form in shipped_forms() if form.id == form_id)


@pytest.mark.parametrize("form", shipped_forms(), ids=lambda form: form.id)
def test_shipped_forms_are_whole(form: RatingForm) -> None:
    assert FormIn.model_validate(form.document).model_dump(mode="json") == form.document
    assert form.sha256 == sha256(canonical(form.document))
    assert all(criterion["points"] and criterion["source"] for criterion in form.document["criteria"])


@pytest.mark.parametrize("form", shipped_forms(), ids=lambda form: form.id)
def test_shipped_forms_fit_their_frameworks(form: RatingForm, known: Registry) -> None:
    framework = known.find(form.id)
    nodes = every_rating_node(known, framework)
    check_form(form, nodes, known=nodes)
    assert set(nodes) == {criterion["code"] for criterion in form.document["criteria"]}
    # The tiers are the framework's: the evaluator's pick means the same in both.
    for node in framework.walk():
        if node.rule is None or node.rule.evidence.get("from") != "rating":
            continue
        criterion = next(each for each in form.document["criteria"] if each["code"] == node.rule.evidence["criterion"])
        tiers = {tier["code"]: [tier["minimum"], tier["maximum"]] for tier in criterion["tiers"]}
        assert tiers == dict(node.rule.normaliser["ranges"])


def test_a_case_is_rated_on_what_its_service_category_asks(known: Registry) -> None:
    form = by_id("common-core").document
    codes = {
        category: [
            each["code"] for each in criteria_for(form, rating_nodes(known.find("common-core", category=category)))
        ]
        for category in ("A05", "A0505", "A10")
    }
    assert codes == {"A05": ["care_standard"], "A0505": ["family_standard"], "A10": ["community_standard"]}


async def test_a_rating_under_a_shipped_framework_names_its_node(steps: Steps) -> None:
    await steps.scoring.hear(
        state("active", version=2, contract_id=contract_id(0), service_category="A05"),
        state("active", version=2, contract_id=contract_id(1), service_category="A10"),
    )
    await steps.register(3)
    await steps.planned(2, framework_id="common-core", form_id="common-core")
    await steps.drawn()
    for task in await steps.tasks(0):
        mine: dict[str, Any] = {"role": "evaluator", "subject": "evaluator-0"}
        path = f"/evaluations/assignments/{task['id']}"
        await steps.post(f"{path}/declaration", {"conflict": False}, expect=200, **mine)
        ours, other = ("care_standard", "community_standard")[:: 1 if task["service_category"] == "A05" else -1]
        mark = {"tier": "partly", "mark": "85", "tier_reason": "simulated", "narrative": "the records were looked at"}
        wrong = await steps.post(f"{path}/ratings", {"marks": [mark | {"criterion": ours}]}, expect=422, **mine)
        assert wrong["type"] == "/problems/rating-out-of-scale"
        node = rating_nodes_of(wrong["detail"])
        assert node.startswith("(node ")
        assert node.endswith(f".{ours})")
        stray = await steps.post(f"{path}/ratings", {"marks": [mark | {"criterion": other}]}, expect=422, **mine)
        assert "does not ask for it" in stray["detail"]
        made = await steps.post(f"{path}/ratings", {"marks": [mark | {"criterion": ours, "mark": None}]}, **mine)
        assert [(each["mark"], each["midpoint"]) for each in made["marks"]] == [("70.00", True)]
        assert made["marks"][0]["node"].endswith(f".{ours}")
        await steps.post(f"{path}/submit", expect=200, **mine)
    same = by_id("common-core").document
    assert (await steps.post("/evaluations/forms", same))["recorded_by"] == "shipped"
    await steps.post("/evaluations/forms", same | {"source": "another"}, expect=409)


def rating_nodes_of(detail: str) -> str:
    return detail[detail.index("(node ") : detail.index(")") + 1]
