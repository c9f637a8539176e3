"""The exchange over HTTP: OCDS releases and records, bulk NDJSON, the changes feed, our extension."""

import json
from collections.abc import AsyncIterator, Callable
from importlib import resources
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.exchange import service
from contracts.exchange.contents import identities_of
from contracts.exchange.package import package
from contracts.exchange.queries import Offset, changes_after, find_horizon, size_of
from contracts.exchange.schemas import FeedItem, FeedOut, FeedPlace, FeedSize, RecordPackage, ReleasePackage
from contracts.settings import ContractsSettings
from shared.auth import Principal, allow
from shared.db import Database, ReadSession
from shared.pagination import decode_cursor, encode_cursor
from shared.problems import Unprocessable
from shared.web import router

__all__ = ["EXTENSION_PATH", "routes"]

routes = router(tags=["exchange"])
EXTENSION_PATH = "/v1/ocds/extensions/evaluation"
NDJSON = "application/x-ndjson"
READERS = allow("public", "finance", "purchaser", "provider", "evaluator", "auditor", "operator")
Reader = Annotated[Principal, READERS]
Region = Annotated[
    str | None,
    Query(
        pattern=r"^[A-Z]{2}(-[0-9A-Za-z]{0,13})?$",
        description="Only contracts of this region and what lies below it.",
        examples=["CN-23"],
    ),
]
Cursor = Annotated[str | None, Query(max_length=200, description="Place to read on from, as an answer named it.")]


def _offset(cursor: str | None) -> Offset | None:
    if cursor is None:
        return None
    key = decode_cursor(cursor)
    if len(key) != 3 or not all(type(part) is int and 0 <= part < 2**63 for part in key):
        raise Unprocessable(
            "The offset belongs to another list.", errors=[{"pointer": "query:offset", "detail": "no offset of this"}]
        )
    return key[0], key[1], key[2]


def _naming(request: Request) -> service.Naming:
    settings: ContractsSettings = request.app.state.settings
    return service.Naming(settings.ocid_prefix, settings.ocds_language)


def _package(request: Request, kind: str, items: list[dict[str, Any]]) -> JSONResponse:
    settings: ContractsSettings = request.app.state.settings
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    content = package(
        kind,
        items,
        uri=f"{settings.public_url or 'https://gongping.invalid'}{address}",
        publisher=settings.ocds_publisher,
        license_url=settings.ocds_license,
        own=f"{settings.public_url}{EXTENSION_PATH}/extension.json" if settings.public_url else None,
    )
    return JSONResponse(content)


@routes.get("/ocds/releases", summary="Releases of OCDS 1.1.5, oldest first", response_model=ReleasePackage)
async def read_releases(
    request: Request,
    session: ReadSession,
    principal: Reader,  # noqa: ARG001
    region: Region = None,
    cursor: Cursor = None,
    *,
    limit: Annotated[int, Query(ge=1, le=200, description="Changes that are looked at for one page.")] = 100,
) -> Response:
    """A release package with a release for every published change, in the order of the commits.

    The public reads contracts that are or were in force; a token also opens the pending and cancelled imports of its
    regions. The header `Link` (rel="next") leads on while there is more; a page may be short, or empty, and still have
    a next one.
    """
    releases, following = await service.releases_after(
        session, _offset(cursor), limit=limit, naming=_naming(request), region=region
    )
    answer = _package(request, "releases", releases)
    if following is not None:
        url = request.url.include_query_params(cursor=encode_cursor(*following))
        answer.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return answer


@routes.get("/ocds/records/{ocid:path}", summary="The record of a contracting process", response_model=RecordPackage)
async def read_record(ocid: str, request: Request, session: ReadSession, principal: Reader) -> Response:  # noqa: ARG001
    """A record package with all releases of one process and the release that is compiled from them.

    A process that was imported as OCDS is published as its publisher wrote it, with what was recorded here on top.
    """
    return _package(request, "records", [await service.get_record(session, ocid=ocid, naming=_naming(request))])


Stream = Callable[[AsyncSession], AsyncIterator[dict[str, Any]]]


