"""Fixtures of the scoring service: the service on a fresh database, events that arrive through the real inbox."""

import itertools
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import httpx
import pytest

from gongping_local.pytest_servers import Servers
from scoring.app import contracts_subscription, service, surveys_subscription
from shared.events import Envelope, EventData, ScoreUpdated
from shared.testing import ServiceClient, client_for, deliver, delivery, events, new_database


class Scoring:
    """The service under test with the acts that tests repeat."""

    def __init__(self, client: ServiceClient) -> None:
        self.client = client
        self.database = client.database
        self._seq = itertools.count(1)

    async def hear(self, *data: EventData, batches: int = 1) -> None:
        """Let events arrive through the real inbox, in so many batches."""
        size = -(-len(data) // batches) or 1
        for start in range(0, len(data), size):
            for source, subscription in (("contracts", contracts_subscription), ("surveys", surveys_subscription)):
                chunk = [each for each in data[start : start + size] if each.TYPE.startswith(source)]
                await deliver(
                    self.database,
                    subscription,
                    [
                        delivery(each, subject=each.contract_id, region=each.region, seq=next(self._seq))  # type: ignore[attr-defined]
                        for each in chunk
                    ],
                )

    async def scores(self, contract_id: UUID, *, roles: Sequence[str] = ("finance",)) -> httpx.Response:
        return await self.client.as_(*roles).get(f"/v1/scores/{contract_id}")

    async def head(self, contract_id: UUID, framework_id: str = "cn-self-evaluation") -> dict[str, object]:
        answer = await self.scores(contract_id)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = next(each for each in answer.json()["items"] if each["framework_id"] == framework_id)
        return found

    async def announced(self) -> list[Envelope]:
        return [each for each in await events(self.database) if each.type == ScoreUpdated.TYPE]


@pytest.fixture
async def scoring(servers: Servers) -> AsyncIterator[Scoring]:
    async with new_database(servers.postgres_url, "scoring") as url, client_for(service, url) as client:
        yield Scoring(client)
