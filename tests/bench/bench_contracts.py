"""(f) Contracts: pages of the list over a million, at the beginning and deep, full text, totals, the feed, imports.

Each list is asked for over HTTP and, in turn with that, the statements that the service sends are run alone, prepared.
`--contracts N` sets the size (minutes to load a million).
"""

import argparse
import asyncio
import json
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
from sqlalchemy import event
from tests.bench.contract_rows import Country, id_of, load_country
from tests.bench.harness import Row, at_most, percentile, process, report
from tests.bench.import_rows import import_rows

from contracts.contracts.queries import read_contracts
from contracts.search.filters import Filters
from contracts.search.queries import find_contracts
from gongping_local.pytest_servers import servers_for_tests
from shared.auth import Principal
from shared.db import Database
from shared.pagination import encode_cursor
from shared.testing import SIGNING_KEY, new_database, token

DEFAULT, PAGE, ASKED, DEEP = 20_000, 50, 120, 0.9
FEED_PAGES, FEED_PAGE = 10, 200
FREQUENT = ("服务", "养老服务", "年度项目", "民政局", "有限公司 2024")
RARE = ("人民调解 2021", "森林防火 宁夏", "残疾人托养 律师事务所", "校车接送 卫生健康局", "信息系统 西藏", "SIM-2301")
WORKING = ("active", "completed", "pending", "suspended", "terminated")


@dataclass(frozen=True)
class Question:
    """One request: who asks, for what, after which contract."""

    regions: tuple[str, ...]
    query: dict[str, Any]
    after: UUID | None = None

    @property
    def params(self) -> dict[str, str]:
        """The query as it is sent."""
        cursor = {"cursor": encode_cursor(self.after)} if self.after else {}
        return {name: str(value) for name, value in ({"limit": PAGE} | self.query | cursor).items()}

    @property
    def filters(self) -> Filters:
        """The same for the service's own function."""
        names = {"procurement_method": "method"}
        return Filters(**{names.get(name, name): value for name, value in self.query.items() if name != "order"})


def questions(
    there: Country, *, seed: int, after: UUID | None = None, words: tuple[str, ...] = ()
) -> Iterator[Question]:
    """What people ask: their own region, narrowed by one to three filters; a few look at the whole country."""
    dice = random.Random(seed)
    provinces = list(there.counties)
    for _ in range(ASKED):
        province = dice.choice(provinces)
        county = dice.choice(there.counties[province])
        scope = dice.choice((("*",), (f"CN-{province}",), (f"CN-{province}",), (county[:7],), (county,)))
        own = province if scope != ("*",) or dice.random() < 0.5 else None
        filters: dict[str, Any] = {
            "state": dice.choice(WORKING),
            "category": dice.choice(("A", "A04", "A05", "B", "B03")),
            "year": dice.randint(2019, 2026),
            "value_from": dice.choice((100_000, 1_000_000, 5_000_000)),
            "procurement_method": dice.choice(("open", "direct")),
            "provider_id": dice.choice(there.providers)[0],
            "purchaser_id": dice.choice(there.purchasers[province])[0],
            "region": f"CN-{province}",
        }
        asked = {name: filters[name] for name in dice.sample(list(filters), dice.randint(1, 3))}
        if own is None:
            asked.pop("region", None)
        if words:
            asked = {name: value for name, value in asked.items() if name in ("state", "region", "year")}
            asked |= {"text": dice.choice(words)}
        if dice.random() < 0.5:
            asked |= {"order": "newest"}
        yield Question(scope, asked, after)


