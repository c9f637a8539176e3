"""Rows of payments, refunds and deductions.

A contract of the past takes its money as the source has it. A contract that was concluded here takes each entry
through the ledger's own rules, one by one: the contract value, its budget shares, what three persons must sign.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ledger.queries import get_entry
from contracts.ledger.schemas import EntryIn
from contracts.ledger.service import ImportedEntry, post_entry, record_imported_entries, retract_entry
from contracts.rows import insert_rows
from contracts.tabular.queries import KnownContract, RowRecord, agreed_codes, contract_head, references_of
from contracts.tabular.rows import Row
from contracts.tabular.service.context import Context, contracts_of, digest
from shared import clock
from shared.problems import Problem
from shared.savepoint import savepoint

__all__ = ["apply_deductions", "apply_payments", "undo_entry"]

_SUSPICIOUS = Decimal(1000)
_FORGET = text("DELETE FROM table_import_references WHERE source = :source AND noun = 'ledger' AND target_id = :id")


async def apply_payments(session: AsyncSession, context: Context, rows: Sequence[Row]) -> None:
    """Payments and refunds, known by contract and reference."""
    await _apply(session, context, rows, kind=None)


async def apply_deductions(session: AsyncSession, context: Context, rows: Sequence[Row]) -> None:
    """Deductions, known by contract and reference."""
    await _apply(session, context, rows, kind="deduction")


async def _apply(session: AsyncSession, context: Context, rows: Sequence[Row], *, kind: str | None) -> None:
    today = clock.today()
    pairs = await contracts_of(session, context, rows, sides=("purchaser",))
    codes = await agreed_codes(
        session,
        keys=[(known.head.contract_id, row.values["milestone"]) for row, known in pairs if row.values["milestone"]],
        table="contract_milestones",
    )
    past: list[tuple[Row, ImportedEntry]] = []
    native: list[tuple[Row, KnownContract, dict[str, Any]]] = []
    for row, known in pairs:
        values, head = row.values, known.head
        if values["amount"] <= 0:
            row.reject("amount", "is not over 0")
        elif values["booked_on"] is not None and values["booked_on"] > today:
            row.reject("booked_on", "is in the future; book on the day itself")
        milestone_id = codes.get((head.contract_id, values["milestone"])) if values["milestone"] else None
        if values["milestone"] and milestone_id is None:
            row.reject("milestone", "is none of the contract's milestones")
        if row.outcome is not None:
            continue
        if head.value and values["amount"] >= _SUSPICIOUS * head.value:
            row.warn("amount", f"is over 1,000 times the contract value of {head.value:.2f}: 元 or 万元?")
        elif kind == "deduction" and head.value is not None and values["amount"] > head.value:
            row.warn("amount", f"more would be deducted than the contract value of {head.value:.2f}")
        entry: dict[str, Any] = {
            "kind": kind or values["kind"] or "payment",
            "amount": values["amount"],
            "booked_on": values["booked_on"],
            "voucher": values.get("voucher"),
            "milestone_id": milestone_id,
            "cause": (values["cause"] or "result") if kind == "deduction" else None,
            "note": values["note"],
        }
        if known.origin == "import":
            past.append((row, ImportedEntry(head=head, external_id=values["reference"], **entry)))
        else:
            native.append((row, known, entry))
    booked = await record_imported_entries(session, [entry for _, entry in past])
    for (row, _), done in zip(past, booked, strict=True):
        if done.outcome is None:
            row.reject("voucher", f"{done.refusal}")
        else:
            row.done(done.outcome, done.entry_id, {"corrected": str(done.corrected) if done.corrected else None})
    await _post(session, context, native)


async def _post(
    session: AsyncSession, context: Context, native: Sequence[tuple[Row, KnownContract, dict[str, Any]]]
) -> None:
    """Entries of contracts that were concluded here, one by one under the ledger's rules."""
    names = {f"{known.head.contract_id}|{row.values['reference']}": row for row, known, _ in native}
    told = await references_of(session, source=context.source, noun="ledger", references=names) if names else {}
    for row, known, entry in native:
        reference = f"{known.head.contract_id}|{row.values['reference']}"
        content = digest(entry)
        if reference in told:
            target, last = told[reference]
            if last == content:
                row.done("unchanged", target)
            else:
                row.reject("reference", "is posted with other figures; take it back in the ledger and post it anew")
            continue
        try:
            async with savepoint(session):
                body = EntryIn.model_validate({name: value for name, value in entry.items() if value is not None})
                posted = await post_entry(session, body, contract_id=known.head.contract_id)
                await session.flush()
                remembered = {
                    "source": context.source,
                    "noun": "ledger",
                    "reference": reference,
                    "target_id": posted.id,
                    "content_hash": content,
                }
                await insert_rows(session, "table_import_references", [remembered])
        except Problem as problem:
            row.reject("amount", problem.detail)
        except ValidationError as error:
            first = error.errors()[0]
            row.reject(str(first["loc"][0]) if first["loc"] else "amount", first["msg"])
        else:
            row.done("created", posted.id, {"corrected": None})


async def undo_entry(session: AsyncSession, context: Context, row: RowRecord) -> str | None:
    """Take the entry back in full; the ledger keeps both."""
    entry_id: UUID | None = row.target_id
    assert entry_id is not None  # noqa: S101 - written by _apply
    entry = await get_entry(session, entry_id=entry_id)
    head = await contract_head(session, contract_id=entry.contract_id) if entry else None
    if head is None:
        return "the entry is in a region outside your scope"
    refusal = await retract_entry(session, head, entry_id=entry_id, note=f"import {context.import_id} was undone")
    if refusal is None:
        await session.execute(_FORGET, {"source": context.source, "id": entry_id})
    return refusal
