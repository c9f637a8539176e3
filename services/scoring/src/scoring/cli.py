"""`python -m scoring rescore`: every contract again, under the frameworks in force."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from scoring.frameworks.errors import FrameworkNotFound
from scoring.scores.rescore import KIND, RESCORE_JOB, enqueue_rescore
from scoring.scores.uncertainty import FOLLOWING_JOB
from scoring.settings import ScoringSettings
from shared.db import Database
from shared.jobs import Worker
from shared.service import open_database

__all__ = ["rescore", "rescore_with"]


def rescore(arguments: Sequence[str]) -> int:
    """Enqueue the job and work on it here; a service that runs beside may take chunks too. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scoring rescore", description=__doc__)
    parser.add_argument("--framework", help="id of one framework; by default all in force")
    options = parser.parse_args(arguments)
    return asyncio.run(rescore_with(ScoringSettings.load(), framework_id=options.framework))


async def rescore_with(settings: ScoringSettings, *, framework_id: str | None) -> int:
    """Work on the lanes until all are done, or one has failed for good; returns the exit status."""
    database = open_database(settings, name="scoring-rescore")
    try:
        try:
            async with database.transaction() as session:
                keys = await enqueue_rescore(
                    session, chunk=settings.rescore_chunk, lanes=settings.rescore_lanes, framework_id=framework_id
                )
        except FrameworkNotFound as problem:
            sys.stderr.write(f"{problem.detail}\n")
            return 2
        await asyncio.gather(*(_work(database, keys) for _ in keys[:_AT_ONCE]))
        await asyncio.gather(*(_follow(database) for _ in range(_AT_ONCE)))
        return 0 if (await _progress(database, keys)).failed == 0 else 1
    finally:
        await database.dispose()


async def _follow(database: Database) -> None:
    worker = Worker(database, [FOLLOWING_JOB])
    while await worker.run_one():
        pass


# One lane computes while the database writes for the other. With a third a process would only keep from others what
# they could do: Python computes on one core.
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class _Progress:
    """How far the lanes have come together."""

    open: int
    failed: int
    contracts: int
    changed: int


async def _work(database: Database, keys: Sequence[str]) -> None:
    worker = Worker(database, [RESCORE_JOB])
    while True:
        worked = await worker.run_one()
        progress = await _progress(database, keys)
        if worked:
            sys.stdout.write(f"{progress.contracts} contracts read, {progress.changed} scores changed\n")
        if not progress.open:
            return
        if not worked:
            await asyncio.sleep(0.2)  # another process holds the lanes that are left, or a next try is not due yet


async def _progress(database: Database, keys: Sequence[str]) -> _Progress:
    async with database.reading() as session:
        row = (await session.execute(_LANES, {"kind": KIND, "keys": list(keys)})).one()
    return _Progress(row.open, row.failed, row.contracts, row.changed)


_LANES = text(
    """
    SELECT count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE state = 'failed') AS failed,
        CAST(coalesce(sum(CAST(progress ->> 'contracts' AS bigint)), 0) AS bigint) AS contracts,
        CAST(coalesce(sum(CAST(progress ->> 'changed' AS bigint)), 0) AS bigint) AS changed
    FROM (
        SELECT DISTINCT ON (key) state, progress FROM job WHERE kind = :kind AND key = ANY(CAST(:keys AS text[]))
        ORDER BY key, created_at DESC
    ) AS lanes
    """
)
