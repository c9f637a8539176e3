"""Requests that leave counts only: no span, no log line, and of an error its kind alone."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from shared import telemetry
from shared.telemetry import Telemetry

SECRET = "what somebody answered"


async def answering(request: Request) -> Response:
    what = request.path_params["what"]
    if what == "broken":
        raise RuntimeError(SECRET)
    if what == "away":
        raise ConnectionRefusedError("no database")
    if what == "breaks-off":

        async def pieces() -> AsyncIterator[bytes]:
            yield b"a"
            raise RuntimeError(SECRET)

        return StreamingResponse(pieces())
    return PlainTextResponse("", int(what))


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Route("/v1/waves/w/responses/{what}", answering)])
    transport = httpx.ASGITransport(app=Telemetry(app.router))
    async with httpx.AsyncClient(transport=transport, base_url="http://test/v1/waves/w/responses") as client:
        yield client


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exported = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    before = telemetry.tracer
    telemetry.tracer = provider.get_tracer("test")
    yield exported
    telemetry.tracer = before


def counted(status: int) -> float:
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "http_server_request_duration_seconds_count"
        and sample.labels["http_response_status_code"] == str(status)
    )


@pytest.mark.parametrize(("what", "status"), [("201", 201), ("409", 409), ("503", 503), ("away", 503), ("broken", 500)])
async def test_counted_and_nothing_else(
    client: httpx.AsyncClient, spans: InMemorySpanExporter, what: str, status: int
) -> None:
    before = counted(status)
    with capture_logs() as lines:
        answer = await client.get(f"/{what}", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    assert answer.status_code == status
    assert counted(status) == before + 1
    assert spans.get_finished_spans() == ()
    assert SECRET not in answer.text + str(lines)
    kinds = [{"event": "unhandled error", "kind": "RuntimeError", "log_level": "error"}] if what == "broken" else []
    assert lines == kinds
    if what in ("broken", "away"):
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_answer_that_breaks_off_says_nothing_to_the_server(client: httpx.AsyncClient) -> None:
    with pytest.raises(RuntimeError, match="the answer broke off") as caught:
        await client.get("/breaks-off")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
