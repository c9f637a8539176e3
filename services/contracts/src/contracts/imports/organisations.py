"""Recording the parties of a batch: each once, in one order, before the contracts that name them."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.imports.parties import MappedParty
from contracts.organisations.imported import ImportedOrganisation
from contracts.organisations.queries import organisations_by_external_id
from contracts.organisations.service import record_imported_organisation
from shared.problems import Problem
from shared.savepoint import savepoint

__all__ = ["PartyKey", "RecordedParty", "record_parties"]

PartyKey = tuple[str, str]  # source system, id there

# Waiting for the batches before is no slow statement: the time limit of statements is lifted for the wait alone.
_WAIT = text("SET LOCAL statement_timeout = '120s'")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('contracts.imports.parties', 0))")
_RESUME = text("SET LOCAL statement_timeout TO DEFAULT")


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
    news: dict[PartyKey, ImportedOrganisation] = {}
    recorded = await organisations_by_external_id(session, list(wanted)) if wanted else {}
    for key in sorted(wanted):
        one, name = wanted[key], None
        known = recorded.get(key)
        if known is not None:
            name = known.name
            found[key] = RecordedParty(known.id, known.name)
            news_of_it = one.uscc not in (None, known.uscc) or (one.seat is not None and known.seat is None)
            if not news_of_it and one.roles <= set(known.roles):
                continue
        news[key] = ImportedOrganisation(
            source=key[0],
            external_id=key[1],
            name=name or one.name,
            roles=tuple(sorted(one.roles)),
            uscc=one.uscc,
            seat=one.seat,
            warnings=one.warnings,
        )
    return found | await _record_all(session, news) if news and write else found


async def _record_all(
    session: AsyncSession, news: dict[PartyKey, ImportedOrganisation]
) -> dict[PartyKey, RecordedParty]:
    """All in one savepoint, since nearly always all are recorded; each in its own when one is refused."""
    for statement in (_WAIT, _LOCK, _RESUME):
        await session.execute(statement)
    try:
        async with savepoint(session):
            return {
                key: RecordedParty(await record_imported_organisation(session, party), party.name)
                for key, party in news.items()
            }
    except (IntegrityError, Problem):
        return {key: await _record(session, party) for key, party in news.items()}


async def _record(session: AsyncSession, party: ImportedOrganisation) -> RecordedParty:
    try:
        async with savepoint(session):
            return RecordedParty(await record_imported_organisation(session, party), party.name)
    except Problem as problem:
        return RecordedParty(None, refusal=f"the party {party.name} cannot be recorded: {problem.detail}")
    except IntegrityError:
        return RecordedParty(None, refusal=f"the party {party.name} was recorded by another request; import once more")
