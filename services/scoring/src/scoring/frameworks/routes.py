from typing import Annotated

from fastapi import Query

from scoring.frameworks.document import Framework
from scoring.frameworks.queries import find_framework, frameworks_in_force, shipped_frameworks
from scoring.frameworks.schemas import FrameworkOut, FrameworkSummary
from shared.auth import Principal, allow
from shared.pagination import Page
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["frameworks"])

# Reference data: national, readable by all.
Anyone = Annotated[Principal, allow("public", "finance", "purchaser", "provider", "evaluator", "auditor", "operator")]


@routes.get("/frameworks", summary="List the frameworks")
async def list_frameworks(_: Anyone) -> Page[FrameworkSummary]:
    """Every version that this release carries, those in force marked."""
    items = [FrameworkSummary.model_validate(_summary(framework)) for framework in shipped_frameworks()]
    return Page(items=items, next=None)


@routes.get("/frameworks/{framework_id}", summary="Read a framework")
async def get_framework(
    framework_id: str,
    _: Anyone,
    version: Annotated[str | None, Query(description="A version; by default the one in force.")] = None,
) -> FrameworkOut:
    """The whole document: what is measured, on which evidence, how it is scored, who answers for it."""
    framework = find_framework(framework_id, version)
    return FrameworkOut.model_validate(
        _summary(framework) | {"source": framework.source, "document": framework.document}
    )


def _summary(framework: Framework) -> dict[str, object]:
    return {
        "id": framework.id,
        "version": framework.version,
        "hash": framework.hash,
        "title": dict(framework.title),
        "in_force": framework in frameworks_in_force(),
    }
