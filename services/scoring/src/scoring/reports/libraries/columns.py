"""The columns of an indicator library."""

from typing import Final

from scoring.frameworks.document import STAGES

__all__ = ["COLUMNS", "PLAIN", "RULE", "RULES", "SHORT", "TEXTS", "Cell"]

Cell = str | float | None
RULE: Final = (
    "type",
    "unit",
    "direction",
    "standard",
    "accountable",
    "missing",
    "source",
    "confidence",
    "justification",
)
SHORT: Final = {"target": "from", "evidence": "from", "normaliser": "kind"}
"""Objects of a rule; one with this member only is written as its value: `share` for `{"kind": "share"}`."""
COLUMNS: Final = (
    "module",
    "path",
    "title_en",
    "title_zh",
    *STAGES,
    "rule",
    "level",
    "type",
    "unit",
    "direction",
    "target",
    "standard",
    "evidence",
    "normaliser",
    "accountable",
    "missing",
    "source",
    "confidence",
    "justification",
    "more",
)
RULES: Final = ("indicator", "agreed", "unagreed")
PLAIN: Final = ("$schema", "id", "version", "source")
"""Keys of the framework whose values are texts; the others are JSON."""
TEXTS: Final = ("title", "source")
"""Keys of the framework in both languages, one row for each; a source may also stand in one."""
