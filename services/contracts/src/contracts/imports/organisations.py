"""Recording the parties of a batch: each once, in one order, before the contracts that name them."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.imports.parties import MappedParty
from contracts.organisations.imported import ImportedOrganisation
from contracts.organisations.queries import list_organisations
from contracts.organisations.service import record_imported_organisation
from shared.problems import Problem
from shared.savepoint import savepoint

__all__ = ["PartyKey", "RecordedParty", "record_parties"]

PartyKey = tuple[str, str]  # source system, id there

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('contracts.imports.parties', 0))")


@dataclass(frozen=True, slots=True)
class RecordedParty:
    """A party as an organisation here, or the reason why it could not be recorded."""

    organisation_id: UUID | None
    name: str = ""
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A party of one batch: the name that it has first, every role, and code and seat as far as anybody gives them."""

    name: str
    roles: frozenset[str]
    uscc: str | None
    seat: str | None
    warnings: tuple[dict[str, str], ...]


async def record_parties(
    session: AsyncSession, parties: Iterable[tuple[str, MappedParty]], *, write: bool
) -> dict[PartyKey, RecordedParty]:
    """The organisations behind the parties; with `write`, new ones are recorded and roles widened.

    A party that is known keeps its name: files spell one party in many ways, and an import that followed each of them
    would not come to rest. New parties are recorded under a lock, because two batches of one file that meet the same
    new party would otherwise make two organisations of it.
    """
    wanted: dict[PartyKey, _Wanted] = {}
    for source, party in parties:
        key = (source, party.external_id)
        before = wanted.get(key)
        wanted[key] = _Wanted(
            name=before.name if before else party.name,
            roles=(before.roles if before else frozenset()) | {party.role},
            uscc=(before.uscc if before else None) or party.uscc,
            seat=(before.seat if before else None) or party.seat,
            warnings=before.warnings if before else party.warnings,
        )
    found: dict[PartyKey, RecordedParty] = {}
    missing: list[PartyKey] = []
    for key in sorted(wanted):
        known = await _known(session, key, wanted[key])
        if known is not None:
            found[key] = known
        else:
            missing.append(key)
    if missing and write:
        await session.execute(_LOCK)
        for key in missing:
            found[key] = await _record(session, key, wanted[key])
    return found


async def _known(session: AsyncSession, key: PartyKey, wanted: _Wanted) -> RecordedParty | None:
    """The organisation, when it is recorded and nothing about it has to change."""
    rows = await list_organisations(session, limit=1, after=None, source=key[0], external_id=key[1])
    if not rows:
        return None
    known = rows[0]
    news = (wanted.uscc and not known.uscc) or (wanted.seat and not known.seat) or not wanted.roles <= set(known.roles)
    return None if news else RecordedParty(known.id, known.name)


async def _record(session: AsyncSession, key: PartyKey, wanted: _Wanted) -> RecordedParty:
    rows = await list_organisations(session, limit=1, after=None, source=key[0], external_id=key[1])
    name = rows[0].name if rows else wanted.name
    party = ImportedOrganisation(
        source=key[0],
        external_id=key[1],
        name=name,
        roles=tuple(sorted(wanted.roles)),
        uscc=wanted.uscc,
        seat=wanted.seat,
        warnings=wanted.warnings,
    )
    try:
        async with savepoint(session):
            organisation_id = await record_imported_organisation(session, party)
    except Problem as problem:
        return RecordedParty(None, refusal=f"the party {wanted.name} cannot be recorded: {problem.detail}")
    except IntegrityError:
        return RecordedParty(
            None, refusal=f"the party {wanted.name} was recorded by another request; import it once more"
        )
    return RecordedParty(organisation_id, name)
