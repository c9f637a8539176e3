"""Bodies and answers about a contract and its rules."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from contracts.compliance.queries import Compliance
from contracts.rules.queries import Override, Verdict
from shared.web import Model, Out

__all__ = [
    "ContractRulesOut",
    "OverrideApproveIn",
    "OverrideIn",
    "PublicationIn",
    "PublicationOut",
    "PublicationsOut",
    "contract_rules_out",
]


class OverrideIn(Model):
    """A rule to set aside for this contract."""

    rule: str = Field(min_length=1, max_length=64, description="Code of the rule.", examples=["term-limit"])
    reason: str = Field(min_length=1, max_length=2000, description="Why, with the legal basis of the exception.")


class OverrideApproveIn(Model):
    """The second person's approval."""

    note: str | None = Field(None, min_length=1, max_length=2000, description="What the approval rests on.")


class PublicationIn(Model):
    """When something about the contract was made known."""

    kind: Literal["contract", "copyFiled", "acceptance"] = Field(
        description="contract (published) | copyFiled (with the supervisor) | acceptance (its result published)."
    )
    published_on: date = Field(description="The day; not before the signature.")
    reference: str | None = Field(None, min_length=1, max_length=500, description="Link or number of the publication.")


class PublicationOut(Out):
    """A publication."""

    id: UUID = Field(description="Id of the publication.")
    contract_id: UUID = Field(description="Id of the contract.")
    kind: str = Field(description="contract | copyFiled | acceptance.")
    published_on: date = Field(description="The day.")
    reference: str | None = Field(description="Link or number.")
    recorded_at: datetime = Field(description="When it was recorded.")


class PublicationsOut(Out):
    """What was made known about a contract."""

    items: list[PublicationOut] = Field(description="In the order of recording; the last of a kind counts.")


class VerdictOut(Out):
    """One rule about this contract."""

    rule: str = Field(description="Code of the rule.")
    kind: str = Field(description="How it is checked.")
    phase: str = Field(description="conclusion | implementation | completion | standing: the guard that reads it.")
    severity: str = Field(description="block | warn | inform, as the rule set says.")
    confirmed: bool = Field(description="Whether a named person of the tenant answers for it in this region.")
    outcome: str = Field(
        description="kept | broken | pending (the period runs) | unknown (a fact is missing) | notApplicable | stated "
        "(a duty that the data cannot show)."
    )
    effect: str = Field(
        description="none | inform | warn | block | overridden; an unconfirmed rule of severity block warns."
    )
    figures: dict[str, Any] = Field(
        description="What the verdict rests on: amounts in the contract's currency, shares in per cent, periods in the "
        "stated unit, dates."
    )
    how: str | None = Field(description="How to mend it; null where there is nothing to mend.")
    source: str | None = Field(description="Instrument and article; null: a convention of the rule set.")
    confidence: str = Field(
        description="verified | secondHand | memoryHigh | memoryMedium | memoryLow | own: how surely it is known."
    )
    confidence_note: str | None = Field(description="What was read, and what a lawyer must check.")
    text: dict[str, str] = Field(description="The rule in Chinese and English.")


class OverrideOut(Out):
    """A rule set aside."""

    id: UUID = Field(description="Id of the override.")
    rule: str = Field(description="Code of the rule.")
    reason: str = Field(description="Why.")
    requested_by: str = Field(description="Who asked for it.")
    requested_at: datetime = Field(description="When.")
    approved_by: str | None = Field(description="The second person; null while it has no effect.")
    approved_at: datetime | None = Field(description="When it came into force.")
    approval_note: str | None = Field(description="What the approval rests on.")


class RuleSetRefOut(Out):
    """A rule set by name and hash."""

    id: str = Field(description="Code of the set.")
    version: str = Field(description="Version.")
    sha256: str = Field(description="Hash of the set.")


class ContractRulesOut(Out):
    """A contract against its rules today."""

    contract_id: UUID = Field(description="Id of the contract.")
    rule_set: RuleSetRefOut = Field(description="The set.")
    pinned: bool = Field(
        description="True: the contract keeps this set. False: it was never activated here, and this one would apply."
    )
    blocks: int = Field(description="Rules that refuse now.")
    warnings: int = Field(description="Rules that warn.")
    verdicts: list[VerdictOut] = Field(description="One per rule, in the order of the set; risk flags: GET .../flags.")
    overrides: list[OverrideOut] = Field(description="In the order of time.")


def _verdict(verdict: Verdict) -> VerdictOut:
    rule = verdict.rule
    return VerdictOut(
        rule=rule.code,
        kind=rule.kind,
        phase=rule.phase,
        severity=rule.severity,
        confirmed=verdict.confirmed,
        outcome=verdict.finding.outcome,
        effect=verdict.effect,
        figures=verdict.finding.figures,
        how=verdict.finding.how,
        source=str(rule.source) if rule.source else None,
        confidence=rule.confidence.grade,
        confidence_note=rule.confidence.note,
        text=rule.text.model_dump(),
    )


def _override(override: Override) -> OverrideOut:
    return OverrideOut.model_validate(override)


def contract_rules_out(found: Compliance) -> ContractRulesOut:
    """The answer for a contract and its rules."""
    rules = found.rules.rules
    effects = [verdict.effect for verdict in found.verdicts]
    return ContractRulesOut(
        contract_id=found.record.state.contract_id,
        rule_set=RuleSetRefOut(id=rules.id, version=rules.version, sha256=rules.sha256),
        pinned=found.record.rules is not None,
        blocks=effects.count("block"),
        warnings=effects.count("warn"),
        verdicts=[_verdict(verdict) for verdict in found.verdicts],
        overrides=[_override(override) for override in found.overrides],
    )
