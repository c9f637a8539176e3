"""Logs, metrics and traces of a service, and the ASGI middleware that makes them per request."""

import logging
import re
import sys
import threading
import time
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram
from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BodyLimit", "Telemetry", "configure_logging", "configure_tracing", "is_private", "metrics", "tracer"]

tracer = trace.get_tracer("gongping")
_propagator = TraceContextTextMapPropagator()
_log = structlog.get_logger("http")
# Answers to surveys, their receipts, the public pages, and calendar addresses, which hold a secret.
_PRIVATE = re.compile(r"/p(?:/|$)|/v1/calendars/|/v1/waves/[^/]+/(?:responses|receipts|challenge|ledger/)")


def is_private(path: str) -> bool:
    """Whether requests to a path leave counts only: no span, no log line, nothing that has a time or an id.

    Who answers a survey must not be found by the time at which an answer came.
    """
    return _PRIVATE.match(path) is not None


class metrics:  # noqa: N801 - a namespace, read as metrics.requests
    """Every metric of the shared code."""

    requests = Histogram(
        "http_server_request_duration_seconds",
        "Time to answer a request.",
        ("http_request_method", "http_route", "http_response_status_code"),
        buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    )
    outbox_published = Counter("gongping_outbox_published_total", "Events acknowledged by the broker.", ("source",))
    outbox_oldest = Gauge("gongping_outbox_oldest_unsent_seconds", "Age of the oldest unsent event.", ("source",))
    inbox_events = Counter("gongping_inbox_events_total", "Events taken from a source.", ("source", "state"))
    inbox_lag = Gauge("gongping_inbox_lag_seconds", "Age of the event applied last.", ("source",))
    inbox_missing = Gauge("gongping_inbox_missing", "Numbers of a source that are missing now.", ("source",))
    inbox_repairs = Counter("gongping_inbox_repair_requests_total", "Repair requests sent.", ("source",))
    repairs_answered = Counter("gongping_outbox_repaired_total", "Events published again on request.", ("source",))
    dead_letters = Counter("gongping_inbox_dead_total", "Events given up after all tries.", ("source",))
    failed_jobs = Counter("gongping_job_failed_total", "Jobs given up after all tries.", ("kind",))
    waiting_facts = Counter(
        "gongping_waiting_facts_total", "Facts about an aggregate that is not known yet.", ("type",)
    )


def _add_trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's processor type
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = f"{span.trace_id:032x}"
    return event


def configure_logging(service: str, *, level: str = "INFO", form: str = "json") -> None:
    """Structured logs on standard error: one JSON object a line, or coloured text."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if form == "json" else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _add_trace_id,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if form == "json" else _unchanged,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, force=True, format="%(levelname)s %(name)s %(message)s"
    )


def _unchanged(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's processor type
    return event


class _FileExporter(SpanExporter):
    """Appends finished spans as JSON lines; several processes may share the file (one write per line)."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with self._lock:
            for span in spans:
                self._file.write(to_json(_span_line(span)) + b"\n")
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self._file.close()


def _span_line(span: ReadableSpan) -> dict[str, Any]:
    identity = span.get_span_context()
    return {
        "trace_id": f"{identity.trace_id:032x}" if identity else None,
        "span_id": f"{identity.span_id:016x}" if identity else None,
        "parent_id": f"{span.parent.span_id:016x}" if span.parent else None,
        "service": span.resource.attributes.get("service.name"),
        "name": span.name,
        "start_ns": span.start_time,
        "end_ns": span.end_time,
        "attributes": dict(span.attributes or {}),
    }


def configure_tracing(
    service: str, *, ratio: float = 1.0, file: Path | None = None, otlp: bool = False
) -> TracerProvider:
    """Set the process's tracer. Without an exporter the ids still travel: the logs of one request belong together."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}),
        sampler=ParentBased(TraceIdRatioBased(ratio)),
        shutdown_on_exit=False,
    )
    if file is not None:
        provider.add_span_processor(SimpleSpanProcessor(_FileExporter(file)))
    if otlp:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - costs 80 ms

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider


class Telemetry:
    """ASGI middleware: a span, a metric with the route's template, and a log line for every failed request.

    Private paths have the metric only.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        answered = False

        async def note_status(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
            await send(message)

        if is_private(scope["path"]):
            try:
                await self._app(scope, receive, note_status)
            except Exception as error:  # noqa: BLE001 - answered here
                # The error may hold what was answered: it must not reach the server's log.
                if answered:
                    raise RuntimeError("the answer broke off") from None
                await _refuse_privately(error, scope, receive, note_status)
            finally:
                _count(scope, status, time.perf_counter() - started)
            return
        parent = None
        for name, value in scope["headers"]:
            if name == b"traceparent":
                parent = _propagator.extract({"traceparent": value.decode("latin-1")})
                break
        span = tracer.start_span(scope["method"], context=parent, kind=trace.SpanKind.SERVER)
        token = otel_context.attach(trace.set_span_in_context(span, parent))
        try:
            await self._app(scope, receive, note_status)
        finally:
            otel_context.detach(token)
            elapsed = time.perf_counter() - started
            route = _count(scope, status, elapsed)
            if span.is_recording():
                span.update_name(f"{scope['method']} {route}")
                span.set_attributes({"http.route": route, "http.response.status_code": status})
            span.end()
            if status >= 500:
                _log.warning(
                    "request failed", method=scope["method"], route=route, status=status, seconds=round(elapsed, 4)
                )


def _count(scope: Scope, status: int, seconds: float) -> str:
    """Count a request; returns its route's template."""
    route = getattr(scope.get("route"), "path", None) or scope.get("gongping.route") or "none"
    metrics.requests.labels(scope["method"], route, status).observe(seconds)
    return route


async def _refuse_privately(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer an unexpected error; what is logged is its kind alone."""
    from shared.db import is_unavailable  # noqa: PLC0415 - these two log through here
    from shared.problems import Internal, Unavailable, problem_response  # noqa: PLC0415

    if is_unavailable(error):
        response = problem_response(Unavailable("The database did not answer. Repeat the request."))
    else:
        _log.error("unhandled error", kind=type(error).__name__)
        response = problem_response(Internal("The error was counted; nothing was changed. Try again."))
    await response(scope, receive, send)


class _BodyTooLargeError(Exception):
    pass


class BodyLimit:
    """ASGI middleware: a body over the limit is refused with 413, whether its length was announced or not."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > self._limit:
                await self._refuse(scope, receive, send)
                return
        seen = 0
        exceeded = started = False

        async def counted() -> Message:
            nonlocal seen, exceeded
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                exceeded = True
                # Whoever reads the body fails here and never sees a part of it; the answer is replaced below.
                raise _BodyTooLargeError
            return message

        async def guarded(message: Message) -> None:
            nonlocal started
            begins = message["type"] == "http.response.start"
            if not exceeded:
                started = started or begins
                await send(message)
            elif begins and not started:
                started = True
                await self._refuse(scope, receive, send)

        try:
            await self._app(scope, counted, guarded)
        except _BodyTooLargeError:
            if started:
                raise  # an answer that has begun can only be broken off
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        from shared.problems import TooLarge, problem_response  # noqa: PLC0415 - problems logs through structlog

        await problem_response(TooLarge(f"The body may have {self._limit} bytes at most."))(scope, receive, send)
