"""Proof of work for open links: a browser calculates for a moment, a machine that wants many answers for long.

Source: ALTCHA, version 2 (library `altcha`): PBKDF2 with SHA-256 at cost 5000, valid for ten minutes, signed, bound to
the wave. A signature is taken once; it is kept until the day after it expires.
"""

import asyncio
import base64
import hashlib
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import altcha
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from surveys.keys import derived_key
from surveys.responses.errors import ProofRefused, ProofUsed
from surveys.responses.models import SpentProof

__all__ = ["challenge", "check_proof", "delete_expired_proofs", "spend_proof"]

ALGORITHM, COST = "PBKDF2/SHA-256", 5000
LASTING = timedelta(minutes=10)
LONGEST = 4096


def challenge(wave_id: UUID) -> dict[str, Any]:
    """A fresh challenge of a wave, as the ALTCHA widget reads it."""
    made = altcha.create_challenge(
        ALGORITHM,
        COST,
        expires_at=clock.now() + LASTING,
        data={"wave_id": str(wave_id)},
        hmac_secret=_secret(wave_id),
    )
    document: dict[str, Any] = made.to_dict()
    return document


async def check_proof(wave_id: UUID, payload: str) -> bytes:
    """Check a solved challenge (base64 of its JSON); returns what names it, 32 bytes.

    Raises:
        ProofRefused: it does not hold.
    """
    if len(payload) > LONGEST:
        raise _refused("is too long")
    # The secret is the wave's own: a proof for another wave has a wrong signature here.
    result = await asyncio.to_thread(altcha.verify_solution, payload, _secret(wave_id))
    if not result.verified:
        raise _refused("has expired" if result.expired else "is wrong or was made for another wave")
    return _name(payload)


async def spend_proof(session: AsyncSession, name: bytes) -> None:
    """Use a proof, in a transaction of its own: one shared with the answer would tie the two together.

    Raises:
        ProofUsed: it was used before.
    """
    expires_on = (clock.now() + LASTING).date() + timedelta(days=1)
    statement = insert(SpentProof).values(signature=name, expires_on=expires_on).on_conflict_do_nothing()
    spent = await session.scalar(statement.returning(SpentProof.signature))
    if spent is None:
        raise ProofUsed("This proof of work was used for an answer; get a new challenge and solve it.")


async def delete_expired_proofs(session: AsyncSession) -> None:
    """Delete the proofs that no challenge can bring back."""
    await session.execute(delete(SpentProof).where(SpentProof.expires_on < clock.today()))


def _secret(wave_id: UUID) -> bytes:
    return derived_key("proof of work") + wave_id.bytes


def _name(payload: str) -> bytes:
    """The signature is over the challenge's parameters, so that a payload written differently is the same proof."""
    signature: str = json.loads(base64.b64decode(payload))["challenge"]["signature"]
    return hashlib.sha256(signature.lower().encode()).digest()


def _refused(why: str) -> ProofRefused:
    return ProofRefused(
        f"The proof of work {why}; get a new challenge and solve it.",
        errors=[{"pointer": "header:Survey-Proof", "detail": why}],
    )
