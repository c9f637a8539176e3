"""Uncertainty records in the database: made by the job, in bulk or when asked for, once and for ever."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.scoring.cases import CONTRACT, complete_history, renamed
from tests.scoring.conftest import SELF, Scoring, contract_of

from scoring.frameworks.queries import frameworks_in_force
from scoring.scores.queries import row_of
from scoring.scores.rescore import RESCORE_JOB, enqueue_rescore
from scoring.scores.uncertainty import FOLLOWING_JOB, UNCERTAINTY_JOB, ensure_uncertainty, make_due, p_grade_or_worse
from shared.events import Estimate, EventData
from shared.ids import new_id
from shared.jobs import Worker

RECORDS = "SELECT content_hash, record_hash FROM score_uncertainty ORDER BY content_hash"
WAITING = "SELECT count(*) AS n FROM score_uncertainty_due"


def uncertain_history() -> list[EventData]:
    """A completed contract whose wave has a standard error."""
    *events, wave = complete_history()
    estimate = Estimate(
        item="overall", measure="index100", estimate=81.0, se=3.0, se_total=4.0, df=60, n=61, status="ok"
    )
    return [*events, wave.model_copy(update={"estimates": (estimate,)})]


async def records(scoring: Scoring) -> list[Any]:
    return [tuple(row) for row in await scoring.rows(RECORDS)]


async def test_the_record_follows_the_score(scoring: Scoring) -> None:
    *first, wave = uncertain_history()
    await scoring.hear(*first)
    assert (await scoring.head(CONTRACT))["uncertainty"] is None
    await scoring.hear(wave)
    async with scoring.database.transaction() as session:
        assert not await make_due(session, limit=50)
    # The rows before the wave are no live scores any more: they got none.
    made = await records(scoring)
    assert len(made) == len(frameworks_in_force())
    assert (await scoring.rows(WAITING))[0].n == 0
    head = await scoring.head(CONTRACT)
    brief = head["uncertainty"]
    assert (head["score"], brief["label"]) == ("93.500000", "firm")
    assert float(brief["low"]) < 93.5 <= float(brief["high"]) + 1
    assert set(brief["probabilities"]) == {"excellent", "good", "fair", "poor"}
    assert head["parts"]["provider"]["score"] is not None
    path = f"/v1/scores/{CONTRACT}/uncertainty"
    whole = await scoring.get(path, framework_id=SELF)
    assert (whole["stored"], whole["draws"]) == (True, 1000)
    assert [source["kind"] for source in whole["sources"]] == ["sampling"]
    assert whole["probability"] == brief["probability"]
    preview = await scoring.get(path, framework_id=SELF, draws="5000")
    assert (preview["stored"], preview["draws"]) == (False, 5000)
    # An older row gets its record when somebody asks for it, and every record stays as it is.
    older = await scoring.get(path, framework_id=SELF, version="1")
    assert older["content_hash"] != whole["content_hash"]
    assert len(await records(scoring)) == len(made) + 1
    with pytest.raises(DBAPIError, match="append-only"):
        async with scoring.database.transaction() as session:
            await session.execute(text("UPDATE score_uncertainty SET label = 'firm'"))
    why = await scoring.get(f"/v1/scores/{CONTRACT}/explanation", framework_id=SELF)
    assert (why["next_grade"], why["gates"], why["ungated"]) == ([], [], None)
    assert why["parts"] == head["parts"]


async def test_bulk_and_event_make_the_same_records(scoring: Scoring) -> None:
    histories = [renamed(uncertain_history(), new_id()) for _ in range(3)]
    await scoring.hear(*[event for history in histories for event in history])
    worker = Worker(scoring.database, [UNCERTAINTY_JOB])
    async with scoring.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO job (id, kind, key, state, run_at, payload, attempts, created_at) VALUES "
                "(gen_random_uuid(), 'scores.uncertainty', 'recurring', 'open', now() - interval '1 day', '{}', 0, now())"
            )
        )
    assert await worker.run_one()
    made = await records(scoring)
    assert len(made) == 3 * len(frameworks_in_force())
    async with scoring.database.transaction() as session:
        await session.execute(text("TRUNCATE score_rows, score_heads, score_uncertainty"))
        await enqueue_rescore(session, chunk=2, lanes=1)
    bulk = Worker(scoring.database, [RESCORE_JOB, FOLLOWING_JOB])
    while await bulk.run_one():
        pass
    assert await records(scoring) == made
    async with scoring.database.transaction() as session:
        row = await row_of(session, contract_id=contract_of(histories[0][0]), framework_id=SELF)
        record = await ensure_uncertainty(session, row)
        assert list(record.probabilities) == ["excellent", "good", "fair", "poor"]
        assert p_grade_or_worse(record, "excellent") == 1
        assert p_grade_or_worse(record, "good") == 1 - record.probability
        assert p_grade_or_worse(record, "poor") == 0
