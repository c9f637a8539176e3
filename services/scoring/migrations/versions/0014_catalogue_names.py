"""Names of the guiding catalogue's editions, as the contracts service tells them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue_names",
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("jurisdiction", sa.String(16), nullable=False),
        sa.Column("in_force_on", sa.Date(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code", "edition_id", name=op.f("pk_catalogue_names")),
    )


def downgrade() -> None:
    op.drop_table("catalogue_names")
