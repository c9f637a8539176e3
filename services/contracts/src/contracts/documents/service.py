"""Recording documents by their hash, and withdrawing them."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.service import open_for_fact
from contracts.documents.errors import (
    DocumentNotFound,
    DocumentNotSupersedable,
    DocumentPartUnknown,
    DocumentWithdrawn,
)
from contracts.documents.models import Document
from contracts.documents.queries import find_document, has_part, is_superseded
from contracts.documents.schemas import DocumentIn
from shared import audit, clock, outbox
from shared.db import principal_in
from shared.events import DocumentRecorded
from shared.ids import new_id

__all__ = ["document_event", "opened_document", "record_document", "withdraw_document"]

_BOTH = ("purchaser", "provider")


async def record_document(
    session: AsyncSession, body: DocumentIn, *, contract_id: UUID, storage: str = "reference"
) -> Document:
    """Record a document about a contract that is or was in force, by either side; `storage` awaited: its content comes.

    DocumentPartUnknown for a part of another contract, DocumentNotSupersedable.
    """
    head = await open_for_fact(session, contract_id=contract_id, sides=_BOTH)
    if body.about_id is not None and not await has_part(
        session, contract_id=contract_id, about=body.about, about_id=body.about_id
    ):
        raise DocumentPartUnknown(f"Contract {contract_id} has no {body.about} {body.about_id}.")
    if body.supersedes is not None:
        await _require_supersedable(session, body, contract_id=contract_id, document_id=body.supersedes)
    document = Document(
        id=new_id(),
        contract_id=contract_id,
        region=head.region,
        **body.model_dump(exclude={"store"}),
        storage=storage,
        recorded_by=principal_in(session).subject,
        recorded_at=clock.now(),
    )
    session.add(document)
    await session.flush()
    outbox.emit(session, document_event(document), subject=contract_id, region=head.region)
    _note(session, document, "document.recorded")
    return document


async def withdraw_document(session: AsyncSession, *, contract_id: UUID, document_id: UUID, reason: str) -> Document:
    """Withdraw a document; what was recorded of it stays. DocumentNotFound, DocumentWithdrawn."""
    document = await opened_document(session, contract_id=contract_id, document_id=document_id)
    if document.withdrawn_at is not None:
        raise DocumentWithdrawn(f"It was withdrawn: {document.withdrawal_reason}")
    document.withdrawn_by, document.withdrawn_at = principal_in(session).subject, clock.now()
    document.withdrawal_reason = reason
    await session.flush()
    _note(session, document, "document.withdrawn")
    return document


async def opened_document(session: AsyncSession, *, contract_id: UUID, document_id: UUID) -> Document:
    """A document of a contract that the caller may add to, the contract locked. DocumentNotFound."""
    await open_for_fact(session, contract_id=contract_id, sides=_BOTH)
    document = await find_document(session, contract_id=contract_id, document_id=document_id)
    if document is None:
        raise DocumentNotFound(f"Contract {contract_id} has no document {document_id}.")
    return document


def document_event(document: Document) -> DocumentRecorded:
    """The document as its event carries it."""
    same = ("contract_id", "region", "document_type", "title", "sha256", "media_type", "size_bytes", "about")
    return DocumentRecorded(
        document_id=document.id,
        **{name: getattr(document, name) for name in (*same, "about_id", "supersedes", "recorded_at")},
    )


async def _require_supersedable(
    session: AsyncSession, body: DocumentIn, *, contract_id: UUID, document_id: UUID
) -> None:
    before = await find_document(session, contract_id=contract_id, document_id=document_id)
    wrong = None
    if before is None:
        wrong = f"Contract {contract_id} has no document {document_id}."
    elif before.sha256 == body.sha256:
        wrong = "It has the same hash: it is the same document."
    elif await is_superseded(session, document_id=document_id):
        wrong = "A later document took its place already; supersede that one."
    if wrong:
        raise DocumentNotSupersedable(wrong)


def _note(session: AsyncSession, document: Document, action: str) -> None:
    fields = {"document_id": str(document.id), "document_type": document.document_type}
    audit.record(session, action, noun="contract", noun_id=document.contract_id, region=document.region, fields=fields)
