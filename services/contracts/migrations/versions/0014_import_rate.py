"""The log of changes and the search rows of added contracts, once per statement: an import adds thousands at once.

The cells of staged rows become JSON, which rewrites their table.
"""

# ruff: noqa: S608 - SQL of constants

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

COLUMNS = (
    "contract_id, place, region, province, city, state, origin, simulated, category, method, year, signed_on, "
    "starts_on, ends_on, value, currency, purchaser_id, provider_id, contract_number, words, flags_due, due_at"
)
# Of an alias `contract`, as 0013 has them.
YEAR = "CAST(extract(year FROM coalesce(contract.signed_on, contract.starts_on)) AS integer)"
PROVINCE = "CASE WHEN contract.region LIKE 'CN-%' THEN left(contract.region, 5) ELSE contract.region END"
CITY = "CASE WHEN contract.region LIKE 'CN-%' THEN left(contract.region, 7) ELSE contract.region END"


def upgrade() -> None:
    _log_added_contracts()
    _search_rows_of_added_contracts()
    op.execute("ALTER TABLE table_import_rows ALTER COLUMN cells TYPE json USING array_to_json(cells)")


def _log_added_contracts() -> None:
    """What 0005 logged for each row that was inserted; an update is logged as before."""
    op.execute("DROP TRIGGER contracts_change ON contracts")
    op.execute(
        "CREATE TRIGGER contracts_change AFTER UPDATE OF version ON contracts "
        "FOR EACH ROW WHEN (NEW.state <> 'draft') EXECUTE FUNCTION log_contract_change()"
    )
    op.execute(
        """
        CREATE FUNCTION log_contracts_added() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO contract_changes
                (epoch, xid, contract_id, region, noun, noun_id, state, version, simulated, terms, changed_at)
            SELECT (SELECT epoch FROM relay_state WHERE source = 'contracts'), pg_current_xact_id()::text::bigint,
                added.id, added.region, 'contract', added.id, added.state, added.version, added.simulated,
                to_jsonb(added) - ARRAY['extras', 'gaps', 'warnings'], added.updated_at
            FROM added WHERE added.state <> 'draft';
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER contracts_added AFTER INSERT ON contracts REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION log_contracts_added()"
    )


def _search_rows_of_added_contracts() -> None:
    """The rows of 0013, with the words of a party's name split once per statement.

    The words of texts that a space parts are the union of the words of each.
    """
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION add_search_rows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            WITH party AS MATERIALIZED (
                SELECT id, search_words(name) AS words FROM organisations
                WHERE NOT individual
                  AND id IN (SELECT purchaser_id FROM added UNION SELECT provider_id FROM added)
            )
            INSERT INTO contract_search ({COLUMNS})
            SELECT contract.id, contract.id, contract.region, {PROVINCE}, {CITY}, contract.state, contract.origin,
                contract.simulated, contract.service_category, contract.procurement_method, {YEAR},
                contract.signed_on, contract.starts_on, contract.ends_on, contract.value, contract.currency,
                contract.purchaser_id, contract.provider_id, contract.contract_number,
                search_words(concat_ws(' ', contract.contract_number, contract.title))
                    || coalesce(purchaser.words, '') || coalesce(provider.words, ''), 2, now()
            FROM added AS contract
            LEFT JOIN party AS purchaser ON purchaser.id = contract.purchaser_id
            LEFT JOIN party AS provider ON provider.id = contract.provider_id;
            RETURN NULL;
        END $$
        """
    )
