"""Results of an import."""

from decimal import Decimal
from uuid import UUID

from gongping_client.models.base import Answer
from gongping_client.models.contracts import RecordWarning

__all__ = ["ImportAnswer", "ImportResult"]


class ImportResult(Answer):
    """What became of one contract of a release; counts and value are those of the file."""

    place: str
    ocid: str | None = None
    source_contract_id: str | None = None
    outcome: str
    reason: str | None = None
    contract_id: UUID | None = None
    region: str | None = None
    state: str | None = None
    currency: str | None = None
    value: Decimal | None = None
    amendments: int = 0
    transactions: int = 0
    milestones: int = 0
    organisations: tuple[UUID, ...] = ()
    gaps: tuple[str, ...] = ()
    warnings: tuple[RecordWarning, ...] = ()


class ImportAnswer(Answer):
    """The results of a batch, in the order of its items, and what had no home, by path."""

    results: tuple[ImportResult, ...]
    unmapped: dict[str, int]
