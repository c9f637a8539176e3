"""Instruments: where they come from, and whose they are."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # The default serves the code deployed before, which stores shipped instruments only.
    op.add_column(
        "instruments", sa.Column("origin", sa.String(length=16), server_default=sa.text("'shipped'"), nullable=False)
    )
    op.add_column("instruments", sa.Column("organisation_id", sa.Uuid(), nullable=True))
    op.create_check_constraint(
        op.f("ck_instruments_origin"),
        "instruments",
        "origin IN ('shipped', 'uploaded') AND (organisation_id IS NULL OR origin = 'uploaded')",
    )
