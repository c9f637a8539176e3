"""Recording many imported organisations in few statements: the unknown at once, those with news one by one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.organisations.imported import ImportedOrganisation
from contracts.organisations.models import Organisation, OrganisationFormerCode
from contracts.organisations.queries import get_organisation, organisations_by_external_id
from contracts.organisations.service import announce_organisation, record_imported_organisation
from contracts.organisations.uscc import check_uscc, role_warnings
from contracts.regions.queries import division_warnings
from contracts.rows import insert_rows
from shared import clock
from shared.ids import new_id
from shared.problems import Problem
from shared.savepoint import savepoint

__all__ = ["RecordedOrganisation", "record_imported_organisations", "retract_imported_organisation"]

RETRACTED = "import-undone"
_COLUMNS = ("name", "uscc", "roles", "seat", "institution_class", "warnings", "simulated", "status", "ended_on")
# Waiting for another import is no slow statement: the time limit of statements is lifted for the wait alone.
_WAIT = "SET LOCAL statement_timeout = '120s'"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('contracts.imports.parties', 0))"
_RESUME = "SET LOCAL statement_timeout TO DEFAULT"
_USED = (
    "SELECT EXISTS (SELECT FROM contracts WHERE state <> 'cancelled' AND (purchaser_id = :id OR provider_id = :id) "
    "UNION ALL SELECT FROM budget_projects WHERE unit_id = :id)"
)


class RecordedOrganisation(NamedTuple):
    """What became of a party; `before` is what it said before, `refusal` why it was not recorded."""

    organisation_id: UUID | None
    outcome: str | None
    version: int = 1
    before: dict[str, Any] | None = None
    refusal: str | None = None


async def record_imported_organisations(
    session: AsyncSession, parties: Sequence[ImportedOrganisation], *, rename: bool
) -> list[RecordedOrganisation]:
    """Record parties of one source or bring them up to date; answers what became of each, in order.

    Without `rename` a known party keeps its name: contracts spell one party in many ways.

    A party is known by its id in the source, else by its credit code (a former one too), else, where it has no code, by
    a name that exactly one organisation has. New ones are recorded under the lock of all imports, because two files
    that meet the same new party would otherwise make two organisations of it.
    """
    for statement in (_WAIT, _LOCK, _RESUME):
        await session.execute(text(statement))
    known = await _known(session, parties)
    fresh: dict[tuple[str, str], Organisation] = {}
    links: dict[tuple[str, str], UUID] = {}
    by_code: dict[str, Organisation] = {}
    results: list[RecordedOrganisation] = []
    for party, (found, linked) in zip(parties, known, strict=True):
        key = (party.source, party.external_id)
        twin = fresh.get(key) or (by_code.get(party.uscc) if party.uscc else None)
        if found is None and twin is None:
            organisation = _new(party)
            fresh[key] = organisation
            links[key] = organisation.id
            if party.uscc:
                by_code[party.uscc] = organisation
            results.append(RecordedOrganisation(organisation.id, "created"))
        elif found is None and twin is not None:
            twin.roles = sorted({*twin.roles, *party.roles})
            links[key] = twin.id
            results.append(RecordedOrganisation(twin.id, "unchanged"))
        elif found is not None:
            named = party if rename else replace(party, name=found.name)
            if linked and not _has_news(named, found):
                results.append(RecordedOrganisation(found.id, "unchanged", found.version))
            else:
                results.append(await _renew(session, named, found))
    if fresh:
        session.add_all(fresh.values())
        await session.flush()
        for organisation in fresh.values():
            announce_organisation(session, organisation, "organisation.recorded", ["name", "uscc", "roles", "seat"])
    rows = [{"source": source, "external_id": name, "organisation_id": one} for (source, name), one in links.items()]
    await insert_rows(session, "organisation_external_ids", rows, tail="ON CONFLICT DO NOTHING")
    return results


def _new(party: ImportedOrganisation) -> Organisation:
    moment = clock.now()
    return Organisation(
        id=new_id(),
        version=1,
        origin="import",
        name=party.name,
        uscc=party.uscc,
        roles=sorted(party.roles),
        seat=party.seat,
        simulated=party.simulated,
        warnings=[*party.warnings, *_doubts(party)],
        institution_class=party.institution_class,
        created_at=moment,
        updated_at=moment,
    )


def _doubts(party: ImportedOrganisation) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    if party.uscc:
        code = check_uscc(party.uscc)
        found = division_warnings(code.division) + role_warnings(code, party.roles)
    return found + (division_warnings(party.seat) if party.seat else [])


def _has_news(party: ImportedOrganisation, found: Organisation) -> bool:
    kept = found.origin == "native"  # what was recorded here with care is not overwritten by a file's spelling
    return (
        not set(party.roles) <= set(found.roles)
        or (party.uscc not in (None, found.uscc))
        or any(warning.get("code") == RETRACTED for warning in found.warnings)
        or (
            not kept
            and (
                party.name != found.name
                or party.seat not in (None, found.seat)
                or party.institution_class not in (None, found.institution_class)
            )
        )
    )


async def _known(
    session: AsyncSession, parties: Sequence[ImportedOrganisation]
) -> list[tuple[Organisation | None, bool]]:
    by_id = await organisations_by_external_id(session, [(each.source, each.external_id) for each in parties])
    codes = {each.uscc for each in parties if each.uscc}
    chosen = select(Organisation).where(Organisation.uscc.in_(codes))
    by_code = {one.uscc: one for one in (await session.execute(chosen)).scalars()} if codes else {}
    if codes - by_code.keys():
        former = select(OrganisationFormerCode.uscc, Organisation).join(
            Organisation, Organisation.id == OrganisationFormerCode.organisation_id
        )
        rows = await session.execute(former.where(OrganisationFormerCode.uscc.in_(codes - by_code.keys())))
        by_code |= {row[0]: row[1] for row in rows}
    names = {each.name for each in parties if not each.uscc and (each.source, each.external_id) not in by_id}
    by_name: dict[str, list[Organisation]] = {}
    if names:
        named = select(Organisation).where(
            Organisation.name.in_(names), Organisation.status == "active", Organisation.individual.is_(False)
        )
        for one in (await session.execute(named)).scalars():
            by_name.setdefault(one.name, []).append(one)
    found: list[tuple[Organisation | None, bool]] = []
    for each in parties:
        linked = by_id.get((each.source, each.external_id))
        matched = linked or (by_code.get(each.uscc) if each.uscc else None)
        if matched is None and not each.uscc and len(by_name.get(each.name, ())) == 1:
            matched = by_name[each.name][0]
        found.append((matched, linked is not None))
    return found


async def _renew(session: AsyncSession, party: ImportedOrganisation, found: Organisation) -> RecordedOrganisation:
    before = {name: getattr(found, name) for name in _COLUMNS}
    version = found.version
    try:
        async with savepoint(session):
            if any(warning.get("code") == RETRACTED for warning in found.warnings):
                found.status, found.ended_on = "active", None
                found.warnings = [one for one in found.warnings if one.get("code") != RETRACTED]
            link = {"source": party.source, "external_id": party.external_id, "organisation_id": found.id}
            await insert_rows(session, "organisation_external_ids", [link], tail="ON CONFLICT DO NOTHING")
            organisation_id = await record_imported_organisation(session, party)
    except Problem as problem:
        await session.refresh(found)
        return RecordedOrganisation(None, None, refusal=problem.detail)
    except IntegrityError:
        return RecordedOrganisation(None, None, refusal="was recorded by another request at the same moment; repeat")
    after = await get_organisation(session, organisation_id=organisation_id)
    if after.version == version:
        return RecordedOrganisation(organisation_id, "unchanged", version)
    return RecordedOrganisation(organisation_id, "updated", after.version, to_jsonable_python(before))


async def retract_imported_organisation(
    session: AsyncSession, *, organisation_id: UUID, version: int, before: dict[str, Any] | None
) -> str | None:
    """Take back what an import wrote as `version`; answers why not, None when it is done.

    An organisation that the import created ends as dissolved and gives its code free, unless a contract or a budget
    project names it; one that it changed says again what it said.
    """
    found = await get_organisation(session, organisation_id=organisation_id)
    if found.version != version:
        return f"the organisation was changed later (version {found.version}, the import wrote {version})"
    if before is None:
        if (await session.execute(text(_USED), {"id": organisation_id})).scalar_one():
            return "a contract or a budget project names the organisation; undo or change those first"
        found.status, found.ended_on, found.uscc = "dissolved", clock.today(), None
        found.warnings = [*found.warnings, {"code": RETRACTED, "detail": "Its import was undone; nothing names it."}]
        await session.execute(
            text("DELETE FROM organisation_external_ids WHERE organisation_id = :id"), {"id": organisation_id}
        )
    else:
        for name in ("name", "uscc", "roles", "seat", "institution_class", "warnings"):
            setattr(found, name, before[name])
    found.version += 1
    found.updated_at = clock.now()
    announce_organisation(session, found, "organisation.import-undone", list(before or {"status": None}))
    return None
