"""Reading organisations. They are national reference data and have no region scope."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.organisations.errors import OrganisationNotFound, OrganisationUnknown
from contracts.organisations.models import Organisation, OrganisationExternalId

__all__ = [
    "external_ids_of",
    "find_by_external_id",
    "find_by_uscc",
    "get_organisation",
    "list_organisations",
    "organisations_by_external_id",
    "party_sql",
    "require_role",
]


def party_sql(column: str) -> str:
    """A scalar sub-select for `text()`: the party that a column names, as JSON with the members of `PartyRef`."""
    return (
        "(SELECT json_build_object('organisation_id', party.id, 'name', party.name, 'uscc', party.uscc)::text "  # noqa: S608
        f"FROM organisations AS party WHERE party.id = {column})"
    )


async def get_organisation(session: AsyncSession, *, organisation_id: UUID) -> Organisation:
    """One organisation; OrganisationNotFound when there is none."""
    organisation = await session.get(Organisation, organisation_id)
    if organisation is None:
        raise OrganisationNotFound(f"There is no organisation {organisation_id}.")
    return organisation


async def require_role(session: AsyncSession, *, organisation_id: UUID, role: str) -> Organisation:
    """The organisation that a body names in a role; OrganisationUnknown says how to record it."""
    organisation = await session.get(Organisation, organisation_id)
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
    """The organisation with this credit code, locked for a change."""
    return (
        await session.execute(select(Organisation).where(Organisation.uscc == uscc).with_for_update())
    ).scalar_one_or_none()


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
        conditions.append(Organisation.uscc == uscc)
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
