"""What the writers of all nouns have in common."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.transitions import OPEN_FOR_FACTS
from contracts.disclosure.service import may_hold_secrets, secrecy_warnings
from contracts.tabular.queries import KnownContract, contracts_by_key
from contracts.tabular.rows import Row
from shared.auth import Principal

__all__ = ["Context", "contracts_of", "digest", "screen"]


@dataclass(frozen=True, slots=True)
class Context:
    """The import that rows belong to, and on whose behalf they are applied."""

    import_id: UUID
    source: str
    region: str
    simulated: bool
    principal: Principal


def digest(values: Any) -> str:  # noqa: ANN401 - any JSON value
    """The hash of what a source says about one thing: the same hash again changes nothing."""
    return hashlib.sha256(to_json(values)).hexdigest()


def screen(rows: Sequence[Row]) -> None:
    """Warn of words and markings of state secrets, which may not be entered."""
    if not may_hold_secrets(text for row in rows for text in row.values.values() if isinstance(text, str)):
        return
    for row in rows:
        for warning in secrecy_warnings(row.values):
            row.warn("", warning["detail"])


async def contracts_of(
    session: AsyncSession, context: Context, rows: Sequence[Row], *, sides: tuple[str, ...], facts: bool = True
) -> list[tuple[Row, KnownContract]]:
    """The rows whose contract is known and open to the caller, with it; the others are rejected.

    `facts` asks for a contract that is or was in force; a part (indicator, milestone) is of one of the past.
    """
    found = await contracts_by_key(session, source=context.source, keys=[row.values["contract"] for row in rows])
    kept: list[tuple[Row, KnownContract]] = []
    for row in rows:
        contract = found.get(row.values["contract"])
        if contract is None:
            row.reject(
                "contract",
                f"names no contract of your regions: neither an id in {context.source} nor a contract number that one "
                "contract has. Import the contracts first",
            )
        elif not contract.open_to(context.principal, *sides):
            row.reject("contract", f"is a contract of others: this is done by its {' or '.join(sides)}")
        elif facts and contract.head.state not in OPEN_FOR_FACTS:
            row.reject("contract", f"is {contract.head.state}; facts are about contracts that are or were in force")
        elif not facts and contract.origin != "import":
            row.reject("contract", "was concluded here: agree it in the draft, or by an amendment")
        else:
            kept.append((row, contract))
    return kept
