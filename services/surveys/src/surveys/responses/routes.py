"""Responses over HTTP.

These two routes stand outside the transactional route class, which is one of the documented exceptions: many responses
share one commit, each request waits for it, and nothing about a single response may reach the audit, the idempotency
or the event tables. The submission id makes the repetition safe instead of an Idempotency-Key.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from pydantic import UUID4

from shared.auth import Principal, allow
from shared.web import PROBLEMS, set_region
from surveys.responses.errors import ResponseTooLarge
from surveys.responses.schemas import BatchIn, BatchOut, Receipt, ResponseIn
from surveys.responses.service import Desk, submit_batch, submit_response
from surveys.responses.writer import AnswerWriter
from surveys.settings import Settings

__all__ = ["routes"]

routes = APIRouter(prefix="/v1", tags=["responses"], responses=PROBLEMS)
Anybody = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
CLIENT_ID = "Random id made by the client, a UUID of version 4."
VERSION_4 = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
# Not the provider: it must not hand in what its own recipients are said to have answered.
Collectors = Annotated[Principal, allow("purchaser", "evaluator", "operator")]


def desk_of(request: Request) -> Desk:
    """The process's desk, made at the first response."""
    state = request.app.state
    desk: Desk | None = getattr(state, "desk", None)
    if desk is None:
        settings: Settings = state.settings
        writer = AnswerWriter(
            state.database.pool,
            batch=settings.answer_batch,
            writers=settings.answer_writers,
            limit=settings.answer_queue,
        )
        desk = state.desk = Desk(state.database, writer)
    return desk


@routes.put(
    "/waves/{wave_id}/responses/{submission_id}",
    summary="Answer an open wave",
    response_model=Receipt,
    responses={
        200: {"description": "The same response was accepted before; the first answer is repeated."},
        201: {"model": Receipt, "description": "Accepted and durable."},
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": ResponseIn.model_json_schema()}}}
    },
)
async def put_response(
    request: Request,
    wave_id: UUID,
    submission_id: Annotated[
        UUID4, Path(description=CLIENT_ID, json_schema_extra={"format": "uuid", "pattern": VERSION_4})
    ],
    principal: Anybody,
) -> Response:
    """Accept a response once.

    The same id with the same content is confirmed again (200), with other content it is a conflict (409). No account
    and no token is needed. Nothing that leads back to the person is kept: no address, no time finer than the day.
    """
    settings: Settings = request.app.state.settings
    body = await request.body()
    if len(body) > settings.max_answer_bytes:
        raise ResponseTooLarge(f"A response may have {settings.max_answer_bytes} bytes at most.")
    desk = desk_of(request)
    card = await desk.card(wave_id, principal)
    stored, created = await submit_response(desk, card, submission_id, body)
    response = Response(stored.model_dump_json(), 201 if created else 200, media_type="application/json")
    set_region(response, card.region)
    return response


@routes.post("/waves/{wave_id}/responses:batch", summary="Hand in what enumerators collected")
async def post_responses(
    request: Request, response: Response, wave_id: UUID, body: BatchIn, principal: Collectors
) -> BatchOut:
    """Up to 500 responses with a result for each; taken until the end of the wave's grace.

    Every item is idempotent by its submission id, so that a batch can be sent again whole.
    """
    desk = desk_of(request)
    card = await desk.card(wave_id, principal)
    items = await submit_batch(desk, card, body.items)
    set_region(response, card.region)
    return BatchOut(
        wave_id=wave_id,
        simulated=card.simulated,
        created=sum(item.status == 201 for item in items),
        unchanged=sum(item.status == 200 for item in items),
        refused=sum(item.status >= 400 for item in items),
        items=items,
    )
