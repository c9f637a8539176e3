"""Writing editions of the catalogue: drafted by one person, approved by another, never changed afterwards."""

from collections.abc import AsyncIterator, Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.catalogue.errors import (
    CatalogueTreeUnsound,
    EditionAlreadyApproved,
    EditionAlreadyRecorded,
    EditionNotFound,
    SecondPersonMissing,
)
from contracts.catalogue.models import CatalogueEdition, CatalogueEntry
from contracts.catalogue.queries import CENTRAL, SHIPPED, Edition, edition_of, get_edition, items_of
from contracts.catalogue.schemas import EditionIn, EditionItemIn, EditionItemsIn
from shared import audit, clock
from shared.auth import require_region
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import CatalogueApproved, CatalogueEntryState
from shared.ids import new_id
from shared.outbox import emit

__all__ = ["approve_edition", "approved_editions", "create_edition", "replace_items"]

Rows = list[dict[str, str | None]]

_TOLD_AT_ONCE: Final = 100
"""Items of one event: the longest names of so many stay below the limit of an event's body."""


async def create_edition(session: AsyncSession, body: EditionIn) -> Edition:
    """Draft an edition; EditionAlreadyRecorded for a known name, CatalogueTreeUnsound when its items are no tree."""
    principal = principal_in(session)
    _require_issuer(body.jurisdiction)
    require_region(principal, body.jurisdiction)
    items = {item.code: item for item in body.items}
    if len(items) < len(body.items):
        raise _twice(item.code for item in body.items)
    if body.based_on is not None:
        await get_edition(session, edition_id=body.based_on)
        started = await items_of(session, edition_id=body.based_on)
        items = {
            item.code: EditionItemIn(code=item.code, name=item.name, name_en=item.name_en) for item in started
        } | items
    moment = clock.now()
    row = CatalogueEdition(
        id=new_id(),
        version=1,
        jurisdiction=body.jurisdiction,
        edition=body.edition,
        state="draft",
        in_force_on=body.in_force_on,
        source=body.source,
        edited_by=principal.subject,
        created_at=moment,
        updated_at=moment,
    )
    session.add(row)
    known = (body.jurisdiction, body.edition) == (SHIPPED.jurisdiction, SHIPPED.edition)
    try:
        if known:
            raise EditionAlreadyRecorded(f"{body.edition} of {body.jurisdiction} is shipped; give yours another name.")
        await session.flush()
    except IntegrityError as error:
        raise EditionAlreadyRecorded(
            f"{body.jurisdiction} has an edition {body.edition}; give it another name."
        ) from error
    await _put(session, row.id, _tree(items.values()))
    audit.record(session, "catalogue.drafted", noun="catalogue_edition", noun_id=row.id, region=row.jurisdiction)
    return edition_of(row)


async def replace_items(
    session: AsyncSession, body: EditionItemsIn, *, edition_id: UUID, if_match: int | None
) -> Edition:
    """Replace the whole tree of a draft; EditionAlreadyApproved, PreconditionFailed when it was edited meanwhile."""
    row = await _draft(session, edition_id=edition_id, if_match=if_match)
    rows = _tree(body.items)
    await session.execute(delete(CatalogueEntry).where(CatalogueEntry.edition_id == row.id))
    await _put(session, row.id, rows)
    row.version += 1
    row.edited_by, row.updated_at = principal_in(session).subject, clock.now()
    audit.record(session, "catalogue.edited", noun="catalogue_edition", noun_id=row.id, region=row.jurisdiction)
    return edition_of(row)


async def approve_edition(session: AsyncSession, *, edition_id: UUID, if_match: int | None) -> Edition:
    """Approve a draft; SecondPersonMissing when the caller is the one who edited it last."""
    row = await _draft(session, edition_id=edition_id, if_match=if_match)
    subject = principal_in(session).subject
    if subject == row.edited_by:
        raise SecondPersonMissing(f"{subject} edited this edition last; somebody else approves it (four eyes).")
    row.state, row.approved_by, row.approved_at = "approved", subject, clock.now()
    row.version += 1
    row.updated_at = clock.now()
    audit.record(session, "catalogue.approved", noun="catalogue_edition", noun_id=row.id, region=row.jurisdiction)
    for each in await _told(session, row):
        emit(session, each, subject=row.id, region=row.jurisdiction)
    return edition_of(row)


