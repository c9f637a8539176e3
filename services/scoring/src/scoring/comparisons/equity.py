"""What regions were given and how it was judged: gaps of scores, inequality of money and coverage per head."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np

from scoring.comparisons.analysis import EMPIRICAL_BAYES, Answer
from scoring.comparisons.results import Estimated, Level, Result, above, estimated, grouped, in_level
from scoring.kernel import equity
from scoring.kernel.shrinkage import NotShrinkable

__all__ = ["regional_equity"]

_NEXT: Final[Mapping[str, str]] = {"county": "city", "city": "province", "province": "country"}


def regional_equity(
    results: Sequence[Result],
    totals: Iterable[Any],
    figures: Iterable[Any],
    *,
    level: Level,
    now: datetime,
    visible: Callable[[str], bool],
) -> Answer:
    """Gaps, inequality and the regions behind them.

    Arguments:
        results: determined scores by region of the level.
        totals: rows of contracts by region (contracts, value, beneficiaries, stated, rated).
        figures: population figures of the year.
        level: regions of it are compared.
        now: the age of results is counted to it.
        visible: whether the caller may see a region; a region without a contract counts where it may be seen.
    """
    found = estimated(grouped(results, now=now))
    rows = list(totals)
    sums = _sums([row for row in rows if not above(row.region, level)], level)
    people = {
        figure.region: int(figure.value)
        for figure in figures
        if not above(figure.region, level)
        and in_level(figure.region, level) == figure.region
        and visible(figure.region)
    }
    scores = dict(zip(found.units, found.mean.tolist(), strict=True))
    estimates = {} if found.shrunken is None else dict(zip(found.units, found.shrunken.estimate.tolist(), strict=True))
    places = sorted({*sums, *people, *scores})
    items = [_item(place, sums.get(place, _NONE), people.get(place), scores, estimates) for place in places]
    contracts = sum(item["contracts"] for item in items)
    known = [item for item in items if item["population"]]
    return {
        "peers": len(found.units),
        "method": f"equity 1; gini and theil weighted by people; {EMPIRICAL_BAYES}",
        "refused": found.refused,
        "scores": _gaps(found),
        "money_per_head": _inequality(known, "value", level),
        "coverage": _inequality(known, "beneficiaries", level),
        "third_party": sum(total["rated"] for total in sums.values()) / contracts if contracts else None,
        "above_level": sum(row.contracts for row in rows if above(row.region, level)),
        "items": items,
    }


_NONE: Final[Mapping[str, Any]] = {"contracts": 0, "value": Decimal(0), "beneficiaries": 0, "stated": 0, "rated": 0}


def _sums(rows: Iterable[Any], level: Level) -> dict[str, dict[str, Any]]:
    sums: dict[str, dict[str, Any]] = {}
    for row in rows:
        total = sums.setdefault(in_level(row.region, level), dict(_NONE))
        for name in _NONE:
            total[name] += getattr(row, name)
    return sums


def _item(
    place: str,
    total: Mapping[str, Any],
    population: int | None,
    scores: Mapping[str, float],
    estimates: Mapping[str, float],
) -> Answer:
    contracts = total["contracts"]
    return {
        "region": place,
        "contracts": contracts,
        "value": total["value"],
        "population": population,
        "money_per_head": (total["value"] / population).quantize(Decimal("0.01")) if population else None,
        "beneficiaries": int(total["beneficiaries"]),
        "stated": total["stated"] / contracts if contracts else None,
        "coverage": float(total["beneficiaries"]) / population if population else None,
        "third_party": total["rated"] / contracts if contracts else None,
        "score": scores.get(place),
        "modelled": place in estimates,
        "estimate": estimates.get(place),
    }


def _gaps(found: Estimated) -> Answer | None:
    if found.error is None:
        return None
    try:
        gaps = equity.score_gaps(found.mean, found.error)
    except NotShrinkable:
        return None  # `refused` says the same
    return {
        "raw_variance": gaps.raw_variance,
        "adjusted_variance": gaps.adjusted_variance,
        "between_sd": gaps.shrunken.between**0.5,
        "widest": gaps.widest,
        "widest_error": gaps.widest_error,
        "highest": found.units[gaps.highest],
        "lowest": found.units[gaps.lowest],
    }


def _inequality(known: Sequence[Answer], amount: str, level: Level) -> Answer | None:
    """Of an amount per head, over the regions whose population is known; None for fewer than two or nothing at all."""
    total = sum(float(item[amount]) for item in known)
    if len(known) < 2 or total == 0:
        return None
    people = np.array([float(item["population"]) for item in known])
    each = np.array([float(item[amount]) for item in known]) / people
    larger = [in_level(item["region"], _NEXT[level]) for item in known]
    codes = {name: code for code, name in enumerate(dict.fromkeys(larger))}
    parts = equity.decompose(each, np.array([codes[name] for name in larger], dtype=np.int64), people)
    return {
        "regions": len(known),
        "mean": total / float(np.sum(people)),
        "gini": equity.gini(each, people),
        "theil": parts.total,
        "theil_within": parts.within,
        "theil_between": parts.between,
        "ratio": float(each.max() / each.min()) if each.min() > 0 else None,
    }
