"""Comparisons: figures of official statistics and budgets (population, prices, direct provision)."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reference_figures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("base_year", sa.Integer(), nullable=True),
        sa.Column("service_category", sa.String(length=16), nullable=True),
        sa.Column("measure", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(precision=24, scale=8), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('population', 'price_index', 'direct_cost')", name=op.f("ck_reference_figures_kind")
        ),
        sa.CheckConstraint("value > 0", name=op.f("ck_reference_figures_value")),
        sa.CheckConstraint(
            "(kind = 'price_index') = (base_year IS NOT NULL)", name=op.f("ck_reference_figures_base_year")
        ),
        sa.CheckConstraint(
            "(kind = 'direct_cost') = (service_category IS NOT NULL AND measure IS NOT NULL AND currency IS NOT NULL)",
            name=op.f("ck_reference_figures_direct_cost"),
        ),
        sa.ForeignKeyConstraint(
            ["supersedes"], ["reference_figures.id"], name="fk_reference_figures_supersedes_reference_figures"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reference_figures"),
    )
    op.create_index("uq_reference_figures_supersedes", "reference_figures", ["supersedes"], unique=True)
    op.create_index(
        "uq_reference_figures_first",
        "reference_figures",
        ["kind", "region", "year", "base_year", "service_category", "measure", "currency"],
        unique=True,
        postgresql_where=sa.text("supersedes IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    # What is corrected is a new row, and the database holds the code to it (`refuse_change` is of 0001).
    op.execute(
        "CREATE TRIGGER reference_figures_append_only BEFORE UPDATE OR DELETE ON reference_figures "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
