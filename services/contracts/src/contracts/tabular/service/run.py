"""The work on an import: one transaction a chunk, so that a kill costs one chunk at most."""

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.tabular.errors import FileRefused
from contracts.tabular.models import TableImport
from contracts.tabular.queries import StagedRow, get_table_import, rows_to_do, rows_to_undo
from contracts.tabular.rows import Row, RowReader
from contracts.tabular.service.context import Context
from contracts.tabular.service.nouns import WRITERS
from contracts.tabular.service.read import read_file
from shared import audit, clock
from shared.auth import SYSTEM, Principal
from shared.db import is_unavailable
from shared.jobs import ClaimedJob, Continue
from shared.problems import Problem
from shared.savepoint import savepoint

__all__ = ["CHUNK", "JOB_KIND", "advance_import"]

JOB_KIND = "contracts.table_import"
CHUNK = 8000
UNDO_CHUNK = 200
_LAST = 2**31 - 1
_FACTOR = Decimal(3000)
_log = structlog.get_logger(__name__)

_RESULTS = text(
    """
    UPDATE table_import_rows AS row SET outcome = done.outcome, target_id = done.target_id,
        problems = CAST(done.problems AS jsonb), before = CAST(done.before AS jsonb)
    FROM unnest(CAST(:lines AS int[]), CAST(:outcomes AS text[]), CAST(:targets AS uuid[]), CAST(:problems AS text[]),
                CAST(:befores AS text[])) AS done(line, outcome, target_id, problems, before)
    WHERE row.import_id = :import_id AND row.line = done.line
    """
)


class _DryRun(Exception):  # noqa: N818 - no failure: it takes a checked chunk back
    """Everything of the chunk was decided; nothing of it stays."""


