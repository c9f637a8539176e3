"""Tables of the tenant's settings: every version that was proposed, and one stamp that changes with any of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of

__all__ = ["CONFIRMATIONS", "STATES", "PolicyStamp", "StoredPolicy"]

STATES = ("proposed", "inForce", "superseded", "rejected")
CONFIRMATIONS = ("optional", "required")


class StoredPolicy(Base):
    """The settings of a region at one version. `scope` is a region with everything below it, `*` everywhere.

    Settings limit what is done in a region and hide nothing: they are no region-owned rows. Nothing is overwritten but
    the state, so that the rows are the history.
    """

    __tablename__ = "policies"
    __table_args__ = (
        UniqueConstraint("scope", "version"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint(one_of("confirmations", CONFIRMATIONS), name="confirmations"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decision"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_persons"),
        Index("uq_policies_scope_in_force", "scope", unique=True, postgresql_where=text("state = 'inForce'")),
        Index("uq_policies_scope_proposed", "scope", unique=True, postgresql_where=text("state = 'proposed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    acts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    confirmations: Mapped[str] = mapped_column(Text)
    deputies: Mapped[bool]
    basis: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision_note: Mapped[str | None] = mapped_column(Text)


class PolicyStamp(Base):
    """One row: a fresh id whenever settings come into force anywhere. Statements carry it, processes cache by it."""

    __tablename__ = "policy_stamp"
    __table_args__ = (CheckConstraint("one", name="one"),)

    one: Mapped[bool] = mapped_column(primary_key=True)
    stamp: Mapped[UUID]
