"""Waves declare whom they ask and how; frames, tokens, enumerators; what the surveys keep of observations.

Contracts that were projected before this migration have no period here until their next event comes: no mid-term wave
opens for them by itself.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("contracts", sa.Column("origin", sa.Text(), nullable=True))
    op.add_column("contracts", sa.Column("starts_on", sa.Date(), nullable=True))
    op.add_column("contracts", sa.Column("ends_on", sa.Date(), nullable=True))
    op.add_column("contracts", sa.Column("midterm_on", sa.Date(), nullable=True))
    op.create_table(
        "contract_observations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("indicator_code", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contract_observations"),
    )
    op.create_index(
        "ix_contract_observations_contract_id_indicator_code",
        "contract_observations",
        ["contract_id", "indicator_code"],
        unique=False,
    )
    op.create_index("ix_contract_observations_region", "contract_observations", ["region"], unique=False)
    _widen_waves()
    _create_frames()
    _index_what_is_filled()


def _widen_waves() -> None:
    empty = sa.text("'[]'::jsonb")
    columns = (
        ("anonymous", sa.Boolean(), sa.true()),
        ("margins", postgresql.JSONB(), empty),
        ("quotas", postgresql.JSONB(), empty),
        ("independence", postgresql.JSONB(), sa.text("""'{"supervised_by_provider": false}'::jsonb""")),
        ("publication_policy", sa.String(length=32), sa.text("'publish-v1'")),
        ("cautions", postgresql.ARRAY(sa.Text()), sa.text("'{}'")),
    )
    for name, kind, default in columns:
        # The default stays: the code before this migration states none of them.
        op.add_column("waves", sa.Column(name, kind, nullable=False, server_default=default))
    op.add_column("waves", sa.Column("target_population", sa.Text(), nullable=True))
    op.add_column("waves", sa.Column("sampling_frame", sa.Text(), nullable=True))
    op.drop_constraint(op.f("ck_waves_opened_by"), "waves", type_="check")
    op.create_check_constraint(
        op.f("ck_waves_opened_by"), "waves", "opened_by IN ('event', 'schedule', 'hand')", postgresql_not_valid=True
    )
    op.execute("ALTER TABLE waves VALIDATE CONSTRAINT ck_waves_opened_by")


def _index_what_is_filled() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_contracts_midterm_on",
            "contracts",
            ["midterm_on"],
            unique=False,
            postgresql_where=sa.text("state IN ('active', 'suspended')"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_contracts_ended_at",
            "contracts",
            ["ended_at"],
            unique=False,
            postgresql_where=sa.text("state IN ('completed', 'terminated')"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "uq_waves_unattended",
            "waves",
            ["contract_id", "kind"],
            unique=True,
            postgresql_where=sa.text("opened_by <> 'hand'"),
            postgresql_concurrently=True,
        )
        op.drop_index("uq_waves_event", "waves", postgresql_concurrently=True)


def _create_frames() -> None:
    op.create_table(
        "frames",
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("held_by", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("keyed_by", sa.String(length=16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("strata", postgresql.JSONB(), nullable=False),
        sa.Column("reconciliation", postgresql.JSONB(), nullable=True),
        sa.Column("audit", postgresql.JSONB(), nullable=True),
        sa.Column("deleted_on", sa.Date(), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("held_by IN ('purchaser', 'provider', 'third_party')", name=op.f("ck_frames_held_by")),
        sa.CheckConstraint("state IN ('loading', 'drawn', 'deleted')", name=op.f("ck_frames_state")),
        sa.CheckConstraint("keyed_by IN ('service', 'holder')", name=op.f("ck_frames_keyed_by")),
        sa.CheckConstraint("size >= 0 AND drawn >= 0 AND issued >= 0", name=op.f("ck_frames_counts")),
        sa.CheckConstraint("state <> 'drawn' OR seed IS NOT NULL", name=op.f("ck_frames_seed")),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name="fk_frames_wave_id_waves"),
        sa.PrimaryKeyConstraint("wave_id", name="pk_frames"),
    )
    op.create_index("ix_frames_region", "frames", ["region"], unique=False)
    channels = "'post', 'sms', 'email', 'phone', 'visit', 'counter', 'app'"
    op.create_table(
        "frame_units",
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("reference_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("stratum", sa.String(length=48), nullable=True),
        sa.Column("attributes", postgresql.JSONB(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=True),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"channel IN ({channels})", name=op.f("ck_frame_units_channel")),
        sa.CheckConstraint("octet_length(reference_hmac) = 32", name=op.f("ck_frame_units_reference_hmac")),
        sa.ForeignKeyConstraint(["wave_id"], ["frames.wave_id"], name="fk_frame_units_wave_id_frames"),
        sa.PrimaryKeyConstraint("wave_id", "reference_hmac", name="pk_frame_units"),
    )
    op.create_table(
        "invitations",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("code_key", sa.LargeBinary(), nullable=False),
        sa.Column("reference_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("stratum", sa.String(length=48), nullable=True),
        sa.Column("attributes", postgresql.JSONB(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=True),
        sa.CheckConstraint("state IN ('open', 'opened', 'spent')", name=op.f("ck_invitations_state")),
        sa.CheckConstraint("mark IN ('bounced', 'not_eligible')", name=op.f("ck_invitations_mark")),
        sa.CheckConstraint(
            "octet_length(key) = 32 AND octet_length(code_key) = 32", name=op.f("ck_invitations_keys")
        ),
        sa.PrimaryKeyConstraint("key", name="pk_invitations"),
        sa.UniqueConstraint("code_key", name="uq_invitations_code_key"),
        sa.UniqueConstraint("wave_id", "reference_hmac", name="uq_invitations_wave_id_reference_hmac"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "enumerators",
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("employed_by", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "employed_by IN ('purchaser', 'provider', 'third_party')", name=op.f("ck_enumerators_employed_by")
        ),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name="fk_enumerators_wave_id_waves"),
        sa.PrimaryKeyConstraint("wave_id", "pseudonym", name="pk_enumerators"),
        sa.UniqueConstraint("key", name="uq_enumerators_key"),
    )
