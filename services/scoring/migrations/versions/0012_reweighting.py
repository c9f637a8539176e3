"""Why the weight of missing evidence was given to others, as the signer of a determination states it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null: nothing that the contract agreed was reweighted, or determined by an earlier release.
    op.add_column("determinations", sa.Column("reweighted", postgresql.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("determinations", "reweighted")
