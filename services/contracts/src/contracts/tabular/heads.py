"""Finding the head of a table and what its columns mean.

Real tables have a title above, a line `单位：万元`, and heads of two lines whose upper cells are merged over several
columns. A merged cell keeps its text in its first column, so that the upper line is filled to the right and then read
together with the lower one: `购买主体` over `名称` and `信用代码`.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.tabular.errors import FileRefused
from contracts.tabular.fields import FIELDS, Field

__all__ = ["KEYS", "Column", "Head", "find_head", "normal"]

LOOKED_AT = 30
KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "organisations": (("reference",), ("uscc",), ("name",)),
    "projects": (("unit_uscc", "code", "year"),),
    "contracts": (("reference",), ("contract_number",)),
    "indicators": (("contract", "code"),),
    "milestones": (("contract", "code"),),
    "observations": (("reference",), ("contract", "indicator", "observed_on")),
    "payments": (("contract", "reference"),),
    "deductions": (("contract", "reference"),),
    "evaluations": (("reference",),),
}
"""By which fields a row is known again: the first alternative whose cells are all filled."""

_BRACKETS = re.compile(r"[(\[【][^)\]】]*[)\]】]")
_UNIT_LINE = re.compile(r"单位[:：]?\s*(?:人民币)?\s*(万元|元)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file; `name` is our field, None for one that is not read. `unit` is yuan | wan for money."""

    position: int
    head: str
    name: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a table: its columns and the line after which the rows begin."""

    columns: tuple[Column, ...]
    last_line: int


def normal(head: str) -> str:
    """A head as it is compared: plain forms, without spaces, brackets and marks of obligation."""
    text = unicodedata.normalize("NFKC", head)
    return re.sub(r"[\s*:：、_]+", "", _BRACKETS.sub("", text)).lower()


def find_head(rows: Sequence[tuple[int, list[str]]], *, noun: str, mapping: Mapping[str, Any]) -> Head:
    """The head among the first lines; FileRefused when no line names enough of the noun's columns.

    `mapping` may name the line (`header_line`), and for single heads the field or null (`columns`).
    """
    wanted: dict[str, str] = {}
    for each in FIELDS[noun]:
        for alias in (each.name, *each.heads):
            wanted.setdefault(normal(alias), each.name)
    asked = {normal(head): choice for head, choice in (mapping.get("columns") or {}).items()}
    best: tuple[int, tuple[str, ...], int] | None = None
    for index, (line, cells) in enumerate(rows):
        if mapping.get("header_line") not in (None, line):
            continue
        below = rows[index + 1] if index + 1 < len(rows) else (line, [])
        candidates = [(tuple(cells), line)]
        if any(cells):
            candidates.append((_two_lines(cells, below[1], wanted, asked), below[0]))
        for heads, last in candidates:
            named = {_name_of(head, wanted, asked) for head in heads} - {None}
            if best is None or len(named) > best[0]:
                best = (len(named), heads, last)
    if best is None or best[0] < (1 if asked else 2):
        names = ", ".join(each.heads[0] for each in FIELDS[noun] if each.required)
        detail = (
            f"No line among the first {LOOKED_AT} names the columns of {noun}; needed are {names}. "
            f"Take the template of GET /v1/imports/templates/{noun}.xlsx, or send a mapping of your columns."
        )
        raise FileRefused(detail, errors=[{"pointer": "/file", "detail": detail}])
    _, heads, last = best
    unit = _sheet_unit(cells for line, cells in rows if line <= last)
    fields = {each.name: each for each in FIELDS[noun]}
    columns = _columns(heads, wanted, asked, fields, unit)
    _require_all(noun, columns, mapping)
    return Head(columns, last)


def _name_of(head: str, wanted: Mapping[str, str], asked: Mapping[str, Any]) -> str | None:
    key = normal(head)
    if key in asked:
        name: str | None = asked[key].get("field")
        return name
    return wanted.get(key)


def _two_lines(
    upper: Sequence[str], lower: Sequence[str], wanted: Mapping[str, str], asked: Mapping[str, Any]
) -> tuple[str, ...]:
    heads, group = [], ""
    for position in range(max(len(upper), len(lower))):
        above = upper[position] if position < len(upper) else ""
        under = lower[position] if position < len(lower) else ""
        group = above or group
        if not under:
            heads.append(above)
        elif any(normal(group + under) in known for known in (wanted, asked)):
            heads.append(group + under)
        else:
            heads.append(under)
    return tuple(heads)


def _sheet_unit(lines: Any) -> str:  # noqa: ANN401 - lines of cells
    for cells in lines:
        for cell in cells:
            found = _UNIT_LINE.search(cell)
            if found:
                return "wan" if found[1] == "万元" else "yuan"
    return "yuan"


def _columns(
    heads: Sequence[str],
    wanted: Mapping[str, str],
    asked: Mapping[str, Any],
    fields: Mapping[str, Field],
    unit: str,
) -> tuple[Column, ...]:
    columns: list[Column] = []
    taken: set[str] = set()
    for position, head in enumerate(heads):
        if not head:
            continue
        name = _name_of(head, wanted, asked)
        if name in taken:
            name = None  # the first of two columns of one meaning counts; the other is shown as not read
        own = None
        if name is not None:
            taken.add(name)
            if fields[name].kind == "money":
                said = asked.get(normal(head), {}).get("unit")
                own = said or ("wan" if "万元" in head else "yuan" if "(元" in head or "（元" in head else unit)
        columns.append(Column(position, head, name, own))
    return tuple(columns)


def _require_all(noun: str, columns: Sequence[Column], mapping: Mapping[str, Any]) -> None:
    found = {column.name for column in columns} | set(mapping.get("constants") or {})
    missing = [each for each in FIELDS[noun] if each.required and each.name not in found]
    if not any(all(name in found for name in key) for key in KEYS[noun]):
        first = KEYS[noun][0]
        missing += [each for each in FIELDS[noun] if each.name in first and each not in missing]
    if missing:
        detail = f"Columns are missing: {', '.join(f'{each.heads[0]} ({each.name})' for each in missing)}."
        raise FileRefused(
            f"{detail} Add them, name the columns that hold them in a mapping, or give constants for all rows.",
            errors=[{"pointer": f"/columns/{each.name}", "detail": f"no column {each.heads[0]}"} for each in missing],
        )
