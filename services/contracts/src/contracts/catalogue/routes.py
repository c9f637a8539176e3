"""The guiding catalogue over HTTP: reference data, readable by all."""

from typing import Annotated

from contracts.catalogue.queries import all_items
from contracts.catalogue.schemas import CatalogueItemOut, CatalogueOut
from shared.auth import Principal, allow
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["catalogue"])


@routes.get("/catalogue", summary="The guiding catalogue of services that government may buy")
async def show_catalogue(
    _: Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")],
) -> CatalogueOut:
    """Only an item of the catalogue that is in the budget may be bought (MOF Order 102, art. 11-16)."""
    return CatalogueOut(edition="2020", items=[CatalogueItemOut.model_validate(item) for item in all_items()])
