"""Whether a call-off fits into its framework agreement: ceiling, term, currency, state.

The money is checked under a lock of the framework's row, so that two call-offs that come into force at the same moment
do not both find the same room.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import ContractState

__all__ = ["Framework", "called_off", "framework_for", "missing_by_framework"]

IN_FORCE = ("active", "suspended")

# A framework of a province serves calls of its counties: it is read by the id that the call-off names.
_FRAMEWORK = """
    SELECT id, region, title, kind, state, currency, coalesce(ceiling, value) AS ceiling, starts_on, ends_on
    FROM contracts WHERE id = :framework_id
"""
_READ = text(_FRAMEWORK)
_LOCK = text(f"{_FRAMEWORK} FOR NO KEY UPDATE")  # lets references to the row be written meanwhile

# What a call-off takes of the ceiling: its value, or once it has ended the final value where one is recorded.
_CALLED = text(
    """
    SELECT coalesce(sum(CASE WHEN state IN ('completed', 'terminated') THEN coalesce(final_value, value)
                             ELSE value END), 0) AS called
    FROM contracts WHERE framework_id = :framework_id AND id IS DISTINCT FROM CAST(:besides AS uuid)
      AND state IN ('active', 'suspended', 'completed', 'terminated')
    """
)


@dataclass(frozen=True, slots=True)
class Framework:
    """What calls depend on: `ceiling` is the framework's value where it states no ceiling of its own."""

    id: UUID
    region: str
    title: str
    kind: str
    state: str
    currency: str
    ceiling: Decimal | None
    starts_on: date | None
    ends_on: date | None


_OPEN = text("SELECT id FROM contracts WHERE framework_id = :framework_id AND state IN ('active', 'suspended')")


async def framework_for(session: AsyncSession, *, framework_id: UUID, lock: bool = False) -> Framework | None:
    """The contract that a call-off names as its framework agreement; None when there is none."""
    row = (await session.execute(_LOCK if lock else _READ, {"framework_id": framework_id})).first()
    return Framework(*row) if row else None


async def called_off(session: AsyncSession, *, framework_id: UUID, besides: UUID | None = None) -> Decimal:
    """What the call-offs that are or were in force take of the ceiling, one of them left out."""
    parameters = {"framework_id": framework_id, "besides": besides}
    called: Decimal = (await session.execute(_CALLED, parameters)).scalar_one()
    return called


async def missing_by_framework(session: AsyncSession, contract: ContractState) -> list[dict[str, Any]]:
    """What a call-off lacks to be within its framework agreement; nothing for other kinds of contract."""
    if contract.kind != "callOff" or contract.framework_id is None:
        return []
    framework = await framework_for(session, framework_id=contract.framework_id, lock=True)
    if framework is None or framework.kind != "framework" or framework.state not in IN_FORCE:
        state = framework.state if framework else "unknown"
        return [
            _missing(
                "framework",
                f"a call-off is made under a framework agreement in force; this one is {state}",
                "PUT /v1/contracts/{id}/structure with framework_id of one in force",
            )
        ]
    missing = []
    if framework.currency != contract.currency:
        missing.append(
            _missing(
                "framework.currency",
                f"a call-off is in the framework's currency, {framework.currency}",
                "PATCH /v1/contracts/{id} with currency",
            )
        )
    called = await called_off(session, framework_id=framework.id, besides=contract.contract_id)
    missing += _over_ceiling(framework, called, contract.value) + _outside_term(framework, contract)
    return missing


async def open_call_offs(session: AsyncSession, contract: ContractState) -> list[dict[str, Any]]:
    """The call-offs in force of a framework agreement, as what it lacks to be completed; no statement for others."""
    if contract.kind != "framework":
        return []
    rows = (await session.execute(_OPEN, {"framework_id": contract.contract_id})).scalars().all()
    if not rows:
        return []
    rule = f"a framework agreement is completed after its call-offs; {len(rows)} are in force"
    how = "complete or terminate each: GET /v1/contracts/{id}/call-offs"
    return [{"what": "call_offs", "rule": rule, "how": how, "figures": {"in_force": len(rows)}}]


def _over_ceiling(framework: Framework, called: Decimal, value: Decimal | None) -> list[dict[str, Any]]:
    if framework.ceiling is None or value is None or called + value <= framework.ceiling:
        return []
    left = framework.ceiling - called
    return [
        _missing(
            "framework.ceiling",
            f"call-offs sum to the ceiling at most: {called:.2f} of {framework.ceiling:.2f} {framework.currency} are "
            f"called off, {left:.2f} are left, {value:.2f} are asked for",
            "PATCH /v1/contracts/{id} with a value within what is left, or amend the framework agreement",
            ceiling=f"{framework.ceiling:.2f}",
            called_off=f"{called:.2f}",
            left=f"{left:.2f}",
            value=f"{value:.2f}",
        )
    ]


def _outside_term(framework: Framework, contract: ContractState) -> list[dict[str, Any]]:
    begins, ends = framework.starts_on, framework.ends_on
    early = begins and contract.starts_on and contract.starts_on < begins
    late = ends and contract.ends_on and contract.ends_on > ends
    if not early and not late:
        return []
    return [
        _missing(
            "framework.term",
            f"the term of a call-off lies inside the framework's, {begins} to {ends}; "
            f"it is {contract.starts_on} to {contract.ends_on}",
            "PATCH /v1/contracts/{id} with starts_on and ends_on inside it",
        )
    ]


def _missing(what: str, rule: str, how: str, **figures: str) -> dict[str, Any]:
    return {"what": what, "rule": rule, "how": how} | ({"figures": figures} if figures else {})
