import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from scoring.comparisons.errors import FigureNotFound
from scoring.comparisons.models import ReferenceFigure
from scoring.comparisons.results import By, Level, Result, read_results
from scoring.determinations.queries import determined
from scoring.evidence.queries import contract_ids

__all__ = ["Ask", "Determined", "figure_of", "figures_in_force", "list_figures", "results_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Which results are compared with each other: the peer group."""

    framework_id: str
    stage: str
    by: By
    level: Level
    service_category: str | None
    region: str | None
    simulated: bool
    published: bool
    """Only what is open to everybody."""
    served_by: datetime | None
    """Only what had taken effect at this instant; None: also what has not been served."""


@dataclass(frozen=True, slots=True)
class Determined:
    """Results with what was left out: determinations that say nothing about a unit of this kind."""

    results: list[Result]
    versions: list[str]
    left_out: int


async def results_of(session: AsyncSession, ask: Ask) -> Determined:
    """The determined results of a peer group in the caller's scope."""
    rows = await determined(
        session,
        framework_id=ask.framework_id,
        stage=ask.stage,
        party=None if ask.by == "region" else ask.by,
        simulated=ask.simulated,
        published=ask.published,
        served_by=ask.served_by,
        contracts=contract_ids(service_category=ask.service_category) if ask.service_category else None,
        region=ask.region,
    )
    results = await asyncio.to_thread(read_results, rows, by=ask.by, level=ask.level)
    return Determined(results, sorted({row.framework_version for row in rows}), len(rows) - len(results))


async def figures_in_force(
    session: AsyncSession,
    *,
    kinds: Collection[str],
    year: int | None = None,
    regions: Collection[str] | None = None,
) -> list[ReferenceFigure]:
    """Reference figures that nothing supersedes, by region and year."""
    statement = _standing(kinds)
    if year is not None:
        statement = statement.where(ReferenceFigure.year == year)
    if regions is not None:
        statement = statement.where(ReferenceFigure.region.in_(regions))
    statement = statement.order_by(ReferenceFigure.region, ReferenceFigure.year, ReferenceFigure.id)
    return list((await session.execute(statement)).scalars())


def _standing(kinds: Collection[str]) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's own type
    later = aliased(ReferenceFigure)
    return select(ReferenceFigure).where(
        ReferenceFigure.kind.in_(kinds), ~select(later.id).where(later.supersedes == ReferenceFigure.id).exists()
    )


async def list_figures(
    session: AsyncSession, *, kind: str | None, region: str | None, after: UUID | None, limit: int
) -> list[tuple[ReferenceFigure, UUID | None]]:
    """Figures in the order in which they were recorded, each with the one that supersedes it."""
    later = aliased(ReferenceFigure)
    successor = select(later.id).where(later.supersedes == ReferenceFigure.id).scalar_subquery()
    statement = select(ReferenceFigure, successor)
    if kind is not None:
        statement = statement.where(ReferenceFigure.kind == kind)
    if region is not None:
        statement = statement.where(ReferenceFigure.region.startswith(region, autoescape=True))
    if after is not None:
        statement = statement.where(ReferenceFigure.id > after)
    rows = await session.execute(statement.order_by(ReferenceFigure.id).limit(limit))
    return [(row[0], row[1]) for row in rows]


async def figure_of(session: AsyncSession, figure_id: UUID) -> tuple[ReferenceFigure, UUID | None]:
    """One figure and the one that supersedes it; FigureNotFound."""
    later = aliased(ReferenceFigure)
    successor = select(later.id).where(later.supersedes == ReferenceFigure.id).scalar_subquery()
    statement = select(ReferenceFigure, successor).where(ReferenceFigure.id == figure_id)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise FigureNotFound(f"There is no reference figure {figure_id}.")
    return row[0], row[1]
