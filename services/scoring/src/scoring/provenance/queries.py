from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations.queries import list_determinations
from scoring.evidence.queries import contract_of, evidence_as_of
from scoring.frameworks.service import registry
from scoring.provenance.document import SCHEMA, seal, software
from scoring.scores.errors import ScoreNotFound
from scoring.scores.evaluation import Outcome, evaluate
from scoring.scores.facts import read_facts
from scoring.scores.queries import items_of, part_uncertainty_of, row_of, uncertainty_of
from shared import clock

__all__ = ["as_known", "snapshot_of"]

_DETERMINED = (
    "id",
    "document_number",
    "stage",
    "score",
    "grade",
    "point_grade",
    "capped_by",
    "label",
    "p_grade",
    "p_grade_or_worse",
    "binding",
    "adverse_allowed",
    "coverage",
    "provider_score",
    "provider_grade",
    "purchaser_score",
    "purchaser_grade",
    "content_hash",
    "chain_hash",
    "uncertainty_hash",
    "panel",
    "reweighted",
    "signed_by",
    "issued_at",
    "replaces",
)
_DRAWN = (
    "draws",
    "median",
    "low",
    "high",
    "label",
    "probability",
    "probabilities",
    "gates",
    "shares",
    "sources",
    "advice",
    "method",
    "record_hash",
)
_LIMIT = 200


async def snapshot_of(
    session: AsyncSession, contract_id: UUID, *, framework_id: str, version: int | None
) -> tuple[str, dict[str, Any]]:
    """The region and the sealed snapshot of a score row, by default the newest.

    Raises ScoreNotFound when there is no such row in the caller's scope, FrameworkNotFound when this release does not
    carry the framework any more.
    """
    contract = await contract_of(session, contract_id)
    if contract is None:
        raise ScoreNotFound(f"Contract {contract_id} is unknown here, or of another region.")
    row = await row_of(session, contract_id=contract_id, framework_id=framework_id, version=version)
    framework = (await registry(session)).by_hash(row.framework_hash)
    items = sorted(await items_of(session, row.content), key=lambda item: (item[1], item[0]))
    found = await list_determinations(
        session, contract_id=contract_id, framework_id=framework_id, provider=None, after=None, limit=_LIMIT
    )
    drawn = await uncertainty_of(session, row.content_hash)
    parts = await part_uncertainty_of(session, row.content_hash)
    body = {
        "schema": SCHEMA,
        "exported_at": clock.now().isoformat(),
        "contract": {
            "id": str(contract_id),
            "region": row.region,
            "service_category": contract.service_category,
            "simulated": row.simulated,
        },
        "score": _score(row),
        "framework": {
            "id": framework.id,
            "version": framework.version,
            "hash": framework.hash,
            "document": framework.document,
            "written_hash": framework.written_hash,
        },
        "evidence": [
            {"id": item_id, "kind": kind, "sha256": digest, "body": body} for item_id, kind, _, digest, body in items
        ],
        "uncertainty": None if drawn is None else _plain(drawn, _DRAWN),
        "part_uncertainty": None if parts is None else _plain(parts, ("draws", "parts", "record_hash")),
        "determinations": [_plain(each, _DETERMINED) for each, _ in found if each.content_hash == row.content_hash],
        "software": software(),
    }
    return row.region, seal(body)


async def as_known(
    session: AsyncSession,
    contract_id: UUID,
    *,
    framework_id: str,
    framework_version: str | None,
    known_at: datetime,
    valid_at: date | None,
) -> tuple[str, Outcome]:
    """The region, and the score that the evidence known at an instant makes, by default under the version in force.

    `valid_at` leaves out what speaks of later days. Nothing is stored. Raises ScoreNotFound, FrameworkNotFound.
    """
    contract = await contract_of(session, contract_id)
    if contract is None:
        raise ScoreNotFound(f"Contract {contract_id} is unknown here, or of another region.")
    known = await registry(session)
    framework = known.find(framework_id, version=framework_version, category=contract.service_category)
    rows = await evidence_as_of(session, contract_id, known_at=known_at, valid_at=valid_at)
    facts = read_facts(str(contract_id), rows)
    outcome = None if facts is None else evaluate([facts], framework)[0]
    if outcome is None:
        raise ScoreNotFound(f"What was known of contract {contract_id} at {known_at.isoformat()} makes no score.")
    return contract.region, outcome


def _score(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a score row, which is another slice's
    return {
        "framework_id": row.framework_id,
        "version": row.version,
        "content": row.content,
        "content_hash": row.content_hash,
        "previous_hash": row.previous_hash,
        "chain_hash": row.chain_hash,
        "causes": row.causes,
        "recorded_at": row.recorded_at.isoformat(),
    }


def _plain(row: object, names: tuple[str, ...]) -> dict[str, Any]:
    """The named columns as JSON: instants as text, figures with six decimals."""
    return {name: _value(getattr(row, name)) for name in names}


def _value(value: Any) -> Any:  # noqa: ANN401 - a column's value
    match value:
        case None | bool() | int() | str() | dict() | list():
            return value
        case UUID():
            return str(value)
        case _ if hasattr(value, "isoformat"):
            return value.isoformat()
        case _:
            return f"{value:.6f}"
