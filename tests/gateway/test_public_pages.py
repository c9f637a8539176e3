"""The pages for citizens pass without a token and leave nothing; when the service is away, a page says so."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.gateway.tools import Gateway, Upstream, run_gateway, serve

from shared.auth import ROLES

WAVE = "/p/0199a5e2-7c1b-7000-8000-000000000001"


@pytest.fixture(scope="module")
async def service() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    async with serve(upstream, lifespan="off") as url:
        upstream.url = url
        yield upstream


@pytest.fixture
async def gateway(module_database_url: str, service: Upstream, nobody_listens: str) -> AsyncIterator[Gateway]:
    service.reset()
    async with run_gateway(
        module_database_url, contracts_url=nobody_listens, surveys_url=service.url, scoring_url=nobody_listens
    ) as running:
        yield running


async def test_nobody_needs_a_token_and_a_bad_one_does_not_matter(gateway: Gateway) -> None:
    for role in ROLES:
        async with gateway.client() if role == "public" else gateway.client(role, regions=["CN-44"]) as caller:
            for path in ("/p", WAVE, f"{WAVE}?t=secret&region=CN-11", f"{WAVE}/check", "/p/complaint"):
                assert (await caller.get(path)).status_code == 200, (role, path)
    async with httpx.AsyncClient(base_url=gateway.url, headers={"Authorization": "Bearer broken"}) as caller:
        assert (await caller.get(WAVE)).status_code == 200
        assert (await caller.post(f"{WAVE}/start", data={"token": "secret"})).status_code == 200


async def test_no_trace_goes_on_and_no_line_is_logged(
    gateway: Gateway, service: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    traceparent = {"traceparent": "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"}
    async with httpx.AsyncClient(base_url=gateway.url, headers=traceparent) as caller:
        capsys.readouterr()
        assert (await caller.post(f"{WAVE}/q/overall?lang=en", data={"a": "4"})).status_code == 200
        captured = capsys.readouterr()
    (seen,) = service.seen
    assert seen.target == f"{WAVE}/q/overall?lang=en"
    assert seen.body == b"a=4"
    assert seen.header("traceparent") == []
    assert seen.header("x-forwarded-for") == ["127.0.0.1"]
    assert captured.out + captured.err == ""


async def test_cookies_and_refusals_of_the_pages_reach_the_browser(gateway: Gateway, service: Upstream) -> None:
    service.answer = (
        303,
        [("location", f"{WAVE}/q/overall"), ("set-cookie", f"visit=x; Path={WAVE}; HttpOnly"), ("content-length", "0")],
        b"",
    )
    async with gateway.client() as caller:
        answer = await caller.post(f"{WAVE}/start", data={"token": "secret"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{WAVE}/q/overall")
    assert "visit=x" in answer.headers["set-cookie"]


async def test_a_page_says_that_the_service_is_away(module_database_url: str, nobody_listens: str) -> None:
    async with (
        run_gateway(
            module_database_url,
            contracts_url=nobody_listens,
            surveys_url=nobody_listens,
            scoring_url=nobody_listens,
        ) as gateway,
        gateway.client() as caller,
    ):
        answer = await caller.get(WAVE)
        api = await caller.get("/v1/complaints")
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert "您已填写的内容没有丢失" in answer.text
    assert '<html lang="zh-Hans">' in answer.text
    assert api.headers["content-type"] == "application/problem+json"
