"""Opening waves."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.events import ContractState, WaveOpened, WaveState
from shared.ids import new_id
from shared.jobs import enqueue
from shared.outbox import emit
from surveys.instruments.queries import get_instrument
from surveys.instruments.service import COMMON_CORE, complete_languages, instrument_for, pin_instrument
from surveys.settings import policy
from surveys.waves import queries
from surveys.waves.errors import MarginsUnfit, WaveAlreadyOpen, WaveKindNotDue
from surveys.waves.models import ContractStub, Wave
from surveys.waves.service.margins import unfit_margins

__all__ = [
    "CLOSE_WAVE",
    "Opening",
    "open_completion_wave",
    "open_needs_wave",
    "open_scheduled_wave",
    "open_wave",
    "wave_opened",
    "wave_state",
]

CLOSE_WAVE = "surveys.close_wave"  # the job that closes a wave whose grace has run out
PUBLICATION_POLICY = "publish-v1"

# The stage of the contract that each kind of wave asks about.
STAGES = {
    "needs": {"draft", "pending", "active"},
    "midterm": {"active", "suspended"},
    "completion": {"completed", "terminated"},
    "followUp": {"completed", "terminated"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What is declared when a wave is opened; None takes the default that the policy or the contract gives."""

    kind: str
    design: str
    instrument_id: str = COMMON_CORE
    instrument_version: str | None = None
    languages: tuple[str, ...] | None = None
    population: int | None = None
    invited: int | None = None
    strata: tuple[dict[str, Any], ...] = ()
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    grace_hours: int | None = None
    anonymous: bool = True
    target_population: str | None = None
    sampling_frame: str | None = None
    margins: tuple[dict[str, Any], ...] = ()
    quotas: tuple[dict[str, Any], ...] = ()
    independence: dict[str, Any] = field(default_factory=lambda: {"supervised_by_provider": False})
    publication_policy: str = PUBLICATION_POLICY


async def open_wave(session: AsyncSession, opening: Opening, *, contract_id: UUID) -> tuple[Wave, ContractStub]:
    """Open a wave by hand.

    Raises:
        ContractUnknown: the contract is not known here or lies in a foreign region.
        WaveKindNotDue: the contract is not in the stage that the kind asks about.
        WaveAlreadyOpen: the contract has an open wave of the kind.
        MarginsUnfit: a margin names no question, or does not sum to the population.
        InstrumentNotFound, LanguageIncomplete, InstrumentVersionTaken: about the instrument.
    """
    contract = await queries.get_contract(session, contract_id)
    if contract.state not in STAGES[opening.kind]:
        due = ", ".join(sorted(STAGES[opening.kind]))
        raise WaveKindNotDue(
            f"A {opening.kind} wave asks about a contract that is {due}; this one is {contract.state}.",
            kind=opening.kind,
            contract_state=contract.state,
        )
    wave = await _open(
        session,
        opening,
        contract_id=contract.id,
        region=contract.region,
        simulated=contract.simulated,
        opened_by="hand",
        causation=None,
    )
    if wave is None:
        raise WaveAlreadyOpen(f"The contract has an open {opening.kind} wave; close it before opening another.")
    return wave, contract


async def open_completion_wave(
    session: AsyncSession, contract: ContractState, *, recorded_at: datetime, causation: UUID
) -> Wave | None:
    """Open the wave that a contract's completion calls for; None when it was opened before or is long past.

    Everybody whom the contract names as a beneficiary is asked: a census of that population. A contract that names
    none gets an open link, about which no margin of error can be given.
    """
    ended_at = contract.ended_at or recorded_at
    if clock.now() - ended_at > timedelta(days=policy().event_wave_max_age_days):
        return None
    return await _open_by_event(session, contract, kind="completion", causation=causation)


async def open_needs_wave(
    session: AsyncSession, contract: ContractState, *, recorded_at: datetime, causation: UUID
) -> Wave | None:
    """Open the wave that asks what is needed, as a contract of our own is drafted; None when it is long past."""
    past = clock.now() - recorded_at > timedelta(days=policy().event_wave_max_age_days)
    if past or contract.origin != "native" or contract.state not in STAGES["needs"]:
        return None
    return await _open_by_event(session, contract, kind="needs", causation=causation)


