import asyncio
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from scoring.calibrations import queries, service
from scoring.calibrations.dependence import dependent, without_evaluators
from scoring.calibrations.facets import facets_of
from scoring.calibrations.models import CalibrationDecision, CalibrationFlag, CalibrationRound
from scoring.calibrations.schemas import (
    AdjudicationIn,
    DecisionOut,
    DependenceOut,
    FacetsOut,
    FlagDecisionIn,
    FlagOut,
    RoundIn,
    RoundOut,
    TrialIn,
    TrialOut,
    ValueOut,
    WithoutOut,
)
from scoring.frameworks.service import registry
from scoring.scores.queries import row_of
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, Paging, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["calibrations"])

Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Organiser = Annotated[Principal, allow("finance", "purchaser")]
State = Literal["open", "needs_adjudication", "closed"]


@routes.post("/calibrations", status_code=201, summary="Open a calibration round")
async def open_round(body: RoundIn, session: WriteSession, _: Organiser, response: Response) -> RoundOut:
    """Over evaluations whose rating is closed. It holds the determinations of their contracts until it is closed."""
    made = await service.open_round(session, body)
    response.headers["Location"] = f"/v1/calibrations/{made.id}"
    return await _out(session, response, made)


@routes.get("/calibrations", summary="List calibration rounds")
async def list_rounds(
    *,
    session: ReadSession,
    _: Officer,
    page: PageQuery,
    request: Request,
    response: Response,
    state: Annotated[State | None, Query(description="Only in this state.")] = None,
) -> Page[RoundOut]:
    """In the order in which they were opened, without their decisions."""
    after = _after(page)
    found = await queries.list_rounds(
        session, state=state, after=None if after is None else after[0], limit=page.limit + 1
    )
    items = [_shown(each, []) for each in found[: page.limit]]
    following = encode_cursor(items[-1].id) if len(found) > page.limit else None
    return page_response(request, response, items, next_cursor=following)


@routes.get("/calibrations/contracts/{contract_id}/without", summary="Would the grade change without an evaluator?")
async def score_without_evaluators(
    *,
    contract_id: UUID,
    framework_id: Annotated[str, Query(description="Id of the framework.", max_length=64)],
    session: ReadSession,
    _: Officer,
    response: Response,
    version: Annotated[
        int | None, Query(ge=1, lt=2**31, description="Number of a score row; by default the newest.")
    ] = None,
) -> DependenceOut:
    """The whole score through its framework, with each evaluator left out in turn; nothing is stored."""
    (await registry(session)).find(framework_id)
    row = await row_of(session, contract_id=contract_id, framework_id=framework_id, version=version)
    set_region(response, row.region)
    found = await without_evaluators(session, contract_id, content=row.content, framework_hash=row.framework_hash)
    return DependenceOut(
        contract_id=contract_id,
        framework_id=framework_id,
        version=row.version,
        score=row.content["result"]["score"],
        grade=row.content["result"]["grade"],
        evaluator_dependent=dependent(found),
        items=[WithoutOut.model_validate(each, from_attributes=True) for each in found],
    )


@routes.get("/calibrations/{round_id}", summary="Read a calibration round")
async def get_round(round_id: UUID, session: ReadSession, _: Officer, response: Response) -> RoundOut:
    """Agreement, severities and what was decided; the values and flags have lists of their own."""
    return await _out(session, response, await queries.find_round(session, round_id))


@routes.post("/calibrations/{round_id}/close", summary="Close a calibration round")
async def close_round(
    round_id: UUID, session: WriteSession, _: Organiser, if_match: IfMatch, response: Response
) -> RoundOut:
    """Severity is taken out, or refused with the reason; the values become evidence and the scores follow."""
    return await _out(session, response, await service.close_round(session, round_id, if_match=if_match))


@routes.post("/calibrations/{round_id}/adjudication", summary="Adjudicate a round")
async def adjudicate(
    round_id: UUID, body: AdjudicationIn, session: WriteSession, _: Organiser, if_match: IfMatch, response: Response
) -> RoundOut:
    """A panel's decision, with reasons, that marks may be used although alpha is below .667."""
    return await _out(session, response, await service.adjudicate(session, round_id, body, if_match=if_match))


