"""Uncertainty records: made by a job right after the score, in bulk as a following job, or when somebody needs one."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog
from pydantic_core import from_json, to_json
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.frameworks.errors import FrameworkNotFound
from scoring.frameworks.registry import Registry
from scoring.frameworks.service import registry
from scoring.kernel.montecarlo import DRAWS
from scoring.scores.collector import collector_paused
from scoring.scores.drawing import moved_rows
from scoring.scores.errors import ScoreNotReproducible
from scoring.scores.evaluation import Evaluated, evaluate_with
from scoring.scores.models import PartUncertainty, ScoreRow, ScoreUncertainty
from scoring.scores.part_simulation import SimulatedParts, simulate_parts
from scoring.scores.queries import items_of, part_uncertainty_of, uncertainty_of
from scoring.scores.recompute import facts_in, recompute_with
from scoring.scores.simulation import Simulated, simulate
from shared import clock
from shared.jobs import ClaimedJob, Continue, Job, enqueue

__all__ = [
    "FOLLOWING_JOB",
    "UNCERTAINTY_JOB",
    "enqueue_following",
    "ensure_parts",
    "ensure_uncertainty",
    "make_due",
    "p_grade_or_worse",
    "preview",
    "preview_parts",
    "remade",
    "uncertainty_of",
]

_log = structlog.get_logger(__name__)
KIND, FOLLOWING = "scores.uncertainty", "scores.uncertainty.following"
_CHUNK, _BULK = 20, 200


async def ensure_uncertainty(session: AsyncSession, row: ScoreRow) -> ScoreUncertainty:
    """The record of a score row, made now where the job has not come to it. Raises ScoreNotReproducible."""
    found = await uncertainty_of(session, row.content_hash)
    if found is None:
        await _store(session, [(row.region, await preview(session, row))])
        found = await uncertainty_of(session, row.content_hash)
        assert found is not None  # noqa: S101 - stored in this transaction, in the caller's scope as the row is
    return found


async def ensure_parts(session: AsyncSession, row: ScoreRow) -> PartUncertainty:
    """The record of a score row's sub-scores, made now where there is none. Raises ScoreNotReproducible."""
    found = await part_uncertainty_of(session, row.content_hash)
    if found is None:
        await _store_parts(session, [(row.region, await preview_parts(session, row))])
        found = await part_uncertainty_of(session, row.content_hash)
        assert found is not None  # noqa: S101 - as above
    return found


async def preview(session: AsyncSession, row: ScoreRow, *, draws: int = DRAWS) -> Simulated:
    """The record with any number of draws, not stored. Raises ScoreNotReproducible."""
    return simulate(await remade(session, row), 0, draws=draws)


async def preview_parts(session: AsyncSession, row: ScoreRow, *, draws: int = DRAWS) -> SimulatedParts:
    """The same of the sub-scores."""
    return simulate_parts(await remade(session, row), 0, draws=draws)


async def remade(session: AsyncSession, row: ScoreRow) -> Evaluated:
    """A score row made again from what it names, with the numbers behind it. Raises ScoreNotReproducible."""
    known = await registry(session)
    items = await items_of(session, row.content)
    try:
        made = recompute_with(row.content, items, known.by_hash(row.framework_hash))
    except FrameworkNotFound as error:
        raise ScoreNotReproducible(f"Score row {row.content_hash} names a framework that is not known here.") from error
    if made is None or made.outcomes[0] is None or made.outcomes[0].content_hash != row.content_hash:
        raise ScoreNotReproducible(f"Score row {row.content_hash} does not come out again from what it names.")
    return made


def p_grade_or_worse(record: ScoreUncertainty, grade: str) -> Decimal:
    """P of a grade or a worse one; the record holds the grades highest first."""
    grades = list(record.probabilities)
    return sum((Decimal(record.probabilities[each]) for each in grades[grades.index(grade) :]), Decimal(0))


