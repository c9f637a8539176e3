"""What became of division codes: shipped changes and recorded ones, and the present codes of a former division.

The shipped ones are the changes of prefectures since 2011 (State Council's approvals; county codes of 巢湖 and 莱芜 by
the tables of the National Bureau of Statistics). They were written down from memory: the present codes are those of the
tables of 2023, the days were not verified and are left out. A change recorded here wins over them.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from shared.divisions import RETIRED

__all__ = ["SHIPPED", "Change", "present_codes"]


class Change(NamedTuple):
    """A code that ended. `effective_on` is the first day without it: 1 January when only the year is known."""

    code: str
    name: str | None
    kind: str
    successors: tuple[str, ...]
    effective_on: date
    day_known: bool
    source: str


# Present code of each former prefecture; none where its counties went to several prefectures.
_FOLLOWED_BY = {
    "3414": ("3401", "3402", "3405"),
    "3712": ("3701",),
    "5222": ("5206",),
    "5224": ("5205",),
    "5421": ("5403",),
    "5422": ("5405",),
    "5423": ("5402",),
    "5424": ("5406",),
    "5426": ("5404",),
    "6321": ("6302",),
    "6521": ("6504",),
    "6522": ("6505",),
}
_COUNTIES = {
    "341402": ("340181", "居巢区", 2011),
    "341421": ("340124", "庐江县", 2011),
    "341422": ("340225", "无为县", 2011),
    "340225": ("340281", "无为县", 2019),
    "341423": ("340522", "含山县", 2011),
    "341424": ("340523", "和县", 2011),
    "371202": ("370116", "莱城区", 2019),
    "371203": ("370117", "钢城区", 2019),
}


def _change(code: str, name: str, year: int, successors: tuple[str, ...]) -> Change:
    kind = "split" if len(successors) > 1 else "merger" if code == "3712" else "recode"
    followers = tuple(f"CN-{successor}" for successor in successors)
    return Change(f"CN-{code}", name, kind, followers, date(year, 1, 1), False, "shipped; year only, from memory")


SHIPPED = tuple(
    [_change(code, name, year, _FOLLOWED_BY[code]) for code, (name, year) in sorted(RETIRED.items())]
    + [_change(code, name, year, (successor,)) for code, (successor, name, year) in sorted(_COUNTIES.items())]
)


def present_codes(code: str, changes: Iterable[Change], *, on: date) -> tuple[str, ...]:
    """The codes that a division is covered by on a day; itself when it still exists, several after a split.

    A change of the division itself is followed before one of the division above it. Where only the one above is known
    to have changed, its successor is the answer: coarser, but right. Nothing is answered for a code that ended without
    a successor.
    """
    table: dict[str, Change] = {}
    for change in sorted(changes, key=lambda one: one.effective_on):
        if change.effective_on <= on:
            table[change.code] = change
    return tuple(sorted(_follow(code, table, seen=frozenset())))


def _follow(code: str, table: dict[str, Change], *, seen: frozenset[str]) -> set[str]:
    change = next((table[part] for part in _upwards(code) if part in table and part not in seen), None)
    if change is None:
        return {code}
    followed = seen | {change.code}
    return {found for successor in change.successors for found in _follow(successor, table, seen=followed)}


def _upwards(code: str) -> list[str]:
    """The code and the divisions above it, nearest first."""
    digits = code.removeprefix("CN-")
    if not code.startswith("CN-"):
        return [code]
    return [f"CN-{digits[:length]}" for length in range(len(digits), 1, -2)]
