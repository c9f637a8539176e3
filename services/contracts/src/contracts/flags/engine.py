"""The risk flags. Pure: parameters, a contract's facts and those of its neighbours in, raised or not with figures out.

A flag is a question to somebody who knows the case, never a finding. Its thresholds stand in the rule set.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from contracts.rules.queries import Rule, RuleFacts, RuleSet

__all__ = ["CHECKS", "Flag", "FlagFacts", "Neighbour", "flags_of", "largest_excess"]

Outcome = Literal["raised", "clear", "unknown", "notApplicable"]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A contract of the same purchaser signed in the same calendar year, this one included.

    `providers` have its money: the only one all of it, joint providers each its share, which sum to the value.
    `kind`: single, framework or callOff. A framework's money is that of its call-offs, so that it is counted once; how
    it was procured is how they were.
    """

    contract_id: UUID
    item: str | None
    providers: Mapping[UUID, Decimal]
    method: str | None
    currency: str
    value: Decimal
    kind: str = "single"


@dataclass(frozen=True, slots=True)
class FlagFacts:
    """What the flags see: the contract with its providers, its neighbours, and payments before acceptance.

    `excess` is the largest amount by which payments were ahead of acceptances on any day, with that day; null when no
    dated entry is booked.
    """

    contract_id: UUID
    facts: RuleFacts
    providers: Sequence[UUID]
    neighbours: Sequence[Neighbour] = ()
    excess: tuple[Decimal, date] | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag about one contract."""

    rule: Rule
    outcome: Outcome
    figures: dict[str, Any] = field(default_factory=dict)


Result = tuple[Outcome, dict[str, Any]]


def _outcome(raised: bool, **figures: object) -> Result:
    return ("raised" if raised else "clear"), figures


def largest_excess(bookings: Sequence[tuple[date, str, Decimal]]) -> tuple[Decimal, date] | None:
    """By how much payments less refunds were ahead of acceptances at the end of the worst day, and which day.

    Bookings are (booked_on, kind, amount) of acceptance, payment and refund entries that stand.
    """
    by_day: dict[date, Decimal] = {}
    for day, kind, amount in bookings:
        by_day[day] = by_day.get(day, Decimal(0)) + (amount if kind == "payment" else -amount)
    ahead, worst = Decimal(0), None
    for day in sorted(by_day):
        ahead += by_day[day]
        if worst is None or ahead > worst[0]:
            worst = (ahead, day)
    return worst


def _single_bid(rule: Any, seen: FlagFacts) -> Result:  # noqa: ANN401 - parameters of the kind
    facts = seen.facts
    if facts.procurement_method is None or facts.bids is None:
        return "unknown", {"procurement_method": facts.procurement_method, "bids": facts.bids}
    if facts.procurement_method not in rule.methods:
        return "notApplicable", {"procurement_method": facts.procurement_method}
    return _outcome(
        facts.bids < rule.minimum, bids=facts.bids, minimum=rule.minimum, procurement_method=facts.procurement_method
    )


def _short_notice(rule: Any, seen: FlagFacts) -> Result:  # noqa: ANN401 - parameters of the kind
    facts, competition = seen.facts, seen.facts.competition
    first, last = competition.notice_published_on, competition.bids_due_on
    if facts.procurement_method is None or first is None or last is None:
        return "unknown", {"notice_published_on": first, "bids_due_on": last}
    if facts.procurement_method not in rule.methods:
        return "notApplicable", {"procurement_method": facts.procurement_method}
    days = (last - first).days
    return _outcome(
        days < rule.minimum_days,
        days=days,
        minimum_days=rule.minimum_days,
        notice_published_on=first,
        bids_due_on=last,
    )


def _under_threshold(rule: Any, seen: FlagFacts) -> Result:  # noqa: ANN401 - parameters of the kind
    facts = seen.facts
    value = facts.value_at_signing or facts.value
    if rule.threshold is None or value is None or facts.currency != rule.currency:
        return "unknown", {"threshold": rule.threshold, "currency": facts.currency, "value": value}
    if facts.procurement_method in rule.exempt_methods:
        return "notApplicable", {"procurement_method": facts.procurement_method}
    floor = rule.threshold * (100 - rule.margin_percent) / 100
    return _outcome(
        floor <= value < rule.threshold, value=value, threshold=rule.threshold, margin_percent=rule.margin_percent
    )


def _split_purchases(rule: Any, seen: FlagFacts) -> Result:  # noqa: ANN401 - parameters of the kind
    facts = seen.facts
    item = facts.service_category[:3] if facts.service_category else None
    if rule.threshold is None or item is None or facts.signed_on is None or facts.currency != rule.currency:
        return "unknown", {"threshold": rule.threshold, "item": item, "signed_on": facts.signed_on}
    parts = [
        each
        for each in seen.neighbours
        if each.item == item
        and each.currency == rule.currency
        and each.method not in rule.exempt_methods
        and each.kind != "callOff"
        and each.value < rule.threshold
    ]
    if seen.contract_id not in {each.contract_id for each in parts}:
        return "notApplicable", {"item": item}
    total = sum((each.value for each in parts), Decimal(0))
    return _outcome(
        len(parts) >= rule.minimum and total >= rule.threshold,
        item=item,
        year=facts.signed_on.year,
        purchases=len(parts),
        total=total,
        threshold=rule.threshold,
        contracts=[each.contract_id for each in parts][:50],
    )


def _amendment_creep(rule: Any, seen: FlagFacts) -> Result:  # noqa: ANN401 - parameters of the kind
    facts = seen.facts
    growth = None
    if facts.value is not None and facts.value_at_signing:
        growth = (facts.value - facts.value_at_signing) * 100 / facts.value_at_signing
    figures = {
        "amendments": facts.amendments,
        "amendments_limit": rule.amendments,
        "growth_percent": growth.quantize(Decimal("0.01")) if growth is not None else None,
        "growth_limit_percent": rule.growth_percent,
    }
    if facts.amendments >= rule.amendments or (growth is not None and growth > rule.growth_percent):
        return "raised", figures
    return ("clear" if growth is not None else "unknown"), figures


def _paid_before_accepted(rule: Any, seen: FlagFacts) -> Result:  # noqa: ANN401 - parameters of the kind
    facts = seen.facts
    if seen.excess is None:
        return ("unknown" if facts.executed else "clear"), {}
    ahead, day = seen.excess
    prepayment = facts.clauses.prepayment or Decimal(0)
    room = prepayment + (facts.value or Decimal(0)) * rule.tolerance_percent / 100
    return _outcome(ahead > room, paid_ahead=max(ahead, Decimal(0)), on=day, prepayment_agreed=prepayment)


def _concentration(rule: Any, seen: FlagFacts) -> Result:  # noqa: ANN401 - parameters of the kind
    facts = seen.facts
    if facts.signed_on is None or not seen.providers:
        return "unknown", {"signed_on": facts.signed_on}
    year = [each for each in seen.neighbours if each.currency == facts.currency and each.kind != "framework"]
    total = sum((each.value for each in year), Decimal(0))
    holdings = {one: sum((each.providers.get(one, Decimal(0)) for each in year), Decimal(0)) for one in seen.providers}
    most = max(holdings, key=lambda one: (holdings[one], one))
    held = holdings[most]
    if len(year) < rule.minimum_contracts or not total:
        return "notApplicable", {"contracts": len(year), "minimum_contracts": rule.minimum_contracts}
    return _outcome(
        held * 100 >= total * rule.share_percent,
        year=facts.signed_on.year,
        contracts=len(year),
        provider_id=most,
        contracts_of_provider=sum(1 for each in year if most in each.providers),
        value_of_provider=held,
        value_of_purchaser=total,
        share_percent=(held * 100 / total).quantize(Decimal("0.01")),
        limit_percent=rule.share_percent,
    )


Check = Callable[[Any, FlagFacts], Result]
CHECKS: dict[str, Check] = {
    "singleBid": _single_bid,
    "shortNotice": _short_notice,
    "underThreshold": _under_threshold,
    "splitPurchases": _split_purchases,
    "amendmentCreep": _amendment_creep,
    "paidBeforeAccepted": _paid_before_accepted,
    "concentration": _concentration,
}


def flags_of(rules: RuleSet, seen: FlagFacts) -> list[Flag]:
    """Every flag of a rule set about a contract, in the order of the set, the clear ones included."""
    found = []
    for rule in rules.rules:
        if rule.kind in CHECKS:
            outcome, figures = CHECKS[rule.kind](rule.parameters, seen)
            found.append(Flag(rule, outcome, figures))
    return found
