"""Tokens and spoken codes at the moment of answering: looked up, opened, spent, and made untraceable.

A token is 128 random bits, a spoken code 50 with a check symbol (`kernel.crockford`). The database has the HMAC-SHA256
of either. Every look-up names the wave: what opens another wave is simply unknown.

These statements stand on the path of every answer. They exist twice, for a session and for the driver's own
connection, because the answer writer spends tokens in the transaction that stores the answers.
"""

import contextlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import asyncpg
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.kernel import crockford
from surveys.keys import derived_key
from surveys.waves.service import freeze_key

__all__ = [
    "Invited",
    "TokenState",
    "access_key",
    "enumerator_key",
    "mark_opened",
    "new_code",
    "new_token",
    "rewrite_tokens",
    "spend",
    "spend_on",
    "states",
]

TokenState = Literal["open", "opened", "spent"]
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
CODE_SYMBOLS = 10
GROUP = 5000  # tokens that share a transaction number after a rewrite, where a wave has more
CODE_TEXT = 20  # a spoken code with the separators that people write into it is no longer than this

# Each of the two unique indexes is asked by itself, and what they found is handed on as an array: with an OR over both,
# or with a join, the planner reads the whole wave, and with `wave_id = ...` it may read the wave's index.
_PRESENTED = (
    "ARRAY(SELECT key FROM invitations WHERE key = ANY({keys}) "
    "UNION SELECT key FROM invitations WHERE code_key = ANY({keys}))"
)
# Rows are locked in the order of their keys, so that two commits that meet on the same tokens wait and do not deadlock.
_SPEND = (
    "WITH found AS ("
    "  SELECT key FROM invitations WHERE key = ANY({presented}) AND wave_id IS NOT DISTINCT FROM {wave}"
    "  AND state <> 'spent' AND mark IS DISTINCT FROM 'not_eligible' ORDER BY key FOR UPDATE"
    ") UPDATE invitations SET state = 'spent' WHERE key = ANY(ARRAY(SELECT key FROM found)) "
    "RETURNING key, code_key, stratum, attributes, language"
)
_KEYS = _PRESENTED.format(keys="CAST(:keys AS bytea[])")
_SPEND_SESSION = text(_SPEND.format(presented=_KEYS, wave=":wave_id"))
_SPEND_DRIVER = _SPEND.format(presented=_PRESENTED.format(keys="$2::bytea[]"), wave="$1")
_STATES = text(
    f"SELECT key, code_key, state FROM invitations WHERE key = ANY({_KEYS}) "  # noqa: S608 - as above
    "AND wave_id IS NOT DISTINCT FROM :wave_id AND mark IS DISTINCT FROM 'not_eligible'"
)
_MARK_OPENED = text(
    f"UPDATE invitations SET state = 'opened' WHERE key = ANY({_KEYS}) "  # noqa: S608 - as above
    "AND wave_id IS NOT DISTINCT FROM :wave_id AND state = 'open'"
)
# A small wave is written anew whole. In a large one the open tokens stay, which have nothing to tell; of the others
# those that one transaction wrote are a group, and all small groups, with as many larger ones as it takes, become one.
# The sort has read every deleted row before the first one is inserted.
_REWRITE = text(
    "WITH extent AS ("
    "  SELECT count(*) <= :enough AS small FROM (SELECT FROM invitations WHERE wave_id = :wave_id LIMIT :enough + 1)"
    "), written AS ("
    "  SELECT xmin::text AS transaction, count(*) AS n FROM invitations, extent "
    "  WHERE wave_id = :wave_id AND (small OR state <> 'open') GROUP BY 1"
    "), ranked AS ("
    "  SELECT transaction, n, sum(n) OVER (ORDER BY n, transaction) - n AS smaller FROM written"
    "), old AS ("
    "  DELETE FROM invitations USING ranked, extent WHERE wave_id = :wave_id AND (small OR state <> 'open') "
    "  AND invitations.xmin::text = ranked.transaction AND (n < :enough OR smaller < :enough) RETURNING invitations.*"
    ") INSERT INTO invitations "
    "(key, wave_id, code_key, reference_hmac, stratum, attributes, language, channel, state, mark) "
    "SELECT key, wave_id, code_key, reference_hmac, stratum, attributes, language, channel, state, mark "
    "FROM old ORDER BY gen_random_uuid()"
)


@dataclass(frozen=True, slots=True)
class Invited:
    """What an answer takes from its invitation: coarse, and nothing that leads back to it."""

    stratum: str | None
    attributes: dict[str, str]
    language: str | None


def new_token() -> str:
    """A token for a link or a QR code: 128 random bits, 22 characters that need no escaping in an address."""
    return secrets.token_urlsafe(16)


