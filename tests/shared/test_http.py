"""What every route of every service does: one transaction, problems, limits, repeated POSTs, pages, versions."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st
from pydantic import StrictInt
from sqlalchemy import select, text
from structlog.testing import capture_logs
from tests.shared.conftest import ToyDatabases
from tests.shared.toys import REGION, Thing, posting
from tests.support import eventually

from shared import audit, clock, idempotency
from shared.auth import Principal, allow, require_region
from shared.concurrency import IfMatch, check_version, etag
from shared.db import ReadSession, WriteSession
from shared.ids import new_id
from shared.jobs import ClaimedJob
from shared.outbox import emit
from shared.pagination import Page, PageQuery, decode_cursor, encode_cursor, page_response
from shared.problems import Conflict, NotFound, Unavailable, Unprocessable
from shared.service import Service
from shared.settings import ServiceSettings
from shared.testing import ServiceClient, client_for
from shared.web import Figure, Model, Money, Out, router, set_region

LIMIT = 2048
Writer = Annotated[Principal, allow("finance")]
routes = router(tags=["things"])


class ThingNotPolishable(Conflict):
    """Why a thing cannot be polished."""

    slug, title = "thing-not-polishable", "The thing cannot be polished"


class ThingIn(Model):
    """A thing to add."""

    name: str
    region: str = REGION
    amount: Money | None = None
    count: StrictInt | None = None
    trouble: str | None = None


class ThingOut(Out):
    """A thing."""

    id: UUID
    name: str
    version: int
    made_by: str


class Gate:
    """Holds a request inside its endpoint until the test opens it."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()


async def get_into_trouble(session: WriteSession, trouble: str | None) -> None:
    """Fail after the change was made, in the way that is asked for."""
    if trouble == "conflict":
        raise ThingNotPolishable("Dust it first.", missing=[{"what": "dust", "thing": new_id()}])
    if trouble == "unprocessable":
        raise Unprocessable("No.", errors=[{"pointer": "/name", "detail": "no"}])
    if trouble == "unavailable":
        raise Unavailable("The polisher sleeps.")
    if trouble == "crash":
        raise RuntimeError("secret of the house")
    if trouble == "connection lost":
        raise ConnectionRefusedError(111, "refused")
    if trouble == "deferred":
        await session.execute(text("INSERT INTO note VALUES (:id, :id)"), {"id": new_id()})
    if trouble == "large event":
        emit(session, posting(voucher="x" * 300_000), subject="x", region=REGION)


@routes.post("/things", status_code=201)
async def add_thing(
    request: Request, response: Response, body: ThingIn, session: WriteSession, principal: Writer
) -> ThingOut:
    """Add one."""
    require_region(principal, body.region)
    thing = Thing(id=new_id(), region=body.region, name=body.name, version=1)
    session.add(thing)
    emit(session, posting(), subject=thing.id, region=body.region)
    audit.record(session, "thing.added", noun="thing", noun_id=thing.id, region=body.region)
    if body.trouble == "wait":
        gate: Gate = request.app.state.gate
        gate.entered.set()
        await gate.opened.wait()
    await get_into_trouble(session, body.trouble)
    response.headers["ETag"] = etag(1)
    response.headers["X-Not-Kept"] = "1"
    set_region(response, thing.region)
    return ThingOut(id=thing.id, name=thing.name, version=1, made_by=principal.subject)


@routes.patch("/things/{thing_id}")
async def rename_thing(thing_id: UUID, body: ThingIn, session: WriteSession, if_match: IfMatch, _: Writer) -> int:
    """Rename it."""
    thing = await session.scalar(select(Thing).where(Thing.id == thing_id).with_for_update())
    if thing is None:
        raise NotFound("There is no such thing.")
    check_version(if_match, thing.version)
    thing.name = body.name
    thing.version += 1
    return thing.version


@routes.get("/things", dependencies=[allow("finance", "public")])
async def list_things(
    request: Request, response: Response, session: ReadSession, page: PageQuery, name: str = ""
) -> Page[str]:
    """By name."""
    found = select(Thing.name).where(Thing.name.startswith(name))
    if page.cursor is not None:
        [after] = page.cursor
        found = found.where(Thing.name > after)
    names = list(await session.scalars(found.order_by(Thing.name).limit(page.limit + 1)))
    more = encode_cursor(names[page.limit - 1]) if len(names) > page.limit else None
    return page_response(request, response, names[: page.limit], next_cursor=more)


