"""Terms that were corrected here (更正) stand against what a later import says of them.

A correction has a reason, a proof and two persons; a source that sends its own picture again has none of these. Where
the source has come to say what stands, there is nothing to keep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock

__all__ = ["KEPT", "Corrected", "KeptTerm", "corrected_terms", "keep_corrected"]

KEPT = "correction-kept"
"""Code of the warning that a contract carries while its source says otherwise."""

# The table is a later slice's, and is read here only: what it says decides what this slice may write.
_CORRECTED = text(
    "SELECT contract_id, field, id, decided_at, old FROM contract_corrections "
    "WHERE contract_id = ANY(:ids) AND state = 'approved' ORDER BY contract_id, version"
)


@dataclass(frozen=True, slots=True)
class Corrected:
    """The last correction of a term, and what stood before the first one (as JSON): what the source said."""

    correction_id: UUID
    corrected_on: date
    source_value: Any


@dataclass(frozen=True, slots=True)
class KeptTerm:
    """A corrected term that an import left alone, though its row says otherwise.

    `detail` has every value, for whoever imports; `warning`, which stays on the contract, has none: the term may be one
    that is withheld.
    """

    name: str
    detail: str
    correction: Corrected

    @property
    def told(self) -> dict[str, str]:
        """For the answer to whoever imports."""
        return {"code": KEPT, "detail": f"{self.name} {self.detail}."}

    @property
    def warning(self) -> dict[str, str]:
        """For the contract."""
        since = f"corrected on {self.correction.corrected_on} (correction {self.correction.correction_id})"
        return {"code": KEPT, "detail": f"{self.name} was {since}; its source says otherwise, the corrected one stays."}


async def corrected_terms(session: AsyncSession, *, contract_ids: Sequence[UUID]) -> dict[UUID, dict[str, Corrected]]:
    """The corrected terms of each contract by field (`value`, `milestones.M1.due_on`); the caller has found them."""
    found: dict[UUID, dict[str, Corrected]] = {}
    if not contract_ids:
        return found
    for row in await session.execute(_CORRECTED, {"ids": list(contract_ids)}):
        terms = found.setdefault(row.contract_id, {})
        before = terms.get(row.field)
        source_value = row.old if before is None else before.source_value
        terms[row.field] = Corrected(row.id, clock.day_of(row.decided_at), source_value)
    return found


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def keep_corrected(
    values: Mapping[str, Any], stored: Mapping[str, Any], corrected: Mapping[str, Corrected], *, prefix: str = ""
) -> tuple[dict[str, Any], list[KeptTerm]]:
    """(what to write, what was kept): of `values`, those that differ from a corrected value give way to what is stored.

    `prefix` stands before the columns in the names of corrected fields, for example `milestones.M1.`.
    """
    written, kept = dict(values), []
    for field, correction in corrected.items():
        name = field.removeprefix(prefix)
        if not field.startswith(prefix) or name not in values or values[name] == stored[name]:
            continue
        written[name] = stored[name]
        kept.append(
            KeptTerm(
                name,
                f"says {_shown(values[name])}; corrected on {correction.corrected_on} from "
                f"{_shown(correction.source_value)} to {_shown(stored[name])} (correction {correction.correction_id}), "
                "which stays. Bring the source up to date, or correct it once more",
                correction,
            )
        )
    return written, kept
