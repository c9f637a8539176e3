import asyncio
import hashlib
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations.queries import find_determination
from scoring.reports import queries
from scoring.reports.annual import annual_document
from scoring.reports.annual_figures import annual_figures
from scoring.reports.content import ContractReport
from scoring.reports.contract_view import contract_document
from scoring.reports.errors import NotSealable, ReportExists, ReportNotReady, SealExists
from scoring.reports.gather import determined_report
from scoring.reports.models import Report, ReportFile, Seal
from scoring.reports.pdf import write_pdf
from scoring.reports.scans import media_type_of
from scoring.reports.schemas import AnnualIn, ReportIn
from shared import audit, clock
from shared.auth import require_region
from shared.db import principal_in
from shared.ids import new_id
from shared.jobs import enqueue

__all__ = ["ANNUAL", "PDF", "issue_report", "make_annual", "pdf_of", "request_annual", "seal_report", "store_file"]

ANNUAL = "reports.annual"
"""Kind of the job that makes an annual report; its key is the report's id."""

PDF = "application/pdf"
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:key AS text), 0))")


async def issue_report(session: AsyncSession, body: ReportIn, *, public_url: str) -> Report:
    """Number, make and keep the report of a determination: PDF and figures never change again.

    Raises:
        DeterminationNotFound: no such determination in the caller's scope.
        ReportExists: it has a report in this language, or the number is taken.
    """
    found = await find_determination(session, body.determination_id)
    determination, _ = found
    number = await _number(session, region=determination.region, wanted=body.number)
    standing = await queries.report_of(session, determination.id, language=body.language)
    if standing is not None:
        raise ReportExists(
            f"Determination {determination.id} has report {standing.number} in this language.",
            report_id=str(standing.id),
        )
    content = await determined_report(session, found, public_url=public_url)
    content = content.model_copy(update={"number": number})
    document = await pdf_of(content, language=body.language)
    digest = await store_file(session, document, media_type=PDF)
    now = clock.now()
    report = Report(
        id=new_id(),
        region=determination.region,
        kind="contract",
        number=number,
        language=body.language,
        state="ready",
        simulated=content.simulated,
        contract_id=determination.contract_id,
        framework_id=determination.framework_id,
        determination_id=determination.id,
        content_hash=determination.content_hash,
        figures=content.model_dump(mode="json"),
        document_sha256=digest,
        issued_by=principal_in(session).subject,
        issued_at=now,
        made_at=content.made_at,
    )
    session.add(report)
    await session.flush()
    audit.record(
        session,
        "report.issued",
        noun="report",
        noun_id=report.id,
        region=report.region,
        fields={"determination_id": str(determination.id), "document_sha256": digest, "number": number},
    )
    return report


async def pdf_of(content: ContractReport, *, language: str) -> bytes:
    """A contract's report as PDF, made beside the event loop."""
    document = contract_document(content, language=language)
    return await asyncio.to_thread(write_pdf, document, made_at=content.made_at)


async def request_annual(session: AsyncSession, body: AnnualIn, *, public_url: str) -> Report:
    """Number an annual report and have a job make it; each request makes a new one, the old ones stay.

    Raises:
        Forbidden: the region lies outside the caller's scope.
        ReportExists: the number is taken.
    """
    require_region(principal_in(session), body.region)
    number = await _number(session, region=body.region, wanted=body.number)
    report = Report(
        id=new_id(),
        region=body.region,
        kind="annual",
        number=number,
        language=body.language,
        state="queued",
        simulated=False,
        year=body.year,
        issued_by=principal_in(session).subject,
        issued_at=clock.now(),
    )
    session.add(report)
    await session.flush()
    await enqueue(session, ANNUAL, key=str(report.id), payload={"public_url": public_url})
    audit.record(
        session,
        "report.requested",
        noun="report",
        noun_id=report.id,
        region=report.region,
        fields={"number": number, "year": str(body.year)},
    )
    return report