@routes.post("/length")
async def length(request: Request) -> int:
    """How long the body is."""
    return len(await request.body())


SERVICE = Service("toy", "A toy.", ServiceSettings, [routes])


@pytest.fixture(scope="module")
async def toy(databases: ToyDatabases) -> AsyncIterator[ServiceClient]:
    async with databases.lent() as take:
        url = await take()
        async with client_for(SERVICE, url, max_body_bytes=LIMIT) as client:
            async with client.database.transaction() as session:
                name = await session.scalar(
                    text("SELECT conname FROM pg_constraint WHERE conrelid = 'note'::regclass AND contype = 'f'")
                )
                await session.execute(text(f'ALTER TABLE note ALTER CONSTRAINT "{name}" DEFERRABLE INITIALLY DEFERRED'))
            yield client


@pytest.fixture
def finance(toy: ServiceClient) -> httpx.AsyncClient:
    return toy.as_("finance")


@pytest.fixture
def gate(toy: ServiceClient) -> Iterator[Gate]:
    toy.app.state.gate = gate = Gate()
    yield gate
    gate.opened.set()


async def left_behind(toy: ServiceClient, name: str) -> tuple[int, int, int, int]:
    """Things of a name, and all outbox rows, audit rows and stored answers."""
    statement = text(
        "SELECT (SELECT count(*) FROM thing WHERE name = :name), (SELECT count(*) FROM outbox), "
        "(SELECT count(*) FROM audit), (SELECT count(*) FROM idempotency)"
    )
    async with toy.database.reading() as session:
        row = (await session.execute(statement, {"name": name})).one()
    return (row[0], row[1], row[2], row[3])


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document, which must be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/problems/{slug}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    return document


async def test_write_is_committed_before_the_answer(toy: ServiceClient, finance: httpx.AsyncClient) -> None:
    before = await left_behind(toy, "plain")
    answer = await finance.post("/v1/things", json={"name": "plain"})
    assert answer.status_code == 201
    assert answer.headers["gongping-region"] == REGION
    assert await left_behind(toy, "plain") == (1, before[1] + 1, before[2] + 1, before[3])


@pytest.mark.parametrize(
    "failure",
    [
        ("conflict", 409, "thing-not-polishable"),
        ("unprocessable", 422, "malformed"),
        ("crash", 500, "internal"),
        ("unavailable", 503, "unavailable"),
        ("connection lost", 503, "unavailable"),
        ("deferred", 500, "internal"),  # refused by the commit itself
        ("large event", 413, "event-too-large"),
    ],
)
@pytest.mark.parametrize("key", [None, "a key"])
async def test_failure_leaves_nothing(
    toy: ServiceClient, finance: httpx.AsyncClient, failure: tuple[str, int, str], key: str | None
) -> None:
    """Whatever fails, and be it the commit: the caller is told, and neither effect nor event nor answer stays."""
    trouble, status, slug = failure
    before = await left_behind(toy, trouble)
    headers = {"Idempotency-Key": f"{key} {trouble}"} if key else {}
    with capture_logs() as logs:
        answer = await finance.post("/v1/things", json={"name": trouble, "trouble": trouble}, headers=headers)
    document = problem(answer, status, slug)
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["unhandled error"] * (status == 500)
    assert "secret" not in answer.text
    assert await left_behind(toy, trouble) == before
    if trouble == "conflict":
        assert document["title"] == "The thing cannot be polished"
        assert document["detail"] == "Dust it first."
        assert UUID(document["missing"][0]["thing"]).version == 7
    if status == 503:
        assert answer.headers["retry-after"] == "1"
    if key:
        # The failure was not kept: the same key serves for the repetition that succeeds.
        again = await finance.post("/v1/things", json={"name": trouble}, headers=headers)
        assert again.status_code == 201
        assert "idempotency-replayed" not in again.headers
        async with toy.database.transaction() as session:
            await session.execute(text("DELETE FROM thing WHERE name = :name"), {"name": trouble})


async def test_who_may(toy: ServiceClient) -> None:
    body = {"name": "who may"}
    answer = await toy.anonymous.post("/v1/things", json=body)
    problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    headers = {"Authorization": "Bearer x.y.z", "Idempotency-Key": "who may"}
    problem(await toy.anonymous.post("/v1/things", json=body, headers=headers), 401, "unauthorized")
    problem(await toy.as_("provider").post("/v1/things", json=body), 403, "forbidden")
    abroad = await toy.as_("finance", regions=["CN-22"]).post("/v1/things", json=body)
    assert problem(abroad, 403, "forbidden")["region"] == REGION
    assert (await toy.anonymous.get("/v1/things")).status_code == 200
    assert (await left_behind(toy, "who may"))[0] == 0


