"""Closing a wave of a million answers with five raking margins, beside copying them out and raking alone.

The reference is as little as the job needs: one binary COPY of the answers as they are stored, thrown away, and the
raking of ready-made category codes to the same margins. Memory is the peak of a process of its own.

usage: python -m tests.bench.closing ADMIN_URL [ANSWERS]
"""

import asyncio
import json
import resource
import sys
import time
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import text
from tests.bench.harness import Row, at_most

from shared.db import Database
from shared.events import ContractActivated, PartyRef
from shared.ids import new_id
from shared.testing import new_database, opened
from surveys.app import service
from surveys.kernel.margins import Margin
from surveys.kernel.weights import rake
from surveys.responses.columns import Coded, read_columns
from surveys.results.service import close_wave
from surveys.waves.service import Opening, margin_of, open_wave, project_contract

__all__ = ["closing_rows"]

ANSWERS = 1_000_000
LIMIT_MB = 2048
# Categories of the five variables, and the population's shares of them.
VARIABLES = {
    "age": (0.10, 0.22, 0.25, 0.20, 0.15, 0.08),
    "sex": (0.48, 0.52),
    "district": (0.05, 0.10, 0.15, 0.20, 0.12, 0.08, 0.18, 0.12),
    "channel": (0.5, 0.3, 0.2),
    "tenure": (0.25, 0.35, 0.25, 0.15),
}
# Each category is drawn with a chance of its own, so that the weights have something to do.
FILL = """
INSERT INTO responses (wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
    duration_seconds, enumerator_id, collected_on, submitted_on, attributes, burst, salt, leaf)
SELECT :wave_id, id, hash, answers, 'complete', 'web', 'zh-Hans', NULL, 30 + floor(random() * 300), NULL, NULL,
    date '2026-06-01', attributes, false, hash, sha256(hash)
FROM (
    SELECT gen_random_uuid() AS id, sha256(number::text::bytea) AS hash,
        jsonb_build_object('overall', 1 + floor(5 * sqrt(random()))::int, 'access', 1 + floor(random() * 5)::int,
            'timeliness', 1 + floor(random() * 5)::int, 'quality', 1 + floor(5 * sqrt(random()))::int,
            'staff', 1 + floor(random() * 5)::int, 'information', 1 + floor(random() * 5)::int,
            'before', CASE WHEN random() < 0.1 THEN '"dont_know"'::jsonb ELSE to_jsonb(1 + floor(random() * 5)::int) END
        ) AS answers,
        jsonb_build_object('age', 'c' || floor(random() * 6), 'sex', 'c' || floor(random() * 2),
            'district', 'c' || floor(8 * random() ^ 1.2), 'channel', 'c' || floor(random() * 3),
            'tenure', 'c' || floor(4 * random() ^ 1.3)) AS attributes
    FROM generate_series(1, :answers) AS number
) AS drawn
"""
COPIED = "SELECT answers, attributes, disposition, mode, duration_seconds FROM responses WHERE wave_id = $1"


async def closing_rows(admin_url: str, *, answers: int = ANSWERS) -> list[Row]:
    """The two rows of the closing; it runs in a process of its own for the sake of its memory."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.closing", admin_url, str(answers), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"the closing ended with {child.returncode}")
    found = json.loads(out)
    return [
        at_most(
            f"closing a wave of {answers:,} answers with five raking margins",
            found["closing"],
            "s",
            reference=found["copy"] + found["raking"],
            limit=5,
        ),
        at_most(
            f"its memory (all of the process; {answers:,} answers)", found["memory"], "MB", reference=LIMIT_MB, limit=1
        ),
    ]


async def measure(admin_url: str, answers: int) -> dict[str, float]:
    """Fill a wave, copy it out, rake its codes, and close it."""
    async with new_database(admin_url, "surveys") as url, opened(service, url) as database:
        contract = ContractActivated.model_validate(_contract())
        margins = tuple(
            margin_of(name, "frame", name, ((f"c{code}", 2 * answers * share) for code, share in enumerate(shares)))
            for name, shares in VARIABLES.items()
        )
        async with database.transaction() as session:
            await project_contract(session, contract)
        opening = Opening(kind="midterm", design="census", population=2 * answers, margins=margins)
        async with database.transaction() as session:
            wave, _ = await open_wave(session, opening, contract_id=contract.contract_id)
            wave_id = wave.id
        async with database.transaction() as session:
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            await session.execute(text("SELECT setseed(0.42)"))
            await session.execute(text(FILL), {"wave_id": wave_id, "answers": answers})
        pool = await database.pool()
        async with pool.acquire() as connection:
            await connection.execute("SET statement_timeout = 0")
            await connection.execute("VACUUM (ANALYZE) responses")
        copy = await _copied(pool, wave_id)
        raking = await _raked(database, wave_id, answers)
        started = time.perf_counter()
        async with database.transaction() as session:
            await close_wave(session, wave_id)
        closing = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"copy": copy, "raking": raking, "closing": closing, "memory": memory}


async def _copied(pool: Any, wave_id: UUID) -> float:
    taken = []

    async def forget(data: bytes) -> None:
        taken.append(len(data))

    async with pool.acquire() as connection:
        await connection.execute("SET statement_timeout = 0")
        started = time.perf_counter()
        await connection.copy_from_query(COPIED, wave_id, output=forget, format="binary")
        return time.perf_counter() - started


async def _raked(database: Database, wave_id: UUID, answers: int) -> float:
    reads = [
        Coded(name, (name,), tuple(f"c{code}" for code in range(len(shares))), "attributes")
        for name, shares in VARIABLES.items()
    ]
    async with database.reading() as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        columns = await read_columns(session, wave_id, reads)
    margins = [
        Margin(name, columns.codes[name].astype(np.int64) - 1, 2 * answers * np.array(shares))
        for name, shares in VARIABLES.items()
    ]
    base = np.full(answers, 2.0)
    started = time.perf_counter()
    rake(base, margins)
    return time.perf_counter() - started


def _contract() -> dict[str, Any]:
    return {
        "contract_id": new_id(),
        "version": 1,
        "region": "CN-230102",
        "title": "simulated",
        "state": "active",
        "simulated": True,
        "purchaser": PartyRef(organisation_id=new_id(), name="simulated"),
        "provider": PartyRef(organisation_id=new_id(), name="simulated"),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(measure(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else ANSWERS))))
