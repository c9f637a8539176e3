from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from scoring.determinations import queries, service
from scoring.determinations.models import Determination
from scoring.determinations.schemas import DeterminationIn, DeterminationOut, WouldNowBe
from scoring.scores.queries import head_of
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, Paging, encode_cursor, page_response
from shared.problems import Forbidden, Unprocessable
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["determinations"])

OFFICERS = ("finance", "purchaser", "auditor", "operator")
Signer = Annotated[Principal, allow("finance", "purchaser")]
Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "auditor", "operator")]


@routes.post("/determinations", status_code=201, summary="Determine a score")
async def issue_determination(
    body: DeterminationIn, session: WriteSession, _: Signer, response: Response
) -> DeterminationOut:
    """Pins one score row by a signed act: the newest, or the one that `content_hash` names."""
    made = await service.issue_determination(session, body)
    set_region(response, made.region)
    response.headers["Location"] = f"/v1/determinations/{made.id}"
    return _out(made, replaced_by=None, would_now_be=None)


@routes.get("/determinations", summary="List determinations")
async def list_determinations(
    *,
    session: ReadSession,
    principal: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    contract_id: Annotated[UUID | None, Query(description="Only of this contract.")] = None,
) -> Page[DeterminationOut]:
    """In the order of issue, replaced ones included; a provider sees those about itself."""
    found = await queries.list_determinations(
        session, contract_id=contract_id, provider=_provider(principal), after=_after(page), limit=page.limit + 1
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1][0].id) if len(found) > page.limit else None
    items = [_out(each, replaced_by=successor, would_now_be=None) for each, successor in shown]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.get("/determinations/{determination_id}", summary="Read a determination")
async def get_determination(
    determination_id: UUID, session: ReadSession, principal: Reader, response: Response
) -> DeterminationOut:
    """As it was signed; for officers with what the live score would say now, where that differs."""
    found, successor = await queries.find_determination(session, determination_id, provider=_provider(principal))
    set_region(response, found.region)
    now = await _would_now_be(session, found) if principal.roles & set(OFFICERS) else None
    return _out(found, replaced_by=successor, would_now_be=now)


async def _would_now_be(session: ReadSession, determination: Determination) -> WouldNowBe | None:
    head = await head_of(session, contract_id=determination.contract_id, framework_id=determination.framework_id)
    if head is None or head.content_hash == determination.content_hash:
        return None
    difference: Decimal = head.score - determination.score
    return WouldNowBe(
        version=head.version,
        stage=head.stage,
        score=head.score,
        grade=head.grade,
        difference=f"{difference:+.6f}",
        content_hash=head.content_hash,
    )


def _provider(principal: Principal) -> UUID | None:
    """The organisation that the caller is limited to; None for an officer."""
    if principal.roles & set(OFFICERS):
        return None
    if principal.organisation is None:
        raise Forbidden("Your token names no organisation, so there is nothing that is about you.")
    return principal.organisation


def _out(
    determination: Determination, *, replaced_by: UUID | None, would_now_be: WouldNowBe | None
) -> DeterminationOut:
    columns = {column.key: getattr(determination, column.key) for column in Determination.__table__.columns}
    return DeterminationOut.model_validate(columns | {"replaced_by": replaced_by, "would_now_be": would_now_be})


def _after(page: Paging) -> UUID | None:
    if page.cursor is None:
        return None
    try:
        (determination_id,) = page.cursor
        return UUID(determination_id)
    except (TypeError, ValueError, AttributeError) as error:
        raise Unprocessable(
            "The cursor is not one of this list.", errors=[{"pointer": "query:cursor", "detail": "of another list"}]
        ) from error
