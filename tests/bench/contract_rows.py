"""Contracts of a country for the benchmarks, all simulated: made with a seed and loaded by COPY.

They come in batches of one province and mostly in the order of their years, as systems deliver them, so that neither is
spread evenly over the order of recording. Each has three indicators, a milestone, a payment and an acceptance entry.
Loading switches the triggers off and does their work in one statement each afterwards.
"""

import importlib.util
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import asyncpg

from shared.divisions import PROVINCES
from shared.guiding_catalogue import ITEMS

BEGIN = datetime(2019, 1, 1, tzinfo=UTC)
YEARS = range(2019, 2027)
BATCH = 500
CHUNK = 10_000
STATES = {"completed": 620, "active": 250, "draft": 60, "terminated": 40, "pending": 20, "suspended": 5, "cancelled": 5}
METHODS = {"open": 50, "selective": 30, "limited": 10, "direct": 10}
SERVICES = [
    "居家养老服务",
    "社区助餐服务",
    "残疾人托养服务",
    "法律援助服务",
    "青少年心理辅导",
    "公共文化活动",
    "环境卫生保洁",
    "道路养护",
    "校车接送",
    "公共图书馆运营",
    "健康体检",
    "家庭医生签约",
    "就业培训",
    "创业指导",
    "社区矫正辅助",
    "人民调解",
    "地名普查",
    "水质监测",
    "森林防火巡护",
    "城市绿化养护",
    "信息系统运行维护",
    "会计审计服务",
    "物业管理",
    "印刷服务",
    "会议服务",
    "档案数字化",
    "质量检测",
    "课题研究",
    "绩效评价",
    "政策宣传",
]
UNITS = [
    "民政局",
    "财政局",
    "教育局",
    "卫生健康局",
    "文化和旅游局",
    "司法局",
    "生态环境局",
    "住房和城乡建设局",
    "人力资源和社会保障局",
    "残疾人联合会",
]
FIRMS = [
    "社会工作服务中心",
    "养老服务有限公司",
    "物业管理有限公司",
    "科技有限公司",
    "会计师事务所",
    "律师事务所",
    "职业培训学校",
    "环保工程有限公司",
]
SIGNS = "安和兴盛德瑞康宁佳华丰泰祥云海山河林春晓晨光明远诚信"
ORGANISATIONS = ("id", "version", "name", "roles", "origin", "simulated", "warnings", "created_at", "updated_at")
CONTRACTS = (
    "id",
    "version",
    "contract_number",
    "title",
    "state",
    "origin",
    "simulated",
    "service_category",
    "purchaser_id",
    "provider_id",
    "currency",
    "value",
    "budget",
    "signed_on",
    "starts_on",
    "ends_on",
    "procurement_method",
    "tenderers",
    "gaps",
    "warnings",
    "extras",
    "region",
    "created_at",
    "updated_at",
)
INDICATORS = (
    "id",
    "contract_id",
    "position",
    "code",
    "name",
    "level",
    "aspect",
    "unit",
    "direction",
    "target",
    "standard",
    "weight",
    "accountable",
    "missing",
)
MILESTONES = ("id", "contract_id", "position", "code", "title", "kind", "percentage", "status")
ENTRIES = (
    "id",
    "contract_id",
    "kind",
    "debit_account",
    "credit_account",
    "amount",
    "currency",
    "booked_on",
    "recorded_at",
    "region",
)


def id_of(number: int, part: int = 0) -> UUID:
    """A UUIDv7 whose order is that of the numbers: a contract a minute since the begin."""
    milliseconds = int(BEGIN.timestamp() * 1000) + number * 60_000
    return UUID(int=(milliseconds << 80) | (7 << 76) | (part << 64) | (2 << 62) | number)


@dataclass(frozen=True)
class Country:
    """What the contracts are about."""

    counties: dict[str, list[str]]
    purchasers: dict[str, list[tuple[UUID, str]]]
    providers: list[tuple[UUID, str]]
    at_home: dict[str, list[UUID]]


