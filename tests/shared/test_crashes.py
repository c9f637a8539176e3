"""Processes killed with SIGKILL between commit, number, publish, mark, inbox commit and acknowledgement."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.shared.toys import Listener, Part, Source
from tests.support import eventually

from gongping_local.pytest_servers import Servers
from shared.bus import stream_name

pytestmark = pytest.mark.fault
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def process(
    what: str, database_url: str, nats_url: str, prefix: str, *, crash_at: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A relay or a consumer in a process of its own, killed at the end of the block at the latest."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.shared.toy_process", what, database_url, nats_url, prefix),
        cwd=ROOT,
        env=os.environ | {"GONGPING_CRASH_AT": crash_at},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


@pytest.mark.parametrize(("place", "count"), [("after-assign", 40), ("before-mark", 5), ("before-mark", 40)], ids=str)
async def test_relay_killed_between_number_publish_and_mark(
    source: Source, listener: Listener, servers: Servers, place: str, count: int
) -> None:
    listener.start(gaps=False)
    await source.emit(count)
    url = source.settings.database_url
    async with process("relay", url, servers.nats_url, source.bus.prefix, crash_at=place) as relay:
        assert await asyncio.wait_for(relay.wait(), 30) == -signal.SIGKILL
    rows = await source.rows("SELECT seq, sent_at FROM outbox")
    assert sorted(row.seq for row in rows) == list(range(1, count + 1))
    assert {row.sent_at for row in rows} == {None}
    assert len(await source.stored()) == (0 if place == "after-assign" else count)

    await source.emit(3)
    await source.active()
    await listener.has_all_of(source)
    assert len(await source.stored()) == count + 3, "the broker recognised what it had already"


async def test_consumer_killed_between_commit_and_acknowledgement(
    source: Source, listener: Listener, servers: Servers
) -> None:
    await source.active()
    await source.emit(20)
    await source.sent()
    url = listener.settings.database_url
    async with process("consume", url, servers.nats_url, source.bus.prefix, crash_at="before-ack") as consumer:
        assert await asyncio.wait_for(consumer.wait(), 30) == -signal.SIGKILL
    applied = len(await listener.effects())
    assert applied == 20

    async def unacknowledged() -> int:
        stream = stream_name(source.bus.prefix, "contracts")
        info = await source.bus._api(f"CONSUMER.INFO.{stream}.{source.bus.prefix}-scoring", {})
        return int(info["num_ack_pending"])

    assert await unacknowledged() == 20
    listener.start()

    async def all_acknowledged() -> bool:
        return await unacknowledged() == 0

    await eventually(all_acknowledged)  # they come again when ack_wait is over
    await source.emit(1)
    await listener.has_all_of(source)


async def test_relay_and_consumer_killed_under_load(source: Source, listener: Listener, servers: Servers) -> None:
    stop = asyncio.Event()

    async def load() -> None:
        while not stop.is_set():
            await source.emit(3)
            await asyncio.sleep(0.01)

    emitting = asyncio.create_task(load())
    progress: dict[str, tuple[Part, str]] = {
        "relay": (source, "SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL"),
        "consume": (listener, "SELECT count(*) FROM inbox"),
    }
    for what, (part, query) in progress.items():
        url = part.settings.database_url
        async with process(what, url, servers.nats_url, source.bus.prefix) as child:

            async def works(part: Part = part, query: str = query) -> bool:
                return bool(await part.one(query))

            await eventually(works)
            child.kill()
            assert await child.wait() == -signal.SIGKILL
    stop.set()
    await emitting
    await source.active()
    listener.start()
    await listener.has_all_of(source, timeout=30)
