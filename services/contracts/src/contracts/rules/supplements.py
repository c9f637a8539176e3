"""Rights, duties and supervision beside a contract's rule set: shipped rules of the kinds that the set does not have.

A set that was pinned never changes. What the sets of 2020 say nothing about (rights of beneficiaries and evaluators,
the cycle of findings) comes from a supplement of its jurisdiction; a rule of the set with the same code, or with a
cycle of supervision of its own, stands in its place. So a province edits these rules as it edits any other.
"""

from functools import cache
from importlib.resources import files

from contracts.rules.document import Rule, RuleSet

__all__ = ["SuppliedRule", "supplements", "supplied"]

SuppliedRule = tuple[str, Rule]
"""(the set that has it as id@version, the rule)."""


@cache
def supplements() -> dict[str, RuleSet]:
    """The supplements by jurisdiction."""
    folder = files("contracts.rules") / "data" / "supplements"
    found = [RuleSet.model_validate_json(file.read_text(encoding="utf-8")) for file in folder.iterdir()]
    return {rules.jurisdiction: rules for rules in found}


def supplied(rules: RuleSet) -> list[SuppliedRule]:
    """The rules of a set, then those of its jurisdiction's supplement that it lacks (the neutral one where none is)."""
    own = [(rules.name, rule) for rule in rules.rules]
    known = {rule.code for rule in rules.rules}
    supervised = any(rule.kind == "supervision" for rule in rules.rules)
    more = supplements().get(rules.jurisdiction, supplements()["*"])
    return own + [
        (more.name, rule)
        for rule in more.rules
        if rule.code not in known and not (rule.kind == "supervision" and supervised)
    ]
