"""The live stream carries more than score changes: what kind of event a row is, and by which key it is known."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "score_change", sa.Column("event", sa.String(32), nullable=False, server_default=sa.text("'score.updated'"))
    )
    op.add_column("score_change", sa.Column("key", sa.Text(), nullable=True))
    # Only a score's change has a framework and a version; the release before writes both always.
    op.alter_column("score_change", "framework_id", nullable=True)
    op.alter_column("score_change", "version", nullable=True)
    with op.get_context().autocommit_block():
        op.create_index("uq_score_change_key", "score_change", ["key"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index("uq_score_change_key", table_name="score_change")
    op.execute("DELETE FROM score_change WHERE event <> 'score.updated'")
    op.alter_column("score_change", "version", nullable=False)
    op.alter_column("score_change", "framework_id", nullable=False)
    op.drop_column("score_change", "key")
    op.drop_column("score_change", "event")
