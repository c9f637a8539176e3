"""Recording a contract of another system at its true state, with its gaps and warnings."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.corrected import Corrected, KeptTerm, corrected_terms, keep_corrected
from contracts.contracts.errors import ContractAlreadyRecorded
from contracts.contracts.imported import ImportedContract, ImportedMilestone, Recorded
from contracts.contracts.models import Amendment, Contract, ContractExternalId, Milestone
from contracts.contracts.queries import ContractRecord, amended_milestones, find_contract_id, get_contract
from contracts.contracts.service.store import announce, lock_contract
from contracts.disclosure.service import secrecy_warnings
from shared import clock
from shared.auth import require_region
from shared.db import principal_in
from shared.events import ContractImported
from shared.ids import new_id

__all__ = ["record_imported_contract"]

# Of what an import writes, the terms that a correction may put right (`corrections.fields.CORRECTABLE`).
CORRECTABLE = (
    "title",
    "contract_number",
    "service_category",
    "value",
    "budget",
    "signed_on",
    "starts_on",
    "ends_on",
    "procurement_method",
    "tenderers",
)
_REMEMBER = text(
    "UPDATE contract_external_ids SET content_hash = :hash WHERE source = :source AND external_id = :external_id"
)


async def record_imported_contract(session: AsyncSession, imported: ImportedContract) -> Recorded:
    """Record an imported contract, or bring it up to date; the same content hash again changes nothing.

    403 for a region outside the scope; ContractNotFound when the contract is recorded in a region outside it;
    ContractAlreadyRecorded when the currency of a recorded contract would change.
    """
    require_region(principal_in(session), imported.region)
    known = await find_contract_id(session, source=imported.source, external_id=imported.external_id)
    if known is None:
        return await _insert(session, imported)
    contract_id, last_hash = known
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    corrected = (await corrected_terms(session, contract_ids=[contract_id])).get(contract_id, {})
    if last_hash == imported.content_hash:
        kept = [*_kept_terms(imported, record, corrected)[1], *_kept_milestones(imported, record, corrected)[1]]
        return Recorded(
            contract_id, "unchanged", record.state.region, record.state.currency, tuple(term.told for term in kept)
        )
    return await _update(session, imported, record, corrected)


def _stored(record: ContractRecord) -> dict[str, Any]:
    """The columns that an import writes and a correction may have put right."""
    return {name: getattr(record.state, name) for name in CORRECTABLE}


def _kept_terms(
    imported: ImportedContract, record: ContractRecord, corrected: Mapping[str, Corrected]
) -> tuple[dict[str, Any], list[KeptTerm]]:
    """(the correctable terms to write, those that were kept)."""
    return keep_corrected({name: getattr(imported, name) for name in CORRECTABLE}, _stored(record), corrected)


def _kept_milestones(
    imported: ImportedContract, record: ContractRecord, corrected: Mapping[str, Corrected]
) -> tuple[tuple[ImportedMilestone, ...], list[KeptTerm]]:
    """(the milestones to write, the terms of theirs that were kept)."""
    known = {milestone.code: milestone for milestone in record.state.milestones}
    milestones, kept = [], []
    for milestone in imported.milestones:
        stored = known.get(milestone.code)
        if stored is None:
            milestones.append(milestone)
            continue
        prefix = f"milestones.{milestone.code}."
        values, terms = keep_corrected(
            {"title": milestone.title, "due_on": milestone.due_on},
            {"title": stored.title, "due_on": stored.due_on},
            corrected,
            prefix=prefix,
        )
        milestones.append(replace(milestone, **values))
        kept += [replace(term, name=f"{prefix}{term.name}") for term in terms]
    return tuple(milestones), kept


def _columns(imported: ImportedContract) -> dict[str, Any]:
    names = (
        "title",
        "state",
        "contract_number",
        "service_category",
        "purchaser_id",
        "provider_id",
        "currency",
        "value",
        "budget",
        "final_value",
        "signed_on",
        "starts_on",
        "ends_on",
        "ended_at",
        "end_reason",
        "procurement_method",
        "tenderers",
        "simulated",
        "extras",
    )
    columns = {name: getattr(imported, name) for name in names}
    warnings = [*imported.warnings, *secrecy_warnings(asdict(imported))]
    return columns | {"gaps": list(imported.gaps), "warnings": warnings}


async def _insert(session: AsyncSession, imported: ImportedContract) -> Recorded:
    moment, contract_id = clock.now(), new_id()
    session.add(
        Contract(
            id=contract_id,
            version=1,
            facts_version=0,
            origin="import",
            region=imported.region,
            state_reason=None,
            moved_at=None,
            beneficiary_population=None,
            needs_basis=None,
            **_columns(imported),
            created_at=moment,
            updated_at=moment,
        )
    )
    await session.flush()
    await session.execute(
        insert(ContractExternalId),
        [
            {
                "source": imported.source,
                "external_id": imported.external_id,
                "contract_id": contract_id,
                "content_hash": imported.content_hash,
            }
        ],
    )
    await _put_amendments(session, contract_id=contract_id, imported=imported)
    await _put_milestones(session, contract_id=contract_id, milestones=imported.milestones, known={})
    await _announce(session, contract_id=contract_id, action="contract.imported", gaps=imported.gaps)
    return Recorded(contract_id, "created", imported.region, imported.currency)


async def _update(
    session: AsyncSession, imported: ImportedContract, record: ContractRecord, corrected: Mapping[str, Corrected]
) -> Recorded:
    state = record.state
    contract_id = state.contract_id
    if imported.currency != state.currency:
        raise ContractAlreadyRecorded(
            f"{imported.external_id} of {imported.source} is recorded in {state.currency}, and its ledger with it; "
            f"the file says {imported.currency}. Correct the file, or give the contract an id of its own.",
            contract_id=str(contract_id),
        )
    terms, kept = _kept_terms(imported, record, corrected)
    milestones, kept_dates = _kept_milestones(imported, record, corrected)
    kept += kept_dates
    columns = _columns(imported) | terms
    columns["warnings"] = [*columns["warnings"], *(term.warning for term in kept)]
    if record.moved_at is not None and imported.state != state.state:
        # It was moved here, by an act with a guard; the source's picture of it does not undo that.
        columns |= {"state": state.state, "ended_at": state.ended_at, "end_reason": state.end_reason}
        detail = f"The source says {imported.state}; the contract is {state.state} here and stays so."
        columns["warnings"] = [*columns["warnings"], {"code": "state-kept", "detail": detail}]
    agreed = [amendment for amendment in record.amendments if amendment.agreed_at is not None]
    if agreed:
        # What both parties agreed here stands; the source may not know of it yet.
        columns |= {name: getattr(state, name) for name in ("value", "starts_on", "ends_on")}
        detail = f"{len(agreed)} amendments were agreed here; value and term stay as they were agreed."
        columns["warnings"] = [*columns["warnings"], {"code": "terms-kept", "detail": detail}]
    await session.execute(
        update(Contract)
        .where(Contract.id == contract_id)
        .values(**columns, version=Contract.version + 1, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    await session.execute(delete(Amendment).where(Amendment.contract_id == contract_id, Amendment.agreed_at.is_(None)))
    await _put_amendments(session, contract_id=contract_id, imported=imported, taken={each.number for each in agreed})
    known = {milestone.code: milestone.milestone_id for milestone in state.milestones}
    amended = {code for _, code in await amended_milestones(session, contract_ids=[contract_id])}
    await _put_milestones(session, contract_id=contract_id, milestones=milestones, known=known, amended=amended)
    await session.execute(
        _REMEMBER, {"hash": imported.content_hash, "source": imported.source, "external_id": imported.external_id}
    )
    await _announce(session, contract_id=contract_id, action="contract.import-updated", gaps=imported.gaps)
    return Recorded(contract_id, "updated", state.region, state.currency, tuple(term.told for term in kept))


async def _announce(session: AsyncSession, *, contract_id: UUID, action: str, gaps: tuple[str, ...]) -> None:
    record = await get_contract(session, contract_id=contract_id)
    announce(session, ContractImported, record.state, action=action, fields={"gaps": list(gaps)}, gaps=gaps)


async def _put_amendments(
    session: AsyncSession, *, contract_id: UUID, imported: ImportedContract, taken: Collection[int] = ()
) -> None:
    if imported.amendments:
        numbers = (number for number in count(1) if number not in taken)
        rows = [
            {
                "id": new_id(),
                "contract_id": contract_id,
                "number": number,
                "external_id": amendment.external_id,
                "amended_on": amendment.amended_on,
                "rationale": amendment.rationale,
                "description": amendment.description,
            }
            for number, amendment in zip(numbers, imported.amendments, strict=False)
        ]
        await session.execute(insert(Amendment), rows)


async def _put_milestones(
    session: AsyncSession,
    *,
    contract_id: UUID,
    milestones: tuple[ImportedMilestone, ...],
    known: dict[str, UUID],
    amended: Collection[str] = (),
) -> None:
    """Insert new ones, update known ones; one that the source no longer names stays, since money may refer to it.

    Of one that an amendment agreed here the source says only whether it was reached.
    """
    for position, milestone in enumerate(milestones):
        told = ("status", "met_on")
        names = told if milestone.code in amended else ("title", "kind", "percentage", "due_on", *told)
        values = {name: getattr(milestone, name) for name in names}
        if milestone.code in known:
            statement = (
                update(Milestone).where(Milestone.id == known[milestone.code]).values(**values, position=position)
            )
            await session.execute(statement.execution_options(synchronize_session=False))
        else:
            row = {"id": new_id(), "contract_id": contract_id, "code": milestone.code, "position": position, **values}
            await session.execute(insert(Milestone), [row])
