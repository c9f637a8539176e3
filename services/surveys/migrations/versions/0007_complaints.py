"""Complaints with their history; contact data in a table of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("code_key", sa.LargeBinary(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("service_code", sa.String(length=16), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_notes", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("kind IN ('complaint', 'suggestion', 'praise', 'report')", name=op.f("ck_complaints_kind")),
        sa.CheckConstraint(
            "service_code IN ('quality', 'timeliness', 'staff', 'access', 'information', 'cost', 'safety', "
            "'integrity', 'other')",
            name=op.f("ck_complaints_service_code"),
        ),
        sa.CheckConstraint("severity IN ('low', 'normal', 'high', 'urgent')", name=op.f("ck_complaints_severity")),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_complaints_status")),
        sa.CheckConstraint("outcome IN ('resolved', 'unconfirmed')", name=op.f("ck_complaints_outcome")),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_complaints_closed_at")),
        sa.CheckConstraint("outcome IS NULL OR status = 'closed'", name=op.f("ck_complaints_outcome_closed")),
        sa.CheckConstraint(
            "asked BETWEEN 0 AND 2 AND reopened >= 0 AND version >= 1", name=op.f("ck_complaints_counts")
        ),
        sa.CheckConstraint(
            "octet_length(code_key) = 32 AND octet_length(content_sha256) = 32", name=op.f("ck_complaints_hashes")
        ),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_complaints_contract_id_contracts"),
        sa.PrimaryKeyConstraint("id", name="pk_complaints"),
    )
    op.create_index("uq_complaints_code_key", "complaints", ["code_key"], unique=True)
    op.create_index(
        "ix_complaints_contract_id_requested_at_id", "complaints", ["contract_id", "requested_at", "id"], unique=False
    )
    op.create_index("ix_complaints_requested_at_id", "complaints", ["requested_at", "id"], unique=False)
    op.create_index(
        "ix_complaints_ask_at", "complaints", ["ask_at"], unique=False, postgresql_where=sa.text("ask_at IS NOT NULL")
    )
    op.create_index("ix_complaints_region", "complaints", ["region"], unique=False)
    op.create_table(
        "complaint_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("author", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('received', 'triaged', 'replied', 'closed', 'asked', 'resolved', 'not_resolved', 'reopened', "
            "'unconfirmed', 'contact_deleted')",
            name=op.f("ck_complaint_entries_kind"),
        ),
        sa.CheckConstraint(
            "author IN ('citizen', 'provider', 'officer', 'system')", name=op.f("ck_complaint_entries_author")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name="fk_complaint_entries_complaint_id_complaints"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_complaint_entries"),
    )
    op.create_index("ix_complaint_entries_complaint_id_id", "complaint_entries", ["complaint_id", "id"], unique=False)
    op.execute(
        "CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON complaint_entries "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "complaint_contacts",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("delete_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name="fk_complaint_contacts_complaint_id_complaints"
        ),
        sa.PrimaryKeyConstraint("complaint_id", name="pk_complaint_contacts"),
    )
    op.create_index("ix_complaint_contacts_delete_at", "complaint_contacts", ["delete_at"], unique=False)
