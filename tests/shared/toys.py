"""A toy producer and a toy listener on the real shared code: what the tests of outbox, relay and inbox drive."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ForeignKey, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from tests.support import eventually

from shared.bus import BrokerRefusedError, Bus, Delivery, stream_name
from shared.cancelling import cancelled
from shared.consumer import Consumer
from shared.db import Database, RegionScoped, metadata
from shared.events import ContractUpdated, LedgerPosted, PartyRef
from shared.gaps import GapFinder
from shared.ids import new_id
from shared.inbox import Handler, Received, Subscription
from shared.outbox import emit
from shared.relay import Relay
from shared.schema import create_v1
from shared.service import open_database
from shared.settings import ServiceSettings

REGION = "CN-230102"
PARTY = PartyRef(organisation_id=new_id(), name="simulated office")
QUICK = {"watermark_seconds": 0.1, "repair_grace_seconds": 0.2, "ack_wait_seconds": 5, "stream_max_bytes": 20_000_000}


class Base(DeclarativeBase):
    """Tables of the toy service."""

    metadata = metadata()


class Thing(RegionScoped, Base):
    """Something that a region owns."""

    __tablename__ = "thing"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)


class Note(Base):
    """Something that hangs on it and has no region of its own."""

    __tablename__ = "note"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    thing_id: Mapped[UUID] = mapped_column(ForeignKey("thing.id"))


TABLES = (
    "CREATE TABLE thing (id uuid PRIMARY KEY, region varchar(16) NOT NULL, name text NOT NULL, version int NOT NULL)",
    "CREATE TABLE note (id uuid PRIMARY KEY, thing_id uuid NOT NULL REFERENCES thing)",
    # How often each event was applied; not idempotent on purpose, so that a second time shows.
    "CREATE TABLE effect (event_id uuid PRIMARY KEY, times int NOT NULL)",
    "CREATE TABLE copy (id uuid PRIMARY KEY, version int NOT NULL, title text NOT NULL)",
    "CREATE TABLE entry (id uuid PRIMARY KEY, contract_id uuid NOT NULL, amount numeric(18, 2) NOT NULL)",
)


EMPTY = """
    -- A test that failed may have left a transaction open.
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%';
    TRUNCATE outbox, inbox, inbox_floor, inbox_attempt, job, idempotency, audit, thing, note, effect, copy, entry
    RESTART IDENTITY;
    UPDATE relay_state SET epoch = 1, last_seq = 0
"""


async def create_tables(connection: "asyncpg.Connection[Any]") -> None:
    """The shared tables and the toy's own."""
    statements: list[str] = []
    create_v1(statements.append, source="contracts")
    for statement in (*statements, *TABLES):
        await connection.execute(statement)


