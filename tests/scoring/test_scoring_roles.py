"""Every endpoint against every role, the anonymous public and a foreign region."""

from dataclasses import dataclass
from typing import get_args

import httpx
import pytest
from fastapi.routing import APIRoute
from tests.scoring.cases import CONTRACT, REGION, complete_history, ident
from tests.scoring.conftest import SELF, Scoring

from scoring.app import service
from shared.auth import Role

ROLES: tuple[Role, ...] = get_args(Role)
OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
SIGNERS = frozenset({"finance", "purchaser"})
FOREIGN: tuple[list[str], ...] = (["CN-31"], ["CN-230103"], ["XK"], [])
PROVIDER = ident(4, 2)


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, who may use it, and what it answers them; `foreign` is the answer to a foreign region."""

    method: str
    path: str
    roles: frozenset[str]
    status: int
    foreign: int | None


ENDPOINTS = [
    Endpoint("GET", "/v1/frameworks", frozenset(ROLES), 200, None),
    Endpoint("GET", "/v1/frameworks/{framework_id}", frozenset(ROLES), 200, None),
    Endpoint("GET", "/v1/evidence", OFFICERS, 200, 404),
    Endpoint("GET", "/v1/scores/{contract_id}", OFFICERS, 200, 404),
    Endpoint("GET", "/v1/scores/{contract_id}/history", OFFICERS, 200, 404),
    Endpoint("GET", "/v1/scores/{contract_id}/explanation", OFFICERS, 200, 404),
    Endpoint("POST", "/v1/determinations", SIGNERS, 409, 404),
    Endpoint("GET", "/v1/determinations", OFFICERS | {"provider"}, 200, 200),
    Endpoint("GET", "/v1/determinations/{determination_id}", OFFICERS | {"provider"}, 200, 404),
]


async def call(client: httpx.AsyncClient, endpoint: Endpoint, determination_id: str) -> httpx.Response:
    path = endpoint.path.format(framework_id=SELF, contract_id=CONTRACT, determination_id=determination_id)
    params = {"framework_id": SELF} if "history" in path or "explanation" in path else {}
    if endpoint.path in {"/v1/evidence", "/v1/determinations"}:
        params = {"contract_id": str(CONTRACT)}
    if endpoint.method == "POST":
        body = {"contract_id": str(CONTRACT), "framework_id": SELF, "document_number": "1"}
        return await client.post(path, json=body)
    return await client.get(path, params=params)


def test_matrix_names_every_endpoint() -> None:
    found = {
        (method, route.path)
        for routes in service.routers
        for route in routes.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert found == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


async def test_roles_and_regions(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    determination_id = (await scoring.determine(CONTRACT)).json()["id"]
    for endpoint in ENDPOINTS:
        for role in ROLES:
            inside = scoring.client.as_(role, regions=["CN-23"], organisation=PROVIDER)
            answer = await call(inside, endpoint, determination_id)
            expected = endpoint.status if role in endpoint.roles else 403
            assert answer.status_code == expected, (endpoint, role, answer.text)
            if expected == 403:
                assert answer.json()["type"] == "/problems/forbidden"
                continue
            for regions in FOREIGN if endpoint.foreign is not None else ():
                outside = scoring.client.as_(role, regions=regions, organisation=PROVIDER)
                answer = await call(outside, endpoint, determination_id)
                assert answer.status_code == endpoint.foreign, (endpoint, role, regions, answer.text)
                assert str(CONTRACT) not in answer.text or endpoint.foreign == 404
                if endpoint.foreign == 200:
                    assert answer.json()["items"] == []
        answer = await call(scoring.client.anonymous, endpoint, determination_id)
        assert answer.status_code == (endpoint.status if "public" in endpoint.roles else 401), endpoint


async def test_answers_name_their_region(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    determination_id = (await scoring.determine(CONTRACT)).json()["id"]
    for endpoint in ENDPOINTS:
        if endpoint.foreign != 404 or endpoint.method == "POST":
            continue
        answer = await call(scoring.client.as_("auditor", regions=[REGION]), endpoint, determination_id)
        assert answer.headers["gongping-region"] == REGION, endpoint


@pytest.mark.parametrize("role", ["evaluator", "provider", "public"])
async def test_the_live_score_is_the_officers_alone(scoring: Scoring, role: Role) -> None:
    await scoring.hear(*complete_history())
    client = scoring.client.as_(role, organisation=PROVIDER)
    for path in (f"/v1/scores/{CONTRACT}", f"/v1/evidence?contract_id={CONTRACT}"):
        assert (await client.get(path)).status_code == 403
