"""Importing a batch of releases: mapped first, then recorded, each contract in a savepoint of its own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.imported import ImportedContract
from contracts.contracts.queries import corrected_terms, find_contract_ids, regions_of
from contracts.contracts.service import record_imported_contract
from contracts.exchange.service import keep_imported_releases
from contracts.imports.errors import RecordRejected
from contracts.imports.mapping import MappedContract, RejectedContract, map_release
from contracts.imports.organisations import PartyKey, RecordedParty, record_parties
from contracts.imports.schemas import ImportItem, ImportOut, ImportResult
from contracts.ledger.service import record_imported_transactions
from contracts.organisations.schemas import WarningOut
from shared.auth import require_region
from shared.db import principal_in
from shared.problems import Problem
from shared.savepoint import savepoint

__all__ = ["UNKNOWN_REGION", "import_ocds"]

UNKNOWN_REGION = "ZZ-0"
_OUTCOMES = ("created", "updated", "unchanged", "rejected", "skipped")


@dataclass(slots=True)
class _Entry:
    """One line of the answer while it is being worked on."""

    place: str
    ocid: str | None
    fallback: str | None
    contract: MappedContract | None = None
    outcome: str = ""
    reason: str | None = None
    reference: str | None = None
    contract_id: UUID | None = None
    region: str | None = None
    gaps: tuple[str, ...] = ()
    organisations: tuple[UUID, ...] = ()
    kept: tuple[dict[str, str], ...] = ()

    def reject(self, place: str, reason: str) -> None:
        self.place, self.reason, self.outcome, self.contract = place, reason, "rejected", None


async def import_ocds(session: AsyncSession, items: Sequence[ImportItem]) -> ImportOut:
    """Import releases; what one of them did is undone alone, and does not stop the others.

    Raises:
        Forbidden: an item names a region outside the caller's scope; then nothing is imported.
    """
    for region in sorted({item.region for item in items if item.region}):
        require_region(principal_in(session), region)
    unmapped: Counter[str] = Counter()
    mapped = [(item, _map(item, unmapped)) for item in items]
    entries = [entry for _, of_item in mapped for entry in of_item]
    await _find_unchanged(session, entries)
    unchanged = [_parties(entry) for entry in entries if entry.outcome == "unchanged"]
    fresh = [_parties(entry) for entry in entries if entry.contract is not None and not entry.outcome]
    parties = await record_parties(session, [one for each in unchanged for one in each], write=False)
    parties |= await record_parties(session, [one for each in fresh for one in each], write=True)
    for entry in entries:
        if entry.contract is not None and not entry.outcome:
            await _record(session, entry, entry.contract, parties)
        if entry.contract is not None:
            entry.organisations = _ids(entry.contract, parties)
    await keep_imported_releases(session, [kept for item, of_item in mapped if (kept := _kept(item, of_item))])
    counts = Counter(entry.outcome for entry in entries)
    return ImportOut(
        **{outcome: counts[outcome] for outcome in _OUTCOMES},
        results=[_result(entry) for entry in entries],
        unmapped=dict(sorted(unmapped.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def _map(item: ImportItem, unmapped: Counter[str]) -> list[_Entry]:
    mapped = map_release(item.release, place=item.place)
    unmapped.update(mapped.unmapped)
    entries = []
    for one in mapped.contracts:
        entry = _Entry(one.place, mapped.ocid, item.region, reference=one.contract_ref)
        if isinstance(one, RejectedContract):
            entry.reject(one.place, one.reason)
        else:
            entry.contract = one
        entries.append(entry)
    if entries:
        return entries
    return [_Entry(item.place, mapped.ocid, None, outcome="skipped", reason="the release has no contract")]


def _kept(item: ImportItem, entries: Sequence[_Entry]) -> tuple[dict[Any, Any], str, list[tuple[UUID, str]]] | None:
    """The release as it was sent, with the contracts that it became; None when it became none."""
    parts = [(entry.contract_id, entry.reference) for entry in entries if entry.contract_id and entry.reference]
    ocid = next((entry.ocid for entry in entries), None)
    return (item.release, ocid, parts) if parts and ocid else None


async def _find_unchanged(session: AsyncSession, entries: Sequence[_Entry]) -> None:
    """Mark what was imported before with the same content; such a contract costs no write at all."""
    pending = [(entry, entry.contract) for entry in entries if entry.contract is not None]
    if not pending:
        return
    keys = {(contract.source, contract.external_id) for _, contract in pending}
    known = await find_contract_ids(session, sorted(keys))
    # One whose terms were corrected here is compared with them: the answer says what of it the source still says.
    corrected = await corrected_terms(session, contract_ids=[contract_id for contract_id, _ in known.values()])
    same = [
        (entry, contract, known[contract.source, contract.external_id][0])
        for entry, contract in pending
        if known.get((contract.source, contract.external_id), (None, None))[1] == contract.content_hash
        and known[contract.source, contract.external_id][0] not in corrected
    ]
    regions = await regions_of(session, contract_ids=[contract_id for *_, contract_id in same]) if same else {}
    for entry, contract, contract_id in same:
        if contract_id not in regions:
            entry.reject(contract.place, "is recorded in a region outside your scope")
            continue
        entry.region, entry.outcome = regions[contract_id], "unchanged"
        entry.contract_id, entry.gaps = contract_id, contract.gaps


def _parties(entry: _Entry) -> list[tuple[str, Any]]:
    contract = entry.contract
    if contract is None:
        return []
    return [(contract.source, party) for party in (contract.purchaser, contract.provider) if party is not None]


def _ids(contract: MappedContract, parties: dict[PartyKey, RecordedParty]) -> tuple[UUID, ...]:
    keys = [(contract.source, party.external_id) for party in (contract.purchaser, contract.provider) if party]
    return tuple(parties[key].organisation_id for key in keys if key in parties and parties[key].organisation_id)  # type: ignore[misc]


async def _record(
    session: AsyncSession, entry: _Entry, contract: MappedContract, parties: dict[PartyKey, RecordedParty]
) -> None:
    entry.region = contract.purchaser.seat or entry.fallback or UNKNOWN_REGION
    entry.gaps = contract.gaps if entry.region != UNKNOWN_REGION else tuple(sorted({*contract.gaps, "region"}))
    try:
        imported = _imported(contract, region=entry.region, gaps=entry.gaps, parties=parties)
        async with savepoint(session):
            recorded = await record_imported_contract(session, imported)
            await record_imported_transactions(
                session,
                contract.transactions,
                contract_id=recorded.contract_id,
                region=recorded.region,
                currency=recorded.currency,
            )
    except RecordRejected as refusal:
        entry.reject(refusal.place, refusal.reason)
    except Problem as problem:
        entry.reject(contract.place, problem.detail)
    except (DataError, IntegrityError) as error:
        # A value that no rule of the mapping foresaw, or another request that recorded the same at the same moment.
        entry.reject(contract.place, f"cannot be recorded: {str(error.orig).splitlines()[0][:200]}")
    else:
        entry.contract_id, entry.outcome, entry.region = recorded.contract_id, recorded.outcome, recorded.region
        entry.kept = recorded.kept


def _imported(
    contract: MappedContract, *, region: str, gaps: tuple[str, ...], parties: dict[PartyKey, RecordedParty]
) -> ImportedContract:
    purchaser = _organisation(contract, "purchaser", parties)
    provider = _organisation(contract, "provider", parties)
    assert purchaser is not None  # noqa: S101 - a contract without a buyer is refused by the mapping
    # A party that the file spells differently keeps its recorded name; the other spelling is kept here.
    spelled = {
        f"{role}_name": party.name
        for role, party, recorded in (
            ("buyer", contract.purchaser, purchaser),
            ("supplier", contract.provider, provider),
        )
        if party is not None and recorded is not None and party.name != recorded.name
    }
    extras = contract.extras | {"ocds": contract.extras["ocds"] | spelled}
    return ImportedContract(
        source=contract.source,
        external_id=contract.external_id,
        content_hash=contract.content_hash,
        region=region,
        title=contract.title,
        state=contract.state,
        purchaser_id=purchaser.organisation_id,  # type: ignore[arg-type]
        provider_id=provider.organisation_id if provider else None,
        currency=contract.currency,
        value=contract.value,
        budget=contract.budget,
        final_value=contract.final_value,
        signed_on=contract.signed_on,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        ended_at=datetime.fromisoformat(contract.ended_at) if contract.ended_at else None,
        end_reason=contract.end_reason,
        procurement_method=contract.procurement_method,
        tenderers=contract.tenderers,
        amendments=contract.amendments,
        milestones=contract.milestones,
        gaps=gaps,
        warnings=contract.warnings,
        extras=extras,
    )


def _organisation(contract: MappedContract, role: str, parties: dict[PartyKey, RecordedParty]) -> RecordedParty | None:
    party = contract.purchaser if role == "purchaser" else contract.provider
    if party is None:
        return None
    recorded = parties[contract.source, party.external_id]
    if recorded.refusal is not None:
        raise RecordRejected(contract.place, recorded.refusal)
    return recorded


def _result(entry: _Entry) -> ImportResult:
    contract = entry.contract
    return ImportResult(
        place=entry.place,
        ocid=entry.ocid,
        source_contract_id=entry.reference,
        outcome=entry.outcome,
        reason=entry.reason,
        contract_id=entry.contract_id,
        region=entry.region if contract else None,
        state=contract.state if contract else None,
        currency=contract.currency if contract else None,
        value=contract.value if contract else None,
        amendments=len(contract.amendments) if contract else 0,
        transactions=len(contract.transactions) if contract else 0,
        milestones=len(contract.milestones) if contract else 0,
        organisations=list(entry.organisations),
        gaps=list(entry.gaps) if contract else [],
        warnings=[WarningOut.model_validate(warning) for warning in (*contract.warnings, *entry.kept)]
        if contract
        else [],
    )
