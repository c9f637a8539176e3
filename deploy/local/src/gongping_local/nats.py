"""A nats-server of our own with JetStream: its configuration file, started as a foreground child, stopped."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from gongping_local import binaries
from gongping_local.account import Account
from gongping_local.errors import StartFailedError
from gongping_local.ports import LOOPBACK
from gongping_local.process import POLL, Child, write_atomically

START_SECONDS = 30.0
MEGABYTE = 1_000_000
USER = "gongping"
FILE_STORE_MOST = 20_000 * MEGABYTE
NO_SYNC = '"2m"'  # the server's default; without the inner quotes it would read two million
SHARE_OF_FREE_DISK = 0.5  # the rest is for PostgreSQL and for everybody else


@dataclass
class Nats:
    """One server with its files in `folder` (mode 0700, owned by the account); streams lie in `folder/js`.

    Attributes:
        durable: fsync before each acknowledgement (`sync_interval: always`); False only in tests that ask for none.
        max_file_store: bytes that all streams together may take; None: half of the free disk.
        reserved: bytes that existing streams have been promised. A store below that would refuse every later change
            of a stream, and the relays make sure of their streams at each start.
    """

    folder: Path
    port: int
    account: Account
    password: str
    log: Path
    record: Path
    durable: bool = True
    max_file_store: int | None = None
    reserved: int = 0
    child: Child = field(init=False)

    def __post_init__(self) -> None:
        """Fix the command; nothing is started yet."""
        self.child = Child(
            name="nats",
            command=[str(binaries.nats_server()), "-c", str(self.config)],
            log=self.log,
            record=self.record,
            env={"PATH": "/usr/bin:/bin"},
            account=self.account,
            stop_signal=signal.SIGTERM,
            grace=10.0,
        )

    @property
    def config(self) -> Path:
        """The configuration file, written at each start."""
        return self.folder / "nats.conf"

    @property
    def url(self) -> str:
        """URL for clients, with user and password."""
        return f"nats://{USER}:{self.password}@{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Write the configuration, start the server, and return when it answers a client.

        Raises:
            StartFailedError: with the end of the server's log.
        """
        self.write_config()
        self.child.start()
        deadline = time.monotonic() + START_SECONDS
        while not await answers(self.port, password=self.password):
            if not self.child.running or time.monotonic() > deadline:
                raise StartFailedError(f"nats-server did not start; the end of {self.log}:\n{self.child.said()}")
            await asyncio.sleep(POLL)

    async def stop(self) -> None:
        """Shut JetStream down cleanly."""
        await self.child.stop()

    def kill(self) -> None:
        """Kill the server, as a crash would."""
        self.child.kill()

    def write_config(self) -> None:
        """Write the configuration file and let the server check it.

        Raises:
            StartFailedError: the server refuses the file; it names the line.
        """
        most = self.file_store()
        # Every entry stands alone on its line: two on one line without a comma are a parse error.
        lines = [
            "server_name: gongping",
            f"listen: {LOOPBACK}:{self.port}",
            "authorization {",
            f"  user: {USER}",
            f"  password: {json.dumps(self.password)}",
            "}",
            "jetstream {",
            f"  store_dir: {json.dumps(str(self.folder / 'js'))}",
            # With the default of two minutes a power loss takes whole streams.
            f"  sync_interval: {'always' if self.durable else NO_SYNC}",
            f"  max_file_store: {most}",
            "  max_memory_store: 64MB",
            "}",
        ]
        write_atomically(self.config, "\n".join(lines) + "\n")
        if self.account.uid is not None:
            os.chown(self.config, self.account.uid, self.account.uid)
        check = subprocess.run([*self.child.command, "-t"], capture_output=True, text=True, check=False)
        if check.returncode:
            raise StartFailedError(f"nats-server refuses {self.config}:\n{(check.stdout + check.stderr).strip()}")

    def file_store(self) -> int:
        """Bytes that all streams together may take."""
        if self.max_file_store is not None:
            return self.max_file_store
        used = sum(file.stat().st_size for file in (self.folder / "js").rglob("*.blk"))
        share = used + int(shutil.disk_usage(self.folder).free * SHARE_OF_FREE_DISK)
        return max(self.reserved, min(FILE_STORE_MOST, share))


async def answers(port: int, *, password: str, seconds: float = 2.0) -> bool:
    """Whether the server takes a client and answers its ping (NATS client protocol)."""
    hello = json.dumps({"verbose": False, "user": USER, "pass": password, "lang": "python", "version": "0"})
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(f"CONNECT {hello}\r\nPING\r\n".encode())
                while (line := await reader.readline()).strip() != b"PONG":
                    if not line or line.startswith(b"-ERR"):
                        return False
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return True
