"""Closing a wave: freeze, estimate, keep, hand over."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.events import EventData, WaveClosed
from shared.outbox import emit
from surveys.instruments.queries import questionnaire_by_hash
from surveys.instruments.service import canonical_sha256
from surveys.kernel.estimates import Plan
from surveys.responses.queries import tally
from surveys.results.estimation import as_document, estimate_wave
from surveys.results.models import WaveResult
from surveys.results.queries import results_of
from surveys.settings import policy
from surveys.waves.queries import ContractStub, Wave, all_waves
from surveys.waves.service import freeze_wave, wave_opened, wave_state

__all__ = ["close_wave", "snapshot", "wave_closed"]

SNAPSHOT_CHUNK = 500


async def close_wave(session: AsyncSession, wave_id: UUID, *, if_match: int | None = None) -> tuple[Wave, ContractStub]:
    """Close a wave: nothing more is accepted, its estimates are kept for good and handed to scoring.

    Raises:
        WaveNotFound, WaveAlreadyClosed, PreconditionFailed: see `freeze_wave`.
    """
    wave, contract = await freeze_wave(session, wave_id, if_match=if_match)
    instrument = (await questionnaire_by_hash(session, wave.instrument_sha256)).instrument
    counted = await tally(session, wave.id, [item.code for item in instrument.ratings])
    strata = tuple(stratum["code"] for stratum in wave.strata)
    plan = Plan(
        design=wave.design,  # type: ignore[arg-type] # the table's CHECK holds it to the three designs
        population=wave.population,
        invited=wave.invited,
        stratum_population=tuple(int(stratum["population"]) for stratum in wave.strata),
        level=policy().interval_level,
        cap=policy().korn_graubard_cap,
    )
    estimation = estimate_wave(counted, instrument, plan, strata=strata)
    document = as_document(estimation)
    made_from = {
        "wave_id": str(wave.id),
        "instrument_sha256": wave.instrument_sha256,
        "design": wave.design,
        "population": wave.population,
        "invited": wave.invited,
        "strata": wave.strata,
        "level": plan.level,
        "cap": plan.cap,
    }
    result = WaveResult(
        wave_id=wave.id,
        revision=1,
        contract_id=wave.contract_id,
        region=wave.region,
        n=estimation.n,
        dispositions=document["dispositions"],
        rates=document["rates"],
        response_rate=estimation.response_rate,
        estimates=document["estimates"],
        no_opinion=document["no_opinion"],
        policy=estimation.policy,
        level=plan.level,
        sha256=canonical_sha256(document | made_from),
        computed_at=clock.now(),
    )
    session.add(result)
    emit(session, wave_closed(wave, result), subject=wave.id, region=wave.region)
    return wave, contract


def wave_closed(wave: Wave, result: WaveResult) -> WaveClosed:
    """The event of a closed wave."""
    return WaveClosed.model_validate(
        {
            **wave_state(wave),
            "closed_at": wave.closed_at,
            "n": result.n,
            "response_rate": result.response_rate,
            "estimates": result.estimates,
            "policy": result.policy,
        }
    )


async def snapshot(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """The current state of every wave, for a listener that starts anew."""
    after: UUID | None = None
    while waves := await all_waves(session, after=after, limit=SNAPSHOT_CHUNK):
        after = waves[-1].id
        results = await results_of(session, [wave.id for wave in waves if wave.state == "closed"])
        for wave in waves:
            result = results.get(wave.id)
            yield (wave_opened(wave) if result is None else wave_closed(wave, result)), wave.id, wave.region
