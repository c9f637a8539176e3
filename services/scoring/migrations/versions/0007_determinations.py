"""Determinations: how certain the score was, whose points they are, service, publication, suspension and annulment."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = (
    sa.Column("appeal_id", sa.Uuid(), nullable=True),
    sa.Column("point_grade", sa.String(length=32), nullable=True),
    sa.Column("capped_by", postgresql.JSON(), nullable=True),
    sa.Column("label", sa.String(length=16), nullable=True),
    sa.Column("probabilities", postgresql.JSON(), nullable=True),
    sa.Column("p_grade", sa.Numeric(precision=7, scale=6), nullable=True),
    sa.Column("p_grade_or_worse", sa.Numeric(precision=7, scale=6), nullable=True),
    sa.Column("interval_lower", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("interval_upper", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("median", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("uncertainty_hash", sa.String(length=64), nullable=True),
    sa.Column("binding", sa.Boolean(), nullable=True),
    sa.Column("adverse_allowed", sa.Boolean(), nullable=True),
    sa.Column("panel", postgresql.JSON(), nullable=True),
    sa.Column("provider_score", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("provider_grade", sa.String(length=32), nullable=True),
    sa.Column("purchaser_score", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("purchaser_grade", sa.String(length=32), nullable=True),
)


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("determinations", column)
    op.execute(
        "ALTER TABLE determinations ADD CONSTRAINT ck_determinations_label "
        "CHECK (label IN ('firm', 'indicative', 'undetermined')) NOT VALID"
    )
    op.execute("ALTER TABLE determinations VALIDATE CONSTRAINT ck_determinations_label")
    op.create_table(
        "determination_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("determination_id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("party", sa.String(length=16), nullable=True),
        sa.Column("method", sa.String(length=32), nullable=True),
        sa.Column("proof", postgresql.JSON(), nullable=True),
        sa.Column("appeal_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('service', 'publication', 'suspension', 'release', 'annulment')",
            name=op.f("ck_determination_acts_kind"),
        ),
        sa.CheckConstraint(
            "(kind = 'service') = (party IS NOT NULL AND method IS NOT NULL AND proof IS NOT NULL "
            "AND effective_at IS NOT NULL)",
            name=op.f("ck_determination_acts_service"),
        ),
        sa.ForeignKeyConstraint(
            ["determination_id"],
            ["determinations.id"],
            name="fk_determination_acts_determination_id_determinations",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_determination_acts"),
    )
    op.create_index("ix_determination_acts_determination_id", "determination_acts", ["determination_id"])
    op.create_index("ix_determination_acts_region", "determination_acts", ["region"])
    op.create_index(
        "uq_determination_acts_service",
        "determination_acts",
        ["determination_id", "party"],
        unique=True,
        postgresql_where=sa.text("kind = 'service'"),
    )
    op.create_index(
        "uq_determination_acts_once",
        "determination_acts",
        ["determination_id", "kind"],
        unique=True,
        postgresql_where=sa.text("kind IN ('publication', 'annulment')"),
    )
    op.execute(
        "CREATE TRIGGER determination_acts_append_only BEFORE UPDATE OR DELETE ON determination_acts "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
