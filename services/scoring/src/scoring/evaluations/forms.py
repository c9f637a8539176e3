"""The rating forms that are shipped, for the shipped frameworks whose indicators evaluators rate.

A released version is never edited: a new version is a new file, `<id>@<version>.json` keeps the old one.
"""

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from scoring.canonical import canonical, sha256
from scoring.evaluations.models import RatingForm

__all__ = ["form_of", "shipped_forms"]

SHIPPED_AT = datetime(2026, 11, 23, tzinfo=UTC)


def form_of(document: dict[str, Any], *, recorded_by: str, recorded_at: datetime) -> RatingForm:
    """A form from its document, every field of which is stated."""
    return RatingForm(
        id=document["id"],
        version=document["version"],
        sha256=sha256(canonical(document)),
        document=document,
        recorded_by=recorded_by,
        recorded_at=recorded_at,
    )


@cache
def shipped_forms() -> tuple[RatingForm, ...]:
    """Every form that this release carries, by id and version. Never put them into a session."""
    data = files("scoring.evaluations") / "data"
    documents = [json.loads(entry.read_text(encoding="utf-8")) for entry in data.iterdir()]
    forms = [form_of(document, recorded_by="shipped", recorded_at=SHIPPED_AT) for document in documents]
    return tuple(sorted(forms, key=lambda form: (form.id, form.version)))
