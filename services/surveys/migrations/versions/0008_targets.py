"""The satisfaction that a contract agreed, and in the results where their target came from."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("contracts", sa.Column("satisfaction_target", sa.Float(), nullable=True))
    # The default is for the rows that are there, which no statement may change: a new result states it.
    op.add_column(
        "wave_results", sa.Column("target_from", sa.String(length=16), nullable=False, server_default="setting")
    )
    op.alter_column("wave_results", "target_from", server_default=None)
    op.create_check_constraint(
        op.f("ck_wave_results_target_from"), "wave_results", "target_from IN ('contract', 'setting')"
    )
