"""Imports of tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


# What the log of changes is told of new facts (0005), now once per statement instead of once per row: an import adds
# thousands of them at once. An imported transaction is told by the release that it came with; that of a table came
# with none.
_LOGGED = """
CREATE FUNCTION log_{table}_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contract_changes
        (epoch, xid, contract_id, region, noun, noun_id, state, version, simulated, terms, changed_at)
    SELECT (SELECT epoch FROM relay_state WHERE source = 'contracts'), pg_current_xact_id()::text::bigint, contract.id,
        contract.region, '{noun}', added.id, contract.state, contract.version, contract.simulated, NULL,
        added.recorded_at
    FROM added JOIN contracts AS contract ON contract.id = added.contract_id
    WHERE contract.state <> 'draft'{condition}
    ORDER BY added.id;
    RETURN NULL;
END $$
"""


def _log_once_per_statement() -> None:
    facts = {
        "observations": ("observation", ""),
        "ledger_entries": ("ledger", " AND (added.external_id IS NULL OR contract.extras ? 'table')"),
    }
    for table, (noun, condition) in facts.items():
        op.execute(f"DROP TRIGGER {table}_change ON {table}")
        op.execute(_LOGGED.format(table=table, noun=noun, condition=condition))
        op.execute(
            f"CREATE TRIGGER {table}_change AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
            f"FOR EACH STATEMENT EXECUTE FUNCTION log_{table}_added()"
        )


def upgrade() -> None:
    _log_once_per_statement()
    op.add_column("contracts", sa.Column("not_evaluable", sa.Text(), nullable=True))
    op.add_column("contracts", sa.Column("not_evaluable_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "contract_indicators",
        sa.Column("added_after_the_fact", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "observation_withdrawals",
        sa.Column("observation_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_observation_withdrawals_contract_id_contracts")
        ),
        sa.ForeignKeyConstraint(
            ["observation_id"], ["observations.id"], name=op.f("fk_observation_withdrawals_observation_id_observations")
        ),
        sa.PrimaryKeyConstraint("observation_id", name=op.f("pk_observation_withdrawals")),
    )
    op.create_index(
        op.f("ix_observation_withdrawals_contract_id"), "observation_withdrawals", ["contract_id"], unique=False
    )
    op.create_table(
        "table_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("principal", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("encoding", sa.Text(), nullable=True),
        sa.Column("epoch_1904", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("warnings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("units_confirmed", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "noun IN ('organisations', 'projects', 'contracts', 'indicators', 'milestones', "
            "'observations', 'payments', 'deductions', 'evaluations')",
            name=op.f("ck_table_imports_noun"),
        ),
        sa.CheckConstraint(
            "state IN ('receiving', 'reading', 'checking', 'checked', 'applying', 'applied', "
            "'undoing', 'undone', 'refused')",
            name=op.f("ck_table_imports_state"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_table_imports_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_table_imports")),
    )
    op.create_index(op.f("ix_table_imports_region"), "table_imports", ["region"], unique=False)
    op.create_table(
        "table_import_parts",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["table_imports.id"], name=op.f("fk_table_import_parts_import_id_table_imports")
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_table_import_parts")),
    )
    op.create_table(
        "table_import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("cells", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("duplicate_of", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("problems", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('created', 'updated', 'unchanged', 'rejected', 'undone', 'kept')",
            name=op.f("ck_table_import_rows_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["table_imports.id"], name=op.f("fk_table_import_rows_import_id_table_imports")
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_table_import_rows")),
    )
    # A row is written twice, staged and decided about: room for the second on its page keeps the index as it is.
    op.execute("ALTER TABLE table_import_rows SET (fillfactor = 50)")
    op.create_table(
        "table_import_mappings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "noun IN ('organisations', 'projects', 'contracts', 'indicators', 'milestones', "
            "'observations', 'payments', 'deductions', 'evaluations')",
            name=op.f("ck_table_import_mappings_noun"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_table_import_mappings_version")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_table_import_mappings")),
    )
    op.create_table(
        "table_import_references",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("source", "noun", "reference", name=op.f("pk_table_import_references")),
    )
    op.create_table(
        "evaluation_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("evaluator", sa.Text(), nullable=True),
        sa.Column("score", sa.Numeric(precision=24, scale=8), nullable=True),
        sa.Column("full_score", sa.Numeric(precision=24, scale=8), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("document_sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_evaluation_reports_document_sha256")),
        sa.CheckConstraint("score >= 0", name=op.f("ck_evaluation_reports_score")),
        sa.CheckConstraint("year BETWEEN 1990 AND 2100", name=op.f("ck_evaluation_reports_year")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_evaluation_reports_contract_id_contracts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_reports")),
        sa.UniqueConstraint("source", "reference", name=op.f("uq_evaluation_reports_source_reference")),
    )
    op.create_index(op.f("ix_evaluation_reports_contract_id"), "evaluation_reports", ["contract_id"], unique=False)
    op.create_index(op.f("ix_evaluation_reports_region"), "evaluation_reports", ["region"], unique=False)
