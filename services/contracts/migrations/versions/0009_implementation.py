"""Amendments, subcontracts, documents, settlements, failures."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(precision=18, scale=2)
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
NOUNS = ("contract", "milestone", "ledger", "observation", "acceptance", "import", "document", "failure")
CHECKS = {
    "ledger_entries": {
        "kind": f"kind IN {KINDS}",
        "debit_account": f"debit_account IN {ACCOUNTS}",
        "credit_account": f"credit_account IN {ACCOUNTS}",
    },
    "contract_changes": {"noun": f"noun IN {NOUNS}"},
}
ABOUT = (
    "contract",
    "amendment",
    "milestone",
    "acceptance",
    "ledger",
    "subcontract",
    "failure",
    "settlement",
    "inspection",
    "finding",
    "correction",
)


def _acts(*names: str) -> list[sa.Column[Any]]:
    """Who did each of these, and when; null until it is done."""
    return [
        column
        for name in names
        for column in (
            sa.Column(f"{name}_by", sa.Text(), nullable=True),
            sa.Column(f"{name}_at", sa.DateTime(timezone=True), nullable=True),
        )
    ]


def _own(table: str) -> list[sa.schema.SchemaItem]:
    """What every table of a contract's part has."""
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f(f"fk_{table}_contract_id_contracts")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _indexes(table: str) -> None:
    op.create_index(op.f(f"ix_{table}_contract_id_id"), table, ["contract_id", "id"], unique=False)
    op.create_index(op.f(f"ix_{table}_region"), table, ["region"], unique=False)


