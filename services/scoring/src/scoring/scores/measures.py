"""Which fact each evidence source of a framework names."""

from collections.abc import Callable, Mapping
from typing import Final

from scoring import kernel
from scoring.frameworks.document import Rule
from scoring.scores.facts import Facts, Measured, Spread
from scoring.scores.normalisers import pick

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
    """The value that a rule asks for, None when there is no evidence; a tier comes as its code, its score as `pick`."""
    source = rule.evidence["from"]
    if source == "none":
        return None
    if source == "wave":
        return facts.wave(rule.evidence)
    if source in _STATED:
        found = facts.statement(source, rule.evidence[_STATED[source]], rule.evidence.get("stages"))
    else:
        found = _MEASURES[rule.evidence["measure"]](facts, rule)
    if found is None or rule.normaliser["kind"] != "tier" or not isinstance(found.value, str):
        return None if found is not None and isinstance(found.value, str) else found
    picked = pick(rule.normaliser, found.value, found.pick)
    if picked is None:
        return None  # an open enumeration may name a tier that this framework does not know: no evidence
    score, spread = picked
    if spread == 0.0:
        return found._replace(pick=score)
    return found._replace(pick=score, spread=Spread("method", "uniform", spread), fallback=True)


_STATED: Final = {"manual": "measure", "rating": "criterion"}
