from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.feed.events import key_of, name_of
from gateway.feed.queries import BLOCK, stored_versions
from shared import clock
from shared.events import ScoreUpdated
from shared.inbox import Received

__all__ = ["STORED", "begin_anew", "compact", "store_changes"]

STORED = "gateway.feed.stored"  # in a session's info: its transaction added changes
_COLUMNS = ("event_id", "event", "key", "contract_id", "framework_id", "version", "region", "data")
_LOCK = 7_265_115_301  # any fixed number: "positions are taken by one transaction at a time"

_INSERT = text(
    """
    INSERT INTO score_change (event_id, event, key, contract_id, framework_id, version, region, data, stored_at)
    SELECT event_id, event, key, contract_id, framework_id, version, region, data, :now
    FROM unnest(CAST(:event_id AS uuid[]), CAST(:event AS text[]), CAST(:key AS text[]), CAST(:contract_id AS uuid[]),
        CAST(:framework_id AS text[]), CAST(:version AS int[]), CAST(:region AS text[]), CAST(:data AS text[]))
        WITH ORDINALITY AS t(event_id, event, key, contract_id, framework_id, version, region, data, n)
    ORDER BY n
    ON CONFLICT (key) DO NOTHING
    """
)


async def store_changes(session: AsyncSession, events: Sequence[Received[Any]]) -> int:
    """Append events to the stream, one statement for all; returns how many were handed to it.

    A version of a score that is not above the stored one of its contract and framework is old news (redelivered,
    replayed or overtaken) and left out, so that a listener never sees a score go back in time. A fact is stored once.
    """
    if not events:
        return 0
    # Held until the commit. The heads are read after it, so that they are those of the transaction before.
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    scores = {(each.data.contract_id, each.data.framework_id) for each in events if each.type == ScoreUpdated.TYPE}
    heads = await stored_versions(session, scores) if scores else {}
    rows: dict[str, list[object]] = {name: [] for name in _COLUMNS}
    for event in events:
        framework_id = version = None
        if event.type == ScoreUpdated.TYPE:
            framework_id, version = event.data.framework_id, event.data.version
            if version <= heads.get((event.data.contract_id, framework_id), 0):
                continue
            heads[event.data.contract_id, framework_id] = version
        name = name_of(event.type, event.data)
        if name is None:
            continue
        key = key_of(event.type, event.data)
        told = (event.id, name, key, event.data.contract_id, framework_id, version, event.data.region)
        for column, value in zip(_COLUMNS, (*told, event.data.model_dump_json()), strict=True):
            rows[column].append(value)
    if rows["event_id"]:
        await session.execute(_INSERT, {**rows, "now": clock.now()})
        session.info[STORED] = True
    return len(rows["event_id"])


async def begin_anew(session: AsyncSession) -> None:
    """After the database came from a backup: positions go on in the next block, behind all that were given out since.

    A listener with such a position is told so and resumes before everything new.
    """
    await session.execute(
        text(
            "SELECT setval(pg_get_serial_sequence('score_change', 'position'), (last_value / :block + 1) * :block) "
            "FROM score_change_position_seq"
        ),
        {"block": BLOCK},
    )


async def compact(session: AsyncSession, *, keep: timedelta) -> None:
    """Forget old changes that a newer one of the same contract and framework has replaced, and old facts.

    The newest of each score stays for ever: who resumes from any position, however old, ends with every score as it is.
    """
    await session.execute(
        text(
            "DELETE FROM score_change old WHERE old.stored_at < :before AND (old.key IS NOT NULL OR EXISTS "
            "(SELECT 1 FROM score_change newer WHERE newer.contract_id = old.contract_id "
            "AND newer.framework_id = old.framework_id AND newer.version > old.version))"
        ),
        {"before": clock.now() - keep},
    )
