"""What the contract's pinned rules say of its new terms: the cap of all supplements, the longest term, the budget."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.amendments.terms import Change, increases_of
from contracts.contracts.queries import ContractRecord
from contracts.contracts.service import facts_for_rules, rules_for
from contracts.rules.queries import Moment, RuleFacts, Verdict, standing_of, verdicts
from shared import clock

__all__ = ["Limits", "limits_of", "value_at_signing"]

Limits = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def value_at_signing(record: ContractRecord) -> Decimal | None:
    """The value that the cap is a share of; of an import the value before the first amendment that was agreed here."""
    if record.value_at_signing is not None:
        return record.value_at_signing
    agreed = [each for each in record.amendments if each.agreed_at is not None]
    return agreed[0].value_before if agreed else record.state.value


def _kinds(change: Change) -> set[str]:
    """The kinds of rules that the change can break; what it does not touch is not asked about again."""
    kinds: set[str] = set()
    if "valueUp" in change.effects:
        kinds |= {"supplementCap", "budgetFirst"}
    if change.effects & {"start", "termLonger"}:
        kinds.add("termLimit")
    return kinds


async def limits_of(session: AsyncSession, record: ContractRecord, change: Change) -> Limits:
    """(what refuses, what only warns), each as what, rule with its source, figures and how to mend it.

    All supplements together are compared with the value at signing: the increases in force and this one. A rule that
    nobody of the tenant has confirmed only warns, one that was set aside for this contract does not refuse.
    """
    kinds = _kinds(change)
    rules = (await rules_for(session, record)).rules
    asked = [rule for rule in rules.rules if rule.kind in kinds]
    if not asked:
        return [], []
    state, signed = record.state, value_at_signing(record)
    facts = replace(facts_for_rules(record), value=change.value, starts_on=change.starts_on, ends_on=change.ends_on)
    increases = increases_of(record.amendments)
    total = increases + (change.value or Decimal(0)) - (state.value or Decimal(0))
    capped = replace(facts, value_at_signing=signed, value=None if signed is None else signed + total)
    standing = await standing_of(session, rules, region=state.region, contract_id=state.contract_id)
    now = Moment(clock.today())
    found: list[Verdict] = []
    for rule in asked:
        seen: RuleFacts = capped if rule.kind == "supplementCap" else facts
        found += verdicts([rule], seen, now, standing)
    refusing = [_missing(verdict) for verdict in found if verdict.effect == "block"]
    warning = [_missing(verdict) for verdict in found if verdict.effect in ("warn", "inform", "overridden")]
    return refusing, warning


_HOW = {
    "supplementCap": "lower the value of this amendment, or procure what is over the cap anew",
    "termLimit": "let the term end earlier, or procure the service anew",
    "budgetFirst": "have the budget raised first",
}


def _missing(verdict: Verdict) -> dict[str, Any]:
    figures = {
        name: value if isinstance(value, (int, list)) else str(value) for name, value in verdict.finding.figures.items()
    }
    return {
        "what": f"rules.{verdict.rule.code}",
        "rule": f"{verdict.source}: {verdict.rule.text.en}",
        "how": f"{_HOW[verdict.rule.kind]}; or POST /v1/contracts/{{id}}/overrides with rule {verdict.rule.code}",
        "effect": verdict.effect,
        "figures": figures,
    }
