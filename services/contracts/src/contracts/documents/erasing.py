"""Erasing what documents say and the files behind them, once the retention period of a noun is over.

A transaction that fails must not have lost a file: rows go in the transaction, the files by a job that comes after its
commit. The store holds a file once, by its hash; it goes with the last document, of whichever contract, that needs it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.queries import WITHHELD
from contracts.documents import queries
from shared.files import Files
from shared.ids import new_id
from shared.jobs import enqueue

__all__ = ["ERASE_FILES", "erase_files", "erase_personal_documents", "release_files"]

ERASE_FILES = "contracts.erase_files"


async def release_files(session: AsyncSession, *, contract_ids: Sequence[UUID]) -> int:
    """Have the files of these contracts' documents deleted, whose rows this transaction deletes; answers how many."""
    return await _ask(session, await queries.kept_files(session, contract_ids=contract_ids))


async def erase_personal_documents(session: AsyncSession, *, contract_id: UUID) -> dict[str, int]:
    """Empty the documents of a contract that are or were marked personal, and have their files deleted."""
    erased = await queries.erase_personal(session, contract_id=contract_id, title=WITHHELD)
    files = await _ask(session, [row for row in erased if row.storage != "reference"])
    return {name: count for name, count in (("documents", len(erased)), ("files", files)) if count}


async def _ask(session: AsyncSession, documents: Sequence[Row[Any]]) -> int:
    if documents:
        payload = {
            "files": sorted({row.sha256 for row in documents if row.storage == "stored"}),
            "awaited": [str(row.id) for row in documents if row.storage == "awaited"],
        }
        await enqueue(session, ERASE_FILES, key=str(new_id()), payload=payload)
    return len(documents)


async def erase_files(session: AsyncSession, files: Files, *, kept: Sequence[str], awaited: Sequence[str]) -> None:
    """Delete kept files that no document stands for any more, and what came for documents that are gone."""
    for sha256 in kept:
        await queries.lock_file(session, sha256=sha256)
        if not await queries.stored_somewhere(session, sha256=sha256):
            await files.erase(sha256)
    for name in awaited:
        await files.drop(name)
