"""What the pass-through itself refuses or reports."""

from typing import ClassVar

from shared.problems import Problem

__all__ = [
    "AmbiguousRequest",
    "BadGateway",
    "ClientGone",
    "GatewayTimeout",
    "MethodNotPassed",
    "ServiceDown",
    "UploadStalled",
]


class AmbiguousRequest(Problem):
    """The request can be read in two ways, so that gateway and service might disagree about it."""

    status, slug, title = 400, "ambiguous-request", "Ambiguous request"


class MethodNotPassed(Problem):
    """A method that no service has (CONNECT, TRACE, …)."""

    status, slug, title = 405, "method-not-allowed", "Method not allowed"


class UploadStalled(Problem):
    """The body stopped arriving."""

    status, slug, title = 408, "upload-stalled", "The body stopped arriving"


class BadGateway(Problem):
    """A service broke off its answer or sent one that cannot be read. Whether it acted is unknown."""

    status, slug, title = 502, "bad-gateway", "A service answered badly"


class ServiceDown(Problem):
    """A service cannot be reached; nothing was changed."""

    status, slug, title = 503, "service-down", "A service is down"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


class GatewayTimeout(Problem):
    """A service did not answer within the deadline. Whether it acted is unknown."""

    status, slug, title = 504, "gateway-timeout", "A service did not answer in time"


class ClientGone(Exception):  # noqa: N818 - nobody is left to get an error
    """The caller closed the connection."""
