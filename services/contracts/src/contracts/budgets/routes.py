"""Budget projects over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.budgets import queries, service
from contracts.budgets.schemas import (
    AdjustmentIn,
    AdjustmentOut,
    BudgetProjectBulkIn,
    BudgetProjectIn,
    BudgetProjectOut,
    BudgetShareOut,
)
from contracts.bulk import BulkOut, apply_each
from contracts.lists import id_after
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["budget projects"])

Reader = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Keeper = Annotated[Principal, allow("finance", "purchaser")]


def _answer(response: Response, project: dict[str, Any]) -> BudgetProjectOut:
    response.headers["ETag"] = etag(project["version"])
    set_region(response, project["region"])
    return BudgetProjectOut.model_validate(project)


@routes.post("/budget-projects", status_code=201, summary="Record a budget project")
async def create_budget_project(
    body: BudgetProjectIn, session: WriteSession, response: Response, _: Keeper
) -> BudgetProjectOut:
    """409 when the unit has a project of this code in this year: the problem names it."""
    project_id = await service.create_budget_project(session, body)
    response.headers["Location"] = f"/v1/budget-projects/{project_id}"
    return _answer(response, await queries.get_project(session, project_id=project_id))


@routes.post("/budget-projects:bulk", summary="Record or adjust many budget projects")
async def bulk_budget_projects(
    body: BudgetProjectBulkIn, session: WriteSession, request: Request, _: Keeper
) -> BulkOut:
    """Upsert by unit, code and year with a result per item; another full-year amount is recorded as an adjustment."""
    limit = request.app.state.settings.max_bulk_budget_projects
    return await apply_each(session, body.items, service.upsert_budget_project, limit=limit)


@routes.get("/budget-projects", summary="List budget projects")
async def list_budget_projects(
    *,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    year: Annotated[int | None, Query(description="Budget year.", ge=1990, le=2100)] = None,
    unit_id: Annotated[UUID | None, Query(description="Unit whose budget it is.")] = None,
    code: Annotated[str | None, Query(description="Code.", max_length=64)] = None,
    region: Annotated[str | None, Query(description="Region, with everything below it.", max_length=16)] = None,
) -> Page[BudgetProjectOut]:
    """Projects of your regions in the order of recording, each with its execution."""
    filters = {"year": year, "unit_id": unit_id, "code": code, "region": region}
    found = await queries.list_projects(session, limit=page.limit, after=id_after(page), filters=filters)
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1]["id"]) if len(found) > page.limit else None
    return page_response(
        request, response, [BudgetProjectOut.model_validate(project) for project in shown], next_cursor=next_cursor
    )


@routes.get("/budget-projects/{project_id}", summary="Show a budget project")
async def show_budget_project(
    project_id: UUID, session: ReadSession, response: Response, _: Reader
) -> BudgetProjectOut:
    """The project with what its contracts hold and have spent."""
    return _answer(response, await queries.get_project(session, project_id=project_id))


@routes.post("/budget-projects/{project_id}/adjust", summary="Change the full-year amount")
async def adjust_budget_project(
    *,
    project_id: UUID,
    body: AdjustmentIn,
    session: WriteSession,
    response: Response,
    _: Keeper,
    if_match: IfMatch,
) -> BudgetProjectOut:
    """Never below what contracts hold. What it was, and why it changed, stays in the list of adjustments."""
    await service.adjust_budget_project(session, body, project_id=project_id, if_match=if_match)
    return _answer(response, await queries.get_project(session, project_id=project_id))


@routes.get("/budget-projects/{project_id}/adjustments", summary="List the changes of the full-year amount")
async def list_adjustments(
    project_id: UUID, session: ReadSession, response: Response, _: Reader
) -> list[AdjustmentOut]:
    """In the order in which they were recorded."""
    project = await queries.get_project(session, project_id=project_id)
    set_region(response, project["region"])
    return [AdjustmentOut.model_validate(row) for row in await queries.adjustments_of(session, project_id=project_id)]


@routes.get("/budget-projects/{project_id}/shares", summary="List what contracts hold of a project")
async def list_shares(
    *,
    project_id: UUID,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
) -> Page[BudgetShareOut]:
    """Per contract of your regions its share and what was paid from it. A share is posted to the contract's ledger."""
    project = await queries.get_project(session, project_id=project_id)
    set_region(response, project["region"])
    found = await queries.shares_of(session, project_id=project_id, limit=page.limit, after=id_after(page))
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1]["contract_id"]) if len(found) > page.limit else None
    return page_response(
        request, response, [BudgetShareOut.model_validate(share) for share in shown], next_cursor=next_cursor
    )
