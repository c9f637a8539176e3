"""Canonical JSON (RFC 8785) and the SHA-256 that identifies frameworks, evidence and score rows."""

import hashlib
import json
from typing import Any

import rfc8785

__all__ = ["canonical", "canonical_text", "sha256"]


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """The RFC 8785 form of any JSON value, floats included."""
    return rfc8785.dumps(value)


def canonical_text(value: Any) -> str:  # noqa: ANN401 - any JSON value without floats
    """The same form for values without floats whose keys are in the Basic Multilingual Plane, some ten times faster.

    For these the standard library's encoder writes exactly the RFC 8785 form: the same escapes, and code points sort as
    UTF-16 units do. `tests/scoring/test_canonical.py` holds the two against each other. Floats are not looked for: the
    callers have decimal strings only.
    """
    return _encoder.encode(value)


_encoder = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)


def sha256(content: bytes | str) -> str:
    """Lower-case hexadecimal SHA-256; text is hashed as UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
