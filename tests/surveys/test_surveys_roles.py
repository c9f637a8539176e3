"""Every endpoint against every role, the anonymous public and a foreign region."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, get_args
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute
from tests.surveys.conftest import FOREIGN, REGION, Surveys, answers, contract_fields

from gongping_local.pytest_servers import Servers
from shared.auth import Role
from shared.events import ContractActivated
from shared.testing import client_for, new_database
from surveys.app import service

ROLES: tuple[Role, ...] = get_args(Role)
STAFF = frozenset(ROLES) - {"public"}
MANAGERS = frozenset({"finance", "purchaser", "operator"})


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, who may use it, and what it answers them; `scoped` ones answer a foreign region 404."""

    method: str
    path: str
    roles: frozenset[str]
    status: int
    scoped: bool


ENDPOINTS = [
    Endpoint("GET", "/v1/instruments", frozenset(ROLES), 200, scoped=False),
    Endpoint("GET", "/v1/instruments/{instrument_id}", frozenset(ROLES), 200, scoped=False),
    Endpoint("GET", "/v1/waves", STAFF, 200, scoped=False),
    Endpoint("POST", "/v1/waves", MANAGERS, 201, scoped=True),
    Endpoint("GET", "/v1/waves/{wave_id}", frozenset(ROLES), 200, scoped=True),
    Endpoint("PUT", "/v1/waves/{wave_id}/responses/{submission_id}", frozenset(ROLES), 201, scoped=True),
    Endpoint(
        "POST",
        "/v1/waves/{wave_id}/responses:batch",
        frozenset({"purchaser", "evaluator", "operator"}),
        200,
        scoped=True,
    ),
    Endpoint("POST", "/v1/waves/{wave_id}/close", MANAGERS, 200, scoped=True),
    Endpoint("GET", "/v1/waves/{wave_id}/results", STAFF, 409, scoped=True),
]


@pytest.fixture
async def home(servers: Servers) -> AsyncIterator[Surveys]:
    async with new_database(servers.postgres_url, "surveys") as url, client_for(service, url) as client:
        yield Surveys(client)


async def call(surveys: Surveys, client: httpx.AsyncClient, endpoint: Endpoint, region: str) -> httpx.Response:
    """Call an endpoint on a fresh contract and wave of a region."""
    body: Any = None
    wave_id = ""
    if endpoint.path == "/v1/waves" and endpoint.method == "POST":
        contract = ContractActivated.model_validate(contract_fields(region=region))
        await surveys.hear(contract)
        body = {"contract_id": str(contract.contract_id), "kind": "midterm", "design": "open_link"}
    elif "{wave_id}" in endpoint.path:
        wave_id = (await surveys.completed_wave(region=region))["id"]
    if endpoint.method == "PUT":
        body = answers()
    elif endpoint.path.endswith(":batch"):
        body = {"items": [{"submission_id": str(uuid4())}]}
    path = endpoint.path.format(wave_id=wave_id, submission_id=uuid4(), instrument_id="public-service-core")
    return await client.request(endpoint.method, path, json=body)


def test_matrix_names_every_endpoint(home: Surveys) -> None:
    found = {
        (method, f"{route.path}")
        for routes in service.routers
        for route in routes.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert found == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
async def test_roles_and_regions(home: Surveys, endpoint: Endpoint) -> None:
    for role in ROLES:
        answer = await call(home, home.client.as_(role, regions=["CN-23"]), endpoint, REGION)
        expected = endpoint.status if role in endpoint.roles else 403
        assert answer.status_code == expected, (role, answer.text)
        if expected == 403:
            assert answer.json()["type"] == "/problems/forbidden"
        if role not in endpoint.roles or not endpoint.scoped:
            continue
        for regions in (["CN-31"], ["CN-230103"], ["XK"], []):
            answer = await call(home, home.client.as_(role, regions=regions), endpoint, REGION)
            assert answer.status_code == 404, (role, regions, answer.text)
    answer = await call(home, home.client.anonymous, endpoint, REGION)
    assert answer.status_code == (endpoint.status if "public" in endpoint.roles else 401), answer.text


async def test_list_shows_the_own_regions_only(home: Surveys) -> None:
    here, there = await home.completed_wave(), await home.completed_wave(region=FOREIGN)
    for regions, expected in (
        (["CN-23"], {here["id"]}),
        (["CN-310101"], {there["id"]}),
        (["CN"], {here["id"], there["id"]}),
        (["XK"], set()),
        ([], set()),
    ):
        answer = await home.client.as_("auditor", regions=regions).get("/v1/waves")
        assert {wave["id"] for wave in answer.json()["items"]} == expected


async def test_expired_and_foreign_tokens_are_refused_everywhere(home: Surveys) -> None:
    for endpoint in ENDPOINTS:
        answer = await call(home, _with_token(home, "not.a.token"), endpoint, REGION)
        assert answer.status_code == 401, endpoint


def _with_token(surveys: Surveys, bearer: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=surveys.client.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers={"Authorization": f"Bearer {bearer}"})


async def test_interface_document_names_every_endpoint(home: Surveys) -> None:
    document = (await home.client.anonymous.get("/openapi.json")).json()
    for endpoint in ENDPOINTS:
        operation = document["paths"][endpoint.path][endpoint.method.lower()]
        assert operation["summary"]
        assert operation["description"]
    put = document["paths"]["/v1/waves/{wave_id}/responses/{submission_id}"]["put"]
    assert put["requestBody"]["content"]["application/json"]["schema"]["required"] == ["answers"]
    assert set(put["responses"]) >= {"200", "201"}
