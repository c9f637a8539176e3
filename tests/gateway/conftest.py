import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from gongping_local.pytest_servers import Servers
from shared.telemetry import configure_tracing
from shared.testing import new_database


@pytest.fixture(scope="session")
def nobody_listens() -> Iterator[str]:
    """A URL on which nobody listens; the port stays taken, so that nobody will."""
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
async def database_url(servers: Servers) -> AsyncIterator[str]:
    async with new_database(servers.postgres_url, "gateway") as url:
        yield url


@pytest.fixture(scope="module")
async def module_database_url(servers: Servers) -> AsyncIterator[str]:
    async with new_database(servers.postgres_url, "gateway") as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def traced() -> None:
    """As in a real process: every request has a trace."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        configure_tracing("gateway")
