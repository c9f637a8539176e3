"""Unannounced inspections that are still to be carried out are found for the lists of who takes part."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_inspections_unannounced",
            "inspections",
            ["planned_on", "id"],
            postgresql_where=sa.text("state = 'planned' AND NOT announced"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index("ix_inspections_unannounced", "inspections")
