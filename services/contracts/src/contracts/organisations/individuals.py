"""Individuals as providers: known by a keyed hash of their identity document, never by their name or number.

The hash is HMAC-SHA256 under a secret of the deployment: without it nobody can tell by trying numbers whether a person
is recorded, and the same person gets the same pseudonym again. The number is checked, hashed and forgotten.
"""

import base64
import hashlib
import hmac
import re

from pydantic import SecretStr

from contracts.organisations.errors import IndividualsNotConfigured

__all__ = ["SHORTEST_KEY", "check_resident_id", "individuals_key", "pseudonym_of"]

SHORTEST_KEY = 32
_RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_resident_id(text: str) -> str:
    """A resident identity number (GB 11643-1999, ISO 7064 MOD 11-2); ValueError, which never repeats the number."""
    if not _RESIDENT.fullmatch(text):
        raise ValueError("a resident identity number has 17 digits and a check character, a digit or X")
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    if text[17] != "10X98765432"[total % 11]:
        raise ValueError("the check character does not fit the number (GB 11643): a digit was mistyped")
    return text


def individuals_key(secret: SecretStr | None) -> bytes:
    """The secret as a key; IndividualsNotConfigured says how to set it."""
    found = secret.get_secret_value().strip() if secret is not None else ""
    if len(found) < SHORTEST_KEY:
        raise IndividualsNotConfigured(
            f"Set GONGPING_CONTRACTS_KEY_FILE to a file with a random secret of at least {SHORTEST_KEY} characters."
        )
    return found.encode()


def pseudonym_of(number: str, *, document: str, key: bytes) -> str:
    """`IND-` and 24 characters (120 bits) of HMAC-SHA256 over the kind of document and its number without spaces."""
    plain = re.sub(r"\s", "", number).upper()
    message = f"individual\0{document}\0{plain}".encode()
    return "IND-" + base64.b32encode(hmac.digest(key, message, hashlib.sha256)[:15]).decode()
