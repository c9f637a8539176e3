"""Evidence that depends on a consequence of the contract's own score: the score would feed itself."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["CONSEQUENCES", "HARMLESS", "cycle"]

CONSEQUENCES: Final[Mapping[str, str]] = {
    "grade": "score",
    "determination": "grade",
    "publication": "determination",
    "appeal": "determination",
    "track-record": "determination",
    "support": "determination",
    "improvement": "determination",
    "cut": "determination",
    "withholding": "determination",
    "rectification": "determination",
    "payment-adjustment": "determination",
    "payment": "payment-adjustment",
    "deduction": "payment-adjustment",
    "renewal": "determination",
    "next-budget": "determination",
}
"""Each consequence of a contract's score with what it follows from; the chain ends at the score.

Source: 财预〔2020〕10号, use of results; 财综〔2018〕42号, results linked to payment and to the choice of the provider.
"""

HARMLESS: Final = {
    "procurement",
    "delivery",
    "inspection",
    "acceptance",
    "survey",
    "complaints",
    "register",
    "statistics",
    "third-party-evaluation",
}
"""Acts that no score leads to."""

_MEASURES: Final[Mapping[str, str]] = {
    "renewed": "renewal",
    "contract-renewed": "renewal",
    "payment-adjusted": "payment-adjustment",
    "rectified": "rectification",
    "rectification-rate": "rectification",
    "next-budget-change": "next-budget",
    "appeals-upheld": "appeal",
    "track-record": "track-record",
}
"""Measures of manual evidence that are consequences by their name."""


def cycle(rule: Mapping[str, Any]) -> tuple[str, ...]:
    """The chain from the evidence of a rule back to the contract's own score, empty when there is none.

    `depends_on` names acts; those in HARMLESS are none of its consequences. The ledger's execution rate is none:
    deductions that a poor result caused are added back.
    """
    acts = list(rule.get("depends_on", ()))
    evidence = rule["evidence"]
    if evidence["from"] == "manual" and evidence["measure"] in _MEASURES:
        acts.append(_MEASURES[evidence["measure"]])
    for act in acts:
        if act == "score" or act in CONSEQUENCES:
            chain = [act]
            while chain[-1] in CONSEQUENCES:
                chain.append(CONSEQUENCES[chain[-1]])
            return tuple(chain)
    return ()
