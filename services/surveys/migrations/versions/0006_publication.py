"""Releases of closed waves, and the ledgers of their answers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "wave_releases",
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("result_revision", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(length=32), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("tables", postgresql.JSONB(), nullable=False),
        sa.Column("keyphrases", postgresql.JSONB(), nullable=False),
        sa.Column("quality", postgresql.JSONB(), nullable=False),
        sa.Column("left_out", postgresql.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_wave_releases_sha256")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_wave_releases_number")),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name="fk_wave_releases_wave_id_waves"),
        sa.PrimaryKeyConstraint("wave_id", "number", name="pk_wave_releases"),
    )
    op.create_table(
        "wave_ledgers",
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("chunk_roots", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(chunk_roots) % 32 = 0", name=op.f("ck_wave_ledgers_chunk_roots")),
        sa.CheckConstraint("octet_length(root) = 32", name=op.f("ck_wave_ledgers_root")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_wave_ledgers_size")),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name="fk_wave_ledgers_wave_id_waves"),
        sa.PrimaryKeyConstraint("wave_id", name="pk_wave_ledgers"),
    )
    op.create_table(
        "ledger_chunks",
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first", sa.LargeBinary(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(first) = 32", name=op.f("ck_ledger_chunks_first")),
        sa.CheckConstraint("octet_length(leaves) % 32 = 0", name=op.f("ck_ledger_chunks_leaves")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave_ledgers.wave_id"], name="fk_ledger_chunks_wave_id_wave_ledgers"),
        sa.PrimaryKeyConstraint("wave_id", "number", name="pk_ledger_chunks"),
    )
    # What was published stays as it was published; a correction is a new release.
    for table in ("wave_releases", "wave_ledgers", "ledger_chunks"):
        op.execute(
            f"CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
