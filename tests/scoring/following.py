"""Determinations in effect and what follows from them: the acts that the tests of results, rectifications and appeals
repeat. All contracts are simulated.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from tests.scoring.cases import CONTRACT, acceptance, closed_wave, entry, ident, observation, state
from tests.scoring.conftest import Scoring

from scoring.app import service
from shared import clock
from shared.events import EventData
from shared.ids import new_id
from shared.jobs import ClaimedJob, Worker

__all__ = [
    "DOCUMENT",
    "NOW",
    "PROVIDER",
    "PURCHASER",
    "apply",
    "determined",
    "history",
    "in_effect",
    "job_run",
    "provider_of",
    "purchaser_of",
    "run_jobs",
    "serve",
    "uses",
]

NOW = datetime(2026, 9, 21, 2, 0, tzinfo=UTC)
"""A Monday, ten o'clock in Harbin; the week before the national holidays."""

PURCHASER, PROVIDER = ident(4, 1), ident(4, 2)
DOCUMENT = {"sha256": "d" * 64, "title": "模拟文件1号"}
JOBS = [job for job in service.jobs if job.kind in {"determination-in-effect", "scoring.open_rectification"}]


def history(*, output: int = 50, benefit: int = 40, index: float = 50.0, contract: UUID = CONTRACT) -> list[EventData]:
    """A completed contract; by default a poor one (score 55)."""
    active = state("active", version=2, contract_id=contract)
    first, second, _ = active.indicators
    mine: dict[str, Any] = {"contract_id": contract}
    number = contract.int
    return [
        active,
        observation(100 * number + 1, first, value=output, **mine),
        observation(100 * number + 2, second, value=benefit, **mine),
        entry(100 * number + 1, "payment", amount=114_000, **mine),
        acceptance(100 * number + 1, accepted_value=120_000, **mine),
        state("completed", version=3, contract_id=contract),
        closed_wave(100 * number + 1, kind="completion", index=index, **mine),
    ]


async def determined(scoring: Scoring, contract: UUID = CONTRACT, **body: Any) -> dict[str, Any]:
    """A signed determination of the live score."""
    answer = await scoring.determine(contract, **body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def serve(scoring: Scoring, determination_id: str, party: str = "provider") -> None:
    """Serve its document on a party; what becomes due by that is done."""
    body = {"party": party, "method": "in_person", "served_at": clock.now().isoformat(), "proof": DOCUMENT}
    answer = await scoring.client.as_("finance").post(f"/v1/determinations/{determination_id}/service", json=body)
    assert answer.status_code in {200, 201}, answer.text
    await run_jobs(scoring)


async def in_effect(scoring: Scoring, contract: UUID = CONTRACT, **body: Any) -> dict[str, Any]:
    """A determination that was served on the provider and opened its consequences."""
    made = await determined(scoring, contract, **body)
    await serve(scoring, made["id"])
    return made


async def run_jobs(scoring: Scoring) -> None:
    """Do what is due now: open consequences, open or stop rectifications."""
    worker = Worker(scoring.database, JOBS)
    while await worker.run_one():
        pass


async def job_run(scoring: Scoring, kind: str) -> None:
    """Run a recurring job once, to its end."""
    job = next(job for job in service.jobs if job.kind == kind)
    cursor: Any = None
    for _ in range(20):
        async with scoring.database.transaction() as session:
            step = await job.run(session, ClaimedJob(new_id(), kind, "recurring", {}, cursor, 0))
        if step is None:
            return
        cursor = step.cursor
    raise AssertionError(f"{kind} finds no end")


async def uses(scoring: Scoring, **params: str) -> dict[str, dict[str, Any]]:
    """What results demand, by rule."""
    items = (await scoring.get("/v1/results", **({"contract_id": str(CONTRACT)} | params)))["items"]
    return {item["rule"]: item for item in items}


async def apply(
    scoring: Scoring, use: dict[str, Any], decision: str, *, role: str | None = None, **body: Any
) -> httpx.Response:
    """Decide upon a demand, as its owner."""
    content = {"decision": decision, "document": DOCUMENT} | body
    return await scoring.client.as_(role or use["owner"]).post(f"/v1/results/{use['id']}/apply", json=content)


def provider_of(scoring: Scoring, *, subject: str = "provider-1", organisation: UUID = PROVIDER) -> httpx.AsyncClient:
    """The contract's provider."""
    return scoring.client.as_("provider", regions=["CN-23"], organisation=organisation, subject=subject)


def purchaser_of(scoring: Scoring, *, subject: str = "purchaser-1") -> httpx.AsyncClient:
    """The contract's purchaser."""
    return scoring.client.as_("purchaser", regions=["CN-23"], organisation=PURCHASER, subject=subject)