@routes.get("/calibrations/{round_id}/values", summary="Raw, fair and shrunk values")
async def list_values(
    *,
    round_id: UUID,
    session: ReadSession,
    _: Officer,
    page: PageQuery,
    request: Request,
    response: Response,
    contract_id: Annotated[UUID | None, Query(description="Only of this contract.")] = None,
) -> Page[ValueOut]:
    """By contract and criterion, with every evaluator's mark."""
    set_region(response, (await queries.find_round(session, round_id)).region)
    after = _after(page)
    found = await queries.values_of(
        session,
        round_id=round_id,
        contract_id=contract_id,
        after=None if after is None else (after[0], after[1]),
        limit=page.limit + 1,
    )
    shown = found[: page.limit]
    following = encode_cursor(shown[-1].contract_id, shown[-1].criterion) if len(found) > page.limit else None
    items = [ValueOut.model_validate(each) for each in shown]
    return page_response(request, response, items, next_cursor=following)


@routes.get("/calibrations/{round_id}/facets", summary="Severity by the many-facet Rasch model")
async def get_facets(round_id: UUID, session: ReadSession, _: Officer, response: Response) -> FacetsOut:
    """A second opinion on the marks that the round took in: grades as an ordered scale, severity and fit in logits."""
    found = await queries.find_round(session, round_id)
    set_region(response, found.region)
    values = await queries.values_of(session, round_id=round_id)
    reason = found.refusal if found.offered is False else None
    # In a thread of its own: a large round takes seconds, and other requests go on.
    told = await asyncio.to_thread(facets_of, values, reason=reason)
    return FacetsOut.model_validate({"round_id": found.id} | told)


@routes.get("/calibrations/{round_id}/flags", summary="The flags of a round")
async def list_flags(round_id: UUID, session: ReadSession, _: Officer, response: Response) -> Page[FlagOut]:
    """Questions about the marks, each with what was decided; none of them is a verdict."""
    set_region(response, (await queries.find_round(session, round_id)).region)
    found = await queries.flags_of(session, round_id)
    return Page(items=[_flag(flag, decision) for flag, decision in found], next=None)


@routes.post("/calibrations/{round_id}/flags/{flag_id}/decision", status_code=201, summary="Decide on a flag")
async def decide_flag(
    round_id: UUID, flag_id: UUID, body: FlagDecisionIn, session: WriteSession, _: Organiser, response: Response
) -> DecisionOut:
    """By another person than the one who closed the round. Nothing else happens by itself."""
    made = await service.decide_flag(session, round_id, flag_id, body)
    set_region(response, made.region)
    return DecisionOut.model_validate(made)


@routes.post("/calibrations/{round_id}/trial", summary="What other marks would give")
async def try_marks(round_id: UUID, body: TrialIn, session: ReadSession, _: Officer, response: Response) -> TrialOut:
    """The value with changed or left-out marks under the round's own parameters, as an appeal needs it."""
    set_region(response, (await queries.find_round(session, round_id)).region)
    return await service.trial_value(session, round_id, body)


async def _out(session: ReadSession, response: Response, found: CalibrationRound) -> RoundOut:
    set_region(response, found.region)
    response.headers["ETag"] = etag(found.version)
    return _shown(found, await queries.decisions_of(session, found.id))


def _shown(found: CalibrationRound, decisions: list[CalibrationDecision]) -> RoundOut:
    columns = {column.key: getattr(found, column.key) for column in CalibrationRound.__table__.columns}
    return RoundOut.model_validate(columns | {"decisions": [DecisionOut.model_validate(each) for each in decisions]})


def _flag(flag: CalibrationFlag, decision: CalibrationDecision | None) -> FlagOut:
    columns = {column.key: getattr(flag, column.key) for column in CalibrationFlag.__table__.columns}
    told = None if decision is None else DecisionOut.model_validate(decision)
    return FlagOut.model_validate(columns | {"decision": told})


def _after(page: Paging) -> tuple[UUID, str] | None:
    if page.cursor is None:
        return None
    try:
        first, *rest = page.cursor
        return UUID(first), str(rest[0]) if rest else ""
    except (TypeError, ValueError, AttributeError) as error:
        raise Unprocessable(
            "The cursor is not one of this list.", errors=[{"pointer": "query:cursor", "detail": "of another list"}]
        ) from error
