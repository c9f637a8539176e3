"""What is recorded of a passed-on request."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from gateway.proxy.tracing import Tracing, recorder

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def exported() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exported: InMemorySpanExporter) -> TracerProvider:
    made = TracerProvider(sampler=ALWAYS_OFF)
    made.add_span_processor(SimpleSpanProcessor(exported))
    return made


def test_a_sampled_request_is_recorded_under_the_callers_span(
    provider: TracerProvider, exported: InMemorySpanExporter
) -> None:
    hop = Tracing(ratio=0, tracer=recorder(provider)).hop(f"00-{TRACE}-{PARENT}-01".encode(), "GET")
    hop.end(method="GET", route="/v1/contracts/{path}", status=200)
    (span,) = exported.get_finished_spans()
    assert span.name == "GET /v1/contracts/{path}"
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == PARENT
    context = span.get_span_context()
    assert context is not None
    assert hop.header == f"00-{TRACE}-{context.span_id:016x}-01"
    assert hop.trace_id == TRACE
    assert dict(span.attributes or {}) == {"http.route": "/v1/contracts/{path}", "http.response.status_code": 200}


def test_a_request_begins_a_trace_of_its_own(provider: TracerProvider, exported: InMemorySpanExporter) -> None:
    hop = Tracing(ratio=1, tracer=recorder(provider)).hop(None, "GET")
    hop.end(method="GET", route="/x", status=404)
    (span,) = exported.get_finished_spans()
    assert span.parent is None
    assert int(hop.header[-2:], 16) & 1  # sampled; the SDK adds the flag of a random id


def test_the_caller_decides_whether_its_trace_is_recorded(
    provider: TracerProvider, exported: InMemorySpanExporter
) -> None:
    hop = Tracing(ratio=1, tracer=recorder(provider)).hop(f"00-{TRACE}-{PARENT}-00".encode(), "GET")
    hop.end(method="GET", route="/x", status=200)
    assert exported.get_finished_spans() == ()
    assert hop.header.startswith(f"00-{TRACE}-")
    assert hop.header.endswith("-00")


def test_about_the_asked_share_is_sampled() -> None:
    tracing = Tracing(ratio=0.25, tracer=None)
    sampled = sum(tracing.hop(None, "GET").header.endswith("-01") for _ in range(4000))
    assert 800 < sampled < 1200  # five standard deviations of 27


def test_ids_do_not_repeat() -> None:
    tracing = Tracing(ratio=1, tracer=None)
    assert len({tracing.hop(None, "GET").header for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "header",
    [
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE}-{PARENT}-01x",
        "",
        "é",
    ],
)
def test_a_malformed_header_begins_a_new_trace(header: str) -> None:
    hop = Tracing(ratio=1, tracer=None).hop(header.encode(), "GET")
    assert hop.trace_id != TRACE
    assert hop.header.startswith("00-")


def test_a_header_of_a_later_version_is_understood() -> None:
    hop = Tracing(ratio=1, tracer=None).hop(f"01-{TRACE}-{PARENT}-01-more".encode(), "GET")
    assert hop.trace_id == TRACE


def test_without_an_sdk_nothing_is_recorded() -> None:
    assert recorder(trace.NoOpTracerProvider()) is None
