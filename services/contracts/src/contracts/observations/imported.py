"""Recording many observations in few statements, and taking one back that an import recorded by mistake."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.observations.models import Observation, ObservationWithdrawal
from contracts.observations.queries import get_observation, is_superseded, withdrawals_of
from shared import audit, clock, outbox
from shared.copying import copy_in
from shared.events import ObservationRecorded, ObservationWithdrawn
from shared.ids import new_id
from shared.overlap import beside

__all__ = ["ImportedObservation", "record_imported_observations", "withdraw_observation", "withdrawal_event"]

# The columns that an import gives as they are.
_PLAIN = (
    "contract_id",
    "region",
    "indicator_id",
    "value",
    "observed_on",
    "document_sha256",
    "note",
    "supersedes",
)
_RAISE = text("UPDATE contracts SET facts_version = facts_version + 1 WHERE id = ANY(:ids)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedObservation:
    """An actual value; the indicator is one of the contract's, and the contract is in the caller's scope."""

    contract_id: UUID
    region: str
    indicator_id: UUID
    indicator_code: str
    value: Decimal
    observed_on: date
    document_sha256: str | None = None
    note: str | None = None
    supersedes: UUID | None = None


async def record_imported_observations(
    session: AsyncSession, observations: Sequence[ImportedObservation], *, import_id: UUID
) -> list[UUID]:
    """Record observations that were checked; answers their ids in order. One audit row per contract counts them."""
    if not observations:
        return []
    moment, limit = clock.now(), outbox.limit_of(session)
    ids = [new_id() for _ in observations]

    def tell() -> list[outbox.Pending]:
        return [
            outbox.compose(
                _recorded(each, one, moment), subject=each.contract_id, region=each.region, at=moment, limit=limit
            )
            for one, each in zip(ids, observations, strict=True)
        ]

    outbox.add(session, await beside(_write(session, observations, ids, moment), tell))
    for (contract_id, region), number in Counter((each.contract_id, each.region) for each in observations).items():
        noted = {"import_id": str(import_id), "observations": number}
        audit.record(session, "observation.imported", noun="contract", noun_id=contract_id, region=region, fields=noted)
    return ids


async def _write(
    session: AsyncSession, observations: Sequence[ImportedObservation], ids: Sequence[UUID], moment: datetime
) -> None:
    await session.execute(_RAISE, {"ids": sorted({each.contract_id for each in observations})})
    # Without the ORM, which would take as long as everything else of a row together.
    values = attrgetter(*_PLAIN)
    records = [(one, moment, *values(each)) for one, each in zip(ids, observations, strict=True)]
    await copy_in(session, "observations", columns=("id", "recorded_at", *_PLAIN), records=records)


def _recorded(each: ImportedObservation, observation_id: UUID, moment: datetime) -> ObservationRecorded:
    return ObservationRecorded(
        observation_id=observation_id,
        contract_id=each.contract_id,
        region=each.region,
        indicator_id=each.indicator_id,
        indicator_code=each.indicator_code,
        value=each.value,
        observed_on=each.observed_on,
        document_sha256=each.document_sha256,
        supersedes=each.supersedes,
        recorded_at=moment,
    )


def withdrawal_event(observation: Observation, *, at: datetime) -> ObservationWithdrawn:
    """The withdrawal of an observation as its event carries it; it has one id whenever it is told."""
    return ObservationWithdrawn(
        withdrawal_id=uuid5(observation.id, "withdrawn"),
        observation_id=observation.id,
        contract_id=observation.contract_id,
        region=observation.region,
        indicator_id=observation.indicator_id,
        observed_on=observation.observed_on,
        supersedes=observation.id,
        recorded_at=at,
    )


async def withdraw_observation(session: AsyncSession, *, observation_id: UUID) -> str | None:
    """Take an observation back, so that no score counts it; answers why not, None when it is done."""
    observation = await get_observation(session, observation_id=observation_id)
    if observation is None:
        return "the observation is in a region outside your scope"
    if observation_id in await withdrawals_of(session, contract_id=observation.contract_id):
        return "the observation was withdrawn before"
    if await is_superseded(session, observation_id=observation_id):
        return "the observation was corrected later; undo the correction first"
    moment = clock.now()
    gone = ObservationWithdrawal(
        observation_id=observation_id, contract_id=observation.contract_id, withdrawn_at=moment
    )
    session.add(gone)
    await session.flush()
    await session.execute(_RAISE, {"ids": [observation.contract_id]})
    event = withdrawal_event(observation, at=moment)
    outbox.emit(session, event, subject=observation.contract_id, region=observation.region)
    audit.record(
        session,
        "observation.withdrawn",
        noun="contract",
        noun_id=observation.contract_id,
        region=observation.region,
        fields={"observation_id": str(observation_id)},
    )
    return None
