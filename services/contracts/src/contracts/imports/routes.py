"""Imports over HTTP."""

from typing import Annotated

from contracts.imports import service
from contracts.imports.schemas import ImportBatch, ImportOut
from shared.auth import Principal, allow
from shared.db import WriteSession
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["imports"])


@routes.post("/imports/ocds", summary="Import releases of OCDS 1.1")
async def import_ocds(
    body: ImportBatch,
    session: WriteSession,
    principal: Annotated[Principal, allow("finance", "purchaser", "operator")],  # noqa: ARG001
) -> ImportOut:
    """Record the contracts of up to 200 releases at their true state, with their gaps and contradictions listed.

    Sending the same release again changes nothing; a changed one brings its contracts up to date. A release that
    cannot be read is refused alone, with its place and reason. `gongping import ocds FILE` reads packages of any size
    and sends them here.
    """
    return await service.import_ocds(session, body.items)
