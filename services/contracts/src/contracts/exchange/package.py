"""Release and record packages, and the compiled release."""

import warnings
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.exchange.values import instant_text
from shared import clock

__all__ = ["EXTENSIONS", "compile_releases", "package", "record_of"]

_REGISTRY = "https://raw.githubusercontent.com/open-contracting-extensions"
EXTENSIONS = (
    f"{_REGISTRY}/ocds_metrics_extension/master/extension.json",
    f"{_REGISTRY}/ocds_performance_failures_extension/master/extension.json",
    f"{_REGISTRY}/ocds_contract_completion_extension/master/extension.json",
    f"{_REGISTRY}/ocds_contract_suppliers_extension/master/extension.json",
    f"{_REGISTRY}/ocds_transactions_relatedMilestone_extension/master/extension.json",
    f"{_REGISTRY}/ocds_amendment_rationale_classifications_extension/master/extension.json",
    f"{_REGISTRY}/ocds_budget_breakdown_extension/master/extension.json",
    f"{_REGISTRY}/ocds_finance_extension/master/extension.json",
    f"{_REGISTRY}/ocds_charges_extension/master/extension.json",
)
"""Extensions of the registry whose fields our releases, or imported ones, may have."""

# Lists that a later release replaces whole (OCDS 1.1.5, `wholeListMerge` and lists whose items have no id); every other
# list merges by the id of its items.
_REPLACED_WHOLE = (
    "parties.additionalIdentifiers",
    "parties.roles",
    "buyer.additionalIdentifiers",
    "planning.budget.finance.assetClass",
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
    "contracts.finance.assetClass",
    "relatedProcesses.relationship",
)
_RULES = {tuple(path.split(".")): "wholeListMerge" for path in _REPLACED_WHOLE} | {
    (name,): "omitWhenMerged" for name in ("id", "date", "tag")
}


def compile_releases(releases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The compiled release of a process; the releases come in the order in which they hold.

    The merge rules of the standard, by `ocdsmerge`, which fetches the schema from the network unless it has the rules.
    A list in which one id stands twice is merged to one item, as the standard says of lists with ids.
    """
    from ocdsmerge.merge import CompiledRelease  # noqa: PLC0415 - brings `requests` with it

    merged = CompiledRelease(merge_rules=_RULES, rule_overrides={})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a publisher's repeated id is his; it was kept as given
        for release in releases:
            merged.append(release)
    compiled: dict[str, Any] = merged.asdict()
    last = max((str(release.get("date") or "") for release in releases), key=_moment)
    return compiled | {"id": f"{compiled['ocid']}-{last}", "date": last, "tag": ["compiled"]}


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


def record_of(ocid: str, releases: Sequence[dict[str, Any]], *, in_force: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A record: every release of the process, and what the releases `in_force` say together."""
    return {"ocid": ocid, "releases": list(releases), "compiledRelease": compile_releases(in_force)}


def package(
    kind: str, items: Sequence[dict[str, Any]], *, uri: str, publisher: str, license_url: str | None, own: str | None
) -> dict[str, Any]:
    """A release package (`kind` releases) or a record package (`records`); `own` is the address of our extension."""
    head: dict[str, Any] = {
        "uri": uri,
        "version": "1.1",
        "publishedDate": instant_text(clock.now()),
        "extensions": [*EXTENSIONS, *([own] if own else [])],
        "publisher": {"name": publisher},
    }
    if license_url:
        head["license"] = license_url
    return head | {kind: list(items)}
