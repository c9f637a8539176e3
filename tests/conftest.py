"""Fixtures of all tests. `servers` gives a real PostgreSQL and a real NATS, started once for the whole run."""

import pytest
from hypothesis import settings

from gongping_local.pytest_servers import pytest_configure_node, pytest_unconfigure, servers

# Time limits per example fail on a busy machine and say nothing about the code.
settings.register_profile("gongping", deadline=None)
settings.load_profile("gongping")

__all__ = ["pytest_configure_node", "pytest_unconfigure", "servers"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files come first (the order of the files is kept by the Makefile's options): last, one worker would
    run them while the others have nothing left to do."""
    items.sort(key=lambda item: item.get_closest_marker("system") is None)
