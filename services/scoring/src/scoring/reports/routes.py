"""Reports, tables and sealed scans over HTTP."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.reports import queries, service
from scoring.reports.annual import annual_document
from scoring.reports.content import AnnualReport, ContractReport
from scoring.reports.contract_view import contract_document
from scoring.reports.errors import NothingToReport, ReportNotReady
from scoring.reports.gather import determined_report, live_report
from scoring.reports.models import Report
from scoring.reports.outs import report_out
from scoring.reports.page import headers, write_page
from scoring.reports.schemas import AnnualIn, Format, Language, ReportOut
from scoring.reports.tables import self_evaluation
from scoring.settings import ScoringSettings
from shared.auth import ROLES, Principal, allow
from shared.db import ReadSession, WriteSession
from shared.problems import Forbidden
from shared.web import router, set_region

__all__ = [
    "DOCUMENT",
    "SCANS",
    "FormatQuery",
    "Issuer",
    "Officer",
    "Party",
    "answer",
    "document_of",
    "eyes_of",
    "public_url_of",
    "routes",
]

routes = router(tags=["reports"])

OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Issuer = Annotated[Principal, allow("finance", "purchaser")]
Finance = Annotated[Principal, allow("finance")]
Party = Annotated[Principal, allow("finance", "purchaser", "provider", "auditor", "operator")]
Reader = Annotated[Principal, allow(*ROLES)]
Stage = Annotated[
    Literal["interim", "completion", "followUp"] | None,
    Query(description="Stage; by default the latest that is determined."),
]
FrameworkId = Annotated[str, Query(description="Id of the framework.", max_length=64, examples=["cn-self-evaluation"])]
FormatQuery = Annotated[Format, Query(description="html: a page that needs nothing else; pdf: for archive and print.")]
LanguageQuery = Annotated[Language, Query(description="zh or en.")]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BINARY = {"schema": {"type": "string", "format": "binary"}}
DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The document.",
        "content": {"text/html": {"schema": {"type": "string"}}, "application/pdf": BINARY},
    }
}
SCANS = {"required": True, "content": {"application/pdf": BINARY, "image/png": BINARY, "image/jpeg": BINARY}}


@dataclass(frozen=True, slots=True)
class Eyes:
    """What a caller may see: officers all, a provider what is about it, everybody else what is published."""

    officer: bool
    provider: UUID | None
    published: bool


def eyes_of(principal: Principal) -> Eyes:
    """What a caller may see; Forbidden for a provider's token that names no organisation."""
    if principal.roles & OFFICERS:
        return Eyes(officer=True, provider=None, published=False)
    if "provider" in principal.roles:
        if principal.organisation is None:
            raise Forbidden("Your token names no organisation, so there is nothing that is about you.")
        return Eyes(officer=False, provider=principal.organisation, published=False)
    return Eyes(officer=False, provider=None, published=True)


def public_url_of(request: Request) -> str:
    """Where the public reaches the gateway."""
    settings: ScoringSettings = request.app.state.settings
    return settings.public_url


@routes.get(
    "/reports/contracts/{contract_id}",
    summary="The evaluation report of a contract",
    response_class=Response,
    responses=DOCUMENT,
)
async def get_contract_report(
    *,
    contract_id: UUID,
    framework_id: FrameworkId,
    request: Request,
    session: ReadSession,
    principal: Reader,
    stage: Stage = None,
    format: FormatQuery = "html",  # noqa: A002 - the name of the parameter
    language: LanguageQuery = "zh",
) -> Response:
    """Of the determination in force, with its number where a report was issued; for officers else of the live score.

    A live report is marked as a draft on every page. Providers get the reports about themselves, everybody else
    published ones, without the signer's name.
    """
    eyes = eyes_of(principal)
    found = await queries.reported_determination(
        session,
        contract_id=contract_id,
        framework_id=framework_id,
        stage=stage,
        provider=eyes.provider,
        published=eyes.published,
    )
    public_url = public_url_of(request)
    if found is not None:
        issued = await queries.report_of(session, found[0].id, language=language)
        if issued is not None and not eyes.published:
            return await document_of(session, issued, format=format)
        content = await determined_report(session, found, public_url=public_url)
        content = content.model_copy(update={"number": issued.number if issued else None})
    elif eyes.officer and stage is None:
        content = await live_report(session, contract_id=contract_id, framework_id=framework_id, public_url=public_url)
    else:
        raise NothingToReport(
            f"There is no determination of contract {contract_id} under {framework_id} that you may read."
        )
    if eyes.published:
        content = content.for_everybody()
    body, media_type = await _contract_body(content, format=format, language=language)
    return answer(body, media_type, region=content.region)


