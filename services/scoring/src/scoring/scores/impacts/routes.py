from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response

from scoring.scores.impacts import queries, service
from scoring.scores.impacts.models import FrameworkImpact, ImpactChange
from scoring.scores.impacts.schemas import ImpactChangeOut, ImpactOut
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import PageQuery, Paging, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["frameworks"])
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Maker = Annotated[Principal, allow("finance")]
FrameworkId = Annotated[str, Path(max_length=64, description="Id of the framework.")]
VersionNumber = Annotated[str, Path(max_length=32, description="Version.", examples=["1.0.0"])]
PATH = "/frameworks/{framework_id}/versions/{version}/impact"


@routes.post(PATH, summary="Ask which contracts a version would re-grade", status_code=202)
async def ask_impact(
    framework_id: FrameworkId, version: VersionNumber, session: WriteSession, principal: Maker
) -> ImpactOut:
    """A job scores every contract of its region under the version and under what it follows, with the same draws.

    Nothing is written to the scores. Ask for the answer at the same address.
    """
    return _out(await service.ask_impact(session, framework_id, version, principal=principal), [], None)


@routes.get(PATH, summary="Which contracts a version would re-grade")
async def get_impact(  # noqa: PLR0917 - FastAPI passes them by name
    framework_id: FrameworkId,
    version: VersionNumber,
    session: ReadSession,
    principal: Officer,
    page: PageQuery,
    request: Request,
    response: Response,
) -> ImpactOut:
    """The impact that was asked for last, with its progress and the contracts whose grade changes."""
    impact = await queries.newest_impact(session, framework_id, version, principal=principal)
    found = await queries.changes_of(session, impact.id, after=_after(page), limit=page.limit + 1)
    shown = found[: page.limit]
    following = encode_cursor(str(shown[-1].contract_id)) if len(found) > page.limit else None
    page_response(request, response, shown, next_cursor=following)
    return _out(impact, shown, following)


def _after(page: Paging) -> UUID | None:
    try:
        return None if page.cursor is None else UUID(page.cursor[0])
    except (ValueError, TypeError, AttributeError, IndexError):
        raise Unprocessable(
            "The cursor is not one of this list.", errors=[{"pointer": "query:cursor", "detail": "of another list"}]
        ) from None


def _out(impact: FrameworkImpact, changes: list[ImpactChange], following: str | None) -> ImpactOut:
    names = ("id", "framework_id", "framework_version", "hash", "against", "state", "contracts", "changed", "expected")
    fields = {name: getattr(impact, name) for name in (*names, "transitions", "asked_at", "finished_at")}
    shown = [ImpactChangeOut.model_validate(each) for each in changes]
    return ImpactOut.model_validate(fields | {"region": impact.scope, "changes": shown, "next": following})
