"""Acts in three hands over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.acts import queries, service
from contracts.acts.models import Act
from contracts.acts.schemas import (
    ActIn,
    ActLine,
    ActOut,
    ActState,
    BulkStepIn,
    HandoverIn,
    HandoverOut,
    ReasonStepIn,
    ResubmitIn,
    StepIn,
    act_out,
)
from contracts.bulk import BulkOut, apply_each
from contracts.contracts.errors import NotAParty
from contracts.contracts.queries import get_contract
from contracts.contracts.service import require_purchaser
from contracts.lists import id_after
from contracts.policies.schemas import Action
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import AsyncSession, ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["acts"])

Supervisor = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Manager = Annotated[Principal, allow("purchaser", "finance")]
Staff = Annotated[Principal, allow("finance", "purchaser", "operator")]
Keeper = Annotated[Principal, allow("finance", "auditor", "operator")]


async def _answer(session: AsyncSession, response: Response, act: Act, *, withheld: bool = False) -> ActOut:
    response.headers["ETag"] = etag(act.version)
    set_region(response, act.region)
    return act_out(act, list(await queries.steps_of(session, act_id=act.id)), withheld=withheld)


@routes.post("/acts", status_code=201, summary="Prepare an act (经办)")
async def prepare_act(body: ActIn, session: WriteSession, response: Response, if_match: IfMatch, _: Manager) -> ActOut:
    """`If-Match` is the contract's version. Nothing is done before another person reviews and a third one signs it."""
    act = await service.prepare_act(session, if_match=if_match, **body.model_dump())
    response.headers["Location"] = f"/v1/acts/{act.id}"
    return await _answer(session, response, act)


@routes.get("/acts", summary="List acts")
async def list_acts(
    *,
    session: ReadSession,
    _: Supervisor,
    page: PageQuery,
    request: Request,
    response: Response,
    state: Annotated[ActState | None, Query(description="Only in this state.")] = None,
    action: Annotated[Action | None, Query(description="Only of this action.")] = None,
    contract_id: Annotated[UUID | None, Query(description="Only of this contract.")] = None,
    waiting_for_me: Annotated[
        bool, Query(description="Only those whose next step you may do, for yourself or as a deputy.")
    ] = False,
) -> Page[ActLine]:
    """Acts of your regions in the order in which they were prepared, without their bodies."""
    found = await queries.list_acts(
        session,
        limit=page.limit,
        after=id_after(page),
        state=state,
        action=action,
        contract_id=contract_id,
        waiting_for_me=waiting_for_me,
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(request, response, [ActLine.model_validate(act) for act in shown], next_cursor=next_cursor)


@routes.post("/acts:bulk", summary="Review or sign many acts")
async def bulk_step(body: BulkStepIn, session: WriteSession, request: Request, _: Manager) -> BulkOut:
    """A result per act, `updated` for one that took the step; what is refused stops none of the others."""
    step = service.review_act if body.step == "review" else service.sign_act

    async def take(inner: AsyncSession, act_id: UUID) -> tuple[UUID, str]:
        act = await step(inner, act_id=act_id, note=body.note, on_behalf_of=body.on_behalf_of, if_match=None)
        return act.id, "updated"

    return await apply_each(session, body.ids, take, limit=request.app.state.settings.max_bulk_acts)


@routes.get("/acts/{act_id}", summary="Show an act")
async def show_act(act_id: UUID, session: ReadSession, response: Response, _: Supervisor) -> ActOut:
    """With its body, its steps and what came of it."""
    act = await queries.get_act(session, act_id=act_id)
    return await _answer(session, response, act, withheld=not await _may_read(session, act))


async def _may_read(session: AsyncSession, act: Act) -> bool:
    """A body may hold what the contract withholds from other purchasers."""
    record = await get_contract(session, contract_id=act.contract_id)
    if record.viewer.roles & {"finance", "auditor", "operator"}:
        return True
    try:
        require_purchaser(session, record)
    except NotAParty:
        return False
    return True


@routes.post("/acts/{act_id}/review", summary="Review an act (审核)")
async def review_act(
    act_id: UUID, session: WriteSession, response: Response, if_match: IfMatch, _: Manager, body: StepIn | None = None
) -> ActOut:
    """By a second person. 412 act-stale when the contract has changed since it was prepared."""
    step = body or StepIn()
    act = await service.review_act(
        session, act_id=act_id, note=step.note, on_behalf_of=step.on_behalf_of, if_match=if_match
    )
    return await _answer(session, response, act)


@routes.post("/acts/{act_id}/sign", summary="Sign an act (签发)")
async def sign_act(
    act_id: UUID, session: WriteSession, response: Response, if_match: IfMatch, _: Manager, body: StepIn | None = None
) -> ActOut:
    """By a third person; what was prepared is done in the same transaction, or the act stays as it is.

    412 act-stale when the contract has changed since it was prepared; any refusal of the action itself comes through.
    """
    step = body or StepIn()
    act = await service.sign_act(
        session, act_id=act_id, note=step.note, on_behalf_of=step.on_behalf_of, if_match=if_match
    )
    return await _answer(session, response, act)


@routes.post("/acts/{act_id}/return", summary="Return an act to whoever prepares it")
async def return_act(
    act_id: UUID, body: ReasonStepIn, session: WriteSession, response: Response, if_match: IfMatch, _: Manager
) -> ActOut:
    """By whoever would review it, or sign it once it is reviewed; with the reason."""
    act = await service.return_act(
        session, act_id=act_id, reason=body.reason, on_behalf_of=body.on_behalf_of, if_match=if_match
    )
    return await _answer(session, response, act)


@routes.post("/acts/{act_id}/resubmit", summary="Prepare a returned act anew")
async def resubmit_act(
    act_id: UUID,
    session: WriteSession,
    response: Response,
    if_match: IfMatch,
    _: Manager,
    body: ResubmitIn | None = None,
) -> ActOut:
    """For the contract as it is now; it is reviewed from the beginning."""
    step = body or ResubmitIn()
    act = await service.resubmit_act(
        session, act_id=act_id, body=step.body, note=step.note, on_behalf_of=step.on_behalf_of, if_match=if_match
    )
    return await _answer(session, response, act)


@routes.post("/acts/{act_id}/withdraw", summary="Take an act back")
async def withdraw_act(
    act_id: UUID, body: ReasonStepIn, session: WriteSession, response: Response, if_match: IfMatch, _: Manager
) -> ActOut:
    """By whoever prepares it, before it is signed."""
    act = await service.withdraw_act(
        session, act_id=act_id, reason=body.reason, on_behalf_of=body.on_behalf_of, if_match=if_match
    )
    return await _answer(session, response, act)


@routes.post("/handovers", status_code=201, summary="Hand over on a change of staff")
async def hand_over(body: HandoverIn, session: WriteSession, _: Staff) -> HandoverOut:
    """Open acts and named responsibilities of the region move, running deputies end; counted and recorded."""
    return HandoverOut.model_validate(
        await service.hand_over(session, scope=body.region, **body.model_dump(exclude={"region"}))
    )


@routes.get("/handovers", summary="List handovers")
async def list_handovers(
    *, session: ReadSession, _: Keeper, page: PageQuery, request: Request, response: Response
) -> Page[HandoverOut]:
    """Changes of staff in the order in which they were recorded."""
    found = await queries.list_handovers(session, limit=page.limit, after=id_after(page))
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [HandoverOut.model_validate(each) for each in shown]
    return page_response(request, response, items, next_cursor=next_cursor)
