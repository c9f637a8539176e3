"""Closing and results over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.web import router, set_region
from surveys.results import queries, service
from surveys.results.schemas import ResultsOut, results_out
from surveys.waves.schemas import WaveOut, wave_out

__all__ = ["routes"]

routes = router(tags=["results"])
Staff = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Closers = Annotated[Principal, allow("finance", "purchaser", "operator")]


@routes.post("/waves/{wave_id}/close", summary="Close a wave")
async def close_wave(
    wave_id: UUID,
    response: Response,
    session: WriteSession,
    if_match: IfMatch,
    principal: Closers,  # noqa: ARG001
) -> WaveOut:
    """Freeze the answers, compute the estimates and hand them to scoring. Cannot be undone.

    Without this a wave closes by itself when the grace after its end has run out.
    """
    wave, contract = await service.close_wave(session, wave_id, if_match=if_match)
    set_region(response, wave.region)
    response.headers["ETag"] = etag(wave.version)
    return wave_out(wave, contract)


@routes.get("/waves/{wave_id}/results", summary="What a closed wave says")
async def get_results(wave_id: UUID, response: Response, session: ReadSession, principal: Staff) -> ResultsOut:  # noqa: ARG001
    """Every item with its estimates, intervals and what they may be used for. An open wave has no results."""
    result, wave, contract = await queries.get_result(session, wave_id)
    set_region(response, wave.region)
    return results_out(result, wave, contract)
