"""A service as a process: its parts start, work together and end; its command line."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.shared.conftest import NewDatabase, administer, url_of
from tests.shared.toys import POISON, REGION, Handlers, Listener, Part, Source, opened, posting
from tests.support import eventually

from gongping_local.pytest_servers import Servers
from shared import cancelling, clock, service
from shared.audit import chain, record
from shared.auth import Principal, allow
from shared.cli import main
from shared.db import WriteSession
from shared.events import EventData, LedgerPosted
from shared.ids import new_id
from shared.inbox import Subscription
from shared.jobs import ClaimedJob, Job, Worker, enqueue
from shared.outbox import emit
from shared.service import Background, Runtime, Service, create_app
from shared.settings import ServiceSettings
from shared.testing import client_for, count_statements, deliver, delivery, test_keys, token
from shared.web import router

routes = router(tags=["toy"])


@routes.post("/postings")
async def make_posting(session: WriteSession, _: Annotated[Principal, allow("finance")]) -> str:
    """Emit an event, note the act, and leave work for later."""
    posted = posting()
    await enqueue(session, "count", key=str(posted.entry_id))
    record(session, "posting.made", noun="posting", noun_id=posted.entry_id)
    return str(emit(session, posted, subject="a", region=REGION))


async def count(session: AsyncSession, job: ClaimedJob) -> None:
    """The work."""
    await session.execute(text("INSERT INTO thing VALUES (:id, 'CN', 'counted', 1)"), {"id": UUID(job.key)})


async def snapshot(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """A fact for each thing."""
    for (thing_id,) in (await session.execute(text("SELECT id FROM thing ORDER BY id"))).all():
        yield posting().model_copy(update={"entry_id": thing_id}), thing_id, REGION


def producer(*background: Background) -> Service:
    """A service that publishes."""
    jobs = [Job("count", count)]
    return Service("contracts", "toy", ServiceSettings, [routes], jobs=jobs, snapshot=snapshot, background=background)


def consumer(handlers: Handlers) -> Service:
    """A service that listens."""
    return Service("scoring", "toy", ServiceSettings, [], [handlers.subscription()], publishes=False)


@asynccontextmanager
async def serving(toy: Service, part: Part) -> AsyncIterator[tuple[httpx.AsyncClient, Runtime]]:
    """The service with all its background parts, as its process runs it, on the database of a part."""
    app = create_app(toy, part.settings, keys=test_keys())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http,
    ):
        http.headers["Authorization"] = f"Bearer {token(roles=['finance', 'operator'])}"
        yield http, app.state.runtime


async def test_all_parts_work_together(source: Source, listener: Listener) -> None:
    async with (
        serving(producer(), source) as (caller, runtime),
        serving(consumer(listener.handlers), listener) as (_, other),
    ):
        ids = [UUID((await caller.post("/v1/postings")).json()) for _ in range(10)]
        await listener.has_all_of(source)
        assert set(await listener.effects()) == set(ids)

        async def counted() -> bool:
            return bool(await source.one("SELECT count(*) = 10 FROM thing"))

        await eventually(counted)

        async def ready() -> bool:
            return (await caller.get("/health/ready")).status_code == 200

        await eventually(ready)
        assert len(other.consumers) == 1
        kinds = {row.kind for row in await source.rows("SELECT DISTINCT kind FROM job WHERE key = 'recurring'")}
        assert kinds == {"audit.chain", "idempotency.purge", "jobs.purge", "outbox.purge", "inbox.purge"}
    assert (runtime.relay, runtime.worker, runtime.bus) == (None, None, None)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith(("contracts:", "scoring:"))]


async def test_a_part_that_misses_its_cancellation_ends_too(
    new_source: Callable[..., Awaitable[Source]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does whose request to the broker is answered at the same moment."""
    monkeypatch.setattr(cancelling, "PATIENCE", 0.05)
    began, missed, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stubborn(_: Runtime) -> None:
        began.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            missed.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    # Without the broker, whose client leaves its socket open when it is stopped while it connects.
    async with serving(producer(stubborn), await new_source(roles="http")):
        await began.wait()
    assert missed.is_set()
    assert ended.is_set()


