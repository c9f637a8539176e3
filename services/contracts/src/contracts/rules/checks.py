"""What a contract's facts say about each kind of rule. Pure: parameters and facts in, a finding with its figures out.

A finding: kept, broken, pending (the period still runs), unknown (a fact is missing: `how` says which), notApplicable,
stated (a duty that no stored fact can show).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from contracts.rules import parameters as p
from contracts.rules.consistency import contradictions
from contracts.rules.facts import RuleFacts
from contracts.rules.periods import Calendar, due_on, months_of_term

__all__ = ["CHECKS", "Finding", "Moment", "Outcome"]

Outcome = Literal["kept", "broken", "pending", "unknown", "notApplicable", "stated"]
_PATCH = "PATCH /v1/contracts/{id} while it is a draft, with "
_STATE_THERE = {
    "awardNotice": _PATCH + "competition.award_notice_on",
    "signed": "give signed_on to .../activate",
    "contractPublished": "POST /v1/contracts/{id}/publications with kind contract",
    "copyFiled": "POST /v1/contracts/{id}/publications with kind copyFiled",
    "accepted": "POST /v1/contracts/{id}/acceptances",
    "acceptancePublished": "POST /v1/contracts/{id}/publications with kind acceptance",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """When a rule is looked at, and the working-day calendar."""

    today: date
    calendar: Calendar = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the facts say, the figures it rests on, and how to mend it."""

    outcome: Outcome
    figures: dict[str, Any] = field(default_factory=dict)
    how: str | None = None


def _kept(kept: bool, how: str, **figures: object) -> Finding:
    return Finding("kept" if kept else "broken", figures, None if kept else how)


def _unknown(how: str, **figures: object) -> Finding:
    return Finding("unknown", figures, how)


def _negative_list(rule: p.NegativeList, facts: RuleFacts, _: Moment) -> Finding:
    hits = {item.code: [word for word in item.keywords if word in facts.title] for item in rule.items}
    keywords = {code: words for code, words in hits.items() if words}
    examined = facts.clauses.negative_list
    if examined is None:
        how = _PATCH + "clauses.negative_list: the codes that apply, [] when none does"
        return _unknown(how, keywords_in_title=keywords)
    how = "what the negative list names may not be bought: cancel the draft, or correct clauses.negative_list"
    return _kept(not examined, how, applies=examined, keywords_in_title=keywords)


def _catalogue_item(_: p.CatalogueItem, facts: RuleFacts, __: Moment) -> Finding:
    if facts.service_category is None:
        return _unknown(_PATCH + "service_category")
    how = _PATCH + "service_category, one of GET /v1/catalogue"
    return _kept(bool(facts.catalogue_item), how, service_category=facts.service_category)


def _eligibility(rule: p.Eligibility, facts: RuleFacts, _: Moment) -> Finding:
    code = facts.provider_uscc
    if not code:
        return _unknown("record the provider's credit code: POST /v1/organisations:bulk with uscc")
    figures = {"first_characters": code[:2]}
    if code.startswith(rule.barred):
        return _kept(False, _PATCH + "another provider_id", **figures)
    if code.startswith(rule.allowed):
        return _kept(True, "", **figures)
    return _unknown("the code does not say: ask whether the provider is of a kind that may provide", **figures)


def _budget_first(_: p.BudgetFirst, facts: RuleFacts, __: Moment) -> Finding:
    if facts.budget is None:
        return _unknown(_PATCH + "budget")
    over = facts.value is not None and facts.value > facts.budget
    return _kept(not over, _PATCH + "a budget that covers the value", budget=facts.budget, value=facts.value)


def _term_limit(rule: p.TermLimit, facts: RuleFacts, _: Moment) -> Finding:
    if facts.starts_on is None or facts.ends_on is None:
        return _unknown(_PATCH + "starts_on and ends_on")
    months = months_of_term(facts.starts_on, facts.ends_on)
    stated = facts.clauses.term_conditions or []
    lacking = [condition for condition in rule.conditions if condition not in stated]
    limit = rule.default_max_months if lacking else rule.absolute_max_months
    how = _PATCH + f"ends_on (at most {limit} months)"
    if lacking and months <= rule.absolute_max_months:
        how += f" or clauses.term_conditions, if they are met: {', '.join(lacking)}"
    return _kept(months <= limit, how, months=months, limit_months=limit, conditions_lacking=lacking)


