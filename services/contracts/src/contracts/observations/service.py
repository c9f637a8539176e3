"""Recording observations: facts, corrected by a later one that names the one it supersedes."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import Observable, observables_of
from contracts.contracts.service import open_for_fact
from contracts.observations.errors import (
    IndicatorNotAgreed,
    ObservationImpossible,
    ObservationNotCorrectable,
    ObservationNotDue,
)
from contracts.observations.models import Observation
from contracts.observations.plausibility import impossible
from contracts.observations.queries import get_observation, is_superseded
from contracts.observations.schemas import ObservationIn
from contracts.structure.service import NamedParts, require_parts
from shared import audit, clock, outbox
from shared.events import ObservationRecorded
from shared.ids import new_id

__all__ = ["observation_event", "record_observation"]


def observation_event(observation: Observation, *, indicator_code: str) -> ObservationRecorded:
    """The observation as its event carries it."""
    return ObservationRecorded(
        observation_id=observation.id,
        contract_id=observation.contract_id,
        region=observation.region,
        indicator_id=observation.indicator_id,
        indicator_code=indicator_code,
        value=observation.value,
        observed_on=observation.observed_on,
        document_sha256=observation.document_sha256,
        supersedes=observation.supersedes,
        recorded_at=observation.recorded_at,
        lot_id=observation.lot_id,
        call_off_id=observation.call_off_id,
        member_id=observation.member_id,
    )


async def record_observation(
    session: AsyncSession, body: ObservationIn, *, contract_id: UUID, combined: dict[str, Any] | None = None
) -> tuple[Observation, Observable]:
    """Record an actual value; answers it with its indicator. `combined`: what it was made from.

    IndicatorNotAgreed, ObservationNotDue (a date in the future), ObservationImpossible, ObservationNotCorrectable,
    PartNotInContract, CallOffNotInForce, ContractStateConflict.
    """
    head = await open_for_fact(session, contract_id=contract_id, sides=("purchaser", "provider"))
    indicators = await observables_of(session, contract_id=contract_id)
    agreed = indicators.get(body.indicator_id)
    if agreed is None:
        codes = ", ".join(indicator.code for indicator in indicators.values())
        raise IndicatorNotAgreed(f"The contract has no indicator {body.indicator_id}; it has {codes or 'none'}.")
    reason = impossible(agreed, body.value)
    if reason is not None:
        raise ObservationImpossible(
            f"{reason}. Record what was measured, in the indicator's unit.",
            indicator=agreed.code,
            unit=agreed.unit,
            value=f"{body.value.normalize():f}",
        )
    if body.observed_on > clock.today():
        raise ObservationNotDue(f"{body.observed_on} is in the future; record what has happened.")
    await require_parts(session, head, _parts(body))
    await _require_correctable(session, body, contract_id=contract_id)
    observation = Observation(
        id=new_id(),
        contract_id=contract_id,
        region=head.region,
        **dict(body),  # values as they were read: a dump would write the figure as text
        combined=combined,
        recorded_at=clock.now(),
    )
    session.add(observation)
    event = observation_event(observation, indicator_code=agreed.code)
    outbox.emit(session, event, subject=contract_id, region=head.region)
    noted = {"observation_id": str(observation.id), "indicator": agreed.code}
    if combined is not None:
        noted |= {"combined": combined["of"], "rule": combined["rule"]}
    audit.record(
        session, "observation.recorded", noun="contract", noun_id=contract_id, region=head.region, fields=noted
    )
    return observation, agreed


def _parts(named: ObservationIn | Observation) -> NamedParts:
    return NamedParts(named.lot_id, named.call_off_id, named.member_id)


async def _require_correctable(session: AsyncSession, body: ObservationIn, *, contract_id: UUID) -> None:
    if body.supersedes is None:
        return
    corrected = await get_observation(session, observation_id=body.supersedes)
    if corrected is None or corrected.contract_id != contract_id or corrected.indicator_id != body.indicator_id:
        raise ObservationNotCorrectable(f"This indicator has no observation {body.supersedes} in this contract.")
    if _parts(corrected) != _parts(body):
        raise ObservationNotCorrectable("A correction is about the same lot, call-off and member as what it corrects.")
    if await is_superseded(session, observation_id=body.supersedes):
        raise ObservationNotCorrectable(f"Observation {body.supersedes} was corrected already; correct the later one.")
    if body.note is None:
        raise ObservationNotCorrectable("Say in note why the observation is corrected.")
