from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.feed.queries import stored_versions
from shared import clock
from shared.events import ScoreUpdated
from shared.inbox import Received

__all__ = ["STORED", "compact", "store_scores"]

STORED = "gateway.feed.stored"  # in a session's info: its transaction added changes
_LOCK = 7_265_115_301  # any fixed number: "positions are taken by one transaction at a time"

_INSERT = text(
    """
    INSERT INTO score_change (event_id, contract_id, framework_id, version, region, data, stored_at)
    SELECT event_id, contract_id, framework_id, version, region, data, :now
    FROM unnest(CAST(:event_id AS uuid[]), CAST(:contract_id AS uuid[]), CAST(:framework_id AS text[]),
        CAST(:version AS int[]), CAST(:region AS text[]), CAST(:data AS text[])) WITH ORDINALITY
        AS t(event_id, contract_id, framework_id, version, region, data, n)
    ORDER BY n
    """
)


async def store_scores(session: AsyncSession, events: Sequence[Received[ScoreUpdated]]) -> int:
    """Append score changes to the stream, one statement for all; returns how many were new.

    A version that is not above the stored one of its contract and framework is old news (redelivered, replayed or
    overtaken) and left out, so that a listener never sees a score go back in time.
    """
    if not events:
        return 0
    # Held until the commit. The heads are read after it, so that they are those of the transaction before.
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    heads = await stored_versions(session, {(event.data.contract_id, event.data.framework_id) for event in events})
    rows: dict[str, list[object]] = {
        name: [] for name in ("event_id", "contract_id", "framework_id", "version", "region", "data")
    }
    for event in events:
        score = event.data
        key = (score.contract_id, score.framework_id)
        if score.version <= heads.get(key, 0):
            continue
        heads[key] = score.version
        rows["event_id"].append(event.id)
        rows["contract_id"].append(score.contract_id)
        rows["framework_id"].append(score.framework_id)
        rows["version"].append(score.version)
        rows["region"].append(score.region)
        rows["data"].append(score.model_dump_json())
    if rows["event_id"]:
        await session.execute(_INSERT, {**rows, "now": clock.now()})
        session.info[STORED] = True
    return len(rows["event_id"])


async def compact(session: AsyncSession, *, keep: timedelta) -> None:
    """Forget old changes that a newer one of the same contract and framework has replaced.

    The newest of each stays for ever: who resumes from any position, however old, ends with every score as it is.
    """
    await session.execute(
        text(
            "DELETE FROM score_change old WHERE old.stored_at < :before AND EXISTS (SELECT 1 FROM score_change newer "
            "WHERE newer.contract_id = old.contract_id AND newer.framework_id = old.framework_id "
            "AND newer.version > old.version)"
        ),
        {"before": clock.now() - keep},
    )
