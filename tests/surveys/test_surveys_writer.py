"""The answer writer under concurrency: races, the freeze, errors, and a database that goes away."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.surveys.conftest import UNLIMITED, Surveys, answers, random_answers

from gongping_local.pytest_servers import Servers
from shared.db import asyncpg_url
from shared.testing import client_for, new_database
from surveys.app import service
from surveys.responses.content import Content, content_of
from surveys.responses.queries import load_card
from surveys.responses.writer import Answer, AnswerWriter
from surveys.waves.service import freeze_key


async def rows(surveys: Surveys, wave_id: str) -> set[str]:
    async with surveys.database.reading() as session:
        found = await session.execute(
            text(
                "SELECT submission_id FROM responses_staged WHERE wave_id = :wave_id "
                "UNION ALL SELECT submission_id FROM responses WHERE wave_id = :wave_id"
            ),
            {"wave_id": UUID(wave_id)},
        )
        return {str(row.submission_id) for row in found}


async def content(surveys: Surveys, wave_id: str, overall: int = 4) -> Content:
    async with surveys.database.reading() as session:
        return content_of(await load_card(session, UUID(wave_id)), answers(overall))


def writer(surveys: Surveys, **options: int) -> AnswerWriter:
    return AnswerWriter(surveys.database.pool, **options)


async def test_identical_submissions_race_to_one(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    submission_id = uuid4()
    got = await asyncio.gather(*(surveys.put(wave["id"], answers(4), submission_id) for _ in range(12)))
    assert Counter(answer.status_code for answer in got) == {201: 1, 200: 11}
    assert len({answer.text for answer in got}) == 1
    assert await rows(surveys, wave["id"]) == {str(submission_id)}


async def test_different_submissions_race_to_one_and_conflicts(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    for _ in range(5):
        submission_id = uuid4()
        got = await asyncio.gather(*(surveys.put(wave["id"], answers(1 + n % 5), submission_id) for n in range(10)))
        statuses = Counter(answer.status_code for answer in got)
        assert statuses == {201: 1, 200: 1, 409: 8}
        stored = {answer.json()["content_sha256"] for answer in got if answer.status_code < 300}
        assert len(stored) == 1


@pytest.mark.parametrize("writers", [1, 4])
async def test_races_between_processes_are_decided_by_the_constraint(surveys: Surveys, writers: int) -> None:
    wave = await surveys.completed_wave()
    wave_id = UUID(wave["id"])
    contents = [await content(surveys, wave["id"], overall) for overall in (1, 5)]
    ids = [uuid4() for _ in range(40)]
    async with client_for(service, surveys.database.url) as other:
        pens = [writer(surveys, writers=writers), AnswerWriter(other.database.pool, writers=writers)]
        asked = [(pen, Answer(wave_id, each, found)) for each in ids for pen in pens for found in contents]
        random.Random(7).shuffle(asked)
        got = await asyncio.gather(*(pen.submit(answer) for pen, answer in asked))
    kinds: dict[UUID, Counter[str]] = {each: Counter() for each in ids}
    for (_, answer), outcome in zip(asked, got, strict=True):
        kinds[answer.submission_id][outcome.kind] += 1
    assert all(seen == {"created": 1, "same": 1, "other": 2} for seen in kinds.values())
    assert await rows(surveys, wave["id"]) == {str(each) for each in ids}


@pytest.fixture
async def shelf(servers: Servers) -> AsyncIterator[Surveys]:
    async with new_database(servers.postgres_url, "surveys") as url, client_for(service, url, **UNLIMITED) as client:
        yield Surveys(client)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3)), min_size=1, max_size=40),
    batch=st.integers(1, 8),
    writers=st.integers(1, 4),
)
async def test_any_interleaving_keeps_the_first_of_each_id(
    shelf: Surveys, asked: list[tuple[int, int]], batch: int, writers: int
) -> None:
    wave = await shelf.completed_wave()
    wave_id = UUID(wave["id"])
    contents = {overall: await content(shelf, wave["id"], overall) for overall in (1, 2, 3)}
    ids = [uuid4() for _ in range(6)]
    pen = writer(shelf, batch=batch, writers=writers)
    submitted = [Answer(wave_id, ids[which], contents[overall]) for which, overall in asked]
    got = await asyncio.gather(*(pen.submit(answer) for answer in submitted))
    for each in ids:
        outcomes = [
            (answer.content.sha256, outcome.kind)
            for answer, outcome in zip(submitted, got, strict=True)
            if answer.submission_id == each
        ]
        winners = [sha256 for sha256, kind in outcomes if kind == "created"]
        assert len(winners) == (1 if outcomes else 0)
        assert all((sha256 == winners[0]) == (kind in ("created", "same")) for sha256, kind in outcomes)
    assert await rows(shelf, wave["id"]) == {str(ids[which]) for which, _ in asked}


@pytest.mark.parametrize("after", [0, 40, 120])
async def test_closing_counts_each_accepted_answer_once_and_none_later(surveys: Surveys, after: int) -> None:
    wave = await surveys.completed_wave()
    generator = random.Random(after)
    accepted = 0
    reached = asyncio.Event()

    statuses: Counter[int] = Counter()
    created: set[str] = set()

    async def submit(submission_id: UUID) -> None:
        nonlocal accepted
        answer = await surveys.put(wave["id"], random_answers(generator), submission_id)
        accepted += answer.status_code == 201
        if accepted >= after:
            reached.set()
        statuses[answer.status_code] += 1
        if answer.status_code == 201:
            created.add(str(submission_id))

    if after == 0:
        reached.set()
    citizens = [asyncio.create_task(submit(uuid4())) for _ in range(200)]
    await reached.wait()
    results = await surveys.close(wave["id"])
    await asyncio.gather(*citizens)
    assert set(statuses) <= {201, 409}
    assert results["n"] == len(created) >= after
    assert await rows(surveys, wave["id"]) == created
    assert (await surveys.put(wave["id"], answers())).status_code == 409
    assert await rows(surveys, wave["id"]) == created


async def test_wave_that_is_closing_does_not_hold_up_another(surveys: Surveys) -> None:
    closing, open_ = await surveys.completed_wave(), await surveys.completed_wave()
    blocker = await asyncpg.connect(asyncpg_url(surveys.database.url))
    try:
        await blocker.execute("BEGIN")
        await blocker.execute("SELECT pg_advisory_xact_lock($1)", freeze_key(UUID(closing["id"])))
        held = [asyncio.create_task(surveys.put(closing["id"], answers())) for _ in range(20)]
        # These come after, in the same process, and are answered while the others still wait.
        got = await asyncio.gather(*(surveys.put(open_["id"], answers()) for _ in range(20)))
        assert {answer.status_code for answer in got} == {201}
        assert not any(task.done() for task in held)
        await blocker.execute("UPDATE waves SET state = 'closed', closed_at = now() WHERE id = $1", UUID(closing["id"]))
        await blocker.execute("COMMIT")
        assert {answer.status_code for answer in await asyncio.gather(*held)} == {409}
    finally:
        await blocker.close()
    assert await rows(surveys, closing["id"]) == set()


async def test_closing_that_fails_lets_the_answers_in(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    blocker = await asyncpg.connect(asyncpg_url(surveys.database.url))
    try:
        await blocker.execute("BEGIN")
        await blocker.execute("SELECT pg_advisory_xact_lock($1)", freeze_key(UUID(wave["id"])))
        held = [asyncio.create_task(surveys.put(wave["id"], answers())) for _ in range(20)]
        await blocker.execute("UPDATE waves SET state = 'closed', closed_at = now() WHERE id = $1", UUID(wave["id"]))
        await blocker.execute("ROLLBACK")
        assert {answer.status_code for answer in await asyncio.gather(*held)} == {201}
    finally:
        await blocker.close()
    assert len(await rows(surveys, wave["id"])) == 20


async def test_stream_of_answers_does_not_starve_the_closing(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    stop = asyncio.Event()
    seen: Counter[int] = Counter()

    async def keep_answering() -> None:
        while not stop.is_set():
            seen[(await surveys.put(wave["id"], answers())).status_code] += 1

    citizens = [asyncio.create_task(keep_answering()) for _ in range(16)]
    async with asyncio.timeout(30):
        results = await surveys.close(wave["id"])
    stop.set()
    await asyncio.gather(*citizens)
    assert results["n"] == seen[201]


async def test_bad_row_fails_alone(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    wave_id = UUID(wave["id"])
    good = await content(surveys, wave["id"])
    bad = Content(sha256=good.sha256, answers="{", disposition="complete", mode="web")
    asked = [Answer(wave_id, uuid4(), bad if n == 3 else good) for n in range(8)]
    pen = writer(surveys, writers=1)
    got = await asyncio.gather(*(pen.submit(answer) for answer in asked), return_exceptions=True)
    assert isinstance(got[3], asyncpg.PostgresError)
    assert [outcome.kind for outcome in got if not isinstance(outcome, BaseException)] == ["created"] * 7
    assert await rows(surveys, wave["id"]) == {str(answer.submission_id) for answer in asked if answer.content is good}


async def test_lost_connection_is_retried(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    assert (await surveys.put(wave["id"], answers())).status_code == 201
    pool = await surveys.database.pool()
    killer = await asyncpg.connect(asyncpg_url(surveys.database.url))
    try:
        async with pool.acquire() as connection:
            pid = connection.get_server_pid()
        await killer.execute("SELECT pg_terminate_backend($1, 5000)", pid)
    finally:
        await killer.close()
    submission_id = uuid4()
    answer = await surveys.put(wave["id"], answers(), submission_id)
    if answer.status_code == 503:  # a single response has nobody to be retried with: the client sends it again
        answer = await surveys.put(wave["id"], answers(), submission_id)
    assert answer.status_code in (200, 201)
    assert len(await rows(surveys, wave["id"])) == 2


async def test_database_that_is_away_answers_503_to_all(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    pen = writer(surveys)
    good = await content(surveys, wave["id"])

    async def refused() -> asyncpg.Pool:
        raise ConnectionRefusedError("nobody listens")

    pen._pool = refused
    asked = [Answer(UUID(wave["id"]), uuid4(), good) for _ in range(30)]
    got = await asyncio.gather(*(pen.submit(answer) for answer in asked), return_exceptions=True)
    assert all(isinstance(outcome, ConnectionRefusedError) for outcome in got)
    assert await rows(surveys, wave["id"]) == set()


async def test_client_that_goes_away_does_not_stop_its_neighbours(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    pen = writer(surveys, writers=1)
    good = await content(surveys, wave["id"])
    tasks = [asyncio.create_task(pen.submit(Answer(UUID(wave["id"]), uuid4(), good))) for _ in range(6)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    got = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(got[2], asyncio.CancelledError)
    assert [outcome.kind for n, outcome in enumerate(got) if n != 2 and not isinstance(outcome, BaseException)] == [
        "created"
    ] * 5
    assert pen._unfinished == 0
