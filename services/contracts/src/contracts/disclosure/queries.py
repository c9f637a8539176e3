"""What a statement needs so that it never finds what its caller may not see.

The slices that own contracts come later; this one names their columns in fragments that they put into their statements.
For callers who see everything (parties' systems, finance, auditors, operators) the fragments are `true`.
"""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.errors import Withheld
from contracts.disclosure.fields import FIELDS, LEVELS, SUBJECTS, WITHHELD
from contracts.disclosure.levels import ALL_SEEING, PUBLIC_VIEW, in_force, level_of, withheld_fields, withheld_levels
from shared import clock
from shared.auth import Principal
from shared.db import principal_in
from shared.events import DisclosureLevel

__all__ = [
    "FIELDS",
    "LEVELS",
    "MARKS",
    "PUBLIC_VIEW",
    "SUBJECTS",
    "WITHHELD",
    "in_force",
    "level_of",
    "marked_documents",
    "public_sql",
    "require_disclosed",
    "seen_clause",
    "sight_sql",
    "unconcluded_sql",
    "withheld_fields",
    "withheld_levels",
]

# Fetched as text, as the other parts of a contract are; the last day is checked by whoever reads it.
MARKS = (
    "(SELECT json_agg(json_build_object('subject', subject, 'target', target, 'level', level, 'until', until) "
    "ORDER BY target) FROM disclosure_marks AS mark "
    "WHERE mark.contract_id = contract.id AND mark.ended_at IS NULL)::text"
)
_HIDING = (
    "SELECT FROM disclosure_marks AS hiding WHERE hiding.contract_id = {contract_id} AND hiding.ended_at IS NULL "
    "AND (hiding.until IS NULL OR hiding.until >= :sight_today) AND hiding.target = ANY(CAST(:{targets} AS text[])) "
    "AND hiding.level = ANY(CAST(:{levels} AS text[]))"
)
_IN_FORCE = text(
    "SELECT subject, target, level, until FROM disclosure_marks AS mark "
    "WHERE mark.contract_id = :contract_id AND mark.ended_at IS NULL ORDER BY target"
)
_PARTIES = text(
    "SELECT purchaser_id FROM contracts WHERE id = :contract_id UNION SELECT provider_id FROM contracts "
    "WHERE id = :contract_id UNION SELECT organisation_id FROM contract_members WHERE contract_id = :contract_id"
)


def unconcluded_sql(principal: Principal, *, state: str, contract_id: str) -> tuple[str, dict[str, Any]]:
    """The condition that a caller may know of a contract in this state at all, and its parameters.

    What was not concluded (draft, pending, cancelled) is a matter of its parties and of those who supervise them: not
    of an evaluator, nor of a purchaser or provider whose token names another organisation.
    """
    own, sides = principal.organisation, principal.roles & {"purchaser", "provider"}
    if principal.roles & ALL_SEEING or (sides and own is None):
        return "true", {}
    concluded = f"{state} NOT IN ('draft', 'pending', 'cancelled')"
    if not sides:
        return concluded, {}
    party = (
        f"SELECT FROM contracts AS known WHERE known.id = {contract_id} AND (:sight_organisation IN "  # noqa: S608
        "(known.purchaser_id, known.provider_id) OR EXISTS (SELECT FROM contract_members AS own "
        "WHERE own.contract_id = known.id AND own.organisation_id = :sight_organisation))"
    )
    return f"({concluded} OR EXISTS ({party}))", {"sight_organisation": own}


