"""Token, revocation and region at the gate, before any service is asked."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from tests.gateway.tools import Gateway, Upstream, run_gateway, serve

from gateway.clients.revocation import FOREVER
from shared import clock
from shared.auth import mint, new_signing_key
from shared.testing import token


@pytest.fixture(scope="module")
async def service() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    async with serve(upstream, lifespan="off") as url:
        upstream.url = url
        yield upstream


@pytest.fixture(scope="module")
async def shared_gateway(module_database_url: str, service: Upstream) -> AsyncIterator[Gateway]:
    url = service.url
    async with run_gateway(module_database_url, contracts_url=url, surveys_url=url, scoring_url=url) as running:
        yield running


@pytest.fixture
def gateway(shared_gateway: Gateway, service: Upstream) -> Gateway:
    service.reset()
    shared_gateway.app.state.revocations.apply({"c1": 0.0})
    return shared_gateway


def refused(answer: httpx.Response, status: int, slug: str) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"/problems/{slug}"


async def test_without_a_token_a_request_passes_as_anonymous(gateway: Gateway, service: Upstream) -> None:
    async with gateway.client() as caller:
        assert (await caller.get("/v1/instruments?region=CN-44")).status_code == 200
    assert service.seen[0].header("authorization") == []


async def test_the_token_passes_to_the_service(gateway: Gateway, service: Upstream) -> None:
    bearer = token(roles=["auditor"])
    async with gateway.client(bearer=bearer) as caller:
        assert (await caller.get("/v1/contracts")).status_code == 200
    assert service.seen[0].header("authorization") == [f"Bearer {bearer}"]


async def test_a_token_that_ends_is_refused_from_then_on(gateway: Gateway, service: Upstream) -> None:
    now = clock.now()
    with clock.frozen(now):
        bearer = token(roles=["auditor"])
        async with gateway.client(bearer=bearer) as caller:
            assert (await caller.get("/v1/contracts")).status_code == 200
            clock.advance(timedelta(minutes=10, seconds=1))
            answer = await caller.get("/v1/contracts")
            refused(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"].startswith("Bearer")
            refused(await caller.get("/v1/contracts"), 401, "unauthorized")
    assert len(service.seen) == 1


@pytest.mark.parametrize(
    "authorization",
    [b"Bearer", b"Bearer a.b.c", b"Basic YTpi", b"token", b"Bearer \xc3\xa9.b.c", b"Bearer " + b"x" * 9000],
)
async def test_what_is_no_token_is_refused(gateway: Gateway, service: Upstream, authorization: bytes) -> None:
    async with gateway.client() as caller:
        refused(await caller.get("/v1/contracts", headers=[(b"Authorization", authorization)]), 401, "unauthorized")
    assert service.seen == []


async def test_a_token_of_another_key_is_refused(gateway: Gateway, service: Upstream) -> None:
    forged = mint(new_signing_key(), subject="c1", roles=["operator"], regions=["*"])
    async with gateway.client(bearer=forged) as caller:
        refused(await caller.get("/v1/contracts"), 401, "unauthorized")
        refused(await caller.get("/v1/clients"), 401, "unauthorized")
    assert service.seen == []


async def test_a_revoked_client_is_refused_at_once_everywhere(gateway: Gateway, service: Upstream) -> None:
    async with gateway.client("operator", subject="c1") as caller:
        for path in ("/v1/contracts", "/v1/clients"):
            assert (await caller.get(path)).status_code == 200
        gateway.app.state.revocations.apply({"c1": FOREVER})
        for path in ("/v1/contracts", "/v1/clients", "/v1/streams/scores"):
            answer = await caller.get(path)
            refused(answer, 401, "unauthorized")
            assert "disabled" in answer.json()["detail"]
    async with gateway.client("operator", subject="c2") as other:
        assert (await other.get("/v1/contracts")).status_code == 200


async def test_only_tokens_from_before_the_floor_are_refused(gateway: Gateway) -> None:
    now = clock.now()
    gateway.app.state.revocations.apply({"c1": now.timestamp()})
    with clock.frozen(now - timedelta(seconds=2)):
        before = token(roles=["auditor"], subject="c1")
    with clock.frozen(now + timedelta(seconds=2)):
        after = token(roles=["auditor"], subject="c1")
    async with gateway.client(bearer=before) as caller:
        refused(await caller.get("/v1/contracts"), 401, "unauthorized")
    async with gateway.client(bearer=after) as caller:
        assert (await caller.get("/v1/contracts")).status_code == 200


async def test_no_token_passes_before_it_is_known_who_is_disabled(
    gateway: Gateway, service: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = property(lambda _: False, lambda *_: None)  # for the reading in the background is heard by the second
    monkeypatch.setattr(type(gateway.app.state.revocations), "known", never, raising=False)
    async with gateway.client("auditor") as caller:
        refused(await caller.get("/v1/contracts"), 503, "unavailable")
    assert service.seen == []


HARBIN = ["CN-2301"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("?region=CN-2301", 200),
        ("?region=CN-230102", 200),
        ("?region=CN-230100", 200),
        ("?region=", 200),
        ("?regions=CN-44", 200),
        ("?region=CN-23", 403),
        ("?region=CN", 403),
        ("?region=CN-2302", 403),
        ("?region=CN-23011x&region=CN-440100", 403),
        ("?region=%43N-44", 403),
        ("?r%65gion=CN-44", 403),
        ("?state=active&region=XK-01", 403),
    ],
)
async def test_a_foreign_region_in_the_query_is_forbidden(
    gateway: Gateway, service: Upstream, query: str, status: int
) -> None:
    async with gateway.client("purchaser", regions=HARBIN) as caller:
        answer = await caller.get(httpx.URL(f"{gateway.url}/v1/contracts{query}"))
    assert answer.status_code == status
    assert len(service.seen) == (status == 200)
    if status == 403:
        refused(answer, 403, "forbidden")


@pytest.mark.parametrize(
    ("regions", "answered", "status"),
    [
        (["CN-2301"], "CN-230102", 200),
        (["CN-2301"], "CN-2302", 404),
        (["CN-2301"], "CN-230102,CN-440100", 404),
        (["CN-2301", "CN-44"], "CN-230102, CN-440100", 200),
        (["CN"], "CN-440100", 200),
        (["CN"], "XK-01", 404),
        (["*"], "XK-01", 200),
        ([], "CN-440100", 404),
    ],
)
async def test_an_answer_about_a_foreign_region_is_not_found(
    gateway: Gateway, service: Upstream, regions: list[str], answered: str, status: int
) -> None:
    service.answer = (200, [("gongping-region", answered), ("x-own", "1")], json.dumps({"secret": 1}).encode())
    async with gateway.client("purchaser", regions=regions) as caller:
        answer = await caller.get("/v1/contracts/1")
        again = await caller.get("/v1/regions")
    assert answer.status_code == status
    assert "gongping-region" not in answer.headers
    if status == 404:
        refused(answer, 404, "not-found")
        assert "secret" not in answer.text
    assert again.status_code == 200  # reference data is national, and the connection is in order


async def test_the_region_header_never_reaches_a_caller(gateway: Gateway, service: Upstream) -> None:
    service.answer = (200, [("Gongping-Region", "CN-440100")], b"{}")
    async with gateway.client() as caller:
        answer = await caller.get("/v1/waves/1")
    assert answer.status_code == 200
    assert "gongping-region" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/v1/organisations", "/v1/regions", "/v1/catalogue", "/v1/instruments", "/v1/frameworks"]
)
async def test_reference_data_is_readable_from_every_region(gateway: Gateway, service: Upstream, path: str) -> None:
    async with gateway.client("purchaser", regions=HARBIN) as caller:
        assert (await caller.get(f"{path}?region=CN-44")).status_code == 200
    assert len(service.seen) == 1
