"""Third-party evaluation: forms, evaluators and interests, rounds, cases, draws, assignments, ratings, views, acts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "rating_forms",
    "evaluator_interests",
    "evaluation_draws",
    "ratings",
    "evaluation_views",
    "evaluation_acts",
)


def upgrade() -> None:
    op.create_table(
        "evaluator_organisations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'suspended')", name=op.f("ck_evaluator_organisations_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluator_organisations")),
        sa.UniqueConstraint("region", "name", name=op.f("uq_evaluator_organisations_region_name")),
    )
    op.create_index(op.f("ix_evaluator_organisations_region"), "evaluator_organisations", ["region"], unique=False)
    op.create_table(
        "rating_forms",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("document", postgresql.JSON(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_rating_forms")),
        sa.UniqueConstraint("sha256", name=op.f("uq_rating_forms_sha256")),
    )
    op.create_table(
        "evaluators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("home_region", sa.String(length=16), nullable=False),
        sa.Column("categories", postgresql.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'retired')", name=op.f("ck_evaluators_state")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["evaluator_organisations.id"],
            name=op.f("fk_evaluators_organisation_id_evaluator_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluators")),
        sa.UniqueConstraint("region", "code", name=op.f("uq_evaluators_region_code")),
        sa.UniqueConstraint("subject", name=op.f("uq_evaluators_subject")),
    )
    op.create_index(op.f("ix_evaluators_region"), "evaluators", ["region"], unique=False)
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("framework_id", sa.String(length=64), nullable=False),
        sa.Column("framework_version", sa.String(length=32), nullable=False),
        sa.Column("framework_hash", sa.String(length=64), nullable=False),
        sa.Column("form_id", sa.String(length=64), nullable=False),
        sa.Column("form_version", sa.String(length=32), nullable=False),
        sa.Column("form_sha256", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("per_case", sa.Integer(), nullable=False),
        sa.Column("evaluator_ids", postgresql.JSON(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("rating_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'rating', 'rated', 'cancelled')", name=op.f("ck_evaluations_state")),
        sa.CheckConstraint("per_case >= 1", name=op.f("ck_evaluations_per_case")),
        sa.ForeignKeyConstraint(["lead_id"], ["evaluators.id"], name=op.f("fk_evaluations_lead_id_evaluators")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
    )
    op.create_index(op.f("ix_evaluations_region"), "evaluations", ["region"], unique=False)
    op.create_table(
        "evaluator_interests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("evaluator_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("nature", sa.String(length=16), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "nature IN ('employment', 'ownership', 'family', 'business', 'advice', 'dispute', 'other')",
            name=op.f("ck_evaluator_interests_nature"),
        ),
        sa.CheckConstraint(
            "(organisation_id IS NULL) <> (contract_id IS NULL)", name=op.f("ck_evaluator_interests_about")
        ),
        sa.ForeignKeyConstraint(
            ["evaluator_id"], ["evaluators.id"], name=op.f("fk_evaluator_interests_evaluator_id_evaluators")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluator_interests")),
    )
    op.create_index(op.f("ix_evaluator_interests_evaluator_id"), "evaluator_interests", ["evaluator_id"], unique=False)
    op.create_table(
        "evaluation_acts",
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('planned', 'drawn', 'declared', 'recused', 'added', 'submitted', 'closed', 'exchanged', 'disagreed', 'reviewed', 'concluded', 'published', 'overdue', 'cancelled')",
            name=op.f("ck_evaluation_acts_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_evaluation_acts_evaluation_id_evaluations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_acts")),
    )
    op.create_index(
        op.f("ix_evaluation_acts_evaluation_id_id"), "evaluation_acts", ["evaluation_id", "id"], unique=False
    )
    op.create_table(
        "evaluation_cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("anchor", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("purchaser_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("service_category", sa.Text(), nullable=True),
        sa.Column("exchange_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("views_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'rating', 'preliminary', 'exchange', 'review', 'final', 'published', 'cancelled')",
            name=op.f("ck_evaluation_cases_state"),
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_evaluation_cases_evaluation_id_evaluations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_cases")),
        sa.UniqueConstraint("evaluation_id", "contract_id", name=op.f("uq_evaluation_cases_evaluation_id_contract_id")),
    )
    op.create_index(op.f("ix_evaluation_cases_contract_id"), "evaluation_cases", ["contract_id"], unique=False)
    op.create_index(op.f("ix_evaluation_cases_provider_id"), "evaluation_cases", ["provider_id"], unique=False)
    op.create_index(op.f("ix_evaluation_cases_region"), "evaluation_cases", ["region"], unique=False)
    op.create_table(
        "evaluation_draws",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("algorithm", sa.String(length=64), nullable=False),
        sa.Column("random", sa.Boolean(), nullable=False),
        sa.Column("body", postgresql.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_evaluation_draws_evaluation_id_evaluations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_draws")),
    )
    op.create_index(op.f("ix_evaluation_draws_evaluation_id"), "evaluation_draws", ["evaluation_id"], unique=False)
    op.create_index(op.f("ix_evaluation_draws_region"), "evaluation_draws", ["region"], unique=False)
    op.create_table(
        "evaluation_assignments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("evaluator_id", sa.Uuid(), nullable=False),
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submission_sha256", sa.String(length=64), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(state = 'submitted') = (submitted_at IS NOT NULL)", name=op.f("ck_evaluation_assignments_submitted")
        ),
        sa.CheckConstraint(
            "state IN ('assigned', 'declared', 'submitted', 'recused', 'lapsed')",
            name=op.f("ck_evaluation_assignments_state"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["evaluation_cases.id"], name=op.f("fk_evaluation_assignments_case_id_evaluation_cases")
        ),
        sa.ForeignKeyConstraint(
            ["draw_id"], ["evaluation_draws.id"], name=op.f("fk_evaluation_assignments_draw_id_evaluation_draws")
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_evaluation_assignments_evaluation_id_evaluations")
        ),
        sa.ForeignKeyConstraint(
            ["evaluator_id"], ["evaluators.id"], name=op.f("fk_evaluation_assignments_evaluator_id_evaluators")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_assignments")),
        sa.UniqueConstraint("case_id", "evaluator_id", name=op.f("uq_evaluation_assignments_case_id_evaluator_id")),
    )
    op.create_index(
        op.f("ix_evaluation_assignments_evaluation_id"), "evaluation_assignments", ["evaluation_id"], unique=False
    )
    op.create_index(
        op.f("ix_evaluation_assignments_evaluator_id"), "evaluation_assignments", ["evaluator_id"], unique=False
    )
    op.create_index(op.f("ix_evaluation_assignments_region"), "evaluation_assignments", ["region"], unique=False)
    op.create_table(
        "evaluation_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.String(length=16), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.CheckConstraint("party IN ('provider', 'purchaser')", name=op.f("ck_evaluation_views_party")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["evaluation_cases.id"], name=op.f("fk_evaluation_views_case_id_evaluation_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_views")),
    )
    op.create_index(op.f("ix_evaluation_views_case_id"), "evaluation_views", ["case_id"], unique=False)
    op.create_index(op.f("ix_evaluation_views_region"), "evaluation_views", ["region"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("criterion", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(length=32), nullable=True),
        sa.Column("mark", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("midpoint", sa.Boolean(), nullable=False),
        sa.Column("narrative", sa.Text(), nullable=False),
        sa.Column("tier_reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["evaluation_assignments.id"],
            name=op.f("fk_ratings_assignment_id_evaluation_assignments"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint(
            "assignment_id", "criterion", "revision", name=op.f("uq_ratings_assignment_id_criterion_revision")
        ),
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