async def open_scheduled_wave(session: AsyncSession, contract: ContractStub, *, kind: str) -> Wave | None:
    """Open the wave that the calendar calls for; None when the contract has one of the kind that is open."""
    if contract.state not in STAGES[kind]:
        return None
    return await _open(
        session,
        _usual(kind, population=contract.population, category=contract.service_category),
        contract_id=contract.id,
        region=contract.region,
        simulated=contract.simulated,
        opened_by="schedule",
        causation=None,
    )


def wave_state(wave: Wave) -> dict[str, Any]:
    """The fields that every wave event carries."""
    return {name: getattr(wave, "id" if name == "wave_id" else name) for name in WaveState.model_fields}


def wave_opened(wave: Wave) -> WaveOpened:
    """The event of a wave as it is."""
    return WaveOpened.model_validate(wave_state(wave))


def _usual(kind: str, *, population: int | None, category: str | None) -> Opening:
    known = population or None
    return Opening(
        kind=kind,
        design="census" if policy().event_wave_census and known is not None else "open_link",
        population=known,
        instrument_id=instrument_for(kind, category if policy().event_wave_modules else None),
    )


async def _open_by_event(session: AsyncSession, contract: ContractState, *, kind: str, causation: UUID) -> Wave | None:
    if kind not in policy().opens_by_itself:
        return None
    return await _open(
        session,
        _usual(kind, population=contract.beneficiary_population, category=contract.service_category),
        contract_id=contract.contract_id,
        region=contract.region,
        simulated=contract.simulated,
        opened_by="event",
        causation=causation,
    )


async def _open(
    session: AsyncSession,
    opening: Opening,
    *,
    contract_id: UUID,
    region: str,
    simulated: bool,
    opened_by: str,
    causation: UUID | None,
) -> Wave | None:
    """Insert the wave with its event, audit row and closing job; None when there is one that must be the only one."""
    instrument = await get_instrument(session, opening.instrument_id, version=opening.instrument_version)
    languages = complete_languages(instrument, opening.languages)
    errors = unfit_margins(opening.margins, instrument, population=opening.population)
    if errors:
        raise MarginsUnfit(f"{errors[0]['pointer']}: {errors[0]['detail']}", errors=errors)
    await pin_instrument(session, instrument)
    opens_at = opening.opens_at or clock.now()
    closes_at = opening.closes_at or opens_at + policy().duration
    grace = policy().grace if opening.grace_hours is None else timedelta(hours=opening.grace_hours)
    inserted = await session.scalars(
        insert(Wave)
        .values(
            id=new_id(),
            version=1,
            contract_id=contract_id,
            region=region,
            simulated=simulated,
            kind=opening.kind,
            state="open",
            opened_by=opened_by,
            instrument_id=instrument.id,
            instrument_version=instrument.version,
            instrument_sha256=instrument.sha256,
            languages=languages,
            design=opening.design,
            population=opening.population,
            invited=opening.invited,
            strata=list(opening.strata),
            opens_at=opens_at,
            closes_at=closes_at,
            freezes_at=closes_at + grace,
            anonymous=opening.anonymous,
            target_population=opening.target_population,
            sampling_frame=opening.sampling_frame,
            margins=list(opening.margins),
            quotas=list(opening.quotas),
            independence=opening.independence,
            publication_policy=opening.publication_policy,
            cautions=["provider_supervised"] if opening.independence["supervised_by_provider"] else [],
        )
        .on_conflict_do_nothing()
        .returning(Wave)
    )
    wave = inserted.first()
    if wave is None:
        return None
    audit.record(
        session, "wave.opened", noun="wave", noun_id=wave.id, region=region, fields=[opening.kind, opening.design]
    )
    emit(session, wave_opened(wave), subject=wave.id, region=region, causation=causation)
    await enqueue(session, CLOSE_WAVE, key=str(wave.id), run_at=wave.freezes_at)
    return wave
