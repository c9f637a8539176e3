"""Reading organisations. They are national reference data and have no region scope."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.organisations.errors import OrganisationEnded, OrganisationNotFound, OrganisationUnknown
from contracts.organisations.models import Organisation, OrganisationExternalId, OrganisationFormerCode
from shared.events import PartyRef

__all__ = [
    "OrganisationHead",
    "external_ids_of",
    "find_by_external_id",
    "find_by_pseudonym",
    "find_by_uscc",
    "former_codes_of",
    "get_organisation",
    "list_organisations",
    "lock_organisations",
    "organisations_by_external_id",
    "parties_named",
    "party_sql",
    "require_role",
]


def party_sql(column: str) -> str:
    """A scalar sub-select for `text()`: the party that a column names, as JSON with the members of `PartyRef`."""
    return (
        "(SELECT json_build_object('organisation_id', party.id, 'name', party.name, 'uscc', party.uscc)::text "  # noqa: S608
        f"FROM organisations AS party WHERE party.id = {column})"
    )


async def parties_named(session: AsyncSession, *, organisation_ids: Collection[UUID]) -> dict[UUID, PartyRef]:
    """These organisations as contracts and events name them."""
    statement = select(Organisation.id, Organisation.name, Organisation.uscc)
    rows = await session.execute(statement.where(Organisation.id.in_(organisation_ids)))
    return {row.id: PartyRef(organisation_id=row.id, name=row.name, uscc=row.uscc) for row in rows}


@dataclass(frozen=True, slots=True)
class OrganisationHead:
    """What a succession has to know of an organisation."""

    id: UUID
    version: int
    name: str
    uscc: str | None
    roles: tuple[str, ...]
    status: str
    ended_on: date | None
    individual: bool
    record_from: tuple[UUID, ...]


async def lock_organisations(
    session: AsyncSession, *, organisation_ids: Iterable[UUID]
) -> dict[UUID, OrganisationHead]:
    """These organisations, locked for a change in the order of their ids; the unknown ones are left out."""
    statement = (
        select(Organisation)
        .where(Organisation.id.in_(list(organisation_ids)))
        .order_by(Organisation.id)
        .with_for_update()
        # What was read before the lock may have changed since.
        .execution_options(populate_existing=True)
    )
    return {
        row.id: OrganisationHead(
            row.id,
            row.version,
            row.name,
            row.uscc,
            tuple(row.roles),
            row.status,
            row.ended_on,
            row.individual,
            tuple(row.record_from),
        )
        for row in (await session.execute(statement)).scalars()
    }


async def get_organisation(session: AsyncSession, *, organisation_id: UUID) -> Organisation:
    """One organisation; OrganisationNotFound when there is none."""
    organisation = await session.get(Organisation, organisation_id)
    if organisation is None:
        raise OrganisationNotFound(f"There is no organisation {organisation_id}.")
    return organisation


async def require_role(session: AsyncSession, *, organisation_id: UUID, role: str) -> Organisation:
    """The organisation that a body names in a role.

    OrganisationUnknown says how to record it, OrganisationEnded who followed it. Its key is locked, as the reference to
    it will lock it anyway: a succession waits until the contract is there to be moved, or is seen here.
    """
    lock = {"read": True, "key_share": True}
    organisation = await session.get(Organisation, organisation_id, with_for_update=lock)
    if organisation is None:
        raise OrganisationUnknown(
            f"Organisation {organisation_id} is not recorded; record it with POST /v1/organisations first.", role=role
        )
    if role not in organisation.roles:
        raise OrganisationUnknown(
            f"{organisation.name} is recorded as {', '.join(organisation.roles)}, not as {role}; "
            "add the role with POST /v1/organisations:bulk.",
            role=role,
        )
    if organisation.status != "active":
        successors = [str(one) for one in organisation.succeeded_by]
        raise OrganisationEnded(
            f"{organisation.name} ended on {organisation.ended_on} ({organisation.status}); "
            + (f"name its successor: {', '.join(successors)}." if successors else "it has no successor."),
            role=role,
            succeeded_by=successors,
        )
    return organisation


async def find_by_external_id(session: AsyncSession, *, source: str, external_id: str) -> Organisation | None:
    """The organisation that a source system calls by this id, locked for a change."""
    statement = (
        select(Organisation)
        .join(OrganisationExternalId, OrganisationExternalId.organisation_id == Organisation.id)
        .where(OrganisationExternalId.source == source, OrganisationExternalId.external_id == external_id)
        .with_for_update(of=Organisation)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_by_uscc(session: AsyncSession, *, uscc: str) -> Organisation | None:
    """The organisation with this credit code, now or once, locked for a change."""
    found = (
        await session.execute(select(Organisation).where(Organisation.uscc == uscc).with_for_update())
    ).scalar_one_or_none()
    if found is not None:
        return found
    former = (
        select(Organisation)
        .join(OrganisationFormerCode, OrganisationFormerCode.organisation_id == Organisation.id)
        .where(OrganisationFormerCode.uscc == uscc)
        .with_for_update(of=Organisation)
    )
    return (await session.execute(former)).scalar_one_or_none()


async def find_by_pseudonym(session: AsyncSession, *, pseudonym: str) -> Organisation | None:
    """The individual with this pseudonym."""
    statement = select(Organisation).where(Organisation.pseudonym == pseudonym)
    return (await session.execute(statement)).scalar_one_or_none()


async def former_codes_of(session: AsyncSession, *, organisation_id: UUID) -> dict[str, date]:
    """Credit codes that an organisation had, with the first day without each."""
    statement = (
        select(OrganisationFormerCode)
        .where(OrganisationFormerCode.organisation_id == organisation_id)
        .order_by(OrganisationFormerCode.until)
    )
    return {row.uscc: row.until for row in (await session.execute(statement)).scalars()}


async def external_ids_of(
    session: AsyncSession, *, organisation_ids: Iterable[UUID]
) -> dict[UUID, list[dict[str, str]]]:
    """Source systems' ids per organisation, in order."""
    found: dict[UUID, list[dict[str, str]]] = {organisation_id: [] for organisation_id in organisation_ids}
    statement = (
        select(OrganisationExternalId)
        .where(OrganisationExternalId.organisation_id.in_(found))
        .order_by(OrganisationExternalId.source, OrganisationExternalId.external_id)
    )
    for row in (await session.execute(statement)).scalars():
        found[row.organisation_id].append({"source": row.source, "id": row.external_id})
    return found


