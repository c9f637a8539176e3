"""Rows of evaluation reports of the past: kept beside the contract, never a score of ours."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.rows import insert_rows, update_rows
from contracts.tabular.queries import RowRecord, reports_by_reference
from contracts.tabular.rows import Row
from contracts.tabular.service.context import Context, contracts_of, digest
from shared import audit, clock
from shared.db import principal_in, scope_sql
from shared.ids import new_id

__all__ = ["apply_evaluations", "undo_evaluation"]

_COLUMNS = (
    "contract_id",
    "content_hash",
    "title",
    "year",
    "kind",
    "evaluator",
    "score",
    "full_score",
    "grade",
    "reported_on",
    "link",
    "document_sha256",
    "note",
)


async def apply_evaluations(session: AsyncSession, context: Context, rows: Sequence[Row]) -> None:
    """Known by the reference."""
    pairs = await contracts_of(session, context, rows, sides=("purchaser", "provider"))
    stored = await reports_by_reference(
        session, source=context.source, references=[row.values["reference"] for row, _ in pairs], columns=_COLUMNS
    )
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    counts: dict[tuple[Any, str], int] = {}
    for row, known in pairs:
        values, head = row.values, known.head
        full = values["full_score"] if values["full_score"] is not None else 100
        if values["score"] is not None and not 0 <= values["score"] <= full:
            row.reject("score", f"is not between 0 and {full}")
            continue
        if values["link"] is not None and not values["link"].startswith(("https://", "http://")):
            row.reject("link", "is no address of the web (https://...)")
            continue
        told = {name: values[name] for name in _COLUMNS if name in values}
        told |= {"contract_id": head.contract_id, "full_score": full if values["score"] is not None else None}
        told["content_hash"] = digest(told)
        before = stored.get(values["reference"])
        if before is not None and before["content_hash"] == told["content_hash"]:
            row.done("unchanged", before["id"])
            continue
        if before is None:
            report_id = new_id()
            own = {"id": report_id, "region": head.region, "source": context.source, "recorded_at": clock.now()}
            fresh.append(own | {"reference": values["reference"]} | told)
            row.done("created", report_id, {"before": None})
        else:
            changed.append({"id": before["id"]} | told)
            row.done("updated", before["id"], {"before": {name: before[name] for name in _COLUMNS}})
        key = (head.contract_id, head.region)
        counts[key] = counts.get(key, 0) + 1
    await insert_rows(session, "evaluation_reports", fresh)
    await update_rows(session, "evaluation_reports", changed)
    for (contract_id, region), number in counts.items():
        noted = {"import_id": str(context.import_id), "reports": number}
        audit.record(
            session, "evaluation-report.imported", noun="contract", noun_id=contract_id, region=region, fields=noted
        )


async def undo_evaluation(session: AsyncSession, _: Context, row: RowRecord) -> str | None:
    """Remove the report, or say again what it said: no score rests on it."""
    before = row.before["before"] if row.before else None
    scope, parameters = scope_sql(principal_in(session))
    visible = text(f"SELECT FROM evaluation_reports WHERE id = :id AND {scope} FOR UPDATE")
    if (await session.execute(visible, parameters | {"id": row.target_id})).first() is None:
        return "the report is gone, or in a region outside your scope"
    if before is None:
        await session.execute(text("DELETE FROM evaluation_reports WHERE id = :id"), {"id": row.target_id})
    else:
        await update_rows(session, "evaluation_reports", [{"id": row.target_id, **before}])
    return None
