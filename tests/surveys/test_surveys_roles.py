"""Every endpoint against every role, the anonymous public and a foreign region."""

from collections.abc import AsyncIterator, Awaitable, Callable
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
from shared.jobs import Worker
from shared.testing import client_for, new_database
from surveys.app import service
from surveys.instruments.document import Instrument
from surveys.instruments.shipped import COMMON_CORE, shipped
from surveys.instruments.xlsform import write_xlsform
from surveys.publication.handlers import publish_wave_job

ROLES: tuple[Role, ...] = get_args(Role)
STAFF = frozenset(ROLES) - {"public"}
MANAGERS = frozenset({"finance", "purchaser", "operator"})
KEEPERS = frozenset({"finance", "operator"})
OFFICERS = frozenset({"finance", "evaluator", "auditor", "operator"})
CSV = {"format": "csv"}
NOBODY = {"instrument_sha256": "0" * 64}


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, who may use it, and what it answers them; `scoped` ones answer a foreign region 404.

    `before` makes on a fresh wave what the endpoint needs, and returns the body to send.
    """

    method: str
    path: str
    roles: frozenset[str]
    status: int
    scoped: bool
    before: "Callable[[Surveys, str], Awaitable[Any]] | None" = None
    params: dict[str, str] | None = None


HELD = {"held_by": "purchaser", "source": "登记册"}
ROWS = {"rows": [{"reference": str(number)} for number in range(40)]}


async def own_questionnaire(surveys: Surveys, wave_id: str) -> Any:
    return shipped()[COMMON_CORE, "1.0.0"].document | {"id": f"matrix-{uuid4().hex}"}


async def own_form(surveys: Surveys, wave_id: str) -> bytes:
    return write_xlsform(Instrument.model_validate(await own_questionnaire(surveys, wave_id)))


async def some_rows(surveys: Surveys, wave_id: str) -> Any:
    return ROWS


async def with_frame(surveys: Surveys, wave_id: str) -> Any:
    answer = await surveys.client.as_("operator").post(f"/v1/waves/{wave_id}/frame", params=HELD, json=ROWS)
    assert answer.status_code == 200, answer.text
    return {}


async def with_sample(surveys: Surveys, wave_id: str) -> Any:
    await with_frame(surveys, wave_id)
    answer = await surveys.client.as_("operator").post(f"/v1/waves/{wave_id}/frame/draw", json={})
    assert answer.status_code == 200, answer.text
    return {}


async def to_reconcile(surveys: Surveys, wave_id: str) -> Any:
    await with_sample(surveys, wave_id)
    return {"paid_units": 40, "basis": "发票"}


async def to_audit(surveys: Surveys, wave_id: str) -> Any:
    await with_sample(surveys, wave_id)
    return {"references": [str(number) for number in range(40)], "source": "医保", "held_by": "third_party"}


async def with_tokens(surveys: Surveys, wave_id: str) -> list[dict[str, Any]]:
    await with_sample(surveys, wave_id)
    answer = await surveys.client.as_("operator").post(f"/v1/waves/{wave_id}/invitations", json={})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def to_reissue(surveys: Surveys, wave_id: str) -> Any:
    return {"reference_hmacs": [item["reference_hmac"] for item in await with_tokens(surveys, wave_id)][:1]}


async def to_mark(surveys: Surveys, wave_id: str) -> Any:
    (item, *_) = await with_tokens(surveys, wave_id)
    return {"items": [{"reference_hmac": item["reference_hmac"], "mark": "bounced"}]}


async def to_print(surveys: Surveys, wave_id: str) -> Any:
    (item, *_) = await with_tokens(surveys, wave_id)
    return {"items": [{"token": item["token"], "code": item["code"]}]}


async def to_register(surveys: Surveys, wave_id: str) -> Any:
    return {"pseudonyms": ["e1"], "employed_by": "purchaser"}


async def with_enumerator(surveys: Surveys, wave_id: str) -> Any:
    body = await to_register(surveys, wave_id)
    answer = await surveys.client.as_("operator").post(f"/v1/waves/{wave_id}/enumerators", json=body)
    assert answer.status_code == 201, answer.text


async def published(surveys: Surveys, wave_id: str) -> Any:
    closed = await surveys.client.as_("operator").post(f"/v1/waves/{wave_id}/close")
    assert closed.status_code == 200, closed.text
    assert await Worker(surveys.database, [publish_wave_job]).run_one()


async def to_recompute(surveys: Surveys, wave_id: str) -> Any:
    await published(surveys, wave_id)
    return {"reason": "人口数更正"}


ENDPOINTS = [
    Endpoint("GET", "/v1/instruments", frozenset(ROLES), 200, scoped=False),
    Endpoint("GET", "/v1/instruments/{instrument_id}", frozenset(ROLES), 200, scoped=False),
    Endpoint("GET", "/v1/instruments/{instrument_id}/xlsform", frozenset(ROLES), 200, scoped=False),
    Endpoint("POST", "/v1/instruments", KEEPERS, 201, scoped=False, before=own_questionnaire),
    Endpoint("POST", "/v1/instruments:xlsform", KEEPERS, 201, scoped=False, before=own_form),
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
    Endpoint("POST", "/v1/waves/{wave_id}/frame", MANAGERS, 200, scoped=True, before=some_rows, params=HELD),
    Endpoint("GET", "/v1/waves/{wave_id}/frame", STAFF - {"provider"}, 200, scoped=True, before=with_frame),
    Endpoint("POST", "/v1/waves/{wave_id}/frame/draw", MANAGERS, 200, scoped=True, before=with_frame),
    Endpoint("POST", "/v1/waves/{wave_id}/frame/reconciliation", MANAGERS, 200, scoped=True, before=to_reconcile),
    Endpoint("POST", "/v1/waves/{wave_id}/frame/audit", MANAGERS | {"evaluator"}, 200, scoped=True, before=to_audit),
    Endpoint("POST", "/v1/waves/{wave_id}/invitations", MANAGERS, 201, scoped=True, before=with_sample),
    Endpoint("POST", "/v1/waves/{wave_id}/invitations/reissue", MANAGERS, 200, scoped=True, before=to_reissue),
    Endpoint("POST", "/v1/waves/{wave_id}/invitations/marks", MANAGERS, 200, scoped=True, before=to_mark),
    Endpoint("POST", "/v1/waves/{wave_id}/invitations/sheets", MANAGERS, 200, scoped=True, before=to_print),
    Endpoint("GET", "/v1/waves/{wave_id}/reminders", MANAGERS, 200, scoped=True),
    Endpoint("GET", "/v1/waves/{wave_id}/enumerators", STAFF - {"provider"}, 200, scoped=True),
    Endpoint("POST", "/v1/waves/{wave_id}/enumerators", MANAGERS, 201, scoped=True, before=to_register),
    Endpoint(
        "DELETE", "/v1/waves/{wave_id}/enumerators/{pseudonym}", MANAGERS, 204, scoped=True, before=with_enumerator
    ),
    Endpoint("GET", "/v1/waves/{wave_id}/challenge", frozenset(ROLES), 200, scoped=True),
    # Nobody's receipt: whoever asks is told that there is none.
    Endpoint("DELETE", "/v1/waves/{wave_id}/receipts/{receipt}", frozenset(ROLES), 404, scoped=True),
    Endpoint("POST", "/v1/waves/{wave_id}/close", MANAGERS, 200, scoped=True),
    Endpoint("GET", "/v1/waves/{wave_id}/results", STAFF, 409, scoped=True),
    Endpoint("GET", "/v1/waves/{wave_id}/results/revisions", STAFF, 409, scoped=True),
    Endpoint("POST", "/v1/waves/{wave_id}/results:recompute", KEEPERS, 201, scoped=True, before=to_recompute),
    # Nobody answered the wave, and fewer than ten answers are not handed out.
    Endpoint("GET", "/v1/waves/{wave_id}/answers", OFFICERS, 409, scoped=True, before=published, params=CSV),
    Endpoint("GET", "/v1/waves/{wave_id}/recompute", OFFICERS, 409, scoped=True, before=published),
    Endpoint("GET", "/v1/waves/{wave_id}/publication", frozenset(ROLES), 200, scoped=False, before=published),
    Endpoint("POST", "/v1/waves/{wave_id}/publication", KEEPERS, 200, scoped=True, before=published),
    Endpoint("GET", "/v1/waves/{wave_id}/publication/tables", frozenset(ROLES), 200, scoped=False, before=published),
    Endpoint("GET", "/v1/waves/{wave_id}/publication/export", frozenset(ROLES), 200, scoped=False, before=published),
    Endpoint("GET", "/v1/waves/{wave_id}/keyphrases", frozenset(ROLES), 200, scoped=False, before=published),
    Endpoint("GET", "/v1/waves/{wave_id}/comments", STAFF - {"provider"}, 200, scoped=True, before=published),
    Endpoint("GET", "/v1/waves/{wave_id}/quality", STAFF - {"provider"}, 200, scoped=True, before=published),
    # The hash is that of no questionnaire.
    Endpoint("GET", "/v1/satisfaction/providers", STAFF - {"provider"}, 404, scoped=False, params=NOBODY),
    Endpoint("GET", "/v1/satisfaction/regions", STAFF - {"provider"}, 404, scoped=False, params=NOBODY),
    Endpoint("GET", "/v1/waves/{wave_id}/ledger", frozenset(ROLES), 200, scoped=False, before=published),
    # Nobody answered the wave, so that no receipt is in its ledger; it is the receipt that is not found.
    Endpoint("GET", "/v1/waves/{wave_id}/ledger/{receipt}", frozenset(ROLES), 404, scoped=False, before=published),
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
    if endpoint.before is not None:
        body = await endpoint.before(surveys, wave_id)
    path = endpoint.path.format(
        wave_id=wave_id, submission_id=uuid4(), instrument_id="public-service-core", pseudonym="e1", receipt="0" * 25
    )
    sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    return await client.request(endpoint.method, path, params=endpoint.params, **sent)


# Complaints have a matrix of their own; the pages take no notice of roles. Both are tested in their folders.
ELSEWHERE = ("/v1/complaints", "/p")


def test_matrix_names_every_endpoint(home: Surveys) -> None:
    found = {
        (method, f"{route.path}")
        for routes in service.routers
        for route in routes.routes
        if isinstance(route, APIRoute) and not route.path.startswith(ELSEWHERE)
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
