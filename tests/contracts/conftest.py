"""Fixtures of the contracts service: the service on a fresh database, and contracts at every stage of their life."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.support import eventually

from contracts.app import service
from gongping_local.pytest_servers import Servers
from shared.db import Database
from shared.events import Envelope, EventData
from shared.testing import ServiceClient, client_for, events, new_database

REGION = "CN-230102"
FOREIGN = "CN-310101"
Json = dict[str, Any]
WATCHED = ("/v1/changes", "/v1/ocds/re")  # what lies behind the watermark
# Transaction numbers are the cluster's: a transaction that a test beside this one has open holds the watermark back too.
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity, (SELECT max(xid) AS newest FROM contract_changes) AS log "
    "WHERE datname <> current_database() AND backend_xid IS NOT NULL AND backend_xid::text::bigint <= log.newest"
)

INDICATORS: list[Json] = [
    {
        "code": "visits",
        "name": "服务人次",
        "level": "output",
        "aspect": "quantity",
        "unit": "人次",
        "target": "12000",
        "weight": "30",
    },
    {
        "code": "complaints",
        "name": "投诉率",
        "level": "output",
        "aspect": "quality",
        "unit": "%",
        "direction": "lower",
        "target": "1",
        "zero_at": "5",
        "weight": "20",
    },
    {
        "code": "independence",
        "name": "自理能力改善率",
        "level": "benefit",
        "aspect": "social",
        "unit": "%",
        "target": "60",
        "weight": "30",
    },
    {
        "code": "satisfaction",
        "name": "满意度",
        "level": "satisfaction",
        "aspect": "satisfaction",
        "unit": "%",
        "target": "90",
        "weight": "10",
    },
]
MILESTONES: list[Json] = [
    {"code": "M1", "title": "上半年服务", "percentage": "40", "due_on": "2025-06-30"},
    {"code": "M2", "title": "下半年服务", "percentage": "60"},
    {"code": "P1", "title": "付款", "kind": "financing", "percentage": "100"},
]
OPINION: Json = {"kind": "onSite", "people": 30, "satisfied": 27, "reference": "minutes-1"}
VALUE = "120000.00"


class Contracts:
    """The service under test with the acts that tests repeat; `staff` is a system of the region that may do all of them."""

    def __init__(self, client: ServiceClient) -> None:
        self.client = client
        self.database = client.database
        self.staff = client.as_("purchaser", "finance", "operator")
        self._numbers = itertools.count(1)

    async def get(self, path: str) -> Json:
        """What staff reads."""
        answer = await self.staff.get(f"/v1{path}")
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    async def post(self, path: str, body: Json | None = None, *, expect: int = 200, **options: Any) -> Json:
        """What staff posts; the status is checked."""
        answer = await self.staff.post(f"/v1{path}", json=body, **options)
        assert answer.status_code == expect, answer.text
        found: Json = answer.json()
        return found

    async def refused(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        status: int,
        slug: str,
        client: httpx.AsyncClient | None = None,
        **options: Any,
    ) -> Json:
        """A request that is answered by this problem document; `client` is staff unless another is given."""
        answer = await (client or self.staff).request(method, f"/v1{path}", json=body, **options)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem: Json = answer.json()
        assert problem["type"] == f"/problems/{slug}", problem
        assert problem["status"] == status
        assert problem["detail"]
        return problem

    async def pointers(self, method: str, path: str, body: Json, **options: Any) -> set[str]:
        """The places that a 422 names."""
        problem = await self.refused(method, path, body, status=422, slug="malformed", **options)
        return {error["pointer"] for error in problem["errors"]}

    async def organisation(self, *roles: str, **fields: Any) -> str:
        """A recorded organisation."""
        body = {
            "name": f"组织 {next(self._numbers)}",
            "roles": list(roles or ("purchaser", "provider")),
            "simulated": True,
        }
        recorded: str = (await self.post("/organisations", body | fields, expect=201))["id"]
        return recorded

    async def terms(self, **fields: Any) -> Json:
        """The body of a draft that lacks nothing."""
        parties = {name: await self.organisation() for name in ("purchaser_id", "provider_id") if name not in fields}
        number = next(self._numbers)
        return (
            {
                "region": REGION,
                "title": "居家养老服务",
                "contract_number": f"HT-{number:04}",
                "service_category": "A04",
                "value": VALUE,
                "budget": VALUE,
                "signed_on": "2025-01-05",
                "starts_on": "2025-01-10",
                "ends_on": "2025-12-31",
                "indicators": INDICATORS,
                "milestones": MILESTONES,
                "simulated": True,
            }
            | parties
            | fields
        )

    async def draft(self, **fields: Any) -> Json:
        """A drafted contract."""
        return await self.post("/contracts", await self.terms(**fields), expect=201)

    async def pending(self, **fields: Any) -> Json:
        """A contract before signature."""
        contract = await self.draft(**fields)
        return await self.post(f"/contracts/{contract['contract_id']}/submit")

    async def active(self, **fields: Any) -> Json:
        """A contract in force."""
        contract = await self.pending(**fields)
        return await self.post(f"/contracts/{contract['contract_id']}/activate")

    async def observe(self, contract: Json, *codes: str, value: str = "55") -> None:
        """Record a value of each indicator named (all when none is)."""
        for indicator in contract["indicators"]:
            if not codes or indicator["code"] in codes:
                body = {"indicator_id": indicator["indicator_id"], "value": value, "observed_on": "2025-06-30"}
                await self.post(f"/contracts/{contract['contract_id']}/observations", body, expect=201)

    async def report_milestones(self, contract: Json) -> None:
        """Report every milestone as met."""
        for milestone in contract["milestones"]:
            path = f"/contracts/{contract['contract_id']}/milestones/{milestone['milestone_id']}/report"
            await self.post(path, {"status": "met", "met_on": "2025-06-30"})

    async def accept(self, contract: Json, value: str = VALUE, **fields: Any) -> Json:
        """Record an acceptance with the recipients' opinion."""
        body = {"result": "accepted", "accepted_on": "2025-07-01", "accepted_value": value, "opinion": OPINION} | fields
        return await self.post(f"/contracts/{contract['contract_id']}/acceptances", body, expect=201)

    async def book(
        self, contract: Json, kind: str, amount: str | None = None, *, expect: int = 201, **fields: Any
    ) -> Json:
        """Post a ledger entry."""
        body = {"kind": kind, "booked_on": "2025-07-02"} | ({"amount": amount} if amount else {}) | fields
        return await self.post(f"/contracts/{contract['contract_id']}/ledger", body, expect=expect)

    async def completable(self, **fields: Any) -> Json:
        """A contract in force that lacks nothing for its completion."""
        contract = await self.active(**fields)
        await self.observe(contract)
        await self.report_milestones(contract)
        await self.accept(contract)
        await self.book(contract, "payment", VALUE)
        return await self.get(f"/contracts/{contract['contract_id']}")

    async def completed(self, **fields: Any) -> Json:
        """A completed contract."""
        contract = await self.completable(**fields)
        return await self.post(f"/contracts/{contract['contract_id']}/complete")

    async def emitted(self, *models: type[EventData]) -> list[Envelope]:
        """What the service has emitted, of these types (all when none is named)."""
        types = {model.TYPE for model in models}
        return [event for event in await events(self.database) if not types or event.type in types]


@pytest.fixture
async def contracts(servers: Servers) -> AsyncIterator[Contracts]:
    async with new_database(servers.postgres_url, "contracts") as url, client_for(service, url) as client:
        yield Contracts(client)


@pytest.fixture
def contracts_type() -> type[Contracts]:
    """For tests that run the service in an event loop of their own."""
    return Contracts


@pytest.fixture(autouse=True)
def alone_in_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the log is read, wait until no transaction of another database is older than its newest row."""
    plain = httpx.AsyncClient.request

    async def request(self: httpx.AsyncClient, method: str, url: Any, **more: Any) -> httpx.Response:
        if method == "GET" and str(url).startswith(WATCHED):
            database: Database = self._transport.app.state.database  # type: ignore[attr-defined]

            async def alone() -> bool:
                async with database.reading() as session:
                    return (await session.scalar(OTHERS) or 0) == 0

            await eventually(alone)
        return await plain(self, method, url, **more)

    monkeypatch.setattr(httpx.AsyncClient, "request", request)
