"""Taking back what a voucher was matched with: requests by two persons, and matches that end instead of being deleted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# A match may end, once; nothing else of it changes.
ENDS = (
    "OLD.unmatching_id IS NOT NULL OR NEW.unmatching_id IS NULL "
    "OR to_jsonb(NEW) - 'unmatching_id' IS DISTINCT FROM to_jsonb(OLD) - 'unmatching_id'"
)
# Until now the way was not noted: a booking has the note that it wrote, a match by number has the number.
MADE_BY = """
    UPDATE voucher_matches AS proof
    SET made_by = CASE WHEN entry.note = 'treasury voucher ' || voucher.number || ' (' || voucher.source || ')'
                       THEN 'booking' ELSE 'hand' END
    FROM vouchers AS voucher, ledger_entries AS entry
    WHERE voucher.id = proof.voucher_id AND entry.id = proof.entry_id
      AND (entry.note = 'treasury voucher ' || voucher.number || ' (' || voucher.source || ')'
           OR entry.voucher IS DISTINCT FROM voucher.number)
"""


def upgrade() -> None:
    op.create_table(
        "voucher_unmatchings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("voucher_id", sa.Uuid(), nullable=False),
        sa.Column("entry_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("reopens_month", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("cardinality(entry_ids) > 0", name=op.f("ck_voucher_unmatchings_entries")),
        sa.CheckConstraint(
            "state IN ('requested', 'done', 'rejected')", name=op.f("ck_voucher_unmatchings_state")
        ),
        sa.CheckConstraint(
            "(state = 'requested') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_voucher_unmatchings_decided"),
        ),
        sa.CheckConstraint(
            "state <> 'done' OR decided_by <> requested_by", name=op.f("ck_voucher_unmatchings_two_persons")
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["vouchers.id"], name=op.f("fk_voucher_unmatchings_voucher_id_vouchers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_unmatchings")),
    )
    op.create_index(op.f("ix_voucher_unmatchings_region"), "voucher_unmatchings", ["region"])
    op.create_index(op.f("ix_voucher_unmatchings_voucher_id"), "voucher_unmatchings", ["voucher_id"])
    op.create_index(
        "uq_voucher_unmatchings_requested",
        "voucher_unmatchings",
        ["voucher_id"],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.execute("DROP TRIGGER voucher_matches_append_only ON voucher_matches")
    for column in (
        sa.Column("id", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")),
        sa.Column("made_by", sa.Text(), nullable=False, server_default="number"),
        sa.Column("unmatching_id", sa.Uuid(), nullable=True),
    ):
        op.add_column("voucher_matches", column)
    op.execute(MADE_BY)
    op.drop_constraint(op.f("pk_voucher_matches"), "voucher_matches", type_="primary")
    op.create_primary_key(op.f("pk_voucher_matches"), "voucher_matches", ["id"])
    op.create_check_constraint(
        op.f("ck_voucher_matches_made_by"), "voucher_matches", "made_by IN ('number', 'hand', 'booking')"
    )
    op.create_foreign_key(
        op.f("fk_voucher_matches_unmatching_id_voucher_unmatchings"),
        "voucher_matches",
        "voucher_unmatchings",
        ["unmatching_id"],
        ["id"],
    )
    op.create_index(
        "uq_voucher_matches_standing",
        "voucher_matches",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("unmatching_id IS NULL"),
    )
    op.create_index(op.f("ix_voucher_matches_entry_id"), "voucher_matches", ["entry_id"])
    op.execute(
        "CREATE TRIGGER voucher_matches_append_only BEFORE DELETE ON voucher_matches "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER voucher_matches_end_only BEFORE UPDATE ON voucher_matches FOR EACH ROW WHEN ({ENDS}) "
        "EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER voucher_matches_end_only ON voucher_matches")
    op.execute("DROP TRIGGER voucher_matches_append_only ON voucher_matches")
    op.execute("DELETE FROM voucher_matches WHERE unmatching_id IS NOT NULL")
    op.drop_index(op.f("ix_voucher_matches_entry_id"), "voucher_matches")
    op.drop_index("uq_voucher_matches_standing", "voucher_matches")
    op.drop_constraint(op.f("pk_voucher_matches"), "voucher_matches", type_="primary")
    op.create_primary_key(op.f("pk_voucher_matches"), "voucher_matches", ["entry_id"])
    for column in ("unmatching_id", "made_by", "id"):
        op.drop_column("voucher_matches", column)
    op.drop_table("voucher_unmatchings")
    op.execute(
        "CREATE TRIGGER voucher_matches_append_only BEFORE UPDATE OR DELETE ON voucher_matches "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
