import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gongping_local import binaries
from gongping_local.account import choose_account
from gongping_local.canary import canary
from gongping_local.errors import StartFailedError
from gongping_local.nats import Nats, answers
from gongping_local.ports import free_port
from gongping_local.watch import Part, keep_running, watch_broker


def broker(folder: Path, *, max_file_store: int | None = None) -> Nats:
    home = folder / "servers"
    home.mkdir()
    account = choose_account(home, [binaries.nats_server()])
    account.own(home)
    return Nats(
        folder=home,
        port=free_port(),
        account=account,
        password='pass "word"',
        log=folder / "nats.log",
        record=folder / "nats.json",
        max_file_store=max_file_store,
    )


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[Nats]:
    made = broker(tmp_path)
    await made.start()
    yield made
    await made.stop()


def test_config_passes_the_servers_own_check(tmp_path: Path) -> None:
    nats = broker(tmp_path)
    nats.write_config()
    text = nats.config.read_text()
    checked = subprocess.run([binaries.nats_server(), "-c", nats.config, "-t"], capture_output=True, check=False)
    assert checked.returncode == 0
    # Two entries on one line without a comma are a parse error, so each stands alone.
    assert all(len(re.findall(r"^\s*\w+:", line)) <= 1 and line.count(": ") <= 1 for line in text.splitlines())
    assert f"listen: 127.0.0.1:{nats.port}" in text
    assert "sync_interval: always" in text
    assert nats.config.stat().st_mode & 0o077 == 0


def test_store_stays_below_the_free_disk(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    assert 0 < broker(tmp_path).file_store() < disk.f_bavail * disk.f_frsize


async def test_refused_config_names_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nats = broker(tmp_path)
    nats.durable = False
    monkeypatch.setattr("gongping_local.nats.NO_SYNC", "allways")
    with pytest.raises(StartFailedError, match=r"nats\.conf:\d+.*sync_interval"):
        await nats.start()


async def test_only_the_password_opens_it(nats: Nats) -> None:
    assert await answers(nats.port, password=nats.password)
    assert not await answers(nats.port, password="guess")


async def test_canary_outlives_a_kill(nats: Nats) -> None:
    assert await canary(nats.port, password=nats.password, seconds=5) is None
    nats.kill()
    with pytest.raises(ConnectionRefusedError):
        await canary(nats.port, password=nats.password, seconds=5)
    await nats.start()
    assert await canary(nats.port, password=nats.password, seconds=5) is None


async def test_full_store_is_a_refusal_and_no_silence(tmp_path: Path) -> None:
    nats = broker(tmp_path, max_file_store=1000)
    await nats.start()
    try:
        assert "insufficient storage" in str(await canary(nats.port, password=nats.password, seconds=5))
    finally:
        await nats.stop()


async def test_deaf_broker_is_restarted_and_heard_again(nats: Nats, eventually: Callable[..., Awaitable[None]]) -> None:
    told: list[str] = []
    watching = [
        asyncio.create_task(watch_broker(nats, echo=told.append, every=0.1, patience=0.5)),
        asyncio.create_task(keep_running(Part(nats.child, nats.start), echo=told.append, first_delay=0.05)),
    ]
    deaf = nats.child.pid
    os.kill(deaf, signal.SIGSTOP)
    await eventually(lambda: nats.child.running and nats.child.pid != deaf)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    assert "no longer acknowledges" in told[0]
    await eventually(lambda: "Server is ready" in nats.child.said(lines=100))
    assert await canary(nats.port, password=nats.password, seconds=5) is None


async def test_short_silence_is_borne(nats: Nats) -> None:
    told: list[str] = []
    watching = asyncio.create_task(watch_broker(nats, echo=told.append, every=0.05, patience=60))
    before = nats.child.pid
    os.kill(before, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        await canary(nats.port, password=nats.password, seconds=0.5)
    os.kill(before, signal.SIGCONT)
    assert await canary(nats.port, password=nats.password, seconds=5) is None
    watching.cancel()
    assert nats.child.pid == before
    assert told == []
