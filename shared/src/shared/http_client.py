"""The one place that makes httpx clients for services: deadlines on, redirects and proxies of the environment off."""

import httpx

__all__ = ["client"]


def client(base_url: str = "", *, timeout_seconds: float = 10, connections: int = 100) -> httpx.AsyncClient:
    """An HTTP client with a deadline for every step."""
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(timeout_seconds, connect=min(2.0, timeout_seconds)),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        trust_env=False,
        follow_redirects=False,
    )
