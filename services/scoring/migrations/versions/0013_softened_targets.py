"""Targets below what earlier contracts agreed and reached, with the reasons of whoever determines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null: determined by an earlier release.
    op.add_column("determinations", sa.Column("softened_targets", postgresql.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("determinations", "softened_targets")
