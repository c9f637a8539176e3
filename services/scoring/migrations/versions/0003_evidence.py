"""Stated evidence: manual facts, statistics and ratings, beside what comes by events."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CHECKS = {
    "kind": "kind IN ('contract', 'observation', 'ledger', 'acceptance', 'wave', 'manual', 'statistic', 'rating')",
    "quality": "quality IN ('verified', 'unverified')",
    "measure": "(kind IN ('manual', 'statistic', 'rating')) = (measure IS NOT NULL)",
}


def upgrade() -> None:
    # A statement comes by a request or a calibration round, not by an event.
    op.alter_column("evidence", "event_id", nullable=True)
    op.add_column("evidence", sa.Column("measure", sa.String(length=64), nullable=True))
    # The default serves the statement that stores events, and the code deployed before.
    op.add_column(
        "evidence",
        sa.Column("quality", sa.String(length=16), server_default=sa.text("'verified'"), nullable=False),
    )
    op.add_column("evidence", sa.Column("supersedes", sa.Uuid(), nullable=True))
    op.add_column("evidence", sa.Column("valid_until", sa.Date(), nullable=True))
    op.add_column("evidence", sa.Column("recorded_by", sa.Text(), nullable=True))
    op.drop_constraint(op.f("ck_evidence_kind"), "evidence")
    for name, condition in CHECKS.items():
        op.execute(f"ALTER TABLE evidence ADD CONSTRAINT ck_evidence_{name} CHECK ({condition}) NOT VALID")
        op.execute(f"ALTER TABLE evidence VALIDATE CONSTRAINT ck_evidence_{name}")
    op.create_index(
        "uq_evidence_supersedes",
        "evidence",
        ["supersedes"],
        unique=True,
        postgresql_where=sa.text("supersedes IS NOT NULL"),
    )
