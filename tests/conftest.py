"""Fixtures of all tests. `servers` gives a real PostgreSQL and a real NATS, started once for the whole run."""

from gongping_local.pytest_servers import pytest_configure_node, pytest_unconfigure, servers

__all__ = ["pytest_configure_node", "pytest_unconfigure", "servers"]
