"""Reading the tenant's settings: the most specific region wins.

The settings of all regions are cached per process under a stamp. The statements that read a contract bring the stamp
with them (`STAMP`, `note_stamp`), so that asking for the settings of its region costs no round trip.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.policies.models import StoredPolicy

__all__ = ["ACTIONS", "DEFAULT", "STAMP", "Policy", "note_stamp", "policies_of", "policy_for", "proposed_policy"]

# What may be put into three hands. `correction` is the correction (更正) of recorded terms.
ACTIONS = (
    "submit",
    "activate",
    "complete",
    "terminate",
    "suspend",
    "cancel",
    "amend",
    "accept",
    "payment",
    "correction",
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings in force in a region. `scope` is the region that they were made for, None for the default."""

    scope: str | None
    version: int
    acts: frozenset[str]
    confirmations: str
    deputies: bool


DEFAULT = Policy(None, 0, frozenset(), "optional", True)
STAMP = "(SELECT stamp FROM policy_stamp)"
_STAMP_KEY = "policies.stamp"
_CACHED = 16
_cache: OrderedDict[UUID, Mapping[str, Policy]] = OrderedDict()


def note_stamp(session: AsyncSession, stamp: UUID | None) -> None:
    """Keep the stamp that a statement brought along (column `STAMP`)."""
    session.info[_STAMP_KEY] = stamp


async def policy_for(session: AsyncSession, region: str) -> Policy:
    """The settings in force in a region: its own, else those of the next larger one that has any, else the default."""
    if _STAMP_KEY not in session.info:
        note_stamp(session, (await session.execute(text(f"SELECT {STAMP}"))).scalar_one())
    stamp: UUID | None = session.info[_STAMP_KEY]
    if stamp is None:
        return DEFAULT
    known = _cache.get(stamp)
    if known is None:
        known = _cache[stamp] = await _in_force(session)
        if len(_cache) > _CACHED:
            _cache.popitem(last=False)
    return next((known[scope] for scope in _scopes(region) if scope in known), DEFAULT)


def _scopes(region: str) -> Iterator[str]:
    """The regions that cover one, the most specific first: `CN-230102`, ..., `CN-23`, `CN`, `*`."""
    country, _, code = region.partition("-")
    yield from (f"{country}-{code[:length]}" for length in range(len(code), 0, -1))
    yield from (country, "*")


async def _in_force(session: AsyncSession) -> dict[str, Policy]:
    statement = select(
        StoredPolicy.scope,
        StoredPolicy.version,
        StoredPolicy.acts,
        StoredPolicy.confirmations,
        StoredPolicy.deputies,
    ).where(StoredPolicy.state == "inForce")
    return {
        row.scope: Policy(row.scope, row.version, frozenset(row.acts), row.confirmations, row.deputies)
        for row in await session.execute(statement)
    }


async def proposed_policy(session: AsyncSession, *, scope: str) -> StoredPolicy | None:
    """The proposal for a region that waits for its second person, locked."""
    statement = (
        select(StoredPolicy).where(StoredPolicy.scope == scope, StoredPolicy.state == "proposed").with_for_update()
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def policies_of(session: AsyncSession, *, scope: str) -> Sequence[StoredPolicy]:
    """Every version of a region's own settings, the newest first."""
    statement = select(StoredPolicy).where(StoredPolicy.scope == scope).order_by(StoredPolicy.version.desc())
    return (await session.execute(statement)).scalars().all()
