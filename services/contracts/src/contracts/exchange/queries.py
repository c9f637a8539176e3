"""Reading the log of changes: what a caller may see of it, in an order that never loses a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.queries import public_sql, sight_sql, unconcluded_sql
from contracts.exchange.models import PUBLISHED
from shared.auth import Principal
from shared.db import principal_in, scope_sql

__all__ = ["Offset", "Size", "changes_after", "contracts_of", "find_horizon", "last_place", "size_of", "visible"]

Offset = tuple[int, int, int]
"""(epoch, transaction id, n): the place of a change in the feed."""

_HORIZON = text(
    "SELECT epoch, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest, "
    "pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next FROM relay_state WHERE source = 'contracts'"
)


@dataclass(frozen=True, slots=True)
class Horizon:
    """The watermark: every transaction below `oldest` has ended, so nothing can appear before it any more."""

    epoch: int
    oldest: int
    next: int


@dataclass(frozen=True, slots=True)
class Size:
    """What the feed covers for a caller, up to the watermark."""

    changes: int
    contracts: int
    first_at: datetime | None
    last_at: datetime | None


async def last_place(session: AsyncSession, epoch: int) -> Offset | None:
    """The last place of an epoch that has ended."""
    statement = text(
        "SELECT epoch, xid, n FROM contract_changes WHERE epoch = :epoch ORDER BY xid DESC, n DESC LIMIT 1"
    )
    row = (await session.execute(statement, {"epoch": epoch})).one_or_none()
    return (row.epoch, row.xid, row.n) if row is not None else None


async def find_horizon(session: AsyncSession) -> Horizon:
    """The watermark of this moment."""
    return Horizon(*(await session.execute(_HORIZON)).one())


def visible(principal: Principal, *, column: str = "change") -> tuple[str, dict[str, Any]]:
    """The condition on a change (or a contract) that a caller may read, and its parameters.

    Everybody reads what is published: contracts that are or were in force. Parties and those who supervise them also
    read the pending and the cancelled ones of their regions. Drafts are read by nobody, and a contract that is marked
    as a whole only by those of its regions who may see its level.
    """
    contract_id = f"{column}.id" if column == "contract" else f"{column}.contract_id"
    open_to_all, hidden = public_sql(contract_id=contract_id)
    published = f"({column}.state = ANY(CAST(:published AS text[])) AND {open_to_all})"
    parameters: dict[str, Any] = {"published": list(PUBLISHED)} | hidden
    if "public" in principal.roles:
        return published, parameters
    scope, scoped = scope_sql(principal, f"{column}.region")
    sight, marked = sight_sql(principal, contract_id=contract_id, parties=False)
    known, told = unconcluded_sql(principal, state=f"{column}.state", contract_id=contract_id)
    inside = f"{column}.state <> 'draft' AND {scope} AND {sight} AND {known}"
    return f"({published} OR ({inside}))", parameters | scoped | marked | told


def _conditions(
    principal: Principal, *, region: str | None, contract_ids: Sequence[UUID] | None = None
) -> tuple[list[str], dict[str, Any]]:
    seen, parameters = visible(principal)
    conditions = [seen, "(change.epoch < :epoch OR (change.epoch = :epoch AND change.xid < :oldest))"]
    if region is not None:
        conditions.append("starts_with(change.region, :region)")
        parameters["region"] = region
    if contract_ids is not None:
        conditions.append("change.contract_id = ANY(:contract_ids)")
        parameters["contract_ids"] = list(contract_ids)
    return conditions, parameters


_LATEST = (
    "NOT EXISTS (SELECT FROM contract_changes AS later WHERE later.contract_id = change.contract_id "
    "AND (later.epoch, later.xid, later.n) > (change.epoch, change.xid, change.n))"
)
_FIRST = (
    "NOT EXISTS (SELECT FROM contract_changes AS earlier WHERE earlier.contract_id = change.contract_id "
    "AND (earlier.epoch, earlier.xid, earlier.n) < (change.epoch, change.xid, change.n) AND earlier.noun = 'contract' "
    "AND (earlier.state = ANY(CAST(:published AS text[])) OR earlier.terms ->> 'origin' = 'import'))"
)


async def changes_after(
    session: AsyncSession,
    offset: Offset | None,
    *,
    limit: int | None,
    horizon: Horizon,
    descending: bool = False,
    latest: bool = False,
    region: str | None = None,
    contract_ids: Sequence[UUID] | None = None,
) -> Sequence[Row[Any]]:
    """Changes in the order of the feed, `limit` at most (all without one).

    Rows of transactions that may still be running, or that began after one that is, wait: a transaction that commits
    late would otherwise put its row before an offset that was given out. `latest` leaves out changes that a later one
    of the same contract follows. `descending` goes from the offset (or the watermark) to the beginning.
    """
    principal = principal_in(session)
    conditions, parameters = _conditions(principal, region=region, contract_ids=contract_ids)
    if latest:
        conditions.append(_LATEST)
    if offset is not None:
        conditions.append(
            f"(change.epoch, change.xid, change.n) {'<' if descending else '>'} (:after_epoch, :after_xid, :after_n)"
        )
        parameters |= dict(zip(("after_epoch", "after_xid", "after_n"), offset, strict=True))
    order = "DESC" if descending else "ASC"
    statement = text(
        f"SELECT change.*, change.noun = 'contract' AND {_FIRST} AS first FROM contract_changes AS change "  # noqa: S608 - constants
        f"WHERE {' AND '.join(conditions)} "
        f"ORDER BY change.epoch {order}, change.xid {order}, change.n {order} LIMIT CAST(:limit AS bigint)"
    )
    parameters |= {"epoch": horizon.epoch, "oldest": horizon.oldest, "limit": limit}
    return (await session.execute(statement, parameters)).all()


async def size_of(session: AsyncSession, *, horizon: Horizon, region: str | None = None) -> Size:
    """How much the feed covers for the caller. It reads the whole log, so callers ask for it rarely."""
    conditions, parameters = _conditions(principal_in(session), region=region)
    statement = text(
        "SELECT count(*) AS changes, count(DISTINCT change.contract_id) AS contracts, "  # noqa: S608 - constants
        "min(change.changed_at) AS first_at, max(change.changed_at) AS last_at "
        f"FROM contract_changes AS change WHERE {' AND '.join(conditions)}"
    )
    row = (await session.execute(statement, parameters | {"epoch": horizon.epoch, "oldest": horizon.oldest})).one()
    return Size(row.changes, row.contracts, row.first_at, row.last_at)


async def contracts_of(
    session: AsyncSession, *, after: UUID | None, limit: int, region: str | None = None
) -> list[tuple[UUID, str | None]]:
    """Contracts that the caller may read, with their publisher's ocid (null for ours), in the order of their ids."""
    seen, parameters = visible(principal_in(session), column="contract")
    conditions = [seen]
    if after is not None:
        conditions.append("contract.id > :after")
        parameters["after"] = after
    if region is not None:
        conditions.append("starts_with(contract.region, :region)")
        parameters["region"] = region
    statement = text(
        "SELECT contract.id, contract.extras #>> '{ocds,ocid}' AS ocid FROM contracts AS contract "  # noqa: S608 - constants
        f"WHERE {' AND '.join(conditions)} ORDER BY contract.id LIMIT :limit"
    )
    rows = await session.execute(statement, parameters | {"limit": limit})
    return [(row.id, row.ocid) for row in rows]
