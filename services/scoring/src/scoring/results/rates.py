"""How far results are used: per department (purchaser) and per region, as counts and shares."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from sqlalchemy import ColumnElement, String, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.results.models import ResultOpening, ResultUse
from shared import clock

__all__ = ["By", "Rate", "application_rates"]

By = Literal["department", "province", "city", "county", "kind", "all"]
_LENGTH = {"province": 5, "city": 7, "county": 9}  # characters of `CN-23`, `CN-2301`, `CN-230102`


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Use of results in one group. Demands that are void, blocked or suspended stand beside and not in the rate."""

    key: str | None
    determinations: int
    determinations_applied: int
    applied: int
    waived: int
    open: int
    overdue: int
    blocked: int
    suspended: int
    moved: Decimal

    @property
    def rate(self) -> float | None:
        """Applied demands among those that could be applied: applied, waived, open. None where there are none."""
        return _share(self.applied, self.applied + self.waived + self.open)

    @property
    def matured_rate(self) -> float | None:
        """The same among those that were decided or whose time has run out: what is not yet due does not count."""
        return _share(self.applied, self.applied + self.waived + self.overdue)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


async def application_rates(
    session: AsyncSession, *, by: By, first: date | None = None, last: date | None = None
) -> list[Rate]:
    """The rates of each group in the caller's regions, over determinations whose results were opened in a period.

    A department is the purchaser's organisation; `key` is its id, the region's prefix, the kind, or null for all.
    Determinations that were replaced are left out: their successors count.
    """
    key = _key(by)
    today = clock.today()
    state = ResultUse.state

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(case((condition, 1)))

    statement = (
        select(
            key.label("key"),
            func.count(func.distinct(ResultOpening.determination_id)).label("determinations"),
            func.count(func.distinct(case((state == "applied", ResultOpening.determination_id)))).label(
                "determinations_applied"
            ),
            count(state == "applied").label("applied"),
            count(state == "waived").label("waived"),
            count(state == "open").label("open"),
            count((state == "open") & (ResultUse.due_on < today)).label("overdue"),
            count(state == "blocked").label("blocked"),
            count(state == "suspended").label("suspended"),
            func.coalesce(func.sum(case((state == "applied", ResultUse.amount))), 0).label("moved"),
        )
        .select_from(ResultOpening)
        .outerjoin(ResultUse, ResultUse.determination_id == ResultOpening.determination_id)
        .where(ResultOpening.replaced_by.is_(None))
        .group_by(key)
        .order_by(key)
    )
    if first is not None:
        statement = statement.where(ResultOpening.opened_at >= clock.start_of(first))
    if last is not None:
        statement = statement.where(ResultOpening.opened_at < clock.start_of(last + timedelta(days=1)))
    return [Rate(**row._asdict()) for row in await session.execute(statement)]


def _key(by: By) -> ColumnElement[str | None]:
    if by == "department":
        return cast(ResultOpening.purchaser_id, String)
    if by == "kind":
        return ResultUse.kind  # type: ignore[return-value]
    if by == "all":
        return cast(None, String)
    return func.left(ResultOpening.region, _LENGTH[by])
