"""Regions, catalogue and organisations: changes of divisions, editions, succession, individuals under a pseudonym."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# History is never rewritten: a mistake is put right by a further row that says so.
APPEND_ONLY = ("region_changes", "successions", "contract_party_changes", "track_record_decisions")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _organisations()
    _regions()
    _catalogue()
    _successions()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def _organisations() -> None:
    # The defaults serve the code deployed before, which knows active organisations only.
    columns = (
        sa.Column("institution_class", sa.Text(), nullable=True),
        sa.Column("individual", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("succeeded_by", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("record_from", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
    )
    for column in columns:
        op.add_column("organisations", column)
    checks = {
        "status": "status IN ('active', 'succeeded', 'dissolved')",
        "institution_class": "institution_class IN "
        "('administrative', 'publicWelfare1', 'publicWelfare2', 'productionBusiness')",
        "person": "individual = (pseudonym IS NOT NULL) AND NOT (individual AND uscc IS NOT NULL)",
    }
    for name, condition in checks.items():
        # Not valid first: rows are checked without a lock that would hold up the writers.
        op.create_check_constraint(
            op.f(f"ck_organisations_{name}"), "organisations", condition, postgresql_not_valid=True
        )
        op.execute(f"ALTER TABLE organisations VALIDATE CONSTRAINT ck_organisations_{name}")
    op.create_index(
        "uq_organisations_pseudonym",
        "organisations",
        ["pseudonym"],
        unique=True,
        postgresql_where=sa.text("pseudonym IS NOT NULL"),
    )
    op.create_table(
        "organisation_former_codes",
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_organisation_former_codes_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("uscc", name="pk_organisation_former_codes"),
    )
    op.create_index("ix_organisation_former_codes_organisation_id", "organisation_former_codes", ["organisation_id"])


def _regions() -> None:
    op.create_table(
        "region_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("successors", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('recode', 'merger', 'split', 'retirement')", name=op.f("ck_region_changes_kind")),
        sa.PrimaryKeyConstraint("id", name="pk_region_changes"),
        sa.UniqueConstraint("code", "effective_on", name="uq_region_changes_code_effective_on"),
    )


def _catalogue() -> None:
    op.create_table(
        "catalogue_editions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("in_force_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("approved_at", INSTANT, nullable=True),
        sa.CheckConstraint("state IN ('draft', 'approved')", name=op.f("ck_catalogue_editions_state")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_catalogue_editions_version")),
        sa.CheckConstraint(
            "(state = 'approved') = (approved_at IS NOT NULL)", name=op.f("ck_catalogue_editions_approved")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_editions"),
        sa.UniqueConstraint("jurisdiction", "edition", name="uq_catalogue_editions_jurisdiction_edition"),
    )
    op.create_table(
        "catalogue_entries",
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.CheckConstraint("code ~ '^[AB][0-9]{2,7}$'", name=op.f("ck_catalogue_entries_code")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["catalogue_editions.id"], name="fk_catalogue_entries_edition_id_catalogue_editions"
        ),
        sa.PrimaryKeyConstraint("edition_id", "code", name="pk_catalogue_entries"),
    )


def _successions() -> None:
    op.create_table(
        "successions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("predecessors", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("successors", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.Column("moved_contracts", sa.Integer(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('rename', 'codeChange', 'merger', 'split', 'dissolution')", name=op.f("ck_successions_kind")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_successions"),
    )
    for name in ("predecessors", "successors"):
        op.create_index(f"ix_successions_{name}", "successions", [name], postgresql_using="gin")
    op.create_table(
        "contract_party_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("succession_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.CheckConstraint("side IN ('purchaser', 'provider')", name=op.f("ck_contract_party_changes_side")),
        *_references("contract_party_changes", succession_id="successions", contract_id="contracts"),
        *_references("contract_party_changes", from_id="organisations", to_id="organisations"),
        sa.PrimaryKeyConstraint("id", name="pk_contract_party_changes"),
    )
    op.create_index("ix_contract_party_changes_contract_id", "contract_party_changes", ["contract_id"])
    op.create_index("ix_contract_party_changes_succession_id", "contract_party_changes", ["succession_id"])
    op.create_table(
        "track_record_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("succession_id", sa.Uuid(), nullable=False),
        sa.Column("predecessor_id", sa.Uuid(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=False),
        sa.Column("carries", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        *_references("track_record_decisions", succession_id="successions", predecessor_id="organisations"),
        *_references("track_record_decisions", successor_id="organisations"),
        sa.PrimaryKeyConstraint("id", name="pk_track_record_decisions"),
    )
    op.create_index("ix_track_record_decisions_succession_id", "track_record_decisions", ["succession_id"])


def _references(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}")
        for column, target in targets.items()
    ]
