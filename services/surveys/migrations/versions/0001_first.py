"""The first tables: instruments, contracts as projected, waves, responses, results."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.schema import create_v1

revision = "0001"
down_revision = None

# A result and the questionnaire that it rests on are evidence: a correction is a new row.
IMMUTABLE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are immutable; a correction is a new row', TG_TABLE_NAME;
END
$$
"""


def upgrade() -> None:
    create_v1(op.execute, source="surveys")
    op.create_table(
        "instruments",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_instruments_sha256")),
        sa.PrimaryKeyConstraint("sha256", name="pk_instruments"),
        sa.UniqueConstraint("id", "version", name="uq_instruments_id_version"),
    )
    op.create_table(
        "contracts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("service_category", sa.Text(), nullable=True),
        sa.Column("purchaser_id", sa.Uuid(), nullable=False),
        sa.Column("purchaser_name", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("provider_name", sa.Text(), nullable=True),
        sa.Column("population", sa.BigInteger(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_contracts_version")),
        sa.PrimaryKeyConstraint("id", name="pk_contracts"),
    )
    op.create_index("ix_contracts_region", "contracts", ["region"], unique=False)
    op.create_table(
        "waves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_by", sa.String(length=8), nullable=False),
        sa.Column("instrument_id", sa.String(length=48), nullable=False),
        sa.Column("instrument_version", sa.String(length=32), nullable=False),
        sa.Column("instrument_sha256", sa.String(length=64), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("design", sa.String(length=16), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=True),
        sa.Column("invited", sa.Integer(), nullable=True),
        sa.Column("strata", postgresql.JSONB(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("freezes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_waves_closed_at")),
        sa.CheckConstraint("design IN ('census', 'probability', 'open_link')", name=op.f("ck_waves_design")),
        sa.CheckConstraint("kind IN ('needs', 'midterm', 'completion', 'followUp')", name=op.f("ck_waves_kind")),
        sa.CheckConstraint("opened_by IN ('event', 'hand')", name=op.f("ck_waves_opened_by")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_waves_state")),
        sa.CheckConstraint("opens_at < closes_at AND closes_at <= freezes_at", name=op.f("ck_waves_times")),
        sa.CheckConstraint("population >= 0 AND invited >= 0", name=op.f("ck_waves_counts")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_waves_contract_id_contracts"),
        sa.ForeignKeyConstraint(
            ["instrument_sha256"], ["instruments.sha256"], name="fk_waves_instrument_sha256_instruments"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_waves"),
    )
    op.create_index("ix_waves_contract_id_id", "waves", ["contract_id", "id"], unique=False)
    op.create_index("ix_waves_region", "waves", ["region"], unique=False)
    op.create_index("ix_waves_state_id", "waves", ["state", "id"], unique=False)
    op.create_index(
        "uq_waves_event", "waves", ["contract_id", "kind"], unique=True, postgresql_where=sa.text("opened_by = 'event'")
    )
    op.create_index(
        "uq_waves_open", "waves", ["contract_id", "kind"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "responses",
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
        sa.CheckConstraint("disposition IN ('complete', 'partial', 'break_off')", name=op.f("ck_responses_disposition")),
        sa.CheckConstraint("mode IN ('web', 'counter', 'enumerator')", name=op.f("ck_responses_mode")),
        sa.CheckConstraint("octet_length(content_sha256) = 32", name=op.f("ck_responses_content_sha256")),
        sa.PrimaryKeyConstraint("wave_id", "submission_id", name="pk_responses"),
    )
    op.create_table(
        "wave_results",
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("dispositions", postgresql.JSONB(), nullable=False),
        sa.Column("rates", postgresql.JSONB(), nullable=False),
        sa.Column("response_rate", sa.Double(), nullable=True),
        sa.Column("estimates", postgresql.JSONB(), nullable=False),
        sa.Column("no_opinion", postgresql.JSONB(), nullable=False),
        sa.Column("policy", sa.String(length=32), nullable=False),
        sa.Column("level", sa.Double(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_wave_results_sha256")),
        sa.CheckConstraint("n >= 0", name=op.f("ck_wave_results_n")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_wave_results_revision")),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name="fk_wave_results_wave_id_waves"),
        sa.PrimaryKeyConstraint("wave_id", "revision", name="pk_wave_results"),
    )
    op.create_index("ix_wave_results_contract_id", "wave_results", ["contract_id"], unique=False)
    op.create_index("ix_wave_results_region", "wave_results", ["region"], unique=False)
    op.execute(IMMUTABLE)
    for table in ("instruments", "wave_results"):
        op.execute(
            f"CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
