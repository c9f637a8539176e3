"""Sub-scores and gates beside each score, and the uncertainty records with the queue of those still to be made."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null: a row written before this release.
    op.add_column("score_rows", sa.Column("parts", postgresql.JSON(), nullable=True))
    op.add_column("score_heads", sa.Column("ungated", sa.Numeric(precision=9, scale=6), nullable=True))
    op.add_column("score_heads", sa.Column("gates", postgresql.JSON(), nullable=True))
    op.add_column("score_heads", sa.Column("thin", postgresql.JSON(), nullable=True))
    op.create_table(
        "score_uncertainty",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.String(length=64), nullable=False),
        sa.Column("framework_hash", sa.String(length=64), nullable=False),
        sa.Column("draws", sa.Integer(), nullable=False),
        sa.Column("median", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("low", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("high", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("label", sa.String(length=16), nullable=False),
        sa.Column("probability", sa.Numeric(precision=7, scale=6), nullable=False),
        sa.Column("probabilities", postgresql.JSON(), nullable=False),
        sa.Column("gates", postgresql.JSON(), nullable=False),
        sa.Column("shares", postgresql.JSON(), nullable=False),
        sa.Column("sources", postgresql.JSON(), nullable=False),
        sa.Column("advice", postgresql.JSON(), nullable=False),
        sa.Column("method", postgresql.JSON(), nullable=False),
        sa.Column("record_hash", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "label IN ('firm', 'indicative', 'undetermined')", name=op.f("ck_score_uncertainty_label")
        ),
        sa.PrimaryKeyConstraint("content_hash", name="pk_score_uncertainty"),
    )
    op.create_index("ix_score_uncertainty_contract_id", "score_uncertainty", ["contract_id"])
    op.execute(
        "CREATE TRIGGER score_uncertainty_append_only BEFORE UPDATE OR DELETE ON score_uncertainty "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "score_uncertainty_due",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("contract_id", "framework_id", "version", name="pk_score_uncertainty_due"),
    )
