from typing import Annotated, Any

from fastapi import Body, Path, Query, Request, Response

from scoring.canonical import canonical, sha256
from scoring.frameworks import service
from scoring.frameworks.answers import framework_out, summary_of
from scoring.frameworks.differences import differences
from scoring.frameworks.models import FrameworkVersion
from scoring.frameworks.schemas import (
    ApproveFramework,
    Diagnosis,
    DiagnosisOut,
    DifferencesOut,
    FrameworkOut,
    FrameworkSummary,
    Reason,
    RegisterFramework,
    ReplaceDraft,
    RetireFramework,
    ValidateFramework,
    ValidationOut,
    WeightsOut,
)
from scoring.frameworks.targets import easy_targets
from scoring.frameworks.validation import schema
from scoring.frameworks.versions import Version, find_version, parse_reference, visible_versions
from scoring.settings import ScoringSettings
from shared.auth import Principal, allow, normalise_scope
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["frameworks"])

# Reference data: national, readable by all. Drafts are for officers of their region.
Anyone = Annotated[Principal, allow("public", "finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Maker = Annotated[Principal, allow("finance")]

FrameworkId = Annotated[str, Path(max_length=64, description="Id of the framework.", examples=["cn-department"])]
VersionNumber = Annotated[str, Path(max_length=32, description="Version.", examples=["1.0.0"])]


@routes.get("/frameworks", summary="List the frameworks")
async def list_frameworks(
    session: ReadSession,
    principal: Anyone,
    region: Annotated[
        str | None,
        Query(
            max_length=16, description="Only what contracts of this region are scored under.", examples=["CN-230102"]
        ),
    ] = None,
    category: Annotated[
        str | None,
        Query(max_length=16, description="With a region: of this service category only.", examples=["A05"]),
    ] = None,
) -> Page[FrameworkSummary]:
    """Every version: those shipped, those that regions approved or retired, and to officers their region's drafts."""
    versions = await visible_versions(session, principal=principal)
    if region is not None:
        standing = (await service.registry(session)).applicable(region, category)
        applied = {framework.written_hash for framework in standing}
        versions = [each for each in versions if each.hash in applied]
    return Page(items=[summary_of(each) for each in versions], next=None)


@routes.get("/frameworks/schema", summary="The JSON Schema of a framework")
async def get_schema(_: Anyone) -> dict[str, Any]:
    """What a document must look like; what it must keep beyond that is checked by POST /v1/frameworks:validate."""
    return schema()


@routes.get("/frameworks/diff", summary="What differs between two versions")
async def diff_frameworks(
    session: ReadSession,
    principal: Anyone,
    before: Annotated[str, Query(alias="from", max_length=100, description="`id` or `id@version`.")],
    after: Annotated[str, Query(alias="to", max_length=100, description="`id` or `id@version`.")],
) -> DifferencesOut:
    """Every difference with its node: weights, rules, gates, grades, what was added and removed, per module."""
    versions = [await find_version(session, *parse_reference(each), principal=principal) for each in (before, after)]
    return DifferencesOut.model_validate(
        {
            "before": summary_of(versions[0]),
            "after": summary_of(versions[1]),
            "differences": [each._asdict() for each in differences(versions[0].document, versions[1].document)],
        }
    )


@routes.post("/frameworks:validate", summary="Check a framework")
async def validate_framework(body: ValidateFramework, session: ReadSession, _: Officer) -> ValidationOut:
    """Every broken rule with its node: weights, cycles, evidence rules, judgements, limits. Nothing is kept."""
    scope = None if body.region is None else normalise_scope(body.region)
    faults = await service.document_faults(session, body.document, scope=scope)
    return ValidationOut.model_validate(
        {
            "valid": not faults,
            "faults": [{"node": fault.place, "detail": fault.detail} for fault in faults],
            "targets": [] if faults else [each._asdict() for each in easy_targets(body.document)],
            "hash": None if faults else sha256(canonical(body.document)),
        }
    )


@routes.post("/frameworks:weigh", summary="Weights from judgements")
async def weigh(
    judgements: Annotated[
        dict[str, Any],
        Body(
            description="`method` ahp | bwm | budget with its judgements, as a dimension's `weighting` has them.",
            examples=[{"method": "ahp", "codes": ["quality", "cost"], "matrices": [[[1, 3], [0.3333, 1]]]}],
        ),
    ],
    _: Officer,
) -> WeightsOut:
    """Weights by AHP (group: geometric mean of the judgements), linear best-worst method or budget allocation.

    Judgements over the limit of consistency are refused with the judge and the triad or items that contradict each
    other most. Nothing is kept: put the judgements into the document's `weighting`, where they are checked again.
    """
    weights, diagnostics = service.weigh(judgements)
    return WeightsOut(weights=weights, diagnostics=diagnostics)


@routes.post("/frameworks:diagnose", summary="Data-driven weights as a diagnostic")
async def diagnose(body: Diagnosis, _: Officer) -> DiagnosisOut:
    """Entropy and CRITIC weights of indicators over units: what varies and what repeats another, never a policy."""
    return DiagnosisOut.model_validate(service.diagnose(body.codes, body.higher, body.values))


@routes.post("/frameworks", summary="Register a region's own framework", status_code=201)
async def register_framework(
    body: RegisterFramework, response: Response, session: WriteSession, principal: Maker
) -> FrameworkOut:
    """Keep a version as a draft; a released version never changes, a changed framework is a new version.

    It may inherit a shipped or an approved framework: same nodes and rules, weights inside that one's limits,
    additions where it allows them. Refused with every node that breaks a rule.
    """
    row = await service.register_framework(
        session, body.document, region=body.region, reason=body.reason, principal=principal
    )
    return _act_out(row, response, principal)


@routes.put("/frameworks/{framework_id}/versions/{version}", summary="Write a draft anew")
async def replace_draft(  # noqa: PLR0917 - FastAPI passes them by name
    framework_id: FrameworkId,
    version: VersionNumber,
    body: ReplaceDraft,
    response: Response,
    session: WriteSession,
    principal: Maker,
    if_match: IfMatch,
) -> FrameworkOut:
    """Replace the document of a draft; id and version stay."""
    row = await service.replace_draft(
        session,
        framework_id,
        version,
        document=body.document,
        reason=body.reason,
        if_match=if_match,
        principal=principal,
    )
    return _act_out(row, response, principal)


@routes.post("/frameworks/{framework_id}/versions/{version}/submit", summary="Submit a draft for approval")
async def submit_framework(  # noqa: PLR0917 - FastAPI passes them by name
    framework_id: FrameworkId,
    version: VersionNumber,
    response: Response,
    session: WriteSession,
    principal: Maker,
    if_match: IfMatch,
) -> FrameworkOut:
    """Hand it to a second person; it does not change any more unless it is returned."""
    row = await service.submit_framework(session, framework_id, version, if_match=if_match, principal=principal)
    return _act_out(row, response, principal)


@routes.post("/frameworks/{framework_id}/versions/{version}/return", summary="Return a submitted version")
async def return_framework(  # noqa: PLR0917 - FastAPI passes them by name
    framework_id: FrameworkId,
    version: VersionNumber,
    body: Reason,
    response: Response,
    session: WriteSession,
    principal: Maker,
    if_match: IfMatch,
) -> FrameworkOut:
    """Give it back to its author as a draft, with the reason."""
    row = await service.return_framework(
        session, framework_id, version, reason=body.reason, if_match=if_match, principal=principal
    )
    return _act_out(row, response, principal)


@routes.post("/frameworks/{framework_id}/versions/{version}/approve", summary="Approve a submitted version")
async def approve_framework(  # noqa: PLR0917 - FastAPI passes them by name
    framework_id: FrameworkId,
    version: VersionNumber,
    body: ApproveFramework,
    request: Request,
    response: Response,
    session: WriteSession,
    principal: Maker,
    if_match: IfMatch,
) -> FrameworkOut:
    """Bring it into force in its region, by somebody who neither wrote nor submitted it (409), and re-score.

    Look at its impact first: GET /v1/frameworks/{framework_id}/versions/{version}/impact.
    """
    row = await service.approve_framework(
        session,
        framework_id,
        version,
        reason=body.reason,
        targets_reason=body.targets_reason,
        if_match=if_match,
        principal=principal,
        rescoring=_rescoring(request),
    )
    return _act_out(row, response, principal)


@routes.post("/frameworks/{framework_id}/versions/{version}/retire", summary="Retire an approved version")
async def retire_framework(  # noqa: PLR0917 - FastAPI passes them by name
    framework_id: FrameworkId,
    version: VersionNumber,
    body: RetireFramework,
    request: Request,
    response: Response,
    session: WriteSession,
    principal: Maker,
    if_match: IfMatch,
) -> FrameworkOut:
    """Take it out of force; determinations under it stay, it goes on explaining them, its live scores are retired."""
    row = await service.retire_framework(
        session,
        framework_id,
        version,
        reason=body.reason,
        replaced_by=body.replaced_by,
        if_match=if_match,
        principal=principal,
        rescoring=_rescoring(request),
    )
    return _act_out(row, response, principal)


@routes.get("/frameworks/{framework_id}", summary="Read a framework")
async def get_framework(  # noqa: PLR0917 - FastAPI passes them by name
    framework_id: FrameworkId,
    session: ReadSession,
    principal: Anyone,
    response: Response,
    version: Annotated[str | None, Query(max_length=32, description="A version; by default the one in force.")] = None,
    category: Annotated[
        str | None, Query(max_length=16, description="Service category: names the module that it gets.")
    ] = None,
) -> FrameworkOut:
    """The whole document: what is measured, on which evidence, how it is scored, who answers for it."""
    found = await find_version(session, framework_id, version, principal=principal)
    if found.row is not None:
        response.headers["ETag"] = etag(found.row.version)
    return framework_out(found, principal, category=category)


def _rescoring(request: Request) -> dict[str, int]:
    settings: ScoringSettings = request.app.state.settings
    return {"chunk": settings.rescore_chunk, "lanes": settings.rescore_lanes}


def _act_out(row: FrameworkVersion, response: Response, principal: Principal) -> FrameworkOut:
    response.headers["ETag"] = etag(row.version)
    # What has just been approved is the highest version, or its approval would have been refused.
    in_force = row.state == "approved" and not row.document.get("offered", False)
    return framework_out(Version(row.document, row.hash, row.state, row.scope, in_force, row), principal)
