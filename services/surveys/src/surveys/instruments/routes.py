"""Instruments over HTTP: reference data, readable by all, the public included."""

import asyncio
import functools
from typing import Annotated

from fastapi import Path, Query, Request, Response

from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.web import router
from surveys.instruments import queries, service
from surveys.instruments.document import Instrument
from surveys.instruments.schemas import (
    ImportedOut,
    InstrumentOut,
    InstrumentsOut,
    instrument_out,
    instrument_summary,
)
from surveys.instruments.xlsform import write_xlsform

__all__ = ["routes"]

routes = router(tags=["instruments"])
Anybody = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Keepers = Annotated[Principal, allow("finance", "operator")]
InstrumentId = Annotated[
    str, Path(max_length=48, description="Code of the instrument.", examples=["public-service-core"])
]
Version = Annotated[str | None, Query(max_length=32, description="By default the newest.", examples=["1.0.0"])]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BINARY = {"schema": {"type": "string", "format": "binary"}}


@routes.get("/instruments", summary="The questionnaires that waves can use")
async def list_instruments(session: ReadSession, principal: Anybody) -> InstrumentsOut:  # noqa: ARG001
    """Every instrument at every version, the newest version first."""
    return InstrumentsOut(items=[instrument_summary(found) for found in await queries.list_instruments(session)])


@routes.post(
    "/instruments",
    summary="Upload a questionnaire",
    status_code=201,
    responses={200: {"model": InstrumentOut, "description": "The same questionnaire was kept before."}},
)
async def upload_instrument(
    body: Instrument, response: Response, session: WriteSession, principal: Keepers
) -> InstrumentOut:
    """Keep a questionnaire at one version, for good: a changed question is a new version.

    Its code belongs to the organisation that used it first. What a wave needs is checked here: exactly one headline on
    a scale, skip logic on earlier questions only, distinct codes. Languages may be incomplete; a wave offers only those
    that have every text.
    """
    if not await service.upload_instrument(session, body, principal=principal):
        response.status_code = 200
    return instrument_out(queries.questionnaire(body))


@routes.post(
    "/instruments:xlsform",
    summary="Upload a questionnaire as an XLSForm workbook",
    status_code=201,
    responses={200: {"model": ImportedOut, "description": "Only shown, or the same questionnaire was kept before."}},
    openapi_extra={"requestBody": {"required": True, "content": {XLSX: BINARY}}},
)
async def import_xlsform(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    response: Response,
    session: WriteSession,
    principal: Keepers,
    preview: Annotated[bool, Query(description="True: only show what the form becomes; nothing is kept.")] = False,
    language: Annotated[
        str,
        Query(
            description="Language (BCP 47) of columns that name none, as `label`.",
            pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
            max_length=35,
        ),
    ] = "zh-Hans",
) -> ImportedOut:
    """Read the form of an ODK or KoBo survey (xlsx), show what it becomes, and keep it as POST /v1/instruments does.

    What the subset cannot say is refused with sheet and row; what is left out or taken differently stands in `notes`.
    """
    # Reading a large workbook takes seconds, in which the process must go on answering others.
    read = functools.partial(service.instrument_of_form, await request.body(), language=language)
    instrument, notes = await asyncio.to_thread(read)
    if preview or not await service.upload_instrument(session, instrument, principal=principal):
        response.status_code = 200
    return ImportedOut(instrument=instrument_out(queries.questionnaire(instrument)), stored=not preview, notes=notes)


@routes.get("/instruments/{instrument_id}", summary="A questionnaire and what may be answered")
async def get_instrument(
    session: ReadSession,
    principal: Anybody,  # noqa: ARG001
    instrument_id: InstrumentId,
    version: Version = None,
) -> InstrumentOut:
    """The questions in every language, the hash, and the JSON Schema that answers are checked with."""
    instrument = await queries.get_instrument(session, instrument_id, version=version)
    return instrument_out(queries.questionnaire(instrument))


@routes.get(
    "/instruments/{instrument_id}/xlsform",
    summary="A questionnaire as an XLSForm workbook",
    response_class=Response,
    responses={200: {"content": {XLSX: BINARY}, "description": "The workbook (xlsx)."}},
)
async def export_xlsform(
    session: ReadSession,
    principal: Anybody,  # noqa: ARG001
    instrument_id: InstrumentId,
    version: Version = None,
) -> Response:
    """The questionnaire for the offline clients of ODK and KoBo, in every language that it has."""
    instrument = await queries.get_instrument(session, instrument_id, version=version)
    name = f"{instrument.id}-{instrument.version}.xlsx"
    return Response(
        write_xlsform(instrument), media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
