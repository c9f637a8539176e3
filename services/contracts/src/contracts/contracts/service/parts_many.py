"""Adding indicators and milestones to contracts of the past in few statements, and taking such a part back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.corrected import KeptTerm, corrected_terms, keep_corrected
from contracts.contracts.queries import amended_milestones, get_contracts
from contracts.contracts.service.store import announce
from contracts.rows import insert_rows, update_rows
from shared import clock
from shared.db import principal_in, scope_sql
from shared.events import ContractImported, ContractUpdated
from shared.ids import new_id

__all__ = ["PartTable", "WrittenPart", "record_imported_parts", "retract_imported_part"]

PartTable = Literal["contract_indicators", "contract_milestones"]

_COLUMNS: Mapping[PartTable, tuple[str, ...]] = {
    "contract_indicators": (
        "name",
        "level",
        "aspect",
        "unit",
        "direction",
        "target",
        "zero_at",
        "baseline",
        "standard",
        "weight",
        "accountable",
        "missing",
        "added_after_the_fact",
    ),
    "contract_milestones": ("title", "kind", "percentage", "due_on", "status", "met_on", "note"),
}
_USES: Mapping[PartTable, str] = {
    "contract_indicators": "SELECT EXISTS (SELECT FROM observations WHERE indicator_id = :id)",
    "contract_milestones": (
        "SELECT EXISTS (SELECT FROM ledger_entries WHERE milestone_id = :id "
        "UNION ALL SELECT FROM contract_milestone_reports WHERE milestone_id = :id)"
    ),
}
_PREFIXES: Mapping[PartTable, str] = {"contract_indicators": "indicators", "contract_milestones": "milestones"}
_AGREED = ("title", "kind", "percentage", "due_on")
_RAISE = text("UPDATE contracts SET version = version + 1, updated_at = :now WHERE id = ANY(:ids)")


class WrittenPart(NamedTuple):
    """What became of one part; `before` and `after` are its columns as JSON, `refusal` why it was left as it is.

    `kept` are corrected terms that the import says otherwise and that were left alone.
    """

    part_id: UUID
    outcome: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    refusal: str | None = None
    kept: Sequence[KeptTerm] = ()


async def record_imported_parts(
    session: AsyncSession, table: PartTable, parts: Sequence[Mapping[str, Any]]
) -> list[WrittenPart]:
    """Add parts or bring them up to date by (contract_id, code); answers what became of each, in order.

    Each part names `contract_id`, `code` and the table's columns; the contracts are of the past, in the caller's scope,
    and locked. Each contract that changes counts one version and is told once. A milestone that an amendment agreed
    here keeps what was agreed: a part that says otherwise is refused alone. A corrected term stays as it was corrected.
    """
    names = _COLUMNS[table]
    contracts = sorted({part["contract_id"] for part in parts})
    statement = text(
        f"SELECT id, contract_id, code, position, {', '.join(names)} FROM {table} "  # noqa: S608 - names are ours
        "WHERE contract_id = ANY(:ids)"
    )
    rows = (await session.execute(statement, {"ids": contracts})).mappings()
    stored = {(row["contract_id"], row["code"]): dict(row) for row in rows}
    amended = await amended_milestones(session, contract_ids=contracts) if table == "contract_milestones" else set()
    corrected = await corrected_terms(session, contract_ids=contracts)
    positions: dict[UUID, int] = {}
    for row in stored.values():
        positions[row["contract_id"]] = max(positions.get(row["contract_id"], -1), row["position"])
    fresh, changed, written = [], [], []
    for part in parts:
        known = stored.get((part["contract_id"], part["code"]))
        values = {name: part[name] for name in names}
        if known is None:
            position = positions.get(part["contract_id"], -1) + 1
            positions[part["contract_id"]] = position
            row = {"id": new_id(), "contract_id": part["contract_id"], "code": part["code"], "position": position}
            fresh.append(row | values)
            written.append(WrittenPart(row["id"], "created", None, _told(values)))
            continue
        agreed = (known["contract_id"], known["code"]) in amended
        terms = corrected.get(known["contract_id"], {})
        values, kept = keep_corrected(
            values, known, {} if agreed else terms, prefix=f"{_PREFIXES[table]}.{known['code']}."
        )
        if all(known[name] == values[name] for name in names):
            written.append(WrittenPart(known["id"], "unchanged", None, None, kept=kept))
        elif agreed and any(known[name] != values[name] for name in _AGREED):
            refusal = (
                "was agreed by an amendment here, and its title, kind, share or last day would change. Bring the "
                "source up to date, or change it by an amendment or a correction"
            )
            written.append(WrittenPart(known["id"], None, None, None, refusal))
        else:
            changed.append({"id": known["id"]} | values)
            before = _told({name: known[name] for name in names})
            written.append(WrittenPart(known["id"], "updated", before, _told(values), kept=kept))
    await insert_rows(session, table, fresh)
    await update_rows(session, table, changed)
    touched = {
        part["contract_id"] for part, done in zip(parts, written, strict=True) if done.outcome in ("created", "updated")
    }
    await _announce(session, touched, action="contract.parts-imported", table=table)
    return written


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns as JSON; the same figure is the same text, however many zeros the database keeps."""
    plain = {
        name: format(value.normalize(), "f") if isinstance(value, Decimal) else value for name, value in values.items()
    }
    return to_jsonable_python(plain)  # type: ignore[no-any-return]


async def _announce(session: AsyncSession, touched: set[UUID], *, action: str, table: PartTable) -> None:
    if not touched:
        return
    await session.execute(_RAISE, {"ids": sorted(touched), "now": clock.now()})
    noted = ["indicators" if table == "contract_indicators" else "milestones"]
    for record in await get_contracts(session, contract_ids=sorted(touched)):
        if record.moved_at is None and record.state.origin == "import":
            gaps = tuple(record.gaps)
            announce(session, ContractImported, record.state, action=action, fields=noted, gaps=gaps)
        else:
            announce(session, ContractUpdated, record.state, action=action, fields=noted)


async def retract_imported_part(
    session: AsyncSession,
    table: PartTable,
    *,
    part_id: UUID,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> str | None:
    """Take a part back, or what an import changed of it; answers why not, None when it is done."""
    names = _COLUMNS[table]
    scope, parameters = scope_sql(principal_in(session), "contract.region")
    statement = text(
        f"SELECT part.contract_id, {', '.join(f'part.{name}' for name in names)} "  # noqa: S608 - names are ours
        f"FROM {table} AS part JOIN contracts AS contract ON contract.id = part.contract_id "
        f"WHERE part.id = :id AND {scope} FOR UPDATE OF contract"
    )
    row = (await session.execute(statement, parameters | {"id": part_id})).mappings().first()
    if row is None:
        return "it is gone, or its contract lies in a region outside your scope"
    if _told({name: row[name] for name in names}) != dict(after):
        return "it was changed later"
    if before is None:
        if (await session.execute(text(_USES[table]), {"id": part_id})).scalar_one():
            return "an observation, a payment or a report names it; undo those first"
        await session.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": part_id})  # noqa: S608 - ours
    else:
        await update_rows(session, table, [{"id": part_id, **before}])
    await _announce(session, {row["contract_id"]}, action="contract.parts-import-undone", table=table)
    return None
