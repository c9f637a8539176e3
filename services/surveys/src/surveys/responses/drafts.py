"""Drafts: what somebody has answered so far, sealed under a key that is made from the raw token.

The service keeps of a token only a keyed hash, so that neither who has the database nor the service itself can open a
draft while its owner is away. A draft is deleted when its answer is handed in, the rest when the wave closes.

Sources: HKDF-SHA-256, RFC 5869; AES-256-GCM, NIST SP 800-38D; scrypt, RFC 7914 (for spoken codes, whose 50 bits could
otherwise be tried out by who has the database).
"""

import asyncio
import hashlib
import json
import secrets
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.kernel import crockford
from surveys.responses.errors import ResponseTooLarge
from surveys.responses.models import Draft

__all__ = ["DRAFT_BYTES", "delete_draft", "delete_drafts", "draft_id_of", "load_draft", "save_draft"]

DRAFT_BYTES = 65_536
PADDED = 1024  # the length of a draft would tell how far somebody has come
NONCE_BYTES = 12
CODE_SYMBOLS = 10
SCRYPT = {"n": 2**14, "r": 8, "p": 1, "maxmem": 2**26, "dklen": 32}


async def save_draft(session: AsyncSession, wave_id: UUID, token: str, state: dict[str, Any]) -> None:
    """Keep what was answered so far in place of what was kept before. `token` is the raw token or spoken code.

    Raises:
        ResponseTooLarge: the state has more than 64 KiB as JSON.
    """
    plain = json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode()
    if len(plain) > DRAFT_BYTES:
        raise ResponseTooLarge(f"A draft may have {DRAFT_BYTES} bytes at most.")
    draft_id, key = await _keys(wave_id, token)
    nonce = secrets.token_bytes(NONCE_BYTES)
    padded = len(plain).to_bytes(4, "big") + plain + bytes(-(len(plain) + 4) % PADDED)
    sealed = nonce + AESGCM(key).encrypt(nonce, padded, wave_id.bytes)
    statement = insert(Draft).values(id=draft_id, wave_id=wave_id, sealed=sealed)
    await session.execute(statement.on_conflict_do_update(index_elements=[Draft.id], set_={"sealed": sealed}))


async def load_draft(session: AsyncSession, wave_id: UUID, token: str) -> dict[str, Any] | None:
    """What was kept under a token; None when there is nothing, or nothing that it opens."""
    draft_id, key = await _keys(wave_id, token)
    sealed = await session.scalar(select(Draft.sealed).where(Draft.id == draft_id))
    if sealed is None:
        return None
    try:
        padded = AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], wave_id.bytes)
    except InvalidTag:
        return None
    state: dict[str, Any] = json.loads(padded[4 : 4 + int.from_bytes(padded[:4], "big")])
    return state


async def draft_id_of(wave_id: UUID, token: str) -> bytes:
    """The id of a token's draft, 32 bytes."""
    return (await _keys(wave_id, token))[0]


async def delete_draft(session: AsyncSession, wave_id: UUID, token: str) -> None:
    """Delete what was kept under a token."""
    await session.execute(delete(Draft).where(Draft.id == await draft_id_of(wave_id, token)))


async def delete_drafts(session: AsyncSession, wave_id: UUID) -> None:
    """Delete every draft of a wave: it takes no more answers."""
    await session.execute(delete(Draft).where(Draft.wave_id == wave_id))


async def _keys(wave_id: UUID, token: str) -> tuple[bytes, bytes]:
    """Id and key of a token's draft, 32 bytes each; the id tells nothing of the key."""
    try:
        code = crockford.decode(token, length=CODE_SYMBOLS)
    except crockford.CodeMalformed:
        secret = token.encode()
    else:
        # However it was typed, a code is the same code.
        spoken = crockford.encode(code, length=CODE_SYMBOLS).encode()
        secret = await asyncio.to_thread(hashlib.scrypt, spoken, salt=wave_id.bytes, **SCRYPT)
    both = HKDF(SHA256(), 64, salt=wave_id.bytes, info=b"gongping draft").derive(secret)
    return both[:32], both[32:]
