"""Published determinations of a contract's score, as `implementation.evaluations` of our extension. Pure.

A determination is told once it is published, and again when it is suspended, released, annulled or replaced afterwards;
the live score is provisional and never is. Who signed stays out: the document's number leads there.
"""

from collections.abc import Sequence
from typing import Any

from contracts.exchange.process import Process
from contracts.exchange.values import instant_text, number_of, without_none

__all__ = ["evaluation_of"]

Json = dict[str, Any]


def evaluation_of(_: Process, fact: Json) -> tuple[str, Json | None]:
    """The evaluation of a determination and its acts; None when it was never published."""
    told, acts = fact["determination"], fact["acts"]
    published = [act["acted_at"] for act in acts if act["kind"] == "publication"]
    if not published:
        return "implementationUpdate", None
    evaluation = {
        "id": told["determination_id"],
        "status": _status([act["kind"] for act in acts], replaced=fact["replaced"]),
        "stage": told["stage"],
        "score": number_of(told["score"]),
        "grade": told["grade"],
        "framework": {"id": told["framework_id"], "version": told["framework_version"], "hash": told["framework_hash"]},
        "contentHash": told["content_hash"],
        "evidenceCutoff": instant_text(told["evidence_cutoff"]),
        "documentNumber": told["document_number"],
        "dateIssued": instant_text(told["issued_at"]),
        "datePublished": instant_text(min(published)),
        "replaces": told.get("replaces"),
    }
    return "implementationUpdate", {"evaluations": [without_none(evaluation)]}


def _status(acts: Sequence[str], *, replaced: bool) -> str:
    if "annulment" in acts:
        return "annulled"
    if replaced:
        return "replaced"
    return "suspended" if acts.count("suspension") > acts.count("release") else "inForce"
