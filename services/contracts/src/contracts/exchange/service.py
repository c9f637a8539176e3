"""Releases, records and the changes feed, and keeping what was imported."""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.exchange.build import release_of
from contracts.exchange.contents import Base, bases_of, contracts_of_ocids, facts_of, paid_at, processes_of
from contracts.exchange.disclosed import (
    is_public_document,
    public_fact,
    public_process,
    public_terms,
    withheld_from_public,
)
from contracts.exchange.errors import FeedStartsAnew, RecordNotFound
from contracts.exchange.identity import native_contract
from contracts.exchange.models import PUBLISHED
from contracts.exchange.package import record_of
from contracts.exchange.process import Change
from contracts.exchange.queries import Horizon, Offset, changes_after, contracts_of, find_horizon, last_place
from shared import clock
from shared.auth import Principal
from shared.db import principal_in
from shared.ids import new_id

__all__ = [
    "Naming",
    "Told",
    "get_record",
    "keep_imported_releases",
    "offset_of",
    "releases_after",
    "require_known_offset",
    "stream_records",
    "stream_releases",
]

Json = dict[str, Any]
CHUNK = 200
_KNOWN = text(
    "SELECT known.ocid, known.sha256, known.published_id FROM imported_releases AS known "
    "WHERE known.ocid = ANY(CAST(:ocids AS text[]))"
)
_KEEP = text(
    "INSERT INTO imported_releases (id, ocid, sha256, published_id, release, recorded_at) "
    "SELECT sent.*, CAST(:now AS timestamptz) FROM unnest(CAST(:ids AS uuid[]), CAST(:ocids AS text[]), "
    "CAST(:hashes AS text[]), CAST(:names AS text[]), CAST(:releases AS text[])) AS sent "
    "ON CONFLICT DO NOTHING RETURNING id"
)
_KEEP_PARTS = text(
    "INSERT INTO imported_release_contracts (release_id, contract_id, contract_ref, position) "
    "SELECT sent.release_id, sent.contract_id, sent.reference, sent.position FROM unnest(CAST(:releases AS uuid[]), "
    "CAST(:contracts AS uuid[]), CAST(:references AS text[]), CAST(:positions AS integer[])) "
    "AS sent(release_id, contract_id, reference, position) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Naming:
    """How our own processes are named: prefix of the ocid, language of the texts."""

    prefix: str
    language: str


@dataclass(frozen=True, slots=True)
class Told:
    """A change with its release; `base` when the release is an imported one."""

    offset: Offset
    release: Json
    base: bool


def offset_of(row: Row[Any]) -> Offset:
    """The place of a change in the feed."""
    return row.epoch, row.xid, row.n


async def require_known_offset(session: AsyncSession, offset: Offset | None, horizon: Horizon) -> None:
    """Refuse (FeedStartsAnew) an offset behind everything that this database can have given out.

    That is also one behind the last change of an epoch that has ended: what its reader saw may be lost.
    """
    if offset is None:
        return
    if offset[0] < horizon.epoch:
        last = await last_place(session, offset[0])
        lost = offset[0] > 0 and (last is None or offset > last)
    else:
        lost = offset[0] > horizon.epoch or offset[1] > horizon.next
    if lost:
        raise FeedStartsAnew("The offset is unknown: the database was restored. Read the feed from its beginning.")


async def _releases(session: AsyncSession, rows: Sequence[Row[Any]], naming: Naming) -> list[Told]:
    """The releases of these changes, in their order; a change without one is left out."""
    processes = await processes_of(
        session, (row.contract_id for row in rows), prefix=naming.prefix, language=naming.language
    )
    facts = await facts_of(session, ((row.noun, row.noun_id) for row in rows))
    bases = await bases_of(session, (row.noun_id for row in rows if row.noun == "import"))
    ended = [(row.contract_id, row.changed_at) for row in rows if row.noun == "contract" and row.state == "completed"]
    paid = await paid_at(session, ended) if ended else {}
    found = []
    for row in rows:
        process = processes[row.contract_id]
        fields = withheld_from_public(process)
        if fields is None or (fields and row.noun == "import"):
            continue
        if row.noun == "import":
            release = _base_release(bases[row.noun_id], row.contract_id, principal_in(session))
        else:
            change = Change(
                n=row.n,
                epoch=row.epoch,
                contract_id=row.contract_id,
                noun=row.noun,
                noun_id=row.noun_id,
                state=row.state,
                terms=public_terms(row.terms, fields),
                changed_at=row.changed_at,
                first=row.first,
                paid=None if "money" in fields else paid.get(row.contract_id),
            )
            fact = public_fact(row.noun, facts.get(row.noun_id), fields)
            if not is_public_document(process, row.noun, fact):
                continue
            release = release_of(public_process(process, fields), change, fact)
        if release is not None:
            found.append(Told(offset_of(row), release, row.noun == "import"))
    return found


def _base_release(base: Base, contract_id: UUID, principal: Principal) -> Json | None:
    """An imported release, told once: by the first of its contracts that the caller may read.

    Contracts that became ours and that the caller may not read are left out; all else stays as the publisher wrote it.
    """
    if base.marked:
        return None
    shown = [part for part in base.parts if _may_read(principal, state=part[2], region=part[3])]
    if not shown or shown[0][0] != contract_id:
        return None
    hidden = {reference for _, reference, _, _ in base.parts} - {reference for _, reference, _, _ in shown}
    if not hidden:
        return base.release
    contracts = [one for one in base.release.get("contracts", []) if str(one.get("id")) not in hidden]
    return base.release | {"contracts": contracts}


def _may_read(principal: Principal, *, state: str, region: str) -> bool:
    """The same rule as `contracts.exchange.queries.visible`, for a contract at hand."""
    return state in PUBLISHED or ("public" not in principal.roles and state != "draft" and principal.may_see(region))


async def releases_after(
    session: AsyncSession, offset: Offset | None, *, limit: int, naming: Naming, region: str | None = None
) -> tuple[list[Json], Offset | None]:
    """A page of releases in the order of the feed, and the offset of the next page (None on the last).

    A page may hold fewer releases than `limit` and still have a next one: not every change has a release.
    """
    horizon = await find_horizon(session)
    await require_known_offset(session, offset, horizon)
    rows = await changes_after(session, offset, limit=limit + 1, horizon=horizon, region=region)
    told = await _releases(session, rows[:limit], naming)
    return [one.release for one in told], offset_of(rows[limit - 1]) if len(rows) > limit else None


async def stream_releases(session: AsyncSession, *, naming: Naming, region: str | None = None) -> AsyncIterator[Json]:
    """Every release that the caller may read, page by page."""
    offset: Offset | None = None
    while True:
        releases, offset = await releases_after(session, offset, limit=CHUNK, naming=naming, region=region)
        for release in releases:
            yield release
        if offset is None:
            return


async def get_record(session: AsyncSession, *, ocid: str, naming: Naming) -> Json:
    """The record of a process: all its releases and the compiled one. RecordNotFound when the caller may read none."""
    contract_ids = (await contracts_of_ocids(session, [ocid])).get(ocid, [])
    own = native_contract(ocid, prefix=naming.prefix)
    records = await _records(session, {ocid: [*contract_ids, *([own] if own else [])]}, naming)
    if ocid not in records:
        raise RecordNotFound(
            f"No process {ocid} is published. Pending and cancelled contracts are read in their region."
        )
    return records[ocid]


async def _records(session: AsyncSession, wanted: dict[str, list[UUID]], naming: Naming) -> dict[str, Json]:
    contract_ids = [one for ids in wanted.values() for one in ids]
    horizon = await find_horizon(session)
    rows = await changes_after(session, None, limit=None, horizon=horizon, contract_ids=contract_ids)
    told: dict[str, list[Told]] = {}
    for one in await _releases(session, rows, naming):
        told.setdefault(one.release["ocid"], []).append(one)
    records = {}
    for ocid in wanted:
        releases = told.get(ocid, [])
        if not releases:
            continue
        # A publisher sends a process as it is now, so that the last import replaces those before; what was recorded
        # here comes on top of it.
        imported = [one.release for one in releases if one.base]
        ours = [one.release for one in releases if not one.base]
        records[ocid] = record_of(ocid, [one.release for one in releases], in_force=[*imported[-1:], *ours])
    return records


async def stream_records(session: AsyncSession, *, naming: Naming, region: str | None = None) -> AsyncIterator[Json]:
    """The record of every process that the caller may read, in the order of its first contract, chunk by chunk."""
    after: UUID | None = None
    while True:
        chunk = await contracts_of(session, after=after, limit=CHUNK, region=region)
        if not chunk:
            return
        after = chunk[-1][0]
        imported = await contracts_of_ocids(session, sorted({ocid for _, ocid in chunk if ocid}))
        wanted: dict[str, list[UUID]] = {}
        for contract_id, ocid in chunk:
            if ocid is None:
                wanted[f"{naming.prefix}-{contract_id}"] = [contract_id]
            elif imported.get(ocid, [contract_id])[0] == contract_id:
                wanted[ocid] = imported.get(ocid, [contract_id])
        for record in (await _records(session, wanted, naming)).values():
            yield record


async def keep_imported_releases(
    session: AsyncSession, releases: Sequence[tuple[Json, str, Sequence[tuple[UUID, str]]]]
) -> int:
    """Keep releases as their publisher wrote them; answers how many are new.

    Each is (release, ocid, its contracts as (id here, id there)). The same content again is not kept twice.
    """
    rows = [_row(release, ocid, parts) for release, ocid, parts in releases]
    known = (await session.execute(_KNOWN, {"ocids": sorted({row.ocid for row in rows})})).all() if rows else []
    stored, used = {(row.ocid, row.sha256) for row in known}, {(row.ocid, row.published_id) for row in known}
    fresh: list[_Kept] = []
    for row in rows:
        if (row.ocid, row.sha256) in stored:
            continue
        if (row.ocid, row.name) in used:
            row.name = f"{row.name}-{row.sha256[:12]}"
        stored.add((row.ocid, row.sha256))
        used.add((row.ocid, row.name))
        fresh.append(row)
    if not fresh:
        return 0
    columns = {
        "now": clock.now(),
        "ids": [row.id for row in fresh],
        "ocids": [row.ocid for row in fresh],
        "hashes": [row.sha256 for row in fresh],
        "names": [row.name for row in fresh],
        "releases": [row.release for row in fresh],
    }
    # Another request may have kept the same release in the meantime; then it has told of it.
    written = set((await session.execute(_KEEP, columns)).scalars())
    parts = [(row.id, *part, n) for row in fresh if row.id in written for n, part in enumerate(row.parts, start=1)]
    names = ("releases", "contracts", "references", "positions")
    if parts:
        await session.execute(_KEEP_PARTS, dict(zip(names, map(list, zip(*parts, strict=True)), strict=True)))
    return len(written)


@dataclass(slots=True)
class _Kept:
    """A release on its way into the table."""

    id: UUID
    ocid: str
    sha256: str
    name: str
    release: str
    parts: Sequence[tuple[UUID, str]]


def _row(release: Json, ocid: str, parts: Sequence[tuple[UUID, str]]) -> _Kept:
    written = json.dumps(release, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    name = str(release.get("id") or "").encode("utf-8", "replace").decode().replace("\x00", "") or "1"
    return _Kept(new_id(), ocid, hashlib.sha256(written.encode()).hexdigest(), name, written, parts)
