"""Recording organisations. Each write emits the whole organisation and leaves an audit row."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.organisations.errors import OrganisationAlreadyRecorded
from contracts.organisations.imported import ImportedOrganisation
from contracts.organisations.models import Organisation, OrganisationExternalId, OrganisationFormerCode
from contracts.organisations.queries import (
    find_by_external_id,
    find_by_pseudonym,
    find_by_uscc,
    former_codes_of,
    get_organisation,
)
from contracts.organisations.schemas import OrganisationBulkItem, OrganisationIn
from contracts.organisations.uscc import check_uscc, role_warnings
from contracts.regions.queries import NATIONAL, division_warnings
from shared import audit, clock, outbox
from shared.events import OrganisationRecorded
from shared.ids import new_id

__all__ = [
    "announce_organisation",
    "change_code",
    "change_organisation",
    "create_organisation",
    "organisation_event",
    "record_imported_organisation",
    "record_individual",
    "upsert_organisation",
]


def organisation_event(organisation: Organisation) -> OrganisationRecorded:
    """The organisation as its event carries it."""
    return OrganisationRecorded(
        organisation_id=organisation.id,
        version=organisation.version,
        name=organisation.name,
        uscc=organisation.uscc,
        roles=tuple(organisation.roles),
        simulated=organisation.simulated,
        individual=organisation.individual,
        status=organisation.status,
        ended_on=organisation.ended_on,
        succeeded_by=tuple(organisation.succeeded_by),
        record_from=tuple(organisation.record_from),
    )


async def create_organisation(session: AsyncSession, body: OrganisationIn) -> Organisation:
    """Record an organisation; OrganisationAlreadyRecorded when its credit code or external id is known."""
    known = await _find(session, uscc=body.uscc, external=_key(body))
    if known is not None:
        raise OrganisationAlreadyRecorded(
            f"{known.name} is recorded as {known.id}; use that id, or change it with POST /v1/organisations:bulk.",
            organisation_id=str(known.id),
        )
    try:
        return await _insert(session, values=_values(body), external=_key(body), origin="native")
    except IntegrityError as error:
        raise OrganisationAlreadyRecorded(
            "Another request recorded it at the same moment; look it up by its credit code."
        ) from error


async def upsert_organisation(session: AsyncSession, item: OrganisationBulkItem) -> tuple[UUID, str]:
    """Record or bring up to date by external id, else by credit code; answers the id and created|updated|unchanged."""
    organisation, outcome = await _upsert(
        session,
        values=_values(item),
        external=(item.external_id.source, item.external_id.id),
        origin="native",
    )
    return organisation.id, outcome


async def record_imported_organisation(session: AsyncSession, party: ImportedOrganisation) -> UUID:
    """The id of an imported party: recorded when new, its roles widened and its name followed when they changed."""
    values = {
        "name": party.name,
        "uscc": party.uscc,
        "roles": sorted(party.roles),
        "seat": party.seat,
        "simulated": party.simulated,
        "warnings": list(party.warnings),
        "institution_class": party.institution_class,
    }
    organisation, _ = await _upsert(session, values=values, external=(party.source, party.external_id), origin="import")
    return organisation.id


async def record_individual(session: AsyncSession, *, pseudonym: str, simulated: bool) -> tuple[Organisation, bool]:
    """The individual behind a pseudonym, as a provider, and whether it is new. There is no name to be kept."""
    known = await find_by_pseudonym(session, pseudonym=pseudonym)
    if known is not None:
        return known, False
    values: dict[str, Any] = {
        "name": pseudonym,
        "uscc": None,
        "roles": ["provider"],
        "seat": None,
        "simulated": simulated,
        "individual": True,
        "pseudonym": pseudonym,
        "warnings": [{"code": "individual", "detail": "An individual: no disguised employment (MOF-102 art. 18)."}],
    }
    try:
        return await _insert(session, values=values, external=None, origin="native"), True
    except IntegrityError as error:
        raise OrganisationAlreadyRecorded("Another request recorded this individual at the same moment.") from error


def _values(body: OrganisationIn) -> dict[str, Any]:
    roles = tuple(sorted(set(body.roles)))
    warnings: list[dict[str, str]] = []
    if body.uscc:
        code = check_uscc(body.uscc)
        warnings = division_warnings(code.division) + role_warnings(code, roles)
    return {
        "name": body.name,
        "uscc": body.uscc,
        "roles": list(roles),
        "seat": body.seat,
        "simulated": body.simulated,
        "institution_class": body.institution_class,
        "warnings": warnings + (division_warnings(body.seat) if body.seat else []),
    }


async def change_organisation(
    session: AsyncSession,
    *,
    organisation_id: UUID,
    action: str,
    **values: Any,  # noqa: ANN401 - any column
) -> None:
    """Set columns of an organisation that is locked, count the change, emit the whole and leave the audit row."""
    organisation = await get_organisation(session, organisation_id=organisation_id)
    for name, value in values.items():
        setattr(organisation, name, value)
    organisation.version += 1
    organisation.updated_at = clock.now()
    announce_organisation(session, organisation, action, list(values))


async def change_code(session: AsyncSession, *, organisation_id: UUID, uscc: str, until: date) -> None:
    """Give an organisation another credit code; the former one still finds it. `until` is the first day without it."""
    organisation = await get_organisation(session, organisation_id=organisation_id)
    if organisation.uscc is not None:
        session.add(OrganisationFormerCode(uscc=organisation.uscc, organisation_id=organisation_id, until=until))
    code = check_uscc(uscc)
    warnings = division_warnings(code.division) + role_warnings(code, tuple(organisation.roles))
    if organisation.seat:
        warnings += division_warnings(organisation.seat)
    await change_organisation(
        session, organisation_id=organisation_id, action="organisation.code_changed", uscc=uscc, warnings=warnings
    )


def _key(body: OrganisationIn) -> tuple[str, str] | None:
    return (body.external_id.source, body.external_id.id) if body.external_id else None


async def _find(session: AsyncSession, *, uscc: str | None, external: tuple[str, str] | None) -> Organisation | None:
    known = await find_by_external_id(session, source=external[0], external_id=external[1]) if external else None
    if known is None and uscc is not None:
        known = await find_by_uscc(session, uscc=uscc)
    return known


async def _upsert(
    session: AsyncSession, *, values: dict[str, Any], external: tuple[str, str], origin: str
) -> tuple[Organisation, str]:
    known = await _find(session, uscc=values["uscc"], external=external)
    if known is None:
        return await _insert(session, values=values, external=external, origin=origin), "created"
    if values["uscc"] not in (None, known.uscc):
        former = await former_codes_of(session, organisation_id=known.id)
        # A file of the past names it by the code that it had then.
        values |= {"uscc": known.uscc, "warnings": known.warnings} if values["uscc"] in former else {}
    if values["uscc"] not in (None, known.uscc):
        await _require_free_code(session, known, uscc=values["uscc"], external=external)
    # A source that does not know the credit code or the seat does not take it away, and roles only grow.
    values = values | {
        "uscc": values["uscc"] or known.uscc,
        "roles": sorted({*known.roles, *values["roles"]}),
        "seat": values["seat"] or known.seat,
        "institution_class": values.get("institution_class") or known.institution_class,
    }
    if origin == "import" and known.origin == "native":
        # What was recorded here with care is not overwritten by the spelling of an imported file.
        values = {"roles": values["roles"]}
    changed = [name for name, value in values.items() if getattr(known, name) != value]
    await _link(session, organisation_id=known.id, external=external)
    if not changed:
        return known, "unchanged"
    for name in changed:
        setattr(known, name, values[name])
    known.version += 1
    known.updated_at = clock.now()
    announce_organisation(session, known, "organisation.updated", changed)
    return known, "updated"


async def _require_free_code(
    session: AsyncSession, known: Organisation, *, uscc: str, external: tuple[str, str]
) -> None:
    holder = known if known.uscc is not None else await find_by_uscc(session, uscc=uscc)
    if holder is not None:
        raise OrganisationAlreadyRecorded(
            f"{external[1]} of {external[0]} is {known.name} ({known.uscc or 'without a credit code'}), and {uscc} "
            f"{'is another code' if holder is known else f'belongs to {holder.name}'}. An organisation keeps its code: "
            "record the other organisation under an external id of its own.",
            organisation_id=str(holder.id),
        )


async def _insert(
    session: AsyncSession, *, values: dict[str, Any], external: tuple[str, str] | None, origin: str
) -> Organisation:
    moment = clock.now()
    organisation = Organisation(id=new_id(), version=1, origin=origin, created_at=moment, updated_at=moment, **values)
    session.add(organisation)
    await session.flush()
    if external:
        await _link(session, organisation_id=organisation.id, external=external)
    announce_organisation(session, organisation, "organisation.recorded", list(values))
    return organisation


async def _link(session: AsyncSession, *, organisation_id: UUID, external: tuple[str, str]) -> None:
    row = {"source": external[0], "external_id": external[1], "organisation_id": organisation_id}
    await session.execute(insert(OrganisationExternalId).values(row).on_conflict_do_nothing())


def announce_organisation(session: AsyncSession, organisation: Organisation, action: str, fields: list[str]) -> None:
    """Emit the whole organisation and leave the audit row."""
    outbox.emit(session, organisation_event(organisation), subject=organisation.id, region=NATIONAL)
    audit.record(session, action, noun="organisation", noun_id=organisation.id, fields=fields)
