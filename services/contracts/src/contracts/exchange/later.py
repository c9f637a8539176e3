"""Performance failures and documents as parts of a release. Pure."""

from decimal import Decimal
from typing import Any

from contracts.exchange.process import Process
from contracts.exchange.values import day_text, instant_text, without_none

__all__ = ["document_of", "failure_of"]

Json = dict[str, Any]


def failure_of(process: Process, fact: Json) -> tuple[str, Json | None]:
    """A failure as it stands now. A withdrawn one counts no event: OCDS has no way to take an item of a list back."""
    currency = fact["currency"]
    imposed, paid, contracted = fact["imposed"], fact["paid"], fact["penalty_contracted"]
    failure = without_none(
        {
            "id": str(fact["id"]),
            "category": fact["category"],
            "events": 0 if fact["state"] == "withdrawn" else fact["events"],
            "period": {
                "startDate": day_text(fact["starts_on"], process.region),
                "endDate": day_text(fact["ends_on"] or fact["starts_on"], process.region),
            },
            "penaltyContracted": None if contracted is None else f"{Decimal(contracted):.2f} {currency}",
            "penaltyImposed": None if imposed is None else f"{Decimal(imposed):.2f} {currency}",
            "penaltyPaid": None if imposed is None else Decimal(imposed) > 0 and Decimal(paid) >= Decimal(imposed),
        }
    )
    return "implementationUpdate", {"performanceFailures": [failure]}


def document_of(process: Process, fact: Json) -> tuple[str, Json | None]:
    """A document; its description is free text that may name people, and one whose content is awaited is not told.

    Neither is one that was erased: only its hash is left.
    """
    if fact["storage"] in ("awaited", "erased") or fact["withdrawn_at"] is not None:
        return "implementation", None
    document = without_none(
        {
            "id": str(fact["id"]),
            "documentType": fact["document_type"],
            "title": fact["title"],
            "url": fact["url"],
            "datePublished": instant_text(fact["recorded_at"]),
            "dateModified": day_text(fact["dated_on"], process.region),
            "format": fact["media_type"],
            "language": fact["language"],
            "sha256": fact["sha256"],
        }
    )
    return "implementation", {"documents": [document]}
