"""Emptying what is personal in contracts that stay, and cutting the tie between a person and its pseudonym."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.queries import WITHHELD

__all__ = ["empty_free_text", "empty_personal_fields"]

# Texts that may name people: reasons of a state and remarks. Terms, amendments and minutes are records.
_FREE_TEXT = {
    "contracts": "UPDATE contracts SET state_reason = NULL WHERE id = :id AND state_reason IS NOT NULL",
    "contract_milestones": "UPDATE contract_milestones SET note = NULL WHERE contract_id = :id AND note IS NOT NULL",
    "contract_milestone_reports": "UPDATE contract_milestone_reports SET note = NULL WHERE note IS NOT NULL "
    "AND milestone_id IN (SELECT id FROM contract_milestones WHERE contract_id = :id)",
    "acceptances": "UPDATE acceptances SET note = NULL WHERE contract_id = :id AND note IS NOT NULL",
    "contract_changes": "UPDATE contract_changes SET terms = terms || '{\"state_reason\": null}' "
    "WHERE contract_id = :id AND terms ->> 'state_reason' IS NOT NULL",
}
# Columns of the contract's own row by field; the same names stand in the log.
_COLUMNS = {
    "title": ("title",),
    "contractNumber": ("contract_number",),
    "needsBasis": ("needs_basis",),
    "competition": ("competition",),
    "clauses": ("clauses",),
    "reasons": ("state_reason",),
}
_PARTS = {
    "amendments": "UPDATE contract_amendments SET rationale = NULL, description = NULL WHERE contract_id = :id",
    "externalIds": "DELETE FROM contract_external_ids WHERE contract_id = :id",
    "opinion": "UPDATE acceptances SET opinion = NULL WHERE contract_id = :id AND opinion IS NOT NULL",
    "milestones": "UPDATE contract_milestones SET note = NULL WHERE contract_id = :id",
}
_MARKED = text(
    "SELECT DISTINCT mark.target FROM disclosure_marks AS mark WHERE mark.contract_id = :id "
    "AND mark.subject = 'field' AND mark.level = 'personal' ORDER BY mark.target"
)


async def empty_free_text(session: AsyncSession, *, contract_id: UUID) -> dict[str, int]:
    """Empty reasons and remarks of a contract and of its log; answers the number of rows by table."""
    counted = {name: await _run(session, sql, contract_id) for name, sql in _FREE_TEXT.items()}
    return {name: rows for name, rows in counted.items() if rows}


async def empty_personal_fields(session: AsyncSession, *, contract_id: UUID) -> dict[str, int]:
    """Empty the fields that are or were marked personal; a field that a record must keep (money, parties) stays."""
    counted: dict[str, int] = {}
    for field in (await session.execute(_MARKED, {"id": contract_id})).scalars().all():
        for column in _COLUMNS.get(field, ()):
            blank = f"'{WITHHELD}'" if column == "title" else "NULL"
            logged = f"'\"{WITHHELD}\"'" if column == "title" else "'null'"
            own = f"UPDATE contracts SET {column} = {blank} WHERE id = :id"  # noqa: S608 - names of ours
            log = (
                f"UPDATE contract_changes SET terms = jsonb_set(terms, '{{{column}}}', {logged}) "  # noqa: S608 - ours
                "WHERE contract_id = :id AND terms IS NOT NULL"
            )
            counted[field] = await _run(session, own, contract_id) + await _run(session, log, contract_id)
        if field in _PARTS:
            counted[field] = await _run(session, _PARTS[field], contract_id)
    return counted


async def _run(session: AsyncSession, sql: str, contract_id: UUID) -> int:
    result = await session.execute(text(sql), {"id": contract_id})
    rows: int = result.rowcount  # type: ignore[attr-defined]
    return rows
