"""What goes through the broker and what it may answer."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "MAX_BATCH",
    "NO_MESSAGE",
    "SECOND",
    "STREAM_NAME_IN_USE",
    "STREAM_NOT_FOUND",
    "BrokerRefusedError",
    "BrokerUnavailableError",
    "Delivery",
    "Outgoing",
    "parse_headers",
    "stream_config",
    "stream_name",
]

NO_MESSAGE, STREAM_NOT_FOUND, STREAM_NAME_IN_USE = 10037, 10059, 10058
MAX_BATCH = 1000
SECOND = 1_000_000_000


class BrokerUnavailableError(Exception):
    """The broker did not answer in time: the outcome is unknown, so send again with the same id."""


class BrokerRefusedError(Exception):
    """The broker answered with an error."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to publish."""

    subject: str
    body: bytes
    msg_id: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message received from a consumer."""

    subject: str
    body: bytes
    headers: Mapping[str, str]
    stream_seq: int
    delivered: int
    reply: str


def stream_name(prefix: str, source: str) -> str:
    """`GONGPING_CONTRACTS`."""
    return f"{prefix}_{source}".upper().replace(".", "_").replace("-", "_")


def parse_headers(encoded: str | None) -> dict[str, str] | None:
    """Headers of a stored message as the API answers them, base64 of the NATS header block."""
    if not encoded:
        return None

    lines = base64.b64decode(encoded).decode("utf-8", "replace").split("\r\n")[1:]
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


def stream_config(prefix: str, source: str, *, replicas: int, max_bytes: int, max_age_days: int) -> dict[str, Any]:
    """A stream of a source as the API takes it: full means refused, never dropped."""
    name = stream_name(prefix, source)
    return {
        "name": name,
        "subjects": [f"{prefix}.{source}.>"],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "num_replicas": replicas,
        "max_bytes": max_bytes,
        "max_age": max_age_days * 86_400 * SECOND,
        "max_msgs": -1,
        "max_consumers": -1,
        "duplicate_window": 120 * SECOND,
        "allow_direct": True,
        "allow_atomic": True,
    }
