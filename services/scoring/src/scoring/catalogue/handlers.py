from sqlalchemy.ext.asyncio import AsyncSession

from scoring.catalogue.service import record_names
from shared.events import CatalogueApproved
from shared.inbox import Received

__all__ = ["on_catalogue_approved"]


async def on_catalogue_approved(session: AsyncSession, event: Received[CatalogueApproved]) -> None:
    """Names of an approved edition; no score depends on them."""
    await record_names(session, event.data)
