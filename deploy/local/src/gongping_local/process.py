"""Child processes: each in its own process group, with a log, a record of its identity, and a bounded end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gongping_local.account import OURSELVES, Account
from gongping_local.errors import LocalError

LAUNCH = Path(__file__).with_name("launch.py")
POLL = 0.02  # seconds between two looks at a condition of another process
LOG_LIMIT = 10_000_000  # bytes; a longer log is set aside at the next start


@dataclass
class Child:
    """A program that we start and end.

    Start it from the main thread: the kernel's signal at the parent's end (`stop_signal`) means the starting thread.

    Attributes:
        record: file that holds pid and start time, by which a later run recognises what an earlier one left behind.
        stop_signal: what ends it cleanly.
        grace: seconds for the clean end; then it is killed.
    """

    name: str
    command: Sequence[str]
    log: Path
    record: Path
    env: Mapping[str, str] = field(default_factory=dict)
    account: Account = OURSELVES
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    process: subprocess.Popen[bytes] | None = None
    _log_start: int = 0

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id; only of a started one."""
        if self.process is None:
            raise LocalError(f"{self.name} was not started")
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        """Exit status, negative for a signal, None while it runs or before its start."""
        return None if self.process is None else self.process.poll()

    def start(self) -> None:
        """Start it; not ready yet when this returns."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        uid = "-" if self.account.uid is None else str(self.account.uid)
        launch = [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), str(int(self.stop_signal)), uid]
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self.process = subprocess.Popen(
                [*launch, *self.account.prefix, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",  # the account may not be allowed to enter the caller's folder
                env=dict(self.env),
                process_group=0,  # Ctrl-C at the terminal is the supervisor's alone
            )
        self.record.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.record, json.dumps({"pid": self.process.pid, "started": started(self.process.pid)}))

    async def stop(self) -> None:
        """End it cleanly, or by force when `grace` is over."""
        if self.process is not None and self.running:
            self.process.send_signal(self.stop_signal)
            self.process.send_signal(signal.SIGCONT)  # a stopped one would not hear of it
            try:
                await asyncio.wait_for(self.ended(every=POLL), self.grace)
            except TimeoutError:
                self.kill()
        self.record.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it and its process group at once, as a crash would."""
        if self.process is not None and self.running:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    async def ended(self, *, every: float = 0.1) -> None:
        """Return when it has ended (at once when it does not run), looking every so many seconds."""
        while self.running:  # noqa: ASYNC110 another process sets no event here
            await asyncio.sleep(every)

    def said(self, *, lines: int = 12) -> str:
        """The end of what it wrote to its log since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read()[-20_000:].decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def started(pid: int) -> str | None:
    """When a process started, as a text that tells it from a later one with the same pid; None when there is none."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    if not boot.exists():  # not Linux
        done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return done.stdout.strip() or None
    try:
        # Field 22, start time in clock ticks since boot; the name in field 2 may hold spaces and brackets.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else f"{boot.read_text().strip()}:{fields[19]}"


def is_recorded(record: Path) -> int | None:
    """The pid of a record's process when that very process is still there."""
    try:
        written = json.loads(record.read_text())
        pid, when = int(written["pid"]), written["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return pid if when is not None and started(pid) == when else None


async def end_left_behind(record: Path, *, stop_signal: signal.Signals, grace: float) -> bool:
    """End the process that a killed supervisor left behind, by its record only; whether there was one."""
    pid = is_recorded(record)
    if pid is not None:
        for ending, seconds in ((stop_signal, grace), (signal.SIGKILL, 5.0)):
            _signal(pid, ending)
            try:
                async with asyncio.timeout(seconds):
                    while is_recorded(record) is not None:  # noqa: ASYNC110 not even a child of ours
                        await asyncio.sleep(POLL)
                break
            except TimeoutError:
                continue
    await asyncio.to_thread(record.unlink, missing_ok=True)
    return pid is not None


def _signal(pid: int, what: signal.Signals) -> None:
    try:
        os.kill(pid, what)
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a small file so that a reader, or a crash, sees the old or the new content and nothing between."""
    draft = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    draft.chmod(mode)
    draft.replace(path)
