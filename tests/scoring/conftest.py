"""Fixtures of the scoring service: the service on a fresh database, events that arrive through the real inbox."""

import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from gongping_local.pytest_servers import Servers
from scoring.app import contracts_subscription, service, surveys_subscription
from shared.events import CatalogueApproved, Envelope, EventData, ScoreUpdated
from shared.testing import ServiceClient, client_for, deliver, delivery, events, new_database

SELF = "cn-self-evaluation"
QUESTIONS = "four-questions"


class Scoring:
    """The service under test with the acts that tests repeat."""

    def __init__(self, client: ServiceClient) -> None:
        self.client = client
        self.database = client.database
        self._seq = itertools.count(1)

    async def hear(self, *data: EventData, seqs: Sequence[int] | None = None) -> None:
        """Let events arrive through the real inbox, one batch per source."""
        numbers = seqs or [next(self._seq) for _ in data]
        for source, subscription in (("contracts", contracts_subscription), ("surveys", surveys_subscription)):
            batch = [
                delivery(each, subject=contract_of(each), region=region_of(each), seq=number)
                for each, number in zip(data, numbers, strict=True)
                if each.TYPE.startswith(f"{source}.")
            ]
            if batch:
                await deliver(self.database, subscription, batch)

    async def get(self, path: str, *, role: str = "finance", **params: str) -> Any:
        """An answer as an officer of all regions gets it."""
        answer = await self.client.as_(role).get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def head(self, contract_id: UUID, framework_id: str = SELF) -> dict[str, Any]:
        """The live score of a contract under a framework."""
        items: list[dict[str, Any]] = (await self.get(f"/v1/scores/{contract_id}"))["items"]
        return next(item for item in items if item["framework_id"] == framework_id)

    async def determine(self, contract_id: UUID, /, *, role: str = "finance", **body: Any) -> httpx.Response:
        """Determine a score."""
        content = {
            "contract_id": str(contract_id),
            "framework_id": SELF,
            "document_number": "哈财绩〔2026〕17号",
        } | body
        return await self.client.as_(role, subject="officer-7").post("/v1/determinations", json=content)

    async def announced(self) -> list[Envelope]:
        """The changes of scores that were emitted."""
        return [each for each in await events(self.database) if each.type == ScoreUpdated.TYPE]

    async def rows(self, sql: str, **parameters: Any) -> list[Any]:
        """What is in the database."""
        async with self.database.reading() as session:
            return list(await session.execute(text(sql), parameters))


def contract_of(data: EventData) -> UUID:
    contract_id: UUID = data.edition_id if isinstance(data, CatalogueApproved) else data.contract_id  # type: ignore[attr-defined]  # every other event of these tests has one
    return contract_id


def region_of(data: EventData) -> str:
    region: str = data.jurisdiction if isinstance(data, CatalogueApproved) else data.region  # type: ignore[attr-defined]  # the same
    return region


@pytest.fixture
async def scoring(servers: Servers) -> AsyncIterator[Scoring]:
    async with new_database(servers.postgres_url, "scoring") as url, client_for(service, url) as client:
        yield Scoring(client)


@pytest.fixture(scope="module")
async def shared_scoring(servers: Servers) -> AsyncIterator[Scoring]:
    """One database for many examples, each about contracts of its own."""
    async with new_database(servers.postgres_url, "scoring") as url, client_for(service, url) as client:
        yield Scoring(client)
