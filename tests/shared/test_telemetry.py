"""One trace from the request to the listener's commit; metrics by route; logs that name the trace."""

import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
import structlog
from fastapi import HTTPException
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from tests.shared.toys import REGION, Listener, Source, posting
from tests.support import eventually

from shared import telemetry
from shared.auth import Principal, allow
from shared.db import WriteSession
from shared.events import Envelope, LedgerPosted
from shared.outbox import emit
from shared.service import Service, create_app
from shared.settings import ServiceSettings
from shared.telemetry import configure_logging, configure_tracing
from shared.testing import test_keys, token
from shared.web import router

NewListener = Callable[..., Awaitable[Listener]]
routes = router(tags=["toy"])


@routes.post("/postings/{number}")
async def make_posting(number: int, session: WriteSession, _: Annotated[Principal, allow("finance")]) -> str:
    """Emit an event, or fail."""
    if number == 0:
        raise HTTPException(418)
    if number < 0:
        raise RuntimeError("below zero")
    return str(emit(session, posting(), subject="a", region=REGION))


toy = Service("contracts", "toy", ServiceSettings, [routes])


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """Every finished span of this process."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = configure_tracing("toy")
    memory = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    return memory


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> InMemorySpanExporter:
    """Those since the test began."""
    exporter.clear()
    return exporter


@pytest.fixture
async def client(source: Source) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the toy service on the source's database."""
    app = create_app(toy, source.settings, keys=test_keys())
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    bearer = {"Authorization": f"Bearer {token(roles=['finance'])}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=bearer) as http:
        yield http
    await app.state.database.dispose()


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    """Finished spans of this name."""
    return [span for span in spans.get_finished_spans() if span.name == name]


async def test_one_trace_from_the_request_to_the_listeners_commit(
    spans: InMemorySpanExporter, client: httpx.AsyncClient, source: Source, listener: Listener
) -> None:
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await client.post("/v1/postings/1", headers={"traceparent": caller})
    assert answer.status_code == 200, answer.text
    await source.active()
    listener.start()
    await listener.has_all_of(source)
    apply_name = f"apply {LedgerPosted.TYPE}"
    await eventually(lambda: named(spans, apply_name) and named(spans, "outbox publish"))
    [request] = named(spans, "POST /v1/postings/{number}")
    [applied] = named(spans, apply_name)
    [published] = named(spans, "outbox publish")
    trace_ids = {span.context.trace_id for span in (request, applied, published)}
    assert trace_ids == {0x0AF7651916CD43DD8448EB211C80319C}
    assert request.parent is not None
    assert request.parent.span_id == 0xB7AD6B7169203331
    for span in (applied, published):
        assert span.parent is not None
        assert span.parent.span_id == request.context.span_id
    assert applied.end_time is not None
    assert request.start_time is not None
    assert applied.end_time > request.start_time
    body = Envelope.model_validate_json(await source.one("SELECT body FROM outbox"))
    assert body.traceparent is not None
    assert body.traceparent.split("-")[1] == caller.split("-")[1]


async def test_events_of_a_handler_go_on_in_the_trace_of_the_event(
    spans: InMemorySpanExporter, source: Source, listener: Listener
) -> None:
    async def answer(session: Any, event: Any) -> None:
        await listener.handlers.on_posted(session, event)
        emit(session, posting(), subject="a", region=REGION)

    listener.subscription = type(listener.subscription)("contracts", {LedgerPosted.TYPE: answer})
    with telemetry.tracer.start_as_current_span("cause") as cause:
        await source.emit(1)
    await source.emit(1)  # without a trace
    await source.active()
    listener.start()
    await listener.has_all_of(source)
    bodies = await listener.rows("SELECT body FROM outbox ORDER BY n")
    parents = [Envelope.model_validate_json(row.body).traceparent for row in bodies]
    assert parents[0] is not None
    assert int(parents[0].split("-")[1], 16) == cause.get_span_context().trace_id
    assert parents[1] is not None
    assert parents[1].split("-")[1] != parents[0].split("-")[1]


def counted(route: str, status: int) -> float:
    """Requests measured so far."""
    labels = {"http_request_method": "POST", "http_route": route, "http_response_status_code": str(status)}
    return REGISTRY.get_sample_value("http_server_request_duration_seconds_count", labels) or 0.0


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/v1/postings/1", "/v1/postings/{number}", 200),
        ("/v1/postings/x", "/v1/postings/{number}", 422),
        ("/v1/postings/0", "/v1/postings/{number}", 418),
        ("/v1/postings/-1", "/v1/postings/{number}", 500),
        ("/v1/nothing/7", "none", 404),
    ],
)
async def test_requests_are_measured_by_route_and_not_by_path(
    spans: InMemorySpanExporter, client: httpx.AsyncClient, path: str, route: str, status: int
) -> None:
    before = counted(route, status)
    assert (await client.post(path)).status_code == status
    assert counted(route, status) == before + 1
    [span] = spans.get_finished_spans()
    assert span.attributes is not None
    assert (span.attributes["http.route"], span.attributes["http.response.status_code"]) == (route, status)


async def test_malformed_traceparent_is_no_error(client: httpx.AsyncClient) -> None:
    for malformed in (b"", b"x", b"00-0-0-0", b"\xff" * 60):
        answer = await client.post("/v1/postings/1", headers=[(b"traceparent", malformed)])
        assert answer.status_code == 200


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Lines of the structured log; the configuration is put back afterwards."""
    before, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    configure_logging("toy", level="INFO", form="json")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_log_lines_name_service_level_and_trace(
    exporter: InMemorySpanExporter, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    log = structlog.get_logger("test")
    log.debug("unheard")
    with telemetry.tracer.start_as_current_span("work") as span:
        log.info("within", amount="1.00", word="评")
    log.error("without", exc_info=ValueError("wrong"))
    within, without = logged()
    assert (within["event"], within["level"], within["service"]) == ("within", "info", "toy")
    assert (within["amount"], within["word"]) == ("1.00", "评")
    assert within["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert within["timestamp"].endswith("Z")
    assert "trace_id" not in without
    assert "ValueError: wrong" in without["exception"]


def test_spans_are_written_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    exporters = [telemetry._FileExporter(path) for _ in range(2)]  # as two processes that share the file
    provider = TracerProvider()
    for each in exporters:
        provider.add_span_processor(SimpleSpanProcessor(each))
    tracer = provider.get_tracer("toy")
    with tracer.start_as_current_span("outer", attributes={"n": 1}), tracer.start_as_current_span("inner"):
        pass
    provider.shutdown()
    inner, _, outer, _ = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert (inner["name"], outer["name"], outer["attributes"]) == ("inner", "outer", {"n": 1})
    assert inner["trace_id"] == outer["trace_id"]
    assert (inner["parent_id"], outer["parent_id"]) == (outer["span_id"], None)
    assert inner["end_ns"] <= outer["end_ns"]
