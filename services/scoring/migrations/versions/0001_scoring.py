"""Contracts as scoring knows them, evidence, score rows with their heads, determinations, and the shared tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.schema import create_v1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What is later or corrected is a new row, and the database holds the code to it.
APPEND_ONLY = ("evidence", "score_rows", "determinations")


def upgrade() -> None:
    create_v1(op.execute, source="scoring")
    op.create_table(
        "contracts",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("service_category", sa.Text(), nullable=True),
        sa.Column("purchaser_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contract_id", name="pk_contracts"),
    )
    op.create_index("ix_contracts_provider_id", "contracts", ["provider_id"])
    op.create_index("ix_contracts_purchaser_id", "contracts", ["purchaser_id"])
    op.create_index("ix_contracts_region", "contracts", ["region"])
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", postgresql.JSON(), nullable=False),
        sa.Column("valid_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('contract', 'observation', 'ledger', 'acceptance', 'wave')", name=op.f("ck_evidence_kind")
        ),
        sa.PrimaryKeyConstraint("id", "version", name="pk_evidence"),
    )
    op.create_index(
        "ix_evidence_contract_id_received_at", "evidence", ["contract_id", "received_at", "id", "version"]
    )
    op.create_table(
        "score_rows",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("framework_version", sa.String(length=32), nullable=False),
        sa.Column("framework_hash", sa.String(length=64), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("content", postgresql.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=True),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.Column("causes", postgresql.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contract_id", "framework_id", "version", name="pk_score_rows"),
    )
    op.create_table(
        "score_heads",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("framework_version", sa.String(length=32), nullable=False),
        sa.Column("framework_hash", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("score", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("lower", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("upper", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("coverage", sa.Numeric(precision=7, scale=6), nullable=False),
        sa.Column("grade", sa.String(length=32), nullable=False),
        sa.Column("grade_lower", sa.String(length=32), nullable=False),
        sa.Column("grade_upper", sa.String(length=32), nullable=False),
        sa.Column("held", postgresql.JSON(), nullable=False),
        sa.Column("contributions", postgresql.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contract_id", "framework_id", name="pk_score_heads"),
    )
    op.create_index("ix_score_heads_region_framework_id", "score_heads", ["region", "framework_id"])
    # A head is rewritten with every event: room on its page keeps the update off the indexes.
    op.execute("ALTER TABLE score_heads SET (fillfactor = 70)")
    op.create_table(
        "determinations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("framework_id", sa.String(length=64), nullable=False),
        sa.Column("framework_version", sa.String(length=32), nullable=False),
        sa.Column("framework_hash", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("score_version", sa.Integer(), nullable=False),
        sa.Column("score", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("grade", sa.String(length=32), nullable=False),
        sa.Column("coverage", sa.Numeric(precision=7, scale=6), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("purchaser_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("evidence_cutoff", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(replaces IS NULL) = (reason IS NULL)", name=op.f("ck_determinations_reason")),
        sa.ForeignKeyConstraint(["replaces"], ["determinations.id"], name="fk_determinations_replaces_determinations"),
        sa.PrimaryKeyConstraint("id", name="pk_determinations"),
        sa.UniqueConstraint("replaces", name="uq_determinations_replaces"),
    )
    op.create_index("ix_determinations_contract_id", "determinations", ["contract_id"])
    op.create_index("ix_determinations_provider_id", "determinations", ["provider_id"])
    op.create_index("ix_determinations_region", "determinations", ["region"])
    op.create_index(
        "uq_determinations_first",
        "determinations",
        ["contract_id", "framework_id", "stage"],
        unique=True,
        postgresql_where=sa.text("replaces IS NULL"),
    )
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
