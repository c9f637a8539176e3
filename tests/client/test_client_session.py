import asyncio
from collections.abc import Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gongping_client.errors import ProblemError, UnreachableError
from gongping_client.session import Session

Handler = Callable[[Request, int], Response]


class Gateway:
    """A small gateway that counts: tokens t1, t2, ... and every request to `/v1/thing` with what it carried."""

    def __init__(self, handler: Handler, *, lasts: int = 600) -> None:
        self.tokens = 0
        self.lasts = lasts
        self.seen: list[Request] = []
        self.handler = handler
        routes = [
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/v1/thing", self._thing, methods=["GET", "POST", "PUT", "PATCH"]),
        ]
        self.app = Starlette(routes=routes)

    async def _token(self, request: Request) -> Response:
        form = (await request.body()).decode()
        if form != "grant_type=client_credentials" or not request.headers["authorization"].startswith("Basic "):
            return JSONResponse({"error": "invalid_client", "error_description": "Unknown client."}, 401)
        self.tokens += 1
        return JSONResponse({"access_token": f"t{self.tokens}", "expires_in": self.lasts})

    async def _thing(self, request: Request) -> Response:
        self.seen.append(request)
        await request.body()
        return self.handler(request, len(self.seen))

    def session(self) -> Session:
        return Session(
            "http://gateway",
            client_id="system",
            client_secret="secret",
            transport=httpx.ASGITransport(app=self.app),
            pause=0.001,
        )


def problem(status: int, slug: str, **members: object) -> Response:
    body = {"type": f"/problems/{slug}", "title": "Title", "status": status, "detail": "Detail.", **members}
    return JSONResponse(body, status, media_type="application/problem+json")


def ok(*_: object) -> Response:
    return JSONResponse({"ok": True})


async def test_one_token_serves_many_requests() -> None:
    gateway = Gateway(ok)
    session = gateway.session()
    await asyncio.gather(*(session.get("/v1/thing") for _ in range(10)))
    assert gateway.tokens == 1
    assert {request.headers["authorization"] for request in gateway.seen} == {"Bearer t1"}
    await session.aclose()


async def test_a_token_is_renewed_before_it_ends() -> None:
    gateway = Gateway(ok, lasts=0)
    session = gateway.session()
    await session.get("/v1/thing")
    await session.get("/v1/thing")
    assert [request.headers["authorization"] for request in gateway.seen] == ["Bearer t1", "Bearer t2"]
    await session.aclose()


async def test_a_rejected_token_is_renewed_once() -> None:
    def reject_first(request: Request, _: int) -> Response:
        return ok() if request.headers["authorization"] == "Bearer t2" else problem(401, "unauthorized")

    gateway = Gateway(reject_first)
    session = gateway.session()
    assert await session.get("/v1/thing") == {"ok": True}
    assert gateway.tokens == 2
    await session.aclose()


async def test_a_token_that_stays_rejected_is_a_problem() -> None:
    gateway = Gateway(lambda *_: problem(401, "unauthorized"))
    session = gateway.session()
    with pytest.raises(ProblemError) as caught:
        await session.get("/v1/thing")
    assert caught.value.status == 401
    assert len(gateway.seen) == 2
    await session.aclose()


async def test_a_wrong_secret_is_a_problem() -> None:
    refusing = Starlette(
        routes=[Route("/oauth/token", lambda _: JSONResponse({"error": "invalid_client"}, 401), methods=["POST"])]
    )
    session = Session("http://gateway", client_id="a", client_secret="b", transport=httpx.ASGITransport(app=refusing))
    with pytest.raises(ProblemError) as caught:
        await session.get("/v1/thing")
    assert (caught.value.status, caught.value.detail) == (401, "invalid_client")
    await session.aclose()


async def test_a_refusal_carries_slug_detail_and_further_members() -> None:
    missing = [{"what": "payment", "rule": "art. 25", "how": "pay"}]
    gateway = Gateway(lambda *_: problem(409, "contract-not-completable", missing=missing))
    session = gateway.session()
    with pytest.raises(ProblemError) as caught:
        await session.post("/v1/thing", {})
    refusal = caught.value
    assert (refusal.status, refusal.slug, refusal.title, refusal.detail) == (
        409,
        "contract-not-completable",
        "Title",
        "Detail.",
    )
    assert refusal.extras == {"missing": missing}
    assert len(gateway.seen) == 1
    await session.aclose()


async def test_an_answer_without_a_problem_document_is_a_problem_too() -> None:
    gateway = Gateway(lambda *_: PlainTextResponse("no such page", 404))
    session = gateway.session()
    with pytest.raises(ProblemError) as caught:
        await session.get("/v1/thing")
    assert (caught.value.slug, caught.value.detail) == ("http-404", "no such page")
    assert await session.find("/v1/thing") is None
    await session.aclose()


@pytest.mark.parametrize("refusal", [problem(503, "unavailable"), problem(409, "idempotency-in-progress")])
async def test_what_passes_is_tried_again_with_the_same_key(refusal: Response) -> None:
    gateway = Gateway(lambda _, number: refusal if number < 3 else ok())
    session = gateway.session()
    assert await session.post("/v1/thing", {"a": 1}) == {"ok": True}
    keys = {request.headers["idempotency-key"] for request in gateway.seen}
    assert (len(gateway.seen), len(keys)) == (3, 1)
    await session.post("/v1/thing", {"a": 1})
    assert gateway.seen[-1].headers["idempotency-key"] not in keys
    await session.aclose()


async def test_a_patch_is_not_repeated() -> None:
    gateway = Gateway(lambda *_: problem(503, "unavailable"))
    session = gateway.session()
    with pytest.raises(ProblemError):
        await session.request("PATCH", "/v1/thing", json={}, if_match='"3"')
    assert [request.headers["if-match"] for request in gateway.seen] == ['"3"']
    assert "idempotency-key" not in gateway.seen[0].headers
    await session.aclose()


async def test_a_gateway_that_is_away_is_unreachable() -> None:
    session = Session("http://127.0.0.1:1", token="t", pause=0.001)
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:1 does not answer"):
        await session.get("/v1/thing")
    await session.aclose()


async def test_the_anonymous_public_sends_no_token() -> None:
    gateway = Gateway(ok)
    session = Session("http://gateway", transport=httpx.ASGITransport(app=gateway.app))
    await session.get("/v1/thing", none=None, flag=True, text="ä b")
    assert "authorization" not in gateway.seen[0].headers
    assert dict(gateway.seen[0].query_params) == {"flag": "true", "text": "ä b"}
    await session.aclose()
