"""The public pages over HTTP.

They stand outside the transactional route class and outside the API: a page needs no account, ignores a token of the
API, leaves no trace and no log line (`shared.telemetry.is_private`), and answers errors as pages.
"""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from shared.db import is_unavailable
from shared.problems import NotFound, Problem
from surveys.public import cases, sending, survey
from surveys.public.asked import Asked, FormMalformed, read_form
from surveys.public.assets import asset
from surveys.public.pages import HEADERS, Page, problem_page
from surveys.public.visit import Visit, visit
from surveys.responses.routes import address_of
from surveys.responses.service import Desk, desk_of

__all__ = ["routes"]

_log = structlog.get_logger("pages")
MOST = 131_072  # bytes of a form: the longest texts of a questionnaire, percent-encoded
YEAR = 31_536_000


class PageRoute(APIRoute):
    """Answers refusals as pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler that FastAPI calls."""
        endpoint = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Problem as problem:
                status, wait = problem.status, problem.headers.get("Retry-After")
            except (RequestValidationError, FormMalformed):
                status, wait = 422, None
            except Exception as error:  # noqa: BLE001 - a citizen gets a page whatever happens
                status, wait = 503 if is_unavailable(error) else 500, None
                # Only its kind: the error itself may hold what was answered.
                _log.error("page failed", kind=type(error).__name__)
            frame = cases.frame_of(_asked(request), "/p")
            answer = _response(request, problem_page(frame, status, retry_after=wait))
            if wait is not None:
                answer.headers["Retry-After"] = wait
            return answer

        return handle


routes = APIRouter(prefix="/p", include_in_schema=False, route_class=PageRoute)


@routes.get("")
async def home(request: Request) -> Response:
    """Where to go."""
    return _response(request, cases.home_page(_asked(request)))


@routes.post("")
async def post_code(request: Request) -> Response:
    """Go to the survey of a spoken code."""
    return _response(request, await cases.open_by_code(_desk(request), await _form(request)))


