"""Tables of organisations: national reference data, readable by all, without a region scope."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base

__all__ = ["ORGANISATION_ROLES", "Organisation", "OrganisationExternalId"]

ORGANISATION_ROLES = ("purchaser", "provider", "evaluator")


class Organisation(Base):
    """A party of contracts. `uscc` is null when unknown (imports, foreign parties) and unique otherwise."""

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint("roles <@ ARRAY['purchaser', 'provider', 'evaluator']::text[]", name="roles"),
        CheckConstraint("length(uscc) = 18", name="uscc_length"),
        CheckConstraint("version >= 1", name="version"),
        Index("uq_organisations_uscc", "uscc", unique=True, postgresql_where=text("uscc IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    uscc: Mapped[str | None] = mapped_column(String(18))
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    seat: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    simulated: Mapped[bool]
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class OrganisationExternalId(Base):
    """The id of an organisation in a source system."""

    __tablename__ = "organisation_external_ids"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
