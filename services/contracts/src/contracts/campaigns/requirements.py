"""What a return asks of each contract, and how each requirement is read from the tables.

The requirements are data with source and confidence; what each looks at stands here, by its code. Tables of other
slices are named in one statement: completeness is asked of thousands of contracts at once.
"""

from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["CONDITIONS", "Requirement", "missing_sql", "requirements"]

_LEVEL = (
    "EXISTS (SELECT FROM contract_indicators AS agreed WHERE agreed.contract_id = contract.id AND agreed.level = '{}')"
)
_STANDING = (
    "entry.contract_id = contract.id AND entry.kind <> 'reversal' AND NOT EXISTS "
    "(SELECT FROM ledger_entries AS undone WHERE undone.reverses = entry.id)"
)
CONDITIONS = {
    "contract-number": "contract.contract_number IS NOT NULL",
    "signature": "contract.signed_on IS NOT NULL",
    "term": "contract.starts_on IS NOT NULL AND contract.ends_on IS NOT NULL",
    "value": "coalesce(contract.value, 0) > 0",
    "provider": "contract.provider_id IS NOT NULL",
    "budget-share": f"EXISTS (SELECT FROM ledger_entries AS entry WHERE {_STANDING} AND entry.kind = 'budget')",
    "indicators": " AND ".join(_LEVEL.format(level) for level in ("output", "benefit", "satisfaction")),
    "observations": "NOT EXISTS (SELECT FROM contract_indicators AS agreed WHERE agreed.contract_id = contract.id "
    "AND agreed.level IN ('output', 'benefit') "
    "AND NOT EXISTS (SELECT FROM observations AS seen WHERE seen.indicator_id = agreed.id))",
    "milestones": "NOT EXISTS (SELECT FROM contract_milestones AS stage WHERE stage.contract_id = contract.id "
    "AND stage.status = 'scheduled' AND stage.due_on <= make_date(:year, 12, 31))",
    "acceptance": "EXISTS (SELECT FROM acceptances AS taken WHERE taken.contract_id = contract.id "
    "AND taken.result IN ('accepted', 'partlyAccepted'))",
    "reconciled": "coalesce((SELECT sum(CASE entry.kind WHEN 'acceptance' THEN entry.amount WHEN 'refund' THEN "  # noqa: S608 - constants only
    f"entry.amount ELSE -entry.amount END) FROM ledger_entries AS entry WHERE {_STANDING} "
    "AND entry.kind IN ('acceptance', 'payment', 'deduction', 'refund')), 0) = 0",
    "determination": "EXISTS (SELECT FROM contract_results AS told WHERE told.contract_id = contract.id "
    "AND told.noun = 'determination')",
}
_OF = {
    "all": "true",
    "evaluable": "contract.not_evaluable IS NULL",
    "completed": "contract.state = 'completed'",
}


class Requirement(BaseModel):
    """What must be there, of which contracts, by which source, and how to mend it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    of: Literal["all", "evaluable", "completed"]
    zh: str
    en: str
    how: str
    source: str
    confidence: str


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    note: dict[str, str]
    requirements: tuple[Requirement, ...]


@cache
def requirements() -> dict[str, Requirement]:
    """The shipped requirements by code, in their order."""
    written = resources.files("contracts.campaigns").joinpath("data", "requirements-1.0.0.json")
    found = _Document.model_validate_json(written.read_text(encoding="utf-8"))
    return {one.code: one for one in found.requirements}


def missing_sql(codes: list[str]) -> str:
    """An array of those codes that a contract lacks; reads the alias `contract` and the parameter `year`."""
    known = requirements()
    parts = [
        f"CASE WHEN {_OF[known[code].of]} AND NOT ({CONDITIONS[code]}) THEN '{code}' END"
        for code in codes
        if code in CONDITIONS and code in known
    ]
    return f"array_remove(ARRAY[{', '.join(parts)}]::text[], NULL)" if parts else "ARRAY[]::text[]"