_TAKE = text(
    """
    WITH taken AS (
        DELETE FROM score_uncertainty_due d USING (
            SELECT contract_id, framework_id, version FROM score_uncertainty_due
            ORDER BY contract_id, framework_id, version LIMIT :limit FOR UPDATE SKIP LOCKED
        ) AS first
        WHERE (d.contract_id, d.framework_id, d.version) = (first.contract_id, first.framework_id, first.version)
        RETURNING d.contract_id, d.framework_id, d.version
    )
    SELECT t.version, h.version AS newest, r.region, r.framework_hash, r.content_hash,
        CAST(r.content AS text) AS content,
        (SELECT CAST(json_agg(json_build_array(e.id, e.kind, e.version, e.sha256, e.body)) AS text)
         FROM evidence e WHERE e.contract_id = t.contract_id AND EXISTS (
            SELECT 1 FROM json_array_elements(r.content -> 'evidence') AS named(item)
            WHERE named.item ->> 0 = CAST(e.id AS text) AND named.item ->> 1 = e.sha256)) AS items
    FROM taken t
    JOIN score_heads h USING (contract_id, framework_id)
    JOIN score_rows r ON (r.contract_id, r.framework_id, r.version) = (t.contract_id, t.framework_id, t.version)
    WHERE t.version = h.version
        AND NOT EXISTS (SELECT 1 FROM score_uncertainty u WHERE u.content_hash = r.content_hash)
    ORDER BY t.contract_id, t.framework_id
    """
)
_WAITING = text("SELECT EXISTS (SELECT 1 FROM score_uncertainty_due)")


async def make_due(session: AsyncSession, *, limit: int) -> bool:
    """Make the records of up to `limit` score rows that wait for one; False when none waits any more.

    A row that is not the live score any more gets none: whoever pins it makes it then. Any number of processes may do
    this at the same time; each takes rows of its own.
    """
    rows = list(await session.execute(_TAKE, {"limit": limit}))
    known = await registry(session)
    made: list[tuple[str, Simulated]] = []
    parts: list[tuple[str, SimulatedParts]] = []
    with collector_paused():
        for evaluated, group in _again(rows, known):
            for n, row in enumerate(group):
                outcome = evaluated.outcomes[n]
                if outcome is None or outcome.content_hash != row.content_hash:
                    _log.error("score does not come out again", content_hash=row.content_hash)
                    continue
                moved = moved_rows(evaluated, n)  # the same draws for both records
                made.append((row.region, simulate(evaluated, n, moved=moved)))
                parts.append((row.region, simulate_parts(evaluated, n, moved=moved)))
                await asyncio.sleep(0)  # requests and events of this process go first
    await _store(session, made)
    await _store_parts(session, parts)
    return bool(rows) and bool((await session.execute(_WAITING)).scalar_one())


def _again(rows: Sequence[Row[Any]], known: Registry) -> Iterator[tuple[Evaluated, list[Row[Any]]]]:
    """The rows evaluated again, in one batch per framework."""
    groups: dict[str, list[Row[Any]]] = {}
    for row in rows:
        groups.setdefault(row.framework_hash, []).append(row)
    for framework_hash, group in groups.items():
        try:
            framework = known.by_hash(framework_hash)
        except FrameworkNotFound:
            _log.error("score names an unknown framework", framework_hash=framework_hash)
            continue
        read = [(row, facts_in(from_json(row.content), from_json(row.items or "[]"))) for row in group]
        facts = [(row, one) for row, one in read if one is not None]
        if facts:
            yield evaluate_with([one for _, one in facts], framework), [row for row, _ in facts]


async def _store(session: AsyncSession, made: Sequence[tuple[str, Simulated]]) -> None:
    if not made:
        return
    values: dict[str, Any] = {
        "region": [region for region, _ in made],
        "content_hash": [each.outcome.content_hash for _, each in made],
        "contract_id": [each.outcome.facts.contract_id for _, each in made],
        "framework_id": [each.outcome.framework.id for _, each in made],
        "framework_hash": [each.outcome.framework.hash for _, each in made],
        **{name: [getattr(each, name) for _, each in made] for name in _PLAIN},
        # Not the canonical form: the grades stand highest first.
        **{name: [to_json(getattr(each, name)).decode() for _, each in made] for name in _JSON},
    }
    connection = await session.connection()
    await connection.execute(_STORE, values | {"now": clock.now()})


