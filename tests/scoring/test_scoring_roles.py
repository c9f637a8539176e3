"""Every endpoint against every role, the anonymous public and a foreign region."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from fastapi.routing import APIRoute
from tests.scoring.cases import CONTRACT, REGION, complete_history, ident
from tests.scoring.conftest import SELF, Scoring

from scoring.app import service
from shared import clock
from shared.auth import Role

ROLES: tuple[Role, ...] = get_args(Role)
OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
SIGNERS = frozenset({"finance", "purchaser"})
FOREIGN: tuple[list[str], ...] = (["CN-31"], ["CN-230103"], ["XK"], [])
PURCHASER, PROVIDER = ident(4, 1), ident(4, 2)


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, who may use it, and what it answers them; `foreign` is the answer to a foreign region."""

    method: str
    path: str
    roles: frozenset[str]
    status: int
    foreign: int | None
    params: dict[str, str] | None = None
    body: dict[str, Any] | None = None


OF_CONTRACT = {"contract_id": str(CONTRACT)}
UNDER = {"framework_id": SELF}
DOCUMENT = {"sha256": "a" * 64, "title": "a simulated document"}
STATEMENT = OF_CONTRACT | {
    "kind": "manual",
    "measure": "plan-approved",
    "dist": "tier",
    "tier": "yes",
    "document": DOCUMENT,
    "valid_on": "2026-06-01",
    "source": "simulated",
}
SERVICE = {"party": "provider", "method": "in_person", "served_at": "2026-11-20T09:00:00+08:00", "proof": DOCUMENT}


ENDPOINTS = [
    Endpoint("GET", "/v1/frameworks", frozenset(ROLES), 200, None),
    Endpoint("GET", "/v1/frameworks/{framework_id}", frozenset(ROLES), 200, None),
    Endpoint("GET", "/v1/evidence", OFFICERS, 200, 404, params=OF_CONTRACT),
    Endpoint("GET", "/v1/evidence/{evidence_id}", OFFICERS, 200, 404),
    Endpoint("GET", "/v1/targets", OFFICERS, 200, 404, params=OF_CONTRACT),
    Endpoint("POST", "/v1/evidence", SIGNERS, 201, 404, body=STATEMENT),
    Endpoint("GET", "/v1/scores/{contract_id}", OFFICERS, 200, 404),
    Endpoint("GET", "/v1/scores/{contract_id}/history", OFFICERS, 200, 404, params=UNDER),
    Endpoint("GET", "/v1/scores/{contract_id}/explanation", OFFICERS, 200, 404, params=UNDER),
    Endpoint("GET", "/v1/scores/{contract_id}/uncertainty", OFFICERS, 200, 404, params=UNDER),
    Endpoint("GET", "/v1/scores/{contract_id}/as-known", OFFICERS, 200, 404, params=UNDER),
    Endpoint("GET", "/v1/scores/{contract_id}/snapshot", OFFICERS, 200, 404, params=UNDER),
    Endpoint("GET", "/v1/scores/{contract_id}/provenance", OFFICERS, 200, 404, params=UNDER),
    Endpoint("POST", "/v1/determinations", SIGNERS, 409, 404, body=OF_CONTRACT | UNDER | {"document_number": "1"}),
    # The determination of this test is served and published: everybody reads it.
    Endpoint("GET", "/v1/determinations", frozenset(ROLES), 200, 200, params=OF_CONTRACT),
    Endpoint("GET", "/v1/determinations/{determination_id}", frozenset(ROLES), 200, 404),
    Endpoint("GET", "/v1/determinations/{determination_id}/acts", OFFICERS | {"provider"}, 200, 404),
    Endpoint("POST", "/v1/determinations/{determination_id}/service", SIGNERS, 409, 404, body=SERVICE),
    Endpoint("POST", "/v1/determinations/{determination_id}/publication", SIGNERS, 409, 404),
]


async def call(client: httpx.AsyncClient, endpoint: Endpoint, ids: dict[str, str]) -> httpx.Response:
    path = endpoint.path.format(framework_id=SELF, contract_id=CONTRACT, **ids)
    if endpoint.method == "GET":
        return await client.get(path, params=endpoint.params)
    return await client.request(endpoint.method, path, params=endpoint.params, json=endpoint.body or {})


