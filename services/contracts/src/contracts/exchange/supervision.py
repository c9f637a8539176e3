"""Inspections, findings and the settlement of a terminated contract as parts of a release. Pure.

The standard has no field for them but documents, so they stand in our extension; what their money became (penalties,
deductions, compensation paid) is told by the ledger's entries as `performanceFailures` and `transactions`. Words of
people (summaries, notes, reasons, where a visit was) are not published.
"""

from collections.abc import Iterator
from typing import Any

from contracts.exchange.disclosed import public_hash
from contracts.exchange.process import Process
from contracts.exchange.values import amount_of, day_text, instant_text, without_none

__all__ = ["finding_of", "inspection_of", "settlement_of"]

Json = dict[str, Any]
_TAG = "implementationUpdate"
_ENDED = ("declined", "completed", "closed")
_BINDING = ("agreed", "ordered", "settled")


def inspection_of(process: Process, fact: Json) -> tuple[str, Json | None]:
    """An inspection that was carried out, point by point; one that is planned may be unannounced and is not told."""
    if fact["state"] != "carriedOut":
        return _TAG, None
    identity = f"inspection-{fact['id']}"
    inspection = without_none(
        {
            "id": identity,
            "date": day_text(fact["visited_on"], process.region),
            "announced": fact["announced"],
            "points": [
                without_none(
                    {"id": point["code"], "description": point["text"], "result": point["result"]}
                    | {"source": point.get("source")}
                )
                for point in fact["checklist"]
            ],
        }
    )
    documents = [
        without_none(
            {
                "id": f"{identity}-{document['sha256'][:16]}",
                "documentType": "physicalProgressReport",
                "title": document["title"],
                "url": document.get("link"),
                "sha256": document["sha256"],
            }
        )
        for document in fact["documents"]
        if public_hash(process, document["sha256"])
    ]
    return _TAG, without_none({"inspections": [inspection], "documents": documents or None})


def finding_of(_: Process, fact: Json) -> tuple[str, Json | None]:
    """A finding that has ended, with its outcome; one that was taken up again after that shows its state alone."""
    head = {
        "id": str(fact["id"]),
        "state": fact["state"],
        "reason": fact["reason"],
        "inspection": f"inspection-{fact['inspection_id']}" if fact["inspection_id"] else None,
        "responsible": fact["responsible"],
    }
    if fact["state"] not in _ENDED:
        return _TAG, {"findings": [without_none(head)]}
    finding = head | {
        "violations": [
            without_none({"id": str(number), "type": violation["type"], "result": violation.get("result")})
            for number, violation in enumerate(fact["violations"], start=1)
        ],
        "dateConcluded": instant_text(fact["concluded_at"]),
        "resolution": fact["resolution"],
        "dateResolved": instant_text(fact["resolved_at"]),
        "appealed": fact["appeal"] is not None,
        "effects": [
            without_none(
                {
                    "id": effect["id"],
                    "kind": effect["kind"],
                    "decision": effect["decision"],
                    "value": amount_of(effect["amount"], fact["currency"]),
                    "date": instant_text(effect["recorded_at"]),
                }
            )
            for effect in fact["effects"]
        ],
    }
    return _TAG, {"findings": [without_none(finding)]}


def settlement_of(process: Process, fact: Json) -> tuple[str, Json | None]:
    """A settlement that binds both sides: agreed by both, or ordered; and once nothing is owed any more."""
    if fact["state"] not in _BINDING:
        return _TAG, None
    currency, identity = fact["currency"], f"settlement-{fact['id']}"
    agreed = fact["ordered_at"] or max(fact["purchaser_at"], fact["provider_at"])
    settlement = without_none(
        {
            "id": identity,
            "state": fact["state"],
            "ground": fact["ground"],
            "fault": fact["fault"],
            "damagesToPurchaser": amount_of(fact["damages_to_purchaser"], currency),
            "damagesToProvider": amount_of(fact["damages_to_provider"], currency),
            "claims": list(_claims(fact)),
            "dateAgreed": instant_text(agreed),
            "dateSettled": instant_text(fact["settled_at"]),
            "sha256": public_hash(process, fact["document_sha256"]),
        }
    )
    document = {"id": identity, "documentType": "cancellationDetails", "dateModified": instant_text(agreed)}
    return _TAG, {"documents": [document], "settlement": settlement}


def _claims(fact: Json) -> Iterator[Json]:
    """Both sides' claims; `entry` is the id under which the money is told when it moves."""
    for number, line in enumerate(fact["lines"], start=1):
        yield without_none(
            {
                "id": str(number),
                "owedBy": line["side"],
                "kind": line["kind"],
                "cause": line["cause"],
                "value": amount_of(line["amount"], fact["currency"]),
                "entry": line["entry_id"],
            }
        )
