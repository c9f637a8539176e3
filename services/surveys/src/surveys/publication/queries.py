"""Reading what was published. It is public: no region limits it, and nothing here leads to an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.instruments.queries import questionnaire_by_hash
from surveys.instruments.variables import variables_of
from surveys.kernel.publish import PUBLISH_V1
from surveys.kernel.receipts import ReceiptMalformed, leaf_prefix
from surveys.kernel.redaction import redact
from surveys.publication.errors import (
    BreakdownUnknown,
    PublicationPending,
    ReceiptNotIncluded,
    ReceiptUnreadable,
    ReleaseNotFound,
)
from surveys.publication.ledger import HASH, Proof, prove
from surveys.publication.models import LedgerChunk, WaveLedger, WaveRelease
from surveys.responses.queries import free_texts
from surveys.results.queries import get_result
from surveys.waves.queries import Wave, get_wave

__all__ = [
    "Comments",
    "ReleaseEntry",
    "WaveLedger",
    "WaveRelease",
    "breakdown_key",
    "comments_of",
    "get_ledger",
    "get_proof",
    "get_quality",
    "get_release",
    "releases_of",
]

MAX_COMMENTS = 200  # of a question


@dataclass(frozen=True, slots=True)
class ReleaseEntry:
    """A release in the list of a wave's releases."""

    number: int
    result_revision: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Comments:
    """Redacted comments on one question, in random order."""

    item: str
    question: dict[str, str]
    texts: tuple[str, ...]


async def get_release(session: AsyncSession, wave_id: UUID, *, number: int | None = None) -> WaveRelease:
    """A release of a wave, by default the newest.

    Raises:
        WaveNotFound: there is no such wave (or it is not published and outside the principal's regions).
        WaveNotClosed: it is still open.
        PublicationPending: it is closed, and its tables are being protected.
        ReleaseNotFound: it has no release with that number.
    """
    statement = select(WaveRelease).where(WaveRelease.wave_id == wave_id).order_by(WaveRelease.number.desc()).limit(1)
    if number is not None:
        statement = statement.where(WaveRelease.number == number)
    found = await session.scalar(statement)
    if found is not None:
        return found
    if number is not None and await session.scalar(select(func.count()).where(WaveRelease.wave_id == wave_id)):
        raise ReleaseNotFound(f"The wave has no release {number}; GET …/publication lists its releases.")
    await get_result(session, wave_id)
    raise PublicationPending("The wave is closed and its tables are being protected; ask again in a minute.")


async def releases_of(session: AsyncSession, wave_id: UUID) -> list[ReleaseEntry]:
    """All releases of a wave in order."""
    statement = (
        select(WaveRelease.number, WaveRelease.result_revision, WaveRelease.sha256)
        .where(WaveRelease.wave_id == wave_id)
        .order_by(WaveRelease.number)
    )
    return [ReleaseEntry(*row) for row in await session.execute(statement)]


async def left_out_before(session: AsyncSession, wave_id: UUID) -> list[frozenset[bytes]]:
    """What each release of a wave left out, in order."""
    statement = select(WaveRelease.left_out).where(WaveRelease.wave_id == wave_id).order_by(WaveRelease.number)
    return [frozenset(leaves) for leaves in await session.scalars(statement)]


async def get_quality(session: AsyncSession, wave_id: UUID) -> WaveRelease:
    """The newest release for its report on quality; only for who may see the wave.

    Raises:
        WaveNotFound, WaveNotClosed, PublicationPending: see `get_release`.
    """
    await get_wave(session, wave_id)
    return await get_release(session, wave_id)