def sight_sql(
    principal: Principal, *fields: str, contract: str = "contract", contract_id: str = "", parties: bool = True
) -> tuple[str, dict[str, Any]]:
    """The condition that a contract (and these of its fields) may be seen by a caller, and its parameters.

    Where it has the contract's row, it is that of `unconcluded_sql` as well.
    A statement that filters, sorts or searches by a field names it here: a list that a filter finds would tell what
    the answer leaves out. `contract` is the alias of the contract's row; `contract_id` the column where there is none,
    then with `parties` false, for the row tells who the parties are.
    """
    levels = withheld_levels(principal)
    if not levels:
        return "true", {}
    hiding = _HIDING.format(contract_id=contract_id or f"{contract}.id", targets="sight_targets", levels="sight_levels")
    parameters: dict[str, Any] = {
        "sight_today": clock.today(),
        "sight_targets": ["*", *fields],
        "sight_levels": sorted(levels),
    }
    own = principal.organisation
    if not parties:
        return f"NOT EXISTS ({hiding})", parameters
    known, told = unconcluded_sql(principal, state=f"{contract}.state", contract_id=contract_id or f"{contract}.id")
    if own is None or not principal.roles & {"purchaser", "provider"}:
        return f"(NOT EXISTS ({hiding}) AND {known})", parameters | told
    member = (
        f"SELECT FROM contract_members AS own WHERE own.contract_id = {contract_id or f'{contract}.id'} "
        "AND own.organisation_id = :sight_organisation"
    )
    side = f":sight_organisation IN ({contract}.purchaser_id, {contract}.provider_id) OR EXISTS ({member})"
    return f"((NOT EXISTS ({hiding}) OR {side}) AND {known})", parameters | told


def seen_clause(principal: Principal, contract_id: str, *fields: str) -> ColumnElement[bool]:
    """`sight_sql` for a statement over facts: the contract of a row (and these of its fields) may be seen.

    `contract_id` is the column that names the contract, with its table, for example `findings.contract_id`.
    """
    sight, parameters = sight_sql(principal, *fields)
    if not parameters:
        return true()
    told = f"EXISTS (SELECT FROM contracts AS contract WHERE contract.id = {contract_id} AND {sight})"
    return cast("ColumnElement[bool]", text(told).bindparams(**parameters))


def public_sql(*fields: str, contract_id: str = "contract.id", name: str = "public") -> tuple[str, dict[str, Any]]:
    """The condition that a contract (and these of its fields) is public, for publications; `name` tells two apart."""
    targets, levels = f"{name}_targets", f"{name}_levels"
    hiding = _HIDING.format(contract_id=contract_id, targets=targets, levels=levels)
    return f"NOT EXISTS ({hiding})", {
        "sight_today": clock.today(),
        targets: ["*", *fields],
        levels: sorted(PUBLIC_VIEW),
    }


async def require_disclosed(session: AsyncSession, *fields: str, contract_id: UUID) -> None:
    """Refuse (Withheld) a caller from whom one of these fields of a contract is withheld.

    The contract was found in the caller's scope before. No statement is sent for callers who see everything.
    """
    principal = principal_in(session)
    if not withheld_levels(principal):
        return
    marks = [DisclosureLevel.model_validate(row, from_attributes=True) for row in await _marks(session, contract_id)]
    if not marks:
        return
    parties = (await session.execute(_PARTIES, {"contract_id": contract_id})).scalars().all()
    levels = withheld_levels(principal, party=principal.organisation in parties)
    hidden = withheld_fields(marks, levels=levels, today=clock.today())
    asked = [mark for mark in marks if mark.level in levels and (hidden is None or mark.target in hidden & {*fields})]
    if asked:
        named = ", ".join(
            f"{mark.target} ({mark.level}{f' until {mark.until}' if mark.until else ''})" for mark in asked
        )
        raise Withheld(
            f"Not disclosed to you: {named}. The purchaser decides who reads it.",
            withheld=[mark.model_dump(mode="json") for mark in asked],
        )


async def marked_documents(session: AsyncSession, *, contract_id: UUID) -> dict[str, str]:
    """Levels of those documents of a contract (by SHA-256) that the caller may not see."""
    principal = principal_in(session)
    if not withheld_levels(principal):
        return {}
    parties = (await session.execute(_PARTIES, {"contract_id": contract_id})).scalars().all()
    levels = withheld_levels(principal, party=principal.organisation is not None and principal.organisation in parties)
    marks = [DisclosureLevel.model_validate(row, from_attributes=True) for row in await _marks(session, contract_id)]
    return {
        mark.target: mark.level
        for mark in in_force(marks, today=clock.today())
        if mark.subject == "document" and mark.level in levels
    }


async def _marks(session: AsyncSession, contract_id: UUID) -> list[Any]:
    return list((await session.execute(_IN_FORCE, {"contract_id": contract_id})).all())
