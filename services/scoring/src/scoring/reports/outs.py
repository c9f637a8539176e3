"""Stored reports and seals as they are answered."""

from scoring.determinations.queries import Standing
from scoring.reports.models import Report, ReportFile, Seal
from scoring.reports.schemas import ReportOut, SealOut

__all__ = ["report_out", "seal_out"]


def seal_out(found: tuple[Seal, ReportFile]) -> SealOut:
    """A scan with what is known of its file."""
    seal, stored = found
    names = ("id", "document_sha256", "scan_sha256", "binding", "replaces", "reason", "uploaded_by", "uploaded_at")
    own = {name: getattr(seal, name) for name in names}
    return SealOut.model_validate(own | {"media_type": stored.media_type, "size": stored.size})


def report_out(report: Report, *, standing: Standing | None, seal: tuple[Seal, ReportFile] | None) -> ReportOut:
    """A report without its figures, which its document shows."""
    columns = {
        column.key: getattr(report, column.key) for column in Report.__table__.columns if column.key != "figures"
    }
    bound = None if seal is None else seal_out(seal)
    state = {
        "replaced_by": standing.replaced_by if standing else None,
        "annulled_at": standing.annulled_at if standing else None,
    }
    return ReportOut.model_validate(columns | state | {"seal": bound})
