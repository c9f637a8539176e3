"""Acts in three hands, deputies, settings of the tenant, corrections."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
# What was done stays as it was done.
APPEND_ONLY = ("act_steps", "handovers")


def upgrade() -> None:
    _policies()
    _corrections()
    _deputies()
    _acts()
    _log_corrected_parts()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def _policies() -> None:
    op.create_table(
        "policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("acts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("confirmations", sa.Text(), nullable=False),
        sa.Column("deputies", sa.Boolean(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'inForce', 'superseded', 'rejected')", name=op.f("ck_policies_state")
        ),
        sa.CheckConstraint("confirmations IN ('optional', 'required')", name=op.f("ck_policies_confirmations")),
        sa.CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_policies_decision")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name=op.f("ck_policies_two_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint("scope", "version", name=op.f("uq_policies_scope_version")),
    )
    for name, state in (("in_force", "inForce"), ("proposed", "proposed")):
        op.create_index(
            f"uq_policies_scope_{name}",
            "policies",
            ["scope"],
            unique=True,
            postgresql_where=sa.text(f"state = '{state}'"),
        )
    op.create_table(
        "policy_stamp",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("stamp", sa.Uuid(), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_policy_stamp_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_policy_stamp")),
    )


def _corrections() -> None:
    op.create_table(
        "contract_corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("old", postgresql.JSONB(), nullable=True),
        sa.Column("new", postgresql.JSONB(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proof_sha256", sa.String(length=64), nullable=False),
        sa.Column("proof_title", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("act_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'rejected')", name=op.f("ck_contract_corrections_state")
        ),
        sa.CheckConstraint(
            "(state = 'requested') = (decided_at IS NULL)", name=op.f("ck_contract_corrections_decision")
        ),
        sa.CheckConstraint(
            "(state = 'approved') = (version IS NOT NULL)", name=op.f("ck_contract_corrections_version")
        ),
        sa.CheckConstraint(
            "state <> 'approved' OR decided_by <> requested_by", name=op.f("ck_contract_corrections_two_persons")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_contract_corrections_contract_id_contracts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_corrections")),
    )
    op.create_index("ix_contract_corrections_contract_id_id", "contract_corrections", ["contract_id", "id"])
    op.create_index("ix_contract_corrections_region", "contract_corrections", ["region"])
    op.create_index(
        "uq_contract_corrections_waiting",
        "contract_corrections",
        ["contract_id", "field"],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
    )


def _log_corrected_parts() -> None:
    """A corrected indicator or milestone leaves the contract's own row as it is; the log tells of it all the same."""
    op.execute(
        """
        CREATE FUNCTION log_corrected_part() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO contract_changes
                (epoch, xid, contract_id, region, noun, noun_id, state, version, simulated, terms, changed_at)
            SELECT (SELECT epoch FROM relay_state WHERE source = 'contracts'), pg_current_xact_id()::text::bigint,
                id, region, 'contract', id, state, version, simulated,
                to_jsonb(contracts) - ARRAY['extras', 'gaps', 'warnings']
                    || jsonb_build_object('corrected_part', NEW.field),
                updated_at
            FROM contracts WHERE id = NEW.contract_id;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER contract_corrections_change AFTER INSERT OR UPDATE OF state ON contract_corrections "
        "FOR EACH ROW WHEN (NEW.state = 'approved' AND NEW.field ~ '^(indicators|milestones)[.]') "
        "EXECUTE FUNCTION log_corrected_part()"
    )


def _deputies() -> None:
    op.create_table(
        "deputies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("deputy", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("actions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("named_by", sa.Text(), nullable=False),
        sa.Column("named_at", INSTANT, nullable=False),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("deputy <> subject", name=op.f("ck_deputies_other_person")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_deputies_period")),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_deputies_revocation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputies")),
    )
    op.create_index("ix_deputies_deputy_ends_on", "deputies", ["deputy", "ends_on"])
    op.create_index("ix_deputies_subject_ends_on", "deputies", ["subject", "ends_on"])
    op.create_table(
        "contract_responsibilities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("named_by", sa.Text(), nullable=False),
        sa.Column("named_at", INSTANT, nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("handover_id", sa.Uuid(), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "duty IN ('handler', 'reviewer', 'signer', 'supervisor', 'contact')",
            name=op.f("ck_contract_responsibilities_duty"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_contract_responsibilities_end")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_contract_responsibilities_contract_id_contracts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_responsibilities")),
    )
    op.create_index("ix_contract_responsibilities_region", "contract_responsibilities", ["region"])
    op.create_index(
        "ix_contract_responsibilities_subject",
        "contract_responsibilities",
        ["subject"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_contract_responsibilities_standing",
        "contract_responsibilities",
        ["contract_id", "duty"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _acts() -> None:
    op.create_table(
        "acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("contract_version", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=True),
        sa.Column("signer", sa.Text(), nullable=True),
        sa.Column("prepared_by", sa.Text(), nullable=False),
        sa.Column("prepared_for", sa.Text(), nullable=True),
        sa.Column("prepared_at", INSTANT, nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_for", sa.Text(), nullable=True),
        sa.Column("reviewed_at", INSTANT, nullable=True),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("signed_for", sa.Text(), nullable=True),
        sa.Column("signed_at", INSTANT, nullable=True),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "action IN ('submit', 'activate', 'complete', 'terminate', 'suspend', 'cancel', 'amend', 'accept', "
            "'payment', 'correction')",
            name=op.f("ck_acts_action"),
        ),
        sa.CheckConstraint(
            "state IN ('prepared', 'reviewed', 'signed', 'returned', 'withdrawn')", name=op.f("ck_acts_state")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_acts_version")),
        sa.CheckConstraint("reviewed_by <> prepared_by", name=op.f("ck_acts_two_persons")),
        sa.CheckConstraint("signed_by <> prepared_by AND signed_by <> reviewed_by", name=op.f("ck_acts_three_persons")),
        sa.CheckConstraint("(state = 'signed') = (signed_by IS NOT NULL)", name=op.f("ck_acts_signature")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_acts_contract_id_contracts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
    )
    op.create_index("ix_acts_contract_id_id", "acts", ["contract_id", "id"])
    op.create_index("ix_acts_region", "acts", ["region"])
    op.create_index(
        "uq_acts_open_move",
        "acts",
        ["contract_id", "action"],
        unique=True,
        postgresql_where=sa.text(
            "state IN ('prepared', 'reviewed', 'returned') AND "
            "action IN ('submit', 'activate', 'complete', 'terminate', 'suspend', 'cancel')"
        ),
    )
    op.create_table(
        "act_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("contract_version", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "step IN ('prepare', 'review', 'sign', 'return', 'withdraw', 'handover')", name=op.f("ck_act_steps_step")
        ),
        sa.ForeignKeyConstraint(["act_id"], ["acts.id"], name=op.f("fk_act_steps_act_id_acts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act_steps")),
    )
    op.create_index("ix_act_steps_act_id", "act_steps", ["act_id"])
    op.create_table(
        "handovers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_subject", sa.Text(), nullable=False),
        sa.Column("to_subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("moved_acts", sa.Integer(), nullable=False),
        sa.Column("cleared_acts", sa.Integer(), nullable=False),
        sa.Column("moved_responsibilities", sa.Integer(), nullable=False),
        sa.Column("ended_deputies", sa.Integer(), nullable=False),
        sa.Column("handed_over_by", sa.Text(), nullable=False),
        sa.Column("handed_over_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index("ix_handovers_from_subject", "handovers", ["from_subject"])
    op.create_index("ix_handovers_to_subject", "handovers", ["to_subject"])
