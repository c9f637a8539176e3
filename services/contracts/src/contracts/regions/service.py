"""Recording changes of divisions. They are national reference data: the contracts of the past keep their codes."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.regions.changes import Change, present_codes
from contracts.regions.errors import RegionChangeAlreadyRecorded, RegionChangeUnsound
from contracts.regions.models import County, RegionChange
from contracts.regions.queries import NATIONAL, changes_of_divisions
from contracts.regions.schemas import CountiesIn, CountiesOut, RegionChangeIn
from shared import audit, clock
from shared.auth import require_region
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = ["name_counties", "record_region_change"]


async def record_region_change(session: AsyncSession, body: RegionChangeIn) -> Change:
    """Record that a code ends.

    403 outside the caller's regions; RegionChangeUnsound for a change without sense (a recode into two, a circle);
    RegionChangeAlreadyRecorded for the same code and day.
    """
    principal = principal_in(session)
    require_region(principal, body.code)
    _require_sense(body)
    known = await session.scalar(
        select(RegionChange.id).where(RegionChange.code == body.code, RegionChange.effective_on == body.effective_on)
    )
    if known is not None:
        raise RegionChangeAlreadyRecorded(f"A change of {body.code} on {body.effective_on} is recorded; it stays.")
    change = Change(body.code, body.name, body.kind, tuple(body.successors), body.effective_on, True, body.document)
    others = await changes_of_divisions(session)
    for successor in body.successors:
        circle = body.code in present_codes(successor, others, on=body.effective_on)
        if circle or successor.startswith(body.code):
            raise RegionChangeUnsound(
                f"{successor} lies in {body.code} or was followed by it: a code cannot follow itself.", code=successor
            )
    session.add(
        RegionChange(
            id=new_id(),
            kind=body.kind,
            code=body.code,
            name=body.name,
            successors=list(body.successors),
            effective_on=body.effective_on,
            document=body.document,
            recorded_by=principal.subject,
            recorded_at=clock.now(),
        )
    )
    try:
        await session.flush()
    except IntegrityError as error:
        raise RegionChangeAlreadyRecorded("Another request recorded this change at the same moment.") from error
    audit.record(
        session, "region.changed", noun="region", noun_id=body.code, region=body.code, fields=body.model_fields_set
    )
    return change


async def name_counties(session: AsyncSession, body: CountiesIn) -> CountiesOut:
    """Take over a list of counties; what it does not name stays.

    403 for a county outside the caller's regions; Unprocessable for one that stands twice.
    """
    principal, moment = principal_in(session), clock.now()
    for position, item in enumerate(body.items):
        require_region(principal, item.code)
        if item.code in {other.code for other in body.items[:position]}:
            detail = "stands in the list twice"
            raise Unprocessable(
                f"{item.code} {detail}.", errors=[{"pointer": f"/items/{position}/code", "detail": detail}]
            )
    codes = [item.code for item in body.items]
    found = (await session.execute(select(County).where(County.code.in_(codes)).with_for_update())).scalars()
    known = {row.code: row for row in found}
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for item in body.items:
        row = known.get(item.code)
        if row is not None and (row.name, row.valid_from) == (item.name, item.valid_from):
            counts["unchanged"] += 1
            continue
        counts["created" if row is None else "updated"] += 1
        row = row or County(code=item.code)
        row.name, row.valid_from, row.document = item.name, item.valid_from, body.document
        row.recorded_by, row.recorded_at = principal.subject, moment
        session.add(row)
        told = {"name": item.name, "document": body.document}
        audit.record(session, "region.named", noun="region", noun_id=item.code, region=item.code, fields=told)
    await session.flush()
    return CountiesOut(**counts)


_SUCCESSORS = {"recode": (1, 1), "merger": (1, 1), "split": (2, 50), "retirement": (0, 0)}


def _require_sense(body: RegionChangeIn) -> None:
    if NATIONAL in (body.code, *body.successors):
        raise RegionChangeUnsound(f"{NATIONAL} is the central government and no division.", code=NATIONAL)
    least, most = _SUCCESSORS[body.kind]
    count = len(set(body.successors))
    if not least <= count <= most or count != len(body.successors):
        asked = str(least) if least == most else f"at least {least}"
        raise RegionChangeUnsound(
            f"A {body.kind} has {asked} successors, each once; {len(body.successors)} were given.", kind=body.kind
        )
