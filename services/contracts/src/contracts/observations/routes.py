"""Observations over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.contracts.queries import Observable, observables_of, require_visible
from contracts.disclosure.queries import require_disclosed
from contracts.lists import id_after
from contracts.observations import combining, queries, service
from contracts.observations.models import Observation
from contracts.observations.plausibility import doubts_about
from contracts.observations.schemas import CombinedIn, ObservationIn, ObservationOut
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["observations"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Observer = Annotated[Principal, allow("purchaser", "provider", "finance")]

_PLAIN = [name for name in ObservationOut.model_fields if name not in ("indicator_code", "withdrawn_at", "warnings")]


def _out(observation: Observation, agreed: Observable, withdrawn_at: datetime | None = None) -> ObservationOut:
    values = {name: getattr(observation, name) for name in _PLAIN}
    doubts = doubts_about(agreed, observation.value, observation.observed_on)
    return ObservationOut.model_validate(
        values | {"indicator_code": agreed.code, "withdrawn_at": withdrawn_at, "warnings": doubts}
    )


@routes.post("/contracts/{contract_id}/observations", status_code=201, summary="Record an actual value of an indicator")
async def record_observation(
    contract_id: UUID, body: ObservationIn, session: WriteSession, response: Response, _: Observer
) -> ObservationOut:
    """For contracts that are or were in force: effects are observed after the end too.

    A negative count or share is refused; what is only doubtful (a day outside the term) is answered in `warnings`.
    """
    observation, agreed = await service.record_observation(session, body, contract_id=contract_id)
    set_region(response, observation.region)
    return _out(observation, agreed)


@routes.post(
    "/contracts/{contract_id}/observations/combined",
    status_code=201,
    summary="Make a value of the whole contract from those of its parts",
)
async def combine_observations(
    contract_id: UUID, body: CombinedIn, session: WriteSession, response: Response, _: Observer
) -> ObservationOut:
    """By a rule that you name: a sum, or the mean weighted by shares of the money. Scores take it like any value.

    409 while a part is not observed, with the share of the money that is.
    """
    observation, agreed = await combining.combine_observations(session, body, contract_id=contract_id)
    set_region(response, observation.region)
    return _out(observation, agreed)


@routes.get("/contracts/{contract_id}/observations", summary="List observations")
async def list_observations(
    *,
    contract_id: UUID,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    indicator_id: Annotated[UUID | None, Query(description="Only this indicator.")] = None,
) -> Page[ObservationOut]:
    """Every observation in the order of recording, those that were corrected included."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    await require_disclosed(session, "indicators", contract_id=contract_id)
    found = await queries.list_observations(
        session, contract_id=contract_id, limit=page.limit, after=id_after(page), indicator_id=indicator_id
    )
    indicators = await observables_of(session, contract_id=contract_id)
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    gone = await queries.withdrawals_of(session, contract_id=contract_id)
    items = [_out(observation, indicators[observation.indicator_id], gone.get(observation.id)) for observation in shown]
    return page_response(request, response, items, next_cursor=next_cursor)
