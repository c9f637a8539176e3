"""Disclosure over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.contracts.queries import require_visible
from contracts.disclosure.queries import FIELDS, LEVELS
from contracts.disclosure.service import words_in_force
from contracts.lists import id_after
from contracts.marks import queries, service
from contracts.marks.models import DisclosureMark
from contracts.marks.rules import warnings_about
from contracts.marks.schemas import FieldOut, LevelsOut, MarkEndIn, MarkIn, MarkOut, WordsOut
from shared import clock
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["disclosure"])

Anyone = Annotated[Principal, allow("public", "finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Marker = Annotated[Principal, allow("finance", "purchaser", "operator")]


def _out(mark: DisclosureMark) -> MarkOut:
    standing = mark.ended_at is None and (mark.until is None or mark.until >= clock.today())
    names = MarkOut.model_fields.keys() - {"in_force", "warnings"}
    warnings = warnings_about(subject=mark.subject, target=mark.target, level=mark.level)
    return MarkOut.model_validate(
        {name: getattr(mark, name) for name in names} | {"in_force": standing, "warnings": warnings}
    )


def _answer(response: Response, mark: DisclosureMark) -> MarkOut:
    response.headers["ETag"] = etag(mark.version)
    set_region(response, mark.region)
    return _out(mark)


@routes.get("/disclosure/levels", summary="What can be marked, and how")
async def show_levels(_: Anyone) -> LevelsOut:
    """Levels above public, and the fields of a contract that can have one."""
    fields = [FieldOut(code=code, zh=one.zh, en=one.en, keys=list(one.keys)) for code, one in FIELDS.items()]
    return LevelsOut(levels=list(LEVELS), fields=fields)


@routes.get("/disclosure/words", summary="The list by which entries are screened for state secrets")
async def show_words(_: Officer) -> WordsOut:
    """State secrets may not be entered: a hit is a warning on the contract. The setting `secrecy_words` replaces it."""
    words = words_in_force()
    return WordsOut(
        version=words.version,
        source=words.source,
        confidence=words.confidence,
        levels=list(words.levels),
        words=[*words.words, *words.alone],
        harmless=list(words.harmless),
    )


@routes.get("/disclosure/marks", summary="Marks that stand")
async def list_marks(
    *,
    session: ReadSession,
    _: Officer,
    page: PageQuery,
    unreviewed: Annotated[bool, Query(description="Only those that no second person has reviewed.")] = False,
    request: Request,
    response: Response,
) -> Page[MarkOut]:
    """Marks of your regions in the order of setting."""
    found = await queries.list_marks(session, limit=page.limit, after=id_after(page), unreviewed=unreviewed)
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(request, response, [_out(mark) for mark in shown], next_cursor=next_cursor)


@routes.get("/contracts/{contract_id}/disclosure", summary="Marks of a contract, ended ones too")
async def list_contract_marks(contract_id: UUID, session: ReadSession, response: Response, _: Officer) -> list[MarkOut]:
    """In the order of setting."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    return [_out(mark) for mark in await queries.marks_of(session, contract_id=contract_id)]


@routes.post("/contracts/{contract_id}/disclosure", status_code=201, summary="Mark a contract, a field or a document")
async def set_mark(contract_id: UUID, body: MarkIn, session: WriteSession, response: Response, _: Marker) -> MarkOut:
    """It counts at once, in every answer, list, total, release and event; `warnings` name rules against it."""
    return _answer(response, await service.set_mark(session, body, contract_id=contract_id))


@routes.post("/contracts/{contract_id}/disclosure/{mark_id}/review", summary="Review a mark as the second person")
async def review_mark(
    *, contract_id: UUID, mark_id: UUID, session: WriteSession, response: Response, if_match: IfMatch, _: Marker
) -> MarkOut:
    """409 for the person who set it."""
    return _answer(
        response, await service.review_mark(session, contract_id=contract_id, mark_id=mark_id, if_match=if_match)
    )


@routes.post("/contracts/{contract_id}/disclosure/{mark_id}/end", summary="End a mark")
async def end_mark(
    *,
    contract_id: UUID,
    mark_id: UUID,
    body: MarkEndIn,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Marker,
) -> MarkOut:
    """What it covered is public again. A reviewed mark is ended by a person who did not set it."""
    mark = await service.end_mark(
        session, contract_id=contract_id, mark_id=mark_id, reason=body.reason, if_match=if_match
    )
    return _answer(response, mark)
