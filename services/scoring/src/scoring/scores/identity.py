"""What names a score row: its place in the chain of its contract."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from scoring.canonical import canonical_text, sha256

__all__ = ["chain_hash"]


def chain_hash(previous: str | None, content_hash: str, *, recorded_at: datetime, causes: Collection[UUID]) -> str:
    """SHA-256 of the canonical form of [previous chain hash, content hash, recorded_at, sorted causing event ids]."""
    return sha256(canonical_text([previous, content_hash, recorded_at.isoformat(), sorted(map(str, causes))]))
