"""From results to the answers about track records, funnels, ranks and charts. Pure: no database, no clock."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np

from scoring.comparisons.results import Estimated, Result, estimated, grouped
from scoring.kernel import charts, funnel, ranks, shrinkage

__all__ = ["EMPIRICAL_BAYES", "POOR", "Answer", "chart", "funnels", "league", "regions", "track_records"]

Answer = dict[str, Any]
"""Fields of an answer, without those that name the peer group."""

POOR: Final = 60.0
"""Below this a result is poor (差). Source: 财预〔2020〕10号."""

EMPIRICAL_BAYES: Final = f"empirical-bayes 1; tau2 paule-mandel; decay {shrinkage.DECAY} per year"

RANKS: Final = f"ranks 1; {ranks.DRAWS} draws, philox, seeded by the results; {EMPIRICAL_BAYES}"

DECISION: Final = 4.0
"""Decision limit of the cumulative sums, in standard errors, with a slack of one half: about 170 points between false
alarms. Source: Montgomery, Introduction to Statistical Quality Control, table 9.3."""


def _rows(found: Estimated) -> list[Answer]:
    low = high = None
    if found.shrunken is not None:
        low, high = ranks.interval(found.shrunken.estimate, np.sqrt(found.shrunken.variance))
    items = []
    for place, unit in enumerate(found.units):
        item: Answer = {
            "unit": unit,
            "results": int(found.count[place]),
            "latest_at": found.latest[place],
            "mean": float(found.mean[place]),
            "error": None if found.error is None else float(found.error[place]),
            "modelled": found.shrunken is not None,
            "estimate": None,
            "low": None,
            "high": None,
            "weight": None,
        }
        if found.shrunken is not None and low is not None and high is not None:
            item["estimate"] = float(found.shrunken.estimate[place])
            item["low"], item["high"] = max(0.0, float(low[place])), min(100.0, float(high[place]))
            item["weight"] = float(found.shrunken.weight[place])
        items.append(item)
    return items


def track_records(results: Sequence[Result], *, now: datetime) -> Answer:
    """Every unit's mean with its empirical-Bayes estimate."""
    found = estimated(grouped(results, now=now))
    return {
        "peers": len(found.units),
        "method": EMPIRICAL_BAYES,
        "refused": found.refused,
        "mean": None if found.shrunken is None else found.shrunken.mean,
        "between_sd": None if found.shrunken is None else found.shrunken.between**0.5,
        "within_sd": None if found.within is None else found.within**0.5,
        "items": _rows(found),
    }


def regions(results: Sequence[Result], *, now: datetime) -> Answer:
    """Every region's mean with its empirical-Bayes estimate and its share of poor results."""
    group = grouped(results, now=now)
    found = estimated(group)
    size = len(group.units)
    poor = np.bincount(group.codes, weights=group.values < POOR, minlength=size) / np.maximum(found.count, 1)
    items = [item | {"poor": float(poor[place])} for place, item in enumerate(_rows(found))]
    return {"peers": size, "method": EMPIRICAL_BAYES, "refused": found.refused, "items": items}


def funnels(results: Sequence[Result], *, now: datetime, threshold: float | None) -> Answer:
    """Limits for every unit's mean, or for its share of results below a threshold."""
    group = grouped(results, now=now)
    found = estimated(group)
    answer: Answer = {
        "peers": len(group.units),
        "method": "funnel 1; random effects, winsorised 10 %; limits 95 and 99.8 %",
        "measure": "mean" if threshold is None else "below",
        "threshold": threshold,
        "target": None,
        "phi": None,
        "between_sd": None,
        "items": [],
    }
    try:
        if threshold is None:
            values, error = found.mean, found.error
            if error is None and len(group.units) >= funnel.MINIMUM_PEERS:
                return answer | {"refused": found.refused}
            made = funnel.mean_funnel(values, np.ones(len(values)) if error is None else error)
        else:
            size, count = len(group.units), found.count.astype(np.float64)
            below = np.bincount(group.codes, weights=group.values < threshold, minlength=size).astype(np.float64)
            values = below / np.maximum(count, 1.0)
            made = funnel.proportion_funnel(below, count)
    except funnel.PeerGroupTooSmall as refusal:
        return answer | {"refused": str(refusal)}
    items = [
        {
            "unit": unit,
            "results": int(found.count[place]),
            "value": float(values[place]),
            "z": float(made.z[place]),
            "alert_low": float(made.alert_low[place]),
            "alert_high": float(made.alert_high[place]),
            "alarm_low": float(made.alarm_low[place]),
            "alarm_high": float(made.alarm_high[place]),
            "verdict": verdict,
        }
        for place, (unit, verdict) in enumerate(zip(group.units, made.verdicts(), strict=True))
    ]
    spread = made.overdispersion
    return answer | {
        "refused": None,
        "target": made.target,
        "phi": spread.phi,
        "between_sd": spread.between**0.5,
        "items": items,
    }


