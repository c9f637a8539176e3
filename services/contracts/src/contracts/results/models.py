"""What scoring tells about a contract: a state at its newest version, a fact once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = ["NOUNS", "ContractResult"]

NOUNS = ("determination", "determination_act", "result_use", "rectification", "appeal", "notice")


class ContractResult(RegionScoped, Base):
    """One thing that scoring told. Scoring is its owner; here it stands beside the contract that it is about.

    A contract of an event need not be known here (a restored database); its rows wait for it.
    """

    __tablename__ = "contract_results"
    __table_args__ = (
        CheckConstraint(one_of("noun", NOUNS), name="noun"),
        CheckConstraint("version >= 1", name="version"),
        Index(None, "contract_id", "noun", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    noun: Mapped[str] = mapped_column(String(24))
    version: Mapped[int]
    contract_id: Mapped[UUID]
    about_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