def posting(amount: str = "1.00", *, voucher: str | None = None) -> LedgerPosted:
    """A fact."""
    return LedgerPosted(
        entry_id=new_id(),
        contract_id=new_id(),
        region=REGION,
        kind="payment",
        amount=amount,  # pydantic reads the text
        currency="CNY",
        booked_on=date(2026, 1, 1),
        voucher=voucher,
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def contract(contract_id: UUID, version: int) -> ContractUpdated:
    """A state."""
    return ContractUpdated(
        contract_id=contract_id,
        version=version,
        region=REGION,
        title=f"title {version}",
        state="active",
        purchaser=PARTY,
    )


POISON = "13.00"


class PoisonError(Exception):
    """What the toy's handler does not bear."""


class Handlers:
    """Handlers that count; `bears_poison` says whether the broken release was mended."""

    def __init__(self) -> None:
        self.bears_poison = False
        self.calls: Counter[UUID] = Counter()
        self.batches: list[int] = []

    async def on_posted(self, session: AsyncSession, event: Received[LedgerPosted]) -> None:
        """Count, and enter the fact by its own id."""
        self.calls[event.id] += 1
        await session.execute(
            text("INSERT INTO effect VALUES (:id, 1) ON CONFLICT (event_id) DO UPDATE SET times = effect.times + 1"),
            {"id": event.id},
        )
        if str(event.data.amount) == POISON and not self.bears_poison:
            raise PoisonError("this amount \x00 brings bad luck")
        await session.execute(
            text("INSERT INTO entry VALUES (:id, :contract, :amount) ON CONFLICT DO NOTHING"),
            {"id": event.data.entry_id, "contract": event.data.contract_id, "amount": event.data.amount},
        )

    async def on_updated(self, session: AsyncSession, event: Received[ContractUpdated]) -> None:
        """Keep the newest state."""
        await session.execute(
            text(
                "INSERT INTO copy VALUES (:id, :version, :title) ON CONFLICT (id) DO UPDATE "
                "SET version = :version, title = :title WHERE copy.version < :version"
            ),
            {"id": event.data.contract_id, "version": event.data.version, "title": event.data.title},
        )

    async def finish(self, _: AsyncSession, events: Sequence[Received[Any]]) -> None:
        """Note how large the batches are."""
        self.batches.append(len(events))

    def subscription(self, *types: str) -> Subscription:
        """To these types, or to both."""
        handlers: dict[str, Handler] = {LedgerPosted.TYPE: self.on_posted, ContractUpdated.TYPE: self.on_updated}
        chosen = {each: handlers[each] for each in types} if types else handlers
        return Subscription("contracts", chosen, self.finish)


class Part:
    """What both sides have: settings, a database, a connection to the broker, running tasks."""

    def __init__(self, name: str, database_url: str, nats_url: str, prefix: str, **settings: Any) -> None:
        self.name = name
        self.settings = ServiceSettings.load(
            **(QUICK | {"database_url": database_url, "nats_url": nats_url, "subject_prefix": prefix} | settings)
        )
        self.database: Database = open_database(self.settings, name=name)
        self.bus = Bus(self.settings.nats_url, name=name, prefix=prefix)
        self.tasks: list[asyncio.Task[None]] = []

    def run(self, *work: Coroutine[Any, Any, None]) -> None:
        """Start background work."""
        self.tasks += [asyncio.create_task(each) for each in work]

    async def stop(self) -> None:
        """End the background work."""
        await cancelled(self.tasks)
        self.tasks.clear()

    async def close(self) -> None:
        """End everything."""
        await self.stop()
        await self.bus.close()
        await self.database.dispose()

    async def rows(self, sql: str, **parameters: Any) -> list[Any]:
        """Read."""
        async with self.database.reading() as session:
            return list((await session.execute(text(sql), parameters)).all())

    async def one(self, sql: str, **parameters: Any) -> Any:
        """The one value of a query."""
        return (await self.rows(sql, **parameters))[0][0]


class Source(Part):
    """The producing side."""

    relay: Relay

    def start(self) -> Relay:
        """Start a relay, woken by this side's commits."""
        self.relay = relay = Relay(self.database, self.bus, self.settings, source="contracts")
        self.database.after_commit[:] = [lambda _: relay.wake()]
        self.run(relay.run())
        return relay

    async def active(self) -> Relay:
        """Start a relay and wait until it is the active one."""
        relay = self.start()
        await eventually(lambda: relay.active)
        return relay

    async def emit(self, count: int = 1, *, amount: str = "1.00", voucher: str | None = None) -> list[UUID]:
        """Commit facts in one transaction; the ids of their events."""
        async with self.database.transaction() as session:
            facts = [posting(amount, voucher=voucher) for _ in range(count)]
            return [emit(session, fact, subject=fact.contract_id, region=fact.region) for fact in facts]

    async def sent(self) -> list[tuple[int, int]]:
        """Epoch and seq of every event, once all are marked as sent; they are checked to be without gaps."""

        async def all_marked() -> bool:
            return bool(await self.one("SELECT count(*) = 0 FROM outbox WHERE sent_at IS NULL"))

        await eventually(all_marked)
        rows = await self.rows("SELECT epoch, seq FROM outbox ORDER BY epoch, seq")
        numbers = [(row.epoch, row.seq) for row in rows]
        last = await self.rows("SELECT epoch, last_seq FROM relay_state")
        in_epoch = [seq for epoch, seq in numbers if epoch == last[0].epoch]
        assert in_epoch == list(range(1, last[0].last_seq + 1))
        return numbers

    async def stored(self) -> list[Delivery]:
        """What the stream holds, read by a consumer of its own."""
        try:
            await self.bus.ensure_consumer("contracts", "reader", ack_wait_seconds=60, max_ack_pending=10_000)
        except BrokerRefusedError:
            return []
        pull = await self.bus.pull("contracts", "reader", batch=1000)
        found: list[Delivery] = []
        info = await self.bus._api(f"STREAM.INFO.{stream_name(self.bus.prefix, 'contracts')}", {})
        while len(found) < info["state"]["messages"]:
            found += await pull.next(wait_seconds=5)
        await pull.stop()
        await self.bus.delete_consumer("contracts", "reader")
        return found


class Listener(Part):
    """The consuming side."""

    def __init__(self, name: str, database_url: str, nats_url: str, prefix: str, **settings: Any) -> None:
        super().__init__(name, database_url, nats_url, prefix, **settings)
        self.handlers = Handlers()
        self.subscription = self.handlers.subscription()

    def start(self, *, gaps: bool = True) -> Consumer:
        """Start consuming, and looking for gaps."""
        consumer = Consumer(self.database, self.bus, self.settings, self.subscription, service=self.name)
        self.run(consumer.run())
        if gaps:
            self.run(GapFinder(self.database, self.bus, self.settings, source="contracts", service=self.name).run())
        return consumer

    async def inbox(self) -> list[tuple[int, int, str]]:
        """Epoch, seq and state of every row."""
        rows = await self.rows("SELECT epoch, seq, state FROM inbox ORDER BY epoch, seq")
        return [(row.epoch, row.seq, row.state) for row in rows]

    async def effects(self) -> dict[UUID, int]:
        """How often each event was applied."""
        return {row.event_id: row.times for row in await self.rows("SELECT event_id, times FROM effect")}

    async def has_all_of(self, source: Source, *, timeout: float = 20) -> None:
        """The last oracle: each event of the source is in the inbox and was applied once, and nothing else is there."""
        numbers = await source.sent()

        async def caught_up() -> bool:
            return bool(await self.one("SELECT count(*) >= :n FROM inbox", n=len(numbers)))

        await eventually(caught_up, timeout=timeout)
        assert await self.inbox() == [(epoch, seq, "done") for epoch, seq in numbers]
        ids = {row.id for row in await source.rows("SELECT id FROM outbox")}
        assert await self.effects() == dict.fromkeys(ids, 1)


@asynccontextmanager
async def opened(*parts: Part, connect: bool = True) -> AsyncIterator[None]:
    """Connect the parts, and close them at the end."""
    try:
        for part in parts:
            if connect:
                await part.bus.connect(deadline=10)
        yield
    finally:
        for part in parts:
            await part.close()


def shuffled(deliveries: Sequence[Delivery], seed: int) -> list[Delivery]:
    """In another order."""
    mixed = list(deliveries)
    random.Random(seed).shuffle(mixed)
    return mixed
