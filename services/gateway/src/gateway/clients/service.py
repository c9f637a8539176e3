import asyncio
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.clients.errors import ClientAlreadyExists, ClientNotFound
from gateway.clients.models import Client
from gateway.clients.queries import client_by_id, covers, visible_client
from gateway.clients.revocation import FOREVER, announce_revocation
from gateway.clients.secrets import hash_secret, new_secret, verify_secret
from shared import audit, clock
from shared.auth import Principal
from shared.ids import new_id
from shared.problems import Forbidden

__all__ = ["create_client", "disable_client", "enable_client", "ensure_client"]


async def create_client(
    session: AsyncSession,
    *,
    principal: Principal,
    name: str,
    roles: Iterable[str],
    regions: Sequence[str],
    organisation: UUID | None = None,
    unit: str | None = None,
    client_id: str | None = None,
    secret: str | None = None,
) -> tuple[Client, str]:
    """Add a client; returns it with its secret, which is not kept.

    Raises:
        Forbidden: a region beyond the operator's own scope.
        ClientAlreadyExists: the id or the name is taken.
    """
    for scope in regions:
        if not covers(principal, scope):
            raise Forbidden(
                f"Region {scope} is outside your scope; give a client only regions of your own.", region=scope
            )
    client_id = client_id or str(new_id())
    taken = await session.scalar(select(Client.id).where(or_(Client.id == client_id, Client.name == name)))
    if taken is not None:
        raise _exists(taken)
    secret = secret or new_secret()
    moment = clock.now()
    client = Client(
        id=client_id,
        name=name,
        organisation=organisation,
        unit=unit,
        roles=sorted(set(roles)),
        regions=sorted(set(regions)),
        secret_hash=await asyncio.to_thread(hash_secret, secret),
        enabled=True,
        tokens_not_before_at=None,
        version=1,
        created_at=moment,
        updated_at=moment,
    )
    session.add(client)
    try:
        await session.flush()
    except IntegrityError as error:  # another request was faster between the question and the insert
        raise _exists(client_id) from error
    audit.record(
        session,
        "client.created",
        noun="client",
        noun_id=client.id,
        fields={"roles": client.roles, "regions": client.regions},
    )
    return client, secret


async def ensure_client(
    session: AsyncSession,
    *,
    principal: Principal,
    client_id: str,
    name: str,
    roles: Iterable[str],
    regions: Sequence[str],
    secret: str,
    organisation: UUID | None = None,
    unit: str | None = None,
) -> bool:
    """Bring a client to a wanted state, for deployments that run again; returns whether anything had to change."""
    client = await client_by_id(session, client_id, lock=True)
    if client is None:
        await create_client(
            session,
            principal=principal,
            name=name,
            roles=roles,
            regions=regions,
            organisation=organisation,
            unit=unit,
            client_id=client_id,
            secret=secret,
        )
        return True
    wanted = {
        "name": name,
        "organisation": organisation,
        "unit": unit,
        "roles": sorted(set(roles)),
        "regions": sorted(set(regions)),
    }
    changed = [field for field, value in wanted.items() if getattr(client, field) != value]
    for field in changed:
        setattr(client, field, wanted[field])
    if not await asyncio.to_thread(verify_secret, client.secret_hash, secret):
        client.secret_hash = await asyncio.to_thread(hash_secret, secret)
        changed.append("secret")
    if changed:
        _revoke_tokens(client)
        audit.record(session, "client.changed", noun="client", noun_id=client.id, fields=changed)
    return bool(changed)


async def disable_client(session: AsyncSession, client_id: str, *, principal: Principal) -> Client:
    """Take a client's access away: no more tokens, and those it has are refused at once. Twice is once.

    Raises:
        ClientNotFound: unknown, or beyond the operator's scope.
    """
    client = await _client(session, client_id, principal=principal)
    if client.enabled:
        client.enabled = False
        _revoke_tokens(client)
        announce_revocation(session, client.id, FOREVER)
        audit.record(session, "client.disabled", noun="client", noun_id=client.id, fields=["enabled"])
    return client


async def enable_client(session: AsyncSession, client_id: str, *, principal: Principal) -> Client:
    """Give a client its access back; tokens from before the disabling stay refused. Twice is once.

    Raises:
        ClientNotFound: unknown, or beyond the operator's scope.
    """
    client = await _client(session, client_id, principal=principal)
    if not client.enabled:
        client.enabled = True
        client.version += 1
        client.updated_at = clock.now()
        floor = client.tokens_not_before_at or client.updated_at
        announce_revocation(session, client.id, floor.timestamp())
        audit.record(session, "client.enabled", noun="client", noun_id=client.id, fields=["enabled"])
    return client


def _exists(client_id: str) -> ClientAlreadyExists:
    return ClientAlreadyExists(
        "A client with this id or name exists. Choose another name, or disable that client first.", client_id=client_id
    )


def _revoke_tokens(client: Client) -> None:
    client.tokens_not_before_at = client.updated_at = clock.now()
    client.version += 1


async def _client(session: AsyncSession, client_id: str, *, principal: Principal) -> Client:
    client = await visible_client(session, client_id, principal=principal, lock=True)
    if client is None:
        raise ClientNotFound("There is no such client, or its regions reach beyond your scope.")
    return client
