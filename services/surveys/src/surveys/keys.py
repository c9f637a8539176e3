"""Keys of this service: one secret outside the database, and one key derived from it for each purpose.

Tokens, codes and references stand in the database as keyed hashes only. Whoever gets hold of the database alone can
neither forge a token nor try out references. The secret therefore comes from the environment or from a file.
"""

import hmac
from functools import cache

from shared.problems import Unavailable
from surveys.settings import policy

__all__ = ["ServiceKeyMissing", "derived_key"]

SALT = b"gongping.surveys"
SHORTEST = 32


class ServiceKeyMissing(Unavailable):
    """The service has no secret, or one that is too short; an operator has to configure it."""

    slug, title = "service-key-missing", "The service has no secret key"


@cache
def derived_key(purpose: str) -> bytes:
    """The 32-byte key for a purpose, always the same for the same secret.

    Source: HKDF-SHA256 (RFC 5869) with one block of output; the purpose is its `info`.

    Raises:
        ServiceKeyMissing: no secret is configured, or it has fewer than 32 characters.
    """
    extracted = hmac.digest(SALT, _secret(), "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")


def _secret() -> bytes:
    settings = policy()
    found = settings.surveys_key.get_secret_value() if settings.surveys_key is not None else ""
    if not found and settings.surveys_key_file is not None:
        try:
            found = settings.surveys_key_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ServiceKeyMissing(f"GONGPING_SURVEYS_KEY_FILE cannot be read: {error.strerror}.") from error
    if len(found) < SHORTEST:
        raise ServiceKeyMissing(
            f"Set GONGPING_SURVEYS_KEY_FILE to a file with a random secret of at least {SHORTEST} characters."
        )
    return found.encode()
