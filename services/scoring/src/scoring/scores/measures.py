"""Which fact each evidence source of a framework names."""

from collections.abc import Callable, Mapping
from typing import Final

from scoring import kernel
from scoring.frameworks.document import Rule
from scoring.scores.facts import Facts, Measured

__all__ = ["MISSING", "measure"]

MISSING: Final = {"hold": kernel.HOLD, "zero": kernel.ZERO, "reweight": kernel.REWEIGHT}
"""What missing evidence means, as the kernel's state; a value that this release does not know holds."""

_MEASURES: Final[Mapping[str, Callable[[Facts, Rule], Measured | None]]] = {
    "execution-rate": lambda facts, _: facts.execution,
    "accepted-share": lambda facts, _: facts.accepted,
    "recipients-heard": lambda facts, _: facts.recipients_heard(),
    "needs-basis": lambda facts, _: facts.needs_basis(),
    "tenderers": lambda facts, _: facts.tenderers(),
    "days-late": lambda facts, rule: facts.days_late(float(rule.normaliser["maximum_days"])),
}


def measure(facts: Facts, rule: Rule) -> Measured | None:
    """The value that a rule asks for, None when there is no evidence; a tier comes as its code."""
    source = rule.evidence["from"]
    if source == "none":
        return None
    if source == "wave":
        return facts.wave(rule.evidence)
    found = _MEASURES[rule.evidence["measure"]](facts, rule)
    if found is not None and rule.normaliser["kind"] == "tier" and found.value not in rule.normaliser["values"]:
        return None  # an open enumeration may name a tier that this framework does not know: no evidence
    return found
