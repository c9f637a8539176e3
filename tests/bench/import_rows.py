"""The import rate: a table of 100,000 simulated observations of which 1,000 are broken, and one of contracts.

The reference does the least that the same job needs: decode and parse the file, turn its cells into values, leave the
broken rows out, and insert the others bare, by the driver's `executemany` in transactions of 2,000, into a table with
the same columns, indexes and foreign keys. Ours does that and stages the rows, checks them against what is recorded,
tells events, leaves audit rows and a report, and can go on after a kill.
"""

import csv
import io
import resource
import sys
import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import asyncpg
from tests.bench.harness import Row, at_least

from contracts.app import service
from contracts.tabular.handlers import table_import_job
from shared.db import asyncpg_url
from shared.ids import new_id
from shared.jobs import Worker
from shared.testing import ServiceClient, client_for, new_database

__all__ = ["import_rows"]

REGION, SOURCE, CHUNK = "CN-230102", "simulated", 2000
CONTRACTS = 1000
CODES = ("visits", "meals", "hours", "calls", "beds")


def table(rows: Sequence[Sequence[object]]) -> bytes:
    """CSV as a Chinese spreadsheet program saves it."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("gb18030")


def contract_table(number: int, *, prefix: str) -> bytes:
    """Contracts of the past; one in a hundred has no day of signature that is one."""
    head = [
        "合同编号",
        "合同名称",
        "购买主体",
        "承接主体",
        "合同金额（元）",
        "签订日期",
        "开始日期",
        "结束日期",
        "状态",
    ]
    rows = [
        [
            f"{prefix}-{n:06}",
            f"模拟服务 {n}",
            f"模拟购买主体 {n % 40}",
            f"模拟承接主体 {n % 200}",
            f"{100_000 + n}.50",
            "2024-02-31" if n % 100 == 50 else "2024-01-05",
            "2024年1月10日",
            "2024-12-31",
            "已完成",
        ]
        for n in range(number)
    ]
    return table([head, *rows])


def indicator_table() -> bytes:
    """Five indicators of every contract."""
    head = ["合同编号", "指标编码", "指标名称", "一级指标", "二级指标", "计量单位", "目标值", "权重"]
    rows = [
        [f"M-{n:06}", code, code, "产出", "数量", "次", "100", "10"]
        for n in range(CONTRACTS)
        for code in CODES
        if n % 100 != 50
    ]
    return table([head, *rows])


def observation_table(number: int) -> bytes:
    """Observations; one in a hundred has a value that is no number."""
    rows: list[list[object]] = [["合同编号", "指标编码", "实际值", "观测日期", "记录标识"]]
    n = 0
    while len(rows) <= number:
        n += 1
        if n % CONTRACTS % 100 == 50:
            continue  # these contracts are the broken ones
        value = "约五十" if len(rows) % 100 == 99 else f"{n % 977}.25"
        rows.append([f"M-{n % CONTRACTS:06}", CODES[n % 5], value, f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}", f"G-{n}"])
    return table(rows)


async def send(client: ServiceClient, noun: str, content: bytes) -> dict[str, Any]:
    """Send a table in parts and run it to its end, as a client and the service's job do."""
    staff = client.as_("finance", "operator")
    body = {"noun": noun, "source": SOURCE, "filename": f"{noun}.csv", "region": REGION, "simulated": True}
    batch = (await staff.post("/v1/imports/tables", json=body)).json()
    path = f"/v1/imports/tables/{batch['id']}"
    for number, start in enumerate(range(0, len(content), 4_000_000), start=1):
        (await staff.put(f"{path}/parts/{number}", content=content[start : start + 4_000_000])).raise_for_status()
    (await staff.post(f"{path}/run", json={})).raise_for_status()
    worker = Worker(client.database, [table_import_job])
    while await worker.run_one():
        pass
    found: dict[str, Any] = (await staff.get(path)).json()
    if found["state"] != "applied":
        raise RuntimeError(f"the import ended as {found['state']}: {found['problem']}")
    return found


_LIKE = """
CREATE TABLE bare (LIKE observations INCLUDING ALL);
ALTER TABLE bare ADD FOREIGN KEY (contract_id) REFERENCES contracts;
ALTER TABLE bare ADD FOREIGN KEY (indicator_id) REFERENCES contract_indicators;
"""
_INSERT = (
    "INSERT INTO bare (id, contract_id, indicator_id, region, value, observed_on, recorded_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, now())"
)


