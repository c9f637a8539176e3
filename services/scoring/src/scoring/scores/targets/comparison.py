"""A contract's targets beside what history and the sector agreed and reached. Pure functions over plain values.

Sources: 财预〔2020〕10号 names plan, sector and history as standards and has a target that is far exceeded explained as
set too low (memory 85 %); fences of 1.5 interquartile ranges: Tukey 1977. The least number of values, and the share of
past results from which a target is too easy, are the product's own choice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

__all__ = ["ENOUGH", "OVER", "Agreed", "Before", "Compared", "Group", "Past", "Softened", "compare"]

ENOUGH: Final = 8
"""Fewer values than this are shown as a number only: they say nothing about a target."""

OVER: Final = 1.30
"""Attainment from which a result has to be explained; a framework states its own for the score."""

EASY: Final = 0.75
"""Share of past results that reached the target, from which it is too easy."""

_FENCE: Final = 1.5
_SAME: Final = 1e-9
"""Targets nearer than this are the same."""
GROUPS: Final = ("history", "region", "sector")
"""The same purchaser's contracts; those of the same region; all. The widest of them comes last."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """An indicator that the contract agreed."""

    indicator_id: str
    code: str
    name: str
    level: str
    unit: str
    higher: bool
    target: float
    counts: bool = True
    """Whether it counts in the score: it has a weight, and was not added after the fact."""


@dataclass(frozen=True, slots=True)
class Before:
    """A target that the contract itself had in force for an indicator, whatever changed it."""

    target: float
    unit: str


@dataclass(frozen=True, slots=True)
class Past:
    """What an earlier contract of the same kind of service agreed on the same indicator, and what it reached."""

    code: str
    unit: str
    higher: bool
    target: float
    reached: float | None
    own: bool
    """Whether the same purchaser bought it."""
    near: bool
    """Whether it lies in the same region."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group of earlier contracts; figures in the indicator's unit, None with fewer than ENOUGH values."""

    name: str
    targets: int
    """Number of targets."""
    target_quartiles: tuple[float, float, float] | None
    percentile: float | None
    """Share of past targets that asked for less (ties count half), 0-1: 1 asks for more than all of them."""
    results: int
    """Number of results that were reached."""
    result_quartiles: tuple[float, float, float] | None
    reached: float | None
    """Share of past results that would have met the target, 0-1."""
    attainment: float | None
    """What the median result would be of the target; over OVER it would have to be explained."""


@dataclass(frozen=True, slots=True)
class Softened:
    """What a target asks for less than."""

    name: str
    """agreed (the contract's own target at another time), history, region or sector."""
    asked: float
    """The contract's own target then, or the group's median target."""
    reached: float | None
    """The group's median result; None: the contract's own target."""
    unit: str
    """Unit of `asked`; the target's own, except where that was changed."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An indicator with its groups and what follows."""

    agreed: Agreed
    groups: tuple[Group, ...]
    compared_with: str | None
    """The narrowest of region and sector with enough values; None: too few everywhere."""
    flags: tuple[str, ...]
    """too_easy, out_of_range; empty: nothing to remark, or too few values (`compared_with` says which)."""
    reasons: tuple[str, ...]
    softened: Softened | None
    """The contract's own target where it asked for more while in force, however few others there are; else the
    narrowest group with enough targets and results whose medians both go beyond the target: it asks for less than was
    agreed and than was reached. None: it does not, or there are too few everywhere, or it counts in no score."""


def compare(
    agreed: Iterable[Agreed], past: Sequence[Past], *, before: Mapping[str, Sequence[Before]] | None = None
) -> list[Compared]:
    """Each indicator beside earlier contracts' of the same code, unit and direction, in the order given.

    `before` holds by indicator id what the contract itself had in force: a target that was lowered after its approval
    is softened whatever others agreed. A changed unit leaves nothing to compare with, and is told as well.
    """
    found = []
    for each in agreed:
        like = [one for one in past if (one.code, one.unit, one.higher) == (each.code, each.unit, each.higher)]
        chosen = {
            "history": [one for one in like if one.own],
            "region": [one for one in like if one.near],
            "sector": like,
        }
        groups = tuple(_group(name, each, chosen[name]) for name in GROUPS)
        with_ = next((group for group in groups[1:] if max(group.targets, group.results) >= ENOUGH), None)
        flags, reasons = ((), ()) if with_ is None else _judge(each, with_)
        name = None if with_ is None else with_.name
        softened = _lowered(each, (before or {}).get(each.indicator_id, ())) or _softened(each, groups)
        found.append(Compared(each, groups, name, flags, reasons, softened if each.counts else None))
    return found


def _group(name: str, agreed: Agreed, past: Sequence[Past]) -> Group:
    sign = 1.0 if agreed.higher else -1.0
    targets = np.array([one.target for one in past])
    results = np.array([one.reached for one in past if one.reached is not None])
    percentile = reached = attainment = None
    if targets.size >= ENOUGH:
        less = float((sign * targets < sign * agreed.target).mean())
        percentile = less + float((targets == agreed.target).mean()) / 2.0
    if results.size >= ENOUGH:
        reached = float((sign * results >= sign * agreed.target).mean())
        median = float(np.median(results))
        above, below = (median, agreed.target) if agreed.higher else (agreed.target, median)
        attainment = above / below if below > 0.0 else None
    return Group(
        name,
        int(targets.size),
        _quartiles(targets),
        percentile,
        int(results.size),
        _quartiles(results),
        reached,
        attainment,
    )


def _quartiles(values: np.ndarray) -> tuple[float, float, float] | None:
    if values.size < ENOUGH:
        return None
    low, middle, high = (float(each) for each in np.quantile(values, (0.25, 0.5, 0.75)))
    return low, middle, high


def _lowered(agreed: Agreed, before: Sequence[Before]) -> Softened | None:
    sign = 1.0 if agreed.higher else -1.0
    known = [each for each in before if each.unit == agreed.unit]
    for each in sorted(known, key=lambda one: -sign * one.target)[:1]:
        if sign * agreed.target < sign * each.target - _SAME:
            return Softened("agreed", each.target, None, each.unit)
    other = min((each for each in before if each.unit != agreed.unit), key=lambda one: one.unit, default=None)
    return None if other is None else Softened("agreed", other.target, None, other.unit)


def _softened(agreed: Agreed, groups: Sequence[Group]) -> Softened | None:
    sign = 1.0 if agreed.higher else -1.0
    for group in groups:
        if group.target_quartiles is None or group.result_quartiles is None:
            continue
        asked, reached = group.target_quartiles[1], group.result_quartiles[1]
        if sign * agreed.target < min(sign * asked, sign * reached) - _SAME:
            return Softened(group.name, asked, reached, agreed.unit)
        return None
    return None


def _judge(agreed: Agreed, group: Group) -> tuple[tuple[str, ...], tuple[str, ...]]:
    flags, reasons = [], []
    if group.reached is not None and group.reached >= EASY:
        flags.append("too_easy")
        reasons.append(f"{100 * group.reached:.0f} % of {group.results} past results met it")
    if group.attainment is not None and group.attainment > OVER:
        flags.append("too_easy")
        reasons.append(f"the median past result is {100 * group.attainment:.0f} % of it")
    if group.target_quartiles is not None:
        low, _, high = group.target_quartiles
        reach = _FENCE * (high - low)
        if not low - reach <= agreed.target <= high + reach:
            flags.append("out_of_range")
            reasons.append(f"outside {low - reach:g} to {high + reach:g}, the range of {group.targets} past targets")
    return tuple(dict.fromkeys(flags)), tuple(reasons)
