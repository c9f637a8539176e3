from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from gateway.openapi.service import merged_document
from gateway.pages.api import api_page
from gateway.pages.html import HEADERS, page
from gateway.pages.problems import find_problem_type, problem_page, problems_page
from shared.problems import NotFound

__all__ = ["router"]

router = APIRouter(tags=["documentation"], include_in_schema=False)


@router.get("/docs")
async def read_docs(request: Request) -> HTMLResponse:
    """Every operation on one page."""
    merged = await merged_document(request.app.state, request.app.openapi())
    return HTMLResponse(page("API", api_page(merged.document)), headers=HEADERS)


@router.get("/problems")
async def list_problems() -> HTMLResponse:
    """Every type of problem on one page."""
    return HTMLResponse(page("Problems", problems_page()), headers=HEADERS)


@router.get("/problems/{slug}")
async def read_problem(slug: str) -> HTMLResponse:
    """What a type of problem means: the page that `type` in an error leads to."""
    problem = find_problem_type(slug)
    if problem is None:
        raise NotFound("There is no such type of problem; /problems lists them all.")
    return HTMLResponse(page(problem.title, problem_page(problem)), headers=HEADERS)
