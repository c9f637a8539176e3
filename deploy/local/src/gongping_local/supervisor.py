"""`python -m gongping_local up`: one deployment on this machine, from an empty folder to a score, and a clean end."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gongping_client.credentials import Credentials
from gongping_local import demonstration
from gongping_local.deployment import Deployment, end_what_was_left
from gongping_local.services import Ports
from gongping_local.state import SERVICES, clear, held, open_state
from gongping_local.watch import Echo


@dataclass(frozen=True)
class Options:
    """What the command line says.

    Attributes:
        once: do the main job with a new simulated contract, stop everything, and say by the exit status how it went.
        fresh: remove the data of earlier runs first.
    """

    folder: Path
    ports: Ports
    once: bool = False
    fresh: bool = False


async def up(options: Options, *, echo: Echo) -> int:
    """Run until a signal (or, with `once`, until the story is told); the exit status.

    Raises:
        LocalError: something did not start; everything that had started was stopped.
    """
    began = time.monotonic()
    state = open_state(options.folder)
    with held(state, url=options.ports.url("gateway")):
        for name in await end_what_was_left(state):
            echo(f"ended {name}, which a killed run had left behind")
        if options.fresh:
            clear(state)
        deployment = Deployment(state, options.ports, echo)
        deployment.require_free_ports()
        stop = asyncio.Event()
        try:
            _on_signals(stop.set)
            work = asyncio.create_task(_work(deployment, options, began=began, echo=echo))
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
            for task in (work, waiting):
                task.cancel()
            if stop.is_set():
                echo("stopping")
            with contextlib.suppress(asyncio.CancelledError):
                return await work
            # Stopped before the one story was told: that is no success.
            return 1 if options.once else 0
        finally:
            await deployment.stop()
            echo("everything is stopped")


def _on_signals(stop: Callable[[], None]) -> None:
    endings = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup, which is to outlive its terminal
        endings.append(signal.SIGHUP)
    for ending in endings:
        asyncio.get_running_loop().add_signal_handler(ending, stop)


async def _work(deployment: Deployment, options: Options, *, began: float, echo: Echo) -> int:
    echo(f"starting PostgreSQL, NATS and four services in {deployment.state.folder}")
    await deployment.start()
    client = await demonstration.ensure_client(deployment)
    echo(_where(deployment, client, seconds=time.monotonic() - began))
    watching = asyncio.create_task(deployment.watch())
    try:
        told = await demonstration.show(deployment, client, again=options.once, echo=echo)
        if options.once:
            return 0 if told else 1
        echo("running; Ctrl-C stops everything")
        await watching
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    raise AssertionError  # pragma: no cover - the watch has no end of its own


def _where(deployment: Deployment, client: Credentials, *, seconds: float) -> str:
    state, ports = deployment.state, deployment.ports
    database = f"127.0.0.1:{ports.postgres}" if deployment.postgres else "as DATABASE_URL says"
    broker = f"127.0.0.1:{ports.nats}" if deployment.nats else "as NATS_URL says"
    services = "  ".join(f"{name} {ports.url(name)}" for name in SERVICES if name != "gateway")
    return "\n".join(
        (
            f"ready after {seconds:.1f} s",
            f"  gateway     {ports.url('gateway')}   (documentation {ports.url('gateway')}/docs)",
            f"  behind it   {services}",
            f"  PostgreSQL  {database}, databases {', '.join(f'gongping_{name}' for name in SERVICES)}",
            f"  NATS        {broker}",
            f"  state       {state.folder}   (logs in {state.logs}, passwords in {state.folder / 'passwords.json'})",
            f"  client      {client.client_id}   secret {client.client_secret}   (also in {state.client})",
        )
    )
