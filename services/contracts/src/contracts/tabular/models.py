"""Tables of imports: the file in parts, its rows as they stand, what became of each, and kept mappings of columns."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base, one_of
from shared.db import RegionScoped

__all__ = [
    "BATCH_STATES",
    "NOUNS",
    "OUTCOMES",
    "EvaluationReport",
    "ImportMapping",
    "ImportPart",
    "ImportReference",
    "ImportRow",
    "TableImport",
]

NOUNS = (
    "organisations",
    "projects",
    "contracts",
    "indicators",
    "milestones",
    "observations",
    "payments",
    "deductions",
    "evaluations",
)
BATCH_STATES = (
    "receiving",
    "reading",
    "checking",
    "checked",
    "applying",
    "applied",
    "undoing",
    "undone",
    "refused",
    "erased",
)
OUTCOMES = ("created", "updated", "unchanged", "rejected", "undone", "kept")


class TableImport(RegionScoped, Base):
    """One file of one noun from one source system; `region` is where rows belong that name none.

    `principal` is who sent it: its rows are applied with that caller's scope and nobody else's. `mapping` is what was
    asked for, `columns` what was found in the file. The counts are of rows; they grow chunk by chunk.
    """

    __tablename__ = "table_imports"
    __table_args__ = (
        CheckConstraint(one_of("noun", NOUNS), name="noun"),
        CheckConstraint(one_of("state", BATCH_STATES), name="state"),
        CheckConstraint("version >= 1", name="version"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    noun: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    simulated: Mapped[bool]
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
    principal: Mapped[dict[str, Any]] = mapped_column(JSONB)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    format: Mapped[str | None] = mapped_column(Text)
    encoding: Mapped[str | None] = mapped_column(Text)
    epoch_1904: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    columns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    units_confirmed: Mapped[bool]
    problem: Mapped[str | None] = mapped_column(Text)
    rows: Mapped[int]
    done: Mapped[int]
    created: Mapped[int]
    updated: Mapped[int]
    unchanged: Mapped[int]
    rejected: Mapped[int]
    undone: Mapped[int]
    kept: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ImportPart(Base):
    """A part of the file, kept until its rows are read."""

    __tablename__ = "table_import_parts"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("table_imports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportRow(Base):
    """A row of the file as it stands (`line` as a reader of the file counts), and what became of it.

    It goes with the contract that it is about, and with its import's own period (`contracts.retention`).

    `cells` is a list of texts, as JSON because the driver takes far longer over an array. `problems` are
    `{"column", "value", "reason"}`; `before` is what undoing needs.
    """

    __tablename__ = "table_import_rows"
    __table_args__ = (
        CheckConstraint(one_of("outcome", OUTCOMES), name="outcome"),
        Index(None, "target_id", postgresql_where=text("target_id IS NOT NULL")),
    )

    import_id: Mapped[UUID] = mapped_column(ForeignKey("table_imports.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    cells: Mapped[list[str]] = mapped_column(JSON)
    key: Mapped[str | None] = mapped_column(Text)
    duplicate_of: Mapped[int | None]
    outcome: Mapped[str | None] = mapped_column(Text)
    target_id: Mapped[UUID | None]
    problems: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class ImportMapping(Base):
    """A kept mapping of a source's columns to our fields, by name."""

    __tablename__ = "table_import_mappings"
    __table_args__ = (
        CheckConstraint(one_of("noun", NOUNS), name="noun"),
        CheckConstraint("version >= 1", name="version"),
    )

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    noun: Mapped[str] = mapped_column(Text)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
    recorded_by: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ImportReference(Base):
    """The id of a fact in a source system, with the hash of what that system said last."""

    __tablename__ = "table_import_references"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    noun: Mapped[str] = mapped_column(Text, primary_key=True)
    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    target_id: Mapped[UUID] = mapped_column(index=True)
    content_hash: Mapped[str] = mapped_column(String(64))


class EvaluationReport(RegionScoped, Base):
    """An evaluation report of the past, by another system or on paper: shown, never a score of ours."""

    __tablename__ = "evaluation_reports"
    __table_args__ = (
        UniqueConstraint("source", "reference"),
        CheckConstraint("year BETWEEN 1990 AND 2100", name="year"),
        CheckConstraint("score >= 0", name="score"),
        CheckConstraint("document_sha256 ~ '^[0-9a-f]{64}$'", name="document_sha256"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.id"), index=True)
    source: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    year: Mapped[int]
    kind: Mapped[str | None] = mapped_column(Text)
    evaluator: Mapped[str | None] = mapped_column(Text)
    score: Mapped[Decimal | None] = mapped_column(Numeric(24, 8))
    full_score: Mapped[Decimal | None] = mapped_column(Numeric(24, 8))
    grade: Mapped[str | None] = mapped_column(Text)
    reported_on: Mapped[date | None] = mapped_column(Date)
    link: Mapped[str | None] = mapped_column(Text)
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
