"""Tables of acts in three hands and of handovers. Persons are subjects of tokens, never names."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from contracts.policies.queries import ACTIONS
from shared.db import RegionScoped

__all__ = ["MOVES", "OPEN", "STATES", "STEPS", "Act", "ActStep", "Handover"]

STATES = ("prepared", "reviewed", "signed", "returned", "withdrawn")
OPEN = ("prepared", "reviewed", "returned")
STEPS = ("prepare", "review", "sign", "return", "withdraw", "handover")
# Of these a contract has one open act at a time; facts may be prepared side by side.
MOVES = ("submit", "activate", "complete", "terminate", "suspend", "cancel")


class Act(RegionScoped, Base):
    """An act on a contract on its way through three hands.

    `contract_version` is the version that it was prepared for: signed at another one it would do something else than
    what was reviewed. `handler` holds the preparing side now; `reviewer` and `signer` are named persons, null where
    anybody in office may. `*_for` is whom a deputy acted for. `outcome` says what signing brought about.
    """

    __tablename__ = "acts"
    __table_args__ = (
        CheckConstraint(one_of("action", ACTIONS), name="action"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("reviewed_by <> prepared_by", name="two_persons"),
        CheckConstraint("signed_by <> prepared_by AND signed_by <> reviewed_by", name="three_persons"),
        CheckConstraint("(state = 'signed') = (signed_by IS NOT NULL)", name="signature"),
        Index(None, "contract_id", "id"),
        Index(
            "uq_acts_open_move",
            "contract_id",
            "action",
            unique=True,
            postgresql_where=text(f"{one_of('state', OPEN)} AND {one_of('action', MOVES)}"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    contract_version: Mapped[int]
    action: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    handler: Mapped[str] = mapped_column(Text)
    reviewer: Mapped[str | None] = mapped_column(Text)
    signer: Mapped[str | None] = mapped_column(Text)
    prepared_by: Mapped[str] = mapped_column(Text)
    prepared_for: Mapped[str | None] = mapped_column(Text)
    prepared_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    reviewed_for: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    signed_by: Mapped[str | None] = mapped_column(Text)
    signed_for: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class ActStep(Base):
    """What was done with an act, in order; rows are only added. Reached through the act, whose region is its own."""

    __tablename__ = "act_steps"
    __table_args__ = (CheckConstraint(one_of("step", STEPS), name="step"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    act_id: Mapped[UUID] = mapped_column(ForeignKey("acts.id"), index=True)
    step: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    on_behalf_of: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    contract_version: Mapped[int]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Handover(Base):
    """A change of staff: what one person had open went to another. Rows are only added.

    `scope` is the region, with everything below it, in which the work moved.
    """

    __tablename__ = "handovers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    from_subject: Mapped[str] = mapped_column(Text, index=True)
    to_subject: Mapped[str] = mapped_column(Text, index=True)
    reason: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(String(16))
    moved_acts: Mapped[int]
    cleared_acts: Mapped[int]
    moved_responsibilities: Mapped[int]
    ended_deputies: Mapped[int]
    handed_over_by: Mapped[str] = mapped_column(Text)
    handed_over_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