async def test_what_is_outside_the_scope_is_not_there(toy: ServiceClient, finance: httpx.AsyncClient) -> None:
    thing = (await finance.post("/v1/things", json={"name": "hidden"})).json()["id"]
    abroad = toy.as_("finance", regions=["CN-22"])
    foreign = await abroad.patch(f"/v1/things/{thing}", json={"name": "found"})
    absent = await abroad.patch(f"/v1/things/{new_id()}", json={"name": "found"})
    assert problem(foreign, 404, "not-found") == problem(absent, 404, "not-found")
    assert (await finance.get("/v1/things", params={"name": "hidden"})).json()["items"] == ["hidden"]
    assert (await abroad.get("/v1/things")).json()["items"] == []


async def test_unknown_paths_and_methods_are_problems_too(finance: httpx.AsyncClient) -> None:
    problem(await finance.get("/v1/nothing"), 404, "not-found")
    answer = await finance.delete("/v1/things")
    problem(answer, 405, "http-405")
    assert set(answer.headers["allow"].split(", ")) <= {"GET", "POST"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "x", "colour": "red"}, "/colour"),
        ({"name": "x", "a/b~c": 1}, "/a~1b~0c"),
        ({}, "/name"),
        ([], "/"),
        ({"name": 1}, "/name"),
        ({"name": "x", "count": "1"}, "/count"),
        ({"name": "x", "count": True}, "/count"),
        ({"name": "x", "count": 1.5}, "/count"),
        ({"name": "x", "amount": 1.1}, "/amount"),
        ({"name": "x", "amount": False}, "/amount"),
        ({"name": "x", "amount": "1.001"}, "/amount"),
        ({"name": "x", "amount": "NaN"}, "/amount"),
        ({"name": "x", "amount": "Infinity"}, "/amount"),
        ({"name": "x", "amount": "12345678901234567.00"}, "/amount"),
    ],
)
async def test_malformed_body_is_pointed_at(finance: httpx.AsyncClient, body: object, pointer: str) -> None:
    document = problem(await finance.post("/v1/things", json=body), 422, "malformed")
    assert [error["pointer"] for error in document["errors"]] == [pointer]
    assert document["errors"][0]["detail"] in document["detail"]


@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        (b"", 422, "malformed"),
        (b"{", 422, "malformed"),
        (b'{"name": "\\ud800"}', 422, "malformed"),
        (b'{"name": "a\\u0000b"}', 422, "malformed"),
        (b"\xff", 422, "malformed"),
        (b"[" * 2000, 422, "malformed"),
    ],
)
async def test_what_is_no_json_or_no_text_is_refused(
    finance: httpx.AsyncClient, content: bytes, status: int, slug: str
) -> None:
    answer = await finance.post("/v1/things", content=content, headers={"Content-Type": "application/json"})
    problem(answer, status, slug)


async def test_malformed_parameters_are_named(finance: httpx.AsyncClient) -> None:
    answer = await finance.get("/v1/things", params={"limit": 201})
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "query:limit"
    answer = await finance.patch("/v1/things/7", json={"name": "x"})
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "path:thing_id"


async def pieces(size: int, of: int = 512) -> AsyncIterator[bytes]:
    """A body that is sent in pieces, without a word about its length."""
    for start in range(0, size, of):
        yield b"x" * min(of, size - start)


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1, LIMIT * 3])
@pytest.mark.parametrize("announced", [True, False])
async def test_body_over_the_limit_is_refused(finance: httpx.AsyncClient, size: int, announced: bool) -> None:
    request = finance.build_request("POST", "/v1/length", content=b"x" * size if announced else pieces(size))
    assert ("content-length" in request.headers) is announced
    answer = await finance.send(request)
    if size <= LIMIT:
        assert answer.json() == size
    else:
        assert str(LIMIT) in problem(answer, 413, "too-large")["detail"]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "large"}])
async def test_long_body_is_not_stored(toy: ServiceClient, finance: httpx.AsyncClient, headers: dict[str, str]) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'{"name": "long", "trouble": "'
        async for piece in pieces(LIMIT):
            yield piece
        yield b'"}'

    before = await left_behind(toy, "long")
    sent = await finance.post("/v1/things", content=body(), headers={"Content-Type": "application/json"} | headers)
    problem(sent, 413, "too-large")
    assert await left_behind(toy, "long") == before


