"""Anti-entropy: a listener finds the numbers of a source that it has not seen, and asks for them again.

The broker is never the source of truth: what it loses (power loss, wiped disk, restored backup) costs delay, not data.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.bus import Bus
from shared.db import Database, is_unavailable
from shared.settings import ServiceSettings
from shared.telemetry import metrics

__all__ = ["GapFinder", "missing_ranges", "note_watermark", "purge_below_floor", "ranges_of"]

_log = structlog.get_logger(__name__)
_MOST = 10_000  # numbers asked for at once


def ranges_of(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted numbers as closed ranges: [1, 2, 3, 7] -> [(1, 3), (7, 7)]."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


async def note_watermark(session: AsyncSession, source: str, epoch: int, last_seq: int, *, ended: bool = False) -> None:
    """Remember how far a source has come; of an epoch that has ended only where something of it was heard."""
    heard = "EXISTS (SELECT FROM inbox WHERE source = :s AND epoch = :e)" if ended else "true"
    await session.execute(
        text(
            f"INSERT INTO inbox_floor (source, epoch, floor, watermark) SELECT :s, :e, 0, :w WHERE {heard} "
            "ON CONFLICT (source, epoch) DO UPDATE SET watermark = greatest(inbox_floor.watermark, :w)"
        ),
        {"s": source, "e": epoch, "w": last_seq},
    )


async def missing_ranges(
    session: AsyncSession, source: str, *, patience: timedelta = timedelta(minutes=15)
) -> list[tuple[int, list[tuple[int, int]]]]:
    """For each epoch the ranges that are missing up to the watermark; the floor is raised to what is whole.

    An event whose handler failed is in the broker's hands until its next try: it holds the floor back, and it counts
    as missing only when no try followed for `patience` (the broker lost it meanwhile).
    """
    found: list[tuple[int, list[tuple[int, int]]]] = []
    floors = (
        await session.execute(
            text("SELECT epoch, floor, watermark FROM inbox_floor WHERE source = :s ORDER BY epoch"), {"s": source}
        )
    ).all()
    for row in floors:
        absent = (
            await session.execute(
                text(
                    "SELECT n, EXISTS (SELECT 1 FROM inbox_attempt a "
                    "WHERE a.source = :s AND a.epoch = :e AND a.seq = n AND a.tried_at > :since) AS tried "
                    "FROM generate_series(CAST(:low AS bigint), CAST(:high AS bigint)) AS n WHERE NOT EXISTS "
                    "(SELECT 1 FROM inbox i WHERE i.source = :s AND i.epoch = :e AND i.seq = n) ORDER BY n LIMIT :most"
                ),
                {
                    "low": row.floor + 1,
                    "high": row.watermark,
                    "s": source,
                    "e": row.epoch,
                    "most": _MOST,
                    "since": clock.now() - patience,
                },
            )
        ).all()
        whole = absent[0].n - 1 if absent else row.watermark
        numbers = [gap.n for gap in absent if not gap.tried]
        if whole > row.floor:
            await session.execute(
                text("UPDATE inbox_floor SET floor = greatest(floor, :f) WHERE source = :s AND epoch = :e"),
                {"f": whole, "s": source, "e": row.epoch},
            )
        if numbers:
            found.append((row.epoch, ranges_of(numbers)))
    return found


class GapFinder:
    """Compares one source's watermark with the inbox and asks for what is missing longer than the grace period."""

    def __init__(self, database: Database, bus: Bus, settings: ServiceSettings, *, source: str, service: str) -> None:
        self._database = database
        self._bus = bus
        self._settings = settings
        self._source = source
        self._service = service
        self._heard = asyncio.Event()
        self._watermarks: dict[int, int] = {}
        self._ended: dict[int, int] = {}
        self._patience = timedelta(
            seconds=max(settings.retry_delays, default=0) + settings.ack_wait_seconds + settings.repair_grace_seconds
        )

    async def run(self) -> None:
        """Work for ever; ends by cancellation."""

        async def on_watermark(message: dict[str, Any]) -> None:
            epoch, last_seq = int(message["epoch"]), int(message["last_seq"])
            known = self._ended if message.get("ended") else self._watermarks
            known[epoch] = max(last_seq, known.get(epoch, 0))
            self._heard.set()

        stop = await self._bus.hear(f"{self._bus.prefix}.watermark.{self._source}", on_watermark)
        since = 0.0
        wait = self._settings.repair_grace_seconds
        lowest: dict[int, int] | None = None
        try:
            while True:
                await self._heard.wait()
                self._heard.clear()
                try:
                    gaps = await self._look()
                except Exception as error:  # noqa: BLE001 - the search goes on
                    if not is_unavailable(error):
                        _log.exception("gap search failed", source=self._source)
                    continue
                now = asyncio.get_running_loop().time()
                missing = sum(high - low + 1 for _, ranges in gaps for low, high in ranges)
                metrics.inbox_missing.labels(self._source).set(missing)
                before, lowest = lowest, {epoch: ranges[0][0] for epoch, ranges in gaps}
                if not gaps or lowest != before:
                    # Whole, or what was missing first has come: while that goes on nothing is lost, only late.
                    since, wait = now, self._settings.repair_grace_seconds
                elif now - since >= wait:
                    for epoch, ranges in gaps:
                        _log.warning(
                            "asking for missing events",
                            source=self._source,
                            epoch=epoch,
                            ranges=ranges[:5],
                            missing=missing,
                        )
                        metrics.inbox_repairs.labels(self._source).inc()
                        await self._bus.say(
                            f"{self._bus.prefix}.repair.{self._source}",
                            {"epoch": epoch, "ranges": ranges[:100], "listener": self._service},
                        )
                    since, wait = now, min(max(wait * 2, 1.0), 60.0)
        finally:
            await stop()

    async def _look(self) -> list[tuple[int, list[tuple[int, int]]]]:
        async with self._database.transaction() as session:
            for epoch, last_seq in self._watermarks.items():
                await note_watermark(session, self._source, epoch, last_seq)
            for epoch, last_seq in self._ended.items():
                await note_watermark(session, self._source, epoch, last_seq, ended=True)
            return await missing_ranges(session, self._source, patience=self._patience)


async def purge_below_floor(session: AsyncSession, *, retention: timedelta) -> int:
    """Delete old inbox rows that the floor stands for, at most 1,000 of each source, and return how many.

    Dead letters stay until they are applied.
    """
    deleted = await session.execute(
        text(
            "DELETE FROM inbox USING (SELECT low.* FROM inbox_floor f CROSS JOIN LATERAL "
            "(SELECT i.source, i.epoch, i.seq, i.received_at FROM inbox i WHERE i.source = f.source "
            "AND i.epoch = f.epoch AND i.seq <= f.floor AND i.state <> 'dead' ORDER BY i.seq LIMIT 1000) AS low "
            "WHERE low.received_at < :before) AS old WHERE inbox.source = old.source AND inbox.epoch = old.epoch "
            "AND inbox.seq = old.seq RETURNING inbox.seq"
        ),
        {"before": clock.now() - retention},
    )
    return len(deleted.all())
