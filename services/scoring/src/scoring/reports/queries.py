from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from scoring.determinations.errors import DeterminationNotFound
from scoring.determinations.queries import Found, Standing, find_determination, list_determinations, standings
from scoring.reports.errors import NothingToReport, ReportNotFound
from scoring.reports.models import Report, ReportFile, Seal

__all__ = [
    "annual_report",
    "find_report",
    "list_reports",
    "newest_seal",
    "number_taken",
    "numbers_of_year",
    "read_file",
    "report_of",
    "reported_determination",
]

_STAGES = ("interim", "completion", "followUp")


async def reported_determination(
    session: AsyncSession,
    *,
    contract_id: UUID,
    framework_id: str,
    stage: str | None,
    provider: UUID | None,
    published: bool,
) -> Found | None:
    """The determination in force that a reader may see: of the stage, or of the latest stage that has one.

    None: there is none for these eyes. `provider` and `published` narrow as `list_determinations` says.
    """
    found = await list_determinations(
        session,
        contract_id=contract_id,
        framework_id=framework_id,
        stage=stage,
        in_force=True,
        provider=provider,
        published=published,
        after=None,
        limit=50,
    )
    return max(found, key=lambda each: (_STAGES.index(each[0].stage), each[0].id), default=None)


async def report_of(session: AsyncSession, determination_id: UUID, *, language: str) -> Report | None:
    """The report that was issued about a determination in a language."""
    statement = select(Report).where(Report.determination_id == determination_id, Report.language == language)
    return (await session.execute(statement)).scalar_one_or_none()


async def find_report(
    session: AsyncSession, report_id: UUID, *, provider: UUID | None = None
) -> tuple[Report, Standing | None]:
    """A report with where the determination that it reports stands, None for an annual report; ReportNotFound.

    A provider reads the reports about its own determinations, no others.
    """
    report = (await session.execute(select(Report).where(Report.id == report_id))).scalar_one_or_none()
    missing = ReportNotFound(f"There is no report {report_id}, or it lies outside your scope.")
    if report is None:
        raise missing
    if report.determination_id is None:
        if provider is not None:
            raise missing
        return report, None
    try:
        found = await find_determination(session, report.determination_id, provider=provider)
    except DeterminationNotFound as error:
        raise missing from error
    return report, (await standings(session, [found]))[report.determination_id]


async def list_reports(
    session: AsyncSession,
    *,
    kind: Literal["contract", "annual"] | None,
    contract_id: UUID | None,
    year: int | None,
    after: UUID | None,
    limit: int,
) -> list[Report]:
    """Reports in the order of their issue."""
    statement = select(Report)
    if kind is not None:
        statement = statement.where(Report.kind == kind)
    if contract_id is not None:
        statement = statement.where(Report.contract_id == contract_id)
    if year is not None:
        statement = statement.where(Report.year == year)
    if after is not None:
        statement = statement.where(Report.id > after)
    return list((await session.execute(statement.order_by(Report.id).limit(limit))).scalars())


async def annual_report(session: AsyncSession, *, region: str, year: int, language: str) -> Report:
    """The newest annual report of a region and year that is ready; NothingToReport says how to have one made."""
    statement = (
        select(Report)
        .where(Report.kind == "annual", Report.region == region, Report.year == year, Report.language == language)
        .order_by(Report.id.desc())
    )
    found = list((await session.execute(statement.limit(20))).scalars())
    ready = next((report for report in found if report.state == "ready"), None)
    if ready is None:
        state = "It is being made; ask again." if found else "Have one made: POST /v1/reports/annual."
        raise NothingToReport(f"There is no annual report of {region} for {year} in this language. {state}")
    return ready


async def newest_seal(session: AsyncSession, report_id: UUID) -> tuple[Seal, ReportFile] | None:
    """The scan that nothing has replaced, with what is known of its file."""
    later = aliased(Seal)
    statement = (
        select(Seal, ReportFile)
        .join(ReportFile, ReportFile.sha256 == Seal.scan_sha256)
        .where(Seal.report_id == report_id, ~select(later.id).where(later.replaces == Seal.id).exists())
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row[0], row[1])


async def read_file(session: AsyncSession, sha256: str) -> tuple[str, bytes]:
    """Media type and content of a stored file; only its owner's hash leads to it."""
    statement = select(ReportFile.media_type, ReportFile.content).where(ReportFile.sha256 == sha256)
    row = (await session.execute(statement)).one()
    return row[0], row[1]


async def numbers_of_year(session: AsyncSession, *, region: str, since: datetime) -> int:
    """How many reports a region has issued since an instant."""
    statement = select(func.count()).where(Report.region == region, Report.issued_at >= since)
    return (await session.execute(statement)).scalar_one()


async def number_taken(session: AsyncSession, *, region: str, number: str) -> UUID | None:
    """The report that has a number in a region."""
    statement = select(Report.id).where(Report.region == region, Report.number == number)
    return (await session.execute(statement)).scalar_one_or_none()