def league(results: Sequence[Result], *, now: datetime) -> Answer:
    """Intervals of ranks; an order only where the units differ enough."""
    group = grouped(results, now=now)
    found = estimated(group)
    if found.shrunken is None:
        nothing: Answer = {"league_table": False, "overlap": None, "draws": None, "items": []}
        return {"peers": len(group.units), "method": RANKS, "refused": found.refused} | nothing
    estimate, error = found.shrunken.estimate, np.sqrt(found.shrunken.variance)
    made = ranks.rank_intervals(estimate, error, seed=_seed(found.units, estimate.tobytes(), error.tobytes()))
    items = [
        {
            "unit": unit,
            "results": int(found.count[place]),
            "modelled": True,
            "estimate": float(estimate[place]),
            "rank_low": int(made.low[place]),
            "rank_high": int(made.high[place]),
            "rank": float(made.median[place]) if made.separable else None,
            "top_quartile": float(made.top_quartile[place]),
        }
        for place, unit in enumerate(found.units)
    ]
    if made.separable:
        items.sort(key=lambda item: (item["rank"], item["unit"]))
    return {
        "peers": len(group.units),
        "method": RANKS,
        "refused": None
        if made.separable
        else f"no league table: the median overlap of two units is {made.overlap:.2f}, above {ranks.OVERLAP_LIMIT}",
        "league_table": made.separable,
        "overlap": made.overlap,
        "draws": ranks.DRAWS,
        "items": items,
    }


def _seed(units: Sequence[str], *parts: bytes) -> int:
    """From the inputs: the same results give the same intervals."""
    digest = hashlib.sha256("\n".join(units).encode())
    for part in parts:
        digest.update(part)
    return int.from_bytes(digest.digest()[:8], "big")


def chart(results: Sequence[Result], *, kind: str, baseline: int | None) -> Answer:
    """A control chart of one unit's results in the order of time."""
    ordered = sorted(results, key=lambda each: (each.at, each.contract_id))
    answer: Answer = {
        "peers": 1 if ordered else 0,
        "method": f"{kind} chart 1; three sigma",
        "centre": None,
        "sigma": None,
        "decision": None,
        "items": [],
    }
    try:
        made = _quarters(ordered) if kind == "share" else _series(ordered, kind=kind, baseline=baseline)
    except charts.SeriesTooShort as refusal:
        return answer | {"refused": str(refusal)}
    return answer | {"refused": None} | made


def _series(ordered: Sequence[Result], *, kind: str, baseline: int | None) -> Answer:
    values = np.array([each.value for each in ordered])
    base = charts.individuals(values, baseline=baseline)
    if base.sigma == 0 and kind != "individuals":
        raise charts.SeriesTooShort("all points are equal: there is no spread to measure a change by")
    names = [(each.at, each.contract_id) for each in ordered]
    answer: Answer = {"centre": base.centre, "sigma": base.sigma}
    if kind == "cusum":
        sums = charts.cusum(values, centre=base.centre, error=base.sigma, decision=DECISION)
        items = [
            {
                "at": at,
                "label": label,
                "value": float(sums.above[place]),
                "low": float(sums.below[place]),
                "high": DECISION,
                "signals": ["beyond"] if place in sums.out else [],
            }
            for place, (at, label) in enumerate(names)
        ]
        return answer | {"decision": DECISION, "items": items}
    made = base if kind == "individuals" else charts.ewma(values, centre=base.centre, error=base.sigma)
    return answer | {"items": _points(made, names)}


def _quarters(ordered: Sequence[Result]) -> Answer:
    quarters = [f"{each.at.year}-Q{(each.at.month + 2) // 3}" for each in ordered]
    names = sorted(set(quarters))
    place = {name: code for code, name in enumerate(names)}
    codes = np.array([place[quarter] for quarter in quarters], dtype=np.int64)
    count = np.bincount(codes, minlength=len(names)).astype(np.float64)
    poor = np.bincount(codes, weights=[each.value < POOR for each in ordered], minlength=len(names))
    made = charts.p_chart(poor.astype(np.float64), count)
    return {"centre": made.centre, "sigma": made.sigma, "items": _points(made, [(None, name) for name in names])}


def _points(made: charts.Chart, names: Sequence[tuple[datetime | None, str]]) -> list[Answer]:
    rules = (("beyond", made.beyond), ("run", made.runs), ("twoOfThree", made.two_of_three))
    return [
        {
            "at": at,
            "label": label,
            "value": float(made.values[place]),
            "low": float(made.low[place]),
            "high": float(made.high[place]),
            "signals": [rule for rule, places in rules if place in places],
        }
        for place, (at, label) in enumerate(names)
    ]
