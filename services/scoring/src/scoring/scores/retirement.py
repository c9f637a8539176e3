"""Scores under frameworks that are out of force: kept with their history, and live no more."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.frameworks.document import Framework
from scoring.scores.facts import Facts
from scoring.scores.queries import Read
from shared import clock
from shared.events import ScoreStanding
from shared.outbox import emit

__all__ = ["mark_live"]

_MARK = text(
    """
    UPDATE score_heads h SET retired_at = CASE WHEN t.live THEN NULL ELSE CAST(:now AS timestamptz) END
    FROM unnest(CAST(:contract_id AS uuid[]), CAST(:framework_id AS text[]), CAST(:live AS bool[]))
        AS t(contract_id, framework_id, live)
    WHERE (h.contract_id, h.framework_id) = (t.contract_id, t.framework_id)
    RETURNING h.contract_id, h.framework_id, h.version, h.region, h.simulated, t.live
    """
)


async def mark_live(
    session: AsyncSession,
    facts: Sequence[Facts],
    groups: Mapping[Framework, Sequence[Facts]],
    *,
    read: Mapping[str, Read],
    framework_id: str | None,
) -> None:
    """Retire the heads of frameworks that do not apply to a contract any more, and bring back those that apply again.

    Each is told by an event (ScoreStanding): a listener sees no further score under a retired framework.

    `groups` are the contracts by the frameworks that apply, of `framework_id` alone where it is given. A contract that
    has no stage keeps its heads as they are.
    """
    applied = {(one.contract_id, framework.id) for framework, group in groups.items() for one in group}
    changed = [
        (one.contract_id, name, (one.contract_id, name) in applied)
        for one in facts
        for name, head in read[one.contract_id].heads.items()
        if framework_id in {None, name} and head.live != ((one.contract_id, name) in applied)
    ]
    if not changed:
        return
    contract_ids, names, live = (list(column) for column in zip(*changed, strict=True))
    connection = await session.connection()
    now = clock.now()
    values = {"contract_id": contract_ids, "framework_id": names, "live": live, "now": now}
    marked = sorted(await connection.execute(_MARK, values), key=lambda row: (row.contract_id, row.framework_id))
    for row in marked:
        told = ScoreStanding(
            contract_id=row.contract_id,
            framework_id=row.framework_id,
            version=row.version,
            region=row.region,
            simulated=row.simulated,
            live=row.live,
            recorded_at=now,
        )
        emit(session, told, subject=row.contract_id, region=row.region)
