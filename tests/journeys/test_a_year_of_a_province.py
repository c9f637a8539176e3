"""A year of a province from three untidy workbooks and a treasury's files, through the API alone; all of it simulated.

120 contracts here; `make journey` takes 4,000 (GONGPING_JOURNEY_CONTRACTS). Every expected figure is summed up from the
description of the year (`tests.journeys.year`), never from what the service answered.
"""

import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.journeys import books
from tests.journeys.year import Deal, Year, make_year

from contracts.app import service
from contracts.tabular.handlers import table_import_job
from gongping_local.pytest_servers import Servers
from shared import clock
from shared.jobs import Worker
from shared.testing import client_for, new_database

CONTRACTS = int(os.environ.get("GONGPING_JOURNEY_CONTRACTS", "120"))
REGION = "CN-23"
PROOF = "c" * 64
Json = dict[str, Any]

pytestmark = pytest.mark.timeout(120 + CONTRACTS // 2)


class Province:
    """The year, the service, and the two persons who work on it."""

    def __init__(self, client: Any, year: Year) -> None:
        self.year = year
        self.client = client
        self.clerk = client.as_("purchaser", "finance", "operator", subject="simulated-clerk")
        self.second = client.as_("purchaser", "finance", subject="simulated-second-person")
        self.worker = Worker(client.database, [table_import_job])
        self.random = random.Random(7)
        self.ids: dict[str, str] = {}
        """Contract ids by contract number."""
        self.organisations: dict[str, str] = {}
        """Organisation ids by credit code."""
        self.partners: Counter[str] = Counter()
        """In how many contracts an organisation takes part without leading."""

    async def ask(self, method: str, path: str, body: Json | None = None, *, by: Any = None, **options: Any) -> Any:
        """A request that must succeed."""
        answer = await (by or self.clerk).request(method, f"/v1{path}", json=body, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()

    async def pages(self, path: str) -> list[Json]:
        """All items of a list."""
        found: list[Json] = []
        address = f"/v1{path}"
        while address:
            answer = await self.clerk.get(address)
            assert answer.is_success, answer.text[:2000]
            found += answer.json()["items"]
            link = answer.headers.get("link", "")
            address = link.partition("<")[2].partition(">")[0] if 'rel="next"' in link else ""
        return found

    async def load(
        self, noun: str, content: bytes, *, source: str, mapping: str | None = None, dry: bool = False
    ) -> Json:
        """Send a file in two parts and run it."""
        body = {"noun": noun, "source": source, "filename": f"{source}.xlsx", "region": REGION, "simulated": True}
        batch = await self.ask("POST", "/imports/tables", body | {"mapping_name": mapping})
        half = len(content) // 2
        for number, part in enumerate((content[:half], content[half:]), 1):
            answer = await self.clerk.put(f"/v1/imports/tables/{batch['id']}/parts/{number}", content=part)
            assert answer.is_success, answer.text
        await self.ask("POST", f"/imports/tables/{batch['id']}/run", {"dry_run": dry})
        while await self.worker.run_one():
            pass
        return dict(await self.ask("GET", f"/imports/tables/{batch['id']}"))

    def of(self, department: str) -> list[Deal]:
        """The deals of a department."""
        return self.year.of(department)


@pytest.fixture
async def province(servers: Servers) -> AsyncIterator[Province]:
    year = make_year(CONTRACTS)
    with clock.frozen(datetime(2026, 1, 20, 9, tzinfo=UTC)):
        async with new_database(servers.postgres_url, "contracts") as url, client_for(service, url) as client:
            yield Province(client, year)


async def test_a_year_of_a_province(
    province: Province, hold_to_the_standard: Callable[[list[Json]], None] | None
) -> None:
    await the_organisations_come_first(province)
    await three_untidy_workbooks_become_contracts(province)
    await the_departments_payments_are_booked(province)
    await every_error_of_the_treasury_lies_in_a_queue(province)
    await corrections_need_two_persons(province)
    await several_parties_conclude_a_contract(province)
    await mergers_move_what_is_open(province)
    await the_years_campaign_adds_up(province)
    releases = await everything_is_published(province)
    if hold_to_the_standard is not None:
        hold_to_the_standard(releases)


async def the_organisations_come_first(province: Province) -> None:
    """One file in GB18030; the same again changes nothing."""
    content = books.organisations_csv(province.year)
    count = len(province.year.purchasers) + len(province.year.providers)
    first = await province.load("organisations", content, source="民政登记（模拟）")
    assert (first["encoding"], first["created"], first["rejected"]) == ("gb18030", count, 0)
    again = await province.load("organisations", content, source="民政登记（模拟）")
    assert (again["unchanged"], again["created"], again["updated"]) == (count, 0, 0)
    province.organisations = {each["uscc"]: each["id"] for each in await province.pages("/organisations?limit=200")}
    assert len(province.organisations) == count


async def three_untidy_workbooks_become_contracts(province: Province) -> None:
    """Each file is tried first and changes nothing; broken rows are named and come again, mended."""
    mapping = {"columns": {"合同总价（万元）": {"field": "value", "unit": "wan"}}}
    await province.ask("PUT", "/imports/mappings/education", {"noun": "contracts", "mapping": mapping})
    files = {
        "civil-affairs": (books.civil_affairs(province.of("civil-affairs")), None),
        "education": (books.education(province.of("education")), "education"),
        "health": (books.health(province.of("health")), None),
    }
    for department, (content, name) in files.items():
        broken = len(books.BROKEN) if department == "health" else 0
        count = len(province.of(department))
        tried = await province.load("contracts", content, source=department, mapping=name, dry=True)
        assert (tried["state"], tried["rows"], tried["rejected"]) == ("checked", count, broken), tried
        assert (
            await province.ask("GET", "/contracts?limit=1") == {"items": [], "next": None}
            or department != "civil-affairs"
        )
        loaded = await province.load("contracts", content, source=department, mapping=name)
        assert (loaded["created"], loaded["rejected"]) == (count - broken, broken), loaded
        if broken:
            rows = await province.ask("GET", f"/imports/tables/{loaded['id']}/rows?outcome=rejected")
            assert {(row["line"], row["problems"][0]["column"]) for row in rows} == {
                (line, head) for line, head, _ in books.BROKEN
            }
    mended = await province.load("contracts", books.health(province.of("health"), broken=()), source="health")
    assert (mended["created"], mended["rejected"]) == (len(books.BROKEN), 0)
    assert mended["unchanged"] == len(province.of("health")) - len(books.BROKEN)
    contracts = await province.pages("/contracts?limit=200")
    province.ids = {each["contract_number"]: each["contract_id"] for each in contracts}
    assert len(province.ids) == len(contracts) == CONTRACTS
    found = {each["contract_number"]: (each["value"], each["signed_on"], each["ends_on"]) for each in contracts}
    assert found == {
        deal.number: (f"{deal.value:.2f}", deal.signed_on.isoformat(), deal.ends_on.isoformat())
        for deal in province.year.deals
    }


async def the_departments_payments_are_booked(province: Province) -> None:
    """Every yuan that the departments say they paid stands in a ledger, and nothing else does."""
    loaded = await province.load("payments", books.payments_csv(list(province.year.deals)), source="会计核算（模拟）")
    payments = sum(len(deal.payments) for deal in province.year.deals)
    assert (loaded["created"], loaded["rejected"]) == (payments, 0), loaded
    totals = await province.ask("GET", f"/regions/{REGION}/totals?year=2025")
    (money,) = totals["total"]["money"]
    assert totals["total"]["contracts"] == CONTRACTS
    assert Decimal(money["value"]) == sum(deal.value for deal in province.year.deals)
    assert Decimal(money["paid"]) == sum(deal.paid for deal in province.year.deals)


def _errors(province: Province) -> tuple[dict[str, Callable[[books.Line], list[books.Line]]], dict[str, set[str]]]:
    """What the treasury sends wrongly, by voucher, and the queue in which each must appear."""
    numbers = [payment.number for deal in province.year.deals for payment in deal.payments]
    chosen = province.random.sample(numbers, 4 * max(2, len(numbers) // 200))
    quarter = len(chosen) // 4
    kinds = [chosen[n * quarter : (n + 1) * quarter] for n in range(4)]
    changes: dict[str, Callable[[books.Line], list[books.Line]]] = {}
    changes |= dict.fromkeys(kinds[0], lambda _: [])
    changes |= dict.fromkeys(kinds[1], lambda line: [line | {"amount": f"{Decimal(line['amount'] or 0) - 1:.2f}"}])
    changes |= dict.fromkeys(kinds[2], lambda line: [line, line])
    changes |= dict.fromkeys(kinds[3], lambda line: [line | {"number": f"X{line['number']}"}])
    expected = {
        "unproved": {*kinds[0], *kinds[3]},
        "partlyMatched": set(kinds[1]),
        "duplicate": set(kinds[2]),
        "unmatched": {f"X{number}" for number in kinds[3]},
    }
    return changes, expected


async def every_error_of_the_treasury_lies_in_a_queue(province: Province) -> None:
    """Missing, other, double and unknown vouchers are found to the last one; months without an error reconcile."""
    changes, expected = _errors(province)
    months = books.treasury_months(list(province.year.deals), errors=changes)
    for month, (total, lines) in months.items():
        body = {
            "region": REGION,
            "source": "treasury",
            "month": month.isoformat(),
            "total": f"{total:.2f}",
            "lines": lines,
        }
        await province.ask("POST", "/vouchers/files", body)
    for queue in ("partlyMatched", "duplicate", "unmatched"):
        found = await province.pages(f"/vouchers?queue={queue}&limit=200")
        assert {each["number"] for each in found} == expected[queue], queue
    unproved = [
        each["voucher"]
        for month in months
        for each in await province.pages(f"/vouchers/unproved?region={REGION}&month={month}&limit=200")
    ]
    assert sorted(unproved) == sorted(expected["unproved"])
    wrong: defaultdict[date, int] = defaultdict(int)
    for deal in province.year.deals:
        for payment in deal.payments:
            wrong[payment.paid_on.replace(day=1)] += payment.number in changes
    reconciled = await province.ask("GET", f"/vouchers/reconciliation?region={REGION}&year=2025")
    # A voucher that only came twice leaves nothing open once the second one is put aside.
    harmless = {
        month: sum(1 for each in expected["duplicate"] if _month_of(province, each) == month) for month in wrong
    }
    assert {date.fromisoformat(each["month"]): each["reconciled"] for each in reconciled} == {
        month: wrong[month] == harmless[month] for month in months
    }
    assert sum(Decimal(each["ledger"]) for each in reconciled) == sum(deal.paid for deal in province.year.deals)


def _month_of(province: Province, number: str) -> date:
    return next(
        payment.paid_on.replace(day=1)
        for deal in province.year.deals
        for payment in deal.payments
        if payment.number == number
    )


async def corrections_need_two_persons(province: Province) -> None:
    """300 of 4,000 contracts are corrected: asked for by one person, approved by another, wrong ones refused alone."""
    count = max(6, CONTRACTS * 300 // 4000)
    chosen = province.random.sample(province.year.deals, count)
    items = [
        {
            "contract_id": province.ids[deal.number],
            "field": "budget",
            "old": f"{deal.budget:.2f}" if n else "1.00",
            "new": f"{deal.budget + 100:.2f}",
            "reason": "台账录入错误（模拟）",
            "proof_sha256": PROOF,
        }
        for n, deal in enumerate(chosen)
    ]
    asked = await province.ask("POST", "/corrections:bulk", {"items": items})
    assert (asked["created"], asked["failed"]) == (count - 1, 1)
    ids = [each["id"] for each in asked["items"] if each["outcome"] == "created"]
    alone = await province.ask("POST", "/corrections:approve", {"ids": ids})
    assert (alone["updated"], alone["failed"]) == (0, count - 1)
    approved = await province.ask("POST", "/corrections:approve", {"ids": ids}, by=province.second)
    assert (approved["updated"], approved["failed"]) == (count - 1, 0), approved["items"][:2]
    budgets = {each["contract_id"]: each["budget"] for each in await province.pages("/contracts?limit=200")}
    assert sum(Decimal(budget) for budget in budgets.values()) == 100 * (count - 1) + sum(
        deal.budget for deal in province.year.deals
    )


INDICATORS = [
    ("visits", "output", "quantity", "人次"),
    ("benefit", "benefit", "social", "%"),
    ("satisfaction", "satisfaction", "satisfaction", "%"),
]


async def several_parties_conclude_a_contract(province: Province) -> None:
    """40 of 4,000: two providers with shares, each side confirms, and the contract is in force by itself."""
    count = max(2, CONTRACTS * 40 // 4000)
    year = province.year
    for n in range(count):
        lead, partner = (province.organisations[each.uscc] for each in province.random.sample(year.providers, 2))
        buyer = province.organisations[year.purchasers[n % len(year.purchasers)].uscc]
        draft = await province.ask(
            "POST",
            "/contracts",
            {
                "region": "CN-230102",
                "title": f"联合承接项目（模拟）{n:03}",
                "contract_number": f"LH-2025-{n:03}",
                "service_category": "A04",
                "purchaser_id": buyer,
                "provider_id": lead,
                "value": "90000.01",
                "budget": "90000.01",
                "signed_on": "2025-12-30",
                "starts_on": "2025-12-31",
                "ends_on": "2026-06-30",
                "simulated": True,
                "indicators": [
                    {
                        "code": code,
                        "name": code,
                        "level": level,
                        "aspect": aspect,
                        "unit": unit,
                        "target": "90",
                        "weight": "10",
                    }
                    for code, level, aspect, unit in INDICATORS
                ],
                "milestones": [{"code": "M1", "title": "服务（模拟）", "percentage": "100"}],
            },
        )
        path = f"/contracts/{draft['contract_id']}"
        members = [
            {"side": "provider", "organisation_id": lead, "share": "66.67", "lead": True},
            {"side": "provider", "organisation_id": partner, "share": "33.33"},
        ]
        await province.ask("PUT", f"{path}/structure", {"members": members}, headers={"If-Match": '"1"'})
        await province.ask("POST", f"{path}/submit")
        terms = (await province.ask("GET", f"{path}/confirmations"))["terms_sha256"]
        states = []
        for party in (buyer, lead, partner):
            role = "purchaser" if party == buyer else "provider"
            one = province.client.as_(role, subject=f"simulated-{party}", organisation=party)
            said = await province.ask("POST", f"{path}/confirm", {"terms_sha256": terms}, by=one)
            states.append(said["state"])
        assert states == ["pending", "pending", "active"]
        province.partners[partner] += 1


async def mergers_move_what_is_open(province: Province) -> None:
    """10 of 4,000: every open contract of the merged provider goes to its successor, none is lost."""
    count = max(1, CONTRACTS * 10 // 4000)
    deals = Counter(deal.provider.uscc for deal in province.year.deals)
    busiest = [uscc for uscc, _ in deals.most_common(2 * count)]
    for old, new in zip(busiest[:count], busiest[count:], strict=True):
        before = {each: await held(province, each) for each in (old, new)}
        body = {
            "kind": "merger",
            "effective_on": "2026-01-10",
            "document": "合并登记（模拟）",
            "successor_id": province.organisations[new],
        }
        merged = await province.ask("POST", f"/organisations/{province.organisations[old]}/successions", body)
        # The list finds those that it leads; the others move with it too.
        assert merged["moved_contracts"] == before[old] + province.partners[province.organisations[old]]
        assert [await held(province, each) for each in (old, new)] == [0, before[old] + before[new]]


async def held(province: Province, uscc: str) -> int:
    """Contracts of a provider as it is now."""
    return len(await province.pages(f"/contracts?provider_id={province.organisations[uscc]}&limit=200"))


async def the_years_campaign_adds_up(province: Province) -> None:
    """Every unit submits; contracts, and departments over them, sum up to the same yuan."""
    body = {
        "region": REGION,
        "year": 2025,
        "title": "2025 年度自评（模拟）",
        "opens_on": "2026-01-15",
        "due_on": "2026-02-28",
        "simulated": True,
    }
    campaign = await province.ask("POST", "/campaigns", body)
    returns = await province.pages(f"/campaigns/{campaign['id']}/returns?limit=200")
    joint = max(2, CONTRACTS * 40 // 4000)
    assert sum(each["contracts"] for each in returns) == CONTRACTS + joint
    items = [{"return_id": each["id"], "reason": "台账所缺逐项说明（模拟）"} for each in returns]
    for start in range(0, len(items), 200):
        submitted = await province.ask(
            "POST", f"/campaigns/{campaign['id']}/returns:submit", {"items": items[start : start + 200]}
        )
        assert submitted["failed"] == 0, submitted["items"][:2]
    value = sum(deal.value for deal in province.year.deals) + joint * Decimal("90000.01")
    paid = sum(deal.paid for deal in province.year.deals)
    for level in ("contract", "department"):
        rows = await province.pages(f"/campaigns/{campaign['id']}/roll-up?by={level}&limit=200")
        assert sum(Decimal(row["value"]) for row in rows) == value, level
        assert sum(Decimal(row["paid"]) for row in rows) == paid, level


async def everything_is_published(province: Province) -> list[Json]:
    """Every contract is open data, as many of them as there are; the whole is held against the standard by the test."""
    answer = await province.client.anonymous.get("/v1/ocds/releases.ndjson")
    releases = [json.loads(line) for line in answer.text.splitlines()]
    joint = max(2, CONTRACTS * 40 // 4000)
    assert len({release["ocid"] for release in releases}) == CONTRACTS + joint
    return releases
