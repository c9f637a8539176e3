from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from scoring.scores.targets.schemas import TargetsOut, targets_out
from scoring.scores.targets.service import compared_targets
from shared.auth import Principal, allow
from shared.db import ReadSession
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["scores"])

Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]


@routes.get("/targets", summary="A contract's targets beside history and sector")
async def compare_targets(
    session: ReadSession,
    _: Officer,
    response: Response,
    contract_id: Annotated[UUID, Query(description="The contract; a draft or a submitted one too.")],
) -> TargetsOut:
    """Each agreed target beside what earlier contracts of the same service agreed and reached, before it is approved.

    Flags are questions to whoever approves; nothing is refused by them. A `softened` target needs a reason when the
    contract is determined (`softened_targets` of POST /v1/determinations).
    """
    region, category, compared = await compared_targets(session, contract_id)
    set_region(response, region)
    return TargetsOut(contract_id=contract_id, service_category=category, items=targets_out(compared))
