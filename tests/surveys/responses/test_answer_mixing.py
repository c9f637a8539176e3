"""The mover: random batches of at least ten, a pool that stays, everything at the close, nothing twice."""

import asyncio
import random
from collections import Counter
from uuid import UUID, uuid4

import pytest
from tests.surveys.conftest import DAY, Surveys, answers, random_answers
from tests.surveys.responses.answering import COLUMNS, invite, open_wave, run_mover, select, send

from shared import clock
from surveys.responses.handlers import retention_job
from surveys.responses.mixing import mix
from surveys.settings import policy


async def counts(surveys: Surveys) -> tuple[int, int]:
    """Staged, and at their final place."""
    (row,) = await select(
        surveys,
        "SELECT (SELECT count(*) FROM responses_staged) AS staged, (SELECT count(*) FROM responses) AS final",
    )
    return row.staged, row.final


async def test_fewer_than_a_batch_and_a_pool_wait(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    for _ in range(19):
        await surveys.put(wave["id"], answers())
    assert await run_mover(surveys) == 0
    assert await counts(surveys) == (19, 0)
    await surveys.put(wave["id"], answers())
    assert await run_mover(surveys) == 1
    assert await counts(surveys) == (10, 10)
    assert await run_mover(surveys) == 0
    for _ in range(25):
        await surveys.put(wave["id"], answers())
    assert await run_mover(surveys) == 1
    assert await counts(surveys) == (10, 35)


async def test_waves_do_not_help_each_other_to_a_batch(surveys: Surveys) -> None:
    one, other, third = [await surveys.completed_wave() for _ in range(3)]
    for wave, number in ((one, 15), (other, 22), (third, 30)):
        for _ in range(number):
            await surveys.put(wave["id"], answers())
    assert await run_mover(surveys) == 2
    staged = await select(surveys, "SELECT wave_id, count(*) AS n FROM responses_staged GROUP BY wave_id")
    assert {str(row.wave_id): row.n for row in staged} == {one["id"]: 15, other["id"]: 10, third["id"]: 10}


async def test_large_numbers_are_moved_in_parts(surveys: Surveys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveys.responses.mixing.MOVED_AT_ONCE", 12)
    monkeypatch.setattr("surveys.responses.handlers.MOVED_AT_ONCE", 12)
    wave = await surveys.completed_wave()
    for _ in range(46):
        await surveys.put(wave["id"], answers())
    assert await run_mover(surveys) == 3
    assert await counts(surveys) == (10, 36)


async def test_moving_changes_nothing_of_an_answer(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 40, stratum="south")
    generator = random.Random(3)
    for invitation in invitations[:30]:
        await send(surveys, wave_id, invitation["token"], random_answers(generator))
    before = sorted(map(tuple, await select(surveys, COLUMNS)), key=str)
    assert await run_mover(surveys) == 1
    assert sorted(map(tuple, await select(surveys, COLUMNS)), key=str) == before
    results = await surveys.close(wave_id)
    assert results["n"] == 30
    assert await counts(surveys) == (0, 30)
    assert sorted(map(tuple, await select(surveys, COLUMNS)), key=str) == before


async def test_repetitions_and_withdrawals_find_an_answer_wherever_it_stands(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    ids = [uuid4() for _ in range(20)]
    first = [(await surveys.put(wave["id"], answers(4), each)).json() for each in ids]
    await run_mover(surveys)
    assert await counts(surveys) == (10, 10)
    for submission_id, receipt in zip(ids, first, strict=True):
        again = await surveys.put(wave["id"], answers(4), submission_id)
        assert (again.status_code, again.json()) == (200, receipt)
        other = await surveys.put(wave["id"], answers(5), submission_id)
        assert other.json()["type"] == "/problems/response-conflict"
        malformed = await surveys.put(wave["id"], answers(9), submission_id)
        assert malformed.json()["type"] == "/problems/response-conflict"
    for receipt in first:
        path = f"/v1/waves/{wave['id']}/receipts/{receipt['receipt']}"
        assert (await surveys.client.anonymous.delete(path)).status_code == 204
    assert await counts(surveys) == (0, 0)


async def test_answers_that_come_while_others_are_moved_are_stored_once(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    ids = [uuid4() for _ in range(120)]
    statuses: Counter[int] = Counter()
    done = asyncio.Event()

    async def citizen(mine: list[UUID]) -> None:
        for submission_id in mine:
            for _ in range(2):
                statuses[(await surveys.put(wave["id"], answers(), submission_id)).status_code] += 1

    async def mover() -> None:
        while not done.is_set():
            async with surveys.database.transaction() as session:
                await mix(session, UUID(wave["id"]))

    moving = asyncio.create_task(mover())
    await asyncio.gather(*(citizen(ids[n::8]) for n in range(8)))
    done.set()
    await moving
    assert statuses == {201: 120, 200: 120}
    staged, final = await counts(surveys)
    assert final >= 10
    assert staged + final == 120
    assert (await surveys.close(wave["id"]))["n"] == 120


async def test_a_few_answers_are_moved_at_the_close(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    for _ in range(3):
        await send(surveys, wave_id, None)
    assert (await surveys.close(wave_id))["n"] == 3
    assert await counts(surveys) == (0, 3)


async def test_single_answers_are_deleted_when_their_time_is_over(surveys: Surveys) -> None:
    closed, open_ = await surveys.completed_wave(), await surveys.completed_wave()
    for wave in (closed, open_):
        for _ in range(20):
            await surveys.put(wave["id"], answers())
    await run_mover(surveys)
    await surveys.close(closed["id"])
    for days, left in ((policy().answer_retention_days - 1, 30), (policy().answer_retention_days + 1, 10)):
        with clock.frozen(clock.now() + days * DAY):
            async with surveys.database.transaction() as session:
                assert await retention_job.run(session, None) is None  # type: ignore[arg-type] # it does not look at it
        assert (await counts(surveys))[1] == left
    results = await surveys.client.as_("operator").get(f"/v1/waves/{closed['id']}/results")
    assert results.json()["n"] == 20
