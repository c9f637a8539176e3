"""Instruments over HTTP: reference data, readable by all, the public included."""

from typing import Annotated

from fastapi import Path, Query

from shared.auth import Principal, allow
from shared.db import ReadSession
from shared.web import router
from surveys.instruments import queries
from surveys.instruments.schemas import InstrumentOut, InstrumentsOut, instrument_out, instrument_summary

__all__ = ["routes"]

routes = router(tags=["instruments"])
Anybody = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]


@routes.get("/instruments", summary="The questionnaires that waves can use")
async def list_instruments(session: ReadSession, principal: Anybody) -> InstrumentsOut:  # noqa: ARG001
    """Every instrument at every version, the newest version first."""
    return InstrumentsOut(items=[instrument_summary(found) for found in await queries.list_instruments(session)])


@routes.get("/instruments/{instrument_id}", summary="A questionnaire and what may be answered")
async def get_instrument(
    session: ReadSession,
    principal: Anybody,  # noqa: ARG001
    instrument_id: Annotated[
        str, Path(max_length=48, description="Code of the instrument.", examples=["public-service-core"])
    ],
    version: Annotated[
        str | None, Query(max_length=32, description="By default the newest.", examples=["1.0.0"])
    ] = None,
) -> InstrumentOut:
    """The questions in every language, the hash, and the JSON Schema that answers are checked with."""
    instrument = await queries.get_instrument(session, instrument_id, version=version)
    return instrument_out(queries.questionnaire(instrument))