async def approved_editions(session: AsyncSession) -> AsyncIterator[CatalogueApproved]:
    """Every approved edition as its approval told it, for a listener that starts anew; the shipped one is known."""
    statement = select(CatalogueEdition).where(CatalogueEdition.state == "approved").order_by(CatalogueEdition.id)
    for row in (await session.execute(statement)).scalars():
        for each in await _told(session, row):
            yield each


async def _told(session: AsyncSession, row: CatalogueEdition) -> list[CatalogueApproved]:
    assert row.approved_at is not None  # noqa: S101 - a constraint of the table
    items = await items_of(session, edition_id=row.id)
    starts = range(0, len(items), _TOLD_AT_ONCE)
    return [
        CatalogueApproved(
            edition_id=row.id,
            part=number,
            parts=len(starts),
            jurisdiction=row.jurisdiction,
            edition=row.edition,
            in_force_on=row.in_force_on,
            approved_at=row.approved_at,
            items=tuple(
                CatalogueEntryState(code=item.code, name=item.name, name_en=item.name_en)
                for item in items[start : start + _TOLD_AT_ONCE]
            ),
        )
        for number, start in enumerate(starts, start=1)
    ]


def _require_issuer(jurisdiction: str) -> None:
    if not jurisdiction.startswith("CN-") or len(jurisdiction) != len(CENTRAL):
        raise CatalogueTreeUnsound(
            f"{jurisdiction} issues no catalogue: the Ministry of Finance (CN-00) and the provinces do "
            "(MOF-102 art. 11-14).",
            jurisdiction=jurisdiction,
        )


async def _draft(session: AsyncSession, *, edition_id: UUID, if_match: int | None) -> CatalogueEdition:
    if edition_id == SHIPPED.id:
        raise EditionAlreadyApproved("The shipped edition stays; draft one with based_on instead.")
    row = await session.scalar(select(CatalogueEdition).where(CatalogueEdition.id == edition_id).with_for_update())
    if row is None:
        raise EditionNotFound(f"There is no edition {edition_id}; GET /v1/catalogue/editions lists them.")
    require_region(principal_in(session), row.jurisdiction)
    if row.state != "draft":
        raise EditionAlreadyApproved("Contracts rest on an approved edition; draft a new one with based_on.")
    check_version(if_match, row.version)
    return row


def _twice(codes: Iterable[str]) -> CatalogueTreeUnsound:
    seen: set[str] = set()
    double = sorted({code for code in codes if code in seen or seen.add(code)})  # type: ignore[func-returns-value]
    return CatalogueTreeUnsound(f"These codes stand twice: {', '.join(double)}.", codes=double)


def _tree(items: Iterable[EditionItemIn]) -> Rows:
    """Rows with their parents; each item is a top item (letter and two digits) or lies below another of the edition."""
    listed = list(items)
    codes = {item.code for item in listed}
    if not listed:
        raise CatalogueTreeUnsound("The edition has no items; give items, or based_on.")
    if len(codes) < len(listed):
        raise _twice(item.code for item in listed)
    rows: Rows = []
    for item in listed:
        above = [item.code[:length] for length in range(len(item.code) - 1, 2, -1)]
        parent = next((code for code in above if code in codes), None)
        if parent is None and len(item.code) > len("A05"):
            raise CatalogueTreeUnsound(
                f"{item.code} lies below nothing: the edition has no {' and no '.join(above)}.", codes=[item.code]
            )
        rows.append({"code": item.code, "parent": parent, "name": item.name, "name_en": item.name_en})
    return rows


async def _put(session: AsyncSession, edition_id: UUID, rows: Rows) -> None:
    await session.execute(insert(CatalogueEntry), [row | {"edition_id": edition_id} for row in rows])
