import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gongping_client.errors import ProblemError, UnreachableError
from gongping_client.session import Session
from gongping_client.stream import ServerSentEvent, parse_events, score_changes

SCORE: dict[str, Any] = {
    "contract_id": "01900000-0000-7000-8000-000000000001",
    "framework_id": "cn-self-evaluation",
    "framework_version": "1.0.0",
    "region": "CN-230102",
    "stage": "completion",
    "score": "86.250000",
    "lower": "80.000000",
    "upper": "90.000000",
    "grade": "good",
    "grade_lower": "good",
    "grade_upper": "excellent",
    "coverage": "0.900000",
    "content_hash": "0",
    "recorded_at": "2026-01-01T00:00:00Z",
}


async def lines(text: str) -> AsyncIterator[str]:
    for line in text.split("\n"):
        yield line


async def parsed(text: str) -> list[ServerSentEvent]:
    return [event async for event in parse_events(lines(text))]


async def test_events_are_put_together_from_their_lines() -> None:
    text = (
        ": open\nid: 7\nretry: 2000\n\nevent: score.updated\nid: 8\ndata: {\ndata: }\n\ndata:x\n\n: ping\n\nevent: lost"
    )
    assert await parsed(text) == [
        ServerSentEvent("", "", "7"),
        ServerSentEvent("score.updated", "{\n}", "8"),
        ServerSentEvent("message", "x", "8"),
    ]


def event(position: int) -> str:
    data = json.dumps(SCORE | {"version": position})
    return f"id: {position}\nevent: score.updated\ndata: {data}\n\n"


class Stream:
    """A gateway whose stream breaks after each event; it remembers after which id it was asked to go on."""

    def __init__(self, *answers: str | Response) -> None:
        self.answers = list(answers)
        self.asked: list[str | None] = []
        self.app = Starlette(routes=[Route("/v1/streams/scores", self._answer)])

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request.headers.get("last-event-id"))
        answer = self.answers.pop(0)
        if isinstance(answer, Response):
            return answer

        async def body() -> AsyncIterator[str]:
            yield answer

        return StreamingResponse(body(), media_type="text/event-stream")

    def session(self) -> Session:
        return Session("http://gateway", token="t", transport=httpx.ASGITransport(app=self.app))


async def test_a_broken_stream_goes_on_where_it_broke() -> None:
    stream = Stream("id: 6\n\n", event(7), event(8))
    seen = []
    async with aclosing(score_changes(stream.session())) as changes:
        async for change in changes:
            seen.append(change.position if change else "open")
            if len(seen) == 3:
                break
    assert seen == ["open", "7", "8"]
    assert stream.asked == [None, "6", "7"]


async def test_a_stream_that_stays_broken_is_unreachable() -> None:
    stream = Stream("", "")
    with pytest.raises(UnreachableError, match="the stream of scores broke"):
        async for _ in score_changes(stream.session(), reconnects=1):
            pass
    assert len(stream.asked) == 2


async def test_a_refused_stream_is_a_problem() -> None:
    refusal = JSONResponse({"type": "/problems/forbidden", "detail": "Not your role."}, 403)
    with pytest.raises(ProblemError, match="Not your role"):
        async for _ in score_changes(Stream(refusal).session()):
            pass
