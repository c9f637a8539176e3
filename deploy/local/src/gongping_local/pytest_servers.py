"""Servers for a test run: one PostgreSQL and one NATS for all workers of pytest-xdist together.

The process that starts the workers also starts the servers, because they end with the process that started them, and
because on two cores one shared cluster is up sooner than one for each worker.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from gongping_local import embedded


@dataclass(frozen=True)
class Servers:
    """Where the test run's servers are: the cluster's administrator, and the broker (with JetStream)."""

    postgres_url: str
    nats_url: str


STACK = pytest.StashKey[ExitStack]()
RUNNING = pytest.StashKey[Servers]()


@contextmanager
def servers_for_tests() -> Iterator[Servers]:
    """Both servers in a folder of their own, which goes away with them."""
    folder = Path(tempfile.mkdtemp(prefix="gongping-tests-"))
    try:
        with embedded.start(folder) as servers:
            yield Servers(postgres_url=servers.postgres_url, nats_url=servers.nats_url)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """The run's servers; started by the first test that needs them, or already there for an xdist worker."""
    given: dict[str, str] | None = getattr(request.config, "workerinput", None)
    if given is not None:
        yield Servers(postgres_url=given["postgres_url"], nats_url=given["nats_url"])
        return
    with servers_for_tests() as started:
        yield started


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Before an xdist worker starts: tell it where the servers are (a hook of pytest-xdist)."""
    config: pytest.Config = node.config  # type: ignore[attr-defined]  # xdist carries no types
    if STACK not in config.stash:
        stack = config.stash[STACK] = ExitStack()
        config.stash[RUNNING] = stack.enter_context(servers_for_tests())
    node.workerinput.update(asdict(config.stash[RUNNING]))  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """At the end of the run, also of an interrupted one."""
    if STACK in config.stash:
        config.stash[STACK].close()
