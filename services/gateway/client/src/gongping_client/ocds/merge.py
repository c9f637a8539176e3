"""Several releases of one process become one compiled release, by the merge rules of OCDS 1.1.5.

`ocdsmerge` fetches the standard's schema from the network unless it is given rules, so the rules stand here: the lists
that are replaced whole. Every other list merges by `id`, every other value is replaced by the later release's.
"""

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

__all__ = ["MergeError", "compile_releases"]

_REPLACED_WHOLE = (
    "parties.additionalIdentifiers",
    "parties.roles",
    "buyer.additionalIdentifiers",
    "planning.budget.finance.financingParty.additionalIdentifiers",
    "planning.budget.finance.assetClass",
    "planning.budget.finance.relatedLots",
    "planning.budget.budgetBreakdown.sourceParty.additionalIdentifiers",
    "tender.procuringEntity.additionalIdentifiers",
    "tender.items.additionalClassifications",
    "tender.additionalProcurementCategories",
    "tender.submissionMethod",
    "tender.tenderers.additionalIdentifiers",
    "tender.amendments.changes",
    "tender.amendment.changes",
    "awards.suppliers.additionalIdentifiers",
    "awards.items.additionalClassifications",
    "awards.amendments.changes",
    "awards.amendment.changes",
    "contracts.items.additionalClassifications",
    "contracts.implementation.transactions.payer.additionalIdentifiers",
    "contracts.implementation.transactions.payee.additionalIdentifiers",
    "contracts.relatedProcesses.relationship",
    "contracts.amendments.changes",
    "contracts.amendments.rationaleClassifications",
    "contracts.amendment.changes",
    "contracts.suppliers.additionalIdentifiers",
    "contracts.finance.financingParty.additionalIdentifiers",
    "contracts.finance.assetClass",
    "contracts.finance.relatedLots",
    "relatedProcesses.relationship",
)
_OMITTED = ("id", "date", "tag")
_RULES = {tuple(path.split(".")): "wholeListMerge" for path in _REPLACED_WHOLE} | {
    (name,): "omitWhenMerged" for name in _OMITTED
}


class MergeError(Exception):
    """The releases cannot be merged; the text says why."""


def compile_releases(releases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Merge the releases of one process in the order of their instants (not of their texts: offsets differ).

    Raises:
        MergeError: a release without a readable date, two parts of a list under one id, or values that do not fit.
    """
    if len(releases) == 1:
        return dict(releases[0])
    # Brings `requests` with it, which every command would wait for at its start; few files need it.
    from ocdsmerge.exceptions import OCDSMergeError  # noqa: PLC0415
    from ocdsmerge.merge import CompiledRelease  # noqa: PLC0415

    ordered = sorted(releases, key=_instant)
    merged = CompiledRelease(merge_rules=_RULES, rule_overrides={})
    try:
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            for release in ordered:
                merged.append(release)
            compiled: dict[str, Any] = merged.asdict()
    except (OCDSMergeError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise MergeError(f"its {len(releases)} releases cannot be merged: {error or type(error).__name__}") from error
    if raised:
        raise MergeError(f"its {len(releases)} releases cannot be merged: {raised[0].message}")
    return compiled


def _instant(release: dict[str, Any]) -> datetime:
    date = release.get("date")
    try:
        moment = datetime.fromisoformat(str(date))
    except ValueError as error:
        raise MergeError(
            f"it comes in several releases, and the date {date!r} of one does not say its place among them"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
