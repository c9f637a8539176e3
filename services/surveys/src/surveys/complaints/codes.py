"""The receipt code of a complaint, and the seal of its contact data.

A code is made from the complaint's random id with a key, so that a repeated submission gets the same code, while the
database, which has only the code's keyed hash, cannot give it out. Contact data: AES-256-GCM, NIST SP 800-38D.
"""

import hmac
import secrets
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from surveys.kernel import crockford
from surveys.keys import derived_key

__all__ = ["CODE_SYMBOLS", "code_key", "code_of", "open_contact", "seal_contact"]

CODE_SYMBOLS = 10  # 50 bits, which ten tries a minute do not search
_NONCE = 12


def code_of(complaint_id: UUID) -> str:
    """The receipt code: ten symbols and a check symbol in groups of four.

    Raises:
        ServiceKeyMissing: the service has no secret.
    """
    digest = hmac.digest(derived_key("complaint code"), complaint_id.bytes, "sha256")
    return crockford.encode(int.from_bytes(digest[:8], "big") >> (64 - 5 * CODE_SYMBOLS), length=CODE_SYMBOLS, group=4)


def code_key(code: str) -> bytes:
    """What the database has of a code; it may be written with hyphens, spaces and small letters.

    Raises:
        crockford.CodeMalformed: it is no code.
        ServiceKeyMissing: the service has no secret.
    """
    number = crockford.decode(code, length=CODE_SYMBOLS)
    return hmac.digest(derived_key("complaint lookup"), number.to_bytes(8, "big"), "sha256")


def seal_contact(complaint_id: UUID, contact: str) -> bytes:
    """Contact data as they are stored: a fresh nonce and the ciphertext, bound to their complaint."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(derived_key("complaint contact")).encrypt(nonce, contact.encode(), complaint_id.bytes)


def open_contact(complaint_id: UUID, sealed: bytes) -> str:
    """Contact data in clear.

    Raises:
        cryptography.exceptions.InvalidTag: the service's secret was changed since.
    """
    cipher = AESGCM(derived_key("complaint contact"))
    return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], complaint_id.bytes).decode()
