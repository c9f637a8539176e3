"""Treasuries number their vouchers anew every year: a number comes once a year, not once for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0013"
branch_labels = None
depends_on = None

STANDS = sa.text("queue <> 'duplicate'")
YEAR = sa.text("EXTRACT(year FROM month)")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_vouchers_number_of_year",
            "vouchers",
            ["region", "source", "number", YEAR],
            unique=True,
            postgresql_where=STANDS,
            postgresql_concurrently=True,
        )
        op.drop_index("uq_vouchers_number", "vouchers", postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_vouchers_number",
            "vouchers",
            ["region", "source", "number"],
            unique=True,
            postgresql_where=STANDS,
            postgresql_concurrently=True,
        )
        op.drop_index("uq_vouchers_number_of_year", "vouchers", postgresql_concurrently=True)
