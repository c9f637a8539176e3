"""Clients of the API, the feed of score changes, and the shared tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.schema import create_v1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_v1(op.execute, source="gateway")
    op.create_table(
        "client",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("organisation", sa.Uuid(), nullable=True),
        sa.Column("unit", sa.String(200), nullable=True),
        sa.Column("roles", postgresql.ARRAY(sa.String(16)), nullable=False),
        sa.Column("regions", postgresql.ARRAY(sa.String(16)), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("tokens_not_before_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_client"),
        sa.UniqueConstraint("name", name="uq_client_name"),
        sa.CheckConstraint(
            "roles <@ ARRAY['finance', 'purchaser', 'provider', 'evaluator', 'auditor', 'operator']::varchar[] "
            "AND cardinality(roles) > 0",
            name=op.f("ck_client_roles"),
        ),
        sa.CheckConstraint("cardinality(regions) > 0", name=op.f("ck_client_regions")),
    )
    op.create_table(
        "score_change",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(16), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_score_change"),
        sa.UniqueConstraint(
            "contract_id", "framework_id", "version", name="uq_score_change_contract_id_framework_id_version"
        ),
    )
    op.create_index("ix_score_change_region", "score_change", ["region"])
    op.create_index("ix_score_change_stored_at", "score_change", ["stored_at"])


def downgrade() -> None:
    op.drop_table("score_change")
    op.drop_table("client")
