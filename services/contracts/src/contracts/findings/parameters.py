"""The cycle of supervision as a contract's rule set, or the supplement of its jurisdiction, has it."""

from typing import Any, NamedTuple

from contracts.rules.queries import Rule, RuleSet, supplied

__all__ = ["Cycle", "cycle_in"]


class Cycle(NamedTuple):
    """The rule with its figures (periods in `unit`), and its name with how surely it is known."""

    name: str
    rule: Rule

    @property
    def figures(self) -> Any:  # noqa: ANN401 - the parameters of the rule's kind
        """unit, conclude_within, eliminate_within, nothing_found_within, reply_within, unreported_from, types."""
        return self.rule.parameters


def cycle_in(rules: RuleSet) -> Cycle:
    """The rule of the kind supervision that applies; every jurisdiction has one, for a supplement always does."""
    name, rule = next((name, rule) for name, rule in supplied(rules) if rule.kind == "supervision")
    return Cycle(f"{name} {rule.code}: {rule.source or 'convention'} ({rule.confidence.grade})", rule)
