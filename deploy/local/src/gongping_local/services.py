"""The four services as child processes: environment, migration, start, readiness."""

import asyncio
import http.client
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from gongping_local.errors import LocalError, StartFailedError
from gongping_local.ports import LOOPBACK
from gongping_local.process import Child
from gongping_local.state import SERVICES, State

READY_SECONDS = 90.0


@dataclass(frozen=True)
class Ports:
    """Ports on loopback; the services take the three after the gateway's."""

    gateway: int = 8080
    postgres: int = 15432
    nats: int = 14222

    def of(self, service: str) -> int:
        """Port of a service."""
        return self.gateway + ("gateway", "contracts", "surveys", "scoring").index(service)

    def url(self, service: str) -> str:
        """Address of a service."""
        return f"http://{LOOPBACK}:{self.of(service)}"


def environments(
    state: State, ports: Ports, *, databases: Mapping[str, str], nats_url: str, stream_bytes: int | None
) -> dict[str, dict[str, str]]:
    """Environment of each service: the caller's, with this deployment's addresses and keys over it."""
    common = {
        **os.environ,
        "NATS_URL": nats_url,
        "GONGPING_KEYS": str(state.keys),
        "GONGPING_HOST": LOOPBACK,
        "GONGPING_SIGNING_KEYS": str(state.signing_keys),
        **{f"{service.upper()}_URL": ports.url(service) for service in SERVICES if service != "gateway"},
    }
    if stream_bytes is not None:
        common.setdefault("GONGPING_STREAM_MAX_BYTES", str(stream_bytes))
    made = {
        service: {**common, "DATABASE_URL": databases[service], "GONGPING_PORT": str(ports.of(service))}
        for service in SERVICES
    }
    made["surveys"]["GONGPING_SURVEYS_KEY_FILE"] = str(state.surveys_key)
    made["contracts"]["GONGPING_CONTRACTS_KEY_FILE"] = str(state.contracts_key)
    made["contracts"].setdefault("GONGPING_FILES_URL", state.files.absolute().as_uri())
    for printing in ("surveys", "scoring"):  # invitation sheets and reports name the gateway's address
        made[printing].setdefault("GONGPING_PUBLIC_URL", ports.url("gateway"))
    return made


def service(state: State, name: str, *, env: Mapping[str, str]) -> Child:
    """The process that serves."""
    return Child(
        name=name,
        command=[sys.executable, "-m", name, "serve"],
        log=state.log(name),
        record=state.record(name),
        env=env,
        stop_signal=signal.SIGTERM,
        grace=12.0,
    )


async def command(state: State, name: str, *words: str, env: Mapping[str, str]) -> str:
    """Run one of a service's own commands to its end and return what it printed (its log lines among it).

    Raises:
        LocalError: it failed; the message carries the end of its log.
    """
    label = f"{name}-{words[0]}"
    child = Child(
        name=label,
        command=[sys.executable, "-m", name, *words],
        log=state.log(label),
        record=state.record(label),
        env=env,
    )
    child.start()
    try:
        await child.ended(every=0.05)
    finally:
        await child.stop()
    if child.returncode:
        raise LocalError(f"`{name} {' '.join(words)}` failed; the end of {child.log}:\n{child.said(lines=25)}")
    return child.said(lines=200)


async def wait_ready(child: Child, port: int, *, seconds: float = READY_SECONDS) -> None:
    """Return when a service says that it is ready.

    Raises:
        StartFailedError: it ended, or was not ready in time; the message says what it was waiting for.
    """
    deadline = time.monotonic() + seconds
    while True:
        ready, heard = await asyncio.to_thread(readiness, port)
        if ready:
            return
        if not child.running:
            raise StartFailedError(f"{child.name} ended at its start; the end of {child.log}:\n{child.said(lines=25)}")
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(0.05)
    raise StartFailedError(f"{child.name} was not ready after {seconds:.0f} s ({heard}); its log is {child.log}")


def readiness(port: int) -> tuple[bool, str]:
    """Whether a service says that it is ready, and what it says."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        response = connection.getresponse()
        return response.status == http.HTTPStatus.OK, response.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, type(error).__name__
    finally:
        connection.close()
