"""Every endpoint of the gateway's own against every role and a foreign region."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send
from tests.gateway.tools import Gateway, Upstream, run_gateway, serve

from gateway.app import SERVICE
from shared.auth import ROLES

CONTRACT = "0199a5e2-7c1b-7000-8000-000000000001"
ALL = frozenset(ROLES)
KNOWN = ALL - {"public"}
OPERATOR = frozenset({"operator"})
READERS = frozenset({"finance", "purchaser", "auditor", "operator"})
# What each endpoint lets pass, written down a second time on purpose.
EXPECTED = {
    ("POST", "/oauth/token"): ALL,
    ("GET", "/.well-known/jwks.json"): ALL,
    ("GET", "/openapi.json"): ALL,
    ("GET", "/docs"): ALL,
    ("GET", "/problems"): ALL,
    ("GET", "/problems/{slug}"): ALL,
    ("POST", "/v1/clients"): OPERATOR,
    ("GET", "/v1/clients"): OPERATOR,
    ("GET", "/v1/clients/{client_id}"): OPERATOR,
    ("POST", "/v1/clients/{client_id}/disable"): OPERATOR,
    ("POST", "/v1/clients/{client_id}/enable"): OPERATOR,
    ("GET", "/v1/contracts/{contract_id}/dossier"): KNOWN,
    ("GET", "/v1/streams/scores"): READERS,
}


async def answer_like_a_service(scope: Scope, receive: Receive, send: Send) -> None:
    """One contract in Harbin; whoever asks gets it, so that the gateway's own check is what is seen."""
    body = b'{"items": [], "next": null}' if "waves" in scope["path"] else b"{}"
    headers = [(b"gongping-region", b"CN-230102"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
async def gateway(module_database_url: str) -> AsyncIterator[Gateway]:
    upstream = Upstream(handler=answer_like_a_service)
    async with (
        serve(upstream, lifespan="off") as url,
        run_gateway(module_database_url, contracts_url=url, surveys_url=url, scoring_url=url) as running,
    ):
        yield running


def test_the_table_names_every_endpoint() -> None:
    routes = {
        (method, route.path)
        for router in SERVICE.routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert routes == set(EXPECTED)


async def status_of(caller: httpx.AsyncClient, method: str, path: str) -> int:
    target = path.format(slug="not-found", client_id="nobody", contract_id=CONTRACT)
    if path == "/v1/streams/scores":
        async with caller.stream("GET", target) as answer:
            return answer.status_code
    return (
        await caller.request(method, target, json={} if path == "/v1/clients" and method == "POST" else None)
    ).status_code


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_reaches_what_it_may_and_nothing_else(gateway: Gateway, role: str) -> None:
    async with gateway.client() if role == "public" else gateway.client(role) as caller:
        for (method, path), allowed in EXPECTED.items():
            status = await status_of(caller, method, path)
            if role in allowed:
                assert status not in (403, 500, 503) or path == "/oauth/token", (method, path, status)
                assert status != 401 or path == "/oauth/token", (method, path)
            else:
                assert status == (401 if role == "public" else 403), (method, path, status)


@pytest.mark.parametrize("role", sorted(KNOWN))
async def test_a_dossier_of_a_foreign_region_is_not_found(gateway: Gateway, role: str) -> None:
    async with gateway.client(role, regions=["CN-2301"]) as own, gateway.client(role, regions=["CN-44"]) as foreign:
        assert (await own.get(f"/v1/contracts/{CONTRACT}/dossier")).status_code == 200
        answer = await foreign.get(f"/v1/contracts/{CONTRACT}/dossier")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize("role", sorted(READERS))
async def test_a_stream_of_a_foreign_region_is_forbidden(gateway: Gateway, role: str) -> None:
    async with gateway.client(role, regions=["CN-2301"]) as caller:
        assert (await caller.get("/v1/streams/scores?region=CN-44")).status_code == 403
        assert (await caller.get("/v1/streams/scores?region=CN-23")).status_code == 403
