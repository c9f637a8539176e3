"""Loading the simulated data set through the gateway, each contract as far as its story goes."""

import asyncio
from collections import Counter
from collections.abc import Callable
from uuid import UUID

from gongping_client.client import Client
from gongping_client.demo.dataset import SOURCE, Dataset, DemoContract
from gongping_client.demo.steps import (
    Recorded,
    activate,
    answer,
    deliver,
    draft,
    open_wave_of,
    record_organisations,
    settle,
)

__all__ = ["load_dataset"]

_DEADLINE_SECONDS = 60.0


async def load_dataset(
    client: Client,
    dataset: Dataset,
    *,
    concurrency: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> Counter[str]:
    """Load every contract that is not there yet; answers how many were loaded to which stage, and how many were known.

    Raises:
        DemoError: a contract was refused, or its wave did not open.
        ProblemError: the gateway refused a step.
    """
    organisations = await record_organisations(client, dataset)
    counts: Counter[str] = Counter()
    gate = asyncio.Semaphore(concurrency)

    async def load(demo: DemoContract) -> None:
        async with gate:
            counts[await _load(client, demo, organisations=organisations)] += 1
            if progress:
                progress(counts.total(), len(dataset.contracts))

    async with asyncio.TaskGroup() as group:
        for demo in dataset.contracts:
            group.create_task(load(demo))
    return counts


async def _load(client: Client, demo: DemoContract, *, organisations: dict[str, UUID]) -> str:
    """Take one contract to its stage; `known` when it was in force or beyond already."""
    async for contract in client.contracts.list(source=SOURCE, external_id=demo.key):
        if contract.state not in ("draft", "pending"):
            return "known"
    contract = await draft(client, demo, organisations)
    contract = await activate(client, contract.contract_id)
    recorded = Recorded()
    await deliver(client, demo, contract, recorded)
    await settle(client, demo, contract.contract_id, recorded)
    if demo.stage == "active":
        return "active"
    await client.contracts.complete(contract.contract_id)
    if demo.stage == "completed":
        return "completed"
    wave = await open_wave_of(client, contract.contract_id, seconds=_DEADLINE_SECONDS)
    await answer(client, demo, wave, one_by_one=False)
    await client.waves.close(wave.id)
    return "answered"
