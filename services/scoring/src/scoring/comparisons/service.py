from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.comparisons import queries
from scoring.comparisons.errors import FigureExists, FigureSuperseded, SupersedesOtherFigure
from scoring.comparisons.models import ReferenceFigure
from scoring.comparisons.schemas import FigureIn
from shared import audit, clock
from shared.auth import require_region
from shared.db import principal_in
from shared.ids import new_id

__all__ = ["record_figure"]

_KEY = ("kind", "region", "year", "base_year", "service_category", "measure", "currency")


async def record_figure(session: AsyncSession, body: FigureIn) -> ReferenceFigure:
    """Record a figure of official statistics or of a budget; a correction names the figure that it supersedes.

    Raises:
        Forbidden: the region lies outside the caller's scope.
        FigureExists: there is a figure about the same already, and `supersedes` is not given.
        FigureNotFound, FigureSuperseded, SupersedesOtherFigure: `supersedes` cannot be corrected by this one.
    """
    principal = principal_in(session)
    require_region(principal, body.region)
    key = {name: getattr(body, name) for name in _KEY}
    if body.supersedes is not None:
        old, successor = await queries.figure_of(session, body.supersedes)
        if successor is not None:
            raise FigureSuperseded(
                f"Figure {old.id} was superseded by {successor}; name that one.", figure_id=str(successor)
            )
        if key != {name: getattr(old, name) for name in _KEY}:
            raise SupersedesOtherFigure(f"Figure {old.id} is {old.kind} of {old.region} in {old.year}; it stays.")
    elif (first := await _first(session, body)) is not None:
        raise FigureExists(
            f"Figure {first.id} is about the same. To correct it, name the one in force in `supersedes`.",
            figure_id=str(first.id),
        )
    made = ReferenceFigure(
        id=new_id(),
        **key,
        value=body.value,
        source=body.source,
        document_sha256=body.document_sha256,
        supersedes=body.supersedes,
        recorded_by=principal.subject,
        recorded_at=clock.now(),
    )
    session.add(made)
    try:
        await session.flush()
    except IntegrityError as error:  # another request recorded the same at the same time
        raise FigureExists("A figure about the same was recorded just now; read it and correct it.") from error
    audit.record(
        session,
        "figure.recorded",
        noun="reference_figure",
        noun_id=made.id,
        region=made.region,
        fields={"kind": made.kind, "year": str(made.year), "value": str(made.value)},
    )
    return made


async def _first(session: AsyncSession, body: FigureIn) -> ReferenceFigure | None:
    """The first figure about the same; it may have been corrected since."""
    same = [getattr(ReferenceFigure, name).is_not_distinct_from(getattr(body, name)) for name in _KEY]
    statement = select(ReferenceFigure).where(*same, ReferenceFigure.supersedes.is_(None))
    return (await session.execute(statement)).scalar_one_or_none()
