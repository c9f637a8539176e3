"""Frameworks that regions register, and the stamp of what is in force."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Once a version is approved, its document and where it applies stay; the database holds the code to it.
KEEP = """
CREATE FUNCTION keep_framework_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('approved', 'retired') AND (TG_OP = 'DELETE' OR
        (NEW.framework_id, NEW.framework_version, NEW.scope, NEW.hash, CAST(NEW.document AS text), NEW.approved_by,
            NEW.approved_at)
        IS DISTINCT FROM (OLD.framework_id, OLD.framework_version, OLD.scope, OLD.hash, CAST(OLD.document AS text),
            OLD.approved_by, OLD.approved_at)) THEN
        RAISE EXCEPTION 'an approved framework version never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "framework_versions",
        sa.Column("framework_id", sa.String(length=64), nullable=False),
        sa.Column("framework_version", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", postgresql.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_reason", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval_reason", sa.Text(), nullable=True),
        sa.Column("targets_reason", sa.Text(), nullable=True),
        sa.Column("retired_by", sa.Text(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retirement_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'approved', 'retired')", name=op.f("ck_framework_versions_state")
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'retired')) = (approved_by IS NOT NULL) AND "
            "(state = 'draft') = (submitted_by IS NULL) AND (state = 'retired') = (retired_by IS NOT NULL)",
            name=op.f("ck_framework_versions_acts"),
        ),
        sa.CheckConstraint(
            "approved_by <> created_by AND approved_by <> submitted_by",
            name=op.f("ck_framework_versions_second_person"),
        ),
        sa.PrimaryKeyConstraint("framework_id", "framework_version", name="pk_framework_versions"),
    )
    op.create_index("ix_framework_versions_scope", "framework_versions", ["scope"])
    op.create_table(
        "framework_registry",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("stamp", sa.Uuid(), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_framework_registry_one")),
        sa.PrimaryKeyConstraint("one", name="pk_framework_registry"),
    )
    op.create_table(
        "framework_impacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("framework_id", sa.String(length=64), nullable=False),
        sa.Column("framework_version", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("against", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("contracts", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Numeric(precision=15, scale=6), nullable=False),
        sa.Column("transitions", postgresql.JSON(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('running', 'done', 'stale')", name=op.f("ck_framework_impacts_state")),
        sa.PrimaryKeyConstraint("id", name="pk_framework_impacts"),
    )
    op.create_index(
        "ix_framework_impacts_framework_id_framework_version",
        "framework_impacts",
        ["framework_id", "framework_version", "id"],
    )
    op.create_table(
        "framework_impact_changes",
        sa.Column("impact_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("score_before", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("grade_before", sa.String(length=32), nullable=True),
        sa.Column("score_after", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("grade_after", sa.String(length=32), nullable=False),
        sa.Column("probability", sa.Numeric(precision=7, scale=6), nullable=False),
        sa.ForeignKeyConstraint(
            ["impact_id"], ["framework_impacts.id"], name="fk_framework_impact_changes_impact_id_framework_impacts"
        ),
        sa.PrimaryKeyConstraint("impact_id", "contract_id", name="pk_framework_impact_changes"),
    )
    op.execute("INSERT INTO framework_registry (one, stamp) VALUES (true, '00000000-0000-0000-0000-000000000000')")
    op.execute(KEEP)
    op.execute(
        "CREATE TRIGGER framework_versions_keep BEFORE UPDATE OR DELETE ON framework_versions "
        "FOR EACH ROW EXECUTE FUNCTION keep_framework_version()"
    )
