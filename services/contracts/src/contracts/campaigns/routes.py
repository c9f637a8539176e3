"""Campaigns over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.bulk import BulkOut, apply_each
from contracts.campaigns import queries, service
from contracts.campaigns.answers import csv_text, place_after, roll_up_row
from contracts.campaigns.models import Campaign, CampaignReturn
from contracts.campaigns.queries import Completeness
from contracts.campaigns.requirements import requirements
from contracts.campaigns.rollup import Level, roll_up
from contracts.campaigns.schemas import (
    CampaignIn,
    CampaignOut,
    ExtendIn,
    OwedContractOut,
    ReasonIn,
    ReminderOut,
    RequirementOut,
    ReturnOut,
    RollUpRow,
    SubmitIn,
    SubmitItem,
    SubmitManyIn,
)
from contracts.lists import id_after
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["campaigns"])

Reader = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Sender = Annotated[Principal, allow("finance", "purchaser")]
Leader = Annotated[Principal, allow("finance", "operator")]
ReturnState = Literal["open", "submitted", "returned", "locked"]
LevelQuery = Annotated[Level, Query(description="contract | project | department.")]


def _campaign(response: Response, campaign: Campaign) -> CampaignOut:
    response.headers["ETag"] = etag(campaign.version)
    return CampaignOut.model_validate(campaign)


def _return_out(owed: CampaignReturn, found: Completeness | None) -> ReturnOut:
    figures = found or Completeness(0, 0, {})
    names = ReturnOut.model_fields.keys() - {"contracts", "complete", "missing", "submitted"}
    return ReturnOut.model_validate(
        {name: getattr(owed, name) for name in names}
        | {
            "contracts": figures.contracts,
            "complete": figures.complete,
            "missing": figures.missing,
            "submitted": owed.figures,
        }
    )


async def _return(session: AsyncSession, response: Response, owed: CampaignReturn) -> ReturnOut:
    response.headers["ETag"] = etag(owed.version)
    set_region(response, owed.region)
    campaign = await queries.get_campaign(session, campaign_id=owed.campaign_id)
    found = await queries.completeness_of(session, campaign, returns=[owed])
    return _return_out(owed, found.get(owed.id))


@routes.get("/campaigns/requirements", summary="What a campaign can ask of each contract")
async def list_requirements(_: Reader) -> list[RequirementOut]:
    """The shipped requirements, each with its source and how a gap is mended."""
    return [RequirementOut.model_validate(one) for one in requirements().values()]


@routes.post("/campaigns", status_code=201, summary="Open a year's campaign")
async def create_campaign(body: CampaignIn, session: WriteSession, response: Response, _: Leader) -> CampaignOut:
    """A return is opened for every unit with contracts of the year in the scope; units that come later get theirs."""
    campaign = await service.create_campaign(session, body)
    response.headers["Location"] = f"/v1/campaigns/{campaign.id}"
    return _campaign(response, campaign)


@routes.get("/campaigns", summary="List campaigns")
async def list_campaigns(
    *,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    year: Annotated[int | None, Query(ge=1990, le=2100, description="Year that is reported.")] = None,
    request: Request,
    response: Response,
) -> Page[CampaignOut]:
    """In the order of opening."""
    found = await queries.list_campaigns(session, limit=page.limit, after=id_after(page), year=year)
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [CampaignOut.model_validate(one) for one in shown]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.get("/campaigns/{campaign_id}", summary="Show a campaign")
async def show_campaign(campaign_id: UUID, session: ReadSession, response: Response, _: Reader) -> CampaignOut:
    """With its deadlines and what it asks of each contract."""
    return _campaign(response, await queries.get_campaign(session, campaign_id=campaign_id))


@routes.post("/campaigns/{campaign_id}/extend", summary="Give every unit more time")
async def extend_campaign(
    campaign_id: UUID, body: ExtendIn, session: WriteSession, response: Response, if_match: IfMatch, _: Leader
) -> CampaignOut:
    """Every return that is not submitted and whose deadline is earlier gets the new one."""
    campaign = await service.extend_campaign(
        session, campaign_id=campaign_id, due_on=body.due_on, reason=body.reason, if_match=if_match
    )
    return _campaign(response, campaign)


@routes.post("/campaigns/{campaign_id}/lock", summary="End a campaign")
async def lock_campaign(
    campaign_id: UUID, session: WriteSession, response: Response, if_match: IfMatch, _: Leader
) -> CampaignOut:
    """Its returns take nothing more."""
    return _campaign(response, await service.lock_campaign(session, campaign_id=campaign_id, if_match=if_match))


@routes.get("/campaigns/{campaign_id}/returns", summary="List the returns of a campaign")
async def list_returns(
    *,
    campaign_id: UUID,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    state: Annotated[ReturnState | None, Query(description="open | submitted | returned | locked.")] = None,
    request: Request,
    response: Response,
) -> Page[ReturnOut]:
    """One for each unit and region, with what its contracts lack now; a purchaser with an organisation sees its own."""
    campaign = await queries.get_campaign(session, campaign_id=campaign_id)
    found = await queries.list_returns(
        session, campaign_id=campaign_id, limit=page.limit, after=id_after(page), state=state
    )
    shown = found[: page.limit]
    figures = await queries.completeness_of(session, campaign, returns=shown)
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [_return_out(one, figures.get(one.id)) for one in shown]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.get("/campaigns/{campaign_id}/returns/{return_id}", summary="Show a return")
async def show_return(
    campaign_id: UUID, return_id: UUID, session: ReadSession, response: Response, _: Reader
) -> ReturnOut:
    """With what its contracts lack now, and the figures of the last submission."""
    return await _return(
        session, response, await queries.get_return(session, campaign_id=campaign_id, return_id=return_id)
    )


@routes.get("/campaigns/{campaign_id}/returns/{return_id}/contracts", summary="The contracts of a return")
async def list_owed_contracts(
    *,
    campaign_id: UUID,
    return_id: UUID,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    lacking: Annotated[str | None, Query(max_length=64, description="Only those that lack this requirement.")] = None,
    request: Request,
    response: Response,
) -> Page[OwedContractOut]:
    """Each with the requirements that it lacks, in the order of the contracts' ids."""
    campaign = await queries.get_campaign(session, campaign_id=campaign_id)
    owed = await queries.get_return(session, campaign_id=campaign_id, return_id=return_id)
    set_region(response, owed.region)
    found = await queries.contracts_of_return(
        session, campaign, owed=owed, limit=page.limit, after=id_after(page), lacking=[lacking] if lacking else []
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [
        OwedContractOut(contract_id=row.id, title=row.title, state=row.state, missing=row.missing) for row in shown
    ]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.post("/campaigns/{campaign_id}/returns/{return_id}/submit", summary="Submit a return")
async def submit_return(
    *,
    campaign_id: UUID,
    return_id: UUID,
    body: SubmitIn,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Sender,
) -> ReturnOut:
    """Open | returned -> submitted. 409 names what is missing; gaps that only warn need a reason."""
    owed, _outcome = await service.submit_return(
        session, campaign_id=campaign_id, return_id=return_id, reason=body.reason, if_match=if_match
    )
    return await _return(session, response, owed)


@routes.post("/campaigns/{campaign_id}/returns:submit", summary="Submit many returns")
async def submit_returns(
    campaign_id: UUID, body: SubmitManyIn, session: WriteSession, request: Request, _: Sender
) -> BulkOut:
    """With a result per item: updated | unchanged (submitted already) | failed with the problem."""

    async def submit(session: AsyncSession, item: SubmitItem) -> tuple[UUID, str]:
        owed, outcome = await service.submit_return(
            session, campaign_id=campaign_id, return_id=item.return_id, reason=item.reason, if_match=None
        )
        return owed.id, outcome

    return await apply_each(session, body.items, submit, limit=request.app.state.settings.max_bulk_returns)


@routes.post("/campaigns/{campaign_id}/returns/{return_id}/send-back", summary="Send a return back to its unit")
async def send_back(
    *,
    campaign_id: UUID,
    return_id: UUID,
    body: ReasonIn,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Leader,
) -> ReturnOut:
    """Submitted -> returned; the unit mends it and submits again."""
    owed = await service.send_back(
        session, campaign_id=campaign_id, return_id=return_id, reason=body.reason, if_match=if_match
    )
    return await _return(session, response, owed)


@routes.post("/campaigns/{campaign_id}/returns/{return_id}/extend", summary="Give a unit more time")
async def extend_return(
    *,
    campaign_id: UUID,
    return_id: UUID,
    body: ExtendIn,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Leader,
) -> ReturnOut:
    """For this return alone."""
    owed = await service.extend_return(
        session,
        campaign_id=campaign_id,
        return_id=return_id,
        due_on=body.due_on,
        reason=body.reason,
        if_match=if_match,
    )
    return await _return(session, response, owed)


@routes.get("/campaigns/{campaign_id}/reminders", summary="List reminders")
async def list_reminders(
    *, campaign_id: UUID, session: ReadSession, _: Reader, page: PageQuery, request: Request, response: Response
) -> Page[ReminderOut]:
    """Deadlines that come near or have passed, each once; the event contracts.campaign.reminded.v1 tells the same."""
    await queries.get_campaign(session, campaign_id=campaign_id)
    found = await queries.list_reminders(session, campaign_id=campaign_id, limit=page.limit, after=id_after(page))
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1][0].id) if len(found) > page.limit else None
    items = [
        ReminderOut(
            id=made.id,
            return_id=made.return_id,
            organisation_id=owed.organisation_id,
            region=made.region,
            kind=made.kind,
            due_on=made.due_on,
            recorded_at=made.recorded_at,
        )
        for made, owed in shown
    ]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.get("/campaigns/{campaign_id}/roll-up", summary="Contracts, budget projects or departments in sum")
async def show_roll_up(
    *,
    campaign_id: UUID,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    level: LevelQuery = "department",
    request: Request,
    response: Response,
) -> Page[RollUpRow]:
    """By currency. The money of the three levels sums to the same: every yuan stands in one row of each."""
    campaign = await queries.get_campaign(session, campaign_id=campaign_id)
    found = await roll_up(session, campaign, level=level, limit=page.limit, after=place_after(page.cursor))
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].currency, shown[-1].key) if len(found) > page.limit else None
    return page_response(request, response, [roll_up_row(row) for row in shown], next_cursor=next_cursor)


@routes.get("/campaigns/{campaign_id}/roll-up.csv", summary="The roll-up as CSV", response_class=Response)
async def export_roll_up(
    campaign_id: UUID, session: ReadSession, _: Reader, level: LevelQuery = "department"
) -> Response:
    """UTF-8 with a byte order mark; a text that a spreadsheet would take for a formula has an apostrophe before it."""
    campaign = await queries.get_campaign(session, campaign_id=campaign_id)
    rows = await roll_up(session, campaign, level=level, limit=None, after=None)
    name = f"roll-up-{campaign.year}-{level}.csv"
    return Response(
        csv_text(rows).encode("utf-8-sig"),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
