"""The table of contents of the contracts service: its slices in the order in which they may use each other."""

from contracts.acceptances.routes import routes as acceptances
from contracts.catalogue.routes import routes as catalogue
from contracts.contracts.routes import routes as contracts
from contracts.imports.routes import routes as imports
from contracts.ledger.routes import routes as ledger
from contracts.observations.routes import routes as observations
from contracts.organisations.routes import routes as organisations
from contracts.regions.routes import routes as regions
from contracts.results.handlers import scoring_subscription
from contracts.results.routes import routes as results
from contracts.settings import ContractsSettings
from contracts.snapshot import snapshot
from shared.service import Service

__all__ = ["SLICES", "service"]

# A later slice may use the earlier ones, never the other way round.
SLICES = (
    "regions",
    "catalogue",
    "organisations",
    "contracts",
    "observations",
    "ledger",
    "acceptances",
    "imports",
    "results",
)

service = Service(
    name="contracts",
    description="The contract's life: organisations, contracts, indicators, ledger, acceptance, import, results.",
    settings=ContractsSettings,
    routers=(regions, catalogue, organisations, contracts, observations, ledger, acceptances, imports, results),
    subscriptions=(scoring_subscription,),
    snapshot=snapshot,
)
