"""`python -m scoring rescore`: every contract again, under the frameworks in force."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from sqlalchemy import text

from scoring.frameworks.errors import FrameworkNotFound
from scoring.scores.rescore import KIND, RESCORE_JOB, enqueue_rescore
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
    """Work on the job until it is done, or failed for good; returns the exit status."""
    database = open_database(settings, name="scoring-rescore")
    try:
        try:
            async with database.transaction() as session:
                key = await enqueue_rescore(session, chunk=settings.rescore_chunk, framework_id=framework_id)
        except FrameworkNotFound as problem:
            sys.stderr.write(f"{problem.detail}\n")
            return 2
        worker = Worker(database, [RESCORE_JOB])
        while True:
            worked = await worker.run_one()
            state, progress, error = await _progress(database, key)
            sys.stdout.write(f"{progress['contracts']} contracts read, {progress['changed']} scores changed\n")
            if state != "open":
                break
            if error is not None:
                sys.stderr.write(f"{error}; it is tried again\n")
            if not worked:
                await asyncio.sleep(0.5)  # another process holds the chunk, or the next try is not due yet
    finally:
        await database.dispose()
    return 0 if state == "done" else 1


async def _progress(database: Database, key: str) -> tuple[str, dict[str, int], str | None]:
    async with database.reading() as session:
        row = (
            await session.execute(
                text(
                    "SELECT state, progress, error FROM job WHERE kind = :kind AND key = :key "
                    "ORDER BY created_at DESC LIMIT 1"
                ),
                {"kind": KIND, "key": key},
            )
        ).one()
    return row.state, row.progress or {"contracts": 0, "changed": 0}, row.error
