from typing import Annotated
from uuid import UUID

from fastapi import Path, Request

from gateway.settings import GatewaySettings
from gateway.upstreams import passed_headers, upstreams_of
from gateway.views.schemas import DossierOut
from gateway.views.service import compose_dossier
from shared.auth import Principal, allow
from shared.web import router as new_router

__all__ = ["router"]

router = new_router(tags=["views"])
Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]


@router.get("/contracts/{contract_id}/dossier", summary="Contract, feedback and score in one answer")
async def get_dossier(
    contract_id: Annotated[UUID, Path(description="The contract.")], request: Request, principal: Reader
) -> DossierOut:
    """Everything about a contract, composed from the three services at the same time.

    Each part says whether it is there. A part that is down, late or not for your role is `unavailable` with the reason;
    the others are answered all the same. 404 when the contract does not exist or lies outside your regions.
    """
    settings: GatewaySettings = request.app.state.settings
    return await compose_dossier(
        upstreams_of(request.app.state),
        contract_id,
        principal=principal,
        headers=passed_headers(request.headers.get("authorization")),
        seconds=settings.dossier_seconds,
        most_waves=settings.dossier_waves,
    )
