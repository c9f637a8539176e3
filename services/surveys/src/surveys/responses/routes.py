"""Responses over HTTP.

These routes stand outside the transactional route class, which is one of the documented exceptions: many responses
share one commit, each request waits for it, and nothing about a single response may reach the audit, the idempotency
or the event tables, nor a log or a trace. The submission id makes the repetition safe instead of an Idempotency-Key.
"""

from collections import Counter
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic_core import to_json

from shared.auth import PUBLIC, Keys, Principal, allow
from shared.problems import Forbidden, Unauthorized, Unprocessable
from shared.web import PROBLEMS, set_region
from surveys.responses.batches import batch_of, enumerators_of, submit_batch
from surveys.responses.errors import ReceiptUnknown, ResponseTooLarge
from surveys.responses.proofs import challenge
from surveys.responses.schemas import BatchIn, BatchOut, Challenge, Receipt, ResponseIn
from surveys.responses.service import Caller, accept, desk_of, withdraw
from surveys.settings import Settings

__all__ = ["address_of", "caller_of", "routes"]

routes = APIRouter(prefix="/v1", tags=["responses"], responses=PROBLEMS)
Anybody = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
CLIENT_ID = "Random id made by the client, a UUID of version 4."
VERSION_4 = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
# Not the provider: it must not hand in what its own recipients are said to have answered.
COLLECTORS = frozenset({"purchaser", "evaluator", "operator"})


INVITATION = "Token or spoken code of the invitation; it is spent and not kept."
KEY = "Key of an enumerator of this wave, in place of a bearer token."
PROOF = "Solved ALTCHA challenge, base64 of its JSON; needed for an open link without a token."


def caller_of(request: Request, principal: Principal) -> Caller:
    """What comes with a request. A collector's own programs answer for many people and are not limited by address."""
    headers = request.headers
    return Caller(
        token=headers.get("survey-token") or None,
        proof=headers.get("survey-proof") or None,
        address=None if principal.roles & COLLECTORS else address_of(request),
    )


def address_of(request: Request) -> str | None:
    """The caller's network address, as the gateway tells it; the gateway lets nobody else tell it."""
    told = request.headers.get("x-forwarded-for")
    if told:
        return told.rsplit(",", 1)[-1].strip()
    return request.client.host if request.client else None


def _parameter(name: str, place: str, described: str, **schema: str) -> dict[str, Any]:
    """A parameter that is read by hand, as the interface document tells it."""
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": described,
        "schema": {"type": "string"} | schema,
    }


@routes.put(
    "/waves/{wave_id}/responses/{submission_id}",
    summary="Answer an open wave",
    response_model=Receipt,
    responses={
        200: {"description": "The same response was accepted before; the first answer is repeated."},
        201: {"model": Receipt, "description": "Accepted and durable."},
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": ResponseIn.model_json_schema()}}},
        # FastAPI takes a third of the request's time to find these five; answers come in thousands.
        "parameters": [
            _parameter("wave_id", "path", "The wave.", format="uuid"),
            _parameter("submission_id", "path", CLIENT_ID, format="uuid", pattern=VERSION_4),
            _parameter("Survey-Token", "header", INVITATION),
            _parameter("Survey-Proof", "header", PROOF),
        ],
    },
)
async def put_response(request: Request) -> Response:
    """Accept a response once.

    The same id with the same content is confirmed again (200), with other content it is a conflict (409). A wave with
    a list asks for the token of an invitation, an open link for a proof of work. Nothing that leads back to the person
    is kept: no token, no address, no time finer than the day.
    """
    state = request.app.state
    settings: Settings = state.settings
    keys: Keys = state.keys
    principal = keys.principal_of(request.headers.get("authorization"))
    wave_id, submission_id = _path_id(request, "wave_id"), _path_id(request, "submission_id", version=4)
    body = await request.body()
    if len(body) > settings.max_answer_bytes:
        raise ResponseTooLarge(f"A response may have {settings.max_answer_bytes} bytes at most.")
    desk = desk_of(state)
    card = await desk.card(wave_id, principal)
    stored, created = await accept(desk, card, submission_id, body, caller=caller_of(request, principal))
    response = Response(stored.model_dump_json(), 201 if created else 200, media_type="application/json")
    set_region(response, card.region)
    return response


