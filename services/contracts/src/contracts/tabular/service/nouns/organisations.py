"""Rows of organisations."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.organisations.imported import ImportedOrganisation
from contracts.organisations.many import record_imported_organisations, retract_imported_organisation
from contracts.tabular.queries import RowRecord
from contracts.tabular.rows import Row
from contracts.tabular.service.context import Context

__all__ = ["apply_organisations", "undo_organisation"]


async def apply_organisations(session: AsyncSession, context: Context, rows: Sequence[Row]) -> None:
    """Known by the reference, else by the credit code, else by the name."""
    parties = [
        ImportedOrganisation(
            source=context.source,
            external_id=row.values["reference"] or row.values["uscc"] or f"name:{row.values['name']}",
            name=row.values["name"],
            roles=row.values["roles"],
            uscc=row.values["uscc"],
            seat=row.values["seat"],
            institution_class=row.values["institution_class"],
            simulated=context.simulated,
        )
        for row in rows
    ]
    recorded = await record_imported_organisations(session, parties, rename=True)
    for row, done in zip(rows, recorded, strict=True):
        if done.refusal is not None or done.outcome is None:
            row.reject("name", f"cannot be recorded: {done.refusal}")
        else:
            row.done(done.outcome, done.organisation_id, {"version": done.version, "before": done.before})


async def undo_organisation(session: AsyncSession, _: Context, row: RowRecord) -> str | None:
    """Dissolve it, or say again what it said."""
    assert row.target_id is not None and row.before is not None  # noqa: S101, PT018 - written by apply_organisations
    return await retract_imported_organisation(
        session, organisation_id=row.target_id, version=row.before["version"], before=row.before["before"]
    )
