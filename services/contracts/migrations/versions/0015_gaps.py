"""Erasing files and rows, confirmations of amendments and settlements, finance's calendars, combined observations, log."""

# ruff: noqa: S608 - SQL of constants

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NOUNS = (
    "contract",
    "milestone",
    "ledger",
    "observation",
    "acceptance",
    "import",
    "document",
    "failure",
    "evaluation",
    "inspection",
    "finding",
    "settlement",
)
RETAINED = "noun IN ('records', 'freeText', 'personalFields', 'individuals', 'imports')"
CHECKS = {
    ("documents", "storage"): "storage IN ('reference', 'awaited', 'stored', 'erased')",
    ("table_imports", "state"): "state IN ('receiving', 'reading', 'checking', 'checked', 'applying', 'applied', "
    "'undoing', 'undone', 'refused', 'erased')",
    ("retention_periods", "noun"): RETAINED,
    ("retention_erasures", "noun"): RETAINED,
    ("contract_changes", "noun"): f"noun IN {NOUNS}",
}
FINANCE = (
    "side = 'finance' OR (side = 'purchaser' AND nature = 'duty' AND (code LIKE 'pay:%' OR code LIKE 'alert:%'))"
)
INSERT = (
    "INSERT INTO contract_changes "
    "(epoch, xid, contract_id, region, noun, noun_id, state, version, simulated, terms, changed_at) "
    "SELECT (SELECT epoch FROM relay_state WHERE source = 'contracts'), pg_current_xact_id()::text::bigint, "
    "contract.id, contract.region, {noun}, {id}, contract.state, contract.version, contract.simulated, NULL, {at} "
)
ENDED = "('declined', 'completed', 'closed')"
AGREED = "coalesce(settled_at, ordered_at, greatest(purchaser_at, provider_at))"


def upgrade() -> None:
    _checks()
    _indexes()
    _confirmations()
    _observations()
    _calendars()
    _log()


def _checks() -> None:
    for (table, name), condition in CHECKS.items():
        constraint = f"ck_{table}_{name}"
        op.drop_constraint(op.f(constraint), table)
        # Two steps: rows are checked without keeping writers out.
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({condition}) NOT VALID")
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}")


def _indexes() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_table_import_rows_target_id",
            "table_import_rows",
            ["target_id"],
            postgresql_where=sa.text("target_id IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_table_import_references_target_id",
            "table_import_references",
            ["target_id"],
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_obligations_finance",
            "obligations",
            ["due_on", "id"],
            postgresql_where=sa.text(FINANCE),
            postgresql_concurrently=True,
        )


def _confirmations() -> None:
    """One table for the confirmations of the terms, of amendments and of settlements; null: the contract's terms."""
    op.add_column("contract_confirmations", sa.Column("about_id", sa.Uuid(), nullable=True))
    op.drop_index("uq_contract_confirmations_standing", "contract_confirmations")
    op.create_index(
        "uq_contract_confirmations_standing",
        "contract_confirmations",
        ["contract_id", "side", "organisation_id", "about_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )


def _observations() -> None:
    """What an observation of the whole was made from, where it was combined from those of the parts."""
    op.add_column("observations", sa.Column("combined", postgresql.JSONB(), nullable=True))


def _calendars() -> None:
    op.add_column("calendar_feeds", sa.Column("finance_of", sa.String(length=16), nullable=True))
    op.alter_column("calendar_feeds", "organisation_id", nullable=True)
    op.execute(
        "ALTER TABLE calendar_feeds ADD CONSTRAINT ck_calendar_feeds_whose "
        "CHECK (num_nonnulls(organisation_id, finance_of) = 1) NOT VALID"
    )
    op.execute("ALTER TABLE calendar_feeds VALIDATE CONSTRAINT ck_calendar_feeds_whose")
    op.create_index("ix_calendar_feeds_finance_of_id", "calendar_feeds", ["finance_of", "id"])


def _log() -> None:
    """Inspections once they were carried out, findings once they have ended, settlements once they bind."""
    op.execute(
        "CREATE TRIGGER inspections_change AFTER INSERT OR UPDATE ON inspections FOR EACH ROW "
        "WHEN (NEW.state = 'carriedOut') EXECUTE FUNCTION log_fact_change('inspection', 'updated_at')"
    )
    op.execute(
        f"CREATE TRIGGER findings_change AFTER UPDATE ON findings FOR EACH ROW WHEN ((NEW.state IN {ENDED} "
        f"OR OLD.state IN {ENDED}) AND (NEW.state IS DISTINCT FROM OLD.state "
        "OR NEW.resolution IS DISTINCT FROM OLD.resolution OR NEW.appeal IS DISTINCT FROM OLD.appeal)) "
        "EXECUTE FUNCTION log_fact_change('finding', 'updated_at')"
    )
    effect = INSERT.format(noun="'finding'", id="NEW.finding_id", at="NEW.recorded_at")
    op.execute(
        f"""
        CREATE FUNCTION log_finding_effect() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {effect} FROM findings AS finding JOIN contracts AS contract ON contract.id = finding.contract_id
            WHERE finding.id = NEW.finding_id AND finding.state IN {ENDED} AND contract.state <> 'draft';
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER finding_effects_change AFTER INSERT ON finding_effects FOR EACH ROW "
        "EXECUTE FUNCTION log_finding_effect()"
    )
    settled = "coalesce(NEW.settled_at, NEW.ordered_at, greatest(NEW.purchaser_at, NEW.provider_at))"
    told = INSERT.format(noun="'settlement'", id="NEW.id", at=settled)
    op.execute(
        f"""
        CREATE FUNCTION log_settlement_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {told} FROM contracts AS contract WHERE contract.id = NEW.contract_id AND contract.state <> 'draft';
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER settlements_change AFTER UPDATE ON settlements FOR EACH ROW "
        "WHEN (NEW.state IN ('agreed', 'ordered', 'settled') AND NEW.state IS DISTINCT FROM OLD.state) "
        "EXECUTE FUNCTION log_settlement_change()"
    )
    # What is older enters the log once, as it is now.
    for table, noun, at, condition in (
        ("inspections", "inspection", "fact.updated_at", "fact.state = 'carriedOut'"),
        ("findings", "finding", "fact.updated_at", f"fact.state IN {ENDED}"),
        ("settlements", "settlement", AGREED, "fact.state IN ('agreed', 'ordered', 'settled')"),
    ):
        op.execute(
            INSERT.format(noun=f"'{noun}'", id="fact.id", at=at)
            + f"FROM {table} AS fact JOIN contracts AS contract ON contract.id = fact.contract_id "
            f"WHERE {condition} AND contract.state <> 'draft' ORDER BY fact.id"
        )
