"""Writing waves: the projection of contracts, opening, freezing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.concurrency import check_version
from shared.events import ContractState, WaveOpened, WaveState
from shared.ids import new_id
from shared.jobs import enqueue
from shared.outbox import emit
from surveys.instruments.queries import get_instrument
from surveys.instruments.service import COMMON_CORE, complete_languages, pin_instrument
from surveys.settings import policy
from surveys.waves import queries
from surveys.waves.errors import WaveAlreadyClosed, WaveAlreadyOpen, WaveKindNotDue
from surveys.waves.models import ContractStub, Wave

__all__ = [
    "CLOSE_WAVE",
    "Opening",
    "WaveAlreadyClosed",
    "freeze_key",
    "freeze_wave",
    "open_completion_wave",
    "open_wave",
    "project_contract",
    "wave_opened",
    "wave_state",
]

CLOSE_WAVE = "surveys.close_wave"  # the job that closes a wave whose grace has run out

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
    }
    statement = insert(ContractStub).values(id=contract.contract_id, **row)
    written = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[ContractStub.id], set_=row, where=ContractStub.version < statement.excluded.version
        ).returning(ContractStub.id)
    )
    return written.first() is not None


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
    population = contract.beneficiary_population or None
    census = policy().event_wave_census and population is not None
    opening = Opening(kind="completion", design="census" if census else "open_link", population=population)
    return await _open(
        session,
        opening,
        contract_id=contract.contract_id,
        region=contract.region,
        simulated=contract.simulated,
        opened_by="event",
        causation=causation,
    )


async def open_wave(session: AsyncSession, opening: Opening, *, contract_id: UUID) -> tuple[Wave, ContractStub]:
    """Open a wave by hand.

    Raises:
        ContractUnknown: the contract is not known here or lies in a foreign region.
        WaveKindNotDue: the contract is not in the stage that the kind asks about.
        WaveAlreadyOpen: the contract has an open wave of the kind.
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


async def freeze_wave(
    session: AsyncSession, wave_id: UUID, *, if_match: int | None = None
) -> tuple[Wave, ContractStub]:
    """Close a wave: from here on no answer is accepted, and every accepted one is visible to this transaction.

    The answer writer holds the wave's advisory lock shared while it writes. This takes it alone: it waits for the
    writes under way, and those that come later see the closed wave. Heavyweight locks are granted in the order of
    asking, so that a stream of answers cannot starve the closing, as row locks would let it.

    Raises:
        WaveNotFound: there is none in the principal's regions.
        WaveAlreadyClosed: it is closed.
        PreconditionFailed: it changed since the version that the caller read.
    """
    _, contract = await queries.get_wave(
        session, wave_id
    )  # before the lock: a foreign caller must not hold anything up
    await session.execute(select(func.pg_advisory_xact_lock(freeze_key(wave_id))))
    statement = select(Wave).where(Wave.id == wave_id).with_for_update().execution_options(populate_existing=True)
    wave = (await session.scalars(statement)).one()
    if wave.state == "closed":
        raise WaveAlreadyClosed(f"The wave was closed at {wave.closed_at:%Y-%m-%dT%H:%M:%SZ}; read its results.")
    check_version(if_match, wave.version)
    wave.state = "closed"
    wave.closed_at = clock.now()
    wave.version += 1
    audit.record(
        session, "wave.closed", noun="wave", noun_id=wave.id, region=wave.region, fields=["state", "closed_at"]
    )
    await session.flush()
    return wave, contract


def freeze_key(wave_id: UUID) -> int:
    """The key of the wave's advisory lock: the last 64 bits of its id, as a signed number."""
    return int.from_bytes(wave_id.bytes[8:], "big", signed=True)


def wave_state(wave: Wave) -> dict[str, Any]:
    """The fields that every wave event carries."""
    return {name: getattr(wave, "id" if name == "wave_id" else name) for name in WaveState.model_fields}


def wave_opened(wave: Wave) -> WaveOpened:
    """The event of a wave as it is."""
    return WaveOpened.model_validate(wave_state(wave))


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
    await pin_instrument(session, instrument)
    opens_at = opening.opens_at or clock.now()
    closes_at = opening.closes_at or opens_at + policy().duration
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
            freezes_at=closes_at + policy().grace,
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
