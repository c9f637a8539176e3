"""Tables of organisations: national reference data, readable by all, without a region scope."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of

__all__ = [
    "INSTITUTION_CLASSES",
    "ORGANISATION_ROLES",
    "ORGANISATION_STATES",
    "Organisation",
    "OrganisationExternalId",
    "OrganisationFormerCode",
]

ORGANISATION_ROLES = ("purchaser", "provider", "evaluator")
ORGANISATION_STATES = ("active", "succeeded", "dissolved")
# 承担行政职能, 公益一类, 公益二类, 从事生产经营活动: which of them decides who may buy and provide (MOF-102 art. 5-8).
INSTITUTION_CLASSES = ("administrative", "publicWelfare1", "publicWelfare2", "productionBusiness")


class Organisation(Base):
    """A party of contracts. `uscc` is null when unknown (imports, foreign parties) and unique otherwise.

    `succeeded_by` and `record_from` repeat what the slice of successions has decided, so that the organisation's event
    is made of its own row. An individual has a `pseudonym` (keyed hash) and neither name nor code.
    """

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint("roles <@ ARRAY['purchaser', 'provider', 'evaluator']::text[]", name="roles"),
        CheckConstraint("length(uscc) = 18", name="uscc_length"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint(one_of("status", ORGANISATION_STATES), name="status"),
        CheckConstraint(one_of("institution_class", INSTITUTION_CLASSES), name="institution_class"),
        CheckConstraint(
            "individual = (pseudonym IS NOT NULL) AND NOT (individual AND uscc IS NOT NULL)", name="person"
        ),
        Index("uq_organisations_pseudonym", "pseudonym", unique=True, postgresql_where=text("pseudonym IS NOT NULL")),
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
    institution_class: Mapped[str | None] = mapped_column(Text)
    individual: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    pseudonym: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=text("'active'"), default="active")
    ended_on: Mapped[date | None] = mapped_column(Date)
    succeeded_by: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"), default=list)
    record_from: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"), default=list)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class OrganisationExternalId(Base):
    """The id of an organisation in a source system."""

    __tablename__ = "organisation_external_ids"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)


class OrganisationFormerCode(Base):
    """A credit code that an organisation had until a day; files of the past still name it by this code."""

    __tablename__ = "organisation_former_codes"

    uscc: Mapped[str] = mapped_column(String(18), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    until: Mapped[date] = mapped_column(Date)
