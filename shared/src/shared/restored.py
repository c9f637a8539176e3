"""A database that was restored from a backup: what was numbered after the backup must not be numbered again otherwise.

Listeners know an event by (source, epoch, number), readers of a feed their place by numbers of the database. A restored
database would give numbers anew that somebody has seen with another content, so a new epoch begins. Where the broker
kept its streams the relay notices by itself; where everything was restored together nobody can, and
`python -m <service> restored` says it.
"""

from typing import Any

import asyncpg

__all__ = ["TAKE_LOCK", "begin_epoch", "ended_epochs", "lock_of"]

TAKE_LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"


def lock_of(source: str) -> str:
    """Name of the advisory lock whose holder is the source's one active relay."""
    return f"gongping.relay.{source}"


async def begin_epoch(connection: "asyncpg.Connection[Any]", source: str, *, epoch: int | None = None) -> int:
    """Number new events from 1 in a new epoch, by default the next one, and answer it; what has a number keeps it."""
    found: int = await connection.fetchval(
        "UPDATE relay_state SET epoch = coalesce($2, epoch + 1), last_seq = 0 WHERE source = $1 RETURNING epoch",
        source,
        epoch,
    )
    return found


async def ended_epochs(connection: "asyncpg.Connection[Any]", epoch: int) -> list[tuple[int, int]]:
    """(epoch, last number) of the epochs before this one of which events are kept.

    A listener that was restored together with the source may lack the last of them and would never hear of it.
    """
    rows = await connection.fetch(
        "SELECT e AS epoch, (SELECT max(seq) FROM outbox WHERE outbox.epoch = e) AS last "
        "FROM generate_series(1, CAST($1 AS int) - 1) AS e",
        epoch,
    )
    return [(row["epoch"], row["last"]) for row in rows if row["last"] is not None]
