"""The live stream of score changes: server-sent events, resumed where they broke off."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

import httpx

from gongping_client.errors import UnreachableError, problem_of
from gongping_client.models import ScoreChange
from gongping_client.session import Session

__all__ = ["ServerSentEvent", "parse_events", "score_changes"]

_SILENCE_SECONDS = 60.0  # the gateway sends a comment more often than this


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of a stream (HTML standard, section 9.2). `id` is the last one seen, `event` empty for a bare id."""

    event: str
    data: str
    id: str | None


async def parse_events(lines: AsyncIterator[str]) -> AsyncIterator[ServerSentEvent]:
    """Put the lines of a stream together to events; comments are passed over."""
    name, data, last_id = "message", list[str](), None
    seen_id = False
    async for line in lines:
        if not line:
            if data or seen_id:
                yield ServerSentEvent(name if data else "", "\n".join(data), last_id)
            name, data, seen_id = "message", [], False
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            last_id, seen_id = value, True


async def score_changes(
    session: Session, *, region: str | None = None, after: str | None = None, reconnects: int = 10
) -> AsyncGenerator[ScoreChange | None, None]:
    """Score changes as they happen; the first value is None: the stream is open, and what follows is complete.

    Args:
        session: the connection whose token opens the stream (it needs a role that may read scores).
        region: only this region and those below it.
        after: resume after this position; None begins now, "0" at the beginning.
        reconnects: how often in a row a broken stream is opened again without an event in between.

    Raises:
        ProblemError: the gateway refuses the stream.
        UnreachableError: it broke and could not be opened again.
    """
    position, failures, announced = after, 0, False
    while True:
        reason = "the gateway ended it"
        try:
            async with aclosing(_connection(session, region=region, after=position)) as events:
                async for event in events:
                    failures = 0
                    position = event.id if event.id is not None else position
                    if not announced:
                        announced = True
                        yield None
                    if event.event == "score.updated":
                        yield ScoreChange.model_validate(json.loads(event.data) | {"position": event.id})
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
        failures += 1
        if failures > reconnects:
            raise UnreachableError(f"the stream of scores broke: {reason}")
        await asyncio.sleep(min(0.1 * 2**failures, 5.0))


async def _connection(
    session: Session, *, region: str | None, after: str | None
) -> AsyncGenerator[ServerSentEvent, None]:
    headers = {"Accept": "text/event-stream", **(await session.authorization())}
    if after is not None:
        headers["Last-Event-ID"] = after
    timeout = httpx.Timeout(10.0, read=_SILENCE_SECONDS)
    params = {"region": region} if region else {}
    async with session.http.stream(
        "GET", "/v1/streams/scores", params=params, headers=headers, timeout=timeout
    ) as response:
        if response.status_code >= 400:
            await response.aread()
            raise problem_of(response)
        async for event in parse_events(response.aiter_lines()):
            yield event
