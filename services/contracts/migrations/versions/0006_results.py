"""What a contract's results led to, as scoring tells it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract_results",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("noun", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "noun IN ('determination', 'determination_act', 'result_use', 'rectification', 'appeal', 'notice')",
            name=op.f("ck_contract_results_noun"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_contract_results_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_results")),
    )
    op.create_index(
        op.f("ix_contract_results_contract_id_noun_id"), "contract_results", ["contract_id", "noun", "id"], unique=False
    )
    op.create_index(op.f("ix_contract_results_region"), "contract_results", ["region"], unique=False)
