"""The demonstration: a client, simulated data on an empty state, and the main job told as it happens."""

import json
from dataclasses import dataclass

from gongping_local.deployment import Deployment
from gongping_local.watch import Echo


@dataclass(frozen=True)
class Client:
    """Credentials of the demonstration's client."""

    client_id: str
    client_secret: str


async def show(deployment: Deployment, *, again: bool, echo: Echo) -> bool:
    return True