async def test_understated_length_does_not_help(finance: httpx.AsyncClient) -> None:
    request = finance.build_request("POST", "/v1/length", content=pieces(LIMIT + 1), headers={"Content-Length": "1"})
    problem(await finance.send(request), 413, "too-large")


async def test_repeated_post_gets_the_same_answer(toy: ServiceClient, finance: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "same", "Content-Type": "application/json"}
    body = json.dumps({"name": "same 同"}, ensure_ascii=False).encode()
    before = await left_behind(toy, "same 同")
    first = await finance.post("/v1/things", content=body, headers=headers)
    assert first.status_code == 201
    after = await left_behind(toy, "same 同")
    assert after == (1, before[1] + 1, before[2] + 1, before[3] + 1)
    for _ in range(2):
        again = await finance.post("/v1/things", content=body, headers=headers)
        assert again.status_code == 201
        assert again.content == first.content
        for name in ("content-type", "content-length", "etag", "gongping-region"):
            assert again.headers[name] == first.headers[name]
        assert again.headers["idempotency-replayed"] == "true"
        assert "x-not-kept" not in again.headers
    assert await left_behind(toy, "same 同") == after
    assert "idempotency-replayed" not in first.headers


async def test_key_for_another_body_is_refused(toy: ServiceClient, finance: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "other body"}
    await finance.post("/v1/things", json={"name": "one body"}, headers=headers)
    answer = await finance.post("/v1/things", json={"name": "another body"}, headers=headers)
    problem(answer, 422, "idempotency-mismatch")
    assert (await left_behind(toy, "another body"))[0] == 0


async def test_key_belongs_to_client_and_path(toy: ServiceClient, finance: httpx.AsyncClient) -> None:
    headers, body = {"Idempotency-Key": "shared by chance"}, {"name": "by chance"}
    mine = await finance.post("/v1/things", json=body, headers=headers)
    yours = await toy.as_("finance", subject="another client").post("/v1/things", json=body, headers=headers)
    assert yours.status_code == 201
    assert yours.json()["made_by"] == "another client"
    assert yours.json()["id"] != mine.json()["id"]
    elsewhere = await finance.post("/v1/things?twice=1", json=body, headers=headers)
    assert elsewhere.json()["id"] not in (mine.json()["id"], yours.json()["id"])
    assert (await left_behind(toy, "by chance"))[0] == 3


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_malformed_key_is_refused(toy: ServiceClient, finance: httpx.AsyncClient, key: str) -> None:
    answer = await finance.post("/v1/things", json={"name": "keyless"}, headers={"Idempotency-Key": key})
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "header:idempotency-key"
    assert (await left_behind(toy, "keyless"))[0] == 0


async def test_second_request_does_not_wait_for_the_first(
    toy: ServiceClient, finance: httpx.AsyncClient, gate: Gate
) -> None:
    headers, body = {"Idempotency-Key": "in progress"}, {"name": "in progress", "trouble": "wait"}
    first = asyncio.create_task(finance.post("/v1/things", json=body, headers=headers))
    await asyncio.wait_for(gate.entered.wait(), 10)
    problem(await finance.post("/v1/things", json=body, headers=headers), 409, "idempotency-in-progress")
    # Another client, or another key, is not in its way.
    other = await finance.post("/v1/things", json={"name": "beside"}, headers={"Idempotency-Key": "beside"})
    assert other.status_code == 201
    gate.opened.set()
    made = await first
    assert made.status_code == 201
    assert (await finance.post("/v1/things", json=body, headers=headers)).content == made.content
    assert (await left_behind(toy, "in progress"))[0] == 1


async def test_key_of_a_request_that_was_broken_off_is_free(
    toy: ServiceClient, finance: httpx.AsyncClient, gate: Gate
) -> None:
    headers, body = {"Idempotency-Key": "broken off"}, {"name": "broken off", "trouble": "wait"}
    first = asyncio.create_task(finance.post("/v1/things", json=body, headers=headers))
    await asyncio.wait_for(gate.entered.wait(), 10)
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first
    gate.opened.set()

    async def repeated() -> bool:
        return (await finance.post("/v1/things", json=body, headers=headers)).status_code == 201

    await eventually(repeated)
    assert (await left_behind(toy, "broken off"))[0] == 1


