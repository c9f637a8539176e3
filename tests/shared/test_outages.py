"""Broker and database go away and come back, with and without their files. The servers are this file's own."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.shared.conftest import NewDatabase, ToyDatabases
from tests.shared.toys import Listener, Source, opened
from tests.support import eventually

from gongping_local.embedded import Embedded, running
from shared.gaps import missing_ranges, note_watermark
from shared.health import Health
from shared.ids import new_id
from shared.relay import Relay
from shared.restored import begin_epoch

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Embedded]:
    """Servers that only this file's tests use, so that they may be stopped and wiped."""
    async with running(tmp_path_factory.mktemp("servers")) as servers:
        yield servers


@pytest.fixture(scope="module")
async def own_databases(own: Embedded) -> ToyDatabases:
    """Toy databases on them."""
    return ToyDatabases(own.postgres_url)


@pytest.fixture
async def databases(own_databases: ToyDatabases) -> AsyncIterator[NewDatabase]:
    """Empty ones for one test."""
    async with own_databases.lent() as take:
        yield take


@asynccontextmanager
async def both(own: Embedded, databases: NewDatabase, **settings: float) -> AsyncIterator[tuple[Source, Listener]]:
    """A producer and a listener at work."""
    async with AsyncExitStack() as stack:
        prefix = f"t{new_id().hex[-12:]}"
        source = Source("contracts", await databases(), own.nats_url, prefix)
        listener = Listener("scoring", await databases(), own.nats_url, prefix, **settings)
        await stack.enter_async_context(opened(source, listener))
        await source.active()
        listener.start()
        await source.emit(20)
        await listener.has_all_of(source)
        yield source, listener


def wipe(own: Embedded) -> None:
    """Remove all of a stopped broker's files."""
    shutil.rmtree(Path(own.nats.folder) / "js")


