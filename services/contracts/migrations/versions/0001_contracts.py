"""Organisations, contracts with their parts, observations, the ledger, acceptances, and the shared tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.schema import create_v1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A score or a payment rests on these rows: a correction is a new row, and the database holds the code to it.
APPEND_ONLY = ("ledger_entries", "observations", "acceptances", "contract_milestone_reports")


def upgrade() -> None:
    create_v1(op.execute, source="contracts")
    op.create_table(
        "organisations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("seat", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("warnings", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "roles <@ ARRAY['purchaser', 'provider', 'evaluator']::text[]", name=op.f("ck_organisations_roles")
        ),
        sa.CheckConstraint("length(uscc) = 18", name=op.f("ck_organisations_uscc_length")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_organisations_version")),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
    )
    op.create_index(
        "uq_organisations_uscc", "organisations", ["uscc"], unique=True, postgresql_where=sa.text("uscc IS NOT NULL")
    )
    op.create_table(
        "contracts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("facts_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("contract_number", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("service_category", sa.Text(), nullable=True),
        sa.Column("purchaser_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("value", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("budget", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("final_value", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("procurement_method", sa.Text(), nullable=True),
        sa.Column("tenderers", sa.Integer(), nullable=True),
        sa.Column("beneficiary_population", sa.Integer(), nullable=True),
        sa.Column("needs_basis", postgresql.JSONB(), nullable=True),
        sa.Column("gaps", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("warnings", postgresql.JSONB(), nullable=False),
        sa.Column("extras", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "end_reason IN ('complete', 'incomplete', 'cancelled', 'unsuccessful')",
            name=op.f("ck_contracts_end_reason"),
        ),
        sa.CheckConstraint("origin IN ('native', 'import')", name=op.f("ck_contracts_origin")),
        sa.CheckConstraint(
            "procurement_method IN ('open', 'selective', 'limited', 'direct')",
            name=op.f("ck_contracts_procurement_method"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'pending', 'active', 'suspended', 'completed', 'terminated', 'cancelled')",
            name=op.f("ck_contracts_state"),
        ),
        sa.CheckConstraint("tenderers >= 0 AND beneficiary_population >= 0", name=op.f("ck_contracts_counts")),
        sa.CheckConstraint("value >= 0 AND budget >= 0 AND final_value >= 0", name=op.f("ck_contracts_amounts")),
        sa.CheckConstraint("version >= 1 AND facts_version >= 0", name=op.f("ck_contracts_version")),
        sa.ForeignKeyConstraint(["provider_id"], ["organisations.id"], name="fk_contracts_provider_id_organisations"),
        sa.ForeignKeyConstraint(["purchaser_id"], ["organisations.id"], name="fk_contracts_purchaser_id_organisations"),
        sa.PrimaryKeyConstraint("id", name="pk_contracts"),
    )
    op.create_index("ix_contracts_provider_id_id", "contracts", ["provider_id", "id"])
    op.create_index("ix_contracts_purchaser_id_id", "contracts", ["purchaser_id", "id"])
    op.create_index("ix_contracts_region", "contracts", ["region"])
    op.create_index("ix_contracts_state_id", "contracts", ["state", "id"])
    op.create_table(
        "organisation_external_ids",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_organisation_external_ids_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("source", "external_id", name="pk_organisation_external_ids"),
    )
    op.create_index("ix_organisation_external_ids_organisation_id", "organisation_external_ids", ["organisation_id"])
    op.create_table(
        "contract_amendments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("amended_on", sa.Date(), nullable=True),
        sa.Column("rationale", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_contract_amendments_number")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_contract_amendments_contract_id_contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_contract_amendments"),
        sa.UniqueConstraint("contract_id", "number", name="uq_contract_amendments_contract_id_number"),
    )
    op.create_table(
        "contract_external_ids",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name="fk_contract_external_ids_contract_id_contracts"
        ),
        sa.PrimaryKeyConstraint("source", "external_id", name="pk_contract_external_ids"),
    )
    op.create_index("ix_contract_external_ids_contract_id", "contract_external_ids", ["contract_id"])
    op.create_table(
        "contract_indicators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("target", sa.Numeric(precision=24, scale=8), nullable=False),
        sa.Column("zero_at", sa.Numeric(precision=24, scale=8), nullable=True),
        sa.Column("baseline", sa.Numeric(precision=24, scale=8), nullable=True),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("weight", sa.Numeric(precision=24, scale=8), nullable=False),
        sa.Column("accountable", sa.Text(), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "accountable IN ('purchaser', 'provider', 'joint', 'outside')",
            name=op.f("ck_contract_indicators_accountable"),
        ),
        sa.CheckConstraint(
            "aspect IN ('quantity', 'quality', 'timeliness', 'cost', 'economic', 'social', 'ecological', 'sustained', 'satisfaction')",
            name=op.f("ck_contract_indicators_aspect"),
        ),
        sa.CheckConstraint("direction IN ('higher', 'lower')", name=op.f("ck_contract_indicators_direction")),
        sa.CheckConstraint("level IN ('output', 'benefit', 'satisfaction')", name=op.f("ck_contract_indicators_level")),
        sa.CheckConstraint("missing IN ('hold', 'zero', 'reweight')", name=op.f("ck_contract_indicators_missing")),
        sa.CheckConstraint("standard IN ('plan', 'sector', 'history')", name=op.f("ck_contract_indicators_standard")),
        sa.CheckConstraint("weight > 0", name=op.f("ck_contract_indicators_weight")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_contract_indicators_contract_id_contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_contract_indicators"),
        sa.UniqueConstraint("contract_id", "code", name="uq_contract_indicators_contract_id_code"),
    )
    op.create_table(
        "contract_milestones",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("percentage", sa.Numeric(precision=24, scale=8), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('delivery', 'financing')", name=op.f("ck_contract_milestones_kind")),
        sa.CheckConstraint(
            "status IN ('scheduled', 'met', 'partlyMet', 'notMet')", name=op.f("ck_contract_milestones_status")
        ),
        sa.CheckConstraint("percentage >= 0 AND percentage <= 100", name=op.f("ck_contract_milestones_percentage")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_contract_milestones_contract_id_contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_contract_milestones"),
        sa.UniqueConstraint("contract_id", "code", name="uq_contract_milestones_contract_id_code"),
    )
    op.create_index("ix_contract_milestones_due_on", "contract_milestones", ["due_on"])
    op.create_table(
        "contract_milestone_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('met', 'partlyMet', 'notMet')", name=op.f("ck_contract_milestone_reports_status")
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["contract_milestones.id"],
            name="fk_contract_milestone_reports_milestone_id_contract_milestones",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contract_milestone_reports"),
    )
    op.create_index("ix_contract_milestone_reports_milestone_id", "contract_milestone_reports", ["milestone_id"])
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("debit_account", sa.Text(), nullable=False),
        sa.Column("credit_account", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=True),
        sa.Column("voucher", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("milestone_id", sa.Uuid(), nullable=True),
        sa.Column("reverses", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name=op.f("ck_ledger_entries_reversal")),
        sa.CheckConstraint(
            "credit_account IN ('commitments', 'commitments_reserve', 'services', 'payables', 'treasury', 'deductions')",
            name=op.f("ck_ledger_entries_credit_account"),
        ),
        sa.CheckConstraint(
            "debit_account IN ('commitments', 'commitments_reserve', 'services', 'payables', 'treasury', 'deductions')",
            name=op.f("ck_ledger_entries_debit_account"),
        ),
        sa.CheckConstraint(
            "kind IN ('commitment', 'acceptance', 'payment', 'deduction', 'refund', 'reversal')",
            name=op.f("ck_ledger_entries_kind"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_entries_amount")),
        sa.CheckConstraint("debit_account <> credit_account", name=op.f("ck_ledger_entries_two_accounts")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_ledger_entries_contract_id_contracts"),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["contract_milestones.id"], name="fk_ledger_entries_milestone_id_contract_milestones"
        ),
        sa.ForeignKeyConstraint(["reverses"], ["ledger_entries.id"], name="fk_ledger_entries_reverses_ledger_entries"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_entries"),
        sa.UniqueConstraint("contract_id", "external_id", name="uq_ledger_entries_contract_id_external_id"),
        sa.UniqueConstraint("contract_id", "voucher", name="uq_ledger_entries_contract_id_voucher"),
        sa.UniqueConstraint("reverses", name="uq_ledger_entries_reverses"),
    )
    op.create_index("ix_ledger_entries_contract_id_id", "ledger_entries", ["contract_id", "id"])
    op.create_index("ix_ledger_entries_region", "ledger_entries", ["region"])
    op.create_table(
        "observations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("indicator_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.Numeric(precision=24, scale=8), nullable=False),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("document_sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_observations_document_sha256")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_observations_contract_id_contracts"),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["contract_indicators.id"], name="fk_observations_indicator_id_contract_indicators"
        ),
        sa.ForeignKeyConstraint(["supersedes"], ["observations.id"], name="fk_observations_supersedes_observations"),
        sa.PrimaryKeyConstraint("id", name="pk_observations"),
        sa.UniqueConstraint("supersedes", name="uq_observations_supersedes"),
    )
    op.create_index("ix_observations_contract_id_id", "observations", ["contract_id", "id"])
    op.create_index("ix_observations_indicator_id", "observations", ["indicator_id"])
    op.create_index("ix_observations_region", "observations", ["region"])
    op.create_table(
        "acceptances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        sa.Column("accepted_value", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("opinion", postgresql.JSONB(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("result IN ('accepted', 'partlyAccepted', 'rejected')", name=op.f("ck_acceptances_result")),
        sa.CheckConstraint("(accepted_value > 0) = (entry_id IS NOT NULL)", name=op.f("ck_acceptances_entry")),
        sa.CheckConstraint("accepted_value >= 0", name=op.f("ck_acceptances_accepted_value")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_acceptances_contract_id_contracts"),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.id"], name="fk_acceptances_entry_id_ledger_entries"),
        sa.PrimaryKeyConstraint("id", name="pk_acceptances"),
        sa.UniqueConstraint("entry_id", name="uq_acceptances_entry_id"),
    )
    op.create_index("ix_acceptances_contract_id_id", "acceptances", ["contract_id", "id"])
    op.create_index("ix_acceptances_region", "acceptances", ["region"])

    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
