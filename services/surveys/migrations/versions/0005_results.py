"""Results tell how they were weighted, what changed, what the quality checks say, and the root of the wave's ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    empty_object, empty_list = sa.text("'{}'::jsonb"), sa.text("'[]'::jsonb")
    columns = (
        ("weights", postgresql.JSONB(), empty_object),
        ("changes", postgresql.JSONB(), empty_list),
        ("comparison", postgresql.JSONB(), empty_object),
        ("quality", postgresql.JSONB(), empty_object),
        ("representativity", postgresql.JSONB(), empty_object),
        ("modes", postgresql.JSONB(), empty_object),
        ("cautions", postgresql.ARRAY(sa.Text()), sa.text("'{}'")),
        ("supervised", sa.Boolean(), sa.false()),
        ("software_version", sa.String(length=32), sa.text("'0.1.0'")),
    )
    for name, kind, before in columns:
        # The default is for the rows that are there, which no statement may change: a new result states all of it.
        op.add_column("wave_results", sa.Column(name, kind, nullable=False, server_default=before))
        op.alter_column("wave_results", name, server_default=None)
    op.add_column("wave_results", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("wave_results", sa.Column("ledger_root", sa.LargeBinary(), nullable=True))
    op.add_column("wave_results", sa.Column("ledger_size", sa.Integer(), nullable=True))
    op.create_check_constraint(op.f("ck_wave_results_reason"), "wave_results", "revision = 1 OR reason IS NOT NULL")
    op.create_check_constraint(
        op.f("ck_wave_results_ledger"),
        "wave_results",
        "(ledger_root IS NULL) = (ledger_size IS NULL) AND octet_length(ledger_root) = 32",
    )
