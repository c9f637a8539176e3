"""The whole system as processes, for tests: four services, a real broker, a real PostgreSQL, and hands to hurt them."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from gongping_client import Client
from gongping_client.demo.dataset import DemoContract
from gongping_client.demo.generate import generate_contract
from gongping_client.demo.steps import Recorded, activate, deliver, draft, record_organisations, settle
from gongping_client.errors import ProblemError, UnreachableError
from gongping_local.databases import named
from gongping_local.deployment import Deployment
from gongping_local.ports import is_free
from gongping_local.services import Ports, command, wait_ready
from gongping_local.state import open_state

CLIENT_ID, SECRET = "system-test", "a-secret-for-tests-only"
ROLES = "finance,purchaser,operator,auditor"
# Faster than in production, so that a test does not wait for a period of seconds.
QUICK = {
    "GONGPING_WATERMARK_SECONDS": "0.5",
    "GONGPING_REPAIR_GRACE_SECONDS": "0.5",
    "GONGPING_RETRY_SECONDS": "0.1,0.2",
}


async def until(condition: Callable[[], Awaitable[object]], *, what: str, seconds: float = 60) -> object:
    """Ask again until the answer is true, or fail naming what was waited for and the last answer."""
    last: object = None
    try:
        async with asyncio.timeout(seconds):
            while not (last := await condition()):  # noqa: ASYNC110 - another process sets no event here
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"{what}: not within {seconds:.0f} s, last seen {last!r}")
    return last


@dataclass
class World:
    """A running deployment."""

    deployment: Deployment
    client: Client

    def client_as(self, client_id: str, secret: str) -> Client:
        return Client(self.deployment.ports.url("gateway"), client_id=client_id, client_secret=secret)

    async def make_client(self, client_id: str, *, roles: str, regions: str) -> Client:
        """Another API client, made with the gateway's own command."""
        state = self.deployment.state
        secret = state.folder / f"{client_id}.secret"
        secret.write_text(SECRET)
        words = ("client", "create", "--id", client_id, "--name", client_id, "--roles", roles, "--regions", regions)
        await command(
            state, "gateway", *words, "--secret-file", str(secret), env=self.deployment.environments["gateway"]
        )
        return self.client_as(client_id, SECRET)

    async def rows(self, service: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Read a service's database as its administrator."""
        url = self.deployment.admin_url.rsplit("/", 1)[0] + f"/{named(service)}"
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    async def value(self, service: str, sql: str, *arguments: object) -> Any:
        return (await self.rows(service, sql, *arguments))[0][0]

    async def stop(self, service: str) -> None:
        await self.deployment.services[service].stop()

    def kill(self, service: str) -> None:
        self.deployment.services[service].kill()

    async def start(self, service: str, **env: str) -> None:
        """Start a service again, with further variables for this one time."""
        child = self.deployment.services[service]
        child.env = self.deployment.environments[service] | env
        child.start()
        await wait_ready(child, self.deployment.ports.of(service))

    async def stop_broker(self) -> None:
        assert self.deployment.nats is not None
        await self.deployment.nats.stop()

    async def start_broker(self) -> None:
        assert self.deployment.nats is not None
        await self.deployment.nats.start()

    def wipe_broker(self) -> None:
        """Lose the broker's whole disk (it must be stopped)."""
        assert self.deployment.nats is not None
        shutil.rmtree(self.deployment.nats.folder / "js")

    async def restart_postgres(self) -> None:
        assert self.deployment.postgres is not None
        self.deployment.postgres.child.kill()
        await self.deployment.postgres.start()

    async def quiet(self, *, seconds: float = 90) -> None:
        """Wait until nothing moves: all sent, and every listener has everything that its sources have numbered."""

        async def settled() -> bool:
            for source, listeners in {
                "contracts": ("surveys", "scoring"),
                "surveys": ("scoring",),
                "scoring": ("gateway",),
            }.items():
                if await self.value(source, "SELECT count(*) FROM outbox WHERE sent_at IS NULL"):
                    return False
                sent = await self.value(source, "SELECT count(*) FROM outbox")
                for listener in listeners:
                    if (
                        await self.value(listener, "SELECT count(*) FROM inbox WHERE source = $1 AND epoch > 0", source)
                        < sent
                    ):
                        return False
            return True

        await until(settled, what="the system comes to rest", seconds=seconds)


@asynccontextmanager
async def new_world(folder: Path, **env: str) -> AsyncIterator[World]:
    """A deployment in an empty folder; everything ends with the block."""
    state = open_state(folder / "state")
    ports = _free_ports()
    deployment = Deployment(state, ports, echo=lambda _: None, database_url=None, nats_url=None)
    with _environment(QUICK | env):
        try:
            await deployment.start()
            world = World(
                deployment, Client(ports.url("gateway"), client_id=CLIENT_ID, client_secret=SECRET, timeout=60)
            )
            await (await world.make_client(CLIENT_ID, roles=ROLES, regions="*")).session.aclose()
            async with world.client:
                yield world
        finally:
            await deployment.stop()


def _free_ports() -> Ports:
    """Six free ports below the range from which the kernel takes ports for outgoing connections."""
    while True:
        base = 20_000 + 10 * secrets.randbelow(1_200)
        if all(is_free(base + offset) for offset in range(6)):
            return Ports(gateway=base, postgres=base + 4, nats=base + 5)


class _environment:  # noqa: N801 - reads as a statement
    """Variables that the services inherit."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values, self._patch = values, pytest.MonkeyPatch()

    def __enter__(self) -> None:
        for name, value in self._values.items():
            self._patch.setenv(name, value)

    def __exit__(self, *_: object) -> None:
        self._patch.undo()


_recording = asyncio.Lock()


async def ready_to_complete(client: Client, *, number: int, seed: int = 7) -> tuple[UUID, DemoContract]:
    """A simulated contract that has everything but its completion."""
    dataset = generate_contract(seed=seed + number, key=f"SYSTEM-{seed}-{number}", as_of=datetime.now(UTC).date())
    (demo,) = dataset.contracts
    async with _recording:  # two at once that record one organisation are told to send it once more
        organisations = await record_organisations(client, dataset)
    contract = await draft(client, demo, organisations)
    contract = await activate(client, contract.contract_id)
    recorded = Recorded()
    await deliver(client, demo, contract, recorded)
    await settle(client, demo, contract.contract_id, recorded)
    return contract.contract_id, demo


async def complete_with_retry(client: Client, contract_id: UUID, *, seconds: float = 60) -> None:
    """Complete as a provincial system does: again after any doubt. A conflict means that it was done before."""

    async def done() -> bool:
        try:
            await client.contracts.complete(contract_id)
        except UnreachableError:
            return False
        except ProblemError as error:
            if error.slug == "contract-already-completed":
                return True
            if error.status in (502, 503, 504):
                return False
            raise
        return True

    await until(done, what=f"contract {contract_id} completes", seconds=seconds)
