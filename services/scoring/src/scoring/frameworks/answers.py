"""Versions as they are answered."""

from scoring.frameworks.models import FrameworkVersion
from scoring.frameworks.modules import module_of
from scoring.frameworks.queries import covers
from scoring.frameworks.schemas import FrameworkOut, FrameworkSummary
from scoring.frameworks.texts import bilingual
from scoring.frameworks.versions import OFFICERS, Version
from shared.auth import Principal

__all__ = ["framework_out", "summary_of"]


def summary_of(version: Version) -> FrameworkSummary:
    """A version in a list."""
    return FrameworkSummary.model_validate(_fields(version))


def _fields(version: Version) -> dict[str, object]:
    return {
        "id": version.id,
        "version": version.version,
        "hash": version.hash,
        "title": dict(version.document["title"]),
        "state": version.state,
        "region": version.region,
        "in_force": version.in_force,
        "replaced_by": None if version.row is None else version.row.replaced_by,
        "offered": version.document.get("offered", False),
    }


def framework_out(version: Version, principal: Principal, *, category: str | None = None) -> FrameworkOut:
    """A version with its document; who did what is for officers of its region."""
    source = bilingual(version.document["source"])
    knows = version.row is not None and principal.roles & OFFICERS and covers(principal, version.row.scope)
    return FrameworkOut.model_validate(
        _fields(version)
        | {
            "source": source["en"],
            "source_text": source,
            "document": version.document,
            "module": module_of(version.document, category) or None,
            "acts": _acts(version.row) if version.row is not None and knows else [],
            "row_version": None if version.row is None else version.row.version,
        }
    )


def _acts(row: FrameworkVersion) -> list[dict[str, object]]:
    acts = [
        ("registered", row.created_by, row.created_at, row.reason),
        ("returned", None, None, row.returned_reason),
        ("submitted", row.submitted_by, row.submitted_at, None),
        ("approved", row.approved_by, row.approved_at, row.approval_reason),
        ("targets accepted", row.approved_by, row.approved_at, row.targets_reason),
        ("retired", row.retired_by, row.retired_at, row.retirement_reason),
    ]
    named = {"returned": row.returned_reason, "targets accepted": row.targets_reason}
    return [
        {"act": act, "by": by, "at": at, "reason": reason}
        for act, by, at, reason in acts
        if named.get(act, by) is not None
    ]
