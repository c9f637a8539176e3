"""Which path prefix belongs to which service."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["PREFIXES", "SERVICES", "Prefix", "find_prefix"]

ServiceName = Literal["contracts", "surveys", "scoring"]
SERVICES: tuple[ServiceName, ...] = ("contracts", "surveys", "scoring")


@dataclass(frozen=True, slots=True)
class Prefix:
    """One line of the table.

    `scoped` says whether the things below the prefix belong to a region. Reference data (organisations, catalogue,
    rules, instruments, frameworks) is national and readable by all, so that its region is a filter, never a border; so
    are published contracts (OCDS, the changes feed), beside which a token opens more in its own regions.
    `pages` are for citizens: a token is neither needed nor looked at, and what goes wrong is said as a page.
    """

    path: str
    service: ServiceName
    scoped: bool = True
    pages: bool = False

    @property
    def template(self) -> str:
        """The route label of metrics and spans: never a path with an id in it."""
        return f"{self.path}/{{path}}"


PREFIXES: tuple[Prefix, ...] = (
    Prefix("/v1/organisations", "contracts", scoped=False),
    Prefix("/v1/contracts", "contracts"),
    Prefix("/v1/imports", "contracts"),
    Prefix("/v1/regions", "contracts", scoped=False),
    Prefix("/v1/catalogue", "contracts", scoped=False),
    Prefix("/v1/working-days", "contracts", scoped=False),
    Prefix("/v1/rules", "contracts", scoped=False),
    Prefix("/v1/flags", "contracts"),
    Prefix("/v1/budget-projects", "contracts"),
    Prefix("/v1/monitoring", "contracts"),
    Prefix("/v1/vouchers", "contracts"),
    Prefix("/v1/acts", "contracts"),
    Prefix("/v1/handovers", "contracts"),
    Prefix("/v1/deputies", "contracts"),
    Prefix("/v1/policies", "contracts"),
    Prefix("/v1/corrections", "contracts"),
    Prefix("/v1/amendments", "contracts", scoped=False),
    Prefix("/v1/inspections", "contracts"),
    Prefix("/v1/findings", "contracts"),
    Prefix("/v1/calendars", "contracts", scoped=False),
    Prefix("/v1/public", "contracts", scoped=False),
    Prefix("/v1/disclosure", "contracts"),
    Prefix("/v1/retention", "contracts"),
    Prefix("/v1/campaigns", "contracts"),
    Prefix("/v1/ocds", "contracts", scoped=False),
    Prefix("/v1/changes", "contracts", scoped=False),
    Prefix("/v1/operations/contracts", "contracts"),
    Prefix("/v1/instruments", "surveys", scoped=False),
    Prefix("/v1/waves", "surveys"),
    Prefix("/v1/complaints", "surveys"),
    Prefix("/v1/satisfaction", "surveys"),
    Prefix("/p", "surveys", scoped=False, pages=True),
    Prefix("/v1/operations/surveys", "surveys"),
    Prefix("/v1/frameworks", "scoring", scoped=False),
    Prefix("/v1/scores", "scoring"),
    Prefix("/v1/evidence", "scoring"),
    Prefix("/v1/targets", "scoring"),
    Prefix("/v1/determinations", "scoring"),
    Prefix("/v1/evaluations", "scoring"),
    Prefix("/v1/evaluators", "scoring"),
    Prefix("/v1/calibrations", "scoring"),
    Prefix("/v1/comparisons", "scoring"),
    Prefix("/v1/results", "scoring"),
    Prefix("/v1/rectifications", "scoring"),
    Prefix("/v1/appeals", "scoring"),
    Prefix("/v1/reports", "scoring"),
    Prefix("/v1/operations/scoring", "scoring"),
)

_PAGES = next(prefix for prefix in PREFIXES if prefix.pages)
_BY_FIRST = {prefix.path.split("/")[2]: prefix for prefix in PREFIXES if prefix.path.count("/") == 2}
_BY_SECOND = {prefix.path.split("/")[3]: prefix for prefix in PREFIXES if prefix.path.count("/") == 3}


def find_prefix(path: str) -> Prefix | None:
    """The service's prefix that a decoded path lies under; None: the gateway answers it itself.

    A custom verb counts to its noun (`/v1/contracts:bulk`). The dossier is under `/v1/contracts`, but is composed here.
    """
    if path == _PAGES.path or path.startswith(f"{_PAGES.path}/"):
        return _PAGES
    parts = path.split("/", 4)
    if len(parts) < 3 or parts[0] or parts[1] != "v1":
        return None
    noun = parts[2]
    if noun == "operations":
        return _BY_SECOND.get(parts[3].partition(":")[0]) if len(parts) > 3 else None
    prefix = _BY_FIRST.get(noun)
    if prefix is None:
        return _BY_FIRST.get(noun.partition(":")[0])
    if len(parts) == 5 and parts[4] == "dossier" and noun == "contracts":
        return None
    return prefix
