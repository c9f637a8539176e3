"""Facts about a contract as parts of `contracts[].implementation` (table in `contracts.exchange.build`). Pure."""

from decimal import Decimal
from typing import Any

from contracts.exchange.disclosed import public_hash
from contracts.exchange.evaluations import evaluation_of
from contracts.exchange.later import document_of, failure_of
from contracts.exchange.process import Process, milestone_of, reference
from contracts.exchange.supervision import finding_of, inspection_of, settlement_of
from contracts.exchange.values import amount_of, day_text, number_of, without_none

__all__ = ["OF_CONTRACT", "implementation_of"]

Json = dict[str, Any]
OF_CONTRACT = ("contract", "amendment", "correction", "subcontract")
"""What a document is about when it belongs to the contract itself; all others belong to its implementation."""


def _reported(process: Process, fact: Json) -> tuple[str, Json | None]:
    return "implementationUpdate", {"milestones": [milestone_of(process, fact, fact)]}


def _dimensions(fact: Json) -> Json:
    """The part of the contract that a value is about; nothing for the whole."""
    named = {"lot": fact.get("lot_id"), "callOff": fact.get("call_off_id"), "member": fact.get("member_id")}
    told = {name: str(part) for name, part in named.items() if part is not None}
    return {"dimensions": told} if told else {}


def _observed(process: Process, fact: Json) -> tuple[str, Json | None]:
    """A corrected value keeps the id of the first one, so that in the compiled release it takes its place."""
    observation = {
        "id": str(fact["root"]),
        "measure": number_of(fact["value"]),
        "unit": {"name": fact["unit"]},
        "period": {"endDate": day_text(fact["observed_on"], process.region)},
        **_dimensions(fact),
    }
    tag = "implementation" if fact["root"] == fact["id"] else "implementationUpdate"
    return tag, {"metrics": [{"id": fact["code"], "title": fact["name"], "observations": [observation]}]}


def _member(process: Process, fact: Json, side: str) -> Json | None:
    """The member of a side that an entry is about, else the side's lead."""
    for member in process.members:
        if str(fact["member_id"]) == member["member_id"] and member["side"] == side and not member["lead"]:
            return reference(dict(member))
    return process.buyer if side == "purchaser" else process.supplier


def _posted(process: Process, fact: Json) -> tuple[str, Json | None]:
    kind = fact["reversed_kind"] or fact["kind"]
    taken_back = fact["kind"] == "reversal"
    if fact.get("failure_id") is not None:
        return "implementation", None  # the failure's own release tells it
    if kind == "penalty" or (kind == "deduction" and fact["cause"] != "saving"):
        failure = without_none(
            {
                "id": str(fact["reverses"] if taken_back else fact["id"]),
                "category": kind,
                "events": 1,
                "penaltyImposed": f"{Decimal(fact['amount']):.2f} {fact['currency']}",
                "penaltyPaid": kind == "deduction" and not taken_back,
            }
        )
        return ("implementationUpdate" if taken_back else "implementation"), {"performanceFailures": [failure]}
    if kind not in ("payment", "refund", "interestPayment", "compensationPayment"):
        return "implementation", None
    to_provider = (kind != "refund") != taken_back
    buyer, supplier = _member(process, fact, "purchaser"), _member(process, fact, "provider")
    payer, payee = (buyer, supplier) if to_provider else (supplier, buyer)
    related = {"id": fact["milestone_code"], "title": fact["milestone_title"]} if fact["milestone_code"] else None
    transaction = without_none(
        {
            "id": str(fact["id"]),
            "date": day_text(fact["booked_on"], process.region),
            "value": amount_of(fact["amount"], fact["currency"]),
            "payer": payer,
            "payee": payee,
            "relatedImplementationMilestone": related,
        }
    )
    return "implementation", {"transactions": [transaction]}


def _accepted(process: Process, fact: Json) -> tuple[str, Json | None]:
    identity = f"acceptance-{fact['id']}"
    day = day_text(fact["accepted_on"], process.region)
    opinion = fact["opinion"] or {}
    acceptance = without_none(
        {
            "id": identity,
            "result": fact["result"],
            "date": day,
            "acceptedValue": amount_of(fact["accepted_value"], fact["currency"]),
            "opinion": without_none({name: opinion.get(name) for name in ("kind", "people", "satisfied")}),
            "standards": [
                without_none(
                    {"id": str(number), "standard": each["standard"], "kind": each["kind"], "result": each["result"]}
                    | {"sha256": public_hash(process, each.get("document_sha256"))}
                )
                for number, each in enumerate(fact["standards"] or (), start=1)
            ],
            "repeats": f"acceptance-{fact['repeats']}" if fact["repeats"] else None,
        }
    )
    document = {"id": identity, "documentType": "completionCertificate", "dateModified": day}
    return "implementation", {"documents": [document], "acceptances": [acceptance]}


_OF_NOUN = {
    "milestone": _reported,
    "observation": _observed,
    "ledger": _posted,
    "acceptance": _accepted,
    "failure": failure_of,
    "document": document_of,
    "evaluation": evaluation_of,
    "inspection": inspection_of,
    "finding": finding_of,
    "settlement": settlement_of,
}


def implementation_of(process: Process, noun: str, fact: Json) -> tuple[str, Json | None]:
    """The tag and the `implementation` of the release of a fact; None when the standard has no field for it."""
    return _OF_NOUN[noun](process, fact)
