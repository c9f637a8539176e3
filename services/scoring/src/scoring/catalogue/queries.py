"""What a kind of service is called where and when."""

from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.catalogue.models import CatalogueName
from shared import clock

__all__ = ["category_name"]

CENTRAL: Final = "CN-00"
_TOP: Final = len("A05")


async def category_name(
    session: AsyncSession, code: str | None, *, region: str, signed_on: str | None
) -> tuple[str, str, str | None] | None:
    """Code, Chinese and English name of a kind of service, or of the nearest item above it: departments divide them.

    Of the province's own edition that was in force when the contract was signed (today where that is not known), else
    of the central one (MOF-102 art. 11-14); before any was, of the first that came. None: no recorded edition has it;
    the shipped central list may.
    """
    if code is None:
        return None
    on = clock.today() if signed_on is None else date.fromisoformat(signed_on)
    own = region[: len(CENTRAL)] if region.startswith("CN-") else CENTRAL
    in_force = CatalogueName.in_force_on <= on
    statement = (
        select(CatalogueName.code, CatalogueName.name, CatalogueName.name_en)
        .where(
            CatalogueName.code.in_([code[:length] for length in range(_TOP, len(code) + 1)]),
            CatalogueName.jurisdiction.in_({own, CENTRAL}),
        )
        .order_by(
            in_force.desc(),
            (CatalogueName.jurisdiction == own).desc(),
            func.abs(CatalogueName.in_force_on - on),
            CatalogueName.approved_at.desc(),
            func.length(CatalogueName.code).desc(),
        )
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row.code, row.name, row.name_en)
