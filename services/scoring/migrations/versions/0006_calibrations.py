"""Calibration rounds with their cases, values, flags and decisions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

APPEND_ONLY = ("calibration_cases", "calibration_flags", "calibration_decisions")


def upgrade() -> None:
    op.create_table(
        "calibration_rounds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("form_id", sa.String(length=64), nullable=False),
        sa.Column("form_version", sa.String(length=32), nullable=False),
        sa.Column("framework_hash", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("evaluation_ids", postgresql.JSON(), nullable=False),
        sa.Column("prior_round_id", sa.Uuid(), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offered", sa.Boolean(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSON(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(state = 'open') = (sha256 IS NULL)", name=op.f("ck_calibration_rounds_sha256")),
        sa.CheckConstraint("level IN ('criterion', 'total')", name=op.f("ck_calibration_rounds_level")),
        sa.CheckConstraint(
            "state IN ('open', 'needs_adjudication', 'closed')", name=op.f("ck_calibration_rounds_state")
        ),
        sa.ForeignKeyConstraint(
            ["prior_round_id"],
            ["calibration_rounds.id"],
            name=op.f("fk_calibration_rounds_prior_round_id_calibration_rounds"),
        ),
        sa.ForeignKeyConstraint(
            ["replaces"], ["calibration_rounds.id"], name=op.f("fk_calibration_rounds_replaces_calibration_rounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_rounds")),
        sa.UniqueConstraint("replaces", name=op.f("uq_calibration_rounds_replaces")),
    )
    op.create_index(op.f("ix_calibration_rounds_region"), "calibration_rounds", ["region"], unique=False)
    op.create_table(
        "calibration_cases",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["calibration_rounds.id"], name=op.f("fk_calibration_cases_round_id_calibration_rounds")
        ),
        sa.PrimaryKeyConstraint("round_id", "case_id", name=op.f("pk_calibration_cases")),
    )
    op.create_index(op.f("ix_calibration_cases_contract_id"), "calibration_cases", ["contract_id"], unique=False)
    op.create_index(op.f("ix_calibration_cases_evaluation_id"), "calibration_cases", ["evaluation_id"], unique=False)
    op.create_index(op.f("ix_calibration_cases_region"), "calibration_cases", ["region"], unique=False)
    op.create_table(
        "calibrated_values",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("criterion", sa.String(length=64), nullable=False),
        sa.Column("ratings", sa.Integer(), nullable=False),
        sa.Column("raw", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("fair", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("shrunk", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("se", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("df", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("clipped", sa.Boolean(), nullable=False),
        sa.Column("evaluator_dependent", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("basis", sa.String(length=8), nullable=False),
        sa.Column("marks", postgresql.JSON(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("basis IN ('fair', 'raw')", name=op.f("ck_calibrated_values_basis")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["calibration_rounds.id"], name=op.f("fk_calibrated_values_round_id_calibration_rounds")
        ),
        sa.PrimaryKeyConstraint("round_id", "contract_id", "criterion", name=op.f("pk_calibrated_values")),
    )
    op.create_index("ix_calibrated_values_contract_id", "calibrated_values", ["contract_id"], unique=False)
    op.create_index(op.f("ix_calibrated_values_region"), "calibrated_values", ["region"], unique=False)
    op.create_table(
        "calibration_flags",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("criterion", sa.String(length=64), nullable=False),
        sa.Column("evaluator_id", sa.Uuid(), nullable=True),
        sa.Column("other_evaluator_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("contracts", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("detail", postgresql.JSON(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "kind IN ('severity', 'inconsistency', 'central_tendency', 'halo', 'no_discrimination', 'favouritism', "
            "'copying', 'drift')",
            name=op.f("ck_calibration_flags_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["calibration_rounds.id"], name=op.f("fk_calibration_flags_round_id_calibration_rounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_flags")),
    )
    op.create_index(
        "ix_calibration_flags_contracts", "calibration_flags", ["contracts"], unique=False, postgresql_using="gin"
    )
    op.create_index(op.f("ix_calibration_flags_region"), "calibration_flags", ["region"], unique=False)
    op.create_index(op.f("ix_calibration_flags_round_id"), "calibration_flags", ["round_id"], unique=False)
    op.create_table(
        "calibration_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('unfounded', 'marks_stand', 'second_evaluation', 'adjudicated')",
            name=op.f("ck_calibration_decisions_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["flag_id"], ["calibration_flags.id"], name=op.f("fk_calibration_decisions_flag_id_calibration_flags")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["calibration_rounds.id"], name=op.f("fk_calibration_decisions_round_id_calibration_rounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_decisions")),
    )
    op.create_index(op.f("ix_calibration_decisions_region"), "calibration_decisions", ["region"], unique=False)
    op.create_index(op.f("ix_calibration_decisions_round_id"), "calibration_decisions", ["round_id"], unique=False)
    op.create_index(
        "uq_calibration_decisions_flag",
        "calibration_decisions",
        ["flag_id"],
        unique=True,
        postgresql_where=sa.text("flag_id IS NOT NULL"),
    )
    op.create_index(
        "uq_calibration_decisions_round",
        "calibration_decisions",
        ["round_id"],
        unique=True,
        postgresql_where=sa.text("flag_id IS NULL"),
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    # What closing found stays; only the state moves on, and a value learns which evidence it became.
    op.execute(
        """
        CREATE TRIGGER calibration_rounds_closed BEFORE UPDATE ON calibration_rounds FOR EACH ROW
        WHEN (OLD.sha256 IS NOT NULL AND (OLD.sha256, OLD.content::text, OLD.offered, OLD.refusal)
            IS DISTINCT FROM (NEW.sha256, NEW.content::text, NEW.offered, NEW.refusal))
        EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
        CREATE TRIGGER calibrated_values_fixed BEFORE UPDATE ON calibrated_values FOR EACH ROW
        WHEN (OLD.evidence_id IS NOT NULL OR (OLD.raw, OLD.fair, OLD.shrunk, OLD.se, OLD.basis, OLD.marks::text)
            IS DISTINCT FROM (NEW.raw, NEW.fair, NEW.shrunk, NEW.se, NEW.basis, NEW.marks::text))
        EXECUTE FUNCTION refuse_change()
        """
    )
    for table in ("calibration_rounds", "calibrated_values"):
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
