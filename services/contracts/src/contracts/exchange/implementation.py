"""Facts about a contract as parts of `contracts[].implementation` (table in `contracts.exchange.build`). Pure."""

from decimal import Decimal
from typing import Any

from contracts.exchange.process import Process, milestone_of
from contracts.exchange.values import amount_of, day_text, number_of, without_none

__all__ = ["implementation_of"]

Json = dict[str, Any]


def _reported(process: Process, fact: Json) -> tuple[str, Json | None]:
    return "implementationUpdate", {"milestones": [milestone_of(process, fact, fact)]}


def _observed(process: Process, fact: Json) -> tuple[str, Json | None]:
    """A corrected value keeps the id of the first one, so that in the compiled release it takes its place."""
    observation = {
        "id": str(fact["root"]),
        "measure": number_of(fact["value"]),
        "unit": {"name": fact["unit"]},
        "period": {"endDate": day_text(fact["observed_on"], process.region)},
    }
    tag = "implementation" if fact["root"] == fact["id"] else "implementationUpdate"
    return tag, {"metrics": [{"id": fact["code"], "title": fact["name"], "observations": [observation]}]}


def _posted(process: Process, fact: Json) -> tuple[str, Json | None]:
    kind = fact["reversed_kind"] or fact["kind"]
    taken_back = fact["kind"] == "reversal"
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
    if kind not in ("payment", "refund", "interestPayment"):
        return "implementation", None
    to_provider = (kind != "refund") != taken_back
    payer, payee = (process.buyer, process.supplier) if to_provider else (process.supplier, process.buyer)
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
        }
    )
    document = {"id": identity, "documentType": "completionCertificate", "dateModified": day}
    return "implementation", {"documents": [document], "acceptances": [acceptance]}


_OF_NOUN = {"milestone": _reported, "observation": _observed, "ledger": _posted, "acceptance": _accepted}


def implementation_of(process: Process, noun: str, fact: Json) -> tuple[str, Json | None]:
    """The tag and the `implementation` of the release of a fact; None when the standard has no field for it."""
    return _OF_NOUN[noun](process, fact)