def _mandatory_terms(rule: p.MandatoryTerms, facts: RuleFacts, _: Moment) -> Finding:
    if facts.clauses.terms is None:
        return _unknown(_PATCH + "clauses.terms", required=list(rule.terms))
    lacking = [term for term in rule.terms if term not in facts.clauses.terms]
    how = f"complete the text, then {_PATCH}clauses.terms: {', '.join(lacking)}"
    return _kept(not lacking, how, required=list(rule.terms), lacking=lacking)


def _milestones_agreed(rule: p.MilestonesAgreed, facts: RuleFacts, _: Moment) -> Finding:
    if facts.kind == "framework":
        return Finding("notApplicable", {"kind": facts.kind})
    agreed = {kind: sum(one.kind == kind for one in facts.milestones) for kind in rule.kinds}
    lacking = [kind for kind, number in agreed.items() if not number]
    how = _PATCH + f"milestones of the kind {' and '.join(lacking)}, whose percentages sum to exactly 100 per kind"
    return _kept(not lacking, how, agreed=agreed, lacking=lacking)


def _terms_consistent(rule: p.TermsConsistent, facts: RuleFacts, _: Moment) -> Finding:
    found = contradictions(facts, rule.compares)
    how = f"correct one of the two values each: {'; '.join(one['detail'] for one in found)}"
    return _kept(not found, how, contradictions=found)


def _no_guarantee(_: p.NoGuarantee, facts: RuleFacts, __: Moment) -> Finding:
    guarantee = facts.clauses.purchaser_guarantee
    if guarantee is None:
        return _unknown(_PATCH + "clauses.purchaser_guarantee")
    return _kept(not guarantee, "take the guarantee out of the contract", purchaser_guarantee=guarantee)


def _supplement_cap(rule: p.SupplementCap, facts: RuleFacts, _: Moment) -> Finding:
    if facts.state in {"draft", "pending"}:
        return Finding("notApplicable")  # nothing to supplement yet
    if facts.value is None or not facts.value_at_signing:
        return _unknown("the value at signing is not known", value=facts.value)
    growth = (facts.value - facts.value_at_signing) * 100 / facts.value_at_signing
    how = f"the value may grow by at most {rule.max_percent} % of {facts.value_at_signing:.2f} in all"
    return _kept(
        growth <= rule.max_percent,
        how,
        value_at_signing=facts.value_at_signing,
        value=facts.value,
        growth_percent=growth.quantize(Decimal("0.01")),
        max_percent=rule.max_percent,
    )


def _bond_cap(rule: p.BondCap, facts: RuleFacts, _: Moment) -> Finding:
    bond, form = facts.clauses.performance_bond, facts.clauses.performance_bond_form
    if not bond:
        return Finding("notApplicable")
    if not facts.value:
        return _unknown(_PATCH + "value")
    if form is None:
        return _unknown(_PATCH + "clauses.performance_bond_form")
    share = (bond * 100 / facts.value).quantize(Decimal("0.01"))
    kept = bond * 100 <= rule.max_percent * facts.value and form in rule.forms
    how = _PATCH + f"clauses.performance_bond of at most {rule.max_percent} %, form {' or '.join(rule.forms)}"
    return _kept(kept, how, bond=bond, percent=share, max_percent=rule.max_percent, form=form)


def _moment_of(facts: RuleFacts, moment: str) -> date | None:
    return {
        "awardNotice": facts.competition.award_notice_on,
        "signed": facts.signed_on,
        "contractPublished": facts.published.get("contract"),
        "copyFiled": facts.published.get("copyFiled"),
        "accepted": facts.accepted_on,
        "acceptancePublished": facts.published.get("acceptance"),
    }[moment]


def _clock(rule: p.Clock, facts: RuleFacts, now: Moment) -> Finding:
    start, end = _moment_of(facts, rule.start), _moment_of(facts, rule.end)
    if start is None:
        # What has not happened yet starts no clock; an award notice is a fact that somebody must state.
        if rule.start != "awardNotice":
            return Finding("notApplicable")
        return _unknown(_STATE_THERE[rule.start])
    due = due_on(start, within=rule.within, unit=rule.unit, calendar=now.calendar)
    figures = {"start": start, "due": due, "done": end, "within": rule.within, "unit": rule.unit}
    if end is None and now.today <= due:
        return Finding("pending", figures, _STATE_THERE[rule.end])
    return Finding("kept", figures) if end and end <= due else Finding("broken", figures, _STATE_THERE[rule.end])


