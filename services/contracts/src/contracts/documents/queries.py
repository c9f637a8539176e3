"""Reading documents."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.documents.models import Document

__all__ = [
    "erase_personal",
    "find_document",
    "has_part",
    "is_superseded",
    "kept_files",
    "list_documents",
    "lock_file",
    "stored_somewhere",
]

# The tables of a contract's parts; most belong to later slices, so they are named here, once, to ask whether a part is
# there. The contract was found in the caller's scope before.
_PARTS = {
    "amendment": text("SELECT 1 FROM amendment_proposals WHERE id = :id AND contract_id = :contract_id"),
    "milestone": text("SELECT 1 FROM contract_milestones WHERE id = :id AND contract_id = :contract_id"),
    "acceptance": text("SELECT 1 FROM acceptances WHERE id = :id AND contract_id = :contract_id"),
    "ledger": text("SELECT 1 FROM ledger_entries WHERE id = :id AND contract_id = :contract_id"),
    "subcontract": text("SELECT 1 FROM subcontracts WHERE id = :id AND contract_id = :contract_id"),
    "failure": text("SELECT 1 FROM performance_failures WHERE id = :id AND contract_id = :contract_id"),
    "settlement": text("SELECT 1 FROM settlements WHERE id = :id AND contract_id = :contract_id"),
    "inspection": text("SELECT 1 FROM inspections WHERE id = :id AND contract_id = :contract_id"),
    "finding": text("SELECT 1 FROM findings WHERE id = :id AND contract_id = :contract_id"),
    "correction": text("SELECT 1 FROM contract_corrections WHERE id = :id AND contract_id = :contract_id"),
}


async def has_part(session: AsyncSession, *, contract_id: UUID, about: str, about_id: UUID) -> bool:
    """Whether the contract has this part."""
    found = await session.execute(_PARTS[about], {"id": about_id, "contract_id": contract_id})
    return found.first() is not None


async def find_document(session: AsyncSession, *, contract_id: UUID, document_id: UUID) -> Document | None:
    """One document of a contract; None when there is none in the caller's scope."""
    statement = select(Document).where(Document.id == document_id, Document.contract_id == contract_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def is_superseded(session: AsyncSession, *, document_id: UUID) -> bool:
    """Whether a later document took its place."""
    return (await session.execute(select(Document.id).where(Document.supersedes == document_id))).first() is not None


async def list_documents(
    session: AsyncSession,
    *,
    contract_id: UUID,
    limit: int,
    after: UUID | None,
    about: str | None = None,
    document_type: str | None = None,
) -> Sequence[Document]:
    """Documents of a contract in the order of recording; one more than `limit` when there are more."""
    statement = select(Document).where(Document.contract_id == contract_id)
    if about is not None:
        statement = statement.where(Document.about == about)
    if document_type is not None:
        statement = statement.where(Document.document_type == document_type)
    if after is not None:
        statement = statement.where(Document.id > after)
    return (await session.execute(statement.order_by(Document.id).limit(limit + 1))).scalars().all()


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('document ' || :sha256, 0))")
_KEPT = text(
    "SELECT id, sha256, storage FROM documents WHERE contract_id = ANY(:ids) AND storage IN ('stored', 'awaited') "
    "ORDER BY id"
)
_SOMEWHERE = text("SELECT EXISTS (SELECT FROM documents WHERE sha256 = :sha256 AND storage = 'stored')")
_ERASE_PERSONAL = text(
    """
    UPDATE documents AS document SET storage = 'erased', title = :title, description = NULL, url = NULL
    FROM (SELECT id, sha256, storage FROM documents WHERE contract_id = :id AND storage <> 'erased'
            AND sha256 IN (SELECT target FROM disclosure_marks
                           WHERE contract_id = :id AND subject = 'document' AND level = 'personal')
          FOR UPDATE) AS before
    WHERE document.id = before.id RETURNING before.id, before.sha256, before.storage
    """
)


async def lock_file(session: AsyncSession, *, sha256: str) -> None:
    """Until the end of the transaction nobody else keeps or erases the file of this hash."""
    await session.execute(_LOCK, {"sha256": sha256})


async def kept_files(session: AsyncSession, *, contract_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Documents of these contracts whose content lies in the store or may: (id, sha256, storage)."""
    return (await session.execute(_KEPT, {"ids": list(contract_ids)})).all()


async def stored_somewhere(session: AsyncSession, *, sha256: str) -> bool:
    """Whether a document of any contract, of any region, still stands for the kept file of this hash."""
    return bool((await session.execute(_SOMEWHERE, {"sha256": sha256})).scalar_one())


async def erase_personal(session: AsyncSession, *, contract_id: UUID, title: str) -> Sequence[Row[Any]]:
    """Empty the documents that are or were marked personal; answers what they were: (id, sha256, storage)."""
    return (await session.execute(_ERASE_PERSONAL, {"id": contract_id, "title": title})).all()
