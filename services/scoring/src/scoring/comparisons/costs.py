"""Unit costs against the previous contract and direct provision; cost efficiency among contracts of the same scope."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import numpy as np

from scoring.comparisons.analysis import Answer
from scoring.comparisons.purchases import Bought, index_of, regions_above
from scoring.comparisons.results import Result
from scoring.kernel import dea
from scoring.kernel.unit_cost import Purchase, change, indexed, not_comparable, unit_cost

__all__ = ["MAXIMUM", "efficiency", "unit_costs"]

MAXIMUM: Final = 300
"""Contracts that are compared at once: the programmes grow with the square of their number."""

_EIGHT: Final = Decimal("0.00000001")


def unit_costs(now: Bought, others: Sequence[Bought], figures: Sequence[Any]) -> Answer:
    """The unit cost of a contract beside the purchaser's previous contract of the kind and beside direct provision.

    `others` are the purchaser's contracts of the same kind of service, `figures` the price indices and the costs of
    direct provision that are in force.
    """
    purchase = now.purchase
    answer: Answer = {
        "measure": None,
        "cost": None,
        "units": None,
        "unit_cost": None,
        "currency": None,
        "year": None,
        "not_comparable": now.reason,
        "against": [],
    }
    if purchase is None:
        return answer
    if purchase.cost <= 0:
        return answer | {"not_comparable": "nothing was paid"}
    return answer | {
        "measure": purchase.measure,
        "cost": purchase.cost,
        "units": purchase.units,
        "unit_cost": unit_cost(purchase).quantize(_EIGHT),
        "currency": purchase.currency,
        "year": purchase.year,
        "against": [_previous(now, purchase, others, figures), _direct(purchase, figures)],
    }


def _previous(now: Bought, purchase: Purchase, others: Sequence[Bought], figures: Sequence[Any]) -> Answer:
    earlier = [each for each in others if each.contract_id != now.contract_id and each.starts_on < now.starts_on]
    if not earlier:
        return _side("previousContract", reason="the purchaser has no earlier contract of this kind of service")
    last = max(earlier, key=lambda each: (each.starts_on, str(each.contract_id)))
    if last.purchase is None:
        return _side("previousContract", contract_id=last.contract_id, reason=last.reason)
    return _against("previousContract", last.purchase, purchase, figures, contract_id=last.contract_id)


def _direct(purchase: Purchase, figures: Sequence[Any]) -> Answer:
    """The nearest region's newest cost of direct provision that is not later than the contract's year."""
    for place in regions_above(purchase.region):
        fitting = [
            figure
            for figure in figures
            if figure.kind == "direct_cost"
            and figure.region == place
            and figure.year <= purchase.year
            and (figure.service_category, figure.measure) == (purchase.service_category, purchase.measure)
        ]
        if fitting:
            figure = max(fitting, key=lambda each: (each.year, str(each.id)))
            own = Purchase(
                cost=figure.value,
                units=Decimal(1),
                measure=figure.measure,
                service_category=figure.service_category,
                currency=figure.currency,
                region=place,
                year=figure.year,
            )
            return _against("directProvision", own, purchase, figures)
    return _side("directProvision", reason="no cost of direct provision of the same scope is recorded")


def _against(
    what: str, before: Purchase, now: Purchase, figures: Sequence[Any], *, contract_id: UUID | None = None
) -> Answer:
    index = index_of(figures, now.region, {before.year, now.year})
    reason = not_comparable(before, now, index=index)
    if reason is not None:
        return _side(what, contract_id=contract_id, reason=reason)
    found = change(before, now, index=index)
    return _side(what, contract_id=contract_id) | {
        "year": before.year,
        "unit_cost": unit_cost(before).quantize(_EIGHT),
        "in_prices_of_now": found.before.quantize(_EIGHT),
        "ratio": found.ratio.quantize(_EIGHT),
    }


def _side(what: str, *, contract_id: UUID | None = None, reason: str | None = None) -> Answer:
    nothing = {"year": None, "unit_cost": None, "in_prices_of_now": None, "ratio": None}
    return {"what": what, "contract_id": contract_id, "not_comparable": reason} | nothing


def efficiency(
    bought: Sequence[Bought], results: Sequence[Result], figures: Sequence[Any], *, measure: str | None, currency: str
) -> Answer:
    """Cost efficiency of contracts of one scope: input net cost, outputs accepted units and the provider's sub-score.

    Costs are put into the prices of the newest year among them; a contract whose years have no common index is left
    out, as is one that was not determined or bought by another unit.
    """
    quality = {each.contract_id: each.value for each in results}
    measures = sorted({each.purchase.measure for each in bought if each.purchase is not None})
    chosen = measure or (measures[0] if len(measures) == 1 else None)
    kept, reasons = _kept(bought, quality, figures, measure=chosen, currency=currency)
    least = dea.minimum_units(1, 2)
    answer: Answer = {
        "peers": len(kept),
        "method": "dea 1; input oriented, variable and constant returns, highs",
        "measure": chosen,
        "measures": measures,
        "currency": currency,
        "price_year": None,
        "minimum": least,
        "reasons": dict(sorted(reasons.items())),
        "items": [],
    }
    if chosen is None and measures:
        return answer | {"refused": "contracts of this kind count by different units; name one in `measure`"}
    try:
        dea.check_size(len(kept), inputs=1, outputs=2)
    except dea.TooFewUnits as refusal:
        return answer | {"refused": str(refusal)}
    if len(kept) > MAXIMUM:
        return answer | {"refused": f"{len(kept)} contracts; narrow them by `region` to {MAXIMUM} at most"}
    year = max(each.year for _, each, _ in kept)
    inputs = np.array([[float(cost)] for _, _, cost in kept])
    outputs = np.array([[float(each.units), quality[str(one.contract_id)]] for one, each, _ in kept])
    # Units of measurement do not matter to the result, but to the solver's tolerances.
    inputs, outputs = inputs / inputs.max(axis=0), outputs / outputs.max(axis=0)
    variable = dea.efficiency(inputs, outputs, returns="vrs")
    constant = dea.efficiency(inputs, outputs, returns="crs")
    if not (np.isfinite(variable.score).all() and np.isfinite(constant.score).all()):
        return answer | {"refused": "the linear programmes could not be solved"}
    items = [
        {
            "contract_id": one.contract_id,
            "provider_id": one.provider_id,
            "cost": cost.quantize(Decimal("0.01")),
            "units": purchase.units,
            "quality": quality[str(one.contract_id)],
            "modelled": True,
            "efficiency": _percent(variable.score[place]),
            "constant_returns": _percent(constant.score[place]),
            "scale": min(1.0, float(constant.score[place] / variable.score[place])),
            "peers": [kept[peer][0].contract_id for peer in variable.peers(place)],
        }
        for place, (one, purchase, cost) in enumerate(kept)
    ]
    return answer | {"refused": None, "price_year": year, "items": items}


def _percent(score: float) -> float:
    return min(100.0, max(0.0, 100.0 * float(score)))


def _kept(
    bought: Sequence[Bought],
    quality: Mapping[str, float],
    figures: Sequence[Any],
    *,
    measure: str | None,
    currency: str,
) -> tuple[list[tuple[Bought, Purchase, Decimal]], Counter[str]]:
    """Contracts of one scope with their cost in the prices of the newest year, and why others were left out."""
    reasons: Counter[str] = Counter()
    fitting = []
    for one in bought:
        purchase = one.purchase
        if purchase is None:
            reasons[one.reason or "not a purchase"] += 1
        elif purchase.measure != measure:
            reasons["counts by another unit"] += 1
        elif purchase.currency != currency:
            reasons["in another currency"] += 1
        elif purchase.cost <= 0:
            reasons["nothing was paid"] += 1
        elif quality.get(str(one.contract_id), 0.0) <= 0.0:
            reasons["its provider's sub-score is not determined"] += 1
        else:
            fitting.append((one, purchase))
    year = max((purchase.year for _, purchase in fitting), default=0)
    kept = []
    for one, purchase in fitting:
        index = index_of(figures, purchase.region, {purchase.year, year})
        if purchase.year != year and not index:
            reasons[f"no price index of {purchase.year} and {year}"] += 1
            continue
        kept.append((one, purchase, indexed(purchase.cost, index=index, year=purchase.year, to=year)))
    return kept, reasons
