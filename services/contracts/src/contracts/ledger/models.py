"""Table of the ledger: append-only, each row one balanced entry (one debit, one credit, the same amount)."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["ACCOUNTS", "CAUSES", "KINDS", "LedgerEntry"]

KINDS = (
    "commitment",
    "acceptance",
    "payment",
    "deduction",
    "refund",
    "reversal",
    "budget",
    "interest",
    "interestPayment",
    "penalty",
    "penaltyReceipt",
    "compensation",
    "compensationPayment",
)
ACCOUNTS = (
    "commitments",
    "commitments_reserve",
    "services",
    "payables",
    "treasury",
    "deductions",
    "budget_lines",
    "appropriations",
    "interest",
    "interest_payables",
    "penalty_receivables",
    "penalties",
    "compensations",
    "compensation_payables",
)
CAUSES = ("result", "saving", "damages")


class LedgerEntry(RegionScoped, Base):
    """One entry. Totals are always sums over these rows; nothing is updated or deleted (a trigger refuses both).

    `booked_on` is null only for imported entries whose source has no date; `external_id` is the transaction's id there.
    `budget_year` is null in entries that were posted before there were budget years; the year of the booking then.
    `delivered_on` stands on acceptances: the day of delivery, from which a clock of payment may run.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("debit_account", ACCOUNTS), name="debit_account"),
        CheckConstraint(one_of("credit_account", ACCOUNTS), name="credit_account"),
        CheckConstraint("debit_account <> credit_account", name="two_accounts"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name="reversal"),
        CheckConstraint(one_of("cause", CAUSES), name="cause"),
        CheckConstraint("cause IS NULL OR kind IN ('deduction', 'penalty', 'reversal')", name="cause_of"),
        CheckConstraint("budget_year BETWEEN 1990 AND 2100", name="budget_year"),
        CheckConstraint(
            "kind <> 'budget' OR (budget_project_id IS NOT NULL AND budget_year IS NOT NULL)", name="budget"
        ),
        UniqueConstraint("contract_id", "voucher"),
        UniqueConstraint("contract_id", "external_id"),
        Index(None, "contract_id", "id"),
        Index(
            "ix_ledger_entries_budget_project_id",
            "budget_project_id",
            postgresql_where=text("budget_project_id IS NOT NULL"),
        ),
        Index("ix_ledger_entries_voucher", "voucher", postgresql_where=text("voucher IS NOT NULL")),
        Index("ix_ledger_entries_call_off_id", "call_off_id", postgresql_where=text("call_off_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"))
    kind: Mapped[str] = mapped_column(Text)
    debit_account: Mapped[str] = mapped_column(Text)
    credit_account: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    currency: Mapped[str] = mapped_column(String(3))
    booked_on: Mapped[date | None] = mapped_column(Date)
    voucher: Mapped[str | None] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    milestone_id: Mapped[UUID | None] = mapped_column(ForeignKey("contract_milestones.id"))
    budget_project_id: Mapped[UUID | None] = mapped_column(ForeignKey("budget_projects.id"))
    budget_year: Mapped[int | None]
    cause: Mapped[str | None] = mapped_column(Text)
    delivered_on: Mapped[date | None] = mapped_column(Date)
    reverses: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    note: Mapped[str | None] = mapped_column(Text)
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("contract_lots.id"))
    call_off_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"))
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("contract_members.id"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
