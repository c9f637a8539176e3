"""The trace of a passed-on request: the caller's is continued, otherwise one begins here.

Source: W3C Trace Context, level 1. Where no exporter is set the ids still travel, but no span object is made: it would
cost more than the rest of the gateway's work on the request.
"""

import random
import re

from opentelemetry import trace
from opentelemetry.sdk.trace import Tracer, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags

__all__ = ["Hop", "Tracing", "recorder"]

_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_NOTHING = (b"0" * 32, b"0" * 16)


class Hop:
    """The gateway's place in a trace: the header for the service, and the span where one is recorded."""

    __slots__ = ("header", "span")

    def __init__(self, header: str, span: Span | None) -> None:
        self.header = header
        self.span = span

    @property
    def trace_id(self) -> str:
        """For the log."""
        return self.header[3:35]

    def end(self, *, method: str, route: str, status: int) -> None:
        """The request is answered."""
        span = self.span
        if span is not None:
            if span.is_recording():
                span.update_name(f"{method} {route}")
                span.set_attributes({"http.route": route, "http.response.status_code": status})
            span.end()


class Tracing:
    """Starts hops. `ratio` is the share of the traces that begin here which are sampled.

    `tracer` records the sampled ones (see `recorder`); None where no exporter is set.
    """

    def __init__(self, *, ratio: float, tracer: Tracer | None) -> None:
        self._bound = round(ratio * (1 << 64))
        self._tracer = tracer

    def hop(self, traceparent: bytes | None, method: str) -> Hop:
        """Continue the caller's trace, or begin one where the header is absent or malformed."""
        parent = _TRACEPARENT.fullmatch(traceparent) if traceparent is not None else None
        if parent is not None and (parent[1] == _NOTHING[0] or parent[2] == _NOTHING[1]):
            parent = None
        sampled = random.getrandbits(64) < self._bound if parent is None else bool(int(parent[3], 16) & 1)
        if sampled and self._tracer is not None:
            return _recorded(self._tracer, parent, method)
        # All zeros are no valid id; once in 2^64 requests a service will begin a trace of its own.
        ids = random.randbytes(24).hex()  # noqa: S311 - identifiers, not secrets
        if parent is not None:
            return Hop(f"00-{parent[1].decode()}-{ids[:16]}-{parent[3].decode()}", None)
        return Hop(f"00-{ids[:32]}-{ids[32:]}-{'01' if sampled else '00'}", None)


def recorder(provider: trace.TracerProvider) -> Tracer | None:
    """A tracer that records every span it starts: whether to is decided before, for a tenth of the SDK's price."""
    if not isinstance(provider, TracerProvider):
        return None
    tracer = provider.get_tracer("gongping.gateway.proxy")
    if not isinstance(tracer, Tracer):
        return None
    tracer.sampler = ALWAYS_ON
    return tracer


def _recorded(tracer: Tracer, parent: re.Match[bytes] | None, method: str) -> Hop:
    context = None
    if parent is not None:
        remote = SpanContext(
            int(parent[1], 16), int(parent[2], 16), is_remote=True, trace_flags=TraceFlags(int(parent[3], 16))
        )
        context = trace.set_span_in_context(NonRecordingSpan(remote))
    span = tracer.start_span(method, context=context, kind=SpanKind.SERVER)
    own = span.get_span_context()
    return Hop(f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}", span)
