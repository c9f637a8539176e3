"""Imports of tables over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response

from contracts.contracts.answers import ContractOut, contract_out
from contracts.contracts.queries import require_visible
from contracts.contracts.service import close_as_not_evaluable, reopen_for_evaluation
from contracts.disclosure.queries import require_disclosed
from contracts.lists import id_after
from contracts.regions.queries import parse_region
from contracts.tabular import queries, service
from contracts.tabular.errors import NounUnknown
from contracts.tabular.fields import FIELDS
from contracts.tabular.models import TableImport
from contracts.tabular.schemas import (
    EvaluationReportOut,
    GapsOut,
    KeptMappingIn,
    MappingOut,
    NotEvaluableIn,
    Noun,
    NounOut,
    PartOut,
    RowOut,
    RunIn,
    TableImportIn,
    TableImportOut,
)
from contracts.tabular.templates import csv_lines, template_csv, template_xlsx
from shared.auth import Principal, allow, require_region
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession, principal_in
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["imports"])

Importer = Annotated[Principal, allow("finance", "purchaser", "operator")]
Reader = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Anybody = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Outcome = Literal["created", "updated", "unchanged", "rejected", "undone", "kept"]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def _answer(response: Response, batch: TableImport) -> TableImportOut:
    response.headers["ETag"] = etag(batch.version)
    set_region(response, batch.region)
    return TableImportOut.model_validate(batch)


@routes.get("/imports/nouns/{noun}", summary="List the fields that a table of a noun may have")
async def list_fields(noun: Noun, _: Anybody) -> list[NounOut]:
    """With the heads by which their columns are recognised, and the words that stand for codes."""
    return [
        NounOut(
            field=each.name,
            heads=list(each.heads),
            kind=each.kind,
            required=each.required,
            note=each.note,
            choices=dict(each.choices),
        )
        for each in FIELDS[noun]
    ]


@routes.get(
    "/imports/templates/{filename}",
    summary="Download the template of a noun",
    response_class=Response,
    responses={200: {"content": {_XLSX: {}, "text/csv": {}}}},
)
async def download_template(
    filename: Annotated[str, Path(description="For example contracts.xlsx or payments.csv.", max_length=40)], _: Anybody
) -> Response:
    """Chinese heads with notes; a column of money is in 元 unless its head says 万元."""
    noun, _dot, kind = filename.partition(".")
    if noun not in FIELDS or kind not in ("xlsx", "csv"):
        raise NounUnknown(f"There is no template {filename}; there are {', '.join(FIELDS)}, each as .xlsx and .csv.")
    content, media = (template_xlsx(noun), _XLSX) if kind == "xlsx" else (template_csv(noun), "text/csv; charset=utf-8")
    headers = {"Content-Disposition": f'attachment; filename="{noun}.{kind}"'}
    return Response(content, media_type=media, headers=headers)


@routes.get("/imports/mappings", summary="List kept mappings of columns")
async def list_mappings(
    session: ReadSession, _: Reader, noun: Annotated[Noun | None, Query(description="Only of this noun.")] = None
) -> list[MappingOut]:
    """By name; they hold heads and fields, never rows."""
    return [MappingOut.model_validate(each) for each in await queries.list_mappings(session, noun=noun)]


@routes.get("/imports/mappings/{name}", summary="Show a kept mapping of columns")
async def show_mapping(name: str, session: ReadSession, response: Response, _: Reader) -> MappingOut:
    """With the version that a change must name."""
    kept = await queries.get_mapping(session, name=name)
    response.headers["ETag"] = etag(kept.version)
    return MappingOut.model_validate(kept)


@routes.put("/imports/mappings/{name}", summary="Keep a mapping of columns under a name")
async def keep_mapping(
    name: Annotated[str, Path(min_length=1, max_length=64, description="Name.")],
    body: KeptMappingIn,
    session: WriteSession,
    response: Response,
    _: Importer,
    if_match: IfMatch,
) -> MappingOut:
    """201 for a new one; a kept one is changed under If-Match with its version (412 otherwise)."""
    kept, new = await service.keep_mapping(session, body, name=name, if_match=if_match)
    response.status_code = 201 if new else 200
    response.headers["ETag"] = etag(kept.version)
    return MappingOut.model_validate(kept)


@routes.post("/imports/tables", status_code=201, summary="Announce a table to import")
async def start_import(body: TableImportIn, session: WriteSession, response: Response, _: Importer) -> TableImportOut:
    """Then send the file in parts, and run the import: first dry, then for good."""
    return _answer(response, await service.start_import(session, body))


@routes.get("/imports/tables", summary="List imports of tables")
async def list_imports(
    session: ReadSession, _: Reader, page: PageQuery, request: Request, response: Response
) -> Page[TableImportOut]:
    """Of your regions, the newest first."""
    found = await queries.list_table_imports(session, limit=page.limit, after=id_after(page))
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [TableImportOut.model_validate(batch) for batch in shown]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.get("/imports/tables/{import_id}", summary="Show an import of a table")
async def show_import(import_id: UUID, session: ReadSession, response: Response, _: Reader) -> TableImportOut:
    """Its state, what was found in the file, and how far it is: `done` of `rows`."""
    return _answer(response, await queries.get_table_import(session, import_id=import_id))


@routes.put("/imports/tables/{import_id}/parts/{number}", summary="Send a part of the file", openapi_extra=_BYTES)
async def put_part(
    import_id: UUID,
    number: Annotated[int, Path(ge=1, le=10_000, description="Number of the part, from 1 without a gap.")],
    session: WriteSession,
    request: Request,
    _: Importer,
) -> PartOut:
    """The file's bytes in order, cut anywhere; a part is at most as large as a request may be (4 MiB by default).

    The same part again changes nothing, so that an upload that was interrupted goes on where it stopped.
    """
    content = await request.body()
    limit = request.app.state.settings.max_import_bytes
    size, sha256 = await service.put_part(session, import_id=import_id, number=number, content=content, limit=limit)
    return PartOut(number=number, size=size, sha256=sha256)


@routes.post("/imports/tables/{import_id}/run", status_code=202, summary="Check or apply an import")
async def run_import(
    *,
    import_id: UUID,
    body: RunIn,
    session: WriteSession,
    request: Request,
    response: Response,
    _: Importer,
    if_match: IfMatch,
) -> TableImportOut:
    """Reads the file and decides about every row, in chunks of a transaction each, and survives a restart.

    With `dry_run` nothing stays but the report. Where the amounts look 10,000 times off, the file is checked only, and
    applied once somebody has sent `confirm_units`.
    """
    settings = request.app.state.settings
    batch = await service.run_import(
        session,
        body,
        import_id=import_id,
        if_match=if_match,
        max_unpacked=settings.max_import_unpacked_bytes,
        max_rows=settings.max_import_rows,
    )
    return _answer(response, batch)


@routes.post("/imports/tables/{import_id}/undo", status_code=202, summary="Undo an import")
async def undo_import(
    import_id: UUID, session: WriteSession, response: Response, _: Importer, if_match: IfMatch
) -> TableImportOut:
    """Row by row from the last to the first; a row on which something later depends stays, with the reason."""
    return _answer(response, await service.undo_import(session, import_id=import_id, if_match=if_match))


AfterLine = Annotated[int, Query(ge=0, le=2**31 - 1, description="Only lines after this one.")]


@routes.get("/imports/tables/{import_id}/rows", summary="List what became of the rows")
async def list_rows(
    *,
    import_id: UUID,
    session: ReadSession,
    response: Response,
    _: Reader,
    outcome: Annotated[Outcome | None, Query(description="Only of this outcome.")] = None,
    problems: Annotated[bool, Query(description="Only rows with something wrong or doubtful.")] = False,
    after: AfterLine = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Rows of a page.")] = 200,
) -> list[RowOut]:
    """In the order of their lines; the next page begins after the last line of this one."""
    batch = await queries.get_table_import(session, import_id=import_id)
    set_region(response, batch.region)
    found = await queries.list_rows(
        session, import_id=import_id, outcome=outcome, problems=problems, after=after, limit=limit
    )
    return [
        RowOut(line=row.line, outcome=row.outcome, id=row.target_id, problems=row.problems or [])
        for row in found[:limit]
    ]


@routes.get(
    "/imports/tables/{import_id}/report.csv",
    summary="Download what is wrong, cell by cell",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def download_report(
    *,
    import_id: UUID,
    session: ReadSession,
    _: Reader,
    after: AfterLine = 0,
    limit: Annotated[int, Query(ge=1, le=100_000, description="Rows of the file at most.")] = 50_000,
) -> Response:
    """Line, outcome, level, column, value and reason, for a spreadsheet; no cell of it is a formula."""
    batch = await queries.get_table_import(session, import_id=import_id)
    found = await queries.list_rows(session, import_id=import_id, outcome=None, problems=True, after=after, limit=limit)
    lines = [["行", "结果", "级别", "列", "值", "原因"]]
    for row in found[:limit]:
        for problem in row.problems or ():
            level = problem.get("level", "error")
            lines.append(
                [str(row.line), row.outcome or "", level, problem["column"], problem["value"], problem["reason"]]
            )
    headers = {"Content-Disposition": f'attachment; filename="report-{import_id}.csv"', "Gongping-Region": batch.region}
    return Response("\ufeff" + "".join(csv_lines(lines)), media_type="text/csv; charset=utf-8", headers=headers)


@routes.get("/imports/gaps", summary="Count the contracts of the past that cannot be evaluated")
async def count_gaps(
    session: ReadSession,
    response: Response,
    _: Reader,
    region: Annotated[str, Query(description="Region, with everything below it.", max_length=16)],
    year: Annotated[int | None, Query(ge=1990, le=2100, description="Year of signature; all when left out.")] = None,
) -> GapsOut:
    """They are gaps and are never scored 0."""
    try:
        named = parse_region(region)
    except ValueError as error:
        raise Unprocessable(str(error), errors=[{"pointer": "query:region", "detail": str(error)}]) from error
    require_region(principal_in(session), named)
    contracts, reasons = await queries.count_not_evaluable(session, region=named, year=year)
    set_region(response, named)
    return GapsOut(region=named, year=year, contracts=contracts, not_evaluable=sum(reasons.values()), reasons=reasons)


@routes.post("/contracts/{contract_id}/not-evaluable", summary="Close a contract of the past as not evaluable")
async def close_contract_as_not_evaluable(
    *,
    contract_id: UUID,
    body: NotEvaluableIn,
    session: WriteSession,
    response: Response,
    _: Annotated[Principal, allow("finance", "purchaser")],
    if_match: IfMatch,
) -> ContractOut:
    """It counts as a gap with its reason; scoring shows no score of it, and never 0. Contracts concluded here: 409."""
    record = await close_as_not_evaluable(session, contract_id=contract_id, reason=body.reason, if_match=if_match)
    response.headers["ETag"] = etag(record.state.version)
    set_region(response, record.state.region)
    return contract_out(record)


@routes.delete("/contracts/{contract_id}/not-evaluable", summary="Open a contract of the past for evaluation again")
async def reopen_contract_for_evaluation(
    *,
    contract_id: UUID,
    session: WriteSession,
    response: Response,
    _: Annotated[Principal, allow("finance", "purchaser")],
    if_match: IfMatch,
) -> ContractOut:
    """For evidence that was found."""
    record = await reopen_for_evaluation(session, contract_id=contract_id, if_match=if_match)
    response.headers["ETag"] = etag(record.state.version)
    set_region(response, record.state.region)
    return contract_out(record)


@routes.get("/contracts/{contract_id}/evaluation-reports", summary="List evaluation reports of the past")
async def list_evaluation_reports(
    contract_id: UUID, session: ReadSession, response: Response, _: Anybody
) -> list[EvaluationReportOut]:
    """As they were imported: shown beside the contract, never a score of ours."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    await require_disclosed(session, "indicators", contract_id=contract_id)
    found = await queries.list_evaluation_reports(session, contract_id=contract_id)
    return [EvaluationReportOut.model_validate(each) for each in found]
