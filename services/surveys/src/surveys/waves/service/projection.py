"""What the surveys keep of the contracts' events."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import ContractState, ObservationRecorded
from surveys.waves.models import ContractObservation, ContractStub

__all__ = ["half_time", "project_contract", "project_observations"]


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
    }
    statement = insert(ContractStub).values(id=contract.contract_id, **row)
    written = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[ContractStub.id], set_=row, where=ContractStub.version < statement.excluded.version
        ).returning(ContractStub.id)
    )
    return written.first() is not None


async def project_observations(session: AsyncSession, observations: Sequence[ObservationRecorded]) -> None:
    """Keep observed values; each is a fact of its own, and one that is there already stays as it is."""
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
    ]
    await session.execute(insert(ContractObservation).values(rows).on_conflict_do_nothing())


def half_time(starts_on: date | None, ends_on: date | None) -> date | None:
    """The day on which half of a contract's time has passed; None without a period."""
    if starts_on is None or ends_on is None or ends_on <= starts_on:
        return None
    return starts_on + (ends_on - starts_on) / 2
