"""Keeping the names of the guiding catalogue's editions, for documents that people read."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.catalogue.models import CatalogueName
from shared.events import CatalogueApproved

__all__ = ["record_names"]


async def record_names(session: AsyncSession, edition: CatalogueApproved) -> None:
    """Add the names that an event tells; those that are known stay, so it may come twice and in any order."""
    if not edition.items:
        return
    about = {name: getattr(edition, name) for name in ("edition_id", "jurisdiction", "in_force_on", "approved_at")}
    rows = [about | {"code": each.code, "name": each.name, "name_en": each.name_en} for each in edition.items]
    await session.execute(insert(CatalogueName).on_conflict_do_nothing(), rows)
