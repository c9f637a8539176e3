"""Fixtures of all tests. `servers` gives a real PostgreSQL and a real NATS, started once for the whole run."""

from hypothesis import settings

from gongping_local.pytest_servers import pytest_configure_node, pytest_unconfigure, servers

# Time limits per example fail on a busy machine and say nothing about the code.
settings.register_profile("gongping", deadline=None)
settings.load_profile("gongping")

__all__ = ["pytest_configure_node", "pytest_unconfigure", "servers"]