async def published(scoring: Scoring) -> dict[str, str]:
    """A contract with a determination that was served and published; the ids that paths ask for."""
    await scoring.hear(*complete_history())
    determination_id = (await scoring.determine(CONTRACT)).json()["id"]
    finance = scoring.client.as_("finance")
    for act, body in (("service", SERVICE | {"served_at": clock.now().isoformat()}), ("publication", {})):
        answer = await finance.post(f"/v1/determinations/{determination_id}/{act}", json=body)
        assert answer.status_code == 201, answer.text
    return {"determination_id": determination_id, "evidence_id": str(CONTRACT)}


def elsewhere() -> set[tuple[str, str]]:
    """Endpoints with a matrix beside their slice's other tests: ENDPOINTS of each `test_*_roles.py` below here."""
    folder = Path(__file__).parent
    modules = [f"tests.scoring.{path.parent.name}.{path.stem}" for path in folder.glob("*/test_*_roles.py")]
    return {(endpoint.method, endpoint.path) for module in modules for endpoint in import_module(module).ENDPOINTS}


def test_matrix_names_every_endpoint() -> None:
    found = {
        (method, route.path)
        for routes in service.routers
        for route in routes.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert found == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS} | elsewhere()


async def test_roles_and_regions(scoring: Scoring) -> None:
    ids = await published(scoring)
    for endpoint in ENDPOINTS:
        for role in ROLES:
            party = PURCHASER if role == "purchaser" else PROVIDER
            inside = scoring.client.as_(role, regions=["CN-23"], organisation=party)
            answer = await call(inside, endpoint, ids)
            expected = endpoint.status if role in endpoint.roles else 403
            assert answer.status_code == expected, (endpoint, role, answer.text)
            if expected == 403:
                assert answer.json()["type"] == "/problems/forbidden"
                continue
            for regions in FOREIGN if endpoint.foreign is not None else ():
                outside = scoring.client.as_(role, regions=regions, organisation=party)
                answer = await call(outside, endpoint, ids)
                assert answer.status_code == endpoint.foreign, (endpoint, role, regions, answer.text)
                assert str(CONTRACT) not in answer.text or endpoint.foreign == 404
                if endpoint.foreign == 200:
                    assert answer.json()["items"] == []
        answer = await call(scoring.client.anonymous, endpoint, ids)
        assert answer.status_code == (endpoint.status if "public" in endpoint.roles else 401), endpoint


async def test_answers_name_their_region(scoring: Scoring) -> None:
    ids = await published(scoring)
    for endpoint in ENDPOINTS:
        if endpoint.foreign != 404 or endpoint.method == "POST":
            continue
        answer = await call(scoring.client.as_("auditor", regions=[REGION]), endpoint, ids)
        assert answer.headers["gongping-region"] == REGION, endpoint


@pytest.mark.parametrize("role", ["evaluator", "provider", "public"])
async def test_the_live_score_is_the_officers_alone(scoring: Scoring, role: Role) -> None:
    await scoring.hear(*complete_history())
    client = scoring.client.as_(role, organisation=PROVIDER)
    for path in (f"/v1/scores/{CONTRACT}", f"/v1/evidence?contract_id={CONTRACT}"):
        assert (await client.get(path)).status_code == 403


async def test_a_purchaser_determines_its_own_contracts(scoring: Scoring) -> None:
    ids = await published(scoring)
    stranger = scoring.client.as_("purchaser", regions=["CN-23"], organisation=ident(4, 99))
    acts = [each for each in ENDPOINTS if each.method == "POST" and each.path.startswith("/v1/determinations")]
    assert len(acts) >= 3
    for endpoint in acts:
        answer = await call(stranger, endpoint, ids)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-the-purchaser"), endpoint
    both = scoring.client.as_("purchaser", "finance", regions=["CN-23"], organisation=ident(4, 99))
    assert (await call(both, acts[0], ids)).status_code == acts[0].status
