"""Recording budget projects and their adjustments. Shares are entries of the ledger."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.budgets.errors import BudgetBelowShares, BudgetProjectAlreadyRecorded, BudgetUnchanged
from contracts.budgets.models import BudgetAdjustment, BudgetProject
from contracts.budgets.queries import ProjectHead, find_project, lock_project
from contracts.budgets.schemas import AdjustmentIn, BudgetProjectIn
from contracts.contracts.service import require_party
from contracts.organisations.queries import require_role
from shared import audit, clock
from shared.auth import require_region
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id

__all__ = ["adjust_budget_project", "create_budget_project", "upsert_budget_project"]


async def create_budget_project(session: AsyncSession, body: BudgetProjectIn) -> UUID:
    """Record a project of a unit's budget; answers its id.

    403 for a region outside the caller's scope or another unit's budget, 409 for a known (unit, code, year).
    """
    known = await find_project(session, unit_id=body.unit_id, code=body.code, year=body.year)
    if known is not None:
        raise BudgetProjectAlreadyRecorded(
            f"The unit's project {body.code} of {body.year} is recorded; change it by an adjustment.",
            budget_project_id=str(known),
        )
    require_region(principal_in(session), body.region)
    require_party(principal_in(session), purchaser_id=body.unit_id, provider_id=None)
    await require_role(session, organisation_id=body.unit_id, role="purchaser")
    project = BudgetProject(
        id=new_id(),
        version=1,
        **{name: value for name, value in body if name != "full_year_amount"},
        full_year_amount=body.initial_amount,
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    session.add(project)
    await session.flush()
    audit.record(session, "budget.recorded", noun="budget_project", noun_id=project.id, region=body.region)
    if body.full_year_amount not in (None, body.initial_amount):
        head = await lock_project(session, project_id=project.id)
        await _adjust(session, head, after=body.full_year_amount or Decimal(0), reason="as recorded", document=None)
    return project.id


async def upsert_budget_project(session: AsyncSession, body: BudgetProjectIn) -> tuple[UUID, str]:
    """Record a project, or bring its full-year amount up to date; (id, created | updated | unchanged).

    BudgetProjectAlreadyRecorded when another initial amount is named for a known project: it is fixed once.
    """
    known = await find_project(session, unit_id=body.unit_id, code=body.code, year=body.year)
    if known is None:
        return await create_budget_project(session, body), "created"
    require_party(principal_in(session), purchaser_id=body.unit_id, provider_id=None)
    head = await lock_project(session, project_id=known)
    if (head.region, head.currency, head.initial_amount) != (body.region, body.currency, body.initial_amount):
        raise BudgetProjectAlreadyRecorded(
            f"Project {body.code} of {body.year} is recorded with {head.initial_amount:.2f} {head.currency} in "
            f"{head.region} at the beginning of the year; that does not change. Send full_year_amount.",
            budget_project_id=str(known),
        )
    if body.full_year_amount in (None, head.full_year_amount):
        return known, "unchanged"
    await _adjust(session, head, after=body.full_year_amount or Decimal(0), reason="brought up to date", document=None)
    return known, "updated"


async def adjust_budget_project(
    session: AsyncSession, body: AdjustmentIn, *, project_id: UUID, if_match: int | None
) -> None:
    """Change the full-year amount; never below what contracts hold. The old amount stays in the adjustment's row."""
    head = await lock_project(session, project_id=project_id)
    require_party(principal_in(session), purchaser_id=head.unit_id, provider_id=None)
    check_version(if_match, head.version)
    await _adjust(session, head, after=body.full_year_amount, reason=body.reason, document=body.document)


async def _adjust(
    session: AsyncSession, head: ProjectHead, *, after: Decimal, reason: str, document: str | None
) -> None:
    if after == head.full_year_amount:
        raise BudgetUnchanged(f"The full-year amount is {after:.2f} {head.currency} already.")
    if after < head.allocated:
        raise BudgetBelowShares(
            f"Contracts hold {head.allocated:.2f} {head.currency} of the project; reverse shares first.",
            allocated=f"{head.allocated:.2f}",
        )
    moment = clock.now()
    session.add(
        BudgetAdjustment(
            id=new_id(),
            budget_project_id=head.project_id,
            before=head.full_year_amount,
            after=after,
            reason=reason,
            document=document,
            recorded_by=principal_in(session).subject,
            recorded_at=moment,
        )
    )
    await session.execute(
        update(BudgetProject)
        .where(BudgetProject.id == head.project_id)
        .values(full_year_amount=after, version=BudgetProject.version + 1, updated_at=moment)
    )
    audit.record(
        session,
        "budget.adjusted",
        noun="budget_project",
        noun_id=head.project_id,
        region=head.region,
        fields={"full_year_amount": f"{after:.2f}"},
    )
