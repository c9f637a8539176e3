"""Rows of the roll-up as answers and as CSV, and the place of a page in it."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from contracts.campaigns.schemas import RollUpRow
from shared.problems import Unprocessable

__all__ = ["csv_text", "place_after", "roll_up_row"]

_HEAD = (
    "id",
    "名称 name",
    "币种 currency",
    "合同数 contracts",
    "金额 value",
    "已付 paid",
    "已认定 scored",
    "加权得分 score",
)


def place_after(cursor: list[Any] | None) -> tuple[str, UUID | None] | None:
    """The currency and key that the next page begins after; 422 when the cursor belongs to another list."""
    if cursor is None:
        return None
    try:
        currency, key = cursor
        return str(currency), UUID(key) if key else None
    except (AttributeError, TypeError, ValueError) as error:
        raise Unprocessable(
            "The cursor belongs to another list.", errors=[{"pointer": "query:cursor", "detail": "not of this list"}]
        ) from error


def roll_up_row(row: Row[Any]) -> RollUpRow:
    """The answer for a row."""
    return RollUpRow(
        key=row.key,
        name=row.name,
        currency=row.currency,
        contracts=row.contracts,
        value=row.value,
        paid=row.paid,
        scored=row.scored,
        score=None if row.score is None else f"{row.score:.2f}",
        grades=dict(Counter(row.grades or [])),
    )


def csv_text(rows: Sequence[Row[Any]]) -> str:
    """The rows as CSV; a text that a spreadsheet would take for a formula has an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEAD)
    for row in rows:
        out = roll_up_row(row)
        name = out.name or ""
        safe = f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name
        figures = [out.contracts, f"{out.value:.2f}", f"{out.paid:.2f}", out.scored, out.score or ""]
        writer.writerow([out.key or "", safe, out.currency, *figures])
    return text.getvalue()
