"""Every endpoint of evaluations against every role, every assignment, the anonymous public and a foreign region."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import httpx
import pytest
from tests.scoring.conftest import Scoring
from tests.scoring.evaluations.evaluation_steps import PROVIDER, PURCHASER, Steps, contracts, form, marks

from scoring.evaluations.queries import submitted_marks
from shared import clock
from shared.auth import Principal, Role
from shared.db import principal_in
from shared.ids import new_id

ROLES: tuple[Role, ...] = get_args(Role)
ALL = frozenset(ROLES)
OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
REGISTRARS = frozenset({"finance", "operator"})
ORGANISERS = frozenset({"finance", "purchaser"})
RATER, LEAD, IDLE = "evaluator-0", "evaluator-3", "evaluator-4"
FOREIGN: tuple[list[str], ...] = (["CN-230103"], [])


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, who may use it, what it answers them, and what it answers a foreign region (None: the same)."""

    method: str
    path: str
    roles: frozenset[str]
    status: int
    foreign: int | None
    body: str | None = None
    evaluator: str = RATER


ENDPOINTS = [
    Endpoint("POST", "/v1/evaluations/forms", REGISTRARS, 201, None, "form"),
    Endpoint("GET", "/v1/evaluations/forms", ALL - {"public"}, 200, None),
    Endpoint("GET", "/v1/evaluations/forms/{form_id}", ALL - {"public"}, 200, None),
    Endpoint("POST", "/v1/evaluators/organisations", REGISTRARS, 409, 403, "organisation"),
    Endpoint("GET", "/v1/evaluators/organisations", OFFICERS, 200, None),
    Endpoint("POST", "/v1/evaluators/organisations/{organisation_id}/suspend", REGISTRARS, 200, 403, "reason"),
    Endpoint("POST", "/v1/evaluators", REGISTRARS, 409, 403, "evaluator"),
    Endpoint("GET", "/v1/evaluators", OFFICERS, 200, None),
    Endpoint("GET", "/v1/evaluators/me", frozenset({"evaluator"}), 200, None),
    Endpoint("GET", "/v1/evaluators/{evaluator_id}", OFFICERS | {"evaluator"}, 200, None, evaluator=IDLE),
    Endpoint("POST", "/v1/evaluators/{evaluator_id}/retire", REGISTRARS, 200, 403, "reason"),
    Endpoint("POST", "/v1/evaluators/{evaluator_id}/interests", REGISTRARS | {"evaluator"}, 201, 404, "interest", IDLE),
    Endpoint("GET", "/v1/evaluators/{evaluator_id}/interests", OFFICERS | {"evaluator"}, 200, 404, evaluator=IDLE),
    Endpoint("GET", "/v1/evaluations/assignments", frozenset({"evaluator"}), 200, 200),
    Endpoint("GET", "/v1/evaluations/assignments/{assignment_id}", frozenset({"evaluator"}), 200, 404),
    Endpoint(
        "POST", "/v1/evaluations/assignments/{assignment_id}/declaration", frozenset({"evaluator"}), 409, 404, "declare"
    ),
    Endpoint(
        "POST", "/v1/evaluations/assignments/{assignment_id}/ratings", frozenset({"evaluator"}), 409, 404, "marks"
    ),
    Endpoint("POST", "/v1/evaluations/assignments/{assignment_id}/submit", frozenset({"evaluator"}), 200, 404),
    Endpoint("GET", "/v1/evaluations/cases", ALL, 200, 200, evaluator=LEAD),
    Endpoint("GET", "/v1/evaluations/cases/{case_id}", ALL, 200, 404),
    Endpoint("POST", "/v1/evaluations/cases/{case_id}/evaluators", ORGANISERS, 409, 404, "reason"),
    Endpoint("POST", "/v1/evaluations/cases/{case_id}/views", frozenset({"provider", "purchaser"}), 409, 404, "view"),
    Endpoint("POST", "/v1/evaluations/cases/{case_id}/review", frozenset({"finance"}), 409, 404, "review"),
    Endpoint(
        "POST", "/v1/evaluations/cases/{case_id}/conclude", frozenset({"evaluator"}), 409, 404, "conclusion", LEAD
    ),
    Endpoint("POST", "/v1/evaluations/cases/{case_id}/publish", frozenset({"finance"}), 409, 404),
    Endpoint("POST", "/v1/evaluations", ORGANISERS, 422, 403, "plan"),
    Endpoint("GET", "/v1/evaluations", OFFICERS, 200, 200),
    Endpoint("GET", "/v1/evaluations/{evaluation_id}", OFFICERS, 200, 404),
    Endpoint("POST", "/v1/evaluations/{evaluation_id}/draw", ORGANISERS, 409, 404),
    Endpoint("GET", "/v1/evaluations/{evaluation_id}/draws", OFFICERS, 200, 404),
    Endpoint("GET", "/v1/evaluations/{evaluation_id}/acts", OFFICERS, 200, 404),
    Endpoint("POST", "/v1/evaluations/{evaluation_id}/close", ORGANISERS, 409, 404, "close"),
    Endpoint("POST", "/v1/evaluations/{evaluation_id}/exchange", ORGANISERS, 409, 404),
    Endpoint("POST", "/v1/evaluations/{evaluation_id}/cancel", ORGANISERS, 409, 404, "reason"),
    Endpoint("GET", "/v1/evaluations/{evaluation_id}/d-study", OFFICERS, 200, 404),
]
# These put the region of the object into the answer for the gateway's second check.
NAMES_REGION = ("/v1/evaluations/{evaluation_id}", "/v1/evaluations/cases/{case_id}", "/v1/evaluations/assignments/{")


