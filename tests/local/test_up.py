"""The whole deployment as `make run` starts it: told, watched, killed, found again."""

import asyncio
import json
import os
import re
import secrets
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gongping_client.credentials import Credentials
from gongping_local import demonstration
from gongping_local.deployment import Deployment
from gongping_local.ports import is_free
from gongping_local.process import is_recorded
from gongping_local.services import Ports, readiness
from gongping_local.state import State

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
PARTS = ("postgres", "nats", "contracts", "surveys", "scoring", "gateway")
Eventually = Callable[..., Awaitable[None]]


@dataclass
class Run:
    """One run of the command and what it has said."""

    process: Process
    lines: list[str] = field(default_factory=list)

    async def until(self, words: str) -> str:
        """Read on until a line has these words."""
        assert self.process.stdout is not None
        while line := (await self.process.stdout.readline()).decode():
            self.lines.append(line)
            if words in line:
                return line
        raise AssertionError(f"{words!r} was not said:\n{''.join(self.lines)}")

    async def end(self, signal_: signal.Signals | None = None) -> int:
        """The exit status, after a signal if one is given."""
        if signal_ is not None:
            self.process.send_signal(signal_)
        output, _ = await self.process.communicate()
        self.lines.append(output.decode())
        return await self.process.wait()

    @property
    def text(self) -> str:
        return "".join(self.lines)


@dataclass
class Place:
    """A state folder and its ports."""

    folder: Path
    port: int

    async def up(self, *flags: str) -> Run:
        env = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "NATS_URL")}
        command = [sys.executable, "-m", "gongping_local", "up", "--state", str(self.folder), "--port", str(self.port)]
        ports = ["--postgres-port", str(self.port + 4), "--nats-port", str(self.port + 5)]
        return Run(await asyncio.create_subprocess_exec(*command, *ports, *flags, stdout=PIPE, stderr=STDOUT, env=env))

    def pids(self) -> list[int | None]:
        return [is_recorded(self.folder / "run" / f"{part}.json") for part in PARTS]

    def ports_are_free(self) -> bool:
        return all(is_free(self.port + offset) for offset in range(6))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty place on six ports outside the range that the kernel gives to outgoing connections."""
    while True:
        found = Place(tmp_path / "a state folder", 20_000 + 10 * secrets.randbelow(1_200))
        if found.ports_are_free():
            return found


@pytest.mark.fault
async def test_life_of_a_state_folder(place: Place, eventually: Eventually) -> None:
    first = await place.up()
    await first.until("running; Ctrl-C")
    for event in (
        "loading 24 simulated contracts",
        "activated",
        "event seen",
        "score after",
        "readable",
        "wave closed",
    ):
        assert event in first.text
    client = json.loads((place.folder / "client.json").read_text())
    assert client["url"] == f"http://127.0.0.1:{place.port}"
    assert client["client_secret"] in first.text
    assert (place.folder / "client.json").stat().st_mode & 0o077 == 0

    second = await place.up()
    assert await second.end() == 1
    assert f"already runs on {place.folder}: process {first.process.pid}, {client['url']}" in second.text

    pids = place.pids()
    scoring = pids[PARTS.index("scoring")]
    assert scoring is not None
    os.kill(scoring, signal.SIGKILL)
    assert "scoring was killed by SIGKILL" in await first.until("starts again in 0.5 s")
    await eventually(lambda: readiness(place.port + 3)[0], seconds=60)
    assert [old == new for old, new in zip(pids, place.pids(), strict=True)] == [part != "scoring" for part in PARTS]

    # Nobody is left when the supervisor itself is killed, and the next one finds everything as it was.
    assert await first.end(signal.SIGKILL) == -signal.SIGKILL
    await eventually(lambda: place.pids() == [None] * len(PARTS))
    migrated = (place.folder / "logs" / "scoring-migrate.log").stat().st_mtime_ns
    third = await place.up()
    await third.until("running; Ctrl-C")
    assert "loading" not in third.text
    # Nothing to migrate was found without loading each service once more.
    assert (place.folder / "logs" / "scoring-migrate.log").stat().st_mtime_ns == migrated
    assert re.search(r"25 simulated contracts from earlier runs are there", third.text)
    assert re.search(r"last done with 【模拟】.*: completed, score \d+\.\d+ \(", third.text)

    # A story that cannot be told is no success.
    stranger = Credentials(client["url"], client["client_id"], "not the secret of this client")
    deployment = Deployment(State(place.folder), Ports(gateway=place.port), print)
    told: list[str] = []
    assert not await demonstration.show(deployment, stranger, again=True, echo=told.append)
    assert told[-1].startswith("the main job failed: ")

    assert await third.end(signal.SIGTERM) == 0
    assert "everything is stopped" in third.text
    assert list((place.folder / "run").iterdir()) == []
    assert place.ports_are_free()


async def test_occupied_port_is_one_clear_sentence(place: Place) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", place.port + 2)
    async with server:
        run = await place.up()
        assert await run.end() == 1
    port = place.port + 2
    assert run.text.endswith(
        f"gongping: port {port} for the surveys service is taken by another program: choose another one with PORT=... "
        "(--port)\n"
    )
    assert not (place.folder / "servers" / "data").exists()
