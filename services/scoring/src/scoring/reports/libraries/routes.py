"""Indicator libraries as files over HTTP."""

import asyncio
from typing import Annotated

from fastapi import Path, Query, Request, Response

from scoring.canonical import canonical, sha256
from scoring.frameworks.service import register_framework
from scoring.frameworks.service.checks import check_document
from scoring.frameworks.versions import find_version
from scoring.reports.libraries.files import FORMATS, Kind, read_library, write_library
from scoring.reports.libraries.rows import document_of, library_of
from scoring.reports.schemas import LibraryOut
from shared.auth import ROLES, Principal, allow, normalise_scope, require_region
from shared.db import ReadSession, WriteSession
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["reports"])

# Frameworks are reference data, readable by all; drafts by the officers of their region.
Anyone = Annotated[Principal, allow(*ROLES)]
Maker = Annotated[Principal, allow("finance")]
BINARY = {"schema": {"type": "string", "format": "binary"}}
FILES = {media_type.partition(";")[0]: BINARY for media_type in FORMATS.values()}


@routes.get(
    "/reports/indicator-libraries/{framework_id}.{kind}",
    summary="A framework as an Excel or CSV indicator library",
    response_class=Response,
    responses={200: {"description": "The library, one row per node.", "content": FILES}},
)
async def export_library(
    framework_id: Annotated[str, Path(max_length=64, pattern="^[a-z0-9-]+$", description="Id of the framework.")],
    kind: Annotated[Kind, Path(description="xlsx or csv.")],
    session: ReadSession,
    principal: Anyone,
    version: Annotated[str | None, Query(max_length=32, description="By default the one in force.")] = None,
) -> Response:
    """The whole document: read again without a change it has the same hash."""
    found = await find_version(session, framework_id, version, principal=principal)
    body = await asyncio.to_thread(write_library, library_of(found.document), kind)
    name = f"{found.id}-{found.version}.{kind}"
    return Response(body, media_type=FORMATS[kind], headers={"Content-Disposition": f'attachment; filename="{name}"'})


@routes.post(
    "/reports/indicator-libraries",
    status_code=201,
    summary="Bring an indicator library in",
    responses={200: {"model": LibraryOut, "description": "Only shown: nothing was kept."}},
    openapi_extra={"requestBody": {"required": True, "content": FILES}},
)
async def import_library(
    *,
    request: Request,
    response: Response,
    session: WriteSession,
    principal: Maker,
    region: Annotated[str, Query(max_length=16, description="Where it is to apply.", examples=["CN-23"])],
    reason: Annotated[str, Query(min_length=1, max_length=4000, description="Why it is made; kept with the draft.")],
    preview: Annotated[bool, Query(description="True: only show what the file becomes; nothing is kept.")] = False,
) -> LibraryOut:
    """Reads an Excel or CSV file as the export writes it and keeps it as a draft, as POST /v1/frameworks does.

    What cannot be read is refused with its row; what breaks a rule of frameworks with its node.
    """
    library = await asyncio.to_thread(read_library, await request.body())
    document = await asyncio.to_thread(document_of, library)
    if preview:
        require_region(principal, region)
        await check_document(session, document, scope=normalise_scope(region))
        response.status_code = 200
    else:
        row = await register_framework(session, document, region=region, reason=reason, principal=principal)
        response.headers["Location"] = f"/v1/frameworks/{row.framework_id}?version={row.framework_version}"
    return LibraryOut(
        framework_id=document["id"],
        version=document["version"],
        hash=sha256(canonical(document)),
        nodes=len({(row.get("module"), row.get("path")) for row in library.nodes}),
        document=document,
    )
