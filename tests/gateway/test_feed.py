"""Score changes: stored in order, streamed live, resumed exactly."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from tests.gateway.tools import Gateway, run_gateway
from tests.support import eventually

from gateway.clients.revocation import FOREVER
from gateway.feed.handlers import SUBSCRIPTION
from gateway.feed.hub import Hub
from gateway.feed.queries import changes_after
from gateway.feed.service import begin_anew, compact
from shared import clock
from shared.auth import SYSTEM, Principal
from shared.bus import Delivery
from shared.db import Database
from shared.events import (
    AppealDecided,
    DeterminationActed,
    DeterminationIssued,
    EventData,
    ScoreStanding,
    ScoreUpdated,
)
from shared.ids import new_id
from shared.inbox import apply, read, take
from shared.testing import deliver, delivery, token

HARBIN, CANTON = "CN-230102", "CN-440100"


def updated(
    contract: UUID, version: int, *, region: str = HARBIN, framework: str = "cn-self-evaluation"
) -> ScoreUpdated:
    return ScoreUpdated(
        contract_id=contract,
        framework_id=framework,
        framework_version="1",
        framework_hash="0" * 64,
        version=version,
        region=region,
        simulated=True,
        stage="interim",
        score=f"{version}.000000",
        lower="0.000000",
        upper="100.000000",
        grade="poor",
        grade_lower="poor",
        grade_upper="excellent",
        coverage="0.100000",
        content_hash="1" * 64,
        chain_hash="2" * 64,
        recorded_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def acted(contract: UUID, kind: str, *, region: str = HARBIN) -> DeterminationActed:
    return DeterminationActed(
        act_id=new_id(),
        determination_id=new_id(),
        contract_id=contract,
        region=region,
        simulated=True,
        kind=kind,
        acted_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def told_of(contract: UUID) -> list[EventData]:
    """What is done about one score, in its order; simulated."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    determination = new_id()
    common = {"contract_id": contract, "region": HARBIN, "simulated": True}
    return [
        DeterminationIssued(
            **common,
            determination_id=determination,
            framework_id="cn-self-evaluation",
            framework_version="1",
            framework_hash="0" * 64,
            stage="completion",
            score="71.500000",
            grade="fair",
            content_hash="1" * 64,
            evidence_cutoff=at,
            document_number="simulated 1",
            signed_by="officer-7",
            issued_at=at,
        ),
        acted(contract, "service"),
        acted(contract, "publication"),
        acted(contract, "a kind of a later release"),
        AppealDecided(
            **common,
            appeal_id=new_id(),
            version=2,
            against="determination",
            against_id=determination,
            side="provider",
            state="decided",
            suspends=False,
            filed_at=at,
            decide_by=at.date(),
            outcome="upheld",
            recorded_at=at,
        ),
        ScoreStanding(
            **common, framework_id="cn-self-evaluation", version=3, live=False, recorded_at=at + timedelta(days=1)
        ),
    ]


class Source:
    """Numbers deliveries as the scoring service's relay does."""

    def __init__(self) -> None:
        self.seq = 0

    def event(self, data: EventData) -> Delivery:
        self.seq += 1
        contract, region = data.contract_id, data.region  # type: ignore[attr-defined]
        return delivery(data, subject=contract, region=region, seq=self.seq)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    # A poll so slow that only the wake-up after a commit can explain what arrives.
    async with run_gateway(database_url, feed_poll_seconds=600, feed_memory=5) as running:
        yield running


@dataclass
class Event:
    id: str
    name: str
    data: dict[str, object]


