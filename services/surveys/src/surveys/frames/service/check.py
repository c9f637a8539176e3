"""Whether the list can be trusted: its size against what was paid, its members against another source.

Whoever makes the list decides who is asked. Two checks need no trust in its holder: the list must be about as long as
the number of service units that was paid, and people whom another source knows as recipients must be on it. Only the
figures of both checks are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, any_, cast, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from surveys.frames.errors import AuditUnfit, FrameNotDrawn, PaidUnitsUnknown
from surveys.frames.models import Frame, FrameUnit
from surveys.frames.queries import get_frame
from surveys.settings import policy
from surveys.waves.queries import ContractStub, Wave, latest_observation
from surveys.waves.service import lock_open_wave, set_caution

__all__ = ["Audited", "audit_frame", "reconcile_frame"]


@dataclass(frozen=True, slots=True)
class Audited:
    """The frame after its audit, and the references of the sample that were not on it (kept nowhere)."""

    frame: Frame
    wave: Wave
    missing: list[bytes]


async def reconcile_frame(
    session: AsyncSession, wave_id: UUID, *, paid_units: int | None, indicator_code: str | None, basis: str
) -> tuple[Frame, Wave]:
    """Compare the size of a frame with the service units that were paid.

    The units are stated, or are the newest observation of an indicator, or the beneficiaries that the contract names.

    Raises:
        WaveNotFound, WaveAlreadyClosed, FrameNotFound, FrameNotDrawn: there is nothing to compare.
        PaidUnitsUnknown: the indicator has no observation, or the contract names no beneficiaries.
    """
    wave, contract, frame = await _drawn(session, wave_id)
    units, taken_from = await _paid_units(session, contract, paid_units, indicator_code)
    gap = abs(frame.size - units) / units
    beyond = gap > policy().frame_gap
    frame.reconciliation = {
        "taken_from": taken_from,
        "basis": basis,
        "paid_units": units,
        "frame_size": frame.size,
        "gap": gap,
        "limit": policy().frame_gap,
        "within": not beyond,
        "checked_on": clock.today().isoformat(),
    }
    frame.version += 1
    set_caution(wave, "frame_gap_paid_units", present=beyond)
    audit.record(
        session, "frame.reconciled", noun="frame", noun_id=wave.id, region=wave.region, fields=["reconciliation"]
    )
    return frame, wave


async def audit_frame(
    session: AsyncSession,
    wave_id: UUID,
    references: Sequence[bytes],
    *,
    keyed_by: str,
    source: str,
    held_by: str,
) -> Audited:
    """Look for a random sample of recipients from another source in the frame.

    The gap is the share of the sample that is not on the list. A gap within the limit also confirms a list that the
    provider holds.

    Raises:
        WaveNotFound, WaveAlreadyClosed, FrameNotFound, FrameNotDrawn: there is nothing to audit.
        AuditUnfit: the sample is too small, comes from the list's own source or from the provider, or its references
            were hashed another way than the list's.
    """
    wave, _, frame = await _drawn(session, wave_id)
    sample = list(dict.fromkeys(references))
    _refuse_unfit(frame, sample, keyed_by=keyed_by, source=source, held_by=held_by)
    wanted = cast(sample, ARRAY(LargeBinary))
    statement = select(FrameUnit.reference_hmac).where(
        FrameUnit.wave_id == wave_id, FrameUnit.reference_hmac == any_(wanted)
    )
    listed = set(await session.scalars(statement))
    missing = [reference for reference in sample if reference not in listed]
    gap = len(missing) / len(sample)
    beyond = gap > policy().frame_gap
    frame.audit = {
        "source": source,
        "held_by": held_by,
        "sample": len(sample),
        "missing": len(missing),
        "gap": gap,
        "limit": policy().frame_gap,
        "within": not beyond,
        "checked_on": clock.today().isoformat(),
    }
    frame.version += 1
    set_caution(wave, "frame_gap_audit", present=beyond)
    if frame.held_by == "provider":
        set_caution(wave, "frame_unaudited", present=beyond)
    audit.record(session, "frame.audited", noun="frame", noun_id=wave.id, region=wave.region, fields=["audit"])
    return Audited(frame, wave, missing)


def _refuse_unfit(frame: Frame, sample: Sequence[bytes], *, keyed_by: str, source: str, held_by: str) -> None:
    least = min(policy().frame_audit_minimum, frame.size)
    errors: list[dict[str, Any]] = []
    if len(sample) < least:
        errors.append({"pointer": "/references", "detail": f"must be a random sample of {least} people at least"})
    if source.casefold() == frame.source.casefold():
        errors.append({"pointer": "/source", "detail": "is the source of the frame itself"})
    if held_by == "provider":
        errors.append({"pointer": "/held_by", "detail": "a list of the provider cannot confirm who is asked about it"})
    if keyed_by != frame.keyed_by:
        detail = f"the frame has keyed hashes of the {frame.keyed_by}; references must be hashed the same way"
        errors.append({"pointer": "/references", "detail": detail})
    if errors:
        raise AuditUnfit(f"{errors[0]['pointer']} {errors[0]['detail']}.", errors=errors)


async def _drawn(session: AsyncSession, wave_id: UUID) -> tuple[Wave, ContractStub, Frame]:
    wave, contract = await lock_open_wave(session, wave_id)
    frame = await get_frame(session, wave_id)
    if frame.state != "drawn":
        raise FrameNotDrawn("The frame is not complete; draw the sample first: POST /v1/waves/{id}/frame/draw.")
    return wave, contract, frame


async def _paid_units(
    session: AsyncSession, contract: ContractStub, stated: int | None, indicator_code: str | None
) -> tuple[float, str]:
    if stated is not None:
        return stated, "stated"
    if indicator_code is not None:
        observation = await latest_observation(session, contract.id, indicator_code)
        if observation is None or observation.value <= 0:
            raise PaidUnitsUnknown(
                f"Indicator {indicator_code} has no observation above zero; record it, or state paid_units."
            )
        return float(observation.value), f"observation {observation.id}"
    if not contract.population:
        raise PaidUnitsUnknown("The contract names no beneficiaries; state paid_units or an indicator_code.")
    return contract.population, "contract"
