"""Events of the contracts service about the guiding catalogue of what government may buy."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import EventData, event

__all__ = ["CatalogueApproved", "CatalogueEntryState"]


class CatalogueEntryState(BaseModel):
    """An item of an edition of the guiding catalogue."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: str = Field(description="Letter of the part (A public, B auxiliary) and digits, for example A0501.")
    name: str = Field(description="Chinese name.")
    name_en: str | None = Field(None, description="English name; null when there is none.")


@event("contracts.catalogue.approved.v1", kind="fact")
class CatalogueApproved(EventData):
    """An edition of the guiding catalogue was approved: some of its items, which never change.

    A long edition comes in several events; each item stands in exactly one of them, and each can be used alone.
    """

    edition_id: UUID
    part: int = Field(1, ge=1, description="Which of the edition's events this is.")
    parts: int = Field(1, ge=1, description="How many events tell the whole edition.")
    jurisdiction: str = Field(description="Who issued it: CN-00 (central) or a province.")
    edition: str = Field(description="Its name, unique in the jurisdiction.")
    in_force_on: date = Field(description="First day on which it holds, until a later one of the jurisdiction does.")
    approved_at: datetime
    items: tuple[CatalogueEntryState, ...]
