"""From findings to verdicts: what a rule does to a contract, given who has confirmed it and who has set it aside.

A rule blocks only if its severity is block, a named person of the tenant has confirmed exactly this text and these
parameters for the contract's region, and no second person has approved an override. Otherwise it warns. What is not
known counts like what is broken: a guard that can be passed by keeping silent is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from contracts.rules.checks import CHECKS, Finding, Moment
from contracts.rules.document import Rule, RuleSet
from contracts.rules.facts import RuleFacts
from contracts.rules.flag_parameters import FLAG_KINDS

__all__ = ["Effect", "Standing", "Verdict", "differences", "effect_of", "verdicts"]

Effect = Literal["none", "inform", "warn", "block", "overridden"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Hashes of the rules that are confirmed for the contract's region, and of those set aside for the contract."""

    confirmed: frozenset[str] = frozenset()
    overridden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule about one contract."""

    rule: Rule
    finding: Finding
    effect: Effect
    confirmed: bool

    @property
    def source(self) -> str:
        """Where the rule comes from, in short."""
        return str(self.rule.source) if self.rule.source else "convention of the rule set"

    def summary(self) -> dict[str, str]:
        """What is kept of it at signing."""
        return {
            "rule": self.rule.code,
            "rule_sha256": self.rule.sha256,
            "outcome": self.finding.outcome,
            "effect": self.effect,
        }


def effect_of(rule: Rule, finding: Finding, *, confirmed: bool, overridden: bool) -> Effect:
    """What the finding does."""
    if finding.outcome not in ("broken", "unknown"):
        return "none"
    if overridden:
        return "overridden"
    if rule.severity == "block":
        return "block" if confirmed else "warn"
    return rule.severity


def verdicts(
    rules: RuleSet | Iterable[Rule], facts: RuleFacts, now: Moment, standing: Standing, *, phase: str | None = None
) -> list[Verdict]:
    """The verdict on each rule in the order of the set; with `phase` only on the rules that its guard reads.

    Risk flags are not among them: they need more than one contract.
    """
    found = []
    for rule in rules.rules if isinstance(rules, RuleSet) else rules:
        if rule.kind in FLAG_KINDS or phase not in (None, rule.phase):
            continue
        finding = CHECKS[rule.kind](rule.parameters, facts, now)
        confirmed = rule.sha256 in standing.confirmed
        effect = effect_of(rule, finding, confirmed=confirmed, overridden=rule.sha256 in standing.overridden)
        found.append(Verdict(rule, finding, effect, confirmed))
    return found


def differences(before: RuleSet, after: RuleSet) -> list[dict[str, Any]]:
    """What changed between two sets, rule by rule: added, removed, changed (with old and new of each field)."""
    old: Mapping[str, Rule] = {rule.code: rule for rule in before.rules}
    new: Mapping[str, Rule] = {rule.code: rule for rule in after.rules}
    found: list[dict[str, Any]] = []
    for code in [*old, *(code for code in new if code not in old)]:
        if code not in new:
            found.append({"rule": code, "change": "removed", "fields": {}})
        elif code not in old:
            found.append({"rule": code, "change": "added", "fields": {}})
        elif old[code].sha256 != new[code].sha256:
            was, now = _flat(old[code].document), _flat(new[code].document)
            fields = {
                name: {"from": was.get(name), "to": now.get(name)}
                for name in sorted({*was, *now})
                if was.get(name) != now.get(name)
            }
            found.append({"rule": code, "change": "changed", "fields": fields})
    return found


def _flat(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The leaves by their path; lists are leaves."""
    leaves: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict) and value:
            leaves |= _flat(value, f"{prefix}{name}/")
        else:
            leaves[prefix + name] = value
    return leaves