@contextmanager
def _no_collector() -> Iterator[None]:
    """Without the collector of cycles for one chunk: it would walk through thousands of rows that are all in use.

    That takes two fifths of the time; what a chunk leaves is freed without it, and it is back after a second or two.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


async def advance_import(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """Do the next piece: read the file, decide about a chunk, or take a chunk back; None when nothing is left."""
    who = job.payload["principal"]
    session.info["principal"] = Principal(
        subject=who["subject"],
        organisation=UUID(who["organisation"]) if who["organisation"] else None,
        unit=who["unit"],
        roles=frozenset(who["roles"]),
        regions=tuple(who["regions"]),
    )
    try:
        with _no_collector():
            batch = await get_table_import(session, import_id=UUID(job.key), lock=True)
            step = await _step(session, batch, job)
            batch.updated_at = clock.now()
            await session.flush()
        return step
    finally:
        session.info["principal"] = SYSTEM


async def _step(session: AsyncSession, batch: TableImport, job: ClaimedJob) -> Continue | None:
    if batch.state == "reading":
        return await _read(session, batch, job)
    if batch.state in ("checking", "applying"):
        return await _decide(session, batch, after=int(job.cursor or 0))
    if batch.state == "undoing":
        return await _take_back(session, batch, before=int(job.cursor or _LAST))
    return None


async def _read(session: AsyncSession, batch: TableImport, job: ClaimedJob) -> Continue | None:
    payload = job.payload
    try:
        async with savepoint(session):
            await read_file(session, batch, max_unpacked=payload["max_unpacked"], max_rows=payload["max_rows"])
    except FileRefused as refusal:
        await session.refresh(batch)
        batch.state, batch.problem = "refused", refusal.detail
        batch.version += 1
        return None
    suspicious = any(warning["code"] == "units-suspicious" for warning in batch.warnings)
    batch.state = payload["goal"]
    if suspicious and not batch.units_confirmed:
        # Nothing is applied before somebody has looked at the units: the file is checked instead.
        batch.state = "checking"
    batch.version += 1
    return Continue(0)


async def _decide(session: AsyncSession, batch: TableImport, *, after: int) -> Continue | None:
    found = await rows_to_do(session, import_id=batch.id, after=after, limit=CHUNK)
    if not found:
        batch.state = "checked" if batch.state == "checking" else "applied"
        batch.version += 1
        audit.record(
            session,
            f"table-import.{batch.state}",
            noun="table_import",
            noun_id=batch.id,
            region=batch.region,
            fields={name: getattr(batch, name) for name in ("rows", "created", "updated", "unchanged", "rejected")},
        )
        return None
    rows = _prepared(batch, found)
    ready = [row for row in rows if row.outcome is None]
    if batch.state == "checking":
        try:
            async with savepoint(session):
                await _apply(session, batch, ready)
                raise _DryRun  # noqa: TRY301 - it leaves the savepoint as a failure would
        except _DryRun:
            await session.refresh(batch)
    else:
        await _apply(session, batch, ready)
    await _store(session, batch.id, rows)
    for outcome, number in Counter(row.outcome or "rejected" for row in rows).items():
        setattr(batch, outcome, getattr(batch, outcome) + number)
    batch.done += len(rows)
    return Continue(found[-1].line, {"done": batch.done, "rows": batch.rows})


def _context(session: AsyncSession, batch: TableImport) -> Context:
    principal: Principal = session.info["principal"]
    return Context(batch.id, batch.source, batch.region, batch.simulated, principal)


def _prepared(batch: TableImport, staged: Sequence[StagedRow]) -> list[Row]:
    """The rows with their cells read, and what is doubtful about them."""
    constants = batch.mapping.get("constants") or {}
    reader = RowReader(batch.noun, batch.columns, constants, epoch_1904=batch.epoch_1904)
    medians = [(column["field"], Decimal(column["median"])) for column in batch.columns if column["median"]]
    rows = []
    for record in staged:
        row = reader.read(record.line, record.cells)
        if record.duplicate_of is not None:
            reason = f"says the same thing as line {record.duplicate_of}: a thing stands once in a file"
            row.reject("reference", reason)
        for name, usual in medians:
            amount = row.values.get(name)
            if amount and (amount >= usual * _FACTOR or amount * _FACTOR <= usual):
                row.warn(name, f"is far from the column's median of {usual:.2f} yuan: 元 or 万元?")
        rows.append(row)
    return rows


async def _apply(session: AsyncSession, batch: TableImport, rows: Sequence[Row]) -> None:
    """All rows at once; where the database or a rule refuses, half and half: a bad row costs itself only."""
    if not rows:
        return
    known = [len(row.problems) for row in rows]
    try:
        async with savepoint(session):
            await WRITERS[batch.noun].apply(session, _context(session, batch), rows)
    except (DataError, IntegrityError, Problem) as error:
        if is_unavailable(error):
            raise
        for row, number in zip(rows, known, strict=True):
            row.outcome, row.target_id, row.before = None, None, None
            del row.problems[number:]
        if len(rows) == 1:
            rows[0].reject("", _reason(error))
            return
        _log.info("part of an import is applied by halves", import_id=str(batch.id), error=type(error).__name__)
        middle = len(rows) // 2
        await _apply(session, batch, rows[:middle])
        await _apply(session, batch, rows[middle:])


def _reason(error: DataError | IntegrityError | Problem) -> str:
    if isinstance(error, Problem):
        return error.detail
    return f"cannot be recorded: {str(error.orig).splitlines()[0][:200]}"


async def _store(session: AsyncSession, import_id: UUID, rows: Sequence[Row]) -> None:
    columns: dict[str, list[Any]] = {
        "lines": [row.line for row in rows],
        "outcomes": [row.outcome or "rejected" for row in rows],
        "targets": [row.target_id for row in rows],
        "problems": [to_json(row.problems).decode() if row.problems else None for row in rows],
        "befores": [to_json(row.before).decode() if row.before else None for row in rows],
    }
    await session.execute(_RESULTS, {"import_id": import_id, **columns})


async def _take_back(session: AsyncSession, batch: TableImport, *, before: int) -> Continue | None:
    found = await rows_to_undo(session, import_id=batch.id, before=before, limit=UNDO_CHUNK)
    if not found:
        batch.state = "undone"
        batch.version += 1
        audit.record(
            session,
            "table-import.undone",
            noun="table_import",
            noun_id=batch.id,
            region=batch.region,
            fields={"undone": batch.undone, "kept": batch.kept},
        )
        return None
    context, undo = _context(session, batch), WRITERS[batch.noun].undo
    rows = []
    for record in found:
        row = Row(record.line, record.cells, target_id=record.target_id, before=record.before)
        row.problems = [problem for problem in record.problems or () if problem.get("level") == "warning"]
        try:
            async with savepoint(session):
                refusal = await undo(session, context, record)
        except Problem as problem:
            refusal = problem.detail
        if refusal is None:
            row.outcome = "undone"
        else:
            row.reject("", refusal)
            row.outcome, row.before = "kept", {**(record.before or {}), "was": record.outcome}
        rows.append(row)
        setattr(batch, row.outcome, getattr(batch, row.outcome) + 1)
    batch.done += len(rows)
    await _store(session, batch.id, rows)
    return Continue(found[-1].line, {"done": batch.done})
