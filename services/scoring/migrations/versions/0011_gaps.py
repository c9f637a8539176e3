"""Names of parties, sub-scores' uncertainty, retired heads, decisions on flags that an appeal takes back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

APPEND_ONLY = ("score_part_uncertainty", "calibration_corrections")


def upgrade() -> None:
    # Null: known by the next state event of the contract.
    op.add_column("contracts", sa.Column("purchaser_name", sa.Text(), nullable=True))
    op.add_column("contracts", sa.Column("provider_name", sa.Text(), nullable=True))
    op.add_column("score_heads", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("framework_versions", sa.Column("replaced_by", sa.String(length=100), nullable=True))
    op.create_table(
        "score_part_uncertainty",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("draws", sa.Integer(), nullable=False),
        sa.Column("parts", postgresql.JSON(), nullable=False),
        sa.Column("record_hash", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_score_part_uncertainty")),
    )
    op.create_index(op.f("ix_score_part_uncertainty_contract_id"), "score_part_uncertainty", ["contract_id"])
    # Null: determined by an earlier release, or nothing is the party's own.
    op.add_column("determinations", sa.Column("part_certainty", postgresql.JSON(), nullable=True))
    for party in ("provider", "purchaser"):
        for bound in ("lower", "upper"):
            name = f"{party}_{bound}"
            op.add_column("determinations", sa.Column(name, sa.Numeric(precision=9, scale=6), nullable=True))
    op.add_column("determinations", sa.Column("evaluator_dependent", sa.Boolean(), nullable=True))

    op.add_column("calibration_decisions", sa.Column("replaces", sa.Uuid(), nullable=True))
    op.add_column("calibration_decisions", sa.Column("appeal_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_calibration_decisions_replaces_calibration_decisions"),
        "calibration_decisions",
        "calibration_decisions",
        ["replaces"],
        ["id"],
    )
    op.create_unique_constraint(op.f("uq_calibration_decisions_replaces"), "calibration_decisions", ["replaces"])
    op.drop_index("uq_calibration_decisions_flag", "calibration_decisions")
    op.create_index(
        "uq_calibration_decisions_flag",
        "calibration_decisions",
        ["flag_id"],
        unique=True,
        postgresql_where=sa.text("flag_id IS NOT NULL AND replaces IS NULL"),
    )
    op.drop_constraint(op.f("ck_calibration_decisions_outcome"), "calibration_decisions")
    op.create_check_constraint(
        op.f("ck_calibration_decisions_outcome"),
        "calibration_decisions",
        "outcome IN ('unfounded', 'marks_stand', 'second_evaluation', 'adjudicated', 'annulled')",
    )
    # A flag's decision is about several contracts, each of which may appeal.
    op.drop_index("uq_appeals_open", "appeals")
    op.create_index(
        "uq_appeals_open",
        "appeals",
        ["against_id", "contract_id", "side"],
        unique=True,
        postgresql_where=sa.text("state = 'filed'"),
    )
    op.create_table(
        "calibration_corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("evaluator_id", sa.Uuid(), nullable=False),
        sa.Column("criterion", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["calibration_rounds.id"],
            name=op.f("fk_calibration_corrections_round_id_calibration_rounds"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_corrections")),
    )
    op.create_index(op.f("ix_calibration_corrections_region"), "calibration_corrections", ["region"])
    op.create_index(op.f("ix_calibration_corrections_contract_id"), "calibration_corrections", ["contract_id"])
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