def _path_id(request: Request, name: str, *, version: int | None = None) -> UUID:
    try:
        found = UUID(request.path_params[name])
    except ValueError:
        found = None
    if found is None or (version is not None and found.version != version):
        detail = "must be a UUID" if version is None else f"must be a UUID of version {version}"
        raise Unprocessable(f"path:{name}: {detail}", errors=[{"pointer": f"path:{name}", "detail": detail}])
    return found


@routes.post(
    "/waves/{wave_id}/responses:batch",
    summary="Hand in what enumerators collected",
    response_model=BatchOut,
    # Read by hand: FastAPI would decode and copy five hundred items in half of the request's time.
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": BatchIn.model_json_schema()}}}
    },
)
async def post_responses(
    *,
    request: Request,
    wave_id: UUID,
    principal: Anybody,
    key: Annotated[str | None, Header(alias="Survey-Enumerator-Key", description=KEY, max_length=64)] = None,
) -> Response:
    """Up to 500 responses with a result for each; taken until the end of the wave's grace.

    Purchaser, evaluator and operator hand in for every enumerator; an enumerator with the own key. Where the wave has a
    register of enumerators every item names one of them. Every item is idempotent by its submission id, so that a batch
    can be sent again whole.
    """
    if key is None and not principal.roles & COLLECTORS:
        if principal is PUBLIC:
            raise Unauthorized("Send a token, or an enumerator's key as Survey-Enumerator-Key.")
        raise Forbidden(f"This needs an enumerator's key or one of the roles {', '.join(sorted(COLLECTORS))}.")
    desk = desk_of(request.app.state)
    card = await desk.card(wave_id, principal)
    batch = batch_of(await request.body())
    collector = principal.subject if key is None else key
    pseudonyms = await enumerators_of(desk, card, key=key)
    items = await submit_batch(desk, card, batch, collector=collector, pseudonyms=pseudonyms)
    statuses = Counter([status for status, _ in items])
    done = {
        "wave_id": wave_id,
        "simulated": card.simulated,
        "created": statuses[201],
        "unchanged": statuses[200],
        "refused": len(items) - statuses[201] - statuses[200],
        "items": None,
    }
    # Written here: FastAPI would check the five hundred results once more.
    body = to_json(done).decode().removesuffix("null}") + f"[{','.join([text for _, text in items])}]}}"
    response = Response(body, media_type="application/json")
    set_region(response, card.region)
    return response


@routes.get("/waves/{wave_id}/challenge", summary="A challenge for the proof of work of an open link")
async def get_challenge(request: Request, response: Response, wave_id: UUID, principal: Anybody) -> Challenge:
    """A fresh ALTCHA challenge, valid for ten minutes and for one answer to this wave."""
    card = await desk_of(request.app.state).card(wave_id, principal)
    set_region(response, card.region)
    response.headers["Cache-Control"] = "no-store"
    return Challenge.model_validate(challenge(wave_id))


@routes.delete("/waves/{wave_id}/receipts/{receipt}", status_code=204, summary="Withdraw an answer by its receipt")
async def delete_response(
    request: Request,
    response: Response,
    wave_id: UUID,
    receipt: Annotated[str, Path(description="The receipt that came with the answer.", max_length=64)],
    principal: Anybody,
) -> None:
    """Delete an answer, until the wave freezes (409 afterwards). The invitation stays used."""
    desk = desk_of(request.app.state)
    card = await desk.card(wave_id, principal)
    desk.limits.admit_try(address_of(request))
    try:
        async with desk.database.transaction() as session:
            await withdraw(session, wave_id, receipt)
    except ReceiptUnknown:
        desk.limits.note_wrong_token(address_of(request))
        raise
    set_region(response, card.region)
