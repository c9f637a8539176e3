"""Rule sets, their confirmations and overrides; publications; what a contract pins and states for its rules."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("contract_publications",)
# What a contract pinned or a person signed never changes; the second person's part is filled in once.
FIXED = {
    "rule_sets": "sha256, id, version, jurisdiction, scope, in_force_from, document, origin, uploaded_by",
    "rule_confirmations": "set_id, rule, rule_sha256, scope, person, basis, confirmed_by, confirmed_at",
    "rule_overrides": "contract_id, rule, rule_sha256, reason, requested_by, requested_at",
}


def upgrade() -> None:
    op.create_table(
        "rule_sets",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("jurisdiction", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval_basis", sa.Text(), nullable=True),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_rule_sets_sha256")),
        sa.CheckConstraint("origin IN ('shipped', 'uploaded')", name=op.f("ck_rule_sets_origin")),
        sa.CheckConstraint("state IN ('draft', 'approved')", name=op.f("ck_rule_sets_state")),
        sa.CheckConstraint("(state = 'approved') = (approved_at IS NOT NULL)", name=op.f("ck_rule_sets_approval")),
        sa.CheckConstraint(
            "(origin = 'uploaded') = (uploaded_by IS NOT NULL)", name=op.f("ck_rule_sets_uploaded_by")
        ),
        sa.CheckConstraint(
            "origin = 'shipped' OR state = 'draft' OR (approved_by IS NOT NULL AND approved_by <> uploaded_by)",
            name=op.f("ck_rule_sets_two_persons"),
        ),
        sa.PrimaryKeyConstraint("sha256", name="pk_rule_sets"),
        sa.UniqueConstraint("id", "version", name="uq_rule_sets_id_version"),
    )
    op.create_table(
        "rule_confirmations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("set_id", sa.String(length=48), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("rule_sha256", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdrawal_reason IS NULL)",
            name=op.f("ck_rule_confirmations_withdrawal"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rule_confirmations"),
    )
    op.create_index(
        "uq_rule_confirmations_rule_sha256_scope",
        "rule_confirmations",
        ["rule_sha256", "scope"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "rule_overrides",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("rule_sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval_note", sa.Text(), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("approved_by <> requested_by", name=op.f("ck_rule_overrides_two_persons")),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_rule_overrides_approval")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_rule_overrides_contract_id_contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_rule_overrides"),
    )
    op.create_index("ix_rule_overrides_contract_id_id", "rule_overrides", ["contract_id", "id"])
    op.create_index("ix_rule_overrides_region", "rule_overrides", ["region"])
    op.create_table(
        "contract_publications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "kind IN ('contract', 'copyFiled', 'acceptance')", name=op.f("ck_contract_publications_kind")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name="fk_contract_publications_contract_id_contracts"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contract_publications"),
    )
    op.create_index("ix_contract_publications_contract_id_id", "contract_publications", ["contract_id", "id"])
    op.create_index("ix_contract_publications_region", "contract_publications", ["region"])
    for name, kind in (
        ("competition", postgresql.JSONB()),
        ("clauses", postgresql.JSONB()),
        ("value_at_signing", sa.Numeric(precision=18, scale=2)),
        ("rules_id", sa.String(length=48)),
        ("rules_version", sa.String(length=32)),
        ("rules_sha256", sa.String(length=64)),
        ("rules_pinned_at", sa.DateTime(timezone=True)),
        ("rules_at_signing", postgresql.JSONB()),
    ):
        op.add_column("contracts", sa.Column(name, kind, nullable=True))
    op.execute(
        "ALTER TABLE contracts ADD CONSTRAINT fk_contracts_rules_sha256_rule_sets "
        "FOREIGN KEY (rules_sha256) REFERENCES rule_sets (sha256) NOT VALID"
    )
    op.execute("ALTER TABLE contracts VALIDATE CONSTRAINT fk_contracts_rules_sha256_rule_sets")
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    for table, columns in FIXED.items():
        op.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OF {columns} OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
