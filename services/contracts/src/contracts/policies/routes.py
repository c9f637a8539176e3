"""The settings of the tenant over HTTP."""

from typing import Annotated

from fastapi import Path, Response
from pydantic import AfterValidator

from contracts.policies import queries, service
from contracts.policies.schemas import (
    DecisionIn,
    PoliciesOut,
    PolicyIn,
    PolicyOut,
    PolicyVersionOut,
    policy_out,
    policy_version_out,
)
from shared.auth import Principal, allow, normalise_scope
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["policies"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Keeper = Annotated[Principal, allow("finance", "operator")]
Scope = Annotated[
    str,
    AfterValidator(normalise_scope),
    Path(
        pattern=r"^(\*|[A-Z]{2}(-[0-9A-Za-z]{1,12})?)$",
        description="Region with everything below it, for example CN-23; * everywhere.",
    ),
]


@routes.get("/policies/{region}", summary="Show the settings in force in a region")
async def show_policy(region: Scope, session: ReadSession, response: Response, _: Reader) -> PolicyOut:
    """Settings limit what is done and are no secret. The ETag is the latest version of the region's own settings."""
    known = list(await queries.policies_of(session, scope=region))
    shown = policy_out(region, await queries.policy_for(session, region), known)
    response.headers["ETag"] = etag(shown.latest_version)
    return shown


@routes.get("/policies/{region}/history", summary="List every version of a region's own settings")
async def list_policies(region: Scope, session: ReadSession, _: Reader) -> PoliciesOut:
    """Who proposed and who decided what, and when."""
    return PoliciesOut(items=[policy_version_out(each) for each in await queries.policies_of(session, scope=region)])


@routes.put("/policies/{region}", summary="Propose settings for a region")
async def propose_policy(
    region: Scope, body: PolicyIn, session: WriteSession, response: Response, if_match: IfMatch, _: Keeper
) -> PolicyVersionOut:
    """In force once a second person has approved them. 403 for a region that your scope does not cover whole."""
    proposed = await service.propose_policy(
        session,
        scope=region,
        acts=body.acts,
        confirmations=body.confirmations,
        deputies=body.deputies,
        basis=body.basis,
        if_match=if_match,
    )
    response.headers["ETag"] = etag(proposed.version)
    return policy_version_out(proposed)


@routes.post("/policies/{region}/decide", summary="Approve or reject proposed settings")
async def decide_policy(region: Scope, body: DecisionIn, session: WriteSession, _: Keeper) -> PolicyVersionOut:
    """By a second person; 409 for whoever proposed them."""
    decided = await service.decide_policy(
        session, scope=region, version=body.version, approve=body.approve, note=body.note
    )
    return policy_version_out(decided)
