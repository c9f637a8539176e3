"""One answer out of three services, and honest about the one that is missing."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from tests.gateway.tools import Gateway, Upstream, run_gateway, serve

CONTRACT = "0199a5e2-7c1b-7000-8000-000000000001"
WAVES = ["0199a5e2-7c1b-7000-8000-00000000000a", "0199a5e2-7c1b-7000-8000-00000000000b"]
PATH = f"/v1/contracts/{CONTRACT}/dossier"


class Services:
    """The three services behind one port, path by path as the test says."""

    def __init__(self) -> None:
        self.upstream = Upstream(handler=self.handle)
        self.reset()

    def reset(self) -> None:
        self.upstream.seen.clear()
        self.together: asyncio.Barrier | None = None
        self.silent: set[str] = set()
        self.region = "CN-230102"
        self.answers: dict[str, tuple[int, Any]] = {
            f"/v1/contracts/{CONTRACT}": (200, {"id": CONTRACT, "value": "120000.00"}),
            "/v1/waves": (200, {"items": [{"id": wave, "state": "closed"} for wave in WAVES], "next": None}),
            f"/v1/waves/{WAVES[0]}/results": (200, {"index100": "81.25"}),
            f"/v1/waves/{WAVES[1]}/results": (200, {"index100": "70.00"}),
            f"/v1/scores/{CONTRACT}": (200, [{"framework_id": "cn-self-evaluation", "score": "86.250000"}]),
        }

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in self.silent:
            await receive()
            await receive()
            return
        if self.together is not None and path in (f"/v1/contracts/{CONTRACT}", "/v1/waves", f"/v1/scores/{CONTRACT}"):
            await self.together.wait()
        status, body = self.answers[path]
        headers = [(b"content-type", b"application/json"), (b"gongping-region", self.region.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send(
            {"type": "http.response.body", "body": body if isinstance(body, bytes) else json.dumps(body).encode()}
        )


@pytest.fixture(scope="module")
async def running(module_database_url: str) -> AsyncIterator[tuple[Gateway, Services]]:
    services = Services()
    async with (
        serve(services.upstream, lifespan="off") as url,
        run_gateway(
            module_database_url, contracts_url=url, surveys_url=url, scoring_url=url, dossier_seconds=1, dossier_waves=2
        ) as gateway,
    ):
        yield gateway, services


@pytest.fixture
def gateway(running: tuple[Gateway, Services]) -> Gateway:
    return running[0]


@pytest.fixture
def services(running: tuple[Gateway, Services]) -> Services:
    running[1].reset()
    return running[1]


async def dossier(gateway: Gateway, **claims: Any) -> dict[str, Any]:
    async with gateway.client("auditor", **claims) as caller:
        answer = await caller.get(PATH)
    assert answer.status_code == 200
    composed: dict[str, Any] = answer.json()
    return composed


async def test_the_parts_are_the_services_own_answers(gateway: Gateway, services: Services) -> None:
    composed = await dossier(gateway, regions=["CN-23"])
    assert composed["complete"] is True
    assert composed["contract_id"] == CONTRACT
    assert composed["contract"] == {"status": "ok", "data": {"id": CONTRACT, "value": "120000.00"}}
    assert composed["score"]["data"][0]["score"] == "86.250000"
    waves = composed["feedback"]["data"]["waves"]
    assert [wave["results"] for wave in waves] == [
        {"status": "ok", "data": {"index100": "81.25"}},
        {"status": "ok", "data": {"index100": "70.00"}},
    ]
    assert composed["feedback"]["data"]["more"] is False


async def test_the_services_are_asked_at_the_same_time_with_the_callers_token(
    gateway: Gateway, services: Services
) -> None:
    services.together = asyncio.Barrier(3)  # opens only when all three have been asked
    assert (await dossier(gateway))["complete"] is True
    tokens = {seen.header("authorization")[0] for seen in services.upstream.seen}
    traces = {seen.header("traceparent")[0].split("-")[1] for seen in services.upstream.seen}
    assert len(tokens) == 1
    assert next(iter(tokens)).startswith("Bearer ")
    assert len(traces) == 1
    asked = next(seen.target for seen in services.upstream.seen if seen.target.startswith("/v1/waves?"))
    assert asked == f"/v1/waves?contract_id={CONTRACT}&limit=2"


@pytest.mark.parametrize(
    ("down", "part"), [("contracts_url", "contract"), ("surveys_url", "feedback"), ("scoring_url", "score")]
)
async def test_a_service_that_is_down_is_named_and_the_others_answer(
    module_database_url: str, services: Services, nobody_listens: str, down: str, part: str
) -> None:
    async with serve(services.upstream, lifespan="off") as url:
        urls: dict[str, Any] = dict.fromkeys(("contracts_url", "surveys_url", "scoring_url"), url) | {
            down: nobody_listens
        }
        async with run_gateway(module_database_url, **urls) as gateway:
            composed = await dossier(gateway)
    assert composed["complete"] is False
    assert composed[part] == {
        "status": "unavailable",
        "reason": f"The service {down.removesuffix('_url')} cannot be reached.",
    }
    assert [composed[other]["status"] for other in {"contract", "feedback", "score"} - {part}] == ["ok", "ok"]


async def test_a_service_that_is_late_is_named(gateway: Gateway, services: Services) -> None:
    services.silent = {f"/v1/scores/{CONTRACT}"}
    composed = await dossier(gateway)
    assert composed["score"] == {
        "status": "unavailable",
        "reason": "The service scoring did not answer within 1 s.",
    }
    assert composed["contract"]["status"] == composed["feedback"]["status"] == "ok"


async def test_a_wave_without_readable_results_does_not_hide_the_others(gateway: Gateway, services: Services) -> None:
    services.answers[f"/v1/waves/{WAVES[0]}/results"] = (500, {})
    services.answers[f"/v1/waves/{WAVES[1]}/results"] = (404, {})
    services.answers["/v1/waves"] = (200, services.answers["/v1/waves"][1] | {"next": "abc"})
    composed = await dossier(gateway)
    waves = composed["feedback"]["data"]["waves"]
    assert waves[0]["results"] == {"status": "unavailable", "reason": "The service surveys answered 500."}
    assert waves[1]["results"] == {"status": "ok", "data": None}
    assert composed["feedback"]["data"]["more"] is True


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((500, {}), "The service scoring answered 500."),
        ((503, {}), "The service scoring answered 503."),
        ((403, {}), "Your role may not read this part."),
        ((200, b"<html>"), "The service scoring sent an answer that cannot be read."),
    ],
)
async def test_the_reason_says_what_happened(
    gateway: Gateway, services: Services, answer: tuple[int, Any], reason: str
) -> None:
    services.answers[f"/v1/scores/{CONTRACT}"] = answer
    assert (await dossier(gateway))["score"] == {"status": "unavailable", "reason": reason}


async def test_a_contract_without_a_score_has_none_yet(gateway: Gateway, services: Services) -> None:
    services.answers[f"/v1/scores/{CONTRACT}"] = (404, {})
    composed = await dossier(gateway)
    assert composed["score"] == {"status": "ok", "data": None}
    assert composed["complete"] is True


async def test_a_contract_that_is_not_visible_is_not_found(gateway: Gateway, services: Services) -> None:
    services.answers[f"/v1/contracts/{CONTRACT}"] = (404, {})
    async with gateway.client("auditor") as caller:
        answer = await caller.get(PATH)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def test_a_contract_of_a_foreign_region_is_not_found_even_when_a_service_shows_it(
    gateway: Gateway, services: Services
) -> None:
    services.region = "CN-440100"
    async with gateway.client("auditor", regions=["CN-23"]) as caller:
        answer = await caller.get(PATH)
    assert answer.status_code == 404
    assert "120000" not in answer.text


async def test_a_token_that_ends_on_the_way_is_refused(gateway: Gateway, services: Services) -> None:
    services.answers[f"/v1/scores/{CONTRACT}"] = (401, {})
    async with gateway.client("auditor") as caller:
        assert (await caller.get(PATH)).status_code == 401


async def test_with_every_service_down_the_dossier_is_unavailable(
    module_database_url: str, nobody_listens: str
) -> None:
    async with (
        run_gateway(
            module_database_url, contracts_url=nobody_listens, surveys_url=nobody_listens, scoring_url=nobody_listens
        ) as gateway,
        gateway.client("auditor") as caller,
    ):
        answer = await caller.get(PATH)
    assert answer.status_code == 503
    assert [part["status"] for part in answer.json()["parts"]] == ["unavailable"] * 3


async def test_an_id_that_is_none_is_malformed(gateway: Gateway, services: Services) -> None:
    async with gateway.client("auditor") as caller:
        answer = await caller.get("/v1/contracts/abc/dossier")
    assert answer.status_code == 422
    assert services.upstream.seen == []
