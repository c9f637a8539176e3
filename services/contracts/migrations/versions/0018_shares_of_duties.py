"""The money that a duty is about, so that each of several parties sees its part."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Payments name the accepted part that they settle; every row is made anew from the same figure when its contract changes.
AMOUNTS = """
    UPDATE obligations AS owed SET amount = entry.amount FROM ledger_entries AS entry
    WHERE owed.code LIKE 'pay:%' AND entry.contract_id = owed.contract_id
      AND entry.id::text = split_part(owed.code, ':', 2)
"""


def upgrade() -> None:
    op.add_column("obligations", sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=True))
    op.execute(AMOUNTS)


def downgrade() -> None:
    op.drop_column("obligations", "amount")
