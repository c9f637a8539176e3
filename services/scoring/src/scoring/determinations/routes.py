from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy import Row

from scoring.determinations import queries, service
from scoring.determinations.models import Determination
from scoring.determinations.queries import Found
from scoring.determinations.schemas import (
    ActOut,
    DeterminationIn,
    DeterminationOut,
    PublicationIn,
    ReviewOut,
    ServiceIn,
    WouldNowBe,
)
from scoring.scores.queries import head_of
from shared.auth import ROLES, Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, Paging, encode_cursor, page_response
from shared.problems import Forbidden, Unprocessable
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["determinations"])

OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
Signer = Annotated[Principal, allow("finance", "purchaser")]
# Officers read what is signed, the provider concerned what was handed over to it; everybody else what is published.
Reader = Annotated[Principal, allow(*ROLES)]
Party = Annotated[Principal, allow("finance", "purchaser", "provider", "auditor", "operator")]


@routes.post("/determinations", status_code=201, summary="Determine a score")
async def issue_determination(
    body: DeterminationIn, session: WriteSession, principal: Signer, response: Response
) -> DeterminationOut:
    """Pins one score row by a signed act: the newest, or the one that `content_hash` names."""
    made = await service.issue_determination(session, body)
    set_region(response, made.region)
    response.headers["Location"] = f"/v1/determinations/{made.id}"
    (out,) = await _outs(session, [(made, None)], principal)
    return out


@routes.get("/determinations", summary="List determinations")
async def list_determinations(
    *,
    session: ReadSession,
    principal: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    contract_id: Annotated[UUID | None, Query(description="Only of this contract.")] = None,
    framework_id: Annotated[str | None, Query(description="Only under this framework.", max_length=64)] = None,
    stage: Annotated[
        Literal["interim", "completion", "followUp"] | None, Query(description="Only of this stage.")
    ] = None,
    in_force: Annotated[bool, Query(description="Leave out what was replaced or annulled.")] = False,
) -> Page[DeterminationOut]:
    """In the order of issue; interim, completion and followUp stand side by side.

    Officers see all, replaced ones included; a provider those about itself that were handed over to it; everybody else
    what is published.
    """
    found = await queries.list_determinations(
        session,
        contract_id=contract_id,
        framework_id=framework_id,
        stage=stage,
        in_force=in_force,
        provider=_provider(principal),
        published=_outsider(principal),
        after=_after(page),
        limit=page.limit + 1,
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1][0].id) if len(found) > page.limit else None
    return page_response(request, response, await _outs(session, shown, principal), next_cursor=next_cursor)


@routes.get("/determinations/{determination_id}", summary="Read a determination")
async def get_determination(
    determination_id: UUID, session: ReadSession, principal: Reader, response: Response
) -> DeterminationOut:
    """As it was signed; for officers with what the live score would say now, where that differs."""
    found = await queries.find_determination(
        session, determination_id, provider=_provider(principal), published=_outsider(principal)
    )
    set_region(response, found[0].region)
    now = await _would_now_be(session, found[0]) if principal.roles & OFFICERS else None
    (out,) = await _outs(session, [found], principal, would_now_be=now)
    return out


@routes.get("/determinations/{determination_id}/acts", summary="What was done with a determination")
async def list_acts(determination_id: UUID, session: ReadSession, principal: Party, response: Response) -> list[ActOut]:
    """Service with its proof, publication, suspension and release by appeals, annulment; in the order recorded."""
    found, _ = await queries.find_determination(session, determination_id, provider=_provider(principal))
    set_region(response, found.region)
    return [ActOut.model_validate(act) for act in await queries.acts_of(session, [found.id])]


@routes.post("/determinations/{determination_id}/service", status_code=201, summary="Record the service of a document")
async def serve_determination(
    determination_id: UUID, body: ServiceIn, session: WriteSession, _: Signer, response: Response
) -> ActOut:
    """A determination takes effect on service; what the rule set demands opens then."""
    act = await service.serve(session, determination_id, body)
    set_region(response, act.region)
    return ActOut.model_validate(act)


@routes.post("/determinations/{determination_id}/publication", status_code=201, summary="Publish a determination")
async def publish_determination(
    determination_id: UUID, body: PublicationIn, session: WriteSession, _: Signer, response: Response
) -> ActOut:
    """After it took effect, and not while an appeal suspends it; everybody can read it from then on."""
    act = await service.publish(session, determination_id, body)
    set_region(response, act.region)
    return ActOut.model_validate(act)


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
    """The organisation that a provider is limited to; None for everybody else."""
    if principal.roles & OFFICERS or "provider" not in principal.roles:
        return None
    if principal.organisation is None:
        raise Forbidden("Your token names no organisation, so there is nothing that is about you.")
    return principal.organisation


def _outsider(principal: Principal) -> bool:
    """Whether the caller sees published determinations only."""
    return not principal.roles & (OFFICERS | {"provider"})


async def _outs(
    session: ReadSession, found: Sequence[Found], principal: Principal, *, would_now_be: WouldNowBe | None = None
) -> list[DeterminationOut]:
    standings = await queries.standings(session, found)
    due = {} if _outsider(principal) else await queries.reviews_due(session, found)
    made = []
    for determination, _ in found:
        standing = standings[determination.id]
        columns = {column.key: getattr(determination, column.key) for column in Determination.__table__.columns}
        if _outsider(principal):
            columns["signed_by"] = None
        state = {name: getattr(standing, name) for name in _STATE}
        told = {"would_now_be": would_now_be, "review_due": _reviews(due.get(determination.id, []))}
        made.append(DeterminationOut.model_validate(columns | state | told))
    return made


def _reviews(corrections: Sequence[Row[Any]]) -> list[ReviewOut]:
    return [ReviewOut(reason="correction", **row.corrected, since=row.received_at) for row in corrections]


_STATE = ("replaced_by", "served_at", "effective_at", "published_at", "annulled_at", "suspended_by")


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
