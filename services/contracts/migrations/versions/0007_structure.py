"""Lots, members, shares, framework agreements, confirmations."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SHARE = "share >= 0 AND share <= 100 AND share_before >= 0 AND share_before <= 100"


def upgrade() -> None:
    _contracts()
    _parts()
    _confirmations()
    for table in ("observations", "ledger_entries"):
        for column, target in (
            ("lot_id", "contract_lots"),
            ("call_off_id", "contracts"),
            ("member_id", "contract_members"),
        ):
            op.add_column(table, sa.Column(column, sa.Uuid(), nullable=True))
            op.create_foreign_key(f"fk_{table}_{column}_{target}", table, target, [column], ["id"])
    op.create_index(
        "ix_ledger_entries_call_off_id",
        "ledger_entries",
        ["call_off_id"],
        postgresql_where=sa.text("call_off_id IS NOT NULL"),
    )
    _shares()


def _contracts() -> None:
    op.add_column("contracts", sa.Column("kind", sa.Text(), server_default="single", nullable=False))
    op.add_column("contracts", sa.Column("framework_id", sa.Uuid(), nullable=True))
    op.add_column("contracts", sa.Column("ceiling", sa.Numeric(18, 2), nullable=True))
    op.add_column("contracts", sa.Column("has_parts", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_foreign_key("fk_contracts_framework_id_contracts", "contracts", "contracts", ["framework_id"], ["id"])
    for name, condition in (
        ("kind", "kind IN ('single', 'framework', 'callOff')"),
        ("framework", "(kind = 'callOff') = (framework_id IS NOT NULL)"),
        ("ceiling", "ceiling IS NULL OR (kind = 'framework' AND ceiling >= 0)"),
    ):
        op.create_check_constraint(op.f(f"ck_contracts_{name}"), "contracts", condition)
    op.create_index(
        "ix_contracts_framework_id",
        "contracts",
        ["framework_id", "id"],
        postgresql_where=sa.text("framework_id IS NOT NULL"),
    )


def _parts() -> None:
    op.create_table(
        "contract_lots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(18, 2), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_contract_lots_value")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_contract_lots_contract_id_contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_contract_lots"),
        sa.UniqueConstraint("contract_id", "code", name="uq_contract_lots_contract_id_code"),
    )
    op.create_table(
        "contract_members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("share", sa.Numeric(24, 8), nullable=False),
        sa.Column("share_before", sa.Numeric(24, 8), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.CheckConstraint("side IN ('purchaser', 'provider')", name=op.f("ck_contract_members_side")),
        sa.CheckConstraint(SHARE, name=op.f("ck_contract_members_share")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_contract_members_contract_id_contracts"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_contract_members_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contract_members"),
    )
    op.create_index("ix_contract_members_contract_id_side", "contract_members", ["contract_id", "side", "position"])
    op.create_index(
        "uq_contract_members_contract_id_side_lead",
        "contract_members",
        ["contract_id", "side"],
        unique=True,
        postgresql_where=sa.text("lead"),
    )
    op.create_index("ix_contract_members_organisation_id", "contract_members", ["organisation_id", "contract_id"])
    op.create_table(
        "contract_regions",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("share", sa.Numeric(24, 8), nullable=False),
        sa.Column("share_before", sa.Numeric(24, 8), nullable=False),
        sa.CheckConstraint(SHARE, name=op.f("ck_contract_regions_share")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_contract_regions_contract_id_contracts"),
        sa.PrimaryKeyConstraint("contract_id", "region_code", name="pk_contract_regions"),
    )
    op.create_index("ix_contract_regions_region_code", "contract_regions", ["region_code", "contract_id"])


def _confirmations() -> None:
    op.create_table(
        "contract_confirmations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("terms_sha256", sa.String(length=64), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_as", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("side IN ('purchaser', 'provider')", name=op.f("ck_contract_confirmations_side")),
        sa.CheckConstraint("ended_as IN ('withdrawn', 'lapsed')", name=op.f("ck_contract_confirmations_ended_as")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_as IS NULL)", name=op.f("ck_contract_confirmations_ended")),
        sa.CheckConstraint("terms_sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_contract_confirmations_terms_sha256")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name="fk_contract_confirmations_contract_id_contracts"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_contract_confirmations_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contract_confirmations"),
    )
    op.create_index("ix_contract_confirmations_contract_id", "contract_confirmations", ["contract_id", "id"])
    op.create_index(
        "uq_contract_confirmations_standing",
        "contract_confirmations",
        ["contract_id", "side", "organisation_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _shares() -> None:
    """The money of a share, exact to the cent: the shares of an amount sum to it, for each takes what is left between two
    roundings of running sums. The view has a row per contract and region; `part_of_value` of a framework is 0, for the
    money is committed by its call-offs.
    """
    op.execute(
        """
        CREATE FUNCTION share_of(amount numeric, share_before numeric, share numeric) RETURNS numeric
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN round(amount * (share_before + share) / 100, 2) - round(amount * share_before / 100, 2)
        """
    )
    op.execute(
        """
        CREATE VIEW contract_shares AS
        SELECT contract.id AS contract_id, contract.region AS region_code, true AS own,
               0::numeric AS share_before, 100::numeric AS share,
               CASE WHEN contract.kind = 'framework' THEN 0 ELSE contract.value END AS part_of_value
        FROM contracts AS contract
        WHERE NOT contract.has_parts
           OR NOT EXISTS (SELECT FROM contract_regions AS place WHERE place.contract_id = contract.id)
        UNION ALL
        SELECT place.contract_id, place.region_code, place.region_code = contract.region, place.share_before, place.share,
               CASE WHEN contract.kind = 'framework' THEN 0
                    ELSE share_of(contract.value, place.share_before, place.share) END
        FROM contract_regions AS place JOIN contracts AS contract ON contract.id = place.contract_id
        """
    )
