"""Issued reports over HTTP: numbered, kept, sealed."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response

from scoring.reports import queries, service
from scoring.reports.errors import ReportNotFound
from scoring.reports.outs import report_out, seal_out
from scoring.reports.routes import (
    DOCUMENT,
    SCANS,
    FormatQuery,
    Issuer,
    Officer,
    Party,
    answer,
    document_of,
    eyes_of,
    public_url_of,
)
from scoring.reports.schemas import ReportIn, ReportOut, SealOut
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, Paging, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["reports"])


@routes.post("/reports", status_code=201, summary="Issue the report of a determination")
async def issue_report(
    body: ReportIn, request: Request, session: WriteSession, _: Issuer, response: Response
) -> ReportOut:
    """Numbers it, makes the PDF and keeps both; from then on they never change."""
    report = await service.issue_report(session, body, public_url=public_url_of(request))
    response.headers["Location"] = f"/v1/reports/{report.id}"
    set_region(response, report.region)
    return report_out(report, standing=None, seal=None)


@routes.get("/reports", summary="List reports")
async def list_reports(
    *,
    session: ReadSession,
    _: Officer,
    page: PageQuery,
    request: Request,
    response: Response,
    kind: Annotated[Literal["contract", "annual"] | None, Query(description="Only of this kind.")] = None,
    contract_id: Annotated[UUID | None, Query(description="Only of this contract.")] = None,
    year: Annotated[int | None, Query(ge=2000, le=2200, description="Only annual reports of this year.")] = None,
) -> Page[ReportOut]:
    """In the order of issue. What replaced a reported determination, and the seal, are read with the report itself."""
    found = await queries.list_reports(
        session, kind=kind, contract_id=contract_id, year=year, after=_after(page), limit=page.limit + 1
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [report_out(report, standing=None, seal=None) for report in shown]
    return page_response(request, response, items, next_cursor=next_cursor)


ReportId = Annotated[UUID, Path(description="Id of the report.")]


@routes.get("/reports/{report_id}", summary="Read what is known of a report")
async def get_report(report_id: ReportId, session: ReadSession, principal: Party, response: Response) -> ReportOut:
    """Number, hashes, whether another determination has taken the place of the reported one, and its seal."""
    report, standing = await queries.find_report(session, report_id, provider=eyes_of(principal).provider)
    set_region(response, report.region)
    return report_out(report, standing=standing, seal=await queries.newest_seal(session, report.id))


@routes.get(
    "/reports/{report_id}/document", summary="The document of a report", response_class=Response, responses=DOCUMENT
)
async def get_report_document(
    report_id: ReportId,
    session: ReadSession,
    principal: Party,
    format: FormatQuery = "pdf",  # noqa: A002
) -> Response:
    """The PDF as it was issued, byte for byte; or the same figures as a page."""
    report, _ = await queries.find_report(session, report_id, provider=eyes_of(principal).provider)
    return await document_of(session, report, format=format)


@routes.post(
    "/reports/{report_id}/seal",
    status_code=201,
    summary="Upload the scan of the sealed report",
    openapi_extra={"requestBody": SCANS},
)
async def seal_report(
    *,
    report_id: ReportId,
    document_sha256: Annotated[
        str, Query(pattern="^[0-9a-f]{64}$", description="SHA-256 of the PDF that was printed and sealed.")
    ],
    request: Request,
    session: WriteSession,
    _: Issuer,
    response: Response,
    reason: Annotated[
        str | None, Query(min_length=1, max_length=2000, description="Why it replaces the scan that is bound.")
    ] = None,
) -> SealOut:
    """A PDF, PNG or JPEG, bound to the document by the hashes of both. The largest body is `max_body_bytes`."""
    seal, stored = await service.seal_report(
        session, report_id, await request.body(), document_sha256=document_sha256, reason=reason
    )
    set_region(response, seal.region)
    response.headers["Location"] = f"/v1/reports/{report_id}/seal"
    return seal_out((seal, stored))


@routes.get(
    "/reports/{report_id}/seal",
    summary="The scan of the sealed report",
    response_class=Response,
    responses={200: {"description": "The scan as it was uploaded.", "content": SCANS["content"]}},
)
async def get_seal(report_id: ReportId, session: ReadSession, principal: Party) -> Response:
    """The newest scan, byte for byte."""
    report, _ = await queries.find_report(session, report_id, provider=eyes_of(principal).provider)
    found = await queries.newest_seal(session, report.id)
    if found is None:
        raise ReportNotFound(f"No scan of report {report.number} was uploaded.")
    media_type, body = await queries.read_file(session, found[0].scan_sha256)
    return answer(body, media_type, region=report.region)


def _after(page: Paging) -> UUID | None:
    if page.cursor is None:
        return None
    try:
        (report_id,) = page.cursor
        return UUID(report_id)
    except (TypeError, ValueError, AttributeError) as error:
        raise Unprocessable(
            "The cursor is not one of this list.", errors=[{"pointer": "query:cursor", "detail": "of another list"}]
        ) from error
