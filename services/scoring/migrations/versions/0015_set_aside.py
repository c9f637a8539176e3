"""A submitted rating whose evaluator has a conflict is set aside and keeps when it was submitted."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NAME = "ck_evaluation_assignments_submitted"


def upgrade() -> None:
    # Wider than before: what the release before writes keeps it too.
    op.execute(f"ALTER TABLE evaluation_assignments DROP CONSTRAINT {NAME}")
    op.execute(
        f"ALTER TABLE evaluation_assignments ADD CONSTRAINT {NAME} CHECK (CASE state WHEN 'submitted' THEN "
        "submitted_at IS NOT NULL WHEN 'recused' THEN true ELSE submitted_at IS NULL END) NOT VALID"
    )
    op.execute(f"ALTER TABLE evaluation_assignments VALIDATE CONSTRAINT {NAME}")


def downgrade() -> None:
    op.execute(f"ALTER TABLE evaluation_assignments DROP CONSTRAINT {NAME}")
    op.execute(
        f"ALTER TABLE evaluation_assignments ADD CONSTRAINT {NAME} CHECK ((state = 'submitted') = (submitted_at IS NOT "
        "NULL)) NOT VALID"
    )
