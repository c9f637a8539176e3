"""Answers about risk flags."""

from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.flags.engine import Flag
from contracts.flags.queries import FlaggedContract
from shared.web import Out

__all__ = ["ContractFlagsOut", "FlagOut", "contract_flags_out"]


class FlagOut(Out):
    """One risk flag: a question to somebody who knows the case, never a finding."""

    rule: str = Field(description="Code of the rule.", examples=["flag-single-bid"])
    kind: str = Field(
        description="singleBid | shortNotice | underThreshold | splitPurchases | amendmentCreep | paidBeforeAccepted | "
        "concentration."
    )
    outcome: str = Field(description="raised | clear | unknown (a fact is missing) | notApplicable.")
    severity: str = Field(description="warn | inform, as the rule set says.")
    figures: dict[str, Any] = Field(
        description="What it rests on: amounts in the contract's currency, shares in per cent, days, counts; with the "
        "threshold of the rule set beside each."
    )
    source: str | None = Field(description="Instrument and article; null: a convention of the rule set.")
    confidence: str = Field(description="How surely the source is known, as in GET /v1/rules.")
    confidence_note: str | None = Field(description="What was read, what is a convention.")
    text: dict[str, str] = Field(description="The rule in Chinese and English.")


class ContractFlagsOut(Out):
    """A contract's risk flags."""

    contract_id: UUID = Field(description="Id of the contract.")
    title: str = Field(description="Its title.")
    region: str = Field(description="Region that owns it.")
    rule_set: str = Field(description="id@version of the rule set whose thresholds were used.")
    raised: int = Field(description="Number of flags that are raised.")
    flags: list[FlagOut] = Field(description="The flags.")


def _flag(flag: Flag) -> FlagOut:
    rule = flag.rule
    return FlagOut(
        rule=rule.code,
        kind=rule.kind,
        outcome=flag.outcome,
        severity=rule.severity,
        figures=flag.figures,
        source=str(rule.source) if rule.source else None,
        confidence=rule.confidence.grade,
        confidence_note=rule.confidence.note,
        text=rule.text.model_dump(),
    )


def contract_flags_out(
    found: FlaggedContract, *, raised_only: bool = False, kind: str | None = None
) -> ContractFlagsOut:
    """The answer for a contract; with `raised_only` those that are raised, with `kind` those of a kind."""
    record, rules, flags = found
    shown = [flag for flag in flags if (not raised_only or flag.outcome == "raised") and kind in (None, flag.rule.kind)]
    return ContractFlagsOut(
        contract_id=record.state.contract_id,
        title=record.state.title,
        region=record.state.region,
        rule_set=rules.name,
        raised=sum(1 for flag in shown if flag.outcome == "raised"),
        flags=[_flag(flag) for flag in shown],
    )
