"""Where the recorded figures of one contract contradict each other. Pure: facts in, both values of each out.

Only structured values are compared. What the text of the contract says elsewhere nobody reads here.
"""

from collections.abc import Callable, Iterator
from typing import Any

from contracts.rules.facts import RuleFacts

__all__ = ["COMPARISONS", "contradictions"]

Contradiction = dict[str, Any]


def _found(what: str, detail: str, **values: object) -> Contradiction:
    return {"what": what, "values": values, "detail": detail}


def _settlement(facts: RuleFacts) -> Iterator[Contradiction]:
    """Figures of settlement, though the text is said to have no term on it."""
    clauses = facts.clauses
    if clauses.terms is None or "settlement" in clauses.terms:
        return
    for name in ("payment_days", "prepayment", "late_interest_per_day"):
        value = getattr(clauses, name)
        if value is not None:
            yield _found(
                f"clauses.{name}",
                f"clauses.{name} is {value}, but clauses.terms names no settlement",
                **{name: value, "terms": list(clauses.terms)},
            )


def _milestone_dates(facts: RuleFacts) -> Iterator[Contradiction]:
    """Deliveries due outside the term, payments due before the signature (they may follow the end of the term)."""
    for milestone in facts.milestones:
        due = milestone.due_on
        if due is None:
            continue
        if milestone.kind == "financing":
            limits = [("signed_on", facts.signed_on, "before")]
        else:
            limits = [("starts_on", facts.starts_on, "before"), ("ends_on", facts.ends_on, "after")]
        for name, day, side in limits:
            if day is not None and (due < day if side == "before" else due > day):
                yield _found(
                    f"milestones.{milestone.code}",
                    f"milestone {milestone.code} is due on {due}, {side} {name} {day}",
                    **{"due_on": due, name: day},
                )


def _prepayment(facts: RuleFacts) -> Iterator[Contradiction]:
    """A prepayment over the whole value."""
    agreed = facts.clauses.prepayment
    if agreed is not None and facts.value is not None and agreed > facts.value:
        detail = f"clauses.prepayment {agreed:.2f} is more than the value {facts.value:.2f}"
        yield _found("clauses.prepayment", detail, prepayment=agreed, value=facts.value)


def _award(facts: RuleFacts) -> Iterator[Contradiction]:
    """A value at signing over the one that was awarded."""
    awarded = facts.competition.award_value
    signed = facts.value if facts.value_at_signing is None else facts.value_at_signing
    if awarded is not None and signed is not None and signed > awarded:
        detail = f"the value {signed:.2f} is more than competition.award_value {awarded:.2f}"
        yield _found("competition.award_value", detail, value=signed, award_value=awarded)


def _beneficiaries(facts: RuleFacts) -> Iterator[Contradiction]:
    """A service for nobody, with whose satisfaction it is to be measured."""
    if facts.beneficiary_population == 0 and facts.satisfaction:
        codes = ", ".join(facts.satisfaction)
        detail = f"beneficiary_population is 0, but the satisfaction of recipients is agreed ({codes})"
        yield _found("beneficiary_population", detail, beneficiary_population=0, indicators=list(facts.satisfaction))


def _recorded_terms(facts: RuleFacts) -> Iterator[Contradiction]:
    """Recorded payment terms that differ from those of the contract's text."""
    recorded, clauses = facts.recorded, facts.clauses
    if recorded is None:
        return
    for mine, value, theirs, agreed in (
        ("days", recorded.days, "payment_days", clauses.payment_days),
        ("daily_rate", recorded.daily_rate, "late_interest_per_day", clauses.late_interest_per_day),
        ("lpr_annual", recorded.lpr_annual, "lpr_per_year", clauses.lpr_per_year),
    ):
        if value is not None and agreed is not None and value != agreed:
            detail = f"payment-terms say {mine} {value}, the contract's text clauses.{theirs} {agreed}"
            yield _found(f"payment-terms.{mine}", detail, **{mine: value, theirs: agreed})
    size = clauses.provider_size
    if size is not None and recorded.small_enterprise != (size != "large"):
        kind = "a" if recorded.small_enterprise else "no"
        detail = f"payment-terms say {kind} small or medium enterprise, the text clauses.provider_size {size}"
        values = {"small_enterprise": recorded.small_enterprise, "provider_size": size}
        yield _found("payment-terms.small_enterprise", detail, **values)


COMPARISONS: dict[str, Callable[[RuleFacts], Iterator[Contradiction]]] = {
    "settlement": _settlement,
    "milestoneDates": _milestone_dates,
    "prepayment": _prepayment,
    "award": _award,
    "beneficiaries": _beneficiaries,
    "recordedTerms": _recorded_terms,
}


def contradictions(facts: RuleFacts, compares: tuple[str, ...]) -> list[Contradiction]:
    """Every contradiction of the named comparisons: what, both values, and a sentence that names them."""
    return [found for name in compares for found in COMPARISONS[name](facts)]
