"""Rated evaluations and calibration rounds as the tests repeat them; everything in it is simulated."""

import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from tests.scoring.evaluations.evaluation_steps import Steps, contract_id, contracts

from scoring.calibrations.queries import blocks_determination
from scoring.calibrations.service import ENTER_JOB
from shared.jobs import Worker

JSON = dict[str, Any]
Marking = Callable[[int, int], tuple[float, float]]
"""(evaluator, contract) -> marks on management and openness."""

SEVERITY = (-6.0, -2.0, 1.0, 3.0, 5.0, 7.0)


def careful(evaluator: int, contract: int) -> tuple[float, float]:
    """Contracts differ, evaluators are more or less severe, and hardly anything else."""
    slip = ((evaluator * 7 + contract * 5) % 5 - 2) / 2
    return 38 + 4.0 * contract + SEVERITY[evaluator] + slip, 46 + 3.5 * contract + SEVERITY[evaluator] - slip


def careless(evaluator: int, contract: int) -> tuple[float, float]:
    """Marks that have nothing to do with the contract."""
    return 20.0 + (evaluator * 37 + contract * 53) % 79, 20.0 + (evaluator * 61 + contract * 29) % 79


async def rated(
    steps: Steps, marking: Marking, *, cases: int = 12, evaluators: int = 4, per_case: int = 2, **plan: Any
) -> str:
    """An evaluation whose rating is closed. The draw has always the same seed: by chance the careless may agree."""
    await steps.scoring.hear(*contracts(cases))
    await steps.register(evaluators + 1)
    await steps.planned(cases, per_case=per_case, **plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_hex", lambda size: "5eed" * (size // 2))
        await steps.drawn()
    places = {str(contract_id(number)): number for number in range(cases)}
    for number in range(evaluators):
        for task in await steps.tasks(number):
            management, openness = marking(number, places[task["contract_id"]])
            await steps.rate(number, task, management=f"{management:.2f}", openness=f"{openness:.2f}")
    await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
    return steps.id


async def opened(steps: Steps, evaluation_id: str, **rest: Any) -> JSON:
    body = {"title": "A simulated round", "evaluation_ids": [evaluation_id]} | rest
    made: JSON = await steps.post("/calibrations", body)
    return made


async def closed(steps: Steps, round_id: str) -> JSON:
    made: JSON = await steps.post(f"/calibrations/{round_id}/close", expect=200, subject="closer")
    return made


async def entered(steps: Steps) -> int:
    """Let the job run that makes values evidence; how often it had something to do."""
    worker, runs = Worker(steps.scoring.database, [ENTER_JOB]), 0
    while await worker.run_one():
        runs += 1
    return runs


async def held(steps: Steps, number: int) -> str | None:
    """What stands in the way of the contract's determination."""
    async with steps.scoring.database.reading() as session:
        return await blocks_determination(session, UUID(str(contract_id(number))))