async def test_unreachable_broker_is_waited_for(own: Embedded, databases: NewDatabase) -> None:
    async with both(own, databases, repair_grace_seconds=10) as (source, listener):
        await own.nats.stop()
        await eventually(lambda: not source.bus.connected)
        for _ in range(20):
            await source.emit(30)
        assert await source.one("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 600
        await own.nats.start()
        await listener.has_all_of(source)
        assert len(await source.stored()) == 620


async def test_process_that_starts_while_the_broker_is_away(own: Embedded, databases: NewDatabase) -> None:
    prefix = f"t{new_id().hex[-12:]}"
    source = Source("contracts", await databases(), own.nats_url, prefix)
    listener = Listener("scoring", await databases(), own.nats_url, prefix)
    await own.nats.stop()
    async with opened(source, listener, connect=False):
        connecting = [asyncio.create_task(part.bus.connect()) for part in (source, listener)]
        relay: Relay = source.start()
        listener.start(gaps=False)
        await source.emit(5)
        assert not relay.active
        await own.nats.start()
        await asyncio.gather(*connecting)
        await listener.has_all_of(source)


async def test_broker_killed_under_load(own: Embedded, databases: NewDatabase) -> None:
    async with both(own, databases) as (source, listener):
        stop = asyncio.Event()

        async def load() -> None:
            while not stop.is_set():
                await source.emit(7)
                await asyncio.sleep(0.01)

        emitting = asyncio.create_task(load())
        for _ in range(2):
            before = len(await listener.effects())
            own.nats.kill()
            await own.nats.start()

            async def goes_on(before: int = before) -> bool:
                return len(await listener.effects()) > before

            await eventually(goes_on)
        stop.set()
        await emitting
        await listener.has_all_of(source, timeout=30)


@pytest.mark.parametrize("new_events", [True, False], ids=["with new events", "in silence"])
async def test_wiped_broker_is_repaired_exactly(own: Embedded, databases: NewDatabase, *, new_events: bool) -> None:
    """What was stored and not consumed yet is only in the outbox now."""
    async with both(own, databases) as (source, listener):
        await listener.stop()
        await source.emit(400)
        await source.sent()
        await own.nats.stop()
        wipe(own)
        if new_events:
            await source.emit(5)
        await own.nats.start()
        await eventually(lambda: source.bus.connected and listener.bus.connected)
        listener.start()
        await listener.has_all_of(source)


async def test_running_listener_survives_the_wipe(own: Embedded, databases: NewDatabase) -> None:
    async with both(own, databases) as (source, listener):
        own.nats.kill()
        wipe(own)
        await own.nats.start()
        await source.emit(3)
        await listener.has_all_of(source)


@pytest.mark.parametrize("marked", [True, False], ids=["all sent", "one not marked"])
async def test_everything_restored_together_loses_nothing(
    own: Embedded, databases: NewDatabase, *, marked: bool
) -> None:
    """As after `restored`: the listener lacks the last events of the epoch that has ended, and the broker has none."""
    async with both(own, databases) as (source, listener):
        await listener.stop()
        await source.emit(30)
        await source.sent()
        await source.stop()
        if not marked:
            async with source.database.transaction() as session:
                await session.execute(text("UPDATE outbox SET sent_at = NULL WHERE seq = 50"))
        connection = await source.database.connect_raw()
        assert await begin_epoch(connection, "contracts") == 2
        await connection.close()
        await own.nats.stop()
        wipe(own)
        await own.nats.start()
        await eventually(lambda: source.bus.connected and listener.bus.connected)
        await source.active()
        listener.start()
        await source.emit(3)
        await listener.has_all_of(source)
        assert (await listener.inbox())[-4:] == [(1, 50, "done"), (2, 1, "done"), (2, 2, "done"), (2, 3, "done")]


async def test_who_never_heard_of_an_ended_epoch_does_not_ask_for_it(own: Embedded, databases: NewDatabase) -> None:
    prefix = f"t{new_id().hex[-12:]}"
    listener = Listener("scoring", await databases(), own.nats_url, prefix)
    async with opened(listener), listener.database.transaction() as session:
        await note_watermark(session, "contracts", 1, 20, ended=True)
        await note_watermark(session, "contracts", 2, 0)
        assert await missing_ranges(session, "contracts") == []


@pytest.mark.parametrize("how", ["restart", "crash"])
async def test_database_restarted_while_events_are_made_and_taken(
    own: Embedded, databases: NewDatabase, how: str
) -> None:
    async with both(own, databases) as (source, listener):
        acknowledged = 0
        stop = asyncio.Event()

        async def load() -> None:
            nonlocal acknowledged
            while not stop.is_set():
                try:
                    await source.emit(2)
                    acknowledged += 2
                    await asyncio.sleep(0.01)
                except Exception:  # noqa: BLE001 - the database is away
                    await asyncio.sleep(0.05)

        emitting = asyncio.create_task(load())
        for _ in range(2):
            before = len(await listener.effects())
            if how == "restart":
                await own.postgres.stop()
            else:
                own.postgres.kill()
            await own.postgres.start()

            async def goes_on(before: int = before) -> bool:
                # The pool's connections are dead until one of them was tried.
                with contextlib.suppress(DBAPIError):
                    return len(await listener.effects()) > before
                return False

            await eventually(goes_on)
        stop.set()
        await emitting
        await listener.has_all_of(source, timeout=30)
        assert len(await listener.effects()) >= 20 + acknowledged
        assert await listener.one("SELECT count(*) FROM inbox WHERE state <> 'done' OR attempts > 0") == 0
        assert await listener.one("SELECT count(*) FROM inbox_attempt") == 0


async def test_readiness_bears_a_short_absence_of_the_broker_only(own: Embedded, databases: NewDatabase) -> None:
    async with both(own, databases) as (source, _):
        health = Health(source.database, source.settings, source="contracts", bus=source.bus)
        assert (await health.checks())["broker"] == {"ok": True, "connected": True, "away_seconds": 0.0}
        await own.nats.stop()
        try:
            await eventually(lambda: not source.bus.connected)
            broker = (await health.checks())["broker"]
            assert (broker["ok"], broker["connected"]) == (True, False), "an election of a leader takes 4-9 s"
            source.bus._away_since -= 20  # as if it were 20 s later
            assert not (await health.checks())["broker"]["ok"]
        finally:
            await own.nats.start()
        await eventually(lambda: source.bus.connected)
        assert (await health.checks())["broker"]["ok"]


async def test_readiness_names_a_database_that_is_away(own: Embedded, databases: NewDatabase) -> None:
    async with both(own, databases) as (source, _):
        health = Health(source.database, source.settings, source="contracts", bus=source.bus)
        assert (await health.checks())["database"] == {"ok": True}
        await own.postgres.stop()
        try:
            assert not (await health.checks())["database"]["ok"]
        finally:
            await own.postgres.start()
        assert (await health.checks())["database"]["ok"]
