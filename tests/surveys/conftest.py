"""Fixtures of the surveys service: the service on a fresh database, contracts that arrive as events, answers."""

import itertools
import os
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import settings

from gongping_local.pytest_servers import Servers
from shared import clock
from shared.events import ContractCompleted, ContractState, Envelope, EventData, PartyRef
from shared.ids import new_id
from shared.testing import ServiceClient, client_for, deliver, delivery, events, new_database
from surveys.app import service
from surveys.waves.handlers import contracts_subscription

# How long an example takes says nothing on a machine that others use too.
settings.register_profile("surveys", deadline=None)
settings.load_profile("surveys")

# Read once per process, before the first test asks for the policy.
os.environ.setdefault("GONGPING_SURVEYS_KEY", "a-key-for-tests-only-and-nothing-else")

REGION = "CN-230102"
FOREIGN = "CN-310101"
Json = Any  # any JSON value, or any field of an event
ITEMS = ("overall", "access", "timeliness", "quality", "staff", "information", "before")


class Surveys:
    """The service under test with the acts that tests repeat."""

    def __init__(self, client: ServiceClient) -> None:
        self.client = client
        self.database = client.database
        self._seq = itertools.count(1)

    async def hear(self, *data: ContractState, seqs: Sequence[int] | None = None, region: str | None = None) -> None:
        """Let events of contracts arrive through the real inbox."""
        numbers = seqs or [next(self._seq) for _ in data]
        await deliver(
            self.database,
            contracts_subscription,
            [
                delivery(each, subject=each.contract_id, region=region or each.region, seq=seq)
                for each, seq in zip(data, numbers, strict=True)
            ],
        )

    async def emitted(self, model: type[EventData] | None = None) -> list[Envelope]:
        """What the service emitted, by type."""
        return [each for each in await events(self.database) if model is None or each.type == model.TYPE]

    async def waves(self, contract_id: UUID) -> list[dict[str, Any]]:
        """The waves of a contract as an operator sees them."""
        answer = await self.client.as_("operator").get("/v1/waves", params={"contract_id": str(contract_id)})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def completed_wave(self, **fields: Json) -> dict[str, Any]:
        """A completion wave, opened by a contract's completion."""
        contract = completed_contract(**fields)
        await self.hear(contract)
        (wave,) = await self.waves(contract.contract_id)
        return wave

    async def put(self, wave_id: str, body: Json, submission_id: UUID | None = None) -> httpx.Response:
        """Answer as the public."""
        return await self.client.anonymous.put(f"/v1/waves/{wave_id}/responses/{submission_id or uuid4()}", json=body)

    async def close(self, wave_id: str) -> dict[str, Any]:
        """Close a wave and return its results."""
        operator = self.client.as_("operator")
        closed = await operator.post(f"/v1/waves/{wave_id}/close")
        assert closed.status_code == 200, closed.text
        answer = await operator.get(f"/v1/waves/{wave_id}/results")
        assert answer.status_code == 200, answer.text
        results: dict[str, Any] = answer.json()
        return results


def completed_contract(**fields: Json) -> ContractCompleted:
    """The event of a completed contract; simulated, with 200 beneficiaries, unless told otherwise."""
    return ContractCompleted.model_validate(contract_fields(state="completed", ended_at=clock.now()) | fields)


def contract_fields(**fields: Json) -> dict[str, Any]:
    """The fields of a contract's event."""
    return {
        "contract_id": new_id(),
        "version": 7,
        "region": REGION,
        "title": "社区居家养老服务",
        "state": "active",
        "simulated": True,
        "purchaser": PartyRef(organisation_id=new_id(), name="某区民政局"),
        "provider": PartyRef(organisation_id=new_id(), name="某养老服务中心"),
        "beneficiary_population": 200,
    } | fields


def answers(overall: int | str = 4, **others: Json) -> dict[str, Any]:
    """A complete response."""
    return {"answers": {**dict.fromkeys(ITEMS, 4), "overall": overall, **others}, "language": "zh-Hans"}


def random_answers(generator: random.Random) -> dict[str, Any]:
    """A complete response with drawn answers."""
    return {"answers": {item: generator.choice((1, 2, 3, 4, 5, "dont_know")) for item in ITEMS}}


# Tests answer from one address, and most of them need no proof of work: what tests these limits sets its own.
UNLIMITED: dict[str, Any] = {"proof_of_work": False, "answers_per_minute": 1_000_000, "answers_per_hour": 1_000_000}


@pytest.fixture
async def surveys(servers: Servers) -> AsyncIterator[Surveys]:
    async with new_database(servers.postgres_url, "surveys") as url, client_for(service, url, **UNLIMITED) as client:
        yield Surveys(client)


@pytest.fixture
def noon() -> datetime:
    """An instant to stop the clock at."""
    return datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


DAY = timedelta(days=1)
