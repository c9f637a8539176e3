"""Documents over HTTP."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from contracts.contracts.queries import require_visible
from contracts.disclosure.queries import marked_documents
from contracts.documents import queries, service, storing
from contracts.documents.errors import DocumentNotFound, DocumentNotKept, DocumentStoreMissing
from contracts.documents.models import Document
from contracts.documents.schemas import About, DocumentIn, DocumentOut, UploadOut, WithdrawIn
from contracts.lists import id_after
from contracts.settings import ContractsSettings
from shared import clock
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.files import Files
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["documents"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Party = Annotated[Principal, allow("purchaser", "provider", "finance")]


def _out(document: Document, upload: UploadOut | None = None) -> DocumentOut:
    plain = {name: getattr(document, name) for name in DocumentOut.model_fields if name != "upload"}
    return DocumentOut.model_validate(plain | {"upload": upload})


@routes.post("/contracts/{contract_id}/documents", status_code=201, summary="Record a document")
async def record_document(
    contract_id: UUID, body: DocumentIn, session: WriteSession, request: Request, response: Response, _: Party
) -> DocumentOut:
    """By its hash and where it lies, about the contract or a part of it; by either side.

    With `store` the answer says where to put the content: an address of the object store (then POST .../stored), or
    PUT .../content of this service. 409 where no store is configured, and for what is not kept.
    """
    settings: ContractsSettings = request.app.state.settings
    files = storing.files_of(settings) if body.store else None
    if files is not None:
        storing.require_keepable(body, limit=settings.max_document_bytes)
    storage = "awaited" if files else "reference"
    document = await service.record_document(session, body, contract_id=contract_id, storage=storage)
    set_region(response, document.region)
    return _out(document, await _upload(files, document, seconds=settings.files_url_seconds) if files else None)


async def _upload(files: Files, document: Document, *, seconds: int) -> UploadOut:
    if not files.signs:
        path = f"/v1/contracts/{document.contract_id}/documents/{document.id}/content"
        return UploadOut(method="PUT", url=path, expires_at=None)
    url = await files.upload_url(str(document.id), seconds=seconds)
    return UploadOut(method="PUT", url=url, expires_at=clock.now() + timedelta(seconds=seconds))


@routes.put("/contracts/{contract_id}/documents/{document_id}/content", summary="Put the content of a document")
async def put_content(
    contract_id: UUID, document_id: UUID, session: WriteSession, request: Request, response: Response, _: Party
) -> DocumentOut:
    """Its bytes as the body. Kept when size, hash and first bytes are what was announced, else thrown away (409)."""
    settings: ContractsSettings = request.app.state.settings
    document = await service.opened_document(session, contract_id=contract_id, document_id=document_id)
    storing.require_awaited(document)
    files = storing.files_of(settings)
    if files.signs:
        raise DocumentStoreMissing("Put it to the object store, at the address of the answer that recorded it.")
    await files.receive(str(document.id), request.stream())
    kept = await storing.check_content(session, files, document, limit=settings.max_document_bytes)
    set_region(response, kept.region)
    return _out(kept)


@routes.post("/contracts/{contract_id}/documents/{document_id}/stored", summary="Say that the content was put")
async def check_content(
    contract_id: UUID, document_id: UUID, session: WriteSession, request: Request, response: Response, _: Party
) -> DocumentOut:
    """After it was put to the object store: it is read, compared with what was announced, and kept or thrown away."""
    settings: ContractsSettings = request.app.state.settings
    document = await service.opened_document(session, contract_id=contract_id, document_id=document_id)
    storing.require_awaited(document)
    files = storing.files_of(settings)
    kept = await storing.check_content(session, files, document, limit=settings.max_document_bytes)
    set_region(response, kept.region)
    return _out(kept)


@routes.get(
    "/contracts/{contract_id}/documents/{document_id}/content",
    summary="Read the content of a document",
    response_class=Response,
)
async def read_content(
    contract_id: UUID, document_id: UUID, session: ReadSession, request: Request, _: Reader
) -> Response:
    """Its bytes, or 307 to a short-lived address of the object store; always as a download, never shown in place."""
    settings: ContractsSettings = request.app.state.settings
    region = await require_visible(session, contract_id=contract_id)
    document = await queries.find_document(session, contract_id=contract_id, document_id=document_id)
    withheld = await marked_documents(session, contract_id=contract_id)
    if document is None or document.sha256 in withheld:
        raise DocumentNotFound(f"Contract {contract_id} has no document {document_id} that you may read.")
    if document.storage == "erased":
        raise DocumentNotKept("Its retention period was over and its content was erased; only its hash stays.")
    if document.storage != "stored":
        raise DocumentNotKept(f"Its content is not kept here; it lies at {document.url or 'the place that it names'}.")
    files = storing.files_of(settings)
    headers = {"Gongping-Region": region, "Cache-Control": "no-store"}
    if files.signs:
        address = await files.download_url(document.sha256, seconds=settings.files_url_seconds)
        return RedirectResponse(address, status_code=307, headers=headers)
    headers |= {"Content-Disposition": f'attachment; filename="{document.id}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(await files.read(document.sha256), media_type=document.media_type, headers=headers)


@routes.get("/contracts/{contract_id}/documents", summary="List documents")
async def list_documents(
    *,
    contract_id: UUID,
    session: ReadSession,
    _: Reader,
    page: PageQuery,
    request: Request,
    response: Response,
    about: Annotated[About | None, Query(description="Only about this kind of part.")] = None,
    document_type: Annotated[str | None, Query(max_length=64, description="Only of this type.")] = None,
) -> Page[DocumentOut]:
    """In the order of recording, superseded and withdrawn ones included; those that are withheld from you left out."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    found = await queries.list_documents(
        session,
        contract_id=contract_id,
        limit=page.limit,
        after=id_after(page),
        about=about,
        document_type=document_type,
    )
    withheld = await marked_documents(session, contract_id=contract_id)
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    items = [_out(document) for document in shown if document.sha256 not in withheld]
    return page_response(request, response, items, next_cursor=next_cursor)


@routes.post("/contracts/{contract_id}/documents/{document_id}/withdraw", summary="Withdraw a document")
async def withdraw_document(
    contract_id: UUID, document_id: UUID, body: WithdrawIn, session: WriteSession, response: Response, _: Party
) -> DocumentOut:
    """With its reason; that it was recorded stays."""
    document = await service.withdraw_document(
        session, contract_id=contract_id, document_id=document_id, reason=body.reason
    )
    set_region(response, document.region)
    return _out(document)
