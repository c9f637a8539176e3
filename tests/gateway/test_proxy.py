"""The pass-through before a real service on loopback."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from tests.gateway.tools import Gateway, Upstream, run_gateway, serve

from contracts.app import service as contracts_service
from contracts.contracts.imported import ImportedContract
from contracts.contracts.service import record_imported_contract
from contracts.organisations.imported import ImportedOrganisation
from contracts.organisations.service import record_imported_organisation
from gongping_local.pytest_servers import Servers
from shared.testing import client_for, new_database

LIMIT = 20_000


@pytest.fixture(scope="module")
async def service() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    async with serve(upstream, lifespan="off") as url:
        upstream.url = url
        yield upstream


@pytest.fixture(scope="module")
async def shared_gateway(module_database_url: str, service: Upstream, nobody_listens: str) -> AsyncIterator[Gateway]:
    async with run_gateway(
        module_database_url,
        contracts_url=service.url,
        surveys_url=nobody_listens,
        scoring_url=service.url,
        max_proxied_body_bytes=LIMIT,
        upstream_answer_seconds=2,
        upload_idle_seconds=0.5,
    ) as running:
        yield running


@pytest.fixture
def gateway(shared_gateway: Gateway, service: Upstream) -> Gateway:
    service.reset()
    return shared_gateway


async def read_all(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def test_method_path_query_and_body_arrive_as_they_were_sent(gateway: Gateway, service: Upstream) -> None:
    target = "/v1/contracts/a%2Fb%20c/x;y?b=2&a=1&a=%E5%B8%82&empty=&flag"
    async with gateway.client("purchaser") as caller:
        answer = await caller.post(httpx.URL(gateway.url + target), content=b"\x00\xffbody")
    assert answer.status_code == 200
    assert answer.json() == {"ok": True}
    (seen,) = service.seen
    assert (seen.method, seen.target, seen.body) == ("POST", target, b"\x00\xffbody")
    assert seen.header("content-length") == ["6"]
    assert seen.header("transfer-encoding") == []


async def test_the_service_learns_where_a_request_came_from_and_nothing_that_was_spoofed(
    gateway: Gateway, service: Upstream
) -> None:
    spoofed = {
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Proto": "https",
        "Forwarded": "for=1.2.3.4",
        "X-Real-Ip": "1.2.3.4",
        "Gongping-Region": "CN-44",
        "X-Gongping-Roles": "operator",
        "Connection": "X-Hop, keep-alive",
        "X-Hop": "1",
        "TE": "trailers",
        "X-Kept": "yes",
    }
    async with gateway.client("purchaser", headers=spoofed) as caller:
        await caller.get("/v1/contracts")
    (seen,) = service.seen
    names = [name for name, _ in seen.headers]
    assert seen.header("host") == [service.url.removeprefix("http://")]
    assert seen.header("x-forwarded-for") == ["127.0.0.1"]
    assert seen.header("x-forwarded-proto") == ["http"]
    assert seen.header("x-forwarded-host") == [gateway.url.removeprefix("http://")]
    assert seen.header("x-kept") == ["yes"]
    assert seen.header("authorization")[0].startswith("Bearer ")
    for name in ("forwarded", "x-real-ip", "gongping-region", "x-gongping-roles", "x-hop", "te"):
        assert name not in names


async def test_nothing_is_added_that_the_caller_did_not_send(gateway: Gateway, service: Upstream) -> None:
    reader, writer = await asyncio.open_connection(*gateway.url.removeprefix("http://").split(":"))
    writer.write(b"GET /v1/regions HTTP/1.1\r\nHost: gongping.example\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()
    (seen,) = service.seen
    assert sorted(name for name, _ in seen.headers) == [
        "host",
        "traceparent",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
    ]
    assert seen.header("x-forwarded-host") == ["gongping.example"]


async def test_a_body_streams_towards_the_service(gateway: Gateway, service: Upstream) -> None:
    first_arrived, second_may_go = asyncio.Event(), asyncio.Event()
    pieces: list[bytes] = []

    async def handler(_: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            message = await receive()
            if message["body"]:
                pieces.append(message["body"])
                first_arrived.set()
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body"})

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        await first_arrived.wait()  # would wait for ever if the gateway kept the body until its end
        assert pieces == [b"first"]
        second_may_go.set()
        yield b"second"

    service.handler = handler
    async with gateway.client("purchaser") as caller:
        answer = await caller.post("/v1/contracts", content=body())
    assert answer.status_code == 201
    assert b"".join(pieces) == b"firstsecond"
    assert second_may_go.is_set()
    assert service.seen[0].header("transfer-encoding") == ["chunked"]


async def test_an_answer_streams_towards_the_caller(gateway: Gateway, service: Upstream) -> None:
    first_read = asyncio.Event()

    async def handler(_: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await first_read.wait()
        await send({"type": "http.response.body", "body": b"second"})

    service.handler = handler
    async with gateway.client("purchaser") as caller, caller.stream("GET", "/v1/contracts") as answer:
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"first"
        first_read.set()
        assert b"".join([piece async for piece in pieces]) == b"second"


async def test_a_large_answer_arrives_whole(gateway: Gateway, service: Upstream) -> None:
    body = bytes(range(256)) * 20_000
    service.answer = (200, [("content-length", str(len(body)))], body)
    async with gateway.client("purchaser") as caller:
        answer = await caller.get("/v1/contracts")
    assert answer.content == body
    assert answer.headers["content-length"] == str(len(body))


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused(gateway: Gateway, service: Upstream, announced: bool) -> None:
    completed = asyncio.Event()

    async def handler(_: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            if not message["more_body"]:
                completed.set()
                return

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(LIMIT // 1000 + 1):
            yield b"x" * 1000

    service.handler = handler
    async with gateway.client("purchaser") as caller:
        answer = await caller.post("/v1/contracts", content=b"x" * (LIMIT + 1) if announced else pieces())
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/too-large"
    assert answer.headers["connection"] == "close"
    assert not completed.is_set()


async def test_a_body_of_exactly_the_limit_passes(gateway: Gateway, service: Upstream) -> None:
    async with gateway.client("purchaser") as caller:
        answer = await caller.post("/v1/contracts", content=b"x" * LIMIT)
    assert answer.status_code == 200
    assert len(service.seen[0].body) == LIMIT


async def test_a_body_that_stops_arriving_is_given_up(gateway: Gateway, service: Upstream) -> None:
    reader, writer = await asyncio.open_connection(*gateway.url.removeprefix("http://").split(":"))
    writer.write(b"POST /v1/contracts HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\nhalf")
    assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()
    assert service.seen == [] or service.seen[0].body in (b"", b"half")


async def test_a_service_that_is_down_is_named(gateway: Gateway) -> None:
    async with gateway.client("purchaser") as caller:
        answer = await caller.post("/v1/waves", json={})
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]
    problem = answer.json()
    assert problem["type"] == "/problems/service-down"
    assert problem["service"] == "surveys"


async def test_a_service_that_is_slow_ends_at_the_deadline(gateway: Gateway, service: Upstream) -> None:
    cancelled = asyncio.Event()

    async def handler(_: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        cancelled.set()

    service.handler = handler
    async with gateway.client("purchaser") as caller:
        answer = await caller.get("/v1/contracts")
    assert answer.status_code == 504
    assert answer.json()["type"] == "/problems/gateway-timeout"
    await asyncio.wait_for(cancelled.wait(), 10)


@pytest.mark.parametrize("framing", [b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_an_answer_that_breaks_off_is_not_taken_for_whole(module_database_url: str, framing: bytes) -> None:
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        piece = b"4\r\nhalf\r\n" if b"chunked" in framing else b"half"
        writer.write(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n" + piece)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(broken, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with (
        server,
        run_gateway(module_database_url, contracts_url=url) as gateway,
        gateway.client("auditor") as caller,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            await caller.get("/v1/contracts")


async def test_a_service_that_hangs_up_before_answering_is_a_bad_gateway(module_database_url: str) -> None:
    connections = 0

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with (
        server,
        run_gateway(module_database_url, contracts_url=url) as gateway,
        gateway.client("auditor") as caller,
    ):
        answer = await caller.post("/v1/contracts", json={})
    assert answer.status_code == 502
    assert answer.json()["type"] == "/problems/bad-gateway"
    assert connections == 1  # a POST is never sent a second time behind the caller's back


async def test_compressed_answers_pass_untouched(gateway: Gateway, service: Upstream) -> None:
    packed = gzip.compress(b"x" * 1000)
    service.answer = (200, [("content-encoding", "gzip"), ("content-length", str(len(packed)))], packed)
    async with gateway.client("auditor") as caller, caller.stream("GET", "/v1/contracts") as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert b"".join([piece async for piece in answer.aiter_raw()]) == packed
    assert service.seen[0].header("accept-encoding") == [caller.headers["accept-encoding"]]


async def test_connections_to_the_service_are_kept(gateway: Gateway, service: Upstream) -> None:
    async with gateway.client("auditor") as caller:
        for number in range(20):
            await caller.request(
                ("GET", "POST", "HEAD")[number % 3], "/v1/contracts", content=b"x" if number % 3 == 1 else None
            )
    assert len({seen.client for seen in service.seen}) == 1


async def test_head_keeps_the_length_and_has_no_body(gateway: Gateway, service: Upstream) -> None:
    service.answer = (200, [("content-length", "1234"), ("etag", '"7"')], b"")
    async with gateway.client("auditor") as caller:
        answer = await caller.head("/v1/contracts/1")
    assert answer.status_code == 200
    assert answer.headers["content-length"] == "1234"
    assert answer.headers["etag"] == '"7"'
    assert answer.content == b""


@pytest.mark.parametrize("status", [204, 304])
async def test_answers_without_a_body_keep_the_connection_usable(
    gateway: Gateway, service: Upstream, status: int
) -> None:
    service.answer = (status, [("etag", '"7"')], b"")
    async with gateway.client("auditor") as caller:
        for _ in range(2):
            answer = await caller.get("/v1/contracts/1")
            assert answer.status_code == status
            assert answer.headers["etag"] == '"7"'
            assert "transfer-encoding" not in answer.headers
    assert len({seen.client for seen in service.seen}) == 1


async def test_a_304_with_a_length_is_no_error(module_database_url: str) -> None:
    async def not_modified(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\nETag: "7"\r\n\r\n')
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(not_modified, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with (
        server,
        run_gateway(module_database_url, contracts_url=url) as gateway,
        gateway.client("auditor") as caller,
    ):
        answer = await caller.get("/v1/contracts/1")
    assert (answer.status_code, answer.headers["etag"]) == (304, '"7"')


async def test_a_caller_that_goes_away_cancels_the_service(module_database_url: str, service: Upstream) -> None:
    arrived, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(_: Scope, receive: Receive, send: Send) -> None:
        await read_all(receive)
        arrived.set()
        await receive()
        cancelled.set()

    service.reset()
    service.handler = handler
    async with run_gateway(module_database_url, contracts_url=service.url) as gateway:
        _, writer = await asyncio.open_connection(*gateway.url.removeprefix("http://").split(":"))
        writer.write(b"POST /v1/contracts HTTP/1.1\r\nHost: g\r\nContent-Length: 4\r\n\r\nbody")
        await arrived.wait()
        writer.close()
        await asyncio.wait_for(cancelled.wait(), 10)  # the service's own deadline is 30 s


async def test_a_caller_that_goes_away_in_the_middle_of_its_body_cancels_the_service(
    module_database_url: str, service: Upstream
) -> None:
    arrived, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(_: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            assert message["more_body"]
            arrived.set()
        cancelled.set()

    service.reset()
    service.handler = handler
    async with run_gateway(module_database_url, contracts_url=service.url) as gateway:
        _, writer = await asyncio.open_connection(*gateway.url.removeprefix("http://").split(":"))
        writer.write(b"POST /v1/contracts HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n")
        await writer.drain()
        while not arrived.is_set():
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()
        await asyncio.wait_for(cancelled.wait(), 10)


async def test_locations_and_cookies_do_not_leak(gateway: Gateway, service: Upstream) -> None:
    service.answer = (307, [("location", f"{service.url}/v1/contracts/7"), ("set-cookie", "a=1; Path=/")], b"")
    async with gateway.client("auditor") as caller:
        answer = await caller.get("/v1/contracts/")
        assert answer.status_code == 307
        assert answer.headers["location"] == "/v1/contracts/7"
    async with gateway.client("auditor") as another:
        await another.get("/v1/contracts")
    assert service.seen[-1].header("cookie") == []


async def test_many_callers_get_their_own_answers(gateway: Gateway, service: Upstream) -> None:
    async def echo(_: Scope, receive: Receive, send: Send) -> None:
        body = await read_all(receive)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    service.handler = echo
    async with gateway.client("auditor") as caller:
        answers = await asyncio.gather(
            *(caller.post("/v1/contracts", content=f"{number} ".encode() * (1 + number * 10)) for number in range(150))
        )
    for number, answer in enumerate(answers):
        assert answer.content == f"{number} ".encode() * (1 + number * 10)


@pytest.mark.parametrize("path", ["/v1/contracts/../clients", "/v1/contracts/%2e%2e/clients"])
async def test_a_path_that_climbs_is_refused(gateway: Gateway, service: Upstream, path: str) -> None:
    reader, writer = await asyncio.open_connection(*gateway.url.removeprefix("http://").split(":"))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n".encode())
    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()
    assert service.seen == []


async def test_a_method_no_service_has_is_refused(gateway: Gateway, service: Upstream) -> None:
    async with gateway.client("auditor") as caller:
        answer = await caller.request("TRACE", "/v1/contracts")
    assert answer.status_code == 405
    assert service.seen == []


TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("sent", "continued"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", True),
        (f"00-{TRACE}-b7ad6b7169203331-00", True),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", False),
        ("nonsense", False),
        (None, False),
    ],
)
async def test_a_trace_is_continued_or_begun(
    gateway: Gateway, service: Upstream, sent: str | None, continued: bool
) -> None:
    async with gateway.client("auditor", headers={"traceparent": sent} if sent else {}) as caller:
        await caller.get("/v1/contracts")
    (value,) = service.seen[0].header("traceparent")
    version, trace_id, span_id, flags = value.split("-")
    assert version == "00"
    assert (trace_id == TRACE) is continued
    assert span_id != "b7ad6b7169203331"
    assert int(trace_id, 16)
    assert int(span_id, 16)
    # Bit 0 says that it is recorded; bit 1, which says that the id is random, depends on who made the id.
    assert int(flags, 16) & 1 == (int(sent[-2:], 16) & 1 if continued and sent else 1)


async def test_requests_are_counted_by_prefix_never_by_id(gateway: Gateway) -> None:
    async with gateway.client("auditor") as caller:
        await caller.get("/v1/contracts/0199a5e2-7c1b-7000-8000-000000000001")
        text = (await caller.get("/metrics")).text
    assert 'http_route="/v1/contracts/{path}"' in text
    assert "0199a5e2" not in text


async def test_a_mark_is_taken_back_through_the_gateway(
    database_url: str, servers: Servers, nobody_listens: str
) -> None:
    """DELETE of a contract's mark as not evaluable, before the real service: method, If-Match, ETag and region pass."""
    async with (
        new_database(servers.postgres_url, "contracts") as url,
        client_for(contracts_service, url) as inside,
        serve(inside.app, lifespan="off") as address,
        run_gateway(
            database_url, contracts_url=address, surveys_url=nobody_listens, scoring_url=nobody_listens
        ) as running,
    ):
        async with inside.database.transaction() as session:
            party = ImportedOrganisation(source="t", external_id="1", name="某局（模拟）", roles=("purchaser",))
            past = ImportedContract(
                source="t",
                external_id="1",
                content_hash="a" * 64,
                region="CN-230102",
                title="居家养老服务（模拟）",
                state="completed",
                purchaser_id=await record_imported_organisation(session, party),
                simulated=True,
            )
            recorded = await record_imported_contract(session, past)
        path = f"/v1/contracts/{recorded.contract_id}/not-evaluable"
        async with running.client("purchaser", regions=["CN-23"]) as caller:
            closed = await caller.post(path, json={"reason": "档案不全（模拟）"})
            assert closed.status_code == 200, closed.text
            assert closed.json()["not_evaluable"] == "档案不全（模拟）"
            stale = await caller.delete(path, headers={"If-Match": '"1"'})
            assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-version")
            opened = await caller.delete(path, headers={"If-Match": closed.headers["etag"]})
            assert opened.status_code == 200, opened.text
            assert opened.json()["not_evaluable"] is None
        async with running.client("provider", regions=["CN-23"]) as caller:
            assert (await caller.delete(path)).status_code == 403
        async with running.client("purchaser", regions=["CN-31"]) as caller:
            assert (await caller.delete(path)).status_code == 404