async def comments_of(session: AsyncSession, wave_id: UUID) -> tuple[Wave, list[Comments]]:
    """What respondents of a closed wave wrote, redacted, for officers: a random sample of each question's comments.

    Nothing else of an answer stands beside its comment. A question on which fewer than ten wrote shows none.

    Raises:
        WaveNotFound, WaveNotClosed: about the wave.
    """
    result, wave, _ = await get_result(session, wave_id)
    instrument = (await questionnaire_by_hash(session, wave.instrument_sha256)).instrument
    headline = next(variable for variable in variables_of(instrument) if variable.headline)
    found = []
    for variable in variables_of(instrument):
        if variable.kind != "text" or variable.about_respondent:
            continue
        written = await free_texts(session, result.wave_id, variable.item, beside=headline.item, limit=MAX_COMMENTS)
        enough = len(written) >= PUBLISH_V1.keyphrase_respondents
        texts = tuple(redact(comment) for comment, _ in written) if enough else ()
        found.append(Comments(variable.code, dict(variable.text), texts))
    return wave, found


def breakdown_key(release: WaveRelease, by: Sequence[str]) -> str:
    """The name of the release's table by some variables, given in any order.

    Raises:
        BreakdownUnknown: there is none, with the names that there are.
    """
    wanted = sorted(by)
    for key, table in release.tables.items():
        if sorted(table["by"]) == wanted:
            return key
    names = ", ".join(key for key, table in release.tables.items() if len(table["by"]) == 1) or "none"
    detail = f"this wave can be broken down by at most two different ones of: {names}"
    raise BreakdownUnknown(f"query:by: {detail}", errors=[{"pointer": "query:by", "detail": detail}])


async def find_ledger(session: AsyncSession, wave_id: UUID) -> WaveLedger | None:
    """The ledger of a wave, None before it was made."""
    return await session.get(WaveLedger, wave_id)


async def get_ledger(session: AsyncSession, wave_id: UUID) -> WaveLedger:
    """The ledger of a closed wave.

    Raises:
        WaveNotFound, WaveNotClosed, PublicationPending: see `get_release`.
    """
    found = await find_ledger(session, wave_id)
    if found is not None:
        return found
    await get_result(session, wave_id)
    raise PublicationPending("The wave is closed and its ledger is being made; ask again in a minute.")


async def all_leaves(session: AsyncSession, wave_id: UUID) -> list[bytes]:
    """The leaves of a ledger in ascending order."""
    statement = select(LedgerChunk.leaves).where(LedgerChunk.wave_id == wave_id).order_by(LedgerChunk.number)
    joined = b"".join(await session.scalars(statement))
    return [joined[start : start + HASH] for start in range(0, len(joined), HASH)]


async def get_proof(session: AsyncSession, wave_id: UUID, receipt: str) -> Proof:
    """The proof that the answer with a receipt is counted. It tells nothing about what the answer was.

    Raises:
        ReceiptUnreadable: the text is no receipt.
        ReceiptNotIncluded: no answer of the wave has it.
        WaveNotFound, WaveNotClosed, PublicationPending: see `get_release`.
    """
    try:
        prefix = leaf_prefix(receipt)
    except ReceiptMalformed as error:
        detail = f"{error}; compare it with what you wrote down"
        raise ReceiptUnreadable(detail, errors=[{"pointer": "path:receipt", "detail": detail}]) from error
    ledger = await get_ledger(session, wave_id)
    last = prefix + b"\xff" * (HASH - len(prefix))
    statement = (
        select(LedgerChunk)
        .where(LedgerChunk.wave_id == wave_id, LedgerChunk.first <= last)
        .order_by(LedgerChunk.number.desc())
        .limit(1)
    )
    chunk = await session.scalar(statement)
    leaf = _leaf_with(prefix, chunk.leaves) if chunk is not None else None
    if chunk is None or leaf is None:
        raise ReceiptNotIncluded(
            "No answer of this wave has this receipt. It is that of another wave, or the answer was withdrawn; if "
            "neither is so, complain with this receipt in hand."
        )
    found = prove(leaf, number=chunk.number, leaves=chunk.leaves, chunk_roots=ledger.chunk_roots, size=ledger.size)
    if found is None or found.root != ledger.root:
        raise ArithmeticError(f"the ledger of wave {wave_id} does not add up to its root")
    return found


def _leaf_with(prefix: bytes, leaves: bytes) -> bytes | None:
    """The leaf that begins with these bytes."""
    hashes = (leaves[start : start + HASH] for start in range(0, len(leaves), HASH))
    return next((leaf for leaf in hashes if leaf.startswith(prefix)), None)
