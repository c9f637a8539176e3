from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import any_, bindparam, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import String

from gateway.clients.models import Client
from shared.auth import Principal

__all__ = [
    "Credentials",
    "client_by_id",
    "clients_page",
    "covers",
    "credentials_of",
    "revoked_clients",
    "visible_client",
]


class Credentials(NamedTuple):
    """A client as the token endpoint sees it."""

    id: str
    roles: list[str]
    regions: list[str]
    organisation: UUID | None
    unit: str | None
    secret_hash: str
    enabled: bool


def covers(principal: Principal, scope: str) -> bool:
    """Whether a scope prefix (`CN`, `CN-23`, …) lies within the principal's own scope."""
    # A bare country has no region of its own to compare; with the hyphen it compares with the country's pattern.
    return principal.unlimited or (scope != "*" and principal.may_see(scope if "-" in scope else f"{scope}-"))


async def client_by_id(session: AsyncSession, client_id: str, *, lock: bool = False) -> Client | None:
    """A client, whoever asks."""
    return await session.get(Client, client_id, with_for_update=lock or None)


async def credentials_of(session: AsyncSession, client_id: str) -> Credentials | None:
    """What the token endpoint needs to know of a client."""
    columns = (
        Client.id,
        Client.roles,
        Client.regions,
        Client.organisation,
        Client.unit,
        Client.secret_hash,
        Client.enabled,
    )
    row = (await session.execute(select(*columns).where(Client.id == client_id))).first()
    return Credentials(*row) if row is not None else None


async def visible_client(
    session: AsyncSession, client_id: str, *, principal: Principal, lock: bool = False
) -> Client | None:
    """A client all of whose regions lie within the operator's scope."""
    client = await client_by_id(session, client_id, lock=lock)
    if client is None or not all(covers(principal, scope) for scope in client.regions):
        return None
    return client


async def clients_page(
    session: AsyncSession, *, principal: Principal, limit: int, after: Sequence[Any] | None
) -> list[Client]:
    """Clients by id, one more than `limit` when there are more; only those within the operator's scope."""
    statement = select(Client).order_by(Client.id).limit(limit + 1)
    if after is not None:
        statement = statement.where(Client.id > str(after[0]))
    if not principal.unlimited:
        scope = func.unnest(Client.regions).column_valued("scope")
        patterns = bindparam(None, list(principal.patterns), type_=ARRAY(String), unique=True)
        hyphenated = or_(scope.like(any_(patterns)), func.concat(scope, "-").like(any_(patterns)))
        statement = statement.where(~select(scope).where(~hyphenated).correlate(Client).exists())
    return list(await session.scalars(statement))


async def revoked_clients(session: AsyncSession, *, since: datetime) -> list[tuple[str, bool, datetime | None]]:
    """Id, enabled and token floor of the clients that are disabled or lost their tokens since an instant."""
    rows = await session.execute(
        text("SELECT id, enabled, tokens_not_before_at FROM client WHERE NOT enabled OR tokens_not_before_at > :since"),
        {"since": since},
    )
    return [(row.id, row.enabled, row.tokens_not_before_at) for row in rows]
