"""Recorded payment terms beside the contract's own text."""

from contracts.rules.queries import RuleFacts, RuleSet, contradictions

__all__ = ["contradictions_of"]


def contradictions_of(facts: RuleFacts, rules: RuleSet) -> list[dict[str, str]]:
    """Where the recorded terms differ from the contract's text; nothing where its rule set does not compare them."""
    compared = [rule for rule in rules.rules if rule.kind == "termsConsistent"]
    return [
        {
            "code": "contradicts-contract",
            "rule": f"{rules.name} {rule.code}",
            "detail": f"{found['detail']}: one of the two is wrong.",
        }
        for rule in compared
        if "recordedTerms" in rule.parameters.compares
        for found in contradictions(facts, ("recordedTerms",))
    ]
