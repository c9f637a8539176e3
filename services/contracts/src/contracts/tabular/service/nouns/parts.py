"""Rows of indicators and milestones of contracts of the past."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.schemas import IndicatorIn, MilestoneIn
from contracts.contracts.service import PartTable, record_imported_parts, retract_imported_part
from contracts.tabular.queries import KnownContract, RowRecord
from contracts.tabular.rows import Row
from contracts.tabular.service.context import Context, contracts_of

__all__ = ["apply_indicators", "apply_milestones", "undo_indicator", "undo_milestone"]

Part = dict[str, Any]


async def apply_indicators(session: AsyncSession, context: Context, rows: Sequence[Row]) -> None:
    """Known by contract and code. One that the contract did not agree is marked: added after the fact."""
    await _apply(session, context, rows, table="contract_indicators", part_of=_indicator)


async def apply_milestones(session: AsyncSession, context: Context, rows: Sequence[Row]) -> None:
    """Known by contract and code."""
    await _apply(session, context, rows, table="contract_milestones", part_of=_milestone)


async def _apply(
    session: AsyncSession,
    context: Context,
    rows: Sequence[Row],
    *,
    table: PartTable,
    part_of: Callable[[Row, KnownContract], Part],
) -> None:
    ready: list[tuple[Row, Part]] = []
    for row, known in await contracts_of(session, context, rows, sides=("purchaser",), facts=False):
        try:
            part = part_of(row, known)
        except ValidationError as error:
            for fault in error.errors():
                name = str(fault["loc"][0]) if fault["loc"] else "code"
                row.reject(name, fault["msg"].removeprefix("Value error, "))
            continue
        ready.append((row, part))
    written = await record_imported_parts(session, table, [part for _, part in ready])
    for (row, _), done in zip(ready, written, strict=True):
        if done.outcome is None:
            row.reject("code", str(done.refusal))
            continue
        for term in done.kept:
            row.warn(term.name, term.detail)
        row.done(done.outcome, done.part_id, {"before": done.before, "after": done.after})


def _indicator(row: Row, known: KnownContract) -> Part:
    values = row.values
    given = {name: values[name] for name in IndicatorIn.model_fields if values.get(name) is not None}
    agreed = IndicatorIn.model_validate(given)
    if agreed.direction == "higher" and values["zero_at"] is not None:
        row.warn("zero_at", "is of no use where more is better")
    # Its agreement must be named and lie before the contract began: otherwise anybody could agree with hindsight.
    began = known.starts_on or known.signed_on
    in_time = values["agreed_on"] is not None and began is not None and values["agreed_on"] <= began
    after_the_fact = not (in_time and values["agreed_in"])
    if after_the_fact:
        row.warn("agreed_on", "added after the fact: shown, and without weight in a score")
    return {
        **dict(agreed),
        "contract_id": known.head.contract_id,
        "added_after_the_fact": after_the_fact,
    }


def _milestone(row: Row, known: KnownContract) -> Part:
    values = row.values
    given = {
        "code": values["code"],
        "title": values["title"],
        "kind": values["kind"] or "delivery",
        "percentage": values["percentage"] if values["percentage"] is not None else Decimal(0),
        "due_on": values["due_on"],
    }
    status = values["status"] or ("met" if values["met_on"] else "scheduled")
    if status == "scheduled" and values["met_on"] is not None:
        row.warn("met_on", "is given, and the state says that nothing was due; kept as given")
    return {
        **dict(MilestoneIn.model_validate(given)),
        "contract_id": known.head.contract_id,
        "status": status,
        "met_on": values["met_on"],
        "note": values["note"],
    }


async def _undo(session: AsyncSession, row: RowRecord, table: PartTable) -> str | None:
    assert row.target_id is not None and row.before is not None  # noqa: S101, PT018 - written by _apply
    return await retract_imported_part(
        session, table, part_id=row.target_id, before=row.before["before"], after=row.before["after"]
    )


async def undo_indicator(session: AsyncSession, _: Context, row: RowRecord) -> str | None:
    """Take the indicator back, unless an observation names it."""
    return await _undo(session, row, "contract_indicators")


async def undo_milestone(session: AsyncSession, _: Context, row: RowRecord) -> str | None:
    """Take the milestone back, unless money or a report names it."""
    return await _undo(session, row, "contract_milestones")
