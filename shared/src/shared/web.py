"""What every route has in common: the transactional route class, model bases, decimal types, the region header.

One request is one transaction and it commits before the answer is sent. The route class owns it (docs/decisions): the
answer must be rendered before the commit, because the idempotency record that holds it is part of the same commit.
"""

from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
)
from pydantic_core import CoreSchema
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, idempotency
from shared.auth import Keys, Principal
from shared.db import Database, is_unavailable
from shared.problems import Problem, RecordedAtTheSameTime, Unavailable, Unprocessable

__all__ = [
    "PROBLEMS",
    "Figure",
    "Model",
    "Money",
    "Out",
    "Total",
    "TransactionalRoute",
    "UnrecordedRoute",
    "router",
    "set_region",
]


def _bound_days(schema: Any) -> None:  # noqa: ANN401 - a part of a core schema
    if isinstance(schema, list | tuple):
        for part in schema:
            _bound_days(part)
    elif isinstance(schema, dict):
        if schema.get("type") == "date":
            schema.setdefault("ge", clock.EARLIEST)
            schema.setdefault("le", clock.LATEST)
        for name, part in schema.items():
            if name not in ("metadata", "serialization"):
                _bound_days(part)


class Model(BaseModel):
    """Base of input models: unknown fields are refused. Declare whole numbers StrictInt, so that `true` is none."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_max_length=20_000)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Days of an input lie between `clock.EARLIEST` and `clock.LATEST`, unless the field says more."""
        schema = handler(source)
        _bound_days(schema)
        return schema


class Out(BaseModel):
    """Base of output models: every field is stated, none has a default."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def _decimal_text(value: object) -> object:
    """A decimal is written as a JSON string; an integer is exact too. A JSON float has lost digits already."""
    if isinstance(value, (bool, float)):
        raise ValueError('write the decimal as a string, for example "120000.00"')  # noqa: TRY004 - pydantic wants ValueError
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("must be a finite number")
    return value


# The limits stand next to the type, where they are checked without Python; the schema names them for readers.
Money = Annotated[
    Decimal,
    Field(max_digits=18, decimal_places=2),
    BeforeValidator(_decimal_text, json_schema_input_type=str),
    AfterValidator(_finite),
    Field(json_schema_extra={"max_digits": 18, "decimal_places": 2}),
    PlainSerializer(lambda value: f"{value:.2f}", return_type=str),
]
# A sum of amounts may have more digits than any of them: one contract of 16 digits must not break its region's totals.
Total = Annotated[
    Decimal,
    Field(decimal_places=2),
    BeforeValidator(_decimal_text, json_schema_input_type=str),
    AfterValidator(_finite),
    PlainSerializer(lambda value: f"{value:.2f}", return_type=str),
]
Figure = Annotated[
    Decimal,
    Field(max_digits=24, decimal_places=8),
    BeforeValidator(_decimal_text, json_schema_input_type=str),
    AfterValidator(_finite),
    Field(json_schema_extra={"max_digits": 24, "decimal_places": 8}),
    PlainSerializer(lambda value: format(value.normalize(), "f"), return_type=str),
]


def set_region(response: Response, region: str) -> None:
    """Name the region of the object in the answer; the gateway checks it against the caller's scope once more."""
    response.headers["Gongping-Region"] = region


class _Sessions:
    """The sessions of one request: at most one that reads and one that writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: AsyncSession | None = None
        self.write: AsyncSession | None = None

    def open(self, principal: Principal, *, write: bool) -> AsyncSession:
        if write:
            if self.write is None:
                self.write = self._database.session(principal=principal, write=True)
            return self.write
        if self._read is None:
            self._read = self._database.session(principal=principal, write=False)
        return self._read

    async def close(self) -> None:
        # Closing a session that was not committed rolls it back.
        if self.write is not None:
            await self.write.close()
        if self._read is not None:
            await self._read.close()


class TransactionalRoute(APIRoute):
    """Opens the sessions that an endpoint asks for, commits before the answer is sent, replays repeated POSTs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler that FastAPI calls."""
        endpoint = super().get_route_handler()

        async def handle(request: Request) -> Response:
            database: Database = request.app.state.database
            sessions = _Sessions(database)
            request.scope["gongping.open"] = sessions.open
            try:
                return await _answer(request, endpoint, sessions, database)
            except Problem:
                raise
            except Exception as error:
                problem = _problem_of(error)
                if problem is None:
                    raise
                raise problem from error
            finally:
                await sessions.close()

        return handle


_TAKEN = "23505"  # PostgreSQL: a key that must be unique; whoever asks first whether it is free may be overtaken
_NOT_STORABLE = ("22021", "22P05")  # PostgreSQL: character not in repertoire, untranslatable character


def _problem_of(error: Exception) -> Problem | None:
    """What the database's refusal means for the caller; None for what is a fault of ours."""
    if is_unavailable(error):
        return Unavailable(
            "The database did not answer. Repeat the request, with the same Idempotency-Key if it had one."
        )
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    if state == _TAKEN:
        return RecordedAtTheSameTime("Another request has just recorded this; read it, or repeat the request.")
    if state in _NOT_STORABLE:
        return Unprocessable("A text holds the character U+0000, which cannot be stored.", errors=[])
    return None


class UnrecordedRoute(TransactionalRoute):
    """A transactional route whose answers hold secrets that are shown once: none is stored for a repetition.

    An Idempotency-Key is taken no notice of, and nobody on the way may keep the answer.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler that FastAPI calls."""
        handle = super().get_route_handler()

        async def without_key(request: Request) -> Response:
            headers = [pair for pair in request.scope["headers"] if pair[0] != b"idempotency-key"]
            response = await handle(Request({**request.scope, "headers": headers}, request.receive))
            response.headers["Cache-Control"] = "no-store"
            return response

        return without_key


async def _answer(
    request: Request,
    endpoint: Callable[[Request], Coroutine[Any, Any, Response]],
    sessions: _Sessions,
    database: Database,
) -> Response:
    asked = None
    if "idempotency-key" in request.headers and request.method == "POST":
        keys: Keys = request.app.state.keys
        principal = keys.principal_of(request.headers.get("authorization"))
        request.scope["gongping.principal"] = principal
        asked = await idempotency.request_of(request, principal.subject)
        if asked is not None:
            stored = await idempotency.replay(sessions.open(principal, write=True), asked)
            if stored is not None:
                return stored
    response = await endpoint(request)
    if sessions.write is not None and response.status_code < 400:
        if asked is not None:
            await idempotency.store(sessions.write, asked, response)
        await database.commit(sessions.write)
    return response


_PROBLEM = {
    "application/problem+json": {
        "schema": {
            "type": "object",
            "description": "RFC 9457 problem document; a refusal may have further members that say what is missing.",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "description": "`/problems/<slug>`: a page that explains the problem."},
                "title": {"type": "string", "description": "What kind of problem it is."},
                "status": {"type": "integer", "description": "The HTTP status."},
                "detail": {"type": "string", "description": "What happened and what to do."},
            },
        }
    }
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused; nothing was changed.", "content": _PROBLEM},
    "5XX": {"description": "A part does not answer; nothing was changed, try again.", "content": _PROBLEM},
}


def router(*, tags: list[str], prefix: str = "/v1", recorded: bool = True) -> APIRouter:
    """A router whose routes own their transaction and whose refusals are problem documents.

    With `recorded` false no answer is stored for its Idempotency-Key.
    """
    route_class = TransactionalRoute if recorded else UnrecordedRoute
    return APIRouter(prefix=prefix, tags=list(tags), route_class=route_class, responses=PROBLEMS)
