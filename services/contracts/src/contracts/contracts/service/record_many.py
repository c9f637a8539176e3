"""Recording many contracts of other systems in few statements, each at its true state; and taking that back."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.corrected import KeptTerm, corrected_terms
from contracts.contracts.imported import ImportedContract, Outcome
from contracts.contracts.queries import find_contract_ids, get_contracts
from contracts.contracts.service.imported_row import (
    COLUMNS,
    COMPARED,
    against_amendment,
    kept_terms,
    refusal_of,
    row_of,
)
from contracts.contracts.service.store import announce
from contracts.organisations.queries import parties_named
from contracts.rows import update_rows
from shared import audit, clock, outbox
from shared.copying import copy_in
from shared.db import principal_in, scope_sql
from shared.events import ContractCancelled, ContractImported, ContractState, ContractUpdated, PartyRef
from shared.ids import new_id
from shared.overlap import beside

__all__ = ["Written", "record_imported_contracts", "retract_imported_contract"]

# Of these, what an event tells as it is.
_TOLD = tuple(name for name in COLUMNS if name in ContractState.model_fields)
_AMENDED = (
    "(SELECT max(number) FROM contract_amendments AS amendment WHERE amendment.contract_id = contracts.id "
    "AND amendment.agreed_at IS NOT NULL) AS amended"
)
# What people did about a contract since; the slices that own these tables come later.
_ACTS = ("findings", "inspections", "documents", "performance_failures", "subcontracts", "contract_publications")
_BUSY = (
    "SELECT FROM ledger_entries AS entry WHERE contract_id = :id AND kind <> 'reversal' AND NOT EXISTS (SELECT FROM "  # noqa: S608 - constants
    "ledger_entries AS taken_back WHERE taken_back.reverses = entry.id) UNION ALL "
    "SELECT FROM observations AS observed WHERE contract_id = :id AND NOT EXISTS (SELECT FROM observation_withdrawals "
    "AS withdrawn WHERE withdrawn.observation_id = observed.id) UNION ALL "
    "SELECT FROM acceptances WHERE contract_id = :id UNION ALL "
    "SELECT FROM contract_indicators WHERE contract_id = :id UNION ALL "
    "SELECT FROM contract_milestones WHERE contract_id = :id UNION ALL "
    "SELECT FROM legal_holds WHERE contract_id = :id AND released_at IS NULL UNION ALL "
    "SELECT FROM contract_results WHERE contract_id = :id UNION ALL "
    + " UNION ALL ".join(f"SELECT FROM {table} WHERE contract_id = :id" for table in _ACTS)
)


class Written(NamedTuple):
    """What became of one contract: `before` is what it said before, `refusal` why it was not recorded.

    `kept` are corrected terms that the import says otherwise and that were left alone.
    """

    contract_id: UUID | None
    outcome: Outcome | None
    before: dict[str, Any] | None = None
    refusal: str | None = None
    state_kept: bool = False
    kept: Sequence[KeptTerm] = ()


async def record_imported_contracts(session: AsyncSession, contracts: Sequence[ImportedContract]) -> list[Written]:
    """Record contracts of one source, each once, or bring them up to date; answers what became of each, in order.

    The regions are in the caller's scope. A contract that was drafted here, that lies outside the scope, whose currency
    would change, or that says another value or term than an amendment agreed here is refused alone; the same content
    hash again changes nothing. A corrected term stays as it was corrected, and the rest of its contract is recorded.
    """
    keys = [(each.source, each.external_id) for each in contracts]
    known = await find_contract_ids(session, keys)
    stored = await _stored(session, [contract_id for contract_id, _ in known.values()])
    corrected = await corrected_terms(session, contract_ids=list(stored))
    written: list[Written] = []
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    moment = clock.now()
    for contract, key in zip(contracts, keys, strict=True):
        if key not in known:
            row = row_of(contract, moment=moment)
            fresh.append({"id": new_id(), **row})
            written.append(Written(fresh[-1]["id"], "created"))
            continue
        contract_id, content_hash = known[key]
        before = stored.get(contract_id)
        refusal = refusal_of(contract, before)
        if refusal is not None or before is None:
            written.append(Written(None, None, refusal=refusal))
        elif content_hash == contract.content_hash:
            _, kept = kept_terms(contract, before, corrected.get(contract_id, {}))
            written.append(Written(contract_id, "unchanged", kept=kept))
        elif (refusal := against_amendment(contract, before)) is not None:
            written.append(Written(None, None, refusal=refusal))
        else:
            moved = before["moved_at"] is not None and before["state"] != contract.state
            row, kept = kept_terms(contract, before, corrected.get(contract_id, {}))
            row = row_of(contract, moment=moment, kept=before if moved else None, terms=row)
            if kept and all(row[name] == before[name] for name in COMPARED):
                written.append(Written(contract_id, "unchanged", kept=kept))
                continue
            changed.append({"id": contract_id, **row})
            written.append(Written(contract_id, "updated", before, state_kept=moved, kept=kept))
    await _insert(session, contracts, written, fresh)
    await _update(session, contracts, written, changed)
    return written


async def _stored(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    if not ids:
        return {}
    scope, parameters = scope_sql(principal_in(session))
    names = ", ".join(("id", "version", "origin", "moved_at", "not_evaluable_at", *COLUMNS, _AMENDED))
    statement = text(
        f"SELECT {names} FROM contracts WHERE id = ANY(:ids) AND {scope} ORDER BY id FOR UPDATE"  # noqa: S608 - ours
    )
    rows = await session.execute(statement, parameters | {"ids": list(ids)})
    return {row["id"]: dict(row) for row in rows.mappings()}


async def _insert(
    session: AsyncSession,
    contracts: Sequence[ImportedContract],
    written: Sequence[Written],
    fresh: Sequence[dict[str, Any]],
) -> None:
    if not fresh:
        return
    created = [(each, done) for each, done in zip(contracts, written, strict=True) if done.outcome == "created"]
    named = {row[side] for row in fresh for side in ("purchaser_id", "provider_id")} - {None}
    parties = await parties_named(session, organisation_ids=named)
    moment, limit = clock.now(), outbox.limit_of(session)

    def tell() -> list[outbox.Pending]:
        return [
            outbox.compose(_imported(row, each, parties), subject=row["id"], region=each.region, at=moment, limit=limit)
            for row, (each, _) in zip(fresh, created, strict=True)
        ]

    # A contract that is just being recorded has no part that was not given here: its event needs no reading again.
    outbox.add(session, await beside(_write(session, fresh, created), tell))
    for row, (each, _) in zip(fresh, created, strict=True):
        noted = {"gaps": list(each.gaps)}
        audit.record(session, "contract.imported", noun="contract", noun_id=row["id"], region=each.region, fields=noted)


async def _write(
    session: AsyncSession, fresh: Sequence[dict[str, Any]], created: Sequence[tuple[ImportedContract, Written]]
) -> None:
    own = {"version": 1, "facts_version": 0, "origin": "import"}
    rows = [
        row
        | own
        | {
            "region": each.region,
            "warnings": to_json(row["warnings"]).decode(),
            "extras": to_json(each.extras).decode(),
            "created_at": row["updated_at"],
        }
        for row, (each, _) in zip(fresh, created, strict=True)
    ]
    await copy_in(session, "contracts", columns=tuple(rows[0]), records=[tuple(row.values()) for row in rows])
    columns = ("source", "external_id", "contract_id", "content_hash")
    ids = [(each.source, each.external_id, done.contract_id, each.content_hash) for each, done in created]
    await copy_in(session, "contract_external_ids", columns=columns, records=ids)


def _imported(row: Mapping[str, Any], contract: ImportedContract, parties: Mapping[UUID, PartyRef]) -> ContractImported:
    return ContractImported(
        **{name: row[name] for name in _TOLD},
        contract_id=row["id"],
        version=1,
        region=contract.region,
        origin="import",
        purchaser=parties[row["purchaser_id"]],
        provider=parties[row["provider_id"]] if row["provider_id"] else None,
        gaps=contract.gaps,
    )


async def _update(
    session: AsyncSession,
    contracts: Sequence[ImportedContract],
    written: Sequence[Written],
    changed: Sequence[dict[str, Any]],
) -> None:
    if not changed:
        return
    await update_rows(session, "contracts", changed, also="version = contracts.version + 1")
    pairs = [(each, done) for each, done in zip(contracts, written, strict=True) if done.outcome == "updated"]
    await session.execute(
        text(
            "UPDATE contract_external_ids AS known SET content_hash = fresh.hash "
            "FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[]), CAST(:hashes AS text[])) "
            "AS fresh(source, id, hash) WHERE known.source = fresh.source AND known.external_id = fresh.id"
        ),
        {
            "sources": [each.source for each, _ in pairs],
            "ids": [each.external_id for each, _ in pairs],
            "hashes": [each.content_hash for each, _ in pairs],
        },
    )
    await _announce_updates(session, [done.contract_id for _, done in pairs if done.contract_id is not None])


async def _announce_updates(session: AsyncSession, contract_ids: Sequence[UUID]) -> None:
    for record in await get_contracts(session, contract_ids=contract_ids):
        found = tuple(record.gaps)
        announce(
            session,
            ContractImported,
            record.state,
            action="contract.import-updated",
            fields={"gaps": list(found)},
            gaps=found,
        )


async def retract_imported_contract(
    session: AsyncSession, *, contract_id: UUID, version: int, before: Mapping[str, Any] | None
) -> str | None:
    """Take back what an import wrote as `version`; answers why not, None when it is done.

    A contract that the import created ends as cancelled and its id in the source is free again; one that it changed
    says again what it said. What came later stands in the way: a change, an act, money, an observation.
    """
    scope, parameters = scope_sql(principal_in(session))
    row = (
        await session.execute(
            text(f"SELECT version, moved_at FROM contracts WHERE id = :id AND {scope} FOR UPDATE"),  # noqa: S608 - ours
            parameters | {"id": contract_id},
        )
    ).first()
    if row is None:
        return "the contract is in a region outside your scope"
    if row.version != version:
        return f"the contract was changed later (version {row.version}, the import wrote {version})"
    if before is None:
        busy = (await session.execute(text(f"SELECT EXISTS ({_BUSY})"), {"id": contract_id})).scalar_one()
        if busy:
            return (
                "the contract has money, observations, acceptances, indicators or milestones (undo those first), or "
                "documents, supervision, results or a legal hold"
            )
        values: dict[str, Any] = {
            "state": "cancelled",
            "state_reason": "the import was undone",
            "end_reason": "cancelled",
        }
        values |= {"ended_at": clock.now(), "moved_at": clock.now()}
        await session.execute(text("DELETE FROM contract_external_ids WHERE contract_id = :id"), {"id": contract_id})
    else:
        values = {name: before[name] for name in (*COLUMNS, "not_evaluable_at")}
        await session.execute(
            text("UPDATE contract_external_ids SET content_hash = 'undone' WHERE contract_id = :id"),
            {"id": contract_id},
        )
    rows = [{"id": contract_id, "updated_at": clock.now(), **values}]
    await update_rows(session, "contracts", rows, also="version = contracts.version + 1")
    (record,) = await get_contracts(session, contract_ids=[contract_id])
    event = ContractCancelled if before is None else ContractUpdated
    announce(session, event, record.state, action="contract.import-undone", fields=sorted(values))
    return None
