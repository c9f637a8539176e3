"""Bulk re-scoring: the same rows as the events gave, in chunks, through kills."""

import asyncio
import dataclasses
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.scoring.cases import complete_history, renamed, state
from tests.scoring.conftest import QUESTIONS, SELF, Scoring, contract_of

from scoring import cli
from scoring.evidence.service import SCORE_CONTRACT
from scoring.frameworks.document import Framework
from scoring.frameworks.errors import FrameworkNotFound
from scoring.frameworks.queries import find_framework, frameworks_in_force
from scoring.frameworks.registry import Registry
from scoring.scores import recording, rescore
from scoring.scores.rescore import KIND, RESCORE_JOB, SCORE_JOB, enqueue_rescore, rescore_chunk
from scoring.settings import ScoringSettings
from shared.ids import new_id
from shared.jobs import Worker, enqueue

HEADS = "SELECT contract_id, framework_id, content_hash, version FROM score_heads ORDER BY contract_id, framework_id"


async def contracts(scoring: Scoring, count: int) -> list[UUID]:
    histories = [renamed(complete_history(), new_id()) for _ in range(count)]
    await scoring.hear(*[event for history in histories for event in history])
    return sorted(contract_of(history[0]) for history in histories)


def next_version(framework: Framework) -> Framework:
    """The framework under another hash, as a new version has it."""
    return dataclasses.replace(framework, version="1.0.1", hash="0" * 64)


async def run(scoring: Scoring, *, chunk: int, frameworks: Sequence[Framework]) -> tuple[int, int]:
    after, total, changed = UUID(int=0), 0, 0
    while True:
        async with scoring.database.transaction() as session:
            last, count, written = await rescore_chunk(session, after=after, limit=chunk, frameworks=frameworks)
        if last is None:
            return total, changed
        after, total, changed = last, total + count, changed + written


async def test_bulk_and_events_give_the_same_scores(scoring: Scoring) -> None:
    await contracts(scoring, 7)
    heads = await scoring.rows(HEADS)
    assert await run(scoring, chunk=3, frameworks=frameworks_in_force()) == (7, 0)
    assert await scoring.rows(HEADS) == heads
    # Made anew without any head, the bulk path writes exactly what the events had written.
    async with scoring.database.transaction() as session:
        await session.execute(text("TRUNCATE score_rows, score_heads"))
    assert await run(scoring, chunk=3, frameworks=frameworks_in_force()) == (7, 14)
    again = await scoring.rows(HEADS)
    assert [(row.contract_id, row.framework_id, row.content_hash) for row in again] == [
        (row.contract_id, row.framework_id, row.content_hash) for row in heads
    ]


async def test_rows_are_the_same_however_they_are_written(scoring: Scoring, monkeypatch: pytest.MonkeyPatch) -> None:
    await contracts(scoring, 5)
    kept = []
    for copy_from in (1, 1000):
        monkeypatch.setattr(recording, "COPY_FROM", copy_from)
        async with scoring.database.transaction() as session:
            await session.execute(text("TRUNCATE score_rows, score_heads, score_uncertainty_due"))
        assert await run(scoring, chunk=3, frameworks=frameworks_in_force()) == (5, 10)
        # What hangs on the moment of recording aside, every column of the three tables.
        tables = {
            "score_rows": "to_jsonb(t) - '{recorded_at, chain_hash}'::text[]",
            "score_heads": "to_jsonb(t) - '{recorded_at, chain_hash}'::text[]",
            "score_uncertainty_due": "to_jsonb(t)",
        }
        kept.append(
            {name: await scoring.rows(f"SELECT {row} FROM {name} t ORDER BY 1") for name, row in tables.items()}
        )
    assert kept[0] == kept[1]
    assert [len(rows) for rows in kept[0].values()] == [10, 10, 10]


async def test_a_new_version_of_a_framework_moves_every_head(scoring: Scoring) -> None:
    await contracts(scoring, 4)
    announced = len(await scoring.announced())
    changed = [next_version(find_framework(SELF))]
    assert await run(scoring, chunk=2, frameworks=changed) == (4, 4)
    versions = await scoring.rows("SELECT framework_id, framework_version FROM score_heads ORDER BY framework_id")
    assert [(row.framework_id, row.framework_version) for row in versions] == [
        *[(SELF, "1.0.1")] * 4,
        *[(QUESTIONS, "1.0.0")] * 4,
    ]
    news = (await scoring.announced())[announced:]
    assert len(news) == 4
    assert all(event.data["reasons"] == [] and event.data["causes"] == [] for event in news)


