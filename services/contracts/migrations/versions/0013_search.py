"""The search rows and the registers' sums, with the functions and triggers that keep them."""

# ruff: noqa: S608 - SQL of constants

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Han characters: unified ideographs with the extensions, and the compatibility block.
HAN = "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\U00020000-\\U000323af"
PUBLISHED = "('active', 'suspended', 'completed', 'terminated')"
FIRST_HAN = 0x3400
COLUMNS = (
    "contract_id, place, region, province, city, state, origin, simulated, category, method, year, signed_on, "
    "starts_on, ends_on, value, currency, purchaser_id, provider_id, contract_number, words, flags_due, due_at"
)
# Of an alias `contract`.
YEAR = "CAST(extract(year FROM coalesce(contract.signed_on, contract.starts_on)) AS integer)"
PROVINCE = "CASE WHEN contract.region LIKE 'CN-%' THEN left(contract.region, 5) ELSE contract.region END"
CITY = "CASE WHEN contract.region LIKE 'CN-%' THEN left(contract.region, 7) ELSE contract.region END"
# A person's name is not searched for: an individual provider is found by its pseudonymous id.
WORDS = """search_words(concat_ws(' ', contract.contract_number, contract.title,
    (SELECT name FROM organisations WHERE id = contract.purchaser_id AND NOT individual),
    (SELECT name FROM organisations WHERE id = contract.provider_id AND NOT individual)))"""
ROW = (
    f"contract.id, contract.id, contract.region, {PROVINCE}, {CITY}, contract.state, contract.origin, "
    f"contract.simulated, contract.service_category, contract.procurement_method, {YEAR}, contract.signed_on, "
    "contract.starts_on, contract.ends_on, contract.value, contract.currency, contract.purchaser_id, "
    f"contract.provider_id, contract.contract_number, {WORDS}, 2, now()"
)
WATCHED = (
    "title, contract_number, state, origin, simulated, region, service_category, procurement_method, signed_on, "
    "starts_on, ends_on, value, currency, purchaser_id, provider_id"
)
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
)
INSERT = (
    "INSERT INTO contract_changes "
    "(epoch, xid, contract_id, region, noun, noun_id, state, version, simulated, terms, changed_at) "
)
EPOCH = "(SELECT epoch FROM relay_state WHERE source = 'contracts')"
XID = "pg_current_xact_id()::text::bigint"
COUNTED = "state, simulated, region, signed_on, starts_on, value, currency, purchaser_id, provider_id"


def upgrade() -> None:
    _tables()
    _words()
    _search_triggers()
    _sums()
    _changes()
    op.execute(f"INSERT INTO contract_search ({COLUMNS}) SELECT {ROW} FROM contracts AS contract ORDER BY contract.id")
    op.execute("SELECT count_contract(contract, 1) FROM contracts AS contract")
    op.execute(
        "SELECT count_party(contract, 'purchaser', member.organisation_id, 1) FROM contract_members AS member "
        "JOIN contracts AS contract ON contract.id = member.contract_id WHERE NOT member.lead "
        "AND member.side = 'purchaser'"
    )
    op.execute(
        "SELECT count_party(contract, 'provider', member.organisation_id, 1) FROM contract_members AS member "
        "JOIN contracts AS contract ON contract.id = member.contract_id WHERE NOT member.lead "
        "AND member.side = 'provider'"
    )


