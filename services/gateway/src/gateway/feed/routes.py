import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import Header, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from gateway.feed.errors import TooManyStreams
from gateway.feed.events import FOR_EVERYBODY, SCORE, EventName
from gateway.feed.hub import Hub, hub_of
from gateway.feed.queries import Change
from gateway.settings import GatewaySettings
from shared.auth import Principal, allow, require_region
from shared.problems import Forbidden, Unprocessable
from shared.web import router as new_router

__all__ = ["router"]

router = new_router(tags=["streams"])
OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
Reader = Annotated[Principal, allow(*OFFICERS, "provider", "evaluator")]

# Why the caller's token no longer counts, or None; the pass-through puts it into the request.
Refusal = Callable[[], str | None]

_SEND_SECONDS = 5.0
_GRACE_SECONDS = 2.0
_STOPPING = "The gateway is stopping; connect again."
_CHECK_SECONDS = 2.0
_LONGEST_ID = 18
_EXAMPLE = (
    "id: 1042\nevent: score.updated\n"
    'data: {"contract_id":"0199a5e2-7c1b-7000-8000-000000000001","score":"86.250000","grade":"good"}\n\n'
)


@router.get(
    "/streams/scores",
    response_class=EventSourceResponse,
    summary="Live stream of score changes",
    responses={200: {"description": "Server-sent events.", "content": {"text/event-stream": {"example": _EXAMPLE}}}},
)
async def stream_scores(
    request: Request,
    principal: Reader,
    region: Annotated[
        str | None,
        Query(pattern=r"^[A-Z]{2}(-[0-9A-Za-z]{1,12})?$", description="Only this region and those below it."),
    ] = None,
    event: Annotated[
        list[EventName] | None,
        Query(description="Kinds of event, repeated for several; by default score.updated alone."),
    ] = None,
    last_event_id: Annotated[
        str | None, Header(description="Resume after this event id; `0`: from the beginning.")
    ] = None,
) -> EventSourceResponse:
    """Every change of a live score in your regions, as it happens, or what `event` names (`text/event-stream`).

    Event `score.updated`, its data the JSON of `scoring.score.updated.v1`, its id a rising position. `score.standing`,
    `determination.issued` and `appeal.decided` carry the JSON of scoring's event of that name, `determination.served`,
    `.published`, `.suspended`, `.released` and `.annulled` that of `scoring.determination.acted.v1`. Officers hear all
    of their regions; providers and evaluators `determination.published` only (403 for others): who is concerned by the
    rest does not follow from the event. After a break send
    the last id as `Last-Event-ID`, as browsers do by themselves, and nothing is missed; without it the stream begins
    now. Score changes older than the retention are reduced to the newest of each contract and
    framework, everything else older than it is gone. `stream.reset` says
    that the id is not of this stream, so read the scores anew. `stream.end` says why the stream ends (token expired or
    revoked, gateway stopping); connect again. A comment is sent when the stream is idle.
    """
    events = frozenset(event or [SCORE])
    if not principal.roles & OFFICERS and not events <= FOR_EVERYBODY:
        named = ", ".join(sorted(events - FOR_EVERYBODY))
        raise Forbidden(f"{named} is for officers; ask for event={'&event='.join(sorted(FOR_EVERYBODY))}.")
    after = _position(last_event_id)
    if region is not None:
        require_region(principal, region)
        principal = Principal(principal.subject, principal.roles, (region,))
    settings: GatewaySettings = request.app.state.settings
    hub = hub_of(request.app.state)
    if hub.streams >= settings.feed_streams:
        raise TooManyStreams(f"This gateway serves {settings.feed_streams} streams already; try again later.")
    refusal: Refusal | None = request.scope.get("gongping.refusal")
    return EventSourceResponse(
        _events(hub, principal, after, refusal, events),
        ping=settings.feed_ping_seconds,
        send_timeout=_SEND_SECONDS,
        shutdown_event=hub.stopping,
        shutdown_grace_period=_GRACE_SECONDS,
        headers={"Cache-Control": "no-store"},
    )


def _position(last_event_id: str | None) -> int | None:
    if last_event_id is None or last_event_id == "":
        return None
    if not (last_event_id.isascii() and last_event_id.isdigit()) or len(last_event_id) > _LONGEST_ID:
        raise Unprocessable(
            "Last-Event-ID is no event id of this stream.",
            errors=[{"pointer": "header:last-event-id", "detail": "a whole number, as sent in `id`"}],
        )
    return int(last_event_id)


async def _events(
    hub: Hub, principal: Principal, after: int | None, refusal: Refusal | None, events: frozenset[str]
) -> AsyncIterator[ServerSentEvent]:
    hub.streams += 1
    try:
        tail = await hub.newest(like=after)
        # The first event sets the client's id and delay, so that a break before the first change resumes exactly too.
        yield ServerSentEvent(comment="open", id=str(tail if after is None else min(after, tail)), retry=2000)
        if after is not None and after > tail:
            reset = {"position": tail, "reason": "This stream has no such id: read the scores anew."}
            yield ServerSentEvent(json.dumps(reset), event="stream.reset", id=str(tail))
        start = tail if after is None else min(after, tail)
        async for change in hub.changes(principal, after=start, idle_seconds=_CHECK_SECONDS, events=events):
            if change is not None:
                yield _event(change)
                continue
            reason = _STOPPING if hub.stopping.is_set() else refusal() if refusal is not None else None
            if reason is not None:
                yield ServerSentEvent(json.dumps({"reason": reason}), event="stream.end")
                return
    finally:
        hub.streams -= 1


def _event(change: Change) -> ServerSentEvent:
    return ServerSentEvent(change.data, event=change.event, id=str(change.position))
