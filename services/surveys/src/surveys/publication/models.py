"""What was published of the waves, kept as it was published, and the ledgers of their answers.

Neither belongs to a region: what is published is public. The rows are immutable (a trigger refuses a change).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from surveys.base import Base

__all__ = ["LedgerChunk", "WaveLedger", "WaveRelease"]


class WaveRelease(Base):
    """One publication of a wave: `document` as everybody sees it, `tables` by their variables, `keyphrases`.

    `left_out` are the leaves of the ledger whose answers are not counted: by them two releases are compared.
    `sha256` is the hash of the RFC 8785 form of all three documents. A correction is a new release.
    """

    __tablename__ = "wave_releases"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
    )

    wave_id: Mapped[UUID] = mapped_column(ForeignKey("waves.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    result_revision: Mapped[int]
    policy: Mapped[str] = mapped_column(String(32))
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    tables: Mapped[dict[str, Any]] = mapped_column(JSONB)
    keyphrases: Mapped[dict[str, Any]] = mapped_column(JSONB)
    quality: Mapped[dict[str, Any]] = mapped_column(JSONB)
    left_out: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
    sha256: Mapped[str] = mapped_column(String(64))
    region: Mapped[str] = mapped_column(String(16))
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class WaveLedger(Base):
    """The Merkle tree of a wave: `size` leaves, `root`, and the roots of its chunks one after another.

    A chunk of 2^k leaves is a whole subtree, so that a proof needs one chunk and these roots, not all leaves.
    """

    __tablename__ = "wave_ledgers"
    __table_args__ = (
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("octet_length(root) = 32", name="root"),
        CheckConstraint("octet_length(chunk_roots) % 32 = 0", name="chunk_roots"),
    )

    wave_id: Mapped[UUID] = mapped_column(ForeignKey("waves.id"), primary_key=True)
    size: Mapped[int]
    root: Mapped[bytes] = mapped_column(LargeBinary)
    chunk_roots: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LedgerChunk(Base):
    """Leaves of a ledger in ascending order, one after another; `first` is the first of them."""

    __tablename__ = "ledger_chunks"
    __table_args__ = (
        CheckConstraint("octet_length(first) = 32", name="first"),
        CheckConstraint("octet_length(leaves) % 32 = 0", name="leaves"),
    )

    wave_id: Mapped[UUID] = mapped_column(ForeignKey("wave_ledgers.wave_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[bytes] = mapped_column(LargeBinary)
    leaves: Mapped[bytes] = mapped_column(LargeBinary)
