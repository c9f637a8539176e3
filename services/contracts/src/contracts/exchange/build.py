"""From a change of ours to an OCDS 1.1.5 release. Pure: no database, no clock.

| ours | OCDS |
|---|---|
| coming into force | a release with planning, tender, award and contract |
| an amendment in force | `contractAmendment` with its `amendments`, value and term |
| another change of the contract's own row, corrections after its end included | `contractUpdate` |
| its end | `contractTermination` |
| report of a milestone | `implementation.milestones` |
| payment (of interest, compensation too), refund | `implementation.transactions`; the provider pays what goes back |
| performance failure | `implementation.performanceFailures`, with what is contracted, imposed and paid |
| deduction for a poor result, penalty, booked for no recorded failure | the same, the penalty that was imposed |
| observation of an indicator | `implementation.metrics`; the agreed value is in `agreedMetrics` |
| acceptance | `implementation.documents` (completionCertificate) and `implementation.acceptances` of our extension |
| inspection carried out | `implementation.inspections` of our extension; its documents (physicalProgressReport) |
| finding that has ended | `implementation.findings` of our extension |
| settlement that binds | `implementation.settlement` of our extension; `documents` (cancellationDetails) |
| document | `documents` of the contract, or of its implementation, with its hash (our extension) |
| determination of a score, once published | `implementation.evaluations` of our extension |
| commitment, booking of an acceptance, a deduction that is a saving | nothing: the standard has no field |

Notes and reasons are free text that may name people; they are not published.
"""

from datetime import datetime
from typing import Any

from contracts.catalogue.queries import item_of
from contracts.exchange.implementation import OF_CONTRACT, implementation_of
from contracts.exchange.models import PUBLISHED
from contracts.exchange.process import Change, Process, milestone_of
from contracts.exchange.structure import parties_of, related_processes, structure_of, suppliers_of
from contracts.exchange.values import amount_of, day_text, instant_text, number_of, without_none

__all__ = ["contract_release", "release_of"]

Json = dict[str, Any]
STATUS = {
    "pending": "pending",
    "active": "active",
    "suspended": "active",
    "completed": "terminated",
    "terminated": "terminated",
    "cancelled": "cancelled",
}
_CATALOGUE = "CN-GONGPING-CATALOGUE"
_REASONS = "GONGPING-AMENDMENT-REASON"


def _release(process: Process, change: Change, *tags: str, **content: Any) -> Json:  # noqa: ANN401 - any JSON
    head = {
        "ocid": process.identity.ocid,
        "id": f"{change.epoch}-{change.n}",
        "date": instant_text(change.changed_at),
        "tag": list(tags),
        "initiationType": "tender",
        "language": process.language,
    }
    return head | without_none(content)


def _contract(process: Process, **content: Any) -> Json:  # noqa: ANN401
    return {"id": process.identity.contract, "awardID": process.identity.award} | without_none(content)


def contract_release(process: Process, change: Change) -> Json | None:
    """The release of a change of the contract's own row; None when it is not published or told by an import."""
    terms = change.terms
    if terms is None:
        return None
    if process.native and change.state not in PUBLISHED:
        return None
    if process.has_base and terms.get("moved_at") is None:
        return None  # the imported release tells it
    if change.first and not process.has_base:
        return _full(process, change, terms)
    ended = change.state in ("completed", "terminated", "cancelled") and _just_moved(change, terms)
    content: Json = {
        "status": STATUS[change.state],
        "lifecycle": _lifecycle(terms),
        "implementation": _end(change, terms),
    }
    if not process.has_base:
        content |= _terms(process, terms)
    agreed = [_amendment(process, each) for each in process.amendments if each["contract_version"] == terms["version"]]
    content["amendments"] = agreed
    content |= _corrected_part(process, terms)
    tag = "contractTermination" if ended else "contractAmendment" if agreed else "contractUpdate"
    return _release(process, change, tag, contracts=[_contract(process, **content)])


def _corrected_part(process: Process, terms: Json) -> Json:
    """The indicator or milestone that a correction was about, as it stands now."""
    part, _, rest = terms.get("corrected_part", "").partition(".")
    code = rest.rpartition(".")[0]
    if part == "indicators":
        found = [each for each in process.indicators if each["code"] == code]
        return {"agreedMetrics": [_agreed(process, each, terms["ends_on"]) for each in found]}
    if part == "milestones":
        found = [each for each in process.milestones if each["code"] == code]
        return {"milestones": [milestone_of(process, each, each) for each in found]}
    return {}


def _just_moved(change: Change, terms: Json) -> bool:
    """Whether the change is the move to the state itself: a correction (更正) after the end is a `contractUpdate`."""
    moved_at = terms.get("moved_at")
    return moved_at is not None and datetime.fromisoformat(moved_at) == change.changed_at