async def bare_observations(connection: "asyncpg.Connection[Any]", content: bytes) -> int:
    """Parse and insert, and nothing else; rows that cannot be read are left out."""
    known: dict[tuple[str, str], tuple[UUID, UUID]] = {
        (row["external_id"], row["code"]): (row["contract_id"], row["id"])
        for row in await connection.fetch(
            "SELECT external_id, code, contract_id, indicator.id FROM contract_external_ids "
            "JOIN contract_indicators AS indicator USING (contract_id)"
        )
    }
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="gb18030", newline=""))
    next(reader)
    rows: list[tuple[Any, ...]] = []
    done = 0

    async def flush() -> None:
        nonlocal done
        async with connection.transaction():
            await connection.executemany(_INSERT, rows)
        done += len(rows)
        rows.clear()

    for contract, code, value, day, _ in reader:
        try:
            rows.append((new_id(), *known[contract, code], REGION, Decimal(value), date.fromisoformat(day)))
        except (InvalidOperation, ValueError):
            continue
        if len(rows) == CHUNK:
            await flush()
    await flush()
    return done


_LIKE_CONTRACTS = """
CREATE TABLE bare_contracts (LIKE contracts INCLUDING ALL);
ALTER TABLE bare_contracts ADD FOREIGN KEY (purchaser_id) REFERENCES organisations;
ALTER TABLE bare_contracts ADD FOREIGN KEY (provider_id) REFERENCES organisations;
"""
_INSERT_CONTRACT = (
    "INSERT INTO bare_contracts (id, version, region, title, contract_number, state, origin, simulated, purchaser_id, "
    "provider_id, currency, value, signed_on, starts_on, ends_on, gaps, warnings, extras, created_at, updated_at) "
    "VALUES ($1, 1, $2, $3, $4, 'completed', 'import', true, $5, $6, 'CNY', $7, $8, $9, $10, '{}', '[]', '{}', "
    "now(), now())"
)


async def bare_contracts(connection: "asyncpg.Connection[Any]", content: bytes) -> int:
    """Parse and insert contracts whose parties are known."""
    known = {row["name"]: row["id"] for row in await connection.fetch("SELECT name, id FROM organisations")}
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="gb18030", newline=""))
    next(reader)
    rows: list[tuple[Any, ...]] = []
    done = 0
    for number, title, purchaser, provider, value, signed, starts, ends, _ in reader:
        try:
            days = (date.fromisoformat(signed), date(2024, 1, 10) if starts else None, date.fromisoformat(ends))
        except ValueError:
            continue
        rows.append((new_id(), REGION, title, number, known[purchaser], known[provider], Decimal(value), *days))
        if len(rows) == CHUNK:
            async with connection.transaction():
                await connection.executemany(_INSERT_CONTRACT, rows)
            done += len(rows)
            rows.clear()
    async with connection.transaction():
        await connection.executemany(_INSERT_CONTRACT, rows)
    return done + len(rows)


def megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def import_rows(postgres_url: str, *, observations: int = 100_000, contracts: int = 20_000) -> list[Row]:
    """Rate of ours and of the bare counterpart, and the memory that ten times the rows take."""
    async with new_database(postgres_url, "contracts") as url, client_for(service, url) as client:
        await send(client, "contracts", contract_table(CONTRACTS, prefix="M"))
        await send(client, "indicators", indicator_table())
        few, many = observation_table(observations // 10), observation_table(observations)
        connection = await asyncpg.connect(asyncpg_url(url))
        try:
            await connection.execute(_LIKE + _LIKE_CONTRACTS)
            await bare_observations(connection, few)
            await connection.execute("TRUNCATE bare")
            await connection.execute("ANALYZE")
            started = time.perf_counter()
            loaded = await bare_observations(connection, many)
            bare_rate = loaded / (time.perf_counter() - started)
            before = megabytes()
            started = time.perf_counter()
            batch = await send(client, "observations", many)
            rate = batch["created"] / (time.perf_counter() - started)
            if (batch["created"], batch["rejected"]) != (loaded, observations - loaded):
                raise RuntimeError(f"{batch['created']} rows loaded and {batch['rejected']} reported")
            grown = megabytes() - before
            content = contract_table(contracts, prefix="N")
            started = time.perf_counter()
            inserted = await bare_contracts(connection, content)
            bare_contract_rate = inserted / (time.perf_counter() - started)
            started = time.perf_counter()
            batch = await send(client, "contracts", content)
            contract_rate = batch["created"] / (time.perf_counter() - started)
        finally:
            await connection.close()
    return [
        at_least("import rate, observations", rate, "rows/s", reference=bare_rate, limit=0.3),
        at_least("import rate, contracts", contract_rate, "rows/s", reference=bare_contract_rate, limit=0.3),
        Row(f"import, memory beside the first {CHUNK:,} rows, for {observations:,}", round(grown, 1), "MB"),
    ]


if __name__ == "__main__":
    import asyncio

    from gongping_local.pytest_servers import servers_for_tests

    with servers_for_tests() as found:
        size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
        for row in asyncio.run(import_rows(found.postgres_url, observations=size, contracts=size // 5)):
            sys.stdout.write(f"{row}\n")
