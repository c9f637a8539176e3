"""Writing instruments: a wave pins the one that it uses."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from surveys.instruments.document import Instrument, canonical_sha256
from surveys.instruments.errors import InstrumentVersionTaken, LanguageIncomplete
from surveys.instruments.models import StoredInstrument
from surveys.instruments.shipped import COMMON_CORE

__all__ = ["COMMON_CORE", "canonical_sha256", "complete_languages", "pin_instrument"]


async def pin_instrument(session: AsyncSession, instrument: Instrument) -> None:
    """Store the instrument as the wave that opens will show it. Pinning it again changes nothing.

    Raises:
        InstrumentVersionTaken: the version was used with other content.
    """
    await session.execute(
        insert(StoredInstrument)
        .values(
            sha256=instrument.sha256,
            id=instrument.id,
            version=instrument.version,
            document=instrument.document,
            stored_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )
    same = select(StoredInstrument.sha256).where(
        StoredInstrument.id == instrument.id, StoredInstrument.version == instrument.version
    )
    if await session.scalar(same) != instrument.sha256:
        raise InstrumentVersionTaken(
            f"{instrument.id} {instrument.version} was used with other content; give the changed one a new version."
        )


def complete_languages(instrument: Instrument, wanted: Iterable[str] | None) -> list[str]:
    """The languages that a wave offers: those wanted, by default every one that is complete.

    Raises:
        LanguageIncomplete: a wanted language lacks texts.
    """
    if wanted is None:
        return [language for language in instrument.languages if instrument.completeness(language) == 1.0]
    chosen = list(dict.fromkeys(wanted))
    missing = {language: instrument.completeness(language) for language in chosen}
    missing = {language: share for language, share in missing.items() if share < 1.0}
    if missing or not chosen:
        raise LanguageIncomplete(
            f"{instrument.id} {instrument.version} has not every text in {', '.join(missing) or 'any language'}; "
            "complete the translation or leave the language out.",
            completeness=missing,
        )
    return chosen