async def test_process_takes_only_the_parts_of_its_roles(new_source: Callable[..., Awaitable[Source]]) -> None:
    front = await new_source(roles="http")
    async with serving(producer(), front) as (caller, runtime):
        assert (await caller.post("/v1/postings")).status_code == 200
        assert (runtime.relay, runtime.worker, runtime.bus) == (None, None, None)
        assert "broker" not in (await caller.get("/health/ready")).json()["checks"]
    back = await new_source(front.settings.database_url, roles="relay,jobs")
    async with serving(producer(), back):
        await front.sent()

        async def counted() -> bool:
            return bool(await front.one("SELECT count(*) = 1 FROM thing"))

        await eventually(counted)


async def test_service_answers_while_the_broker_is_away(new_database: NewDatabase) -> None:
    source = Source("contracts", await new_database(), "nats://127.0.0.1:1", "none")
    async with opened(source, connect=False), serving(producer(), source) as (caller, _):
        assert (await caller.post("/v1/postings")).status_code == 200
        ready = (await caller.get("/health/ready")).json()
        assert ready["checks"]["broker"]["connected"] is False


async def test_background_part_that_ends_by_an_error_is_said(
    new_source: Callable[..., Awaitable[Source]], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(service._log, "error", lambda event, **fields: said.append(fields | {"event": event}))

    async def broken(_: Runtime) -> None:
        raise RuntimeError("no further")

    async with serving(producer(broken), await new_source(roles="http")):
        await eventually(lambda: said)
    assert (said[0]["event"], said[0]["part"]) == ("background part failed", "contracts:broken")


async def test_housekeeping_forgets_in_chunks(source: Source) -> None:
    await source.active()
    await source.emit(1200)
    await source.sent()
    await source.stop()
    async with source.database.transaction() as session:
        await session.execute(text("UPDATE outbox SET sent_at = sent_at - interval '500 days'"))
    jobs = [job for job in producer().all_jobs(source.settings) if job.kind == "outbox.purge"]
    worker = Worker(source.database, jobs)
    await worker._ensure_recurring()
    with clock.frozen(clock.now()):
        while await worker.run_one():
            pass
        assert await source.one("SELECT count(*) FROM outbox") == 0
        clock.advance(timedelta(hours=1))
        assert await worker.run_one(), "it comes again"


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Awaitable[tuple[int, str]]]:
    """Runs `python -m <service> ...` in a thread, because it brings its own event loop; status and what it printed."""
    monkeypatch.setattr("shared.cli.configure_logging", lambda *_, **__: None)

    async def run(part: Part, toy: Service, *arguments: str) -> tuple[int, str]:
        monkeypatch.setenv("DATABASE_URL", part.settings.database_url)
        monkeypatch.setenv("NATS_URL", part.settings.nats_url)
        monkeypatch.setenv("GONGPING_SUBJECT_PREFIX", part.settings.subject_prefix)
        capsys.readouterr()
        return await asyncio.to_thread(main, toy, arguments), capsys.readouterr().out

    return run


Command = Callable[..., Awaitable[tuple[int, str]]]


async def test_new_listener_starts_from_the_snapshot(source: Source, listener: Listener, command: Command) -> None:
    async with source.database.transaction() as session:
        things = [{"id": UUID(int=number)} for number in range(1200)]
        await session.execute(text("INSERT INTO thing VALUES (:id, 'CN', 'counted', 1)"), things)
    assert await command(source, producer(), "replay", "--snapshot") == (
        0,
        "1200 events written to the outbox of contracts\n",
    )
    await source.active()
    listener.start()
    await listener.has_all_of(source)
    assert await listener.one("SELECT count(*) FROM entry") == 1200
    status, said = await command(listener, consumer(listener.handlers), "replay", "--snapshot")
    assert (status, said) == (2, "scoring publishes nothing\n")


async def test_a_restored_database_begins_a_new_epoch_once_nobody_runs(source: Source, command: Command) -> None:
    asked: list[AsyncSession] = []

    async def note(session: AsyncSession) -> None:
        asked.append(session)

    toy = Service("contracts", "toy", ServiceSettings, [routes], restored=note)
    await source.active()
    await source.emit(2)
    await source.sent()
    status, said = await command(source, toy, "restored")
    assert (status, said) == (1, "contracts is running: stop it, say this, and start it again\n")
    await source.stop()
    assert await command(source, toy, "restored") == (0, "contracts: epoch 2 begins\n")
    assert len(asked) == 1
    await source.active()
    await source.emit(1)
    assert await source.sent() == [(1, 1), (1, 2), (2, 1)]
    assert await source.one("SELECT action FROM audit") == "database.restored"


