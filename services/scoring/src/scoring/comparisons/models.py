from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, one_of

__all__ = ["KINDS", "ReferenceFigure"]

KINDS = ("population", "price_index", "direct_cost")


class ReferenceFigure(Base):
    """A figure of official statistics or of a budget that comparisons need and no contract holds. Rows are only added.

    population: people of a region in a year. price_index: level of prices in a region and year, `base_year` = 100.
    direct_cost: money per unit (`measure`) when a public body provides the same kind of service itself. Reference data,
    readable by all officers; `supersedes` names the figure that this one corrects.
    """

    __tablename__ = "reference_figures"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    region: Mapped[str] = mapped_column(String(16))
    year: Mapped[int]
    base_year: Mapped[int | None]
    service_category: Mapped[str | None] = mapped_column(String(16))
    measure: Mapped[str | None] = mapped_column(Text)
    value: Mapped[Decimal] = mapped_column(Numeric(24, 8))
    currency: Mapped[str | None] = mapped_column(String(3))
    source: Mapped[str] = mapped_column(Text)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    supersedes: Mapped[UUID | None] = mapped_column(ForeignKey("reference_figures.id"))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint("value > 0", name="value"),
        CheckConstraint("(kind = 'price_index') = (base_year IS NOT NULL)", name="base_year"),
        CheckConstraint(
            "(kind = 'direct_cost') = (service_category IS NOT NULL AND measure IS NOT NULL AND currency IS NOT NULL)",
            name="direct_cost",
        ),
        Index("uq_reference_figures_supersedes", "supersedes", unique=True),
        Index(
            "uq_reference_figures_first",
            "kind",
            "region",
            "year",
            "base_year",
            "service_category",
            "measure",
            "currency",
            unique=True,
            postgresql_where=text("supersedes IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )
