"""Which headers pass, in each direction.

Source: RFC 9110 section 7.6.1 (hop-by-hop fields, and those that `Connection` names), RFC 9112 section 6.
"""

from collections.abc import Iterable

from multidict import istr

from gateway.proxy.errors import AmbiguousRequest

__all__ = ["RequestHeaders", "ResponseHeaders", "read_request", "read_response"]

RawHeaders = Iterable[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# What a caller could say about itself that only the gateway may say: where the request came from, and who makes it.
_SPOOFABLE_PREFIXES = (b"x-forwarded-", b"gongping-", b"x-gongping-", b"x-auth-", b"x-authenticated-", b"x-remote-")
_SPOOFABLE = frozenset(
    {
        b"forwarded",
        b"x-real-ip",
        b"true-client-ip",
        b"x-original-url",
        b"x-rewrite-url",
        b"x-http-method-override",
        b"x-user",
        b"x-user-id",
        b"x-client-id",
        b"remote-user",
    }
)
# The gateway writes host and trace itself; `Expect` is answered by the server in front of it when the body is read.
_NOT_FORWARDED = _HOP_BY_HOP | _SPOOFABLE | {b"host", b"traceparent", b"expect"}
# What the gateway reads, and where it puts it.
_READ = {
    b"authorization": "authorization",
    b"connection": "",
    b"content-length": "length",
    b"host": "host",
    b"traceparent": "traceparent",
    b"transfer-encoding": "transfer_encoding",
}
_REGION = b"gongping-region"
# The server in front of the gateway writes its own Date and Server.
_NOT_RETURNED = _HOP_BY_HOP | {_REGION, b"date", b"server"}
_READ_IN_RESPONSE = _NOT_RETURNED | {b"location", b"content-length"}

# Names that nearly every request has and that simply pass, in the form that the client library takes as it is.
_ORDINARY: dict[bytes, str] = {
    name.encode(): istr(name)
    for name in (
        *("accept", "accept-encoding", "accept-language", "content-type", "cookie"),
        *("idempotency-key", "if-match", "if-none-match", "tracestate", "user-agent"),
    )
}


class RequestHeaders:
    """What one pass over a request's headers found. `forwarded` is what the service gets, before the gateway's own."""

    __slots__ = ("authorization", "forwarded", "host", "length", "traceparent", "transfer_encoding")

    def __init__(self) -> None:
        self.forwarded: list[tuple[str, str]] = []
        self.authorization: bytes | None = None
        self.host = b""
        self.length: bytes | None = None
        self.transfer_encoding: bytes | None = None
        self.traceparent: bytes | None = None


class ResponseHeaders:
    """What one pass over a service's answer found. `region` is the answer's own region, for the scope check."""

    __slots__ = ("region", "returned")

    def __init__(self) -> None:
        self.returned: list[tuple[bytes, bytes]] = []
        self.region: bytes | None = None


def _named_by(connection: bytes) -> frozenset[bytes]:
    """The further fields that a `Connection` field declares to be for one hop only."""
    return frozenset(token.strip().lower() for token in connection.split(b",")) - {b"keep-alive", b"close", b""}


def read_request(raw: RawHeaders) -> RequestHeaders:
    """Sort a request's headers (names in lower case, as ASGI has them) into what is passed on and what is used here.

    Raises:
        AmbiguousRequest: two Authorization headers, of which gateway and service might each believe another.
    """
    found = RequestHeaders()
    forwarded = found.forwarded
    named: frozenset[bytes] = frozenset()
    for name, value in raw:
        known = _ORDINARY.get(name)
        if known is None:
            if name in _READ:
                if name == b"connection":
                    named |= _named_by(value)
                elif name == b"authorization" and found.authorization is not None:
                    raise AmbiguousRequest("Send one Authorization header.")
                else:
                    setattr(found, _READ[name], value)
            if name in _NOT_FORWARDED or name.startswith(_SPOOFABLE_PREFIXES):
                continue
            known = name.decode("latin-1")
        # The client library writes str as UTF-8; decoding the same way keeps the bytes as they came.
        try:
            forwarded.append((known, value.decode()))
        except UnicodeDecodeError:
            forwarded.append((known, value.decode("latin-1")))
    if named:
        found.forwarded = [pair for pair in forwarded if pair[0].lower().encode("latin-1") not in named]
    return found


def read_response(raw: RawHeaders, *, bodiless: bool, origin: bytes) -> ResponseHeaders:
    """Sort an answer's headers into what the caller gets and what is used here.

    `bodiless` (204, 304) drops Content-Length: the server in front would wait for that many bytes. A Location below the
    service's `origin` becomes a path, because no caller can reach the service itself.
    """
    found = ResponseHeaders()
    returned = found.returned
    named: frozenset[bytes] = frozenset()
    for original, value in raw:
        name = original.lower()
        if name in _READ_IN_RESPONSE:
            if name == _REGION:
                found.region = value if found.region is None else found.region + b"," + value
            elif name == b"connection":
                named |= _named_by(value)
            elif name == b"location":
                returned.append((name, value.removeprefix(origin) if value.startswith(origin + b"/") else value))
            elif name == b"content-length" and not bodiless:
                returned.append((name, value))
            continue
        returned.append((name, value))
    if named:
        found.returned = [pair for pair in returned if pair[0] not in named]
    return found
