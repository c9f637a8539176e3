"""The code list documentType of OCDS 1.1.5 (`types.json`)."""

import json
from functools import cache
from pathlib import Path

__all__ = ["document_types"]


@cache
def document_types() -> tuple[str, ...]:
    """The codes, in the order of the list."""
    return tuple(json.loads(Path(__file__).with_name("types.json").read_text(encoding="utf-8"))["types"])
