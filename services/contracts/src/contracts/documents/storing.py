"""Keeping the content of documents: where it is to be put, and that what came is what was announced."""

from functools import cache

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.documents.errors import (
    DocumentContentMismatch,
    DocumentNotAwaited,
    DocumentNotKept,
    DocumentStoreMissing,
)
from contracts.documents.models import Document
from contracts.documents.queries import lock_file
from contracts.documents.schemas import DocumentIn
from contracts.settings import ContractsSettings
from shared import audit, clock
from shared.db import principal_in
from shared.files import Files, TooLargeError, fits, open_files

__all__ = ["check_content", "files_of", "require_awaited", "require_keepable"]


@cache
def _opened(
    url: str, endpoint: str | None, region: str | None, access_key: str | None, secret_key: str | None
) -> Files:
    return open_files(url, endpoint=endpoint, region=region, access_key=access_key, secret_key=secret_key)


def files_of(settings: ContractsSettings) -> Files:
    """The configured store; DocumentStoreMissing when there is none."""
    if settings.files_url is None:
        raise DocumentStoreMissing(
            "No store for files is configured (GONGPING_FILES_URL); record the document by its hash and its link."
        )
    access, secret = settings.files_access_key, settings.files_secret_key
    return _opened(
        settings.files_url,
        settings.files_endpoint,
        settings.files_region,
        access.get_secret_value() if access else None,
        secret.get_secret_value() if secret else None,
    )


def require_keepable(body: DocumentIn, *, limit: int) -> None:
    """Refuse (DocumentNotKept) a media type that is not kept, or a document over the limit."""
    if fits(body.media_type or "", b"") is None:
        raise DocumentNotKept(
            f"Files of the type {body.media_type} are not kept; PDF, OFD, images, office files, text, CSV and JSON "
            "are. Record it by its hash and its link."
        )
    if (body.size_bytes or 0) > limit:
        raise DocumentNotKept(f"It has {body.size_bytes} bytes; at most {limit} are kept.", limit=limit)


async def check_content(session: AsyncSession, files: Files, document: Document, *, limit: int) -> Document:
    """Look at what came for a document: size, hash and first bytes must be what was announced; then it is kept.

    DocumentNotAwaited when nothing is awaited or nothing came, DocumentContentMismatch.
    """
    require_awaited(document)
    name = str(document.id)
    try:
        arrived = await files.look(name, limit=limit)
    except FileNotFoundError as error:
        raise DocumentNotAwaited("Nothing has come yet; put the content to the address of the answer first.") from error
    except TooLargeError as error:
        await files.drop(name)
        raise DocumentContentMismatch(
            f"It has more than the {limit} bytes that are kept; it was thrown away."
        ) from error
    wrong = []
    if arrived.sha256 != document.sha256:
        wrong.append(f"its hash is {arrived.sha256}")
    if arrived.size != document.size_bytes:
        wrong.append(f"it has {arrived.size} bytes")
    if not fits(document.media_type or "", arrived.head):
        wrong.append(f"it does not begin like {document.media_type}")
    if wrong:
        await files.drop(name)
        raise DocumentContentMismatch(
            f"Announced were {document.sha256}, {document.size_bytes} bytes, {document.media_type}; what came differs: "
            f"{', '.join(wrong)}. It was thrown away; put the right file, or withdraw the document."
        )
    await lock_file(session, sha256=document.sha256)  # an erasure may just be deleting the same file
    await files.keep(name, sha256=document.sha256)
    document.storage, document.stored_by, document.stored_at = "stored", principal_in(session).subject, clock.now()
    await session.flush()
    audit.record(
        session,
        "document.stored",
        noun="contract",
        noun_id=document.contract_id,
        region=document.region,
        fields={"document_id": name},
    )
    return document


def require_awaited(document: Document) -> None:
    """Refuse (DocumentNotAwaited) a document for which no content is awaited."""
    if document.storage != "awaited" or document.withdrawn_at is not None:
        raise DocumentNotAwaited(f"The document is {document.storage}; no content is awaited for it.")
