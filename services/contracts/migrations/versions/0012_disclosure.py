"""Disclosure, retention, holds, the year's campaign."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSERT = (
    "INSERT INTO contract_changes "
    "(epoch, xid, contract_id, region, noun, noun_id, state, version, simulated, terms, changed_at) "
)
EPOCH = "(SELECT epoch FROM relay_state WHERE source = 'contracts')"
XID = "pg_current_xact_id()::text::bigint"
TERMS = "- ARRAY['extras', 'gaps', 'warnings']"


def upgrade() -> None:
    op.create_table(
        "disclosure_marks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=24), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(subject = 'contract') = (target = '*')", name=op.f("ck_disclosure_marks_target")),
        sa.CheckConstraint(
            "level IN ('internal', 'commercialSecret', 'personal')", name=op.f("ck_disclosure_marks_level")
        ),
        sa.CheckConstraint(
            "subject <> 'field' OR target IN ('title', 'contractNumber', 'money', 'provider', "
            "'competition', 'clauses', 'needsBasis', 'reasons', 'indicators', 'milestones', 'amendments', "
            "'externalIds', 'opinion')",
            name=op.f("ck_disclosure_marks_field"),
        ),
        sa.CheckConstraint("subject IN ('contract', 'field', 'document')", name=op.f("ck_disclosure_marks_subject")),
        sa.CheckConstraint("reviewed_by <> set_by", name=op.f("ck_disclosure_marks_second_person")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_disclosure_marks_version")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_disclosure_marks_contract_id_contracts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_marks")),
    )
    op.create_index(op.f("ix_disclosure_marks_contract_id"), "disclosure_marks", ["contract_id"], unique=False)
    op.create_index(op.f("ix_disclosure_marks_region"), "disclosure_marks", ["region"], unique=False)
    op.create_index(op.f("ix_disclosure_marks_until"), "disclosure_marks", ["until"], unique=False)
    op.create_index(
        "uq_disclosure_marks_standing",
        "disclosure_marks",
        ["contract_id", "subject", "target"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "retention_periods",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("noun", sa.String(length=24), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "noun IN ('records', 'freeText', 'personalFields', 'individuals')", name=op.f("ck_retention_periods_noun")
        ),
        sa.CheckConstraint("confirmed_by <> set_by", name=op.f("ck_retention_periods_second_person")),
        sa.CheckConstraint("years BETWEEN 1 AND 100", name=op.f("ck_retention_periods_years")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_periods")),
    )
    op.create_index(
        op.f("ix_retention_periods_scope_noun_id"), "retention_periods", ["scope", "noun", "id"], unique=False
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("kind IN ('appeal', 'order')", name=op.f("ck_legal_holds_kind")),
        sa.CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name=op.f("ck_legal_holds_released")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_legal_holds_version")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_legal_holds_contract_id_contracts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index(op.f("ix_legal_holds_contract_id"), "legal_holds", ["contract_id"], unique=False)
    op.create_index(op.f("ix_legal_holds_region"), "legal_holds", ["region"], unique=False)
    op.create_table(
        "retention_erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("noun", sa.String(length=24), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "noun IN ('records', 'freeText', 'personalFields', 'individuals')", name=op.f("ck_retention_erasures_noun")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_erasures")),
    )
    op.create_index(op.f("ix_retention_erasures_about_id"), "retention_erasures", ["about_id"], unique=False)
    op.create_index(op.f("ix_retention_erasures_noun_id"), "retention_erasures", ["noun", "id"], unique=False)
    op.create_index(op.f("ix_retention_erasures_region"), "retention_erasures", ["region"], unique=False)
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("units", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("remind_days", sa.Integer(), nullable=False),
        sa.Column("requirements", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'locked')", name=op.f("ck_campaigns_state")),
        sa.CheckConstraint("due_on >= opens_on", name=op.f("ck_campaigns_deadlines")),
        sa.CheckConstraint("remind_days BETWEEN 0 AND 90", name=op.f("ck_campaigns_remind_days")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_campaigns_version")),
        sa.CheckConstraint("year BETWEEN 1990 AND 2100", name=op.f("ck_campaigns_year")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index(op.f("ix_campaigns_scope_year"), "campaigns", ["scope", "year"], unique=False)
    op.create_table(
        "campaign_returns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("figures", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("submitted_by", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'submitted', 'returned', 'locked')", name=op.f("ck_campaign_returns_state")
        ),
        sa.CheckConstraint("version >= 1 AND rounds >= 0", name=op.f("ck_campaign_returns_version")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_returns_campaign_id_campaigns")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_campaign_returns_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_returns")),
        sa.UniqueConstraint(
            "campaign_id",
            "organisation_id",
            "region",
            name=op.f("uq_campaign_returns_campaign_id_organisation_id_region"),
        ),
    )
    op.create_index(op.f("ix_campaign_returns_campaign_id_id"), "campaign_returns", ["campaign_id", "id"], unique=False)
    op.create_index(op.f("ix_campaign_returns_region"), "campaign_returns", ["region"], unique=False)
    op.create_index(op.f("ix_campaign_returns_state_due_on"), "campaign_returns", ["state", "due_on"], unique=False)
    op.create_table(
        "campaign_reminders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("kind IN ('dueSoon', 'overdue')", name=op.f("ck_campaign_reminders_kind")),
        sa.ForeignKeyConstraint(
            ["return_id"], ["campaign_returns.id"], name=op.f("fk_campaign_reminders_return_id_campaign_returns")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_reminders")),
        sa.UniqueConstraint("return_id", "kind", "due_on", name=op.f("uq_campaign_reminders_return_id_kind_due_on")),
    )
    op.create_index(op.f("ix_campaign_reminders_region"), "campaign_reminders", ["region"], unique=False)

    _triggers()


def _triggers() -> None:
    # Whoever copies published contracts is told when a mark begins or ends: the contract enters the log once more.
    op.execute(
        f"""
        CREATE FUNCTION log_disclosure_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {INSERT}
            SELECT {EPOCH}, {XID}, contract.id, contract.region, 'contract', contract.id, contract.state,
                contract.version, contract.simulated, to_jsonb(contract) {TERMS}, coalesce(NEW.ended_at, NEW.set_at)
            FROM contracts AS contract WHERE contract.id = NEW.contract_id AND contract.state <> 'draft';
            RETURN NULL;
        END $$
        """  # noqa: S608 - constants only
    )
    op.execute(
        "CREATE TRIGGER disclosure_marks_change AFTER INSERT OR UPDATE OF ended_at ON disclosure_marks "
        "FOR EACH ROW EXECUTE FUNCTION log_disclosure_change()"
    )
    # What the retention job erases is append-only for everybody else; the setting ends with its transaction.
    op.execute(
        """
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF current_setting('gongping.erasing', true) = 'on' THEN
                RETURN coalesce(NEW, OLD);
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER retention_erasures_append_only BEFORE UPDATE OR DELETE ON retention_erasures "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
