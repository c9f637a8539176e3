import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from gongping_local.process import Child, end_left_behind, is_recorded, started
from gongping_local.watch import Part, keep_running

Eventually = Callable[..., Awaitable[None]]

# Says when it can hear signals; a script that is killed before would prove nothing.
OBEDIENT = "import signal; print('up', flush=True); signal.pause()"
DEAF = "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()"

PARENT = """
import os, signal, sys
from pathlib import Path
from gongping_local.process import Child

folder = Path(sys.argv[2])
command = [sys.executable, "-c", sys.argv[1]]
Child("dummy", command, log=folder / "dummy.log", record=folder / "dummy.json", env=dict(os.environ)).start()
signal.pause()
"""


def child(folder: Path, script: str = OBEDIENT, *, name: str = "dummy", grace: float = 10) -> Child:
    return Child(
        name=name,
        command=[sys.executable, "-c", script],
        log=folder / f"{name}.log",
        record=folder / f"{name}.json",
        env=dict(os.environ),
        grace=grace,
    )


def up(one: Child) -> bool:
    return "up" in one.said()


async def test_killed_child_is_started_again(tmp_path: Path, eventually: Eventually) -> None:
    one = child(tmp_path)
    one.start()
    told: list[str] = []

    async def start() -> None:
        one.start()

    keeping = asyncio.create_task(keep_running(Part(one, start), echo=told.append, first_delay=0.05))
    pids = set()
    for _ in range(2):
        await eventually(lambda: one.running and one.pid not in pids and up(one))
        pids.add(one.pid)
        os.kill(one.pid, signal.SIGKILL)
    await eventually(lambda: one.running and one.pid not in pids)
    keeping.cancel()
    await one.stop()
    assert [line.split(";")[0] for line in told] == ["dummy was killed by SIGKILL"] * 2
    assert "in 0.05 s" in told[0]
    assert "in 0.1 s" in told[1]  # each time later


async def test_child_that_does_not_listen_is_killed(tmp_path: Path, eventually: Eventually) -> None:
    one = child(tmp_path, DEAF, grace=0.2)
    one.start()
    await eventually(lambda: up(one))
    await one.stop()
    assert one.returncode == -signal.SIGKILL
    assert not one.record.exists()


async def test_paused_child_is_stopped_cleanly(tmp_path: Path, eventually: Eventually) -> None:
    one = child(tmp_path)
    one.start()
    await eventually(lambda: up(one))
    os.kill(one.pid, signal.SIGSTOP)
    await one.stop()
    assert one.returncode == -signal.SIGTERM


async def test_ctrl_c_at_the_terminal_is_the_supervisors_alone(tmp_path: Path) -> None:
    one = child(tmp_path)
    one.start()
    assert os.getpgid(one.pid) == one.pid != os.getpgid(0)
    await one.stop()


async def test_children_end_with_a_killed_parent(tmp_path: Path, eventually: Eventually) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, OBEDIENT, str(tmp_path)])  # noqa: ASYNC220 takes no time
    record, log = tmp_path / "dummy.json", tmp_path / "dummy.log"
    await eventually(lambda: log.exists() and "up" in log.read_text() and is_recorded(record))
    left = is_recorded(record)
    assert left is not None
    parent.kill()
    parent.wait()
    await eventually(lambda: started(left) is None)


async def test_left_behind_process_is_ended_by_its_record(tmp_path: Path, eventually: Eventually) -> None:
    one = child(tmp_path)
    one.start()
    await eventually(lambda: up(one))
    ending = asyncio.create_task(end_left_behind(one.record, stop_signal=signal.SIGTERM, grace=10))
    await one.ended()  # whoever started it has to reap it
    assert await ending
    assert not one.record.exists()


async def test_stranger_with_the_same_pid_is_left_alone(tmp_path: Path, eventually: Eventually) -> None:
    one = child(tmp_path)
    one.start()
    await eventually(lambda: up(one))
    strangers: list[object] = [
        {"pid": one.pid, "started": "another:1"},
        {"pid": one.pid},
        {"pid": one.pid, "started": None},
        [],
    ]
    for wrong in strangers:
        record = tmp_path / "old.json"
        record.write_text(json.dumps(wrong))
        assert not await end_left_behind(record, stop_signal=signal.SIGTERM, grace=1)
        assert not record.exists()
    assert one.running
    await one.stop()