def _lines(request: Request, principal: Principal, stream: Stream) -> StreamingResponse:
    """One JSON document a line. The request's own session ends before the body is sent, so the stream has another."""
    database: Database = request.app.state.database

    async def lines() -> AsyncIterator[bytes]:
        async with database.reading(principal=principal) as session:
            async for document in stream(session):
                yield json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"

    return StreamingResponse(lines(), media_type=NDJSON)


_NDJSON: dict[int | str, dict[str, Any]] = {
    200: {"description": "One JSON document a line.", "content": {NDJSON: {"schema": {"type": "string"}}}}
}


@routes.get("/ocds/releases.ndjson", summary="All releases, one a line", responses=_NDJSON)
async def stream_releases(request: Request, principal: Reader, region: Region = None) -> StreamingResponse:
    """Every release that the caller may read, in the order of `GET /ocds/releases`, as NDJSON, in constant memory."""
    naming = _naming(request)
    return _lines(request, principal, lambda session: service.stream_releases(session, naming=naming, region=region))


@routes.get("/ocds/records.ndjson", summary="All records, one a line", responses=_NDJSON)
async def stream_records(request: Request, principal: Reader, region: Region = None) -> StreamingResponse:
    """The record of every process that the caller may read, as NDJSON, in constant memory."""
    naming = _naming(request)
    return _lines(request, principal, lambda session: service.stream_records(session, naming=naming, region=region))


@routes.get("/ocds/extensions/evaluation/{name}", summary="Our extension of OCDS")
async def read_extension(
    name: Literal["extension.json", "release-schema.json"],
    principal: Reader,  # noqa: ARG001
) -> dict[str, Any]:
    """The description and the JSON merge patch of the local extension for acceptance, indicators and life cycle."""
    content = resources.files("contracts.exchange").joinpath("extension", name).read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(content)
    return document


@routes.get("/changes", summary="The changes feed")
async def read_changes(
    request: Request,
    session: ReadSession,
    principal: Reader,  # noqa: ARG001
    offset: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Changes of one page.")] = 100,
    *,
    descending: Annotated[bool, Query(description="Newest first.")] = False,
    latest: Annotated[bool, Query(description="Only the last change of each contract.")] = False,
    size: Annotated[bool, Query(description="Count what the feed covers; it reads all of it.")] = False,
    region: Region = None,
) -> FeedOut:
    """Every change of a contract that the caller may read, in the order in which the transactions ended.

    No change is ever put before an offset that was given out: changes whose transaction, or an older one, still runs
    wait (the watermark). To copy everything: read `descending` to the end, then follow `prev_page` of the first page
    for ever.
    """
    settings: ContractsSettings = request.app.state.settings
    limit = min(limit, settings.max_feed_page)
    after = _offset(offset)
    horizon = await find_horizon(session)
    await service.require_known_offset(session, after, horizon)
    found = await changes_after(
        session, after, limit=limit + 1, horizon=horizon, descending=descending, latest=latest, region=region
    )
    rows = found[:limit]
    identities = await identities_of(session, (row.contract_id for row in rows), prefix=settings.ocid_prefix)
    start = after or ((horizon.epoch, horizon.oldest, 0) if descending else (0, 0, 0))
    first, last = (service.offset_of(rows[0]), service.offset_of(rows[-1])) if rows else (start, start)

    def place(at: Offset, *, downwards: bool) -> FeedPlace:
        value = encode_cursor(*at)
        url = request.url.include_query_params(offset=value, descending=str(downwards).lower()).remove_query_params(
            "size"
        )
        return FeedPlace(offset=value, path=f"{url.path}?{url.query}")

    return FeedOut(
        items=[
            FeedItem.model_validate(
                {name: getattr(row, name) for name in FeedItem.model_fields if name != "ocid"}
                | {"ocid": identities[row.contract_id].ocid}
            )
            for row in rows
        ],
        next_page=place(last, downwards=descending),
        prev_page=place(first, downwards=not descending),
        more=len(found) > limit,
        size=FeedSize.model_validate(await size_of(session, horizon=horizon, region=region)) if size else None,
    )