async def _store_parts(session: AsyncSession, made: Sequence[tuple[str, SimulatedParts]]) -> None:
    if not made:
        return
    values = {
        "region": [region for region, _ in made],
        "content_hash": [each.outcome.content_hash for _, each in made],
        "contract_id": [each.outcome.facts.contract_id for _, each in made],
        "draws": [each.draws for _, each in made],
        "parts": [to_json(each.parts).decode() for _, each in made],
        "record_hash": [each.record_hash for _, each in made],
    }
    connection = await session.connection()
    await connection.execute(_STORE_PARTS, values | {"now": clock.now()})


_STORE_PARTS = text(
    """
    INSERT INTO score_part_uncertainty (content_hash, region, contract_id, draws, parts, record_hash, recorded_at)
    SELECT content_hash, region, contract_id, draws, CAST(parts AS json), record_hash, :now
    FROM unnest(
        CAST(:content_hash AS text[]), CAST(:region AS text[]), CAST(:contract_id AS uuid[]), CAST(:draws AS int[]),
        CAST(:parts AS text[]), CAST(:record_hash AS text[]))
        AS t(content_hash, region, contract_id, draws, parts, record_hash)
    ORDER BY content_hash
    ON CONFLICT DO NOTHING
    """
)


_PLAIN = ("draws", "median", "low", "high", "label", "probability", "record_hash")
_JSON = ("probabilities", "gates", "shares", "sources", "advice", "method")

# The same content gives the same record: whoever comes second leaves the first one's.
_STORE = text(
    """
    INSERT INTO score_uncertainty
        (content_hash, region, contract_id, framework_id, framework_hash, draws, median, low, high, label, probability,
         record_hash, probabilities, gates, shares, sources, advice, method, recorded_at)
    SELECT content_hash, region, contract_id, framework_id, framework_hash, draws, CAST(median AS numeric),
        CAST(low AS numeric), CAST(high AS numeric), label, CAST(probability AS numeric), record_hash,
        CAST(probabilities AS json), CAST(gates AS json), CAST(shares AS json), CAST(sources AS json),
        CAST(advice AS json), CAST(method AS json), :now
    FROM unnest(
        CAST(:content_hash AS text[]), CAST(:region AS text[]), CAST(:contract_id AS uuid[]),
        CAST(:framework_id AS text[]), CAST(:framework_hash AS text[]), CAST(:draws AS int[]),
        CAST(:median AS text[]), CAST(:low AS text[]), CAST(:high AS text[]), CAST(:label AS text[]),
        CAST(:probability AS text[]), CAST(:record_hash AS text[]), CAST(:probabilities AS text[]),
        CAST(:gates AS text[]), CAST(:shares AS text[]), CAST(:sources AS text[]), CAST(:advice AS text[]),
        CAST(:method AS text[]))
        AS t(content_hash, region, contract_id, framework_id, framework_hash, draws, median, low, high, label,
            probability, record_hash, probabilities, gates, shares, sources, advice, method)
    ORDER BY content_hash
    ON CONFLICT DO NOTHING
    """
)


async def _run(session: AsyncSession, _: ClaimedJob) -> Continue | None:
    return Continue(None) if await make_due(session, limit=_CHUNK) else None


async def _follow(session: AsyncSession, _: ClaimedJob) -> Continue | None:
    return Continue(None) if await make_due(session, limit=_BULK) else None


async def enqueue_following(session: AsyncSession, *, key: str) -> None:
    """Ask for the records after a bulk re-scoring; one job per lane, so that several processes share them."""
    await enqueue(session, FOLLOWING, key=key)


UNCERTAINTY_JOB = Job(KIND, _run, every=timedelta(seconds=1))
FOLLOWING_JOB = Job(FOLLOWING, _follow)
