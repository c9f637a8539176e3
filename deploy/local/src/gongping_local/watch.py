"""Keeping the parts running: restarts with growing delays, and the canary that watches the broker."""

import asyncio
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gongping_local.canary import canary
from gongping_local.errors import LocalError
from gongping_local.nats import Nats
from gongping_local.process import Child

FIRST_DELAY = 0.5  # seconds before the first restart; doubles up to LONGEST_DELAY
LONGEST_DELAY = 30.0
STEADY = 60.0  # one that ran this long begins again with FIRST_DELAY
CANARY_EVERY = 5.0
# Outages of 4-9 s are normal when a broker fails over or recovers: nothing restarts anything within ten.
PATIENCE = 10.0
LONGEST_PATIENCE = 300.0
ROOM = 64_000_000  # bytes of free disk below which a restart would help nobody

Echo = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """A child process and how it is started again."""

    child: Child
    start: Callable[[], Awaitable[None]]


async def keep_running(part: Part, *, echo: Echo, first_delay: float = FIRST_DELAY) -> None:
    """Start a part again whenever it ends, each time after a longer delay. Runs until it is cancelled."""
    delay, began = first_delay, time.monotonic()
    while True:
        await part.child.ended()
        if time.monotonic() - began > STEADY:
            delay = first_delay
        name = part.child.name
        echo(f"{name} {how_it_ended(part.child.returncode)}; it starts again in {delay:g} s (log: {part.child.log})")
        await asyncio.sleep(delay)
        delay, began = min(delay * 2, LONGEST_DELAY), time.monotonic()
        try:
            await part.start()
        except (LocalError, OSError) as error:  # a full disk, for one: the next try comes later
            echo(str(error))


def how_it_ended(returncode: int | None) -> str:
    """An exit status in words."""
    if returncode is not None and returncode < 0:
        return f"was killed by {signal.Signals(-returncode).name}"
    return f"ended with status {returncode}"


async def watch_broker(nats: Nats, *, echo: Echo, every: float = CANARY_EVERY, patience: float = PATIENCE) -> None:
    """End a broker that has been deaf for longer than `patience` although the disk has room; `keep_running` starts it.

    Each time the patience doubles until a canary comes through. Runs until it is cancelled.
    """
    silent_since: float | None = None
    allowed, told = patience, ""
    while True:
        await asyncio.sleep(every)
        if not nats.child.running:  # a crash is not deafness
            silent_since = None
            continue
        try:
            said = await canary(nats.port, password=nats.password, seconds=min(every, 5.0))
        except (OSError, TimeoutError, ValueError):
            silent_since = silent_since or time.monotonic()
            if time.monotonic() - silent_since < allowed:
                continue
            if shutil.disk_usage(nats.folder).free < ROOM:
                said = f"the disk of {nats.folder} is full: free some space"
            else:
                echo("the broker no longer acknowledges messages although the disk has room: it is restarted")
                await nats.stop()
                silent_since, allowed = None, min(allowed * 2, LONGEST_PATIENCE)
                continue
        else:
            silent_since, allowed = None, patience
        if said and said != told:  # an answer, if a bad one: a restart would not change it
            echo(f"the broker refuses messages: {said}")
        told = said or ""