async def _contract_body(content: ContractReport, *, format: Format, language: str) -> tuple[bytes, str]:  # noqa: A002
    if format == "pdf":
        return await service.pdf_of(content, language=language), service.PDF
    return write_page(contract_document(content, language=language)).encode(), "text/html; charset=utf-8"


def answer(body: bytes, media_type: str, *, region: str, name: str | None = None) -> Response:
    """A document with its region and what keeps it from loading anything."""
    response = Response(body, media_type=media_type, headers=dict(headers()))
    if name is not None:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    set_region(response, region)
    return response


async def document_of(session: AsyncSession, report: Report, *, format: Format) -> Response:  # noqa: A002
    """The stored PDF, or the same figures as a page."""
    if report.document_sha256 is None or report.figures is None:
        raise ReportNotReady(f"Report {report.number} is being made; ask again.")
    if format == "pdf":
        media_type, body = await queries.read_file(session, report.document_sha256)
        return answer(body, media_type, region=report.region)
    if report.kind == "annual":
        document = annual_document(AnnualReport.model_validate(report.figures), language=report.language)
    else:
        document = contract_document(ContractReport.model_validate(report.figures), language=report.language)
    return answer(write_page(document).encode(), "text/html; charset=utf-8", region=report.region)


@routes.get("/reports/annual", summary="A region's annual report", response_class=Response, responses=DOCUMENT)
async def get_annual_report(
    *,
    region: Annotated[str, Query(max_length=16, description="Region with all below it.", examples=["CN-23"])],
    year: Annotated[int, Query(ge=2000, le=2200, description="Calendar year of the signatures at the offices.")],
    session: ReadSession,
    _: Officer,
    format: FormatQuery = "html",  # noqa: A002
    language: LanguageQuery = "zh",
) -> Response:
    """The newest one that was made; POST has another made."""
    report = await queries.annual_report(session, region=region, year=year, language=language)
    return await document_of(session, report, format=format)


@routes.post("/reports/annual", status_code=202, summary="Have an annual report made")
async def request_annual_report(
    body: AnnualIn, request: Request, session: WriteSession, _: Finance, response: Response
) -> ReportOut:
    """A job sums the year's determinations, use of results, rectifications and appeals; read the report by its id."""
    report = await service.request_annual(session, body, public_url=public_url_of(request))
    response.headers["Location"] = f"/v1/reports/{report.id}"
    set_region(response, report.region)
    return report_out(report, standing=None, seal=None)


@routes.get(
    "/reports/self-evaluation/{contract_id}.xlsx",
    summary="The self-evaluation table with live formulas",
    response_class=Response,
    responses={200: {"description": "The workbook (xlsx).", "content": {XLSX: BINARY}}},
)
async def get_self_evaluation(
    *,
    contract_id: UUID,
    session: ReadSession,
    principal: Party,
    framework_id: Annotated[str, Query(description="Id of the framework.", max_length=64)] = "cn-self-evaluation",
    stage: Stage = None,
) -> Response:
    """In the ministry's columns: change a blue value and the score follows; a check says whether it is still ours.

    Of the determination in force; for officers without one of the live score.
    """
    eyes = eyes_of(principal)
    found = await queries.reported_determination(
        session,
        contract_id=contract_id,
        framework_id=framework_id,
        stage=stage,
        provider=eyes.provider,
        published=False,
    )
    if found is None and (not eyes.officer or stage is not None):
        raise NothingToReport(
            f"There is no determination of contract {contract_id} under {framework_id} that you may read."
        )
    body, region = await self_evaluation(session, contract_id=contract_id, framework_id=framework_id, found=found)
    return answer(body, XLSX, region=region, name=f"self-evaluation-{contract_id}.xlsx")
