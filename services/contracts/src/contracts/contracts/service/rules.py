"""A contract and its rules: the facts that they see, the set that applies, and what the guards do with the verdicts."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.catalogue.queries import item_of
from contracts.contracts.queries import ContractRecord
from contracts.contracts.service.pin import Pin
from contracts.rules.queries import (
    AgreedMilestone,
    Clauses,
    Competition,
    KnownRuleSet,
    Moment,
    RuleFacts,
    Standing,
    Verdict,
    applicable,
    rule_set_by_hash,
    standing_of,
    verdicts,
)
from contracts.rules.service import pin_rule_set
from shared import clock

__all__ = ["blocking", "facts_for_rules", "missing_by_rules", "rules_for", "verdicts_at_completion", "verdicts_to_pin"]


def facts_for_rules(record: ContractRecord, **known: Any) -> RuleFacts:  # noqa: ANN401 - fields of RuleFacts
    """What a contract's rules see of it; `known` adds what other slices know (acceptance, publications)."""
    state, facts = record.state, record.facts
    return RuleFacts(
        region=state.region,
        state=state.state,
        title=state.title,
        currency=state.currency,
        service_category=state.service_category,
        catalogue_item=item_of(state.service_category) is not None,
        provider_uscc=state.provider.uscc if state.provider else None,
        value=state.value,
        value_at_signing=record.value_at_signing,
        budget=state.budget,
        signed_on=state.signed_on,
        starts_on=state.starts_on,
        ends_on=state.ends_on,
        ended_on=clock.day_of(state.ended_at) if state.ended_at else None,
        procurement_method=state.procurement_method,
        tenderers=state.tenderers,
        amendments=len(record.amendments),
        executed=facts.executed,
        acceptances=facts.acceptances,
        opinions=facts.opinions,
        competition=record.competition or Competition(),
        clauses=record.clauses or Clauses(),
        kind=state.kind,
        milestones=tuple(AgreedMilestone(one.code, one.kind, one.due_on) for one in state.milestones),
        satisfaction=tuple(one.code for one in state.indicators if one.level == "satisfaction"),
        beneficiary_population=state.beneficiary_population,
        **known,
    )


async def rules_for(session: AsyncSession, record: ContractRecord) -> KnownRuleSet:
    """The set that a contract pinned; where it pinned none, the one that applies to its region and signature."""
    if record.rules is not None:
        rules = await rule_set_by_hash(session, sha256=record.rules.sha256)
        return KnownRuleSet(rules=rules, origin="pinned", state="approved", stored=True)
    signed_on: date = record.state.signed_on or clock.today()
    return await applicable(session, region=record.state.region, signed_on=signed_on)


async def verdicts_to_pin(session: AsyncSession, record: ContractRecord) -> tuple[list[Verdict], Pin]:
    """The verdicts on the conclusion of a contract that comes into force, and what it keeps of them."""
    known = await applicable(session, region=record.state.region, signed_on=record.state.signed_on or clock.today())
    await pin_rule_set(session, known)
    rules, state = known.rules, record.state
    standing = await standing_of(session, rules, region=state.region, contract_id=state.contract_id)
    found = verdicts(rules, facts_for_rules(record), Moment(clock.today()), standing, phase="conclusion")
    pin = Pin(
        rules_id=rules.id,
        rules_version=rules.version,
        rules_sha256=rules.sha256,
        value_at_signing=state.value,
        at_signing=tuple(verdict.summary() for verdict in found if verdict.effect != "none"),
    )
    return found, pin


async def verdicts_at_completion(session: AsyncSession, record: ContractRecord) -> list[Verdict]:
    """The verdicts on the completion of a contract that pinned its rules; none for one that did not."""
    if record.rules is None:
        return []
    rules, state = await rule_set_by_hash(session, sha256=record.rules.sha256), record.state
    facts, now = facts_for_rules(record), Moment(clock.today())
    found = verdicts(rules, facts, now, Standing(), phase="completion")
    if not any(verdict.effect == "warn" and verdict.rule.severity == "block" for verdict in found):
        return found  # whoever has confirmed what, nothing could refuse: the usual completion asks no further
    standing = await standing_of(session, rules, region=state.region, contract_id=state.contract_id)
    return verdicts(rules, facts, now, standing, phase="completion")


def blocking(found: list[Verdict]) -> list[Verdict]:
    """The verdicts that refuse."""
    return [verdict for verdict in found if verdict.effect == "block"]


def missing_by_rules(found: list[Verdict]) -> list[dict[str, Any]]:
    """What refuses, in the form of the guards: what, by which rule with its source, how to mend it; and the figures."""
    return [
        {
            "what": f"rules.{verdict.rule.code}",
            "rule": f"{verdict.source}: {verdict.rule.text.en}",
            "how": f"{verdict.finding.how or 'see the figures'}; or POST /v1/contracts/{{id}}/overrides",
            "figures": verdict.finding.figures,
        }
        for verdict in blocking(found)
    ]
