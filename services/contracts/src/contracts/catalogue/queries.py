"""Reading the guiding catalogue: the shipped central edition, and the editions of the jurisdictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.catalogue.errors import EditionNotFound
from contracts.catalogue.models import CatalogueEdition, CatalogueEntry
from shared.guiding_catalogue import ITEMS, CatalogueItem

__all__ = [
    "CENTRAL",
    "SHIPPED",
    "Edition",
    "Item",
    "all_items",
    "edition_in_force",
    "get_edition",
    "is_listed",
    "is_public_service",
    "item_of",
    "items_of",
    "list_editions",
]

CENTRAL = "CN-00"


@dataclass(frozen=True, slots=True)
class Item:
    """An item of an edition. Part A is public services, B auxiliary services; `parent` is null for a top item."""

    code: str
    parent: str | None
    name: str
    name_en: str | None

    @property
    def kind(self) -> str:
        """Public | auxiliary."""
        return "public" if self.code.startswith("A") else "auxiliary"


@dataclass(frozen=True, slots=True)
class Edition:
    """What is known about an edition beside its items. The shipped one is approved and has no editor."""

    id: UUID
    version: int
    jurisdiction: str
    edition: str
    state: str
    in_force_on: date
    source: str


SHIPPED = Edition(
    id=UUID("0b0e5f0a-2020-4000-8000-000000000000"),
    version=1,
    jurisdiction=CENTRAL,
    edition="2020",
    state="approved",
    in_force_on=date(2020, 3, 1),
    source="Central list of 2020 (MOF Order 102, art. 11-14); from memory, 75-90 % sure: check it, and load your own.",
)


def all_items() -> list[CatalogueItem]:
    """Every item of the shipped edition in the order of its code."""
    return list(ITEMS.values())


def item_of(code: str | None) -> CatalogueItem | None:
    """The central item that a code belongs to: provinces add digits to it (A0501 is a kind of A05)."""
    return ITEMS.get(code[:3]) if code else None


def is_public_service(code: str | None) -> bool:
    """Whether the recipients' opinion belongs to the acceptance (public services; Reg. 658 art. 45(2))."""
    return bool(code) and str(code).startswith("A")


async def get_edition(session: AsyncSession, *, edition_id: UUID) -> Edition:
    """One edition; EditionNotFound when there is none."""
    if edition_id == SHIPPED.id:
        return SHIPPED
    row = await session.get(CatalogueEdition, edition_id)
    if row is None:
        raise EditionNotFound(f"There is no edition {edition_id}; GET /v1/catalogue/editions lists them.")
    return edition_of(row)


def edition_of(row: CatalogueEdition) -> Edition:
    """The edition that a row holds."""
    return Edition(row.id, row.version, row.jurisdiction, row.edition, row.state, row.in_force_on, row.source)


async def list_editions(session: AsyncSession, *, jurisdiction: str | None) -> list[Edition]:
    """The shipped edition and the recorded ones, by jurisdiction and the day from which they are in force."""
    statement = select(CatalogueEdition)
    if jurisdiction is not None:
        statement = statement.where(CatalogueEdition.jurisdiction == jurisdiction)
    rows = (await session.execute(statement)).scalars().all()
    found = [edition_of(row) for row in rows] + ([SHIPPED] if jurisdiction in (None, CENTRAL) else [])
    return sorted(found, key=lambda one: (one.jurisdiction, one.in_force_on, one.id))


async def items_of(session: AsyncSession, *, edition_id: UUID) -> list[Item]:
    """The items of an edition in the order of their codes."""
    if edition_id == SHIPPED.id:
        return [Item(item.code, None, item.name, item.name_en) for item in ITEMS.values()]
    statement = select(CatalogueEntry).where(CatalogueEntry.edition_id == edition_id).order_by(CatalogueEntry.code)
    return [Item(row.code, row.parent, row.name, row.name_en) for row in (await session.execute(statement)).scalars()]


async def edition_in_force(session: AsyncSession, *, region: str | None, on: date) -> Edition:
    """The approved edition that holds for a region on a day: its province's own, else the central one.

    Two levels issue the catalogue, the Ministry of Finance and the provinces' finance departments (MOF-102 art. 11-14);
    departments and lower levels work inside it.
    """
    wanted = [CENTRAL] if region is None or not region.startswith("CN-") else [region[:5], CENTRAL]
    statement = (
        select(CatalogueEdition)
        .where(
            CatalogueEdition.jurisdiction.in_(wanted),
            CatalogueEdition.state == "approved",
            CatalogueEdition.in_force_on <= on,
        )
        .order_by(CatalogueEdition.in_force_on.desc(), CatalogueEdition.approved_at.desc())
    )
    rows: Sequence[CatalogueEdition] = (await session.execute(statement)).scalars().all()
    for jurisdiction in wanted:
        for row in rows:
            if row.jurisdiction == jurisdiction:
                return edition_of(row)
    return SHIPPED


async def is_listed(session: AsyncSession, *, code: str, edition_id: UUID) -> bool:
    """Whether an edition has a code, or an item above it: departments divide the items further."""
    codes = {item.code for item in await items_of(session, edition_id=edition_id)}
    return any(code[:length] in codes for length in range(len("A05"), len(code) + 1))
