"""Bodies and answers about rule sets."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from contracts.rules.document import RuleSet
from contracts.rules.queries import Confirmation, KnownRuleSet
from shared.web import Model, Out

__all__ = [
    "ApproveIn",
    "ConfirmIn",
    "ConfirmationOut",
    "DiffOut",
    "RuleSetOut",
    "RuleSetSummary",
    "RuleSetsOut",
    "ValidationOut",
    "WithdrawIn",
    "rule_set_out",
    "rule_set_summary",
]

VersionText = Annotated[str, Field(pattern=r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}$", examples=["1.0.0"])]


class ApproveIn(Model):
    """The second person's approval of a tenant's rule set."""

    version: VersionText = Field(description="Version to approve.")
    basis: str = Field(min_length=1, max_length=2000, description="On what it is approved: decision and its number.")


class ConfirmIn(Model):
    """A named person answers for rules."""

    version: VersionText = Field(description="Version of the set whose rules are confirmed.")
    rules: list[str] = Field(min_length=1, max_length=300, description="Codes of the rules.", examples=[["term-limit"]])
    scope: str = Field(
        pattern=r"^(\*|[A-Z]{2}(-[0-9A-Za-z]{1,12})?)$",
        description="Region for which it is confirmed, with everything below; * everywhere.",
        examples=["CN-23"],
    )
    person: str = Field(min_length=1, max_length=200, description="Who answers for it: name and office.")
    basis: str = Field(min_length=1, max_length=2000, description="On what: text consulted, legal opinion, its number.")


class WithdrawIn(Model):
    """Confirmations that no longer hold."""

    version: VersionText = Field(description="Version of the set whose rules they belong to.")
    rules: list[str] = Field(min_length=1, max_length=300, description="Codes of the rules.", examples=[["term-limit"]])
    scope: str = Field(
        pattern=r"^(\*|[A-Z]{2}(-[0-9A-Za-z]{1,12})?)$",
        description="Region for which they were confirmed.",
        examples=["CN-23"],
    )
    reason: str = Field(min_length=1, max_length=2000, description="Why.")


class RuleSetSummary(Out):
    """A rule set at one version."""

    id: str = Field(description="Code of the set.", examples=["cn-2020"])
    version: str = Field(description="Version.", examples=["1.0.0"])
    sha256: str = Field(description="SHA-256 of its canonical form (RFC 8785): what a contract pins.")
    jurisdiction: str = Field(description="Country whose law it is (ISO 3166); * none.")
    scope: str = Field(description="Region where it is in force, with everything below; * everywhere.")
    in_force_from: date = Field(description="Applies to contracts signed from this day on.")
    title: dict[str, str] = Field(description="Title, zh and en.")
    origin: str = Field(description="shipped | uploaded.")
    state: str = Field(description="draft | approved (by a second person).")
    rules: int = Field(description="Number of rules.")


class RuleSetsOut(Out):
    """The rule sets, and which one applies where a region was asked for."""

    items: list[RuleSetSummary] = Field(description="By id, newest version first.")
    applicable: str | None = Field(description="id@version for the region and day asked for; null when none was.")


class ConfirmationOut(Out):
    """Who answers for a rule."""

    rule: str = Field(description="Code of the rule.")
    scope: str = Field(description="Region for which it is confirmed, with everything below.")
    person: str | None = Field(description="Name and office; null for the public.")
    basis: str = Field(description="On what it was confirmed.")
    confirmed_at: datetime = Field(description="When.")
    withdrawn_at: datetime | None = Field(description="When it was withdrawn; null while it holds.")
    withdrawal_reason: str | None = Field(description="Why it was withdrawn.")


class RuleSetOut(RuleSetSummary):
    """A rule set with its rules and their confirmations."""

    document: dict[str, Any] = Field(
        description="The whole set: instruments, and of each rule code, kind, parameters with units, phase, severity "
        "(block | warn | inform), source, confidence and text (zh, en)."
    )
    confirmations: list[ConfirmationOut] = Field(description="Confirmations of these rules, in the order of time.")
    unconfirmed: list[str] = Field(
        description="Rules of severity block that nobody has confirmed anywhere: they warn only."
    )
    uploaded_by: str | None = Field(description="Who uploaded it; null for a shipped set and for the public.")
    approved_by: str | None = Field(description="Who approved it; null for a shipped set and for the public.")
    approved_at: datetime | None = Field(description="When it was approved.")
    approval_basis: str | None = Field(description="On what it was approved.")


class RuleErrorOut(Out):
    """One mistake."""

    pointer: str = Field(description="Where (RFC 6901).")
    detail: str = Field(description="What is wrong.")


class RuleChangeOut(Out):
    """What became of one rule."""

    rule: str = Field(description="Code of the rule.")
    change: str = Field(description="added | removed | changed.")
    fields: dict[str, Any] = Field(description="changed: path of each field, with from and to.")


class DiffOut(Out):
    """Two rule sets compared rule by rule; what is not named is the same."""

    before: str = Field(description="id@version of the first.")
    after: str = Field(description="id@version of the second.")
    head: dict[str, Any] = Field(description="Fields of the set itself that differ, with from and to.")
    rules: list[RuleChangeOut] = Field(description="Rules that differ.")


class ValidationOut(Out):
    """Whether a rule set could be uploaded; nothing is kept."""

    valid: bool = Field(description="Whether it is a rule set.")
    errors: list[RuleErrorOut] = Field(description="What is wrong.")
    sha256: str | None = Field(description="Its hash; null when it is none.")
    changes: list[RuleChangeOut] | None = Field(description="Against the set that based_on names; null without one.")


def rule_set_summary(known: KnownRuleSet) -> RuleSetSummary:
    """The answer for a line of the list."""
    return RuleSetSummary.model_validate(_head(known))


def rule_set_out(known: KnownRuleSet, confirmations: list[Confirmation], *, public: bool) -> RuleSetOut:
    """The answer for a rule set; the public sees no names."""
    confirmed = {each.rule_sha256 for each in confirmations if each.withdrawn_at is None}
    return RuleSetOut.model_validate(
        {
            **_head(known),
            "document": known.rules.document,
            "confirmations": [
                {
                    "rule": each.rule,
                    "scope": each.scope,
                    "person": None if public else each.person,
                    "basis": each.basis,
                    "confirmed_at": each.confirmed_at,
                    "withdrawn_at": each.withdrawn_at,
                    "withdrawal_reason": each.withdrawal_reason,
                }
                for each in confirmations
            ],
            "unconfirmed": [
                rule.code for rule in known.rules.rules if rule.severity == "block" and rule.sha256 not in confirmed
            ],
            "uploaded_by": None if public else known.uploaded_by,
            "approved_by": None if public else known.approved_by,
            "approved_at": known.approved_at,
            "approval_basis": known.approval_basis,
        }
    )


def _head(known: KnownRuleSet) -> dict[str, Any]:
    rules: RuleSet = known.rules
    return {
        "id": rules.id,
        "version": rules.version,
        "sha256": rules.sha256,
        "jurisdiction": rules.jurisdiction,
        "scope": rules.scope,
        "in_force_from": rules.in_force_from,
        "title": rules.title.model_dump(),
        "origin": known.origin,
        "state": known.state,
        "rules": len(rules.rules),
    }
