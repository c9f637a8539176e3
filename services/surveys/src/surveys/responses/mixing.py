"""The mover: it parts answers from the tokens that they committed with.

Answer and token commit together, so their rows carry one transaction number, and a day's rows stand in the order of
their coming. A job therefore takes a wave's staged answers in random batches of at least ten to their final table, in
random order, keeps a random pool back for the next batch, and writes the pool and all tokens of the wave anew in the
same transaction: afterwards every row says only that the mover wrote it. The rest is moved at the close.

Sources: a pool mix after Chaum (1981) and the batches of at least ten of the publication rule. What backups and the
write-ahead log keep is stated in docs/impact-assessment.md.
"""

from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.frames.service import rewrite_tokens
from surveys.responses.drafts import delete_drafts
from surveys.responses.models import COLUMNS, StagedResponse
from surveys.settings import policy
from surveys.waves.service import freeze_key

__all__ = ["MOVED_AT_ONCE", "mix", "move_rest"]

MOVED_AT_ONCE = 5000  # answers to the wave wait meanwhile
REWRITTEN_AT_CLOSE = 10_000

_COLUMNS = ", ".join(COLUMNS)  # names from the model, no one's input
# gen_random_uuid() is drawn from the system's random numbers; random() could be foretold from what it gave before.
_MOVE = text(
    "WITH drawn AS (SELECT submission_id FROM responses_staged WHERE wave_id = :wave_id "  # noqa: S608
    "ORDER BY gen_random_uuid() LIMIT :take), "
    "taken AS (DELETE FROM responses_staged USING drawn WHERE responses_staged.wave_id = :wave_id "
    "AND responses_staged.submission_id = drawn.submission_id RETURNING responses_staged.*) "
    f"INSERT INTO responses ({_COLUMNS}) SELECT {_COLUMNS} FROM taken ORDER BY gen_random_uuid()"
)
# One statement: the sort has read every row that was deleted before the first one is inserted.
_REWRITE = text(
    "WITH kept AS (DELETE FROM responses_staged WHERE wave_id = :wave_id RETURNING *) "  # noqa: S608
    f"INSERT INTO responses_staged ({_COLUMNS}) SELECT {_COLUMNS} FROM kept ORDER BY gen_random_uuid()"
)
_BACK = text(
    "WITH old AS (DELETE FROM responses WHERE wave_id = :wave_id RETURNING *) "  # noqa: S608
    f"INSERT INTO responses_staged ({_COLUMNS}) SELECT {_COLUMNS} FROM old"
)
_MOVED = text("SELECT count(*) FROM (SELECT FROM responses WHERE wave_id = :wave_id LIMIT :most)")
_NO_TIMEOUT = text("SET LOCAL statement_timeout = 0")


async def mix(session: AsyncSession, wave_id: UUID) -> int:
    """Move a random batch of a wave's staged answers; returns how many, 0 when too few wait.

    Takes the wave's advisory lock alone until the transaction ends: no answer is stored while it is being moved.
    """
    await session.execute(select(func.pg_advisory_xact_lock(freeze_key(wave_id))))
    waiting = await _waiting(session, wave_id)
    take = waiting - policy().mix_pool
    if take < policy().mix_batch:
        return 0
    await session.execute(_NO_TIMEOUT)
    moved = min(take, MOVED_AT_ONCE)
    await session.execute(_MOVE, {"wave_id": wave_id, "take": moved})
    if waiting - moved < policy().mix_batch + policy().mix_pool:
        # Of a larger number the next transaction does it, moments later.
        await session.execute(_REWRITE, {"wave_id": wave_id})
        await rewrite_tokens(session, wave_id)
    return moved


async def move_rest(session: AsyncSession, wave_id: UUID) -> int:
    """Move everything that waits, once the wave is frozen; returns how many rows were written.

    Called by the closing inside its transaction, after `freeze_wave` and before the answers are read. The drafts of the
    wave are deleted and its tokens written anew. Of a wave of moderate size the moved answers are too: then not even
    the order of the batches is left.
    """
    waiting = await _waiting(session, wave_id)
    await session.execute(_NO_TIMEOUT)
    moved = await session.scalar(_MOVED, {"wave_id": wave_id, "most": REWRITTEN_AT_CLOSE + 1}) or 0
    if 0 < moved <= REWRITTEN_AT_CLOSE:
        # Through the staging table, so that one random order is made of all.
        await session.execute(_BACK, {"wave_id": wave_id})
        waiting += moved
    if waiting:
        await session.execute(_MOVE, {"wave_id": wave_id, "take": waiting})
    await rewrite_tokens(session, wave_id)
    await delete_drafts(session, wave_id)
    return waiting


async def _waiting(session: AsyncSession, wave_id: UUID) -> int:
    counted = select(func.count()).select_from(StagedResponse).where(StagedResponse.wave_id == wave_id)
    return await session.scalar(counted) or 0
