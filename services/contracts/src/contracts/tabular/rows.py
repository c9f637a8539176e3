"""A row of a table on its way: its cells read, what is wrong with it, and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.tabular.fields import Field, fields_of
from contracts.tabular.heads import KEYS
from contracts.tabular.values import CellFault, Reading, read_cell

__all__ = ["Row", "RowReader", "key_of"]

_SHOWN = 200


@dataclass(slots=True)
class Row:
    """One line of the file. `outcome` stays None until somebody has decided about it."""

    line: int
    cells: Sequence[str]
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)
    outcome: str | None = None
    target_id: UUID | None = None
    before: dict[str, Any] | None = None
    heads: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Per field its column's head and its place among the cells."""

    def reject(self, name: str, reason: str) -> None:
        """Refuse the row for a field, whose cell is shown with the reason."""
        head, place = self.heads.get(name, (name, -1))
        value = self.cells[place] if 0 <= place < len(self.cells) else ""
        self.problems.append({"column": head, "value": value[:_SHOWN], "reason": reason})
        self.outcome = "rejected"

    def warn(self, name: str, reason: str) -> None:
        """Note what is doubtful; the row goes on."""
        head, place = self.heads.get(name, (name, -1))
        value = self.cells[place] if 0 <= place < len(self.cells) else ""
        self.problems.append({"column": head, "value": value[:_SHOWN], "reason": reason, "level": "warning"})

    def done(self, outcome: str, target_id: UUID | None, before: dict[str, Any] | None = None) -> None:
        """Note what became of the row; `before` is what undoing needs."""
        self.outcome, self.target_id, self.before = outcome, target_id, before


def key_of(noun: str, cells: Mapping[str, str]) -> str | None:
    """What the row is known by, from its cells as they stand; None when every alternative lacks a cell."""
    for names in KEYS[noun]:
        parts = [cells.get(name, "") for name in names]
        if all(parts):
            return "\x1f".join(parts)
    return None


class RowReader:
    """Reads the cells of an import's rows; made once per chunk from the columns that were found in its head."""

    def __init__(
        self, noun: str, columns: Iterable[Mapping[str, Any]], constants: Mapping[str, str], *, epoch_1904: bool
    ) -> None:
        self._fields = fields_of(noun)
        read = [column for column in columns if column["field"]]
        self._heads = {column["field"]: (column["head"], place) for place, column in enumerate(read)}
        # Cells repeat (days, parties, words): each is read once. A reader lives as long as its chunk, and so does this.
        self._readings: list[tuple[str, Reading, dict[str, Any]]] = [
            (column["field"], self._reading(self._fields[column["field"]], column["unit"], epoch_1904=epoch_1904), {})
            for column in read
        ]
        self._required = [each.name for each in self._fields.values() if each.required]
        # A constant that cannot be read was refused when the import was asked for.
        self._values = dict.fromkeys(self._fields) | {
            name: read_cell(value, self._reading(self._fields[name], "yuan", epoch_1904=epoch_1904))
            for name, value in constants.items()
            if name in self._fields
        }

    @staticmethod
    def _reading(each: Field, unit: str | None, *, epoch_1904: bool) -> Reading:
        return Reading(each, Decimal(10_000) if unit == "wan" else Decimal(1), epoch_1904)

    def read(self, line: int, cells: Sequence[str]) -> Row:
        """The row with every cell read; each that cannot be read, and each that is needed and empty, is a problem."""
        row = Row(line, cells, self._values.copy(), heads=self._heads)
        values = row.values
        for (name, reading, known), cell in zip(self._readings, cells, strict=False):
            if cell in known:
                value = known[cell]
            else:
                try:
                    value = known[cell] = read_cell(cell, reading)
                except CellFault as fault:
                    row.reject(name, str(fault))
                    continue
            if value is not None:
                values[name] = value
        if row.outcome is None:
            for name in self._required:
                if values[name] is None:
                    row.reject(name, "is empty and needed")
        return row