class World:
    """Three contracts, rated and in exchange; the first is published. Evaluator 4 is idle."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.ids: dict[str, str] = {}

    async def build(self) -> None:
        steps = self.steps
        await steps.scoring.hear(*contracts(3))
        await steps.register(4)
        await steps.planned(3)
        await steps.drawn()
        await steps.rate_all()
        await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
        await steps.post(f"/evaluations/{steps.id}/exchange", expect=200)
        task = (await steps.tasks(0))[0]
        self.ids = {"evaluation_id": steps.id, "assignment_id": task["id"], "case_id": task["case_id"]}
        lead: dict[str, Any] = {"role": "evaluator", "subject": LEAD, "expect": 200}
        with clock.frozen(clock.now() + timedelta(days=15)):
            await steps.post(f"/evaluations/cases/{task['case_id']}/conclude", {"conclusion": "sound"}, **lead)
        await steps.post(f"/evaluations/cases/{task['case_id']}/publish", expect=200)
        (idle,) = (await steps.register(1))[4:]
        self.ids |= {
            "evaluator_id": idle["id"],
            "organisation_id": idle["organisation_id"],
            "form_id": "simulated-form",
        }
        case = await steps.get(f"/evaluations/cases/{task['case_id']}")
        self.provider = case["provider_id"]

    def body(self, name: str | None) -> Any:
        first = self.steps.evaluators[0]
        return {
            None: None,
            "form": form(),
            "organisation": {"region": "CN-230000", "name": "simulated evaluators 0"},
            "reason": {"reason": "simulated"},
            "evaluator": {
                "organisation_id": first["organisation_id"],
                "code": first["code"],
                "subject": "another",
                "home_region": "CN-230100",
            },
            "interest": {"contract_id": str(new_id()), "nature": "advice", "statement": "simulated"},
            "declare": {"conflict": False},
            "marks": {"marks": marks("85", "70")},
            "view": {"agrees": True, "statement": "simulated"},
            "review": {"decision": "upheld", "reason": "simulated"},
            "conclusion": {"conclusion": "simulated"},
            "plan": self.steps.plan(1, contract_ids=[str(new_id())]),
            "close": {},
        }[name]

    async def call(self, client: httpx.AsyncClient, endpoint: Endpoint) -> httpx.Response:
        return await client.request(endpoint.method, endpoint.path.format(**self.ids), json=self.body(endpoint.body))

    def client(self, role: str, endpoint: Endpoint, *, regions: list[str]) -> httpx.AsyncClient:
        subject = endpoint.evaluator if role == "evaluator" else f"{role}-1"
        organisation = PURCHASER if role == "purchaser" else self.provider
        return self.steps.scoring.client.as_(role, regions=regions, subject=subject, organisation=organisation)


@pytest.fixture(scope="module")
async def world(shared_scoring: Scoring) -> World:
    made = World(Steps(shared_scoring))
    await made.build()
    return made


async def test_roles_and_regions(world: World) -> None:
    for endpoint in ENDPOINTS:
        for role in ROLES:
            answer = await world.call(world.client(role, endpoint, regions=["CN-23"]), endpoint)
            expected = endpoint.status if role in endpoint.roles else 403
            assert answer.status_code == expected, (endpoint, role, answer.text)
            if expected == 403:
                assert answer.json()["type"] == "/problems/forbidden"
                continue
            if endpoint.path.startswith(NAMES_REGION) and expected < 300:
                assert answer.headers["gongping-region"].startswith("CN-23"), endpoint
            # An evaluator is the same evaluator everywhere: the own entry and interests are not a region's.
            if endpoint.foreign is None or (role == "evaluator" and "evaluators" in endpoint.path):
                continue
            for regions in FOREIGN:
                answer = await world.call(world.client(role, endpoint, regions=regions), endpoint)
                assert answer.status_code == endpoint.foreign, (endpoint, role, regions, answer.text)
                if endpoint.foreign == 200:
                    assert answer.json()["items"] == []
        answer = await world.call(world.steps.scoring.client.anonymous, endpoint)
        assert answer.status_code == (endpoint.status if "public" in endpoint.roles else 401), endpoint


async def test_assignments(world: World) -> None:
    """Assigned, leading, on the register without the case, not on the register: who of the evaluators sees what."""
    steps = world.steps
    cases = await steps.cases()
    assigned = {number: {task["case_id"] for task in await steps.tasks(number)} for number in range(4)}
    assert all(len(mine) == 2 for number, mine in assigned.items() if number < 3)
    assert assigned[3] == set()
    for case in cases:
        published = case["id"] == world.ids["case_id"]
        for number in range(3):
            client = steps.as_evaluator(number)
            answer = await client.get(f"/v1/evaluations/cases/{case['id']}")
            mine = case["id"] in assigned[number]
            assert answer.status_code == (200 if mine or published else 404), (case, number)
            if mine:
                assert answer.json()["assignments"] == []
                assert answer.json()["anchor"] is None
                raters = {each["rater"] for each in answer.json()["result"]["criteria"][0]["marks"]}
                assert raters == {"1", "2"}
            conclude = await client.post(f"/v1/evaluations/cases/{case['id']}/conclude", json={"conclusion": "mine"})
            assert (conclude.status_code, conclude.json()["type"]) == (403, "/problems/not-your-case")
        lead = await steps.as_evaluator(3).get(f"/v1/evaluations/cases/{case['id']}")
        assert {each["code"] for each in lead.json()["assignments"]} <= {"E-0000", "E-0001", "E-0002"}
        for subject in (IDLE, "nobody"):
            client = steps.scoring.client.as_("evaluator", subject=subject)
            answer = await client.get(f"/v1/evaluations/cases/{case['id']}")
            assert answer.status_code == (200 if published else 404), subject
    for number in (1, 2, 3, 4):
        if world.ids["assignment_id"] not in {task["id"] for task in await steps.tasks(number)}:
            path = f"/v1/evaluations/assignments/{world.ids['assignment_id']}"
            assert (await steps.as_evaluator(number).get(path)).status_code == 404
            assert (await steps.as_evaluator(number).post(f"{path}/submit")).status_code == 404
    unknown = steps.scoring.client.as_("evaluator", subject="nobody")
    for path in ("/v1/evaluators/me", "/v1/evaluations/assignments", "/v1/evaluations/cases"):
        assert (await unknown.get(path)).status_code == 404, path
    other = steps.evaluators[1]["id"]
    assert (await steps.as_evaluator(0).get(f"/v1/evaluators/{other}")).status_code == 404
    assert (await steps.as_evaluator(0).get(f"/v1/evaluators/{other}/interests")).status_code == 404


async def test_a_provider_sees_its_own_cases_only(world: World) -> None:
    client = world.steps.scoring.client.as_("provider", organisation=PROVIDER)
    items = (await client.get("/v1/evaluations/cases")).json()["items"]
    assert items
    assert {item["provider_id"] for item in items} == {str(PROVIDER)}
    for case in await world.steps.cases():
        answer = await client.get(f"/v1/evaluations/cases/{case['id']}")
        visible = case["provider_id"] == str(PROVIDER) or case["state"] == "published"
        assert answer.status_code == (200 if visible else 404)
        if case["state"] == "published" and case["provider_id"] != str(PROVIDER):
            assert [each["marks"] for each in answer.json()["result"]["criteria"]] == [[], []]
    nameless = world.steps.scoring.client.as_("provider")
    assert (await nameless.get("/v1/evaluations/cases")).status_code == 403


async def test_an_officer_of_a_county_sees_the_cases_of_a_province_s_evaluation(world: World) -> None:
    county = world.steps.scoring.client.as_("auditor", regions=["CN-230102"])
    items = (await county.get("/v1/evaluations/cases")).json()["items"]
    assert len(items) == 3
    shown = (await county.get(f"/v1/evaluations/cases/{items[0]['id']}")).json()
    assert len(shown["assignments"]) == 2
    assert (await county.get(f"/v1/evaluations/{shown['evaluation_id']}")).status_code == 404
    # The county's case in hand, its marks can be read for a determination or an appeal.
    principal = Principal("county", frozenset({"auditor"}), ("CN-230102",))
    async with world.steps.scoring.database.reading(principal=principal) as session:
        found = await submitted_marks(session, [UUID(shown["evaluation_id"])])
        assert len(found.mark) == 12
        assert principal_in(session) is principal
