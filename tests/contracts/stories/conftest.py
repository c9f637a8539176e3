"""A contract told day by day: the clock stands at the day that the story has reached."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.support import ANY_VERSION

from contracts.app import service
from gongping_local.pytest_servers import Servers
from shared import clock
from shared.auth import SYSTEM
from shared.ids import new_id
from shared.jobs import ClaimedJob
from shared.testing import client_for, new_database

Json = dict[str, Any]


class Story:
    """One contract (all simulated), who acts on it, and the day."""

    def __init__(self, contracts: Any) -> None:
        self.contracts = contracts
        self.contract: Json = {}

    @contextmanager
    def on(self, day: str) -> Iterator[None]:
        """The day in UTC, at ten in the morning; staff gets a token of that day."""
        with clock.frozen(datetime.fromisoformat(f"{day}T10:00:00+00:00")):
            self.contracts.staff = self.contracts.client.as_("purchaser", "finance", "operator")
            yield

    @property
    def path(self) -> str:
        return f"/contracts/{self.contract['contract_id']}"

    async def get(self, part: str = "") -> Json:
        """What staff reads of the contract."""
        found: Json = await self.contracts.get(f"{self.path}{part}")
        return found

    async def post(self, part: str, body: Json | None = None, *, expect: int = 201) -> Json:
        """What staff posts to the contract."""
        found: Json = await self.contracts.post(f"{self.path}{part}", body, expect=expect)
        return found

    async def put(self, part: str, body: Json) -> Json:
        """What staff puts at the contract."""
        answer = await self.contracts.staff.put(f"/v1{self.path}{part}", json=body, headers=ANY_VERSION)
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found

    async def report(self, code: str, day: str, *, status: str = "met", note: str | None = None) -> None:
        """Report a milestone."""
        (milestone,) = [each for each in self.contract["milestones"] if each["code"] == code]
        body = {"status": status, "met_on": None if status == "notMet" else day, "note": note}
        await self.post(f"/milestones/{milestone['milestone_id']}/report", body, expect=200)

    async def observe(self, day: str, **values: str) -> None:
        """Record values of indicators."""
        for code, value in values.items():
            (indicator,) = [each for each in self.contract["indicators"] if each["code"] == code]
            body = {"indicator_id": indicator["indicator_id"], "value": value, "observed_on": day}
            await self.post("/observations", body)

    async def accounts(self) -> dict[str, Decimal]:
        """Closing balances by account; they sum to 0 whenever one looks."""
        found = await self.get("/balances")
        assert found["balanced"]
        balances = {each["account"]: Decimal(each["balance"]) for each in found["accounts"]}
        assert sum(balances.values()) == 0
        return balances

    async def job(self, run: Callable[..., Any]) -> None:
        """Run a job of the service once, to its end."""
        job = ClaimedJob(new_id(), "", "", {}, None, 1)
        async with self.contracts.database.transaction(principal=SYSTEM) as session:
            assert await run(session, job) is None

    async def types(self) -> list[str]:
        """Types of the events about the contract, in order."""
        names = [event for event in await self.contracts.emitted() if event.subject == self.contract["contract_id"]]
        return [event.type.removeprefix("contracts.").removesuffix(".v1") for event in names]


@pytest.fixture
async def story(servers: Servers, contracts_type: type[Any]) -> AsyncIterator[Story]:
    async with new_database(servers.postgres_url, "contracts") as url, client_for(service, url) as client:
        yield Story(contracts_type(client))