async def test_many_at_once_with_one_key_make_one(toy: ServiceClient, finance: httpx.AsyncClient) -> None:
    headers, body = {"Idempotency-Key": "at once"}, {"name": "at once"}
    answers = await asyncio.gather(*(finance.post("/v1/things", json=body, headers=headers) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert (await left_behind(toy, "at once"))[0] == 1


async def test_answers_are_forgotten_after_their_time(toy: ServiceClient, finance: httpx.AsyncClient) -> None:
    await finance.post("/v1/things", json={"name": "kept"}, headers={"Idempotency-Key": "kept"})
    job = idempotency.purge_job(24)
    with clock.frozen(clock.now()):
        for hours, left in ((23, True), (2, False)):
            with clock.frozen(clock.now()):
                async with toy.database.transaction() as session:
                    await session.execute(
                        text("UPDATE idempotency SET created_at = created_at - make_interval(hours => :hours)"),
                        {"hours": hours},
                    )
                    await job.run(session, ClaimedJob(new_id(), job.kind, "recurring", {}, None, 0))
                    stored = await session.scalar(text("SELECT count(*) FROM idempotency WHERE key = 'kept'"))
            assert bool(stored) is left


async def test_pages_follow_each_other(finance: httpx.AsyncClient) -> None:
    names = [f"page {number}" for number in range(5)]
    for name in reversed(names):
        await finance.post("/v1/things", json={"name": name})
    url: str | None = "/v1/things?name=page%20&limit=2"
    seen: list[list[str]] = []
    while url is not None:
        answer = await finance.get(url)
        page = answer.json()
        seen.append(page["items"])
        link = answer.headers.get("link")
        assert (link is None) is (page["next"] is None)
        url = None
        if link is not None:
            assert link.endswith('>; rel="next"')
            url = link.removeprefix("<").split(">")[0]
            assert httpx.URL(url).params["cursor"] == page["next"]
            assert httpx.URL(url).params["limit"] == "2"
    assert seen == [names[:2], names[2:4], names[4:]]


@pytest.mark.parametrize("cursor", ["%", "x", "e30", encode_cursor("a")[:-1] + "!", "bnVsbA", "é", "_____w"])
async def test_foreign_cursor_is_refused(finance: httpx.AsyncClient, cursor: str) -> None:
    document = problem(await finance.get("/v1/things", params={"cursor": cursor}), 422, "malformed")
    assert document["errors"][0]["pointer"] == "query:cursor"


@given(st.lists(st.none() | st.integers(-(2**63), 2**63) | st.text(), max_size=4))
def test_cursor_gives_its_key_back(key: list[Any]) -> None:
    cursor = encode_cursor(*key)
    assert decode_cursor(cursor) == key
    assert cursor.isascii()
    assert set(cursor).isdisjoint("=+/&?<>")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 200),
        ("*", 200),
        ('"1"', 200),
        ('W/"1"', 200),
        (" 1 ", 200),
        ('"2"', 412),
        ('"0"', 412),
        ('"x"', 422),
        ('""', 422),
        ('"-1"', 422),
        ('"1", "2"', 422),
        ('"' + "1" * 19 + '"', 422),
    ],
)
async def test_change_names_the_version_it_is_based_on(
    finance: httpx.AsyncClient, header: str | None, status: int
) -> None:
    thing = (await finance.post("/v1/things", json={"name": "versioned"})).json()["id"]
    headers = {} if header is None else {"If-Match": header}
    answer = await finance.patch(f"/v1/things/{thing}", json={"name": "versioned"}, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json() == 2
    elif status == 412:
        assert problem(answer, 412, "stale-version")["version"] == 1
    else:
        assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "header:if-match"


def test_decimals_are_strings() -> None:
    class Sums(Out):
        money: Money
        figure: Figure

    sums = Sums.model_validate({"money": "120000", "figure": "1E+3"})
    assert sums.model_dump_json() == '{"money":"120000.00","figure":"1000"}'
    assert Sums.model_validate({"money": 7, "figure": "0.10"}).model_dump_json() == '{"money":"7.00","figure":"0.1"}'


async def test_document_names_the_problems(toy: ServiceClient) -> None:
    assert isinstance(toy.app, FastAPI)
    operation = toy.app.openapi()["paths"]["/v1/things"]["post"]
    assert {"201", "4XX", "5XX"} <= set(operation["responses"])
    assert "application/problem+json" in operation["responses"]["4XX"]["content"]