def upgrade() -> None:
    _amendments()
    _subcontracts()
    _documents()
    _acceptances()
    _settlements()
    _failures()
    for table, checks in CHECKS.items():
        for name, condition in checks.items():
            # Two steps: rows are checked without keeping writers out.
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({condition}) NOT VALID")
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}")
    op.execute(
        "CREATE TRIGGER documents_change AFTER INSERT ON documents "
        "FOR EACH ROW EXECUTE FUNCTION log_fact_change('document', 'recorded_at')"
    )
    op.execute(
        "CREATE TRIGGER performance_failures_change AFTER INSERT OR UPDATE OF version ON performance_failures "
        "FOR EACH ROW EXECUTE FUNCTION log_fact_change('failure', 'updated_at')"
    )
    op.execute(
        "CREATE TRIGGER failure_entries_append_only BEFORE UPDATE OR DELETE ON failure_entries "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def _amendments() -> None:
    for column in (
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("value_before", MONEY, nullable=True),
        sa.Column("value_after", MONEY, nullable=True),
        sa.Column("starts_on_before", sa.Date(), nullable=True),
        sa.Column("starts_on_after", sa.Date(), nullable=True),
        sa.Column("ends_on_before", sa.Date(), nullable=True),
        sa.Column("ends_on_after", sa.Date(), nullable=True),
        sa.Column("contract_version", sa.Integer(), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("contract_amendments", column)
    op.create_table(
        "amendment_proposals",
        *_own("amendment_proposals"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("amended_on", sa.Date(), nullable=False),
        sa.Column("contract_version", sa.Integer(), nullable=False),
        sa.Column("value_before", MONEY, nullable=True),
        sa.Column("value_after", MONEY, nullable=True),
        sa.Column("starts_on_before", sa.Date(), nullable=True),
        sa.Column("starts_on_after", sa.Date(), nullable=True),
        sa.Column("ends_on_before", sa.Date(), nullable=True),
        sa.Column("ends_on_after", sa.Date(), nullable=True),
        sa.Column("milestones", postgresql.JSONB(), nullable=False),
        sa.Column("lots", postgresql.JSONB(), nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("warnings", postgresql.JSONB(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        *_acts("purchaser", "provider", "closed"),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('proposed', 'inForce', 'withdrawn')", name=op.f("ck_amendment_proposals_state")),
        sa.CheckConstraint("(state = 'inForce') = (number IS NOT NULL)", name=op.f("ck_amendment_proposals_number")),
        sa.CheckConstraint("version >= 1 AND value_after >= 0", name=op.f("ck_amendment_proposals_figures")),
        sa.UniqueConstraint("contract_id", "number", name=op.f("uq_amendment_proposals_contract_id_number")),
    )
    _indexes("amendment_proposals")
    op.create_index(
        "uq_amendment_proposals_open",
        "amendment_proposals",
        ["contract_id"],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
    )


def _subcontracts() -> None:
    op.create_table(
        "subcontracts",
        *_own("subcontracts"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("subcontractor_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("value", MONEY, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("warnings", postgresql.JSONB(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        *_acts("decided", "ended"),
        sa.Column("decision_document_sha256", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'consented', 'refused', 'ended')", name=op.f("ck_subcontracts_state")
        ),
        sa.CheckConstraint("version >= 1 AND value > 0", name=op.f("ck_subcontracts_figures")),
        sa.ForeignKeyConstraint(
            ["subcontractor_id"], ["organisations.id"], name=op.f("fk_subcontracts_subcontractor_id_organisations")
        ),
    )
    _indexes("subcontracts")
    op.create_index(op.f("ix_subcontracts_subcontractor_id"), "subcontracts", ["subcontractor_id"], unique=False)


def _documents() -> None:
    op.create_table(
        "documents",
        *_own("documents"),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("dated_on", sa.Date(), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("storage", sa.Text(), nullable=False),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        *_acts("stored", "withdrawn"),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(f"about IN {ABOUT}", name=op.f("ck_documents_about")),
        sa.CheckConstraint("(about = 'contract') = (about_id IS NULL)", name=op.f("ck_documents_about_id")),
        sa.CheckConstraint("storage IN ('reference', 'awaited', 'stored')", name=op.f("ck_documents_storage")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_documents_size")),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_documents_sha256")),
        sa.ForeignKeyConstraint(["supersedes"], ["documents.id"], name=op.f("fk_documents_supersedes_documents")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_documents_supersedes")),
    )
    _indexes("documents")
    op.create_index(op.f("ix_documents_sha256"), "documents", ["sha256"], unique=False)


def _acceptances() -> None:
    for column in (
        sa.Column("standards", postgresql.JSONB(), nullable=True),
        sa.Column("participants", postgresql.JSONB(), nullable=True),
        sa.Column("minutes_sha256", sa.String(length=64), nullable=True),
        sa.Column("wave_known", sa.Boolean(), nullable=True),
        sa.Column("repeats", sa.Uuid(), nullable=True),
    ):
        op.add_column("acceptances", column)
    op.create_foreign_key(op.f("fk_acceptances_repeats_acceptances"), "acceptances", "acceptances", ["repeats"], ["id"])
    op.create_unique_constraint(op.f("uq_acceptances_repeats"), "acceptances", ["repeats"])
    op.create_table(
        "closed_waves",
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("results_sha256", sa.String(length=64), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("version >= 1 AND answers >= 0", name=op.f("ck_closed_waves_figures")),
        sa.PrimaryKeyConstraint("wave_id", name=op.f("pk_closed_waves")),
    )
    op.create_index(op.f("ix_closed_waves_contract_id"), "closed_waves", ["contract_id"], unique=False)
    op.create_index(op.f("ix_closed_waves_region"), "closed_waves", ["region"], unique=False)


def _settlements() -> None:
    op.create_table(
        "settlements",
        *_own("settlements"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("damages_to_purchaser", MONEY, nullable=False),
        sa.Column("damages_to_provider", MONEY, nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("final_value", MONEY, nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        *_acts("purchaser", "provider", "ordered", "settled", "withdrawn"),
        sa.Column("order_reason", sa.Text(), nullable=True),
        sa.Column("order_document_sha256", sa.String(length=64), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'agreed', 'ordered', 'settled', 'withdrawn')", name=op.f("ck_settlements_state")
        ),
        sa.CheckConstraint(
            "ground IN ('mutualAgreement', 'providerDefault', 'purchaserDefault', 'publicInterest', 'forceMajeure', "
            "'other')",
            name=op.f("ck_settlements_ground"),
        ),
        sa.CheckConstraint("fault IN ('none', 'purchaser', 'provider', 'both')", name=op.f("ck_settlements_fault")),
        sa.CheckConstraint(
            "version >= 1 AND damages_to_purchaser >= 0 AND damages_to_provider >= 0 AND final_value >= 0",
            name=op.f("ck_settlements_figures"),
        ),
        sa.CheckConstraint("(state = 'settled') = (final_value IS NOT NULL)", name=op.f("ck_settlements_final_value")),
    )
    _indexes("settlements")
    op.create_index(
        "uq_settlements_standing",
        "settlements",
        ["contract_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )


def _failures() -> None:
    op.create_table(
        "performance_failures",
        *_own("performance_failures"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=True),
        sa.Column("penalty_contracted", MONEY, nullable=True),
        sa.Column("penalty_basis", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('recorded', 'withdrawn')", name=op.f("ck_performance_failures_state")),
        sa.CheckConstraint(
            "category IN ('lateDelivery', 'quantity', 'quality', 'safety', 'staffing', 'reporting', 'complaints', "
            "'assignment', 'other')",
            name=op.f("ck_performance_failures_category"),
        ),
        sa.CheckConstraint("version >= 1 AND events >= 1", name=op.f("ck_performance_failures_figures")),
        sa.CheckConstraint(
            "penalty_contracted >= 0 AND ends_on >= starts_on", name=op.f("ck_performance_failures_terms")
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["contract_milestones.id"],
            name=op.f("fk_performance_failures_milestone_id_contract_milestones"),
        ),
    )
    _indexes("performance_failures")
    op.create_table(
        "failure_entries",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("failure_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_failure_entries_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(
            ["failure_id"], ["performance_failures.id"], name=op.f("fk_failure_entries_failure_id_performance_failures")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_failure_entries")),
    )
    op.create_index(op.f("ix_failure_entries_failure_id"), "failure_entries", ["failure_id"], unique=False)
