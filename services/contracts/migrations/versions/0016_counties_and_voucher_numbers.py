"""Names of counties; and vouchers, which a treasury numbers anew every year: a number comes once a year."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STANDS = sa.text("queue <> 'duplicate'")
YEAR = sa.text("EXTRACT(year FROM month)")


def upgrade() -> None:
    op.create_table(
        "counties",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_counties")),
    )
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
    op.drop_table("counties")