class Stream:
    """Reads server-sent events as a browser does."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.last_id = ""

    async def next(self, *, comments: bool = False) -> Event:
        name, data = "message", []
        async for line in self._lines:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif not line and data:
                return Event(self.last_id, name, json.loads("\n".join(data)))
            elif line.startswith(":") and comments:
                return Event(self.last_id, "comment", {})
        raise EOFError

    async def versions(self, count: int) -> list[object]:
        return [(await self.next()).data["version"] for _ in range(count)]


@asynccontextmanager
async def listening(caller: httpx.AsyncClient, *, last: str | None = None, query: str = "") -> AsyncIterator[Stream]:
    headers = {"Last-Event-ID": last} if last is not None else {}
    async with caller.stream("GET", f"/v1/streams/scores{query}", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        stream = Stream(answer.aiter_lines())
        await stream.next(comments=True)  # open: what is stored from now on will be seen
        yield stream


async def stored(database: Database) -> list[tuple[int, int]]:
    async with database.reading() as session:
        rows = await session.execute(text("SELECT position, version FROM score_change ORDER BY position"))
        return [(row.position, row.version) for row in rows]


async def test_a_change_reaches_an_open_stream_by_its_commit(gateway: Gateway, source: Source) -> None:
    contract = new_id()
    async with gateway.client("auditor") as caller, listening(caller) as stream:
        await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 1))])
        event = await stream.next()
    assert event.name == "score.updated"
    assert event.data == json.loads(updated(contract, 1).model_dump_json())
    assert event.id == str((await stored(gateway.database))[0][0])


async def test_a_stream_without_an_id_begins_now(gateway: Gateway, source: Source) -> None:
    contract = new_id()
    await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 1))])
    async with gateway.client("auditor") as caller, listening(caller) as stream:
        await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 2))])
        assert await stream.versions(1) == [2]


@pytest.mark.parametrize("missed", [1, 4, 30])
async def test_a_stream_resumes_exactly_where_it_broke_off(gateway: Gateway, source: Source, missed: int) -> None:
    contract = new_id()
    async with gateway.client("auditor") as caller:
        async with listening(caller) as stream:
            await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, n)) for n in (1, 2, 3)])
            assert await stream.versions(2) == [1, 2]
        last = 3 + missed
        for version in range(4, last + 1):
            await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, version))])
        async with listening(caller, last=stream.last_id) as again:
            assert await again.versions(last - 2) == list(range(3, last + 1))
            await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, last + 1))])
            assert await again.versions(1) == [last + 1]


async def test_an_id_is_known_before_the_first_change(gateway: Gateway, source: Source) -> None:
    contract = new_id()
    await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 1))])
    async with gateway.client("auditor") as caller:
        async with listening(caller) as stream:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stream.next(comments=True), 0.05)
        assert stream.last_id
        await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 2))])
        async with listening(caller, last=stream.last_id) as again:
            assert await again.versions(1) == [2]


async def test_a_listener_gets_its_own_regions_only(gateway: Gateway, source: Source) -> None:
    north, south = new_id(), new_id()
    async with (
        gateway.client("auditor", regions=["CN-23"]) as northern,
        gateway.client("auditor", regions=["CN"]) as national,
        listening(northern) as own,
        listening(national, query="?region=CN-44") as narrowed,
        listening(national, last="0") as everything,
    ):
        events = [
            source.event(updated(south, 1, region=CANTON)),
            source.event(updated(north, 2)),
            source.event(updated(south, 3, region=CANTON)),
            source.event(updated(north, 4)),
        ]
        await deliver(gateway.database, SUBSCRIPTION, events)
        assert await own.versions(2) == [2, 4]
        assert await narrowed.versions(2) == [1, 3]
        assert await everything.versions(4) == [1, 2, 3, 4]
        async with listening(northern, last="0") as again:
            assert await again.versions(2) == [2, 4]


async def test_an_old_version_is_never_streamed(gateway: Gateway, source: Source) -> None:
    contract = new_id()
    first, second = source.event(updated(contract, 1)), source.event(updated(contract, 2))
    await deliver(gateway.database, SUBSCRIPTION, [second])
    await deliver(gateway.database, SUBSCRIPTION, [first])
    await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 2))])
    assert [version for _, version in await stored(gateway.database)] == [2]
    await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 1, framework="four-questions"))])
    assert [version for _, version in await stored(gateway.database)] == [2, 1]


async def test_after_a_restore_positions_go_on_behind_all_that_were_given(gateway: Gateway, source: Source) -> None:
    contract = new_id()
    await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 1))])
    for restore in (1, 2):
        async with gateway.database.transaction() as session:
            await begin_anew(session)
        await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 1 + restore))])
        (before, _), (position, _) = (await stored(gateway.database))[-2:]
        assert before + 10**12 < position < 2**53
    first = (await stored(gateway.database))[0][0]
    async with (
        gateway.client("auditor") as caller,
        listening(caller, last=str(first + 5)) as lost,
        listening(caller, last=str(first)) as kept,
    ):
        reset = await lost.next()
        assert (reset.name, reset.id) == ("stream.reset", str(first))
        assert await lost.versions(2) == [2, 3]
        assert await kept.versions(2) == [2, 3]


async def test_any_order_ends_with_the_newest_of_each_contract(gateway: Gateway, source: Source) -> None:
    drawn = random.Random(7)
    contracts = [new_id() for _ in range(4)]
    events = [source.event(updated(contract, version)) for contract in contracts for version in range(1, 9)]
    events += drawn.sample(events, 10)
    drawn.shuffle(events)
    while events:
        size = drawn.randint(1, 6)
        batch, events = events[:size], events[size:]
        await deliver(gateway.database, SUBSCRIPTION, batch)
    async with gateway.database.reading() as session:
        rows = (await session.execute(text("SELECT contract_id, version FROM score_change ORDER BY position"))).all()
    seen: dict[UUID, int] = {}
    for row in rows:
        assert row.version > seen.get(row.contract_id, 0)
        seen[row.contract_id] = row.version
    assert seen == dict.fromkeys(contracts, 8)


async def test_positions_become_visible_in_their_order(gateway: Gateway) -> None:
    """Whoever has read up to a position never misses a lower one, however the writers overlap."""
    contracts = [new_id() for _ in range(60)]
    drawn = random.Random(11)
    few = asyncio.Semaphore(6)  # connections are left for the reader

    async def write(number: int) -> None:
        async with few, gateway.database.transaction() as session:
            event = delivery(updated(contracts[number], 1), subject=contracts[number], region=HARBIN, seq=number + 1)
            await asyncio.sleep(drawn.random() / 100)
            fresh = await take(session, "scoring", [read(event, SUBSCRIPTION.handlers)])
            await apply(session, SUBSCRIPTION, [item.event for item in fresh if item.event is not None])
            await asyncio.sleep(drawn.random() / 100)

    read_so_far: list[int] = []
    writers = asyncio.gather(*(write(number) for number in range(len(contracts))))
    finished = False
    while not finished:
        finished = writers.done()  # asked before reading: what was committed by then has to be there
        async with gateway.database.reading() as session:
            after = read_so_far[-1] if read_so_far else 0
            batch = await changes_after(session, after=after, limit=7, principal=SYSTEM)
        read_so_far += [change.position for change in batch]
        finished = finished and not batch
    await writers
    assert len(read_so_far) == len(contracts)


async def test_many_listeners_all_get_everything_in_order(gateway: Gateway, source: Source) -> None:
    contract = new_id()
    async with gateway.client("auditor") as caller, contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(listening(caller)) for _ in range(10)]
        for version in range(1, 21):
            await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, version))])
        for stream in streams:
            assert await stream.versions(20) == list(range(1, 21))
        assert gateway.app.state.score_hub.streams == 10


async def test_another_replica_sees_it_by_its_poll(gateway: Gateway, database_url: str, source: Source) -> None:
    async with (
        run_gateway(database_url, feed_poll_seconds=0.01) as replica,
        replica.client("auditor") as caller,
        listening(caller) as stream,
    ):
        await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(new_id(), 1))])
        assert await stream.versions(1) == [1]


async def test_an_id_from_the_future_is_answered_by_a_reset(gateway: Gateway, source: Source) -> None:
    contract = new_id()
    await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 1))])
    async with gateway.client("auditor") as caller, listening(caller, last="999999") as stream:
        reset = await stream.next()
        assert reset.name == "stream.reset"
        assert reset.id == str((await stored(gateway.database))[-1][0])
        await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 2))])
        assert await stream.versions(1) == [2]


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30])
async def test_an_id_that_is_none_of_ours_is_malformed(gateway: Gateway, last: str) -> None:
    async with gateway.client("auditor") as caller:
        answer = await caller.get("/v1/streams/scores", headers={"Last-Event-ID": last})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "header:last-event-id"


NAMES = [
    "determination.issued",
    "determination.served",
    "determination.published",
    "appeal.decided",
    "score.standing",
]


async def test_officers_hear_what_is_done_about_scores_when_they_ask_for_it(gateway: Gateway, source: Source) -> None:
    contract = new_id()
    told = told_of(contract)
    query = "?" + "&".join(f"event={name}" for name in [*NAMES, "score.updated"])
    async with (
        gateway.client("purchaser", regions=["CN-23"]) as own,
        gateway.client("purchaser", regions=["CN-44"]) as other,
        listening(own, query=query) as everything,
        listening(own) as plain,
        listening(other, query=query) as elsewhere,
    ):
        await deliver(gateway.database, SUBSCRIPTION, [source.event(each) for each in told])
        last = [updated(contract, 1), updated(new_id(), 2, region=CANTON)]
        await deliver(gateway.database, SUBSCRIPTION, [source.event(each) for each in last])
        heard = [await everything.next() for _ in range(6)]
        assert [each.name for each in heard] == [*NAMES, "score.updated"]
        assert [int(each.id) for each in heard] == sorted(int(each.id) for each in heard)
        assert heard[0].data == json.loads(told[0].model_dump_json())
        assert heard[3].data["outcome"] == "upheld"
        # Who asks for nothing hears scores alone, as before; another region hears its own.
        assert (await plain.next()).name == "score.updated"
        assert (await elsewhere.next()).data["version"] == 2
        # A replay tells the same facts under new ids: nobody hears them twice.
        await deliver(gateway.database, SUBSCRIPTION, [source.event(each) for each in [*told, updated(contract, 2)]])
        assert (await everything.next()).data["version"] == 2
        # Out of the table, and of the memory, which holds the last five only.
        async with listening(own, query=query, last="0") as again:
            assert [(await again.next()).name for _ in range(7)] == [*NAMES, "score.updated", "score.updated"]


@pytest.mark.parametrize("role", ["provider", "evaluator"])
async def test_others_hear_what_is_published_and_nothing_else(gateway: Gateway, source: Source, role: str) -> None:
    async with gateway.client(role) as caller:
        for query in ("", "?event=determination.issued", "?event=determination.published&event=score.updated"):
            refused = await caller.get(f"/v1/streams/scores{query}")
            assert refused.status_code == 403
            assert "event=determination.published" in refused.json()["detail"]
        assert (await caller.get("/v1/streams/scores?event=determination.dreamt")).status_code == 422
        async with listening(caller, query="?event=determination.published") as stream:
            first, second = told_of(new_id()), acted(new_id(), "publication")
            told = [*first, updated(new_id(), 1), second]
            await deliver(gateway.database, SUBSCRIPTION, [source.event(each) for each in told])
            heard = [await stream.next() for _ in range(2)]
        assert [each.name for each in heard] == ["determination.published"] * 2
        assert heard[1].data["act_id"] == str(second.act_id)


async def test_old_facts_are_forgotten(gateway: Gateway, source: Source) -> None:
    contract = new_id()
    with clock.frozen(clock.now()):
        old = [*told_of(contract), updated(contract, 1)]
        await deliver(gateway.database, SUBSCRIPTION, [source.event(each) for each in old])
        clock.advance(timedelta(days=31))
        await deliver(gateway.database, SUBSCRIPTION, [source.event(acted(contract, "service"))])
        async with gateway.database.transaction() as session:
            await compact(session, keep=timedelta(days=30))
    async with gateway.database.reading() as session:
        left = (await session.execute(text("SELECT event FROM score_change ORDER BY position"))).scalars().all()
    assert left == ["score.updated", "determination.served"]


async def test_a_stream_ends_when_the_token_is_revoked(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.feed.routes._CHECK_SECONDS", 0.01)
    async with gateway.client("auditor", subject="c9") as caller, listening(caller) as stream:
        gateway.app.state.revocations.apply({"c9": FOREVER})
        end = await stream.next()
        assert end.name == "stream.end"
        assert "disabled" in str(end.data["reason"])
        with pytest.raises(EOFError):
            await stream.next()


async def test_a_stream_ends_with_its_token(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.feed.routes._CHECK_SECONDS", 0.01)
    with clock.frozen(clock.now()):
        bearer = token(roles=["auditor"])
        async with gateway.client(bearer=bearer) as caller, listening(caller) as stream:
            clock.advance(timedelta(minutes=11))
            end = await stream.next()
    assert end.name == "stream.end"
    assert "expired" in str(end.data["reason"])


async def test_more_streams_than_allowed_are_refused(database_url: str) -> None:
    async with (
        run_gateway(database_url, feed_streams=1) as gateway,
        gateway.client("auditor") as caller,
    ):
        async with listening(caller):
            answer = await caller.get("/v1/streams/scores")
            assert answer.status_code == 503
            assert answer.json()["type"] == "/problems/too-many-streams"
        await eventually(lambda: gateway.app.state.score_hub.streams == 0)
        async with listening(caller):
            pass


async def test_old_changes_shrink_to_the_newest_of_each_contract(gateway: Gateway, source: Source) -> None:
    first, second = new_id(), new_id()
    with clock.frozen(clock.now() - timedelta(days=40)):
        await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(first, n)) for n in (1, 2)])
        await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(second, 1))])
    await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(second, n)) for n in (2, 3)])
    async with gateway.database.transaction() as session:
        await compact(session, keep=timedelta(days=30))
    assert [version for _, version in await stored(gateway.database)] == [2, 2, 3]


async def test_a_hub_reads_the_table_for_who_is_behind_its_memory(gateway: Gateway, source: Source) -> None:
    contracts = [new_id() for _ in range(12)]
    hub = Hub(gateway.database, memory=3)
    following = asyncio.create_task(hub.follow(poll_seconds=0.01))
    await deliver(gateway.database, SUBSCRIPTION, [source.event(updated(contract, 1)) for contract in contracts])
    seen = []
    async for change in hub.changes(
        Principal("x", frozenset(), ("*",)), after=0, idle_seconds=1, events={"score.updated"}
    ):
        if change is not None:
            seen.append(change.position)
        if len(seen) == len(contracts):
            break
    assert seen == [position for position, _ in await stored(gateway.database)]
    following.cancel()
