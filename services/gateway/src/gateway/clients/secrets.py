"""Client secrets: made here, shown once, kept as argon2id hashes."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["UNKNOWN_CLIENT_HASH", "hash_secret", "new_secret", "verify_secret"]

# RFC 9106 section 4, second recommended option: 64 MiB, three passes, four lanes.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
# Checked for an unknown client id, so that the answer takes as long as for a known one.
UNKNOWN_CLIENT_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


def new_secret() -> str:
    """256 random bits in URL-safe letters."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """The argon2id hash to keep. Takes about 50 ms and 64 MiB: call it in a thread."""
    return _HASHER.hash(secret)


def verify_secret(secret_hash: str, secret: str) -> bool:
    """Whether a secret belongs to a hash. Takes about 50 ms and 64 MiB: call it in a thread."""
    try:
        return _HASHER.verify(secret_hash, secret)
    except (VerificationError, InvalidHashError):
        return False
