"""The parts of a running deployment: started in order and side by side where they can, watched, stopped."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gongping_local import binaries
from gongping_local.account import OURSELVES, choose_account
from gongping_local.databases import close_administration, ensure_databases
from gongping_local.migrations import migrate
from gongping_local.nats import Nats
from gongping_local.ports import require_free
from gongping_local.postgres import Postgres
from gongping_local.process import Child, end_left_behind, write_atomically
from gongping_local.services import Ports, command, environments, service, wait_ready
from gongping_local.state import SERVICES, Passwords, State, make_hash_keys, passwords
from gongping_local.watch import Echo, Part, keep_running, watch_broker

STREAM_BYTES = 512_000_000
STREAMS = 4  # one per producer, and the canary's small one
T = TypeVar("T")


@dataclass
class Deployment:
    """What runs for one state folder. Servers given by `database_url` or `nats_url` are used and left alone."""

    state: State
    ports: Ports
    echo: Echo
    database_url: str | None = field(default_factory=lambda: os.environ.get("DATABASE_URL") or None)
    nats_url: str | None = field(default_factory=lambda: os.environ.get("NATS_URL") or None)
    postgres: Postgres | None = None
    nats: Nats | None = None
    services: dict[str, Child] = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def admin_url(self) -> str:
        """The database server's administrator."""
        return self.postgres.url if self.postgres is not None else str(self.database_url)

    def require_free_ports(self) -> None:
        """Refuse to start beside another program on one of our ports.

        Raises:
            PortOccupiedError: names the port and the flag that changes it.
        """
        for name in sorted(SERVICES, key=self.ports.of):
            require_free(self.ports.of(name), what=f"the {name} service", flag="PORT=... (--port)")
        if self.database_url is None:
            require_free(self.ports.postgres, what="PostgreSQL", flag="POSTGRES_PORT=... (--postgres-port)")
        if self.nats_url is None:
            require_free(self.ports.nats, what="NATS", flag="NATS_PORT=... (--nats-port)")

    async def start(self) -> None:
        """Start the servers, migrate, start the services, and return when all are ready.

        Raises:
            LocalError: something did not start. What was started still runs: call `stop`.
        """
        words = passwords(self.state)
        self._place_servers(words)
        await together(self._start_postgres(), self._start_nats(), self._make_keys())
        databases = await ensure_databases(self.admin_url, words.roles)
        self.environments = environments(
            self.state,
            self.ports,
            databases=databases,
            nats_url=self.nats.url if self.nats else str(self.nats_url),
            stream_bytes=stream_bytes(self.state, self.nats) if self.nats else None,
        )
        await together(*(self._start_service(name) for name in SERVICES))

    async def watch(self) -> None:
        """Restart what ends. Runs until it is cancelled."""
        own: list[Postgres | Nats] = [server for server in (self.postgres, self.nats) if server is not None]
        parts = [Part(server.child, server.start) for server in own]
        parts += [Part(child, _starter(child)) for child in self.services.values()]
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(keep_running(part, echo=self.echo))
            if self.nats is not None:
                group.create_task(watch_broker(self.nats, echo=self.echo))

    async def stop(self) -> None:
        """Stop everything that was started: services, then the broker, then the database. Each step has its bound."""
        await asyncio.gather(*(child.stop() for child in self.services.values()))
        if self.nats is not None:
            await self.nats.stop()
        if self.postgres is not None:
            await self.postgres.stop()

    def _place_servers(self, words: Passwords) -> None:
        programs: list[Path] = []
        if self.database_url is None:
            programs.append(binaries.postgres_folder() / "postgres")
        if self.nats_url is None:
            programs.append(binaries.nats_server())
        home = self.state.servers
        account = choose_account(home, programs) if programs else OURSELVES
        account.own(home)
        if self.database_url is None:
            self.postgres = Postgres(
                folder=home,
                port=self.ports.postgres,
                account=account,
                password=words.postgres,
                log=self.state.log("postgres"),
                record=self.state.record("postgres"),
            )
        if self.nats_url is None:
            self.nats = Nats(
                folder=home,
                port=self.ports.nats,
                account=account,
                password=words.nats,
                log=self.state.log("nats"),
                record=self.state.record("nats"),
            )
            self.nats.reserved = STREAMS * stream_bytes(self.state, self.nats)

    async def _start_postgres(self) -> None:
        if self.postgres is not None:
            await self.postgres.start()
            await close_administration(self.postgres.url)

    async def _start_nats(self) -> None:
        if self.nats is not None:
            await self.nats.start()

    async def _make_keys(self) -> None:
        make_hash_keys(self.state)
        if not self.state.signing_keys.exists() or not self.state.keys.exists():
            files = ("--signing", str(self.state.signing_keys), "--public", str(self.state.keys))
            await command(self.state, "gateway", "keys", "init", *files, env=os.environ)

    async def _start_service(self, name: str) -> None:
        env = self.environments[name]
        await migrate(self.state, name, env=env)
        child = self.services[name] = service(self.state, name, env=env)
        child.start()
        await wait_ready(child, self.ports.of(name))


def stream_bytes(state: State, nats: Nats) -> int:
    """How large a stream may grow: decided once, from the free disk at the first start, because streams keep it."""
    file = state.folder / "broker.json"
    if not file.exists():
        write_atomically(file, json.dumps({"stream_bytes": min(STREAM_BYTES, nats.file_store() // (STREAMS + 1))}))
    return int(json.loads(file.read_text())["stream_bytes"])


async def end_what_was_left(state: State) -> list[str]:
    """End, by their records only, the processes of a supervisor that was killed; their names."""
    # The servers last: services that still run would miss them.
    records = sorted(state.records(), key=lambda record: (record.stem == "postgres", record.stem == "nats"))
    ended = []
    for record in records:
        stop_signal = signal.SIGINT if record.stem == "postgres" else signal.SIGTERM
        if await end_left_behind(record, stop_signal=stop_signal, grace=15.0):
            ended.append(record.stem)
    return ended


async def together(*works: Awaitable[T]) -> list[T]:
    """Await all; at the first failure cancel the others and raise that very failure."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _starter(child: Child) -> Callable[[], Awaitable[None]]:
    async def start() -> None:
        child.start()

    return start