def country(contracts: int, *, seed: int) -> Country:
    """Counties by province, a purchaser for fifty contracts and a provider for twenty-five, most of them local."""
    dice = random.Random(seed)
    counties = {
        province: [
            f"CN-{province}{prefecture}{number:02}"
            for prefecture in found.prefectures
            for number in range(2, 2 + dice.randint(4, 12))
        ]
        for province, found in PROVINCES.items()
        if found.prefectures
    }
    purchasers: dict[str, list[tuple[UUID, str]]] = {province: [] for province in counties}
    number = 0
    while number < max(len(counties), contracts // 50):
        province = dice.choice(list(counties)) if number >= len(counties) else list(counties)[number]
        county = dice.choice(counties[province])
        purchasers[province].append((id_of(number, 1), county))
        number += 1
    providers = [
        (id_of(each, 2), "".join(dice.choices(SIGNS, k=3)) + dice.choice(FIRMS)) for each in range(contracts // 25 + 1)
    ]
    homes = [county for found in counties.values() for county in found]
    at_home: dict[str, list[UUID]] = {county: [] for county in homes}
    for each, (provider, _) in enumerate(providers):
        at_home[homes[each % len(homes)]].append(provider)
    return Country(counties, purchasers, providers, at_home)


def _weighted(dice: random.Random, weights: dict[str, int]) -> str:
    return dice.choices(list(weights), list(weights.values()))[0]


def contract_rows(there: Country, contracts: int, *, seed: int) -> Iterator[dict[str, Any]]:
    """One contract after the other, in the order of recording."""
    dice = random.Random(seed)
    sizes = {province: len(found) for province, found in there.counties.items()}
    codes = list(ITEMS)
    province = ""
    for number in range(contracts):
        if number % BATCH == 0:
            province = _weighted(dice, sizes)
        purchaser, county = dice.choice(there.purchasers[province])
        local = there.at_home[county] if dice.random() < 0.9 else []
        provider = dice.choice(local) if local else dice.choice(there.providers)[0]
        # One in five tells of an earlier year.
        latest = YEARS[number * len(YEARS) // contracts]
        year = latest if dice.random() < 0.8 else dice.randint(YEARS[0], latest)
        signed = date(year, 1, 1) + timedelta(days=dice.randrange(360))
        service = SERVICES[int(len(SERVICES) * dice.random() ** 2)]
        value = Decimal(round(10 ** dice.gauss(5.5, 0.7))).quantize(Decimal("0.01"))
        at = BEGIN + timedelta(minutes=number)
        yield {
            "id": id_of(number),
            "version": 1,
            "contract_number": f"SIM-{county[3:]}-{year}-{number:07}",
            "title": f"{PROVINCES[province].name}{service}{year}年度项目（模拟）",
            "state": _weighted(dice, STATES),
            "origin": "native",
            "simulated": True,
            "service_category": codes[int(len(codes) * dice.random() ** 2)],
            "purchaser_id": purchaser,
            "provider_id": provider,
            "currency": "CNY",
            "value": value,
            "budget": value,
            "signed_on": signed,
            "starts_on": signed,
            "ends_on": signed + timedelta(days=364),
            "procurement_method": _weighted(dice, METHODS),
            "tenderers": dice.randint(1, 9),
            "gaps": [],
            "warnings": "[]",
            "extras": "{}",
            "region": county,
            "created_at": at,
            "updated_at": at,
        }


def parts_of(contract: dict[str, Any], number: int) -> tuple[list[tuple[Any, ...]], ...]:
    """Indicators, milestones and ledger entries of a contract."""
    key, value, day = contract["id"], contract["value"], contract["signed_on"]
    indicators = [
        (
            id_of(number, 10 + place),
            key,
            place,
            level,
            name,
            level,
            aspect,
            unit,
            "higher",
            Decimal(90),
            "plan",
            Decimal(10),
            "provider",
            "hold",
        )
        for place, (level, name, aspect, unit) in enumerate(
            (
                ("output", "服务人次", "quantity", "人次"),
                ("benefit", "改善率", "social", "%"),
                ("satisfaction", "满意度", "satisfaction", "%"),
            )
        )
    ]
    milestones = [(id_of(number, 20), key, 0, "M1", "全年服务", "delivery", Decimal(100), "scheduled")]
    common = (value, "CNY", day + timedelta(days=200), contract["created_at"], contract["region"])
    entries = [
        (id_of(number, 30), key, "acceptance", "services", "payables", *common),
        (id_of(number, 31), key, "payment", "payables", "treasury", *common),
    ]
    return indicators, milestones, entries if contract["state"] in ("completed", "terminated") else []


def _migration(name: str) -> ModuleType:
    path = Path(__file__).parents[2] / "services/contracts/migrations/versions" / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def load_country(connection: "asyncpg.Connection[Any]", contracts: int, *, told: int, seed: int = 13) -> Country:
    """Load everything; afterwards stands what the triggers would have made: the search rows, the sums, and the log.

    The log of changes holds the first `told` contracts only.
    """
    there = country(contracts, seed=seed)
    await connection.execute("SET session_replication_role = replica")
    await _copy_organisations(connection, there)
    tables = (("contract_indicators", INDICATORS), ("contract_milestones", MILESTONES), ("ledger_entries", ENTRIES))
    rows: list[tuple[Any, ...]] = []
    parts: list[list[tuple[Any, ...]]] = [[], [], []]
    for number, contract in enumerate(contract_rows(there, contracts, seed=seed)):
        rows.append(tuple(contract[name] for name in CONTRACTS))
        for into, more in zip(parts, parts_of(contract, number), strict=True):
            into.extend(more)
        if len(rows) == CHUNK or number == contracts - 1:
            await connection.copy_records_to_table("contracts", records=rows, columns=CONTRACTS)
            for (table, columns), into in zip(tables, parts, strict=True):
                await connection.copy_records_to_table(table, records=into, columns=columns)
                into.clear()
            rows.clear()
    search, log = _migration("0013_search.py"), _migration("0005_exchange.py")
    await connection.execute(
        f"INSERT INTO contract_search ({search.COLUMNS}) SELECT {search.ROW} FROM contracts AS contract ORDER BY id"
    )
    await connection.execute(SUMS.format(year=search.YEAR))
    await connection.execute(
        f"{log.INSERT} SELECT {log.EPOCH}, {log.XID}, id, region, 'contract', id, state, version, simulated, "
        f"to_jsonb(contracts) {log.TERMS}, updated_at FROM contracts WHERE state <> 'draft' ORDER BY id LIMIT {told}"
    )
    await connection.execute("SET session_replication_role = origin")
    await connection.execute("VACUUM ANALYZE")
    return there


SUMS = """
    INSERT INTO region_sums (region, currency, year, contracts, ended, simulated, value, paid)
    SELECT region, currency, {year}, count(*), count(*) FILTER (WHERE state IN ('completed', 'terminated')), count(*),
        sum(value), coalesce(sum(value) FILTER (WHERE state IN ('completed', 'terminated')), 0)
    FROM contracts AS contract WHERE state IN ('active', 'suspended', 'completed', 'terminated') GROUP BY 1, 2, 3;
    INSERT INTO participation_sums (region, role, organisation_id, year, contracts)
    SELECT region, role, party, {year}, count(*) FROM contracts AS contract
    CROSS JOIN LATERAL (VALUES ('purchaser', purchaser_id), ('provider', provider_id)) AS side(role, party)
    WHERE state IN ('active', 'suspended', 'completed', 'terminated') GROUP BY 1, 2, 3, 4
"""


async def _copy_organisations(connection: "asyncpg.Connection[Any]", there: Country) -> None:
    names = [
        (each, f"{PROVINCES[province].name}{county[-4:]}{UNITS[place % len(UNITS)]}（模拟）", "purchaser")
        for province, found in there.purchasers.items()
        for place, (each, county) in enumerate(found)
    ]
    names += [(each, f"{name}（模拟）", "provider") for each, name in there.providers]
    records = [(each, 1, name, [role], "native", True, "[]", BEGIN, BEGIN) for each, name, role in names]
    await connection.copy_records_to_table("organisations", records=records, columns=ORGANISATIONS)