def _full(process: Process, change: Change, terms: Json) -> Json:
    identity, currency = process.identity, terms["currency"]
    suppliers, parties = suppliers_of(process), parties_of(process)
    basis = process.needs_basis or {}
    budget = amount_of(terms["budget"], currency)
    planning = without_none(
        {
            "rationale": basis.get("reason") or (basis.get("reference") and f"{basis['kind']}: {basis['reference']}"),
            "budget": {"amount": budget} if budget else None,
        }
    )
    tender = without_none(
        {
            "id": f"{identity.contract}-tender",
            "title": terms["title"],
            "mainProcurementCategory": "services",
            "procurementMethod": terms["procurement_method"],
            "numberOfTenderers": terms["tenderers"],
        }
    )
    award = without_none({"id": identity.award, "status": "active", "suppliers": suppliers})
    contract = _contract(
        process,
        **_terms(process, terms),
        status=STATUS[change.state],
        suppliers=suppliers,
        simulated=terms["simulated"],
        lifecycle=_lifecycle(terms),
        beneficiaryPopulation=terms["beneficiary_population"],
        items=_items(terms["service_category"]),
        agreedMetrics=[_agreed(process, indicator, terms["ends_on"]) for indicator in process.indicators],
        milestones=[milestone_of(process, milestone) for milestone in process.milestones],
        amendments=[
            _amendment(process, each)
            for each in process.amendments
            if each["contract_version"] is None or each["contract_version"] <= terms["version"]
        ],
        implementation=_end(change, terms),
        **structure_of(process, terms),
    )
    tags = (["planning"] if planning else []) + ["tender", "award", "contract"]
    return _release(
        process,
        change,
        *tags,
        parties=parties,
        buyer=process.buyer,
        planning=planning,
        tender=tender,
        awards=[award],
        contracts=[contract],
        relatedProcesses=related_processes(process),
    )


def _terms(process: Process, terms: Json) -> Json:
    region = process.region
    period = without_none(
        {"startDate": day_text(terms["starts_on"], region), "endDate": day_text(terms["ends_on"], region)}
    )
    return {
        "title": terms["title"],
        "value": amount_of(terms["value"], terms["currency"]),
        "dateSigned": day_text(terms["signed_on"], region),
        "period": period,
    }


def _lifecycle(terms: Json) -> Json:
    return without_none({"state": terms["state"], "endReason": terms["end_reason"]})


def _end(change: Change, terms: Json) -> Json:
    """`finalValue` is, by the contract completion extension, what was paid in all for a completed contract.

    Of a terminated one it is known once the contract is settled.
    """
    final = terms["final_value"] if terms["final_value"] is not None else change.paid
    settled = change.state == "terminated" and terms["final_value"] is not None
    return without_none(
        {
            "endDate": instant_text(terms["ended_at"]),
            "finalValue": amount_of(final, terms["currency"]) if change.state == "completed" or settled else None,
        }
    )


def _items(code: str | None) -> list[Json]:
    item = item_of(code)
    if code is None:
        return []
    classification = without_none({"scheme": _CATALOGUE, "id": code, "description": item.name if item else None})
    return [{"id": "1", "description": item.name if item else code, "classification": classification}]


def _agreed(process: Process, indicator: Json, ends_on: str | None) -> Json:
    target = {
        "id": f"{indicator['code']}-target",
        "measure": number_of(indicator["target"]),
        "unit": {"name": indicator["unit"]},
        "period": without_none({"endDate": day_text(ends_on, process.region)}),
    }
    agreement = {
        "level": indicator["level"],
        "aspect": indicator["aspect"],
        "direction": indicator["direction"],
        "standard": indicator["standard"],
        "weight": number_of(indicator["weight"]),
        "zeroAt": None if indicator["zero_at"] is None else number_of(indicator["zero_at"]),
        "baseline": None if indicator["baseline"] is None else number_of(indicator["baseline"]),
        "accountable": indicator["accountable"],
    }
    return {
        "id": indicator["code"],
        "title": indicator["name"],
        "observations": [without_none(target)],
        "indicator": without_none(agreement),
    }


def _amendment(process: Process, amendment: Json) -> Json:
    code = amendment["reason_code"]
    return without_none(
        {
            "id": amendment["external_id"] or str(amendment["number"]),
            "date": day_text(amendment["amended_on"], process.region),
            "rationale": amendment["rationale"],
            "description": amendment["description"],
            "rationaleClassifications": [{"scheme": _REASONS, "id": code}] if code else None,
        }
    )


def release_of(process: Process, change: Change, fact: Json | None) -> Json | None:
    """The release of a change; `fact` is the row that the change names, None for the contract's own row."""
    if change.noun == "contract":
        return contract_release(process, change)
    if fact is None or (process.native and change.state not in PUBLISHED):
        return None
    tag, content = implementation_of(process, change.noun, fact)
    if content is None:
        return None
    if change.noun == "document" and fact["about"] in OF_CONTRACT:
        return _release(process, change, "contractUpdate", contracts=[_contract(process, **content)])
    return _release(process, change, tag, contracts=[_contract(process, implementation=content)])
