"""Writing instruments: a wave pins the one that it uses."""

from collections.abc import Iterable
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.auth import Principal
from surveys.instruments.answers import pointer
from surveys.instruments.document import Instrument, canonical_sha256
from surveys.instruments.errors import (
    InstrumentIdTaken,
    InstrumentMalformed,
    InstrumentVersionTaken,
    LanguageIncomplete,
)
from surveys.instruments.models import StoredInstrument
from surveys.instruments.shipped import COMMON_CORE, instrument_for, shipped
from surveys.instruments.xlsform import read_xlsform

__all__ = [
    "COMMON_CORE",
    "canonical_sha256",
    "complete_languages",
    "instrument_for",
    "instrument_of_form",
    "pin_instrument",
    "upload_instrument",
]


async def upload_instrument(session: AsyncSession, instrument: Instrument, *, principal: Principal) -> bool:
    """Keep a tenant's questionnaire for good; False when the same one was kept before.

    Raises:
        InstrumentIdTaken: the code is a shipped questionnaire's or was first used by another organisation.
        InstrumentVersionTaken: the version was kept with other content.
    """
    if instrument.id in {shipped_id for shipped_id, _ in shipped()}:
        raise InstrumentIdTaken(
            f"{instrument.id} is a shipped questionnaire, which everybody may use; give yours a code of its own."
        )
    # Two organisations that take a new code at the same time: the second one waits and is refused.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("instrument " + instrument.id, 0))))
    others = select(StoredInstrument.organisation_id).where(StoredInstrument.id == instrument.id).limit(1)
    first = (await session.execute(others)).first()
    if first is not None and first.organisation_id != principal.organisation and "operator" not in principal.roles:
        raise InstrumentIdTaken(f"{instrument.id} belongs to another organisation; choose another code.")
    owner = principal.organisation if first is None else first.organisation_id
    created = await _store(session, instrument, origin="uploaded", organisation_id=owner)
    if created:
        audit.record(
            session, "instrument.uploaded", noun="instrument", noun_id=instrument.sha256, fields=[instrument.id]
        )
    return created


async def pin_instrument(session: AsyncSession, instrument: Instrument) -> None:
    """Store the instrument as the wave that opens will show it. Pinning it again changes nothing.

    Raises:
        InstrumentVersionTaken: the version was used with other content.
    """
    await _store(session, instrument, origin="shipped", organisation_id=None)


def instrument_of_form(data: bytes, *, language: str) -> tuple[Instrument, list[str]]:
    """The instrument that an XLSForm workbook says, and what was left out or taken differently.

    Raises:
        InstrumentMalformed: it is no workbook, has what the subset cannot say, or contradicts itself.
    """
    imported = read_xlsform(data, language=language)
    try:
        return Instrument.model_validate(imported.document), imported.notes
    except ValidationError as error:
        errors = [
            {"pointer": pointer(problem["loc"]), "detail": problem["msg"]}
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        told = "; ".join(f"{each['pointer']}: {each['detail']}" for each in errors[:5])
        raise InstrumentMalformed(told, errors=errors) from error


def complete_languages(instrument: Instrument, wanted: Iterable[str] | None) -> list[str]:
    """The languages that a wave offers: those wanted, by default every one that is complete and not unreviewed.

    Who names an unreviewed language answers for its words.

    Raises:
        LanguageIncomplete: a wanted language lacks texts.
    """
    if wanted is None:
        wanted = [
            language
            for language in instrument.languages
            if instrument.completeness(language) == 1.0 and instrument.reviewed(language)
        ]
    chosen = list(dict.fromkeys(wanted))
    missing = {
        language: instrument.completeness(language) if language in instrument.languages else 0.0 for language in chosen
    }
    missing = {language: share for language, share in missing.items() if share < 1.0}
    if missing or not chosen:
        raise LanguageIncomplete(
            f"{instrument.id} {instrument.version} has not every text in {', '.join(missing) or 'any language'}; "
            "complete the translation or leave the language out.",
            completeness=missing,
        )
    return chosen


async def _store(session: AsyncSession, instrument: Instrument, *, origin: str, organisation_id: UUID | None) -> bool:
    inserted = await session.execute(
        insert(StoredInstrument)
        .values(
            sha256=instrument.sha256,
            id=instrument.id,
            version=instrument.version,
            document=instrument.document,
            stored_at=clock.now(),
            origin=origin,
            organisation_id=organisation_id,
        )
        .on_conflict_do_nothing()
        .returning(StoredInstrument.sha256)
    )
    if inserted.first() is not None:
        return True
    same = select(StoredInstrument.sha256).where(
        StoredInstrument.id == instrument.id, StoredInstrument.version == instrument.version
    )
    if await session.scalar(same) != instrument.sha256:
        raise InstrumentVersionTaken(
            f"{instrument.id} {instrument.version} was used with other content; give the changed one a new version."
        )
    return False
