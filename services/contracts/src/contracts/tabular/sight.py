"""Who may know of an import."""

from typing import cast

from sqlalchemy import ColumnElement, true

from contracts.tabular.models import TableImport
from shared.auth import Principal

__all__ = ["sent_by"]


def sent_by(principal: Principal) -> ColumnElement[bool]:
    """Rows say what contracts of others may withhold: an organisation's token finds the imports that it sent itself."""
    if principal.organisation is None or principal.roles & {"finance", "auditor", "operator"}:
        return true()
    own = TableImport.principal["organisation"].astext == str(principal.organisation)
    return cast("ColumnElement[bool]", own)