async def test_a_job_goes_chunk_by_chunk_and_survives_a_kill(scoring: Scoring, monkeypatch: pytest.MonkeyPatch) -> None:
    await contracts(scoring, 5)
    newest = cache(next_version)  # one object per framework, as a registry has it
    in_force = Registry.applicable

    def newer(known: Registry, region: str, category: str | None) -> tuple[Framework, ...]:
        return tuple(newest(framework) for framework in in_force(known, region, category))

    monkeypatch.setattr(Registry, "applicable", newer)
    async with scoring.database.transaction() as session:
        assert await enqueue_rescore(session, chunk=2, lanes=1) == ["all 1/1"]
        assert await enqueue_rescore(session, chunk=2, lanes=1) == ["all 1/1"]
    worker = Worker(scoring.database, [RESCORE_JOB])
    assert await worker.run_one()
    (job,) = await scoring.rows("SELECT state, progress FROM job WHERE kind = :kind", kind=KIND)
    assert (job.state, job.progress) == ("open", {"contracts": 2, "changed": 4})

    chunk = rescore.rescore_chunk
    killed: list[int] = []

    async def die_after_writing(*arguments: Any, **named: Any) -> tuple[UUID | None, int, int]:
        killed.append((await chunk(*arguments, **named))[1])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rescore, "rescore_chunk", die_after_writing)
        with pytest.raises(KeyboardInterrupt):
            await worker.run_one()
    assert killed == [2]
    done = await scoring.rows("SELECT 1 FROM score_heads WHERE framework_version = '1.0.1'")
    assert len(done) == 4  # the killed chunk left nothing behind

    while await Worker(scoring.database, [RESCORE_JOB]).run_one():
        pass
    (job,) = await scoring.rows("SELECT state, progress FROM job WHERE kind = :kind", kind=KIND)
    assert (job.state, job.progress) == ("done", {"contracts": 5, "changed": 10})
    assert len(await scoring.rows("SELECT 1 FROM score_heads WHERE framework_version = '1.0.1'")) == 10


async def test_lanes_share_the_contracts_without_overlap(scoring: Scoring) -> None:
    histories = [renamed(complete_history(), UUID(int=number << 16)) for number in range(1, 8)]
    ids = [UUID(int=(contract_of(history[0]).int & ~0xFF) | number) for number, history in enumerate(histories)]
    for contract_id, history in zip(ids, histories, strict=True):
        await scoring.hear(*[event.model_copy(update={"contract_id": contract_id}) for event in history])
    counts = []
    for lane in range(3):
        async with scoring.database.transaction() as session:
            _, count, _ = await rescore_chunk(
                session, after=UUID(int=0), limit=10, frameworks=frameworks_in_force(), lane=lane, lanes=3
            )
            counts.append(count)
    assert counts == [3, 2, 2]


async def test_stubs_and_drafts_are_passed_over(scoring: Scoring) -> None:
    await scoring.hear(state("draft", version=1), renamed(complete_history(), new_id())[3])
    assert await run(scoring, chunk=10, frameworks=frameworks_in_force()) == (1, 0)


async def test_an_unknown_framework_is_refused(scoring: Scoring) -> None:
    with pytest.raises(FrameworkNotFound):
        async with scoring.database.transaction() as session:
            await enqueue_rescore(session, chunk=10, lanes=2, framework_id="five-questions")
    assert await scoring.rows("SELECT 1 FROM job") == []


async def test_the_command_works_the_job_off(
    scoring: Scoring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    await contracts(scoring, 3)
    settings = ScoringSettings.load(database_url=scoring.database.url, rescore_chunk=2)
    assert await cli.rescore_with(settings, framework_id=SELF) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 contracts read, 0 scores changed"
    assert await cli.rescore_with(settings, framework_id="five-questions") == 2
    assert "There is no framework five-questions" in capsys.readouterr().err
    monkeypatch.setenv("DATABASE_URL", scoring.database.url)
    assert await asyncio.to_thread(cli.rescore, ["--framework", QUESTIONS]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 contracts read, 0 scores changed"


async def test_evidence_that_came_by_no_event_asks_for_its_contract(scoring: Scoring) -> None:
    mine, other = await contracts(scoring, 2)
    heads = await scoring.rows(HEADS)
    async with scoring.database.transaction() as session:
        await session.execute(text("TRUNCATE score_rows, score_heads"))
        await enqueue(session, SCORE_CONTRACT, key=str(mine))
        await enqueue(session, SCORE_CONTRACT, key=str(new_id()))  # not known yet: nothing to score
    worker = Worker(scoring.database, [SCORE_JOB])
    while await worker.run_one():
        pass
    again = await scoring.rows(HEADS)
    assert [(row.contract_id, row.content_hash) for row in again] == [
        (row.contract_id, row.content_hash) for row in heads if row.contract_id == mine
    ]
    assert other not in {row.contract_id for row in again}
    assert {
        row.state for row in await scoring.rows("SELECT state FROM job WHERE kind = :kind", kind=SCORE_CONTRACT)
    } == {"done"}