def _sme_payment(rule: p.SmePayment, facts: RuleFacts, _: Moment) -> Finding:
    size, days = facts.clauses.provider_size, facts.clauses.payment_days
    if size is None:
        return _unknown(_PATCH + "clauses.provider_size")
    if size not in rule.sizes:
        return Finding("notApplicable", {"provider_size": size})
    how = _PATCH + f"clauses.payment_days of at most {rule.agreed_max_days}"
    agreed = rule.days if days is None else days
    return _kept(
        agreed <= rule.agreed_max_days,
        how,
        provider_size=size,
        payment_days=agreed,
        agreed=days is not None,
        max_days=rule.agreed_max_days,
    )


def _late_interest(rule: p.LateInterest, facts: RuleFacts, _: Moment) -> Finding:
    agreed, floor = facts.clauses.late_interest_per_day, facts.clauses.lpr_per_year
    if agreed is None:
        return Finding("kept", {"per_day": rule.per_day, "agreed": False})
    if rule.floor == "none":
        return Finding("kept", {"per_day": agreed, "agreed": True})
    if floor is None:
        return _unknown(_PATCH + "clauses.lpr_per_year", per_day=agreed)
    how = _PATCH + "clauses.late_interest_per_day of at least the loan prime rate, or none"
    return _kept(agreed * 365 >= floor, how, per_day=agreed, per_year=agreed * 365, lpr_per_year=floor, agreed=True)


def _recipients_opinion(rule: p.RecipientsOpinion, facts: RuleFacts, _: Moment) -> Finding:
    if not (facts.service_category or "").startswith(rule.categories):
        return Finding("notApplicable", {"service_category": facts.service_category})
    if not facts.acceptances:
        return Finding("pending", {"acceptances": 0}, _STATE_THERE["accepted"])
    how = "POST /v1/contracts/{id}/acceptances with opinion (onSite, or the wave that is closed)"
    return _kept(facts.opinions > 0, how, acceptances=facts.acceptances, opinions=facts.opinions)


def _execution_monitoring(rule: p.ExecutionMonitoring, facts: RuleFacts, now: Moment) -> Finding:
    if facts.state != "active" or facts.starts_on is None or facts.ends_on is None:
        return Finding("notApplicable")
    year = now.today.year
    if facts.starts_on.year != year or facts.ends_on.year != year or not facts.budget:
        # The thresholds are shares of one year's budget; a contract over several years has its budget split elsewhere.
        return Finding("notApplicable", {"reason": "the budget of this year alone is not known to this rule"})
    passed = [step for step in rule.alerts if step.through_month < now.today.month]
    if not passed:
        return Finding("pending", {"first_month": min(step.through_month for step in rule.alerts)})
    step = max(passed, key=lambda each: each.through_month)
    rate = (facts.executed * 100 / facts.budget).quantize(Decimal("0.01"))
    how = f"within {rule.decide_within} {rule.decide_unit}: {' | '.join(rule.options)}; else {rule.timeout}"
    return _kept(
        facts.executed * 100 >= step.below_percent * facts.budget,
        how,
        executed=facts.executed,
        budget=facts.budget,
        rate_percent=rate,
        threshold_percent=step.below_percent,
        through_month=step.through_month,
    )


def _duty(rule: p.Duty | p.Obligation | p.Supervision, _: RuleFacts, __: Moment) -> Finding:
    return Finding("stated", rule.model_dump(mode="json", exclude_none=True))


Check = Callable[[Any, RuleFacts, Moment], Finding]
CHECKS: dict[str, Check] = {
    "negativeList": _negative_list,
    "catalogueItem": _catalogue_item,
    "providerEligibility": _eligibility,
    "budgetFirst": _budget_first,
    "termLimit": _term_limit,
    "mandatoryTerms": _mandatory_terms,
    "milestonesAgreed": _milestones_agreed,
    "termsConsistent": _terms_consistent,
    "noGuarantee": _no_guarantee,
    "supplementCap": _supplement_cap,
    "bondCap": _bond_cap,
    "clock": _clock,
    "smePayment": _sme_payment,
    "lateInterest": _late_interest,
    "recipientsOpinion": _recipients_opinion,
    "executionMonitoring": _execution_monitoring,
    "duty": _duty,
    "obligation": _duty,
    "supervision": _duty,
}