async def list_organisations(
    session: AsyncSession,
    *,
    limit: int,
    after: UUID | None,
    uscc: str | None = None,
    role: str | None = None,
    source: str | None = None,
    external_id: str | None = None,
) -> Sequence[Organisation]:
    """Organisations in the order of their ids; one more than `limit` when there are more."""
    conditions: list[Any] = []
    if after is not None:
        conditions.append(Organisation.id > after)
    if uscc is not None:
        former = select(OrganisationFormerCode.organisation_id).where(OrganisationFormerCode.uscc == uscc)
        conditions.append(or_(Organisation.uscc == uscc, Organisation.id.in_(former)))
    if role is not None:
        conditions.append(Organisation.roles.contains([role]))
    statement = select(Organisation).where(*conditions).order_by(Organisation.id).limit(limit + 1)
    if source is not None or external_id is not None:
        known = select(OrganisationExternalId.organisation_id)
        if source is not None:
            known = known.where(OrganisationExternalId.source == source)
        if external_id is not None:
            known = known.where(OrganisationExternalId.external_id == external_id)
        statement = statement.where(Organisation.id.in_(known))
    return (await session.execute(statement)).scalars().all()


async def organisations_by_external_id(
    session: AsyncSession, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Organisation]:
    """The organisations that source systems call so, by (source, id there); the unknown ones are left out."""
    statement = text(
        "SELECT source, external_id, organisation_id FROM organisation_external_ids "
        "JOIN unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS wanted(source, external_id) "
        "USING (source, external_id)"
    )
    columns = {"sources": [source for source, _ in keys], "ids": [external_id for _, external_id in keys]}
    known = {(row.source, row.external_id): row.organisation_id for row in await session.execute(statement, columns)}
    chosen = select(Organisation).where(Organisation.id.in_(set(known.values())))
    by_id = {one.id: one for one in (await session.execute(chosen)).scalars()}
    return {key: by_id[organisation_id] for key, organisation_id in known.items()}
