"""Closing, results, recomputation and files over HTTP."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.web import router, set_region
from surveys.results import queries, service
from surveys.results.bundle import bundle_of
from surveys.results.files import MEDIA_TYPES, Format, write_table
from surveys.results.microdata import table_of
from surveys.results.schemas import RecomputeIn, ResultsOut, results_out
from surveys.waves.schemas import WaveOut, wave_out

__all__ = ["routes"]

routes = router(tags=["results"])
Staff = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Closers = Annotated[Principal, allow("finance", "purchaser", "operator")]
# Neither who buys nor who delivers is handed single answers.
Officers = Annotated[Principal, allow("finance", "evaluator", "auditor", "operator")]
Recomputers = Annotated[Principal, allow("finance", "operator")]


@routes.post("/waves/{wave_id}/close", summary="Close a wave")
async def close_wave(
    wave_id: UUID,
    response: Response,
    session: WriteSession,
    if_match: IfMatch,
    principal: Closers,  # noqa: ARG001
) -> WaveOut:
    """Freeze the answers, weight them, compute the estimates and hand them to scoring. Cannot be undone.

    Without this a wave closes by itself when the grace after its end has run out. When the margins cannot be met the
    wave closes all the same: its results say which margin and category, and nothing of it enters a score.
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
    response.headers["ETag"] = etag(wave.version)
    return results_out(result, wave, contract)


@routes.get("/waves/{wave_id}/results/revisions", summary="Every revision of a closed wave's results")
async def list_revisions(
    wave_id: UUID,
    response: Response,
    session: ReadSession,
    principal: Staff,  # noqa: ARG001
) -> list[ResultsOut]:
    """The first one as it was computed at the closing, and each recomputation with its reason."""
    _, wave, contract = await queries.get_result(session, wave_id)
    set_region(response, wave.region)
    return [results_out(each, wave, contract) for each in await queries.revisions_of(session, wave_id)]


@routes.post("/waves/{wave_id}/results:recompute", status_code=status.HTTP_201_CREATED, summary="Compute again")
async def recompute(
    *,
    wave_id: UUID,
    body: RecomputeIn,
    response: Response,
    session: WriteSession,
    if_match: IfMatch,
    principal: Recomputers,  # noqa: ARG001
) -> ResultsOut:
    """Compute a closed wave again from its frozen answers, as a new revision; the old ones stay as they are.

    For margins that turned out wrong or could not be met. Margins that cannot be met now are refused with 409, which
    names margin and category.
    """
    margins = None if body.margins is None else [margin.model_dump(mode="json") for margin in body.margins]
    result, wave, contract = await service.recompute_wave(
        session, wave_id, reason=body.reason, margins=margins, if_match=if_match
    )
    set_region(response, wave.region)
    response.headers["ETag"] = etag(wave.version)
    return results_out(result, wave, contract)


@routes.get("/waves/{wave_id}/answers", summary="The answers as a file", response_class=Response)
async def get_answers(
    *,
    wave_id: UUID,
    session: WriteSession,
    principal: Officers,  # noqa: ARG001
    kind: Annotated[Format, Query(alias="format", description="csv, sav (SPSS), dta (Stata) or parquet (an extra).")],
    language: Annotated[str, Query(max_length=35, description="Language of the labels (BCP 47).")] = "zh-Hans",
) -> Response:
    """The answers of a closed wave with weights, margins, strata and quality flags, for another evaluator.

    No ids, times, receipts or free text; rows in the order of their content. Not for the public, the purchaser or the
    provider. Refused below ten answers. Who took what stands in the audit trail.
    """
    dataset, result, wave, _ = await service.read_answers(session, wave_id, what=kind)
    name = f"wave-{wave_id}-r{result.revision}"
    title = f"SIMULATED {name}" if wave.simulated else name
    table = await asyncio.to_thread(table_of, dataset)
    body = await asyncio.to_thread(write_table, table, kind, title=title, language=language)
    return _file(body, f"{name}.{kind}", MEDIA_TYPES[kind], region=wave.region)


@routes.get("/waves/{wave_id}/recompute", summary="The recompute bundle", response_class=Response)
async def get_bundle(wave_id: UUID, session: WriteSession, principal: Officers) -> Response:  # noqa: ARG001
    """Answers, weights, margins, policy and an R script as a ZIP archive: a second evaluator gets the same numbers.

    `Rscript recompute.R` in its folder weights the answers, computes every estimate with its error and interval, and
    compares them with the published ones. For the same officers as the answers, under the same conditions.
    """
    dataset, result, wave, contract = await service.read_answers(session, wave_id, what="recompute")
    document = results_out(result, wave, contract).model_dump(mode="json")
    body = await asyncio.to_thread(bundle_of, dataset, document, simulated=wave.simulated)
    return _file(body, f"wave-{wave_id}-r{result.revision}-recompute.zip", "application/zip", region=wave.region)


def _file(body: bytes, name: str, media_type: str, *, region: str) -> Response:
    response = Response(body, media_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    set_region(response, region)
    return response
