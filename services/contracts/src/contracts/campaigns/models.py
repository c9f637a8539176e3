"""Tables of the year's campaign: the campaign, the return of each unit, the reminders."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["REMINDERS", "RETURN_STATES", "Campaign", "CampaignReminder", "CampaignReturn"]

CAMPAIGN_STATES = ("open", "locked")
RETURN_STATES = ("open", "submitted", "returned", "locked")
REMINDERS = ("dueSoon", "overdue")


class Campaign(Base):
    """One year's reporting of the contracts in a scope: which units, until when, which facts must be there.

    `scope` is a region with everything below it. Empty `categories` and `units` mean all. `requirements` are the
    requirements as they were when the campaign began, each with what its absence does (block | warn).
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint(one_of("state", CAMPAIGN_STATES), name="state"),
        CheckConstraint("year BETWEEN 1990 AND 2100", name="year"),
        CheckConstraint("due_on >= opens_on", name="deadlines"),
        CheckConstraint("remind_days BETWEEN 0 AND 90", name="remind_days"),
        CheckConstraint("version >= 1", name="version"),
        Index(None, "scope", "year"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    scope: Mapped[str] = mapped_column(String(16))
    year: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    categories: Mapped[list[str]] = mapped_column(ARRAY(Text))
    units: Mapped[list[str]] = mapped_column(ARRAY(Text))
    opens_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    remind_days: Mapped[int]
    requirements: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(String(16))
    simulated: Mapped[bool]
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CampaignReturn(RegionScoped, Base):
    """What a unit owes to a campaign for its contracts in one region. `figures` are those of the last submission."""

    __tablename__ = "campaign_returns"
    __table_args__ = (
        UniqueConstraint("campaign_id", "organisation_id", "region"),
        CheckConstraint(one_of("state", RETURN_STATES), name="state"),
        CheckConstraint("version >= 1 AND rounds >= 0", name="version"),
        Index(None, "campaign_id", "id"),
        Index(None, "state", "due_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    state: Mapped[str] = mapped_column(String(16))
    due_on: Mapped[date] = mapped_column(Date)
    rounds: Mapped[int]
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reason: Mapped[str | None] = mapped_column(Text)
    submitted_by: Mapped[str | None] = mapped_column(Text)
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CampaignReminder(RegionScoped, Base):
    """A deadline that comes near, or has passed; made once for each deadline of a return."""

    __tablename__ = "campaign_reminders"
    __table_args__ = (
        UniqueConstraint("return_id", "kind", "due_on"),
        CheckConstraint(one_of("kind", REMINDERS), name="kind"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_id: Mapped[UUID] = mapped_column(ForeignKey("campaign_returns.id"))
    kind: Mapped[str] = mapped_column(String(16))
    due_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
