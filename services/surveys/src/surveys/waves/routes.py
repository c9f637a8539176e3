"""Waves over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response, status

from shared import clock
from shared.auth import Principal, allow
from shared.concurrency import etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region
from surveys.waves import queries, service
from surveys.waves.schemas import OpenWaveIn, WaveOut, wave_out

__all__ = ["routes"]

routes = router(tags=["waves"])
Staff = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Anybody = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Openers = Annotated[Principal, allow("finance", "purchaser", "operator")]


@routes.get("/waves", summary="Waves in order of opening")
async def list_waves(
    *,
    request: Request,
    response: Response,
    session: ReadSession,
    principal: Staff,  # noqa: ARG001
    paging: PageQuery,
    contract_id: Annotated[UUID | None, Query(description="Only waves of this contract.")] = None,
    state: Annotated[Literal["open", "closed"] | None, Query(description="Only waves in this state.")] = None,
) -> Page[WaveOut]:
    """The waves of the caller's regions."""
    after = _after(paging.cursor)
    found = await queries.list_waves(session, contract_id=contract_id, state=state, after=after, limit=paging.limit + 1)
    items = [wave_out(wave, contract) for wave, contract in found[: paging.limit]]
    following = encode_cursor(str(items[-1].id)) if len(found) > paging.limit else None
    return page_response(request, response, items, next_cursor=following)


@routes.post("/waves", status_code=status.HTTP_201_CREATED, summary="Open a wave by hand")
async def open_wave(body: OpenWaveIn, response: Response, session: WriteSession, principal: Openers) -> WaveOut:  # noqa: ARG001
    """Open a wave of any kind. A contract's completion opens its completion wave by itself."""
    population = body.population
    if body.design == "census" and population is None:
        population = (await queries.get_contract(session, body.contract_id)).population
        if not population:
            raise _missing_population()
    _check_times(body)
    opening = service.Opening(**body.model_dump(exclude={"contract_id", "population"}), population=population)
    wave, contract = await service.open_wave(session, opening, contract_id=body.contract_id)
    return _answer(response, wave, contract)


@routes.get("/waves/{wave_id}", summary="A wave")
async def get_wave(wave_id: UUID, response: Response, session: ReadSession, principal: Anybody) -> WaveOut:  # noqa: ARG001
    """What is asked, of whom, until when. Open to the public: whoever has the link may see what it is about."""
    wave, contract = await queries.get_wave(session, wave_id)
    return _answer(response, wave, contract)


def _answer(response: Response, wave: queries.Wave, contract: queries.ContractStub) -> WaveOut:
    set_region(response, wave.region)
    response.headers["ETag"] = etag(wave.version)
    return wave_out(wave, contract)


def _after(cursor: list[object] | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        return UUID(str(cursor[0]))
    except (ValueError, IndexError) as error:
        raise Unprocessable(
            "The cursor is not one of ours.",
            errors=[{"pointer": "query:cursor", "detail": "not a cursor of this list"}],
        ) from error


def _check_times(body: OpenWaveIn) -> None:
    now = clock.now()
    opens_at = body.opens_at or now
    if body.closes_at is not None and (body.closes_at <= opens_at or body.closes_at <= now):
        raise Unprocessable(
            "closes_at must lie after opens_at and in the future.",
            errors=[{"pointer": "/closes_at", "detail": "must lie after opens_at and in the future"}],
        )


def _missing_population() -> Unprocessable:
    return Unprocessable(
        "A census needs its population: the contract names no beneficiaries.",
        errors=[{"pointer": "/population", "detail": "must be given, because the contract names no beneficiaries"}],
    )
