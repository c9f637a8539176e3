"""The job queue: one open job per key, one commit per job, one worker per job."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.shared.conftest import ToyDatabases
from tests.shared.toys import REGION, posting
from tests.support import eventually

from shared import audit, clock
from shared.db import Database
from shared.ids import new_id
from shared.jobs import ClaimedJob, Continue, Job, Worker, enqueue
from shared.outbox import emit
from shared.service import open_database
from shared.settings import ServiceSettings

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
ADD = text("INSERT INTO thing VALUES (:id, 'CN', :name, 1)")


@pytest.fixture(scope="module")
async def opened(databases: ToyDatabases) -> AsyncIterator[Database]:
    async with databases.lent() as take:
        settings = ServiceSettings.load(database_url=await take())
        database = open_database(settings, name="jobs")
        yield database
        await database.dispose()


@pytest.fixture
async def database(opened: Database) -> Database:
    async with opened.transaction() as session:
        await session.execute(text("TRUNCATE job, thing, note, outbox, audit"))
    return opened


async def rows(database: Database, sql: str) -> list[Any]:
    async with database.reading() as session:
        return list((await session.execute(text(sql))).all())


async def jobs(database: Database) -> list[Any]:
    return await rows(database, "SELECT * FROM job ORDER BY created_at, id")


async def add(database: Database, kind: str = "paint", key: str = "a", **given: Any) -> None:
    async with database.transaction() as session:
        await enqueue(session, kind, key=key, **given)


async def change(session: AsyncSession, name: str) -> None:
    """An effect with all that belongs to it."""
    thing = new_id()
    await session.execute(ADD, {"id": thing, "name": name})
    emit(session, posting(), subject=thing, region=REGION)
    audit.record(session, "thing.painted", noun="thing", noun_id=thing)
    await enqueue(session, "dry", key=name, run_at=clock.now() + timedelta(days=1))


async def left_behind(database: Database) -> tuple[int, ...]:
    counted = "SELECT (SELECT count(*) FROM thing), (SELECT count(*) FROM outbox), (SELECT count(*) FROM audit), (SELECT count(*) FROM job WHERE kind = 'dry')"
    return tuple((await rows(database, counted))[0])


async def paint(session: AsyncSession, job: ClaimedJob) -> None:
    await change(session, job.key)


async def fail(session: AsyncSession, job: ClaimedJob) -> None:
    await change(session, job.key)
    raise ValueError("the paint \x00 is dry")


async def test_open_job_of_a_key_is_unique(database: Database) -> None:
    async with database.transaction() as session:
        await enqueue(session, "paint", key="a", payload={"colour": "red"})
        await enqueue(session, "paint", key="a", payload={"colour": "blue"})
    await asyncio.gather(*(add(database, payload={"colour": "green"}) for _ in range(4)))
    await add(database, key="b")
    await add(database, kind="dry")
    found = [(job.kind, job.key, job.payload) for job in await jobs(database)]
    assert sorted(found, key=str) == [
        ("dry", "a", {}),
        ("paint", "a", {"colour": "red"}),
        ("paint", "b", {}),
    ]


async def test_key_of_a_finished_job_is_free(database: Database) -> None:
    worker = Worker(database, [Job("paint", paint)])
    for _ in range(2):
        await add(database)
        assert await worker.run_one()
    assert [job.state for job in await jobs(database) if job.kind == "paint"] == ["done", "done"]


async def test_rolled_back_transaction_adds_no_job(database: Database) -> None:
    async def add_and_fail() -> None:
        async with database.transaction() as session:
            await enqueue(session, "paint", key="a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await add_and_fail()
    assert await jobs(database) == []


async def test_job_runs_when_it_is_due(database: Database) -> None:
    worker = Worker(database, [Job("paint", paint)])
    with clock.frozen(AT):
        await add(database, run_at=AT + timedelta(hours=1))
        assert not await worker.run_one()
        clock.advance(timedelta(minutes=59, seconds=59))
        assert not await worker.run_one()
        clock.advance(timedelta(seconds=1))
        assert await worker.run_one()
        assert not await worker.run_one()
    assert await left_behind(database) == (1, 1, 1, 1)


async def test_the_longest_due_runs_first(database: Database) -> None:
    order: list[tuple[str, dict[str, Any]]] = []

    async def note(_: AsyncSession, job: ClaimedJob) -> None:
        order.append((job.key, job.payload))

    with clock.frozen(AT):
        for key, minutes in (("b", 2), ("a", 1), ("c", 3)):
            await add(database, key=key, run_at=AT - timedelta(minutes=minutes), payload={"minutes": minutes})
        worker = Worker(database, [Job("paint", note)])
        while await worker.run_one():
            pass
    assert order == [("c", {"minutes": 3}), ("b", {"minutes": 2}), ("a", {"minutes": 1})]


async def test_worker_leaves_kinds_that_it_does_not_know(database: Database) -> None:
    await add(database, kind="another service's")
    assert not await Worker(database, [Job("paint", paint)]).run_one()
    assert [job.state for job in await jobs(database)] == ["open"]


async def test_effect_and_completion_are_one_commit(database: Database) -> None:
    """Inside the job everything is done; outside nothing is seen until all of it is."""
    seen: list[Any] = []

    async def look(session: AsyncSession, job: ClaimedJob) -> None:
        await change(session, job.key)
        await session.flush()
        seen.append((await left_behind(database), (await jobs(database))[0].state))

    await add(database)
    await Worker(database, [Job("paint", look)]).run_one()
    assert seen == [((0, 0, 0, 0), "open")]
    assert await left_behind(database) == (1, 1, 1, 1)
    job = next(job for job in await jobs(database) if job.kind == "paint")
    assert (job.state, job.attempts, job.error) == ("done", 0, None)
    assert job.finished_at is not None


async def test_failed_job_leaves_nothing_but_its_error(database: Database) -> None:
    await add(database)
    assert await Worker(database, [Job("paint", fail)]).run_one()
    assert await left_behind(database) == (0, 0, 0, 0)
    [job] = await jobs(database)
    assert (job.state, job.attempts) == ("open", 1)
    assert job.error == "ValueError: the paint \N{REPLACEMENT CHARACTER} is dry"


async def test_job_whose_commit_is_refused_leaves_nothing(database: Database) -> None:
    """The effect is refused by the database at the end, when the completion was written already."""

    async def twice(session: AsyncSession, job: ClaimedJob) -> None:
        await change(session, job.key)
        emit(session, posting(voucher="x" * 300_000), subject="x", region=REGION)

    await add(database)
    assert await Worker(database, [Job("paint", twice)]).run_one()
    assert await left_behind(database) == (0, 0, 0, 0)
    assert [(job.state, job.attempts) for job in await jobs(database)] == [("open", 1)]


async def test_retries_wait_longer_and_longer_and_end(database: Database) -> None:
    worker = Worker(database, [Job("paint", fail)])
    delays: list[float] = []
    with clock.frozen(AT):
        await add(database)
        while (job := (await jobs(database))[0]).state == "open":
            if job.run_at > clock.now():
                delays.append((job.run_at - clock.now()).total_seconds())
                clock.advance(job.run_at - clock.now() - timedelta(milliseconds=1))
                assert not await worker.run_one()
                clock.advance(timedelta(milliseconds=1))
            assert await worker.run_one()
        assert job.finished_at == clock.now()
        clock.advance(timedelta(days=1))
        assert not await worker.run_one()
        assert delays == [1, 5, 30, 120, 600]
        assert (job.state, job.attempts) == ("failed", len(delays) + 1)
        # A failed job does not bar its key.
        await add(database)
        assert [job.state for job in await jobs(database)] == ["failed", "open"]


async def test_success_after_a_failure_clears_the_error(database: Database) -> None:
    with clock.frozen(AT):
        await add(database)
        await Worker(database, [Job("paint", fail)]).run_one()
        clock.advance(timedelta(seconds=1))
        await Worker(database, [Job("paint", paint)]).run_one()
    job = next(job for job in await jobs(database) if job.kind == "paint")
    assert (job.state, job.error, job.attempts) == ("done", None, 1)


async def test_unavailable_database_is_no_failure_of_the_job(database: Database) -> None:
    async def unlucky(_: AsyncSession, __: ClaimedJob) -> None:
        raise ConnectionResetError(104, "reset")

    await add(database)
    with pytest.raises(ConnectionResetError):
        await Worker(database, [Job("paint", unlucky)]).run_one()
    assert [(job.state, job.attempts, job.error) for job in await jobs(database)] == [("open", 0, None)]


async def test_recurring_job_comes_again(database: Database) -> None:
    outcome: list[Callable[[AsyncSession, ClaimedJob], Awaitable[None]]] = [paint]

    async def either(session: AsyncSession, job: ClaimedJob) -> None:
        await outcome[0](session, job)

    worker = Worker(database, [Job("paint", either, every=timedelta(minutes=15)), Job("dry", paint)])
    with clock.frozen(AT):
        for _ in range(2):  # as every replica does when it starts
            await worker._ensure_recurring()
        assert [(job.kind, job.key) for job in await jobs(database)] == [("paint", "recurring")]
        for _ in range(2):
            assert await worker.run_one()
            assert not await worker.run_one()
            [job] = [job for job in await jobs(database) if job.kind == "paint"]
            assert (job.state, job.run_at, job.finished_at) == (
                "open",
                clock.now() + timedelta(minutes=15),
                clock.now(),
            )
            clock.advance(timedelta(minutes=15))
        outcome[0] = fail
        for _ in range(8):  # it never becomes `failed`: nobody would start it again
            assert await worker.run_one()
            [job] = [job for job in await jobs(database) if job.kind == "paint"]
            assert job.state == "open"
            clock.advance(timedelta(minutes=10))
        outcome[0] = paint
        assert await worker.run_one()
        [job] = [job for job in await jobs(database) if job.kind == "paint"]
        assert (job.attempts, job.error) == (0, None)


async def test_long_job_goes_on_from_its_cursor(database: Database) -> None:
    calls: list[str] = []

    async def in_chunks(session: AsyncSession, job: ClaimedJob) -> Continue | None:
        done: int = job.cursor["done"] if job.cursor else 0
        calls.append(f"{job.key} {done}")
        await change(session, f"{job.key} {done}")
        if calls.count("a 1") == 1 and done == 1:
            raise ValueError("once")
        return Continue({"done": done + 1}, progress={"of": 3}) if done < 2 else None

    async def note(_: AsyncSession, job: ClaimedJob) -> None:
        calls.append(job.key)

    worker = Worker(database, [Job("paint", in_chunks), Job("short", note)])
    with clock.frozen(AT):
        await add(database, key="a", run_at=AT - timedelta(seconds=2))
        await add(database, kind="short", key="short", run_at=AT - timedelta(seconds=1))
        assert await worker.run_one()
        assert await left_behind(database) == (1, 1, 1, 1)
        job = next(job for job in await jobs(database) if job.kind == "paint")
        assert (job.state, job.cursor, job.progress) == ("open", {"done": 1}, {"of": 3})
        assert await worker.run_one()
        assert await worker.run_one()  # the chunk that fails once keeps the cursor
        assert not await worker.run_one()
        clock.advance(timedelta(seconds=1))
        while await worker.run_one():
            pass
    assert calls == ["a 0", "short", "a 1", "a 1", "a 2"]
    job = next(job for job in await jobs(database) if job.kind == "paint")
    assert (job.state, job.attempts) == ("done", 0)
    assert await left_behind(database) == (3, 3, 3, 3)


async def test_two_workers_never_run_one_job_at_once(database: Database) -> None:
    running: set[str] = set()
    counted: list[str] = []
    together = asyncio.Event()

    async def overlap(_: AsyncSession, job: ClaimedJob) -> None:
        assert job.key not in running
        running.add(job.key)
        counted.append(job.key)
        if len(running) >= 2:
            together.set()
        await asyncio.wait_for(together.wait(), 20)  # both workers are in a job at the same time
        running.discard(job.key)

    keys = [f"{number}" for number in range(12)]
    async with database.transaction() as session:
        for key in keys:
            await enqueue(session, "paint", key=key)

    async def work() -> None:
        worker = Worker(database, [Job("paint", overlap)])
        while await worker.run_one():
            pass

    await asyncio.gather(work(), work(), work())
    assert sorted(counted, key=int) == keys
    assert {job.state for job in await jobs(database)} == {"done"}


async def test_single_job_is_passed_over_while_it_runs(database: Database) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold(_: AsyncSession, __: ClaimedJob) -> None:
        entered.set()
        await leave.wait()

    await add(database)
    first = asyncio.create_task(Worker(database, [Job("paint", hold)]).run_one())
    await asyncio.wait_for(entered.wait(), 10)
    assert not await Worker(database, [Job("paint", paint)]).run_one()
    leave.set()
    assert await first
    assert await left_behind(database) == (0, 0, 0, 0)


async def test_job_of_a_cancelled_worker_runs_again(database: Database) -> None:
    entered = asyncio.Event()

    async def hang(session: AsyncSession, job: ClaimedJob) -> None:
        await change(session, job.key)
        await session.flush()
        entered.set()
        await asyncio.Event().wait()

    await add(database)
    stopped = asyncio.create_task(Worker(database, [Job("paint", hang)]).run())
    await asyncio.wait_for(entered.wait(), 10)
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert await left_behind(database) == (0, 0, 0, 0)
    assert [(job.state, job.attempts) for job in await jobs(database)] == [("open", 0)]
    assert await eventually(Worker(database, [Job("paint", paint)]).run_one)
    assert await left_behind(database) == (1, 1, 1, 1)


async def test_worker_wakes_for_a_new_job(database: Database) -> None:
    """The poll is a day away; what is committed now runs now."""
    worker = Worker(database, [Job("paint", paint)], poll_seconds=86_400)
    task = asyncio.create_task(worker.run())
    try:
        for number in range(2):
            await add(database, key=f"{number}")
            worker.wake()

            async def done(expected: int = number + 1) -> bool:
                return (await left_behind(database))[0] == expected

            await eventually(done)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_only_a_job_that_is_due_asks_for_the_worker(database: Database) -> None:
    async with database.transaction() as session:
        await enqueue(session, "paint", key="later", run_at=clock.now() + timedelta(hours=1))
        assert "gongping.jobs" not in session.info
        await enqueue(session, "paint", key="now")
        assert session.info["gongping.jobs"] is True
