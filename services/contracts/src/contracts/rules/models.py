"""Tables of the rules: the sets, who confirmed which rule, who set one aside for a contract.

Rule sets are law and are readable by all; `scope` says where a set or a confirmation holds and limits no reader.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["ORIGINS", "STATES", "RuleConfirmation", "RuleOverride", "StoredRuleSet"]

ORIGINS = ("shipped", "uploaded")
STATES = ("draft", "approved")


class StoredRuleSet(Base):
    """A rule set that was uploaded, or a shipped one that a contract pinned. Its content never changes (a trigger).

    `scope` is the region where it is in force with everything below (`*` everywhere); `uploaded_by` and `approved_by`
    are two persons (subjects of their tokens).
    """

    __tablename__ = "rule_sets"
    __table_args__ = (
        UniqueConstraint("id", "version"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint(one_of("origin", ORIGINS), name="origin"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'approved') = (approved_at IS NOT NULL)", name="approval"),
        CheckConstraint("(origin = 'uploaded') = (uploaded_by IS NOT NULL)", name="uploaded_by"),
        CheckConstraint(
            "origin = 'shipped' OR state = 'draft' OR (approved_by IS NOT NULL AND approved_by <> uploaded_by)",
            name="two_persons",
        ),
    )

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(48))
    version: Mapped[str] = mapped_column(String(32))
    jurisdiction: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(16))
    in_force_from: Mapped[date] = mapped_column(Date)
    origin: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    stored_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    uploaded_by: Mapped[str | None] = mapped_column(Text)
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    approval_basis: Mapped[str | None] = mapped_column(Text)


class RuleConfirmation(Base):
    """A named person of the tenant answers for a rule: only then can it refuse, until it is withdrawn with a reason.

    It belongs to the rule's content (`rule_sha256`), so that it outlives a new version in which the rule is the same.
    """

    __tablename__ = "rule_confirmations"
    __table_args__ = (
        Index(
            "uq_rule_confirmations_rule_sha256_scope",
            "rule_sha256",
            "scope",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdrawal_reason IS NULL)",
            name="withdrawal",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    set_id: Mapped[str] = mapped_column(String(48))
    rule: Mapped[str] = mapped_column(String(64))
    rule_sha256: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(16))
    person: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    confirmed_by: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawal_reason: Mapped[str | None] = mapped_column(Text)


class RuleOverride(RegionScoped, Base):
    """A rule set aside for one contract: the reason of one person, the approval of a second one."""

    __tablename__ = "rule_overrides"
    __table_args__ = (
        CheckConstraint("approved_by <> requested_by", name="two_persons"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approval"),
        Index(None, "contract_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    rule: Mapped[str] = mapped_column(String(64))
    rule_sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    approval_note: Mapped[str | None] = mapped_column(Text)
