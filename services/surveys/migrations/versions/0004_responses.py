"""Answers get their leaf of the ledger and the frame's variables; staging, drafts and used proofs of work."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

# Two random UUIDs give 244 bits; no extension is needed for them.
SALTED = "UPDATE responses SET salt = sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))"
HASHED = r"UPDATE responses SET leaf = sha256('\x00'::bytea || salt || content_sha256)"


def upgrade() -> None:
    op.add_column("responses", sa.Column("attributes", postgresql.JSONB(none_as_null=True), nullable=True))
    op.add_column("responses", sa.Column("burst", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("responses", "burst", server_default=None)
    op.add_column("responses", sa.Column("salt", sa.LargeBinary(), nullable=True))
    op.add_column("responses", sa.Column("leaf", sa.LargeBinary(), nullable=True))
    op.execute(SALTED)
    op.execute(HASHED)
    op.alter_column("responses", "salt", nullable=False)
    op.alter_column("responses", "leaf", nullable=False)
    op.create_check_constraint(
        op.f("ck_responses_leaf"), "responses", "octet_length(salt) = 32 AND octet_length(leaf) = 32"
    )
    op.create_index("ix_responses_leaf", "responses", ["leaf"], unique=False)
    op.create_table(
        "responses_staged",
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("stratum", sa.String(length=48), nullable=True),
        sa.Column("duration_seconds", sa.Integer(), nullable=True),
        sa.Column("enumerator_id", sa.String(length=64), nullable=True),
        sa.Column("collected_on", sa.Date(), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("burst", sa.Boolean(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "disposition IN ('complete', 'partial', 'break_off')", name=op.f("ck_responses_staged_disposition")
        ),
        sa.CheckConstraint("mode IN ('web', 'counter', 'enumerator')", name=op.f("ck_responses_staged_mode")),
        sa.CheckConstraint("octet_length(content_sha256) = 32", name=op.f("ck_responses_staged_content_sha256")),
        sa.CheckConstraint(
            "octet_length(salt) = 32 AND octet_length(leaf) = 32", name=op.f("ck_responses_staged_leaf")
        ),
        sa.PrimaryKeyConstraint("wave_id", "submission_id", name="pk_responses_staged"),
    )
    op.create_table(
        "response_drafts",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(id) = 32", name=op.f("ck_response_drafts_id")),
        sa.PrimaryKeyConstraint("id", name="pk_response_drafts"),
    )
    op.create_index("ix_response_drafts_wave_id", "response_drafts", ["wave_id"], unique=False)
    op.create_table(
        "response_proofs",
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.CheckConstraint("octet_length(signature) = 32", name=op.f("ck_response_proofs_signature")),
        sa.PrimaryKeyConstraint("signature", name="pk_response_proofs"),
    )
    op.create_index("ix_response_proofs_expires_on", "response_proofs", ["expires_on"], unique=False)
    # These tables live on rows that come and go: what was deleted must not lie about in dead rows.
    for table in ("responses_staged", "response_drafts", "response_proofs"):
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50, "
            "autovacuum_vacuum_insert_scale_factor = 0)"
        )