def _tables() -> None:
    op.create_table(
        "contract_search",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(length=16), nullable=False),
        sa.Column("city", sa.String(length=16), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("value", sa.Numeric(18, 2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("purchaser_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("contract_number", sa.Text(), nullable=True),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flags_due", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name="fk_contract_search_contract_id_contracts", ondelete="CASCADE"
        ),
        sa.CheckConstraint("flags_due BETWEEN 0 AND 2", name=op.f("ck_contract_search_flags_due")),
        sa.PrimaryKeyConstraint("contract_id", name="pk_contract_search"),
    )
    for column in ("province", "city", "year", "state", "category", "purchaser_id", "provider_id", "value"):
        op.create_index(f"ix_contract_search_{column}_place", "contract_search", [column, "place"])
    op.create_index("ix_contract_search_province_year_place", "contract_search", ["province", "year", "place"])
    op.create_index("ix_contract_search_region", "contract_search", ["region"])
    op.create_index(
        "ix_contract_search_contract_number",
        "contract_search",
        ["contract_number"],
        postgresql_where=sa.text("contract_number IS NOT NULL"),
    )
    op.create_index("ix_contract_search_words", "contract_search", ["words"], postgresql_using="gin")
    op.create_index(
        "ix_contract_search_flags",
        "contract_search",
        ["flags"],
        postgresql_using="gin",
        postgresql_where=sa.text("flags <> '{}'"),
    )
    op.create_index(
        "ix_contract_search_due", "contract_search", ["contract_id"], postgresql_where=sa.text("flags_due > 0")
    )
    # Rare values (a pending state, a small purchaser) decide between walking and gathering: the planner must know them.
    op.execute(
        "ALTER TABLE contract_search ALTER COLUMN words SET STATISTICS 500, ALTER COLUMN region SET STATISTICS 1000, "
        "ALTER COLUMN purchaser_id SET STATISTICS 500, ALTER COLUMN provider_id SET STATISTICS 500"
    )
    op.create_table(
        "region_sums",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("contracts", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("simulated", sa.Integer(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("paid", sa.Numeric(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_region_sums"),
    )
    op.create_index("ix_region_sums_region", "region_sums", ["region"])
    op.create_index("ix_region_sums_region_currency_year", "region_sums", ["region", "currency", "year"])
    op.create_table(
        "participation_sums",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("contracts", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_participation_sums"),
    )
    op.create_index("ix_participation_sums_region", "participation_sums", ["region"])
    op.create_index(
        "ix_participation_sums_region_role_organisation_id_year",
        "participation_sums",
        ["region", "role", "organisation_id", "year"],
    )


def _words() -> None:
    """The words of a text, and a query of words: both by one splitting, so that they cannot differ.

    NFKC and lower case; a run of letters and digits is a word of at most 40 characters; a run of Han characters is its
    pairs of neighbours and its last character alone. A query asks for all of its words, each from its beginning.
    """
    op.execute(
        f"""
        CREATE FUNCTION search_runs(content text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT array_remove(regexp_split_to_array(
                regexp_replace(lower(normalize(content, NFKC)), '([{HAN}]+)', ' \\1 ', 'g'), '[^[:alnum:]]+'), '')
        $$
        """
    )
    # A loop takes half the time of a set here, and an import pays for every row.
    op.execute(
        f"""
        CREATE FUNCTION search_words(content text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
        DECLARE
            run text;
            words text[] := '{{}}';
        BEGIN
            FOREACH run IN ARRAY search_runs(content) LOOP
                IF ascii(run) < {FIRST_HAN} THEN
                    words := words || left(run, 40);
                ELSE
                    FOR place IN 1..length(run) LOOP
                        words := words || substr(run, place, 2);
                    END LOOP;
                END IF;
            END LOOP;
            RETURN array_to_tsvector(words);
        END $$
        """
    )
    op.execute(
        f"""
        CREATE FUNCTION search_query(content text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT string_agg(CASE WHEN ascii(run) >= {FIRST_HAN} AND length(run) > 1
                THEN quote_literal(substr(run, place, 2)) ELSE quote_literal(left(run, 40)) || ':*' END, ' & ')::tsquery
            FROM unnest(search_runs(content)) AS run
            CROSS JOIN LATERAL generate_series(1,
                CASE WHEN ascii(run) >= {FIRST_HAN} THEN greatest(length(run) - 1, 1) ELSE 1 END) AS place
        $$
        """
    )


def _search_triggers() -> None:
    op.execute(
        f"""
        CREATE FUNCTION add_search_rows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO contract_search ({COLUMNS}) SELECT {ROW} FROM added AS contract;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER contracts_search_added AFTER INSERT ON contracts REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION add_search_rows()"
    )
    texts = ("contract_number", "title", "purchaser_id", "provider_id")
    same_words = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in texts)
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in WATCHED.split(", "))
    row = ROW.rsplit(f"{WORDS}, 2, now()", 1)[0]
    op.execute(
        f"""
        CREATE FUNCTION change_search_row() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE contract_search AS search SET ({COLUMNS}) = (
                SELECT {row} CASE WHEN {same_words} THEN search.words ELSE {WORDS} END, 2, now()
                FROM (SELECT NEW.*) AS contract)
            WHERE search.contract_id = NEW.id;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        f"CREATE TRIGGER contracts_search_changed AFTER UPDATE OF {WATCHED} ON contracts "
        f"FOR EACH ROW WHEN (NOT ({same})) EXECUTE FUNCTION change_search_row()"
    )
    op.execute(
        f"""
        CREATE FUNCTION rename_in_search() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE contract_search AS search SET words = {WORDS} FROM contracts AS contract
            WHERE contract.id = search.contract_id
              AND (search.purchaser_id = NEW.id OR search.provider_id = NEW.id);
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER organisations_search_renamed AFTER UPDATE OF name, individual ON organisations FOR EACH ROW "
        "WHEN (NEW.name IS DISTINCT FROM OLD.name OR NEW.individual IS DISTINCT FROM OLD.individual) "
        "EXECUTE FUNCTION rename_in_search()"
    )
    # The flags look at the ledger too; a contract that is due already is not written again.
    op.execute(
        """
        CREATE FUNCTION flag_search_row() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE contract_search SET flags_due = 1, due_at = now()
            WHERE contract_id = NEW.contract_id AND flags_due = 0;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER ledger_entries_search_due AFTER INSERT ON ledger_entries FOR EACH ROW "
        "WHEN (NEW.kind IN ('acceptance', 'payment', 'refund', 'reversal')) EXECUTE FUNCTION flag_search_row()"
    )


def _sums() -> None:
    """What a published contract adds: itself to its own region, its money to each region by share.

    The own region takes what the other regions leave, so that the parts sum to the whole. A framework's value is that
    of its call-offs, which are contracts of their own. `sign` is 1 or -1.
    """
    op.execute(
        f"""
        CREATE FUNCTION count_money(contract contracts, amount numeric, paid numeric, sign integer, own boolean)
        RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            place record;
            amount_left numeric := amount;
            paid_left numeric := paid;
            part_amount numeric;
            part_paid numeric;
        BEGIN
            FOR place IN SELECT region_code, share_before, share FROM contract_regions
                WHERE contract_id = contract.id AND region_code <> contract.region
            LOOP
                part_amount := share_of(amount, place.share_before, place.share);
                part_paid := share_of(paid, place.share_before, place.share);
                amount_left := amount_left - part_amount;
                paid_left := paid_left - part_paid;
                INSERT INTO region_sums (region, currency, year, contracts, ended, simulated, value, paid)
                VALUES (place.region_code, contract.currency, {YEAR}, 0, 0, 0, sign * part_amount, sign * part_paid);
            END LOOP;
            INSERT INTO region_sums (region, currency, year, contracts, ended, simulated, value, paid)
            VALUES (contract.region, contract.currency, {YEAR}, CASE WHEN own THEN sign ELSE 0 END,
                CASE WHEN own AND contract.state IN ('completed', 'terminated') THEN sign ELSE 0 END,
                CASE WHEN own AND contract.simulated THEN sign ELSE 0 END, sign * amount_left, sign * paid_left);
        END $$
        """
    )
    op.execute(
        f"""
        CREATE FUNCTION count_party(contract contracts, side text, party uuid, sign integer) RETURNS void
        LANGUAGE plpgsql AS $$
        BEGIN
            IF party IS NOT NULL AND {YEAR} IS NOT NULL AND contract.state IN {PUBLISHED} THEN
                INSERT INTO participation_sums (region, role, organisation_id, year, contracts)
                VALUES (contract.region, side, party, {YEAR}, sign);
            END IF;
        END $$
        """
    )
    op.execute(
        f"""
        CREATE FUNCTION count_contract(contract contracts, sign integer) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            entry record;
        BEGIN
            IF contract.state NOT IN {PUBLISHED} THEN
                RETURN;
            END IF;
            PERFORM count_money(contract, CASE WHEN contract.kind = 'framework' THEN 0
                ELSE coalesce(contract.value, 0) END, 0, sign, true);
            FOR entry IN SELECT CASE posted.kind WHEN 'payment' THEN posted.amount ELSE -posted.amount END AS amount
                FROM ledger_entries AS posted
                WHERE posted.contract_id = contract.id AND posted.kind IN ('payment', 'refund')
                  AND NOT EXISTS (SELECT FROM ledger_entries AS undone WHERE undone.reverses = posted.id)
            LOOP
                PERFORM count_money(contract, 0, entry.amount, sign, false);
            END LOOP;
            PERFORM count_party(contract, 'purchaser', contract.purchaser_id, sign);
            PERFORM count_party(contract, 'provider', contract.provider_id, sign);
        END $$
        """
    )
    op.execute(
        f"""
        CREATE FUNCTION count_contract_change() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            member record;
        BEGIN
            IF OLD.state IN {PUBLISHED} AND NEW.state IN {PUBLISHED}
                AND (OLD.region, OLD.currency, OLD.simulated, OLD.purchaser_id)
                  = (NEW.region, NEW.currency, NEW.simulated, NEW.purchaser_id)
                AND OLD.value IS NOT DISTINCT FROM NEW.value AND OLD.provider_id IS NOT DISTINCT FROM NEW.provider_id
                AND coalesce(OLD.signed_on, OLD.starts_on) IS NOT DISTINCT FROM coalesce(NEW.signed_on, NEW.starts_on)
            THEN
                IF (OLD.state IN ('completed', 'terminated')) <> (NEW.state IN ('completed', 'terminated')) THEN
                    INSERT INTO region_sums (region, currency, year, contracts, ended, simulated, value, paid)
                    SELECT contract.region, contract.currency, {YEAR}, 0,
                        CASE WHEN contract.state IN ('completed', 'terminated') THEN 1 ELSE -1 END, 0, 0, 0
                    FROM (SELECT NEW.*) AS contract;
                END IF;
                RETURN NULL;
            END IF;
            PERFORM count_contract(OLD, -1);
            PERFORM count_contract(NEW, 1);
            FOR member IN SELECT side, organisation_id FROM contract_members WHERE contract_id = NEW.id AND NOT lead
            LOOP
                PERFORM count_party(OLD, member.side, member.organisation_id, -1);
                PERFORM count_party(NEW, member.side, member.organisation_id, 1);
            END LOOP;
            RETURN NULL;
        END $$
        """
    )
    # A contract that is just being inserted has neither payments nor parts yet, and an import inserts many at once.
    op.execute(
        f"""
        CREATE FUNCTION count_added_contracts() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO region_sums (region, currency, year, contracts, ended, simulated, value, paid)
            SELECT contract.region, contract.currency, {YEAR}, count(*),
                count(*) FILTER (WHERE contract.state IN ('completed', 'terminated')),
                count(*) FILTER (WHERE contract.simulated),
                coalesce(sum(contract.value) FILTER (WHERE contract.kind <> 'framework'), 0), 0
            FROM added AS contract WHERE contract.state IN {PUBLISHED} GROUP BY 1, 2, 3;
            INSERT INTO participation_sums (region, role, organisation_id, year, contracts)
            SELECT contract.region, party.role, party.id, {YEAR}, count(*) FROM added AS contract
            CROSS JOIN LATERAL (
                VALUES ('purchaser', contract.purchaser_id), ('provider', contract.provider_id)) AS party(role, id)
            WHERE contract.state IN {PUBLISHED} AND party.id IS NOT NULL AND {YEAR} IS NOT NULL GROUP BY 1, 2, 3, 4;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER contracts_sums_added AFTER INSERT ON contracts REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION count_added_contracts()"
    )
    op.execute(
        f"CREATE TRIGGER contracts_sums_changed AFTER UPDATE OF {COUNTED} ON contracts FOR EACH ROW "
        f"WHEN (NEW.state IN {PUBLISHED} OR OLD.state IN {PUBLISHED}) EXECUTE FUNCTION count_contract_change()"
    )
    op.execute(
        f"""
        CREATE FUNCTION count_entry() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            contract contracts;
            posted record;
        BEGIN
            IF NEW.kind = 'reversal' THEN
                SELECT kind, amount INTO posted FROM ledger_entries WHERE id = NEW.reverses;
                IF posted.kind NOT IN ('payment', 'refund') THEN
                    RETURN NULL;
                END IF;
                posted.amount := -posted.amount;
            ELSE
                posted := NEW;
            END IF;
            SELECT * INTO contract FROM contracts WHERE id = NEW.contract_id;
            IF contract.state IN {PUBLISHED} THEN
                PERFORM count_money(contract, 0,
                    CASE posted.kind WHEN 'payment' THEN posted.amount ELSE -posted.amount END, 1, false);
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER ledger_entries_sums AFTER INSERT ON ledger_entries FOR EACH ROW "
        "WHEN (NEW.kind IN ('payment', 'refund', 'reversal')) EXECUTE FUNCTION count_entry()"
    )
    op.execute(
        """
        CREATE FUNCTION count_member() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            contract contracts;
        BEGIN
            IF current_setting('gongping.erasing', true) = 'on' THEN
                RETURN NULL;
            END IF;
            SELECT * INTO contract FROM contracts WHERE id = coalesce(NEW.contract_id, OLD.contract_id);
            IF TG_OP <> 'INSERT' AND NOT OLD.lead THEN
                PERFORM count_party(contract, OLD.side, OLD.organisation_id, -1);
            END IF;
            IF TG_OP <> 'DELETE' AND NOT NEW.lead THEN
                PERFORM count_party(contract, NEW.side, NEW.organisation_id, 1);
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER contract_members_sums AFTER INSERT OR UPDATE OR DELETE ON contract_members FOR EACH ROW "
        "EXECUTE FUNCTION count_member()"
    )
    # Retention takes a contract out before it deletes it part by part.
    op.execute(
        """
        CREATE FUNCTION uncount_contract(erased uuid) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            contract contracts;
        BEGIN
            SELECT * INTO contract FROM contracts WHERE id = erased;
            PERFORM count_contract(contract, -1);
            PERFORM count_party(contract, side, organisation_id, -1) FROM contract_members
            WHERE contract_id = erased AND NOT lead;
        END $$
        """
    )
    # Shares are terms and settled before a contract is published; imports may name them afterwards.
    op.execute(
        f"""
        CREATE FUNCTION count_place() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            contract contracts;
            place contract_regions;
            paid numeric;
            amount numeric;
            sign integer;
        BEGIN
            SELECT * INTO contract FROM contracts WHERE id = coalesce(NEW.contract_id, OLD.contract_id);
            IF contract.state NOT IN {PUBLISHED} OR current_setting('gongping.erasing', true) = 'on' THEN
                RETURN NULL;
            END IF;
            FOREACH sign IN ARRAY ARRAY[-1, 1] LOOP
                place := CASE WHEN sign = 1 THEN NEW ELSE OLD END;
                CONTINUE WHEN place.contract_id IS NULL OR place.region_code = contract.region;
                amount := CASE WHEN contract.kind = 'framework' THEN 0
                    ELSE share_of(coalesce(contract.value, 0), place.share_before, place.share) END;
                SELECT coalesce(sum(share_of(CASE posted.kind WHEN 'payment' THEN posted.amount ELSE -posted.amount END,
                    place.share_before, place.share)), 0) INTO paid
                FROM ledger_entries AS posted
                WHERE posted.contract_id = contract.id AND posted.kind IN ('payment', 'refund')
                  AND NOT EXISTS (SELECT FROM ledger_entries AS undone WHERE undone.reverses = posted.id);
                INSERT INTO region_sums (region, currency, year, contracts, ended, simulated, value, paid)
                VALUES (place.region_code, contract.currency, {YEAR}, 0, 0, 0, sign * amount, sign * paid),
                    (contract.region, contract.currency, {YEAR}, 0, 0, 0, -sign * amount, -sign * paid);
            END LOOP;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER contract_regions_sums AFTER INSERT OR UPDATE OR DELETE ON contract_regions FOR EACH ROW "
        "EXECUTE FUNCTION count_place()"
    )


def _changes() -> None:
    """Published determinations enter the log of changes, and so does a failure whose penalty is taken back."""
    op.drop_constraint(op.f("ck_contract_changes_noun"), "contract_changes")
    # Two steps: rows are checked without keeping writers out.
    op.execute(
        f"ALTER TABLE contract_changes ADD CONSTRAINT ck_contract_changes_noun CHECK (noun IN {NOUNS}) NOT VALID"
    )
    op.execute("ALTER TABLE contract_changes VALIDATE CONSTRAINT ck_contract_changes_noun")
    op.execute(
        f"""
        CREATE FUNCTION log_evaluation_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {INSERT}
            SELECT {EPOCH}, {XID}, contract.id, contract.region, 'evaluation', told.id, contract.state,
                contract.version, contract.simulated, NULL, NEW.recorded_at
            FROM contracts AS contract
            JOIN contract_results AS told ON told.contract_id = contract.id AND told.noun = 'determination'
            WHERE contract.id = NEW.contract_id AND contract.state <> 'draft'
              AND told.id IN (NEW.about_id, CASE WHEN NEW.noun = 'determination' THEN NEW.id END)
              AND EXISTS (SELECT FROM contract_results AS act WHERE act.contract_id = contract.id
                  AND act.noun = 'determination_act' AND act.about_id = told.id
                  AND act.data ->> 'kind' = 'publication');
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER contract_results_change AFTER INSERT ON contract_results FOR EACH ROW "
        "WHEN (NEW.noun IN ('determination', 'determination_act')) EXECUTE FUNCTION log_evaluation_change()"
    )
    op.execute(
        f"""
        CREATE FUNCTION log_penalty_taken_back() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {INSERT}
            SELECT {EPOCH}, {XID}, contract.id, contract.region, 'failure', tie.failure_id, contract.state,
                contract.version, contract.simulated, NULL, NEW.recorded_at
            FROM failure_entries AS tie JOIN contracts AS contract ON contract.id = NEW.contract_id
            WHERE tie.entry_id = NEW.reverses AND contract.state <> 'draft';
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER ledger_entries_penalty_taken_back AFTER INSERT ON ledger_entries FOR EACH ROW "
        "WHEN (NEW.kind = 'reversal') EXECUTE FUNCTION log_penalty_taken_back()"
    )
