"""The log of changes with its triggers, and the imported releases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Counters and remarks about the row: when only these change, nothing changed that anybody would be told.
BESIDE = "ARRAY['version', 'facts_version', 'updated_at', 'moved_at', 'gaps', 'warnings', 'extras']"
FACTS = {
    # table: noun, time, condition; an imported transaction is told by the release that it came with
    "ledger_entries": ("ledger", "recorded_at", "WHEN (NEW.external_id IS NULL)"),
    "observations": ("observation", "recorded_at", ""),
    "acceptances": ("acceptance", "recorded_at", ""),
}
APPEND_ONLY = ("contract_changes", "imported_releases", "imported_release_contracts")
INSERT = (
    "INSERT INTO contract_changes "
    "(epoch, xid, contract_id, region, noun, noun_id, state, version, simulated, terms, changed_at) "
)
EPOCH = "(SELECT epoch FROM relay_state WHERE source = 'contracts')"
XID = "pg_current_xact_id()::text::bigint"
TERMS = "- ARRAY['extras', 'gaps', 'warnings']"


def upgrade() -> None:
    op.create_table(
        "contract_changes",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("noun_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "noun IN ('contract', 'milestone', 'ledger', 'observation', 'acceptance', 'import')",
            name=op.f("ck_contract_changes_noun"),
        ),
        sa.PrimaryKeyConstraint("n", name="pk_contract_changes"),
    )
    op.create_index("ix_contract_changes_epoch_xid_n", "contract_changes", ["epoch", "xid", "n"])
    op.create_index(
        "ix_contract_changes_contract_id_epoch_xid_n", "contract_changes", ["contract_id", "epoch", "xid", "n"]
    )
    op.create_index("ix_contract_changes_region", "contract_changes", ["region"])
    op.create_table(
        "imported_releases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ocid", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("published_id", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imported_releases"),
        sa.UniqueConstraint("ocid", "sha256", name="uq_imported_releases_ocid_sha256"),
        sa.UniqueConstraint("ocid", "published_id", name="uq_imported_releases_ocid_published_id"),
    )
    op.create_table(
        "imported_release_contracts",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("contract_ref", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["imported_releases.id"], name="fk_imported_release_contracts_release_id_imported_releases"
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name="fk_imported_release_contracts_contract_id_contracts"
        ),
        sa.PrimaryKeyConstraint("release_id", "contract_id", name="pk_imported_release_contracts"),
    )
    op.create_index("ix_imported_release_contracts_contract_id", "imported_release_contracts", ["contract_id"])
    _triggers()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    _tell_what_is_there()


def _triggers() -> None:
    op.execute(
        f"""
        CREATE FUNCTION log_contract_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - {BESIDE} = to_jsonb(OLD) - {BESIDE} THEN
                RETURN NULL;
            END IF;
            {INSERT}
            VALUES ({EPOCH}, {XID}, NEW.id, NEW.region, 'contract', NEW.id, NEW.state, NEW.version, NEW.simulated,
                to_jsonb(NEW) {TERMS}, NEW.updated_at);
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER contracts_change AFTER INSERT OR UPDATE OF version ON contracts "
        "FOR EACH ROW WHEN (NEW.state <> 'draft') EXECUTE FUNCTION log_contract_change()"
    )
    # TG_ARGV: the noun and the column of its time.
    op.execute(
        f"""
        CREATE FUNCTION log_fact_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {INSERT}
            SELECT {EPOCH}, {XID}, id, region, TG_ARGV[0], NEW.id, state, version, simulated, NULL,
                (to_jsonb(NEW) ->> TG_ARGV[1])::timestamptz
            FROM contracts WHERE id = NEW.contract_id AND state <> 'draft';
            RETURN NULL;
        END $$
        """
    )
    for table, (noun, at, condition) in FACTS.items():
        op.execute(
            f"CREATE TRIGGER {table}_change AFTER INSERT ON {table} "
            f"FOR EACH ROW {condition} EXECUTE FUNCTION log_fact_change('{noun}', '{at}')"
        )
    op.execute(
        f"""
        CREATE FUNCTION log_milestone_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {INSERT}
            SELECT {EPOCH}, {XID}, contract.id, contract.region, 'milestone', NEW.id, contract.state, contract.version,
                contract.simulated, NULL, NEW.reported_at
            FROM contract_milestones AS milestone JOIN contracts AS contract ON contract.id = milestone.contract_id
            WHERE milestone.id = NEW.milestone_id;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER contract_milestone_reports_change AFTER INSERT ON contract_milestone_reports "
        "FOR EACH ROW EXECUTE FUNCTION log_milestone_change()"
    )
    op.execute(
        f"""
        CREATE FUNCTION log_import_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {INSERT}
            SELECT {EPOCH}, {XID}, contract.id, contract.region, 'import', NEW.release_id, contract.state,
                contract.version, contract.simulated, NULL, imported.recorded_at
            FROM contracts AS contract, imported_releases AS imported
            WHERE contract.id = NEW.contract_id AND imported.id = NEW.release_id;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER imported_release_contracts_change AFTER INSERT ON imported_release_contracts "
        "FOR EACH ROW EXECUTE FUNCTION log_import_change()"
    )


def _tell_what_is_there() -> None:
    """Contracts and facts that are older than the log enter it once, as they are now."""
    op.execute(
        f"{INSERT} SELECT {EPOCH}, {XID}, id, region, 'contract', id, state, version, simulated, "
        f"to_jsonb(contracts) {TERMS}, updated_at FROM contracts WHERE state <> 'draft' ORDER BY id"
    )
    for table, (noun, at, condition) in FACTS.items():
        wanted = "AND fact.external_id IS NULL" if condition else ""
        op.execute(
            f"{INSERT} SELECT {EPOCH}, {XID}, contract.id, contract.region, '{noun}', fact.id, contract.state, "
            f"contract.version, contract.simulated, NULL, fact.{at} FROM {table} AS fact "
            f"JOIN contracts AS contract ON contract.id = fact.contract_id "
            f"WHERE contract.state <> 'draft' {wanted} ORDER BY fact.id"
        )
    op.execute(
        f"{INSERT} SELECT {EPOCH}, {XID}, contract.id, contract.region, 'milestone', report.id, contract.state, "
        "contract.version, contract.simulated, NULL, report.reported_at FROM contract_milestone_reports AS report "
        "JOIN contract_milestones AS milestone ON milestone.id = report.milestone_id "
        "JOIN contracts AS contract ON contract.id = milestone.contract_id ORDER BY report.id"
    )
