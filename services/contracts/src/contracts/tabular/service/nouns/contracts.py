"""Rows of contracts: each enters at the state that it had, with what its row lacks listed as gaps."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.imported import ImportedContract
from contracts.contracts.service import record_imported_contracts, retract_imported_contract
from contracts.organisations.imported import ImportedOrganisation
from contracts.organisations.many import RecordedOrganisation, record_imported_organisations
from contracts.tabular.queries import RowRecord
from contracts.tabular.rows import Row
from contracts.tabular.service.context import Context, digest, screen
from shared import clock

__all__ = ["apply_contracts", "undo_contract"]

_ENDED = ("completed", "terminated", "cancelled")
_GAPS = ("value", "signed_on", "starts_on", "ends_on", "service_category", "procurement_method")


class _Party(NamedTuple):
    """A side of a contract as its row names it."""

    external_id: str
    name: str
    uscc: str | None


def _party(row: Row, role: str) -> _Party | None:
    name, uscc = row.values[f"{role}_name"], row.values[f"{role}_uscc"]
    return None if name is None else _Party(uscc or f"name:{name}", name, uscc)


async def apply_contracts(session: AsyncSession, context: Context, rows: Sequence[Row]) -> None:
    """Record the parties of the chunk, then its contracts."""
    screen(rows)
    sound = [row for row in rows if _is_sound(context, row)]
    parties: dict[tuple[str, str], ImportedOrganisation] = {}
    for row in sound:
        for role in ("purchaser", "provider"):
            party = _party(row, role)
            if party is not None and (party.external_id, role) not in parties:
                parties[party.external_id, role] = ImportedOrganisation(
                    source=context.source,
                    external_id=party.external_id,
                    name=party.name,
                    roles=(role,),
                    uscc=party.uscc,
                    simulated=context.simulated,
                )
    recorded = await record_imported_organisations(session, list(parties.values()), rename=False)
    known = dict(zip(parties, recorded, strict=True))
    ready: list[tuple[Row, ImportedContract]] = []
    for row in sound:
        contract = _contract(context, row, known)
        if contract is not None:
            ready.append((row, contract))
    written = await record_imported_contracts(session, [contract for _, contract in ready])
    for (row, _), done in zip(ready, written, strict=True):
        if done.refusal is not None or done.outcome is None:
            row.reject("reference", f"{done.refusal}")
            continue
        version = done.before["version"] + 1 if done.before else 1
        row.done(done.outcome, done.contract_id, {"version": version, "before": done.before})
        for term in done.kept:
            row.warn(term.name, term.detail)
        if done.state_kept:
            row.warn("state", "differs from the state here, which was reached by an act and stays")


def _is_sound(context: Context, row: Row) -> bool:
    """Refuse what cannot be a contract; contradictory days are kept as given, with a warning."""
    values = row.values
    today = clock.today()
    for name in ("signed_on", "ended_on"):
        if values[name] is not None and values[name] > today:
            row.reject(name, f"is in the future ({values[name]}); a contract of the past has happened")
    region = values["region"] or context.region
    if not context.principal.may_see(region):
        row.reject("region", f"{region} is outside your scope")
    if values["provider_name"] is None and values["provider_uscc"] is not None:
        row.reject("provider_name", "is empty, and a credit code of the provider is given")
    if values["state"] in ("active", "suspended", "completed", "terminated") and values["provider_name"] is None:
        row.warn("provider_name", "is empty: a gap")
    if values["not_evaluable"] is not None and values["state"] not in ("completed", "terminated"):
        row.reject("not_evaluable", "is for contracts that have ended; one in force can still be evaluated")
    return row.outcome is None


def _contract(
    context: Context, row: Row, known: dict[tuple[str, str], RecordedOrganisation]
) -> ImportedContract | None:
    values = row.values
    ids: dict[str, UUID | None] = {"purchaser": None, "provider": None}
    for role in ids:
        party = _party(row, role)
        if party is None:
            continue
        done = known[party.external_id, role]
        if done.organisation_id is None:
            row.reject(f"{role}_name", f"cannot be recorded: {done.refusal}")
            return None
        ids[role] = done.organisation_id
    if ids["purchaser"] is None:
        row.reject("purchaser_name", "is empty and needed")
        return None
    principal = context.principal
    if principal.organisation not in (None, ids["purchaser"]) and not principal.roles & {"finance", "operator"}:
        row.reject("purchaser_name", "is another organisation than yours")
        return None
    gaps = [name for name in _GAPS if values[name] is None]
    gaps += ["provider"] if ids["provider"] is None else []
    ended = values["state"] in _ENDED
    gaps += ["ended_at"] if ended and values["ended_on"] is None else []
    terms: dict[str, Any] = {
        "title": values["title"],
        "state": values["state"],
        "contract_number": values["contract_number"],
        "service_category": values["service_category"],
        "purchaser_id": ids["purchaser"],
        "provider_id": ids["provider"],
        "value": values["value"],
        "budget": values["budget"],
        "final_value": values["final_value"],
        "signed_on": values["signed_on"],
        "starts_on": values["starts_on"],
        "ends_on": values["ends_on"],
        "ended_at": datetime.combine(values["ended_on"], time(), UTC) if ended and values["ended_on"] else None,
        "end_reason": _end_reason(row),
        "procurement_method": values["procurement_method"],
        "tenderers": values["tenderers"],
        "beneficiary_population": values["beneficiary_population"],
        "not_evaluable": values["not_evaluable"],
    }
    return ImportedContract(
        source=context.source,
        external_id=values["reference"] or values["contract_number"],
        content_hash=digest(terms),
        region=values["region"] or context.region,
        simulated=context.simulated,
        gaps=tuple(sorted(gaps)),
        warnings=_warnings(row),
        extras={"table": {"import_id": str(context.import_id), "line": row.line}},
        **terms,
    )


def _end_reason(row: Row) -> str | None:
    default = {"completed": "complete", "cancelled": "cancelled"}.get(row.values["state"])
    return row.values["end_reason"] or default if row.values["state"] in _ENDED else None


def _warnings(row: Row) -> tuple[dict[str, str], ...]:
    values = row.values
    found = [
        {"code": "table", "detail": f"{each['column'] or 'row'}: {each['reason']}"}
        for each in row.problems
        if each.get("level") == "warning"
    ]
    starts_on, ends_on, signed_on = values["starts_on"], values["ends_on"], values["signed_on"]
    if starts_on and ends_on and ends_on < starts_on:
        detail = f"Ends on {ends_on}, before it starts on {starts_on}; kept as given."
        found.append({"code": "period-reversed", "detail": detail})
        row.warn("ends_on", detail)
    elif signed_on and ends_on and ends_on < signed_on:
        detail = f"Signed on {signed_on}, after its end on {ends_on}; kept as given."
        found.append({"code": "signed-after-end", "detail": detail})
        row.warn("signed_on", detail)
    return tuple(found)


async def undo_contract(session: AsyncSession, _: Context, row: RowRecord) -> str | None:
    """End it as cancelled, or say again what it said."""
    assert row.target_id is not None and row.before is not None  # noqa: S101, PT018 - written by apply_contracts
    return await retract_imported_contract(
        session, contract_id=row.target_id, version=row.before["version"], before=row.before["before"]
    )
