"""Obligations, inspections, findings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inspections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("inspectors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("checklist", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("documents", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(state = 'carriedOut') = (visited_on IS NOT NULL)", name=op.f("ck_inspections_visited")),
        sa.CheckConstraint("state IN ('planned', 'carriedOut', 'cancelled')", name=op.f("ck_inspections_state")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_inspections_version")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_inspections_contract_id_contracts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
    )
    op.create_index(op.f("ix_inspections_contract_id_id"), "inspections", ["contract_id", "id"], unique=False)
    op.create_index(op.f("ix_inspections_region"), "inspections", ["region"], unique=False)
    op.create_table(
        "findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("responsible", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("demand", sa.Text(), nullable=False),
        sa.Column("violations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=True),
        sa.Column("begun_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("conclude_by", sa.Date(), nullable=True),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_by", sa.Date(), nullable=True),
        sa.Column("reported_by", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("liability", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(reason = 'inspection') = (inspection_id IS NOT NULL)", name=op.f("ck_findings_inspection")
        ),
        sa.CheckConstraint("clock IN ('conclude', 'report', 'close')", name=op.f("ck_findings_clock")),
        sa.CheckConstraint(
            "reason IN ('inspection', 'indicator', 'authorities', 'media', 'fiscal', 'public')",
            name=op.f("ck_findings_reason"),
        ),
        sa.CheckConstraint("resolution IN ('completely', 'partly', 'none')", name=op.f("ck_findings_resolution")),
        sa.CheckConstraint("responsible IN ('provider', 'purchaser')", name=op.f("ck_findings_responsible")),
        sa.CheckConstraint("state <> 'completed' OR resolution IS NOT NULL", name=op.f("ck_findings_completed")),
        sa.CheckConstraint(
            "state IN ('draft', 'active', 'addressed', 'declined', 'completed', 'closed', 'stopped', 'cancelled')",
            name=op.f("ck_findings_state"),
        ),
        sa.CheckConstraint("(clock IS NULL) = (due_on IS NULL)", name=op.f("ck_findings_due")),
        sa.CheckConstraint("resolved_by <> reported_by", name=op.f("ck_findings_two_persons")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_findings_version")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_findings_contract_id_contracts")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_findings_inspection_id_inspections")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index(op.f("ix_findings_contract_id_id"), "findings", ["contract_id", "id"], unique=False)
    op.create_index(op.f("ix_findings_inspection_id"), "findings", ["inspection_id"], unique=False)
    op.create_index(op.f("ix_findings_region"), "findings", ["region"], unique=False)
    op.create_index(op.f("ix_findings_state_due_on"), "findings", ["state", "due_on"], unique=False)
    op.create_table(
        "finding_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("document_title", sa.Text(), nullable=True),
        sa.Column("reply_by", sa.Date(), nullable=True),
        sa.Column("answers", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('opened', 'activated', 'cancelled', 'concluded', 'question', 'answer', 'reported', "
            "'resolved', 'appealed', 'liability', 'effect', 'completed', 'closed', 'stopped', 'resumed')",
            name=op.f("ck_finding_entries_kind"),
        ),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_entries_finding_id_findings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_entries")),
    )
    op.create_index(op.f("ix_finding_entries_finding_id_id"), "finding_entries", ["finding_id", "id"], unique=False)
    op.create_table(
        "finding_effects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("entry_id IS NULL OR kind = 'payment'", name=op.f("ck_finding_effects_entry")),
        sa.CheckConstraint("kind IN ('payment', 'renewal', 'budget')", name=op.f("ck_finding_effects_kind")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_finding_effects_amount")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_finding_effects_contract_id_contracts")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_finding_effects_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_effects_finding_id_findings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_effects")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_finding_effects_entry_id")),
    )
    op.create_index(op.f("ix_finding_effects_contract_id_id"), "finding_effects", ["contract_id", "id"], unique=False)
    op.create_index(op.f("ix_finding_effects_finding_id_id"), "finding_effects", ["finding_id", "id"], unique=False)
    op.create_index(op.f("ix_finding_effects_region"), "finding_effects", ["region"], unique=False)
    op.create_table(
        "obligations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("proof_kind", sa.Text(), nullable=True),
        sa.Column("proof_id", sa.Uuid(), nullable=True),
        sa.Column("waived", sa.Boolean(), nullable=False),
        sa.Column("lapsed", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("due_told", sa.Date(), nullable=True),
        sa.Column("overdue_told", sa.Date(), nullable=True),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("nature IN ('duty', 'right')", name=op.f("ck_obligations_nature")),
        sa.CheckConstraint(
            "side IN ('purchaser', 'provider', 'evaluator', 'beneficiary', 'finance')", name=op.f("ck_obligations_side")
        ),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_obligations_contract_id_contracts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligations")),
    )
    op.create_index(op.f("ix_obligations_contract_id"), "obligations", ["contract_id"], unique=False)
    op.create_index(
        "ix_obligations_organisation_id_due_on_id", "obligations", ["organisation_id", "due_on", "id"], unique=False
    )
    op.create_index(op.f("ix_obligations_region"), "obligations", ["region"], unique=False)
    op.create_index(
        "ix_obligations_untold",
        "obligations",
        ["due_on", "id"],
        unique=False,
        postgresql_where=sa.text(
            "nature = 'duty' AND done_on IS NULL AND NOT waived AND NOT lapsed AND overdue_told IS DISTINCT FROM due_on"
        ),
    )
    op.create_table(
        "obligation_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "kind = 'waiver' OR (done_on IS NOT NULL AND approved_by IS NULL)", name=op.f("ck_obligation_acts_proof")
        ),
        sa.CheckConstraint("kind IN ('proof', 'waiver')", name=op.f("ck_obligation_acts_kind")),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_obligation_acts_approval")),
        sa.CheckConstraint("approved_by <> recorded_by", name=op.f("ck_obligation_acts_two_persons")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_obligation_acts_contract_id_contracts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation_acts")),
    )
    op.create_index(op.f("ix_obligation_acts_contract_id_id"), "obligation_acts", ["contract_id", "id"], unique=False)
    op.create_index(op.f("ix_obligation_acts_region"), "obligation_acts", ["region"], unique=False)
    op.create_index(
        "uq_obligation_acts_obligation_id_waiver",
        "obligation_acts",
        ["obligation_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'waiver'"),
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("regions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_calendar_feeds_revoked")),
        sa.CheckConstraint("length(secret_sha256) = 64", name=op.f("ck_calendar_feeds_secret")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_calendar_feeds_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_calendar_feeds_secret_sha256")),
    )
    op.create_index(
        op.f("ix_calendar_feeds_organisation_id_id"), "calendar_feeds", ["organisation_id", "id"], unique=False
    )
    op.create_table(
        "obligation_position",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_obligation_position_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation_position")),
    )
