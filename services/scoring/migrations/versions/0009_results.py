"""Use of results with its rules and calendar, rectifications, appeals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# The history of each is only added to, and the database holds the code to it.
APPEND_ONLY = ("clocks_told", "rectification_entries", "appeal_entries")


def upgrade() -> None:

    op.create_table(
        "appeals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("purchaser_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("against", sa.String(length=16), nullable=False),
        sa.Column("against_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=True),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("filed_by", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_by", sa.Date(), nullable=False),
        sa.Column("decide_by", sa.Date(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("document_title", sa.Text(), nullable=True),
        sa.Column("barred", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("suspends", sa.Boolean(), nullable=False),
        sa.Column("clock", sa.String(length=16), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_told", sa.Date(), nullable=True),
        sa.Column("overdue_told", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_number", sa.Text(), nullable=True),
        sa.Column("corrections", postgresql.JSONB(), nullable=False),
        sa.Column("new_determination_id", sa.Uuid(), nullable=True),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof_of_service", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(state = 'decided') = (outcome IS NOT NULL)", name=op.f("ck_appeals_decided")),
        sa.CheckConstraint("against IN ('determination', 'flag_decision')", name=op.f("ck_appeals_against")),
        sa.CheckConstraint("outcome IN ('upheld', 'changed', 'annulled', 'remitted')", name=op.f("ck_appeals_outcome")),
        sa.CheckConstraint("side IN ('provider', 'purchaser')", name=op.f("ck_appeals_side")),
        sa.CheckConstraint("state IN ('filed', 'decided', 'withdrawn')", name=op.f("ck_appeals_state")),
        sa.CheckConstraint(
            "outcome IS NULL OR (decided_by IS NOT NULL AND decision IS NOT NULL)", name=op.f("ck_appeals_decision")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_appeals_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    op.create_index(op.f("ix_appeals_contract_id_id"), "appeals", ["contract_id", "id"], unique=False)
    op.create_index(
        "ix_appeals_due_on", "appeals", ["due_on"], unique=False, postgresql_where=sa.text("due_on IS NOT NULL")
    )
    op.create_index(op.f("ix_appeals_provider_id"), "appeals", ["provider_id"], unique=False)
    op.create_index(op.f("ix_appeals_purchaser_id"), "appeals", ["purchaser_id"], unique=False)
    op.create_index(op.f("ix_appeals_region"), "appeals", ["region"], unique=False)
    op.create_index(
        "uq_appeals_open", "appeals", ["against_id", "side"], unique=True, postgresql_where=sa.text("state = 'filed'")
    )
    op.create_table(
        "calendar_days",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("country", "day", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "clocks_told",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("noun", sa.String(length=16), nullable=False),
        sa.Column("noun_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("clock", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("kind IN ('due', 'overdue')", name=op.f("ck_clocks_told_kind")),
        sa.CheckConstraint("noun IN ('result_use', 'rectification', 'appeal')", name=op.f("ck_clocks_told_noun")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clocks_told")),
        sa.UniqueConstraint(
            "noun_id", "clock", "kind", "due_on", name=op.f("uq_clocks_told_noun_id_clock_kind_due_on")
        ),
    )
    op.create_index(op.f("ix_clocks_told_region"), "clocks_told", ["region"], unique=False)
    op.create_table(
        "rectifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("purchaser_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("determination_id", sa.Uuid(), nullable=True),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("use_id", sa.Uuid(), nullable=True),
        sa.Column("responsible", sa.String(length=16), nullable=False),
        sa.Column("rule_set_id", sa.String(length=64), nullable=False),
        sa.Column("rule_set_version", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("demand", sa.Text(), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("clock", sa.String(length=16), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("begun_on", sa.Date(), nullable=True),
        sa.Column("due_told", sa.Date(), nullable=True),
        sa.Column("overdue_told", sa.Date(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_by", sa.Text(), nullable=True),
        sa.Column("resolution", sa.String(length=16), nullable=True),
        sa.Column("effects", postgresql.JSONB(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(cause = 'determination') = (determination_id IS NOT NULL)", name=op.f("ck_rectifications_determination")
        ),
        sa.CheckConstraint("(cause = 'finding') = (finding_id IS NOT NULL)", name=op.f("ck_rectifications_finding")),
        sa.CheckConstraint(
            "cause IN ('determination', 'finding', 'indicator', 'authorities', 'media', 'fiscal', 'public')",
            name=op.f("ck_rectifications_cause"),
        ),
        sa.CheckConstraint("resolution IN ('completely', 'partly', 'none')", name=op.f("ck_rectifications_resolution")),
        sa.CheckConstraint("responsible IN ('provider', 'purchaser')", name=op.f("ck_rectifications_responsible")),
        sa.CheckConstraint("state <> 'completed' OR resolution IS NOT NULL", name=op.f("ck_rectifications_completed")),
        sa.CheckConstraint(
            "state IN ('draft', 'active', 'addressed', 'declined', 'completed', 'closed', 'stopped', 'cancelled')",
            name=op.f("ck_rectifications_state"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_rectifications_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectifications")),
    )
    op.create_index(op.f("ix_rectifications_contract_id_id"), "rectifications", ["contract_id", "id"], unique=False)
    op.create_index(
        "ix_rectifications_due_on",
        "rectifications",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("due_on IS NOT NULL"),
    )
    op.create_index(op.f("ix_rectifications_provider_id"), "rectifications", ["provider_id"], unique=False)
    op.create_index(op.f("ix_rectifications_purchaser_id"), "rectifications", ["purchaser_id"], unique=False)
    op.create_index(op.f("ix_rectifications_region"), "rectifications", ["region"], unique=False)
    op.create_index("uq_rectifications_determination_id", "rectifications", ["determination_id"], unique=True)
    op.create_index("uq_rectifications_finding_id", "rectifications", ["finding_id"], unique=True)
    op.create_table(
        "result_openings",
        sa.Column("determination_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("purchaser_id", sa.Uuid(), nullable=True),
        sa.Column("rule_set_id", sa.String(length=64), nullable=False),
        sa.Column("rule_set_version", sa.String(length=32), nullable=False),
        sa.Column("replaced_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("determination_id", name=op.f("pk_result_openings")),
    )
    op.create_index(op.f("ix_result_openings_contract_id"), "result_openings", ["contract_id"], unique=False)
    op.create_index(op.f("ix_result_openings_purchaser_id"), "result_openings", ["purchaser_id"], unique=False)
    op.create_index(op.f("ix_result_openings_region"), "result_openings", ["region"], unique=False)
    op.create_table(
        "result_rule_sets",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("applies_to", sa.String(length=16), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'submitted') = (approved_by IS NULL)", name=op.f("ck_result_rule_sets_approved")),
        sa.CheckConstraint("state IN ('submitted', 'approved', 'retired')", name=op.f("ck_result_rule_sets_state")),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> submitted_by", name=op.f("ck_result_rule_sets_four_eyes")
        ),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_result_rule_sets")),
    )
    op.create_table(
        "result_uses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("determination_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("rectification_id", sa.Uuid(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("purchaser_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("rule_set_id", sa.String(length=64), nullable=False),
        sa.Column("rule_set_version", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("grade", sa.String(length=32), nullable=True),
        sa.Column("adverse", sa.Boolean(), nullable=False),
        sa.Column("bears_adverse", sa.Boolean(), nullable=False),
        sa.Column("money", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_told", sa.Date(), nullable=True),
        sa.Column("overdue_told", sa.Date(), nullable=True),
        sa.Column("suspended_on", sa.Date(), nullable=True),
        sa.Column("appeal_id", sa.Uuid(), nullable=True),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("proposed", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("decision", sa.String(length=64), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("document_title", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(state IN ('applied', 'waived')) = (closed_at IS NOT NULL)", name=op.f("ck_result_uses_closed_at")
        ),
        sa.CheckConstraint("basis IN ('grade', 'provider')", name=op.f("ck_result_uses_basis")),
        sa.CheckConstraint(
            "kind IN ('support', 'improve', 'cut', 'withhold', 'payment', 'renewal', 'budget', 'publish')",
            name=op.f("ck_result_uses_kind"),
        ),
        sa.CheckConstraint("owner IN ('finance', 'purchaser')", name=op.f("ck_result_uses_owner")),
        sa.CheckConstraint("state IN ('open', 'applied') OR reason IS NOT NULL", name=op.f("ck_result_uses_reason")),
        sa.CheckConstraint(
            "state IN ('open', 'blocked', 'suspended', 'applied', 'waived', 'void')", name=op.f("ck_result_uses_state")
        ),
        sa.CheckConstraint("amount >= 0 AND proposed >= 0 AND version >= 1", name=op.f("ck_result_uses_amounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_uses")),
        sa.UniqueConstraint(
            "determination_id",
            "rule",
            "rectification_id",
            name=op.f("uq_result_uses_determination_id_rule_rectification_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_result_uses_appeal_id"), "result_uses", ["appeal_id"], unique=False)
    op.create_index(op.f("ix_result_uses_contract_id_id"), "result_uses", ["contract_id", "id"], unique=False)
    op.create_index(
        "ix_result_uses_due_on", "result_uses", ["due_on"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(op.f("ix_result_uses_provider_id"), "result_uses", ["provider_id"], unique=False)
    op.create_index(op.f("ix_result_uses_purchaser_id"), "result_uses", ["purchaser_id"], unique=False)
    op.create_index(op.f("ix_result_uses_region"), "result_uses", ["region"], unique=False)
    op.create_table(
        "appeal_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("document_title", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('filed', 'withdrawn', 'suspension_lifted', 'suspension_ordered', 'decided', "
            "'served', 'determined')",
            name=op.f("ck_appeal_entries_kind"),
        ),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name=op.f("fk_appeal_entries_appeal_id_appeals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_entries")),
    )
    op.create_index(op.f("ix_appeal_entries_appeal_id_id"), "appeal_entries", ["appeal_id", "id"], unique=False)
    op.create_table(
        "rectification_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rectification_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("document_title", sa.Text(), nullable=True),
        sa.Column("reply_by", sa.Date(), nullable=True),
        sa.Column("answers", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('opened', 'activated', 'cancelled', 'concluded', 'question', 'answer', "
            "'reported', 'resolved', 'completed', 'closed', 'stopped', 'resumed')",
            name=op.f("ck_rectification_entries_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["rectification_id"],
            ["rectifications.id"],
            name=op.f("fk_rectification_entries_rectification_id_rectifications"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_entries")),
    )
    op.create_index(
        op.f("ix_rectification_entries_rectification_id_id"),
        "rectification_entries",
        ["rectification_id", "id"],
        unique=False,
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
