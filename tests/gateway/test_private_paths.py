"""An answer to a survey passes the gateway without a span, a trace or a line in a log; it is counted."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from tests.gateway.tools import Gateway, Upstream, run_gateway, serve

from gateway.proxy.front import Front
from gateway.proxy.tracing import Tracing, recorder

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    async with serve(upstream, lifespan="off") as url:
        upstream.url = url
        yield upstream


@pytest.fixture
async def gateway(module_database_url: str, service: Upstream, nobody_listens: str) -> AsyncIterator[Gateway]:
    async with run_gateway(
        module_database_url, contracts_url=nobody_listens, surveys_url=service.url, scoring_url=nobody_listens
    ) as running:
        yield running


@pytest.fixture
def spans(gateway: Gateway) -> InMemorySpanExporter:
    exported = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    assert isinstance(gateway.front, Front)
    gateway.front._tracing = Tracing(ratio=1, tracer=recorder(provider))
    return exported


def counted() -> float:
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "http_server_request_duration_seconds_count"
        and sample.labels["http_route"].startswith("/v1/waves")
    )


@pytest.mark.parametrize("status", [201, 409, 500])
async def test_answers_leave_counts_only(
    gateway: Gateway, service: Upstream, spans: InMemorySpanExporter, status: int
) -> None:
    service.answer = (status, [("content-type", "application/json")], b"{}")
    before = counted()
    with capture_logs() as lines:
        async with gateway.client("public") as caller:
            for path in (f"responses/{uuid4()}", "receipts/X"):
                answer = await caller.put(
                    f"{gateway.url}/v1/waves/{uuid4()}/{path}",
                    json={},
                    headers={"traceparent": TRACEPARENT, "Survey-Token": "secret-token"},
                )
                assert answer.status_code == status
    assert [seen.header("traceparent") for seen in service.seen] == [[], []]
    assert [seen.header("survey-token") for seen in service.seen] == [["secret-token"]] * 2
    assert spans.get_finished_spans() == ()
    assert lines == []
    assert counted() == before + 2


async def test_what_is_not_private_is_traced(gateway: Gateway, service: Upstream, spans: InMemorySpanExporter) -> None:
    async with gateway.client("operator") as caller:
        await caller.get(f"{gateway.url}/v1/waves", headers={"traceparent": TRACEPARENT})
    assert len(spans.get_finished_spans()) == 1
    (seen,) = service.seen
    assert seen.header("traceparent")[0].startswith(TRACEPARENT[:35])
