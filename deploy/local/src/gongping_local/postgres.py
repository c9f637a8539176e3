"""A PostgreSQL cluster of our own: made, started as a foreground child, checked, stopped."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import asyncpg

from gongping_local import binaries
from gongping_local.account import Account
from gongping_local.errors import LocalError, StartFailedError
from gongping_local.ports import LOOPBACK
from gongping_local.process import POLL, Child, write_atomically

START_SECONDS = 60.0  # recovery after a crash took 0.2-0.3 s; a slow disk may need far longer
CONNECTIONS = 200  # four services with their pools, migrations and a few people
# Only what the servers need: PGDATA or PGPORT of the caller's environment must not lead them elsewhere.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
# An orphaned backend of a killed postmaster still holds the shared memory for a moment.
TRY_AGAIN = "pre-existing shared memory block"
# Tests make thousands of connections with passwords that live for a minute: the usual 4096 rounds take 10 ms of each.
FAST_INITDB = ("--no-sync", "--set", "scram_iterations=64")
# For tests that ask for no durability: what they write outlives a killed server, but not a power loss.
FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "512MB"}


@dataclass
class Postgres:
    """One cluster in `folder` (mode 0700, owned by the account); the data directory is `folder/data`."""

    folder: Path
    port: int
    account: Account
    password: str
    log: Path
    record: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    durable: bool = True
    child: Child = field(init=False)

    def __post_init__(self) -> None:
        """Fix the command; nothing is started yet."""
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            # TCP only: the path of a socket in a deep state folder easily exceeds the 107 bytes that it may have.
            "unix_socket_directories": "",
            "max_connections": str(CONNECTIONS),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",  # compiling costs more than these queries take
            **({} if self.durable else FAST_SETTINGS),
            **self.settings,
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self.child = Child(
            name="postgres",
            command=[str(binaries.postgres_folder() / "postgres"), "-D", str(self.data), *options],
            log=self.log,
            record=self.record,
            env=ENVIRONMENT,
            account=self.account,
            stop_signal=signal.SIGINT,  # fast shutdown; SIGTERM would wait for every client to leave
            grace=20.0,
        )

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """URL of the administrator (role postgres, database postgres)."""
        return database_url(self.port, role="postgres", password=self.password, database="postgres")

    async def start(self) -> None:
        """Make the cluster if there is none, start it, and return when a real connection works.

        Raises:
            StartFailedError: with the end of the server's log.
        """
        if not self.data.exists():
            await asyncio.to_thread(self._initialise)
        self._require_same_major()
        self._forget_dead_postmaster()
        self.child.start()
        deadline = time.monotonic() + START_SECONDS
        while not await self._answers():
            ended = not self.child.running
            said = self.child.said()
            if time.monotonic() > deadline or (ended and TRY_AGAIN not in said):
                raise StartFailedError(f"PostgreSQL did not start; the end of {self.log}:\n{said}")
            if ended:
                await asyncio.sleep(0.2)
                self.child.start()
            await asyncio.sleep(POLL)

    async def stop(self) -> None:
        """Fast shutdown: open connections are closed, everything committed is on the disk."""
        await self.child.stop()

    def kill(self) -> None:
        """Kill the postmaster, as a crash would; its backends notice and end."""
        self.child.kill()

    def _initialise(self) -> None:
        # Under another name first, so that an interrupted initdb is never taken for a cluster.
        draft = self.folder / "data.new"
        _remove_tree(draft)
        password_file = self.folder / "password.new"
        write_atomically(password_file, self.password)
        if self.account.uid is not None:
            os.chown(password_file, self.account.uid, self.account.uid)
        command = [
            *self.account.prefix,
            str(binaries.postgres_folder() / "initdb"),
            *("-D", str(draft), "-U", "postgres", "-A", "scram-sha-256", "--pwfile", str(password_file)),
            # pg_trgm follows LC_CTYPE, not the builtin provider: under plain C Chinese text has no trigrams.
            *("-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"),
            *([] if self.durable else FAST_INITDB),
        ]
        uid = self.account.uid
        try:
            subprocess.run(
                command,
                user=uid,
                group=uid,
                extra_groups=None if uid is None else [],
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            said = (error.stdout + error.stderr).decode(errors="replace").strip()
            raise StartFailedError(f"initdb failed in {self.folder}:\n{said}") from error
        finally:
            password_file.unlink(missing_ok=True)
        draft.rename(self.data)

    def _require_same_major(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = binaries.postgres_major(binaries.postgres_folder())
        if made_by != str(ours):
            raise LocalError(
                f"the data in {self.data} belong to PostgreSQL {made_by}, the binaries here are PostgreSQL {ours}: "
                "dump and reload them with the old version, or start with another state folder (STATE=...)"
            )

    def _forget_dead_postmaster(self) -> None:
        # After a crash and a reboot the pid in this file may belong to any other program, and PostgreSQL would refuse
        # to start. A living postmaster has its data directory as its working directory.
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
            place = Path(f"/proc/{pid}/cwd").readlink()
        except (FileNotFoundError, ProcessLookupError):
            if Path("/proc/self/cwd").exists():
                lock.unlink(missing_ok=True)
        except (OSError, ValueError):
            return
        else:
            if place == self.data.resolve():
                raise StartFailedError(f"a PostgreSQL server (process {pid}) already runs on {self.data}")
            lock.unlink(missing_ok=True)

    async def _answers(self) -> bool:
        try:
            async with connected(self.url):
                return True
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
            return False
        except asyncpg.InvalidPasswordError as error:
            raise StartFailedError(f"port {self.port} belongs to a server with another password") from error


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection for a few administrative statements."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


def database_url(port: int, *, role: str, password: str, database: str) -> str:
    """URL of a database of a cluster on loopback."""
    return f"postgresql://{quote(role)}:{quote(password, safe='')}@{LOOPBACK}:{port}/{quote(database)}"


def _remove_tree(folder: Path) -> None:
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in files:
            Path(parent, name).unlink()
        for name in folders:
            Path(parent, name).rmdir()
    if folder.exists():
        folder.rmdir()
