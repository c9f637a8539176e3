"""Successions over HTTP: recorded by finance departments and operators, readable by all."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Body, Request

from contracts.organisations.queries import get_organisation
from contracts.successions import queries, service
from contracts.successions.models import Succession, TrackRecordDecision
from contracts.successions.schemas import DecisionIn, DecisionOut, SuccessionIn, SuccessionList, SuccessionOut
from shared.auth import Principal, allow
from shared.concurrency import IfMatch
from shared.db import ReadSession, WriteSession
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["organisations"])

Anyone = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Registrar = Annotated[Principal, allow("finance", "operator")]


def _out(succession: Succession, decisions: Sequence[TrackRecordDecision]) -> SuccessionOut:
    plain = {name: getattr(succession, name) for name in SuccessionOut.model_fields if name != "decisions"}
    return SuccessionOut.model_validate(
        plain | {"decisions": [DecisionOut.model_validate(decision) for decision in decisions]}
    )


@routes.post(
    "/organisations/{organisation_id}/successions", status_code=201, summary="Record what became of an organisation"
)
async def record_succession(
    *,
    organisation_id: UUID,
    body: Annotated[SuccessionIn, Body()],
    session: WriteSession,
    request: Request,
    if_match: IfMatch,
    _: Registrar,
) -> SuccessionOut:
    """Rename, change of code, merger, split or dissolution, with its day and document.

    Open contracts move to the successor, ended ones stay; the track record follows only by a decision of its own.
    409 when an open contract would be left without a party, 403 when one lies outside your regions.
    """
    limit = request.app.state.settings.max_succession_contracts
    succession = await service.record_succession(
        session, body, organisation_id=organisation_id, if_match=if_match, limit=limit
    )
    return _out(succession, [])


@routes.get("/organisations/{organisation_id}/successions", summary="List what became of an organisation")
async def list_successions(organisation_id: UUID, session: ReadSession, _: Anyone) -> SuccessionList:
    """What it came from and what came of it, in the order of the days."""
    await get_organisation(session, organisation_id=organisation_id)
    found = await queries.successions_of(session, organisation_id=organisation_id)
    decisions = await queries.decisions_of(session, succession_ids=[one.id for one in found])
    return SuccessionList(items=[_out(one, decisions[one.id]) for one in found])


@routes.post(
    "/organisations/{organisation_id}/successions/{succession_id}/track-record",
    summary="Decide whether a predecessor's track record counts for a successor",
)
async def decide_track_record(
    organisation_id: UUID, succession_id: UUID, body: DecisionIn, session: WriteSession, _: Registrar
) -> SuccessionOut:
    """The path names the predecessor. Until it is decided the record does not follow; the latest decision holds."""
    succession = await service.decide_track_record(
        session, body, organisation_id=organisation_id, succession_id=succession_id
    )
    decisions = await queries.decisions_of(session, succession_ids=[succession_id])
    return _out(succession, decisions[succession_id])