class Alone:
    """The service's statements, prepared on a connection of their own, without the service."""

    def __init__(self, database: Database, connection: "asyncpg.Connection[Any]") -> None:
        self._database = database
        self._connection = connection
        self._sent: list[tuple[str, tuple[Any, ...]]] = []
        event.listen(database.engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        self._sent.append((statement, tuple(values)))

    async def milliseconds(self, question: Question) -> tuple[float, int]:
        """What the statements of a question take when they are prepared, and how many contracts they find."""
        self._sent.clear()
        principal = Principal("bench", frozenset({"finance"}), question.regions)
        newest = question.query.get("order") == "newest"
        async with self._database.reading(principal=principal) as session:
            found = await find_contracts(
                session, filters=question.filters, limit=PAGE, after=question.after, newest_first=newest
            )
            if found:
                await read_contracts(session, contract_ids=found[:PAGE])
        taken = 0.0
        for statement, values in self._sent:
            prepared = await self._connection.prepare(statement)
            started = time.perf_counter()
            await prepared.fetch(*values)
            taken += time.perf_counter() - started
        return taken * 1000, len(found)


@dataclass
class Bench:
    """The service in a process of its own, and its statements alone."""

    http: aiohttp.ClientSession
    base: str
    alone: Alone

    def headers(self, regions: tuple[str, ...]) -> dict[str, str]:
        """A caller of these regions."""
        return {"Authorization": f"Bearer {token(roles=('finance',), regions=regions)}"}

    async def ask(self, question: Question) -> float:
        """Milliseconds of a request."""
        headers = self.headers(question.regions)
        started = time.perf_counter()
        async with self.http.get(f"{self.base}/v1/contracts", params=question.params, headers=headers) as response:
            body = await response.read()
            if response.status != 200:
                raise RuntimeError(f"{question}: {body!r}")
        return (time.perf_counter() - started) * 1000

    async def both(self, asked: list[Question]) -> tuple[list[float], list[float], float]:
        """Each question over HTTP and alone, in turn; the share of the questions that fill a page."""
        ours, theirs, full = [], [], 0
        for question in asked:
            await self.ask(question)
            ours.append(await self.ask(question))
            taken, found = await self.alone.milliseconds(question)
            theirs.append(taken)
            full += found > PAGE
        return ours, theirs, full / len(asked)


async def list_rows(bench: Bench, there: Country, contracts: int) -> list[Row]:
    """The list with filters, deep in it, and with full text."""
    rows = []
    plain, alone, full = await bench.both(list(questions(there, seed=1)))
    rows += [
        at_most(
            f"list, {full:.0%} full pages, p95",
            percentile(plain, 0.95),
            "ms",
            reference=percentile(alone, 0.95),
            limit=3,
        ),
        Row(
            "the same, p50",
            percentile(plain, 0.5),
            "ms",
            percentile(alone, 0.5),
            percentile(plain, 0.5) / percentile(alone, 0.5),
        ),
    ]
    # The same depth for both orders: the middle of the list cuts both in half.
    for share, name in ((1 - DEEP, "10 %"), (DEEP, "90 %")):
        asked = [
            Question(each.regions, each.query | {"order": "oldest"}, id_of(int(contracts * share)))
            for each in questions(there, seed=1)
            if "year" not in each.query
        ]
        deep, _, full = await bench.both(asked)
        rows.append(
            at_most(
                f"list after {name} of it, {full:.0%} full, p95",
                percentile(deep, 0.95),
                "ms",
                reference=percentile(plain, 0.95),
                limit=1.5,
            )
        )
    for words, name in ((FREQUENT, "frequent words"), (RARE, "rare words")):
        found, alone, full = await bench.both(list(questions(there, seed=2, words=words)))
        rows.append(
            at_most(
                f"full text, {name}, {full:.0%} full pages, p95",
                percentile(found, 0.95),
                "ms",
                reference=percentile(alone, 0.95),
                limit=3,
            )
        )
    return rows


async def totals_rows(bench: Bench) -> list[Row]:
    """The registers' totals and participation of the country."""
    rows = []
    for name, path in (("totals by province", "totals?by=province"), ("participation", "participation?by=province")):
        taken = []
        for _ in range(5):
            started = time.perf_counter()
            async with bench.http.get(f"{bench.base}/v1/regions/CN/{path}") as response:
                response.raise_for_status()
                await response.read()
            taken.append((time.perf_counter() - started) * 1000)
        rows.append(Row(f"{name} of the country, p50", percentile(taken, 0.5), "ms"))
    return rows


async def feed_rows(bench: Bench) -> list[Row]:
    """Changes and releases per second, page after page, by one reader."""
    rows = []
    for name, path, items in (("changes", "/v1/changes", "items"), ("OCDS releases", "/v1/ocds/releases", "releases")):
        address: str | None = f"{path}?limit={FEED_PAGE}"
        read, started = 0, time.perf_counter()
        for _ in range(FEED_PAGES):
            if address is None:
                break
            async with bench.http.get(bench.base + address) as response:
                response.raise_for_status()
                body = json.loads(await response.read())
            read += len(body[items])
            links = body.get("next_page") or body.get("links") or {}
            following = links.get("path") or links.get("next")
            address = following.removeprefix(bench.base) if following else None
        rows.append(Row(f"feed, {name}", read / (time.perf_counter() - started), "/s"))
    return rows


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


async def measure(postgres_url: str, nats_url: str, contracts: int, folder: Path) -> list[Row]:
    """Load, start, ask."""
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": [SIGNING_KEY.as_dict(private=False)]}), encoding="utf-8")
    async with new_database(postgres_url, "contracts") as url:
        connection = await asyncpg.connect(url, server_settings={"jit": "off"})
        started = time.perf_counter()
        there = await load_country(connection, contracts, told=min(contracts, 20_000))
        sys.stdout.write(f"{contracts:,} simulated contracts loaded in {time.perf_counter() - started:,.0f} s\n")
        port = free_port()
        env = {
            "DATABASE_URL": url,
            "NATS_URL": nats_url,
            "GONGPING_KEYS": str(keys),
            "GONGPING_PORT": str(port),
            "GONGPING_ROLES": "http",
            "GONGPING_LOG_LEVEL": "ERROR",
            "GONGPING_TRACE_RATIO": "0",
            "GONGPING_CONTRACTS_KEY": "simulated" * 4,
        }
        base = f"http://127.0.0.1:{port}"
        database = Database(url)
        try:
            async with (
                process("-m", "contracts", "serve", ready=f"{base}/health/live", env=env),
                aiohttp.ClientSession() as http,
            ):
                bench = Bench(http, base, Alone(database, connection))
                rows = [*await list_rows(bench, there, contracts), *await totals_rows(bench), *await feed_rows(bench)]
        finally:
            await database.dispose()
            await connection.close()
    return [*rows, *await import_rows(postgres_url)]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--contracts", type=int, default=int(os.environ.get("CONTRACTS", DEFAULT)))
    contracts = parser.parse_args().contracts
    with tempfile.TemporaryDirectory(prefix="gongping-bench-") as folder, servers_for_tests() as servers:
        rows = asyncio.run(measure(servers.postgres_url, servers.nats_url, contracts, Path(folder)))
    report(
        "contracts",
        rows,
        setting=f"embedded PostgreSQL 18, contracts with one worker, {contracts:,} simulated contracts, pages of {PAGE}, "
        f"{ASKED} questions each, one after the other, in turn with the same statements prepared and run alone",
    )


if __name__ == "__main__":
    main()
