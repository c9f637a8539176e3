"""Which clients lost their access, in memory: every request asks, and none may wait for the database."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.clients.queries import revoked_clients
from shared import clock
from shared.db import Database

__all__ = ["FOREVER", "Revocations", "announce_revocation", "revocations_of"]

_log = structlog.get_logger(__name__)
_ANNOUNCED = "gateway.revoked"
FOREVER = float("inf")


class Revocations:
    """Client id -> instant (POSIX seconds) up to which its tokens are refused; infinity while it is disabled."""

    def __init__(self, *, token_life: timedelta) -> None:
        self._floors: dict[str, float] = {}
        self._life = token_life
        self._changes = 0
        # Until the first reading nobody can say who is disabled; the pass-through lets no token pass before.
        self.known = False

    def covers(self, client_id: str, issued: float) -> bool:
        """Whether a token that was issued then is refused."""
        floor = self._floors.get(client_id)
        return floor is not None and issued <= floor

    def apply(self, floors: Mapping[str, float]) -> None:
        """Take over what a transaction of this process has just committed."""
        self._floors = {**self._floors, **floors}
        self._changes += 1

    async def refresh(self, database: Database) -> None:
        """Read what other processes have changed."""
        while True:
            seen = self._changes
            async with database.reading() as session:
                # A second more than the life of a token: a token is issued at a whole second.
                rows = await revoked_clients(session, since=clock.now() - self._life - timedelta(seconds=1))
            if seen == self._changes:
                break  # otherwise the rows may be older than what was applied meanwhile
        self._floors = {
            client_id: FOREVER if not enabled or not_before is None else not_before.timestamp()
            for client_id, enabled, not_before in rows
        }
        self.known = True

    async def follow(self, database: Database, *, every_seconds: float) -> None:
        """Keep up with the other processes for ever. While the database is away, the last state stands."""
        failing = False
        while True:
            try:
                await self.refresh(database)
                failing = False
            except Exception as error:  # noqa: BLE001 - whatever the database says, the next poll tries again
                if not failing:
                    _log.warning("revoked clients cannot be read", error=repr(error))
                failing = True
            await asyncio.sleep(every_seconds)


def announce_revocation(session: AsyncSession, client_id: str, floor: float) -> None:
    """Say what holds once the session's transaction is committed."""
    session.info.setdefault(_ANNOUNCED, {})[client_id] = floor


def revocations_of(state: Any) -> Revocations:  # noqa: ANN401 - an application's state
    """The revocations of an application, made when first asked for and told of every commit in this process."""
    revocations: Revocations | None = getattr(state, "revocations", None)
    if revocations is None:
        life = timedelta(minutes=state.settings.token_minutes)
        made = revocations = state.revocations = Revocations(token_life=life)

        def on_committed(session: AsyncSession) -> None:
            announced: dict[str, float] | None = session.info.pop(_ANNOUNCED, None)
            if announced:
                made.apply(announced)

        database: Database = state.database
        database.after_commit.append(on_committed)
    return revocations
