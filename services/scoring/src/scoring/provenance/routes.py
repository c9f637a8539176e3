from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import AwareDatetime
from pydantic_core import to_json

from scoring.provenance.crate import crate
from scoring.provenance.prov import prov_json
from scoring.provenance.queries import as_known, snapshot_of
from scoring.provenance.schemas import KnownScoreOut
from shared import clock
from shared.auth import Principal, allow
from shared.db import ReadSession
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["provenance"])

# A snapshot shows the live score and all its evidence: the officers of the tenant only.
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
FrameworkId = Annotated[str, Query(description="Id of the framework.", max_length=64)]
Version = Annotated[int | None, Query(ge=1, lt=2**31, description="Number of a score row; by default the newest.")]


@routes.get("/scores/{contract_id}/snapshot", summary="Everything that a recomputation of a score needs")
async def get_snapshot(
    contract_id: UUID,
    framework_id: FrameworkId,
    session: ReadSession,
    _: Officer,
    response: Response,
    version: Version = None,
) -> dict[str, Any]:
    """Score row, framework, evidence, uncertainty record and determinations, sealed by a hash of its own.

    `gongping verify-score FILE` recomputes it offline.
    """
    region, snapshot = await snapshot_of(session, contract_id, framework_id=framework_id, version=version)
    set_region(response, region)
    return snapshot


@routes.get(
    "/scores/{contract_id}/provenance",
    summary="The provenance of a score",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "application/zip": {}}}},
)
async def get_provenance(
    contract_id: UUID,
    framework_id: FrameworkId,
    session: ReadSession,
    _: Officer,
    version: Version = None,
    form: Annotated[
        Literal["prov-json", "ro-crate"],
        Query(alias="format", description="prov-json: W3C PROV as JSON. ro-crate: a ZIP file with the data."),
    ] = "prov-json",
) -> Response:
    """What was used, by which run, with which plan, and who signed."""
    region, snapshot = await snapshot_of(session, contract_id, framework_id=framework_id, version=version)
    if form == "prov-json":
        answer = _json(prov_json(snapshot))
    else:
        name = f"{contract_id}-{framework_id}-{snapshot['score']['version']}.crate.zip"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        answer = Response(crate(snapshot), media_type="application/zip", headers=disposition)
    set_region(answer, region)
    return answer


@routes.get("/scores/{contract_id}/as-known", summary="A score as it was known on a day")
async def get_known_score(
    *,
    contract_id: UUID,
    framework_id: FrameworkId,
    session: ReadSession,
    _: Officer,
    response: Response,
    known_at: Annotated[
        AwareDatetime | None, Query(description="Only what had come in by this instant (RFC 3339 with its zone).")
    ] = None,
    valid_at: Annotated[date | None, Query(description="Only what speaks of this day or an earlier one.")] = None,
    framework_version: Annotated[
        str | None, Query(description="Version of the framework; by default the one in force.", max_length=32)
    ] = None,
) -> KnownScoreOut:
    """Made again from the evidence as it was known then; the rows that were written stand in the history."""
    moment = known_at or clock.now()
    region, outcome = await as_known(
        session,
        contract_id,
        framework_id=framework_id,
        framework_version=framework_version,
        known_at=moment,
        valid_at=valid_at,
    )
    set_region(response, region)
    result = {name: outcome.result[name] for name in _RESULT}
    return KnownScoreOut(
        contract_id=contract_id,
        framework_id=outcome.framework.id,
        framework_version=outcome.framework.version,
        framework_hash=outcome.framework.hash,
        known_at=moment,
        valid_at=valid_at,
        simulated=outcome.simulated,
        content_hash=outcome.content_hash,
        **result,
    )


_RESULT = ("stage", "score", "lower", "upper", "coverage", "grade", "held")


def _json(document: dict[str, Any]) -> Response:
    return Response(to_json(document), media_type="application/json")
