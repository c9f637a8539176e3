"""Tables of the exchange: the log of changes, and the releases that were imported.

Triggers write the log in the transaction of the change itself (migration 0005), so that no path of writing, an import
or a correction included, can leave a change out.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["NOUNS", "PUBLISHED", "ContractChange", "ImportedRelease", "ImportedReleaseContract"]

NOUNS = (
    "contract",
    "milestone",
    "ledger",
    "observation",
    "acceptance",
    "import",
    "document",
    "failure",
    "evaluation",
    "inspection",
    "finding",
    "settlement",
)
PUBLISHED = ("active", "suspended", "completed", "terminated")
"""States of a contract that the public may read: from its coming into force on."""


class ContractChange(RegionScoped, Base):
    """One change of a contract that is no draft, or one fact about it. Nothing is updated or deleted.

    (`epoch`, `xid`, `n`) is the order of the feed: `xid` is the database's transaction id, below whose oldest running
    one everything is final; `epoch` rises when the database was restored, where transaction ids start anew. `terms` is
    the contract's own row as it was then, for the noun `contract`.
    """

    __tablename__ = "contract_changes"
    __table_args__ = (
        CheckConstraint(one_of("noun", NOUNS), name="noun"),
        Index(None, "epoch", "xid", "n"),
        Index(None, "contract_id", "epoch", "xid", "n"),
    )

    n: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    epoch: Mapped[int]
    xid: Mapped[int] = mapped_column(BigInteger)
    contract_id: Mapped[UUID]
    noun: Mapped[str] = mapped_column(Text)
    noun_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    simulated: Mapped[bool]
    terms: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ImportedRelease(Base):
    """A release as its publisher wrote it, so that nothing is lost for which we have no field.

    `release` is ASCII JSON text, not JSONB, which refuses characters that JSON allows. `published_id` is the release's
    own id, made unique when the publisher sent another content under an id that he had used.
    """

    __tablename__ = "imported_releases"
    __table_args__ = (UniqueConstraint("ocid", "sha256"), UniqueConstraint("ocid", "published_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ocid: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    published_id: Mapped[str] = mapped_column(Text)
    release: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ImportedReleaseContract(Base):
    """Which contract of ours a contract of an imported release became."""

    __tablename__ = "imported_release_contracts"

    release_id: Mapped[UUID] = mapped_column(ForeignKey("imported_releases.id"), primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), primary_key=True, index=True)
    contract_ref: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
