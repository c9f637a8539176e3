"""What the story and the loading of the data set have in common: bringing a simulated contract through its life."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from gongping_client.client import Client
from gongping_client.demo.dataset import SOURCE, Dataset, DemoContract
from gongping_client.errors import ProblemError, UnreachableError
from gongping_client.models import (
    BulkResult,
    Contract,
    ContractIn,
    ExternalId,
    LedgerIn,
    ObservationIn,
    OrganisationIn,
    ResponseIn,
    Wave,
)

__all__ = [
    "DemoError",
    "Recorded",
    "activate",
    "answer",
    "deliver",
    "draft",
    "open_wave_of",
    "record_organisations",
    "settle",
    "until",
]

Found = TypeVar("Found")
_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.1
_PASSING = frozenset({429, 502, 503, 504})


class DemoError(Exception):
    """A step did not happen; the text names it and says what was seen instead."""


@dataclass(slots=True)
class Recorded:
    """Ids of the facts that were recorded about a contract."""

    facts: set[UUID] = field(default_factory=set)


async def until(
    what: str, probe: Callable[[], Awaitable[Found | None]], *, seconds: float, patient: bool = True
) -> Found:
    """Ask until the answer is there. `patient` asks ever more rarely; otherwise the pause stays short, to measure.

    A part that is away for the moment is asked again like one that has nothing to say yet.

    Raises:
        DemoError: it was not there in time.
        ProblemError: the question was refused.
    """
    ends_at = time.monotonic() + seconds
    pause, instead = _FIRST_PAUSE, ""
    while True:
        try:
            found = await probe()
        except (ProblemError, UnreachableError) as error:
            if isinstance(error, ProblemError) and error.status not in _PASSING:
                raise
            found, instead = None, f"; {error}"
        if found is not None:
            return found
        if time.monotonic() > ends_at:
            raise DemoError(f"{what}: did not happen within {seconds:.0f} s{instead}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.3, _LONGEST_PAUSE) if patient else _FIRST_PAUSE


async def record_organisations(client: Client, dataset: Dataset) -> dict[str, UUID]:
    """Record purchasers and providers; answers their ids by their keys."""
    organisations = dataset.organisations
    bodies = [
        OrganisationIn(
            name=one.name,
            roles=one.roles,
            uscc=one.uscc,
            seat=one.seat,
            external_id=ExternalId(source=SOURCE, id=one.key),
            simulated=True,
        )
        for one in organisations
    ]
    results = await client.organisations.upsert(bodies)
    return {one.key: _id_of(result, one.name) for one, result in zip(organisations, results, strict=True)}


async def draft(client: Client, demo: DemoContract, organisations: dict[str, UUID]) -> Contract:
    """Hand the contract over from its (simulated) source system: a draft with all its terms."""
    body = ContractIn(
        **dict(demo.terms),
        region=demo.region,
        title=demo.title,
        purchaser_id=organisations[demo.purchaser],
        provider_id=organisations[demo.provider],
        external_id=ExternalId(source=SOURCE, id=demo.key),
        simulated=True,
    )
    (result,) = await client.contracts.upsert([body])
    return await client.contracts.get(_id_of(result, demo.title))


def _id_of(result: BulkResult, name: str) -> UUID:
    if result.id is None:
        problem = result.problem or {}
        raise DemoError(f"{name} was refused: {problem.get('detail') or problem.get('title') or result.outcome}")
    return result.id


async def activate(client: Client, contract_id: UUID) -> Contract:
    """Submit and activate."""
    await client.contracts.submit(contract_id)
    return await client.contracts.activate(contract_id)


async def deliver(client: Client, demo: DemoContract, contract: Contract, recorded: Recorded) -> None:
    """Observe the indicators and report the milestones."""
    indicators = {indicator.code: indicator.indicator_id for indicator in contract.indicators}
    for one in demo.observations:
        body = ObservationIn(indicator_id=indicators[one.indicator_code], value=one.value, observed_on=one.observed_on)
        recorded.facts.add((await client.contracts.observe(contract.contract_id, body)).id)
    milestones = {milestone.code: milestone.milestone_id for milestone in contract.milestones}
    for report in demo.reports:
        await client.contracts.report(contract.contract_id, milestones[report.milestone_code], report.report)


async def settle(client: Client, demo: DemoContract, contract_id: UUID, recorded: Recorded) -> None:
    """Commit and pay, accept with the recipients' opinion, deduct and pay the rest."""
    await _book(client, contract_id, demo.ledger, recorded)
    if demo.acceptance is not None:
        recorded.facts.add((await client.contracts.accept(contract_id, demo.acceptance)).id)
    await _book(client, contract_id, demo.settlement, recorded)


async def _book(client: Client, contract_id: UUID, entries: Iterable[LedgerIn], recorded: Recorded) -> None:
    for entry in entries:
        recorded.facts.add((await client.contracts.post_entry(contract_id, entry)).id)


async def open_wave_of(client: Client, contract_id: UUID, *, seconds: float) -> Wave:
    """The completion wave that the contract's completion opens."""

    async def look() -> Wave | None:
        async for wave in client.waves.list(contract_id=contract_id, state="open"):
            if wave.kind == "completion":
                return wave
        return None

    return await until("the completion wave is open", look, seconds=seconds)


async def answer(client: Client, demo: DemoContract, wave: Wave, *, one_by_one: bool) -> int:
    """Hand in the answers: each as a person would, or in batches as an enumerator does; how many were accepted."""
    if one_by_one:
        gate = asyncio.Semaphore(8)

        async def respond(submission_id: UUID, response: ResponseIn) -> bool:
            async with gate:
                return await client.waves.respond(wave.id, submission_id, response)

        accepted = await asyncio.gather(
            *(
                respond(
                    one.submission_id,
                    ResponseIn(answers=one.answers, language=one.language, duration_seconds=one.duration_seconds),
                )
                for one in demo.answers
            )
        )
        return sum(accepted)
    now = datetime.now(UTC)
    batch = {
        one.submission_id: ResponseIn(
            answers=one.answers,
            language=one.language,
            duration_seconds=one.duration_seconds,
            collected_at=now,
            enumerator_id="simulated-enumerator",
        )
        for one in demo.answers
    }
    result = await client.waves.respond_batch(wave.id, batch)
    refused = [item for item in result["items"] if item["status"] >= 400]
    if refused:
        raise DemoError(f"{len(refused)} answers were refused: {refused[0]['problem']}")
    return len(batch)