def new_code() -> str:
    """A code to read out: 50 random bits as ten symbols and a check symbol, a letter or a digit, in groups."""
    while True:
        code = crockford.encode(secrets.randbits(5 * CODE_SYMBOLS), length=CODE_SYMBOLS, group=4)
        # Five of the 37 check symbols are hard to say on the telephone.
        if code[-1] in crockford.SYMBOLS:
            return code


def access_key(wave_id: UUID, token_or_code: str) -> bytes:
    """The keyed hash of a token or of a spoken code, as the database has it.

    A code may be written with hyphens and spaces, in small letters and with the letters O, I and L for digits. Its key
    does not depend on the wave: whoever types a code in need not know which wave it opens (`queries.wave_of_code`).
    What is neither a token nor a code gives a key that no invitation has.

    Raises:
        ServiceKeyMissing: the service has no secret.
    """
    written = token_or_code.strip()
    message = wave_id.bytes + b"access" + written.encode("utf-8", "replace")
    if len(written) <= CODE_TEXT:
        with contextlib.suppress(crockford.CodeMalformed):
            message = f"code:{crockford.decode(written, length=CODE_SYMBOLS)}".encode()
    return hmac.digest(derived_key("invitation"), message, "sha256")


def enumerator_key(wave_id: UUID, raw: str) -> bytes:
    """The keyed hash of an enumerator's key of a wave, as the database has it.

    Raises:
        ServiceKeyMissing: the service has no secret.
    """
    message = wave_id.bytes + b"enumerator" + raw.strip().encode("utf-8", "replace")
    return hmac.digest(derived_key("invitation"), message, "sha256")


async def spend(session: AsyncSession, wave_id: UUID, keys: Sequence[bytes]) -> dict[bytes, Invited]:
    """Spend tokens for good, in the session's transaction; a key that is missing from the answer is unknown or spent.

    A person's token and code are one: of the two the first in `keys` is the one that was spent.
    """
    rows = await session.execute(_SPEND_SESSION, {"wave_id": wave_id, "keys": list(keys)})
    return _spent(keys, [tuple(row) for row in rows])


async def spend_on(connection: Connection, wave_id: UUID, keys: Sequence[bytes]) -> dict[bytes, Invited]:
    """The same on the driver's own connection, which must be in a transaction."""
    rows = await connection.fetch(_SPEND_DRIVER, wave_id, list(keys))
    return _spent(keys, [tuple(row) for row in rows])


async def states(session: AsyncSession, wave_id: UUID, keys: Sequence[bytes]) -> dict[bytes, TokenState]:
    """The state of each token; a key that is missing from the answer is unknown (or was marked not eligible)."""
    rows = await session.execute(_STATES, {"wave_id": wave_id, "keys": list(keys)})
    asked = set(keys)
    found: dict[bytes, TokenState] = {}
    for key, code_key, state in rows:
        found |= dict.fromkeys({bytes(key), bytes(code_key)} & asked, state)
    return found


async def mark_opened(session: AsyncSession, wave_id: UUID, keys: Sequence[bytes]) -> None:
    """Note that the questionnaire was opened with these tokens: who then does not finish has broken off (AAPOR)."""
    # Not while the tokens are being rewritten: an update that waited for a row would find it gone.
    await session.execute(select(func.pg_advisory_xact_lock_shared(freeze_key(wave_id))))
    await session.execute(_MARK_OPENED, {"wave_id": wave_id, "keys": list(keys)})


async def rewrite_tokens(session: AsyncSession, wave_id: UUID) -> int:
    """Write the tokens of a wave anew in random order; returns how many.

    Afterwards no token's transaction number (`xmin`) or place (`ctid`) says when it was used: it shares the number
    with all tokens of the wave, or in a wave of more than 5,000 with 5,000 used ones at least, so that the work does
    not grow with the wave. Takes the wave's advisory lock alone, as closing does: answers wait.
    """
    await session.execute(select(func.pg_advisory_xact_lock(freeze_key(wave_id))))
    result = await session.execute(_REWRITE, {"wave_id": wave_id, "enough": GROUP})
    return int(result.rowcount)  # type: ignore[attr-defined] # an INSERT has a count


def _spent(keys: Sequence[bytes], rows: Sequence[tuple[Any, ...]]) -> dict[bytes, Invited]:
    order = {key: place for place, key in reversed(list(enumerate(keys)))}
    spent: dict[bytes, Invited] = {}
    for key, code_key, stratum, attributes, language in rows:
        presented = [each for each in (bytes(key), bytes(code_key)) if each in order]
        first = min(presented, key=order.__getitem__)
        # The driver gives JSON as text, a session as a value.
        values = json.loads(attributes) if isinstance(attributes, str) else attributes
        spent[first] = Invited(stratum, values, language)
    return spent
