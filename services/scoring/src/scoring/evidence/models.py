from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Numeric, String, Text, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["KINDS", "QUALITIES", "Contract", "Evidence"]

KINDS = ("contract", "observation", "ledger", "acceptance", "wave", "manual", "statistic", "rating")
QUALITIES = ("verified", "unverified")


class Contract(RegionScoped, Base):
    """What scoring knows of a contract from its state events: the row that is locked while its score is made.

    `version` is the contract's version as the contracts service counts it; 0 is a stub, made by a fact that came first.
    """

    __tablename__ = "contracts"

    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    simulated: Mapped[bool]
    state: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    service_category: Mapped[str | None] = mapped_column(Text)
    purchaser_id: Mapped[UUID | None] = mapped_column(index=True)
    provider_id: Mapped[UUID | None] = mapped_column(index=True)
    # As the newest state names them; null until it comes.
    purchaser_name: Mapped[str | None] = mapped_column(Text)
    provider_name: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str | None] = mapped_column(Text)
    value: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Evidence(RegionScoped, Base):
    """One item of evidence. Rows are only added: what is later or corrected is a new row.

    A fact has its own id and version 1; a state (contract, wave) has its aggregate's id and one row per version.
    `body` is the canonical JSON text whose hash, with kind and id, is `sha256`: two versions with the same hash say the
    same. `valid_on` is the day that the evidence speaks of (up to `valid_until`, where it says so), `recorded_at` when
    its owner recorded it, `received_at` when it came here: what was known on a day can be asked for. A statement
    (manual, statistic, rating) came by no event; it may name the one statement that it `supersedes`, and is shown but
    not scored while it is `unverified`.
    """

    __tablename__ = "evidence"

    region: Mapped[str] = mapped_column(String(16))  # no index of its own: evidence is read by contract
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    contract_id: Mapped[UUID]
    sha256: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    valid_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    event_id: Mapped[UUID | None]
    measure: Mapped[str | None] = mapped_column(String(64))
    quality: Mapped[str] = mapped_column(String(16), server_default=text("'verified'"))
    supersedes: Mapped[UUID | None]
    valid_until: Mapped[date | None]
    recorded_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("quality", QUALITIES), name="quality"),
        CheckConstraint("(kind IN ('manual', 'statistic', 'rating')) = (measure IS NOT NULL)", name="measure"),
        Index("uq_evidence_supersedes", "supersedes", unique=True, postgresql_where=text("supersedes IS NOT NULL")),
        Index("ix_evidence_contract_id_received_at", "contract_id", "received_at", "id", "version"),
    )
