"""Exact decimals as JSON numbers, or not at all."""

import json
from decimal import Decimal
from typing import Any

__all__ = ["encode", "to_wire"]


def to_wire(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Decimals as the float that prints the same digits.

    One with more digits than a JSON number carries becomes `{"$number": "…"}`, which the import refuses with its place:
    a figure must not change on its way.
    """
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else {"$number": str(value)}
    if isinstance(value, dict):
        return {key: to_wire(child) for key, child in value.items()}
    return [to_wire(child) for child in value] if isinstance(value, list) else value


def encode(value: object) -> bytes:
    """A JSON document as bytes; NaN cannot be written."""
    plain = to_wire(value)
    try:
        return _dumps(plain, ascii_only=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can say it with an escape, UTF-8 cannot
        return _dumps(plain, ascii_only=True).encode()


def _dumps(value: object, *, ascii_only: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii_only, allow_nan=False, separators=(",", ":"))
