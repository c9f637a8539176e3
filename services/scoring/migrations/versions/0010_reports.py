"""Reports with their documents, and the scans of the sealed ones."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

APPEND_ONLY = ("report_files", "report_seals")


def upgrade() -> None:
    op.create_table(
        "report_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_report_files"),
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("framework_id", sa.String(length=64), nullable=True),
        sa.Column("determination_id", sa.Uuid(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("figures", postgresql.JSON(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('contract', 'annual')", name=op.f("ck_reports_kind")),
        sa.CheckConstraint("state IN ('queued', 'ready')", name=op.f("ck_reports_state")),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_reports_language")),
        sa.CheckConstraint(
            "CASE kind WHEN 'contract' THEN determination_id IS NOT NULL AND content_hash IS NOT NULL "
            "AND contract_id IS NOT NULL ELSE year IS NOT NULL END",
            name=op.f("ck_reports_about"),
        ),
        sa.CheckConstraint("(state = 'ready') = (document_sha256 IS NOT NULL)", name=op.f("ck_reports_document")),
        sa.ForeignKeyConstraint(
            ["document_sha256"], ["report_files.sha256"], name="fk_reports_document_sha256_report_files"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sa.UniqueConstraint("region", "number", name="uq_reports_region_number"),
    )
    op.create_index("ix_reports_contract_id", "reports", ["contract_id"])
    op.create_index("ix_reports_region_kind_year", "reports", ["region", "kind", "year"])
    op.create_index(
        "uq_reports_determination_id",
        "reports",
        ["determination_id", "language"],
        unique=True,
        postgresql_where=sa.text("determination_id IS NOT NULL"),
    )
    op.create_table(
        "report_seals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("scan_sha256", sa.String(length=64), nullable=False),
        sa.Column("binding", sa.String(length=64), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(replaces IS NULL) = (reason IS NULL)", name=op.f("ck_report_seals_reason")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_report_seals_report_id_reports"),
        sa.ForeignKeyConstraint(
            ["scan_sha256"], ["report_files.sha256"], name="fk_report_seals_scan_sha256_report_files"
        ),
        sa.ForeignKeyConstraint(["replaces"], ["report_seals.id"], name="fk_report_seals_replaces_report_seals"),
        sa.PrimaryKeyConstraint("id", name="pk_report_seals"),
        sa.UniqueConstraint("replaces", name="uq_report_seals_replaces"),
    )
    op.create_index("ix_report_seals_report_id", "report_seals", ["report_id"])
    op.create_index(
        "uq_report_seals_first",
        "report_seals",
        ["report_id"],
        unique=True,
        postgresql_where=sa.text("replaces IS NULL"),
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    # A report that is being made gets its figures and its document once; after that nothing of it changes.
    op.execute(
        "CREATE TRIGGER reports_ready_for_ever BEFORE UPDATE OR DELETE ON reports "
        "FOR EACH ROW WHEN (OLD.state = 'ready') EXECUTE FUNCTION refuse_change()"
    )
