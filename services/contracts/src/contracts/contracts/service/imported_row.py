"""One contract of an import beside what is stored of it: what refuses it, what stands against it, what is written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.contracts.corrected import Corrected, KeptTerm, keep_corrected
from contracts.contracts.imported import ImportedContract

__all__ = ["AGREED", "COLUMNS", "COMPARED", "against_amendment", "kept_terms", "refusal_of", "row_of"]

# What an import says of a contract; what was added here (indicators, money, results) is no part of it.
COLUMNS = (
    "title",
    "state",
    "contract_number",
    "service_category",
    "purchaser_id",
    "provider_id",
    "currency",
    "value",
    "budget",
    "final_value",
    "signed_on",
    "starts_on",
    "ends_on",
    "ended_at",
    "end_reason",
    "procurement_method",
    "tenderers",
    "beneficiary_population",
    "not_evaluable",
    "simulated",
    "gaps",
    "warnings",
)
# What is no finding of ours about the row, but a term.
COMPARED = tuple(name for name in COLUMNS if name not in ("gaps", "warnings"))
# What both parties agreed here stands; no source takes it back by sending its own picture again.
AGREED = ("value", "starts_on", "ends_on")


def refusal_of(contract: ImportedContract, before: Mapping[str, Any] | None) -> str | None:
    """Why a known contract is not brought up to date at all; None when it is."""
    if before is None:
        return "is recorded in a region outside your scope"
    if before["origin"] != "import":
        return "is a contract that was drafted here; change it there, an import does not overwrite it"
    if before["currency"] != contract.currency:
        return f"is recorded in {before['currency']}, and its ledger with it"
    return None


def against_amendment(contract: ImportedContract, before: dict[str, Any]) -> str | None:
    """Why the row contradicts an amendment that was agreed here; None when it does not."""
    amended = before.pop("amended")
    if amended is None:
        return None
    other = [name for name in AGREED if getattr(contract, name) != before[name]]
    if not other:
        return None
    said = ", ".join(f"{name} {getattr(contract, name)} (agreed: {before[name]})" for name in other)
    return (
        f"says {said}, and amendment {amended}, to which both parties agreed here, stands. Bring the source up to "
        "date, or change the contract by an amendment or a correction"
    )


def kept_terms(
    contract: ImportedContract, before: Mapping[str, Any], corrected: Mapping[str, Corrected]
) -> tuple[dict[str, Any], list[KeptTerm]]:
    """The contract's columns with corrected terms as they stand; a term that was corrected is no gap."""
    row, kept = keep_corrected({name: getattr(contract, name) for name in COLUMNS}, before, corrected)
    if kept:
        standing = {term.name for term in kept if row[term.name] is not None}
        row |= {
            "gaps": tuple(gap for gap in row["gaps"] if gap not in standing),
            "warnings": (*row["warnings"], *(term.warning for term in kept)),
        }
    return row, kept


def row_of(
    contract: ImportedContract,
    *,
    moment: datetime,
    kept: Mapping[str, Any] | None = None,
    terms: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The columns to write: of `terms` where some were kept; with `kept`, the state as it is stored there."""
    row = {name: getattr(contract, name) for name in COLUMNS} if terms is None else dict(terms)
    if kept is not None:
        # It was moved here, by an act with a guard; the source's picture of it does not undo that.
        row |= {name: kept[name] for name in ("state", "ended_at", "end_reason")}
    return row | {"not_evaluable_at": moment if contract.not_evaluable else None, "updated_at": moment}