async def test_replay_changes_nothing_and_reapply_goes_past_the_inbox(
    source: Source, listener: Listener, command: Command
) -> None:
    await source.active()
    await source.emit(700)
    listener.start(gaps=False)
    await listener.has_all_of(source)
    await asyncio.gather(source.stop(), listener.stop())
    toy = consumer(listener.handlers)
    stream = source.bus.prefix.upper() + "_CONTRACTS"
    said = f"700 events read from {stream}"
    assert await command(listener, toy, "replay", "--source", "contracts") == (0, f"{said}, 0 applied\n")
    await listener.has_all_of(source)
    assert await command(listener, toy, "replay", "--source", "contracts", "--reapply") == (0, f"{said}, 700 applied\n")
    assert set((await listener.effects()).values()) == {2}
    assert await listener.one("SELECT count(*) FROM entry") == 700, "the handlers' own guards decide"


async def test_dead_letters_by_command(listener: Listener, command: Command) -> None:
    toy = consumer(listener.handlers)
    posted = [delivery(posting(amount), subject="a", region=REGION, seq=seq) for seq, amount in ((1, POISON), (2, "1"))]
    await deliver(listener.database, Subscription("contracts"), posted)
    async with listener.database.transaction() as session:
        await session.execute(text("UPDATE inbox SET state = 'dead', attempts = 6, reason = 'E'"))
    status, said = await command(listener, toy, "dead", "list")
    assert status == 0
    assert f"contracts 1 1  {LedgerPosted.TYPE}  tries 6  E\n" in said
    assert said.endswith("2 dead letters\n")
    assert await command(listener, toy, "dead", "apply", "contracts", "1", "2") == (0, "applied contracts 1:2\n")
    assert await listener.inbox() == [(1, 1, "dead"), (1, 2, "done")]
    assert (await command(listener, toy, "dead", "apply", "contracts"))[0] == 2


async def test_audit_is_verified_by_command(source: Source, command: Command) -> None:
    async with source.database.transaction() as session:
        record(session, "thing.made", noun="thing", noun_id="a")
    worker = Worker(source.database, [job for job in producer().all_jobs(source.settings) if "audit" in job.kind])
    await worker._ensure_recurring()
    await worker.run_one()
    status, said = await command(source, producer(), "audit")
    noted = said.split()[-1]
    assert (status, said, len(noted)) == (0, f"the chain is whole; its last link is {noted}\n", len("1:") + 64)
    assert (await command(source, producer(), "audit", "--noted", noted))[0] == 0
    async with source.database.transaction() as session:
        await session.execute(text("UPDATE audit SET subject = 'somebody else'"))
    assert await command(source, producer(), "audit") == (1, "the chain is broken at link 1\n")
    # Made anew from the changed row on, or cut off, the chain is whole by itself.
    async with source.database.transaction() as session:
        await session.execute(text("UPDATE audit SET link = NULL, hash = NULL"))
    async with source.database.transaction() as session:
        await chain(session, ClaimedJob(new_id(), "audit.chain", "recurring", {}, None, 0))
    assert (await command(source, producer(), "audit"))[0] == 0
    assert await command(source, producer(), "audit", "--noted", noted) == (1, "the chain is broken at link 1\n")
    async with source.database.transaction() as session:
        await session.execute(text("DELETE FROM audit"))
    assert (await command(source, producer(), "audit"))[0] == 0
    gone = (1, "the chain ends at link 0: what was noted after it is gone\n")
    assert await command(source, producer(), "audit", "--noted", noted) == gone


async def test_migration_from_several_places_at_once(servers: Servers) -> None:
    """On a service of this repository, whose migrations create the shared tables."""
    name = f"migrated_{threading.get_native_id()}"
    url = url_of(servers.postgres_url, name)
    await administer(servers.postgres_url, f"CREATE DATABASE {name}")
    try:
        environment = os.environ | {"DATABASE_URL": url}
        migrations = [
            await asyncio.create_subprocess_exec(sys.executable, "-m", "surveys", "migrate", env=environment)
            for _ in range(2)
        ]
        assert await asyncio.gather(*(each.wait() for each in migrations)) == [0, 0]
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM relay_state") == 1
        await connection.close()
    finally:
        await administer(servers.postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


async def test_statements_of_a_request_are_counted(new_database: NewDatabase) -> None:
    async with client_for(producer(), await new_database()) as toy, count_statements(toy.database) as statements:
        assert (await toy.as_("finance").post("/v1/postings")).status_code == 200
        # Job, events, audit row: a hot path must stay one of few round trips.
        assert [statement.split()[2] for statement in statements] == ["job", "outbox", "audit"]