@routes.api_route("/static/{digest}/{name}", methods=["GET", "HEAD"])
async def static(digest: str, name: str) -> Response:
    """The stylesheet and the script."""
    found = asset(name)
    if found is None or found.digest != digest:
        raise NotFound("There is no such file.")
    headers = {"Cache-Control": f"public, max-age={YEAR}, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(found.body, media_type=found.media_type, headers=headers)


@routes.get("/complaint")
async def complaint(request: Request) -> Response:
    """The form of a complaint."""
    return _response(request, await cases.complaint_form(request.app.state.database, _asked(request)))


@routes.post("/complaint")
async def post_complaint(request: Request) -> Response:
    """Hand a complaint in."""
    asked = await _form(request)
    desk_of(request.app.state).limits.admit_answer(asked.address)
    return _response(request, await cases.send_complaint(request.app.state.database, asked))


@routes.get("/follow")
async def follow(request: Request) -> Response:
    """Ask for the code of a case."""
    return _response(request, cases.follow_form(_asked(request)))


@routes.post("/follow")
async def post_follow(request: Request) -> Response:
    """Show a case."""
    return _response(request, await cases.case_page(_desk(request), await _form(request)))


@routes.post("/outcome")
async def post_outcome(request: Request) -> Response:
    """Take the citizen's word on a closed case."""
    return _response(request, await cases.say_outcome(_desk(request), await _form(request)))


@routes.get("/{wave_id}")
async def notice(request: Request, wave_id: UUID) -> Response:
    """What a survey is about."""
    asked = _asked(request)
    return _response(request, await survey.notice_page(await _visit(request, wave_id, asked, ""), asked))


@routes.post("/{wave_id}/start")
async def start(request: Request, wave_id: UUID) -> Response:
    """Begin, or go on."""
    asked = await _form(request)
    return _response(request, await survey.start(await _visit(request, wave_id, asked, ""), asked))


@routes.get("/{wave_id}/q/{code}")
async def question(request: Request, wave_id: UUID, code: str) -> Response:
    """One question."""
    asked = _asked(request)
    found = await _visit(request, wave_id, asked, f"/q/{code[:48]}")
    return _response(request, await survey.question_page(found, asked, code))


@routes.post("/{wave_id}/q/{code}")
async def post_question(request: Request, wave_id: UUID, code: str) -> Response:
    """Its answer."""
    asked = await _form(request)
    found = await _visit(request, wave_id, asked, f"/q/{code[:48]}")
    return _response(request, await survey.save_answer(found, asked, code))


@routes.get("/{wave_id}/check")
async def check(request: Request, wave_id: UUID) -> Response:
    """The answers before they are sent."""
    found = await _visit(request, wave_id, _asked(request), "/check")
    return _response(request, await survey.check_page(found, last=False))


@routes.get("/{wave_id}/confirm")
async def confirm(request: Request, wave_id: UUID) -> Response:
    """The same with the answers about the respondent."""
    found = await _visit(request, wave_id, _asked(request), "/confirm")
    return _response(request, await survey.check_page(found, last=True))


@routes.post("/{wave_id}/send")
async def send(request: Request, wave_id: UUID) -> Response:
    """Hand the answers in."""
    asked = await _form(request)
    return _response(request, await sending.send_answers(await _visit(request, wave_id, asked, "/check"), asked))


@routes.get("/{wave_id}/receipt")
async def receipt(request: Request, wave_id: UUID) -> Response:
    """The receipt code."""
    asked = _asked(request)
    return _response(request, sending.receipt_page(await _visit(request, wave_id, asked, "/receipt"), asked))


@routes.get("/{wave_id}/withdraw")
async def withdraw(request: Request, wave_id: UUID) -> Response:
    """Ask for the receipt of the answers to withdraw."""
    return _response(request, sending.withdraw_form(await _visit(request, wave_id, _asked(request), "/withdraw")))


@routes.post("/{wave_id}/withdraw")
async def post_withdraw(request: Request, wave_id: UUID) -> Response:
    """Withdraw them."""
    asked = await _form(request)
    found = await _visit(request, wave_id, asked, "/withdraw")
    return _response(request, await sending.withdraw_answers(found, asked))


@routes.get("/{wave_id}/proof")
async def proof(request: Request, wave_id: UUID) -> Response:
    """Ask for the receipt of the answers to find."""
    return _response(request, sending.proof_form(await _visit(request, wave_id, _asked(request), "/proof")))


@routes.post("/{wave_id}/proof")
async def post_proof(request: Request, wave_id: UUID) -> Response:
    """Show that they are counted."""
    asked = await _form(request)
    return _response(request, await sending.show_proof(await _visit(request, wave_id, asked, "/proof"), asked))


@routes.get("/{wave_id}/results")
async def results(request: Request, wave_id: UUID) -> Response:
    """What was published."""
    return _response(request, await sending.results_page(await _visit(request, wave_id, _asked(request), "/results")))


def _desk(request: Request) -> Desk:
    return desk_of(request.app.state)


async def _visit(request: Request, wave_id: UUID, asked: Asked, here: str) -> Visit:
    return await visit(_desk(request), wave_id, asked, here)


def _asked(request: Request, form: dict[str, list[str]] | None = None) -> Asked:
    return Asked(
        query=dict(request.query_params),
        form=form or {},
        cookies=request.cookies,
        accept_language=request.headers.get("accept-language", ""),
        address=address_of(request),
    )


async def _form(request: Request) -> Asked:
    body = await request.body()
    if len(body) > MOST:
        raise FormMalformed("the form is too large")
    return _asked(request, read_form(body))


def _response(request: Request, page: Page) -> Response:
    response = Response(page.html, page.status, headers=HEADERS, media_type="text/html")
    if page.location is not None:
        response.headers["Location"] = page.location
    secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    for cookie in page.cookies:
        if cookie.value:
            response.set_cookie(
                cookie.name,
                cookie.value,
                max_age=cookie.seconds,
                path=cookie.path,
                secure=secure,
                httponly=True,
                samesite="lax",
            )
        else:
            response.delete_cookie(cookie.name, path=cookie.path, secure=secure, httponly=True, samesite="lax")
    return response