async def make_annual(session: AsyncSession, report_id: UUID, *, public_url: str) -> Report:
    """Gather the figures of a queued annual report and keep its PDF; ReportNotFound."""
    report, _ = await queries.find_report(session, report_id)
    if report.state == "ready" or report.year is None:
        return report
    made_at = clock.now()
    figures = await annual_figures(
        session,
        number=report.number,
        region=report.region,
        year=report.year,
        made_at=made_at,
        verify_at=f"{public_url.rstrip('/')}/v1/reports/{report.id}",
    )
    document = annual_document(figures, language=report.language)
    made = await asyncio.to_thread(write_pdf, document, made_at=made_at)
    report.document_sha256 = await store_file(session, made, media_type=PDF)
    report.figures, report.simulated = figures.model_dump(mode="json"), figures.simulated
    report.state, report.made_at = "ready", made_at
    await session.flush()
    audit.record(
        session,
        "report.made",
        noun="report",
        noun_id=report.id,
        region=report.region,
        fields={"document_sha256": report.document_sha256},
    )
    return report


async def _number(session: AsyncSession, *, region: str, wanted: str | None) -> str:
    """A number that the region has not used; by default `<region>-<year>-<four digits>`, by the offices' year."""
    year = clock.today().year
    await session.execute(_LOCK, {"key": f"scoring.reports {region}"})
    if wanted is not None:
        holder = await queries.number_taken(session, region=region, number=wanted)
        if holder is not None:
            raise ReportExists(f"Number {wanted} is taken by report {holder}.", report_id=str(holder))
        return wanted
    count = await queries.numbers_of_year(session, region=region, since=clock.start_of(date(year, 1, 1)))
    while True:
        count += 1
        number = f"{region}-{year}-{count:04d}"
        if await queries.number_taken(session, region=region, number=number) is None:
            return number


async def store_file(session: AsyncSession, content: bytes, *, media_type: str) -> str:
    """Keep a file under its SHA-256, which is returned; one that is there already stays as it is."""
    digest = hashlib.sha256(content).hexdigest()
    if await session.get(ReportFile, digest) is None:
        session.add(ReportFile(sha256=digest, media_type=media_type, size=len(content), content=content))
        await session.flush()
    return digest


async def seal_report(
    session: AsyncSession, report_id: UUID, scan: bytes, *, document_sha256: str, reason: str | None
) -> tuple[Seal, ReportFile]:
    """Bind the scan of the sealed paper to the document that was sealed, by the hashes of both.

    The same scan again changes nothing. A corrected scan is a further row that names the old one and the reason.

    Raises:
        ReportNotFound: no such report in the caller's scope.
        ReportNotReady: it is still being made.
        NotSealable: `document_sha256` is not the document that was issued.
        Unprocessable: the file is neither PDF nor PNG nor JPEG.
        SealExists: another scan is bound, and no reason is given; or there is nothing to replace.
    """
    report, _ = await queries.find_report(session, report_id)
    if report.document_sha256 is None:
        raise ReportNotReady(f"Report {report.number} is being made; seal it when it is ready.")
    if document_sha256 != report.document_sha256:
        raise NotSealable(
            f"Report {report.number} is the document {report.document_sha256}. Print and seal that one: "
            f"GET /v1/reports/{report_id}/document.",
            document_sha256=report.document_sha256,
        )
    media_type = media_type_of(scan)
    await session.execute(_LOCK, {"key": f"scoring.seals {report_id}"})
    standing = await queries.newest_seal(session, report_id)
    digest = hashlib.sha256(scan).hexdigest()
    if standing is not None and standing[0].scan_sha256 == digest:
        return standing
    if (standing is None) != (reason is None):
        raise SealExists(
            "A scan is bound to this report. To correct it, give the reason."
            if standing is not None
            else "No scan is bound to this report yet: upload it without a reason."
        )
    await store_file(session, scan, media_type=media_type)
    seal = Seal(
        id=new_id(),
        region=report.region,
        report_id=report.id,
        document_sha256=document_sha256,
        scan_sha256=digest,
        binding=hashlib.sha256(f"{document_sha256}:{digest}".encode()).hexdigest(),
        replaces=standing[0].id if standing else None,
        reason=reason,
        uploaded_by=principal_in(session).subject,
        uploaded_at=clock.now(),
    )
    session.add(seal)
    await session.flush()
    audit.record(
        session,
        "report.sealed",
        noun="report",
        noun_id=report.id,
        region=report.region,
        fields={"binding": seal.binding, "document_sha256": document_sha256, "scan_sha256": digest},
    )
    stored = await session.get_one(ReportFile, digest)
    return seal, stored
