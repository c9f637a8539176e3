"""What the surveys keep of the contracts' events."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import AgreedIndicator, ContractState, ObservationRecorded
from surveys.waves.models import ContractObservation, ContractStub

__all__ = ["half_time", "project_contract", "project_observations", "satisfaction_target"]

LEAST_TARGET = 20.0  # below it a number is no satisfaction in per cent, but perhaps points of a scale


async def project_contract(session: AsyncSession, contract: ContractState) -> bool:
    """Keep what the surveys need of a contract; an older version than the stored one changes nothing."""
    row = {
        "version": contract.version,
        "region": contract.region,
        "title": contract.title,
        "state": contract.state,
        "service_category": contract.service_category,
        "purchaser_id": contract.purchaser.organisation_id,
        "purchaser_name": contract.purchaser.name,
        "provider_id": contract.provider.organisation_id if contract.provider else None,
        "provider_name": contract.provider.name if contract.provider else None,
        "population": contract.beneficiary_population,
        "simulated": contract.simulated,
        "ended_at": contract.ended_at,
        "origin": contract.origin,
        "starts_on": contract.starts_on,
        "ends_on": contract.ends_on,
        "midterm_on": half_time(contract.starts_on, contract.ends_on),
        "satisfaction_target": satisfaction_target(contract.indicators),
    }
    statement = insert(ContractStub).values(id=contract.contract_id, **row)
    written = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[ContractStub.id], set_=row, where=ContractStub.version < statement.excluded.version
        ).returning(ContractStub.id)
    )
    return written.first() is not None


async def project_observations(session: AsyncSession, observations: Sequence[ObservationRecorded]) -> None:
    """Keep observed values; each is a fact of its own, and one that is there already stays as it is.

    A value of a lot, call-off or member stands for a part only and is left out.
    """
    rows = [
        {
            "id": observation.observation_id,
            "contract_id": observation.contract_id,
            "region": observation.region,
            "indicator_code": observation.indicator_code,
            "value": observation.value,
            "observed_on": observation.observed_on,
            "supersedes": observation.supersedes,
            "recorded_at": observation.recorded_at,
        }
        for observation in observations
        if not (observation.lot_id or observation.call_off_id or observation.member_id)
    ]
    if not rows:
        return
    await session.execute(insert(ContractObservation).values(rows).on_conflict_do_nothing())


def half_time(starts_on: date | None, ends_on: date | None) -> date | None:
    """The day on which half of a contract's time has passed; None without a period."""
    if starts_on is None or ends_on is None or ends_on <= starts_on:
        return None
    return starts_on + (ends_on - starts_on) / 2


def satisfaction_target(indicators: Sequence[AgreedIndicator]) -> float | None:
    """The satisfaction that a contract agreed, on 0-100: of several indicators that with the largest weight.

    A share up to 1 and a per cent or index from 20 to 100 can be read; what else is agreed (4.5 of five points, "less
    is better") says nothing about this scale.
    """
    agreed = [each for each in indicators if each.level == "satisfaction" and each.direction == "higher"]
    for each in sorted(agreed, key=lambda each: (-each.weight, each.code)):
        target = float(each.target)
        target = target * 100.0 if 0.0 < target <= 1.0 else target
        if LEAST_TARGET <= target <= 100.0:
            return target
    return None
