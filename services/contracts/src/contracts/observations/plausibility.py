"""What an actual value cannot be, and what is doubtful about it. Pure: indicator, term and value in, words out.

The unit decides what is impossible: nobody counts fewer than no visits, and no more than all recipients are satisfied.
An effect (level benefit) may be a change against before, and a change may be negative; there it is a doubt. Whoever
measures may be right where we doubt, so that a doubt is only shown beside the value.
"""

from datetime import date
from decimal import Decimal

from contracts.contracts.queries import Observable

__all__ = ["doubts_about", "impossible"]

_WHOLE = {"%": 100, "％": 100, "百分比": 100, "percent": 100, "per cent": 100, "‰": 1000, "千分比": 1000}
_COUNTS = frozenset(
    {
        "人",
        "人次",
        "人天",
        "名",
        "户",
        "次",
        "件",
        "个",
        "场",
        "份",
        "例",
        "起",
        "项",
        "篇",
        "家",
        "处",
        "台",
        "套",
        "床",
    }
    | {"张", "节", "课时", "学时", "小时", "分钟", "天", "日"}
    | {"persons", "people", "visits", "cases", "items", "hours", "minutes", "days", "meals"}
)
_FAR = 10
"""Times the agreed value from which a misplaced decimal or a wrong unit is likelier than the value. A convention."""


def _unit(agreed: Observable) -> str:
    return agreed.unit.strip().lower()


def impossible(agreed: Observable, value: Decimal) -> str | None:
    """Why the indicator cannot have this value; None when it can."""
    unit = _unit(agreed)
    if value < 0 and agreed.level != "benefit" and (unit in _WHOLE or unit in _COUNTS):
        kind = "a share" if unit in _WHOLE else "a count"
        return f"{agreed.code} is {kind} ({agreed.unit}) and cannot be negative: {value.normalize():f}"
    whole = _WHOLE.get(unit)
    if whole is not None and value > whole and agreed.level == "satisfaction":
        return (
            f"{agreed.code} is a share of the recipients ({agreed.unit}) and cannot be over {whole}: "
            f"{value.normalize():f}"
        )
    return None


def doubts_about(agreed: Observable, value: Decimal, observed_on: date) -> list[dict[str, str]]:
    """Doubts as `code` and `detail`: beforeTerm, afterTerm, negative, overTheWhole, farOverTarget, impossible."""
    found: list[tuple[str, str]] = []
    starts_on, ends_on = agreed.starts_on, agreed.ends_on
    if starts_on is not None and observed_on < starts_on:
        found.append(("beforeTerm", f"observed on {observed_on}, before the term began on {starts_on}"))
    elif ends_on is not None and observed_on > ends_on:
        found.append(("afterTerm", f"observed on {observed_on}, after the term ended on {ends_on}"))
    doubt = _doubt_about_value(agreed, value)
    if doubt is not None:
        found.append(doubt)
    return [{"code": code, "detail": f"{detail}."} for code, detail in found]


def _doubt_about_value(agreed: Observable, value: Decimal) -> tuple[str, str] | None:
    whole = _WHOLE.get(_unit(agreed))
    largest = max(agreed.target, agreed.zero_at or Decimal(0))
    if value >= 0 and (whole is None or value <= whole) and (largest <= 0 or value <= _FAR * largest):
        return None  # nearly every row of an import
    refused = impossible(agreed, value)
    shown = f"{value.normalize():f} {agreed.unit}"
    if refused is not None:
        return "impossible", refused
    if value < 0:
        return "negative", f"{agreed.code} is negative: {shown}"
    if whole is not None and value > whole:
        return "overTheWhole", f"{agreed.code} is over {whole}: {shown}"
    return (
        "farOverTarget",
        f"{agreed.code} is more than {_FAR} times the agreed {largest.normalize():f}: {shown}; wrong unit?",
    )
