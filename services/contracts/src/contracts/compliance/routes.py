"""A contract and its rules over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from contracts.compliance import queries, service
from contracts.compliance.queries import Compliance
from contracts.compliance.schemas import (
    ContractRulesOut,
    OverrideApproveIn,
    OverrideIn,
    PublicationIn,
    PublicationOut,
    PublicationsOut,
    contract_rules_out,
)
from contracts.contracts.queries import require_visible
from contracts.disclosure.queries import require_disclosed
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["rules"])
Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Manager = Annotated[Principal, allow("purchaser", "finance")]


def _answer(response: Response, found: Compliance) -> ContractRulesOut:
    set_region(response, found.record.state.region)
    return contract_rules_out(found)


@routes.get("/contracts/{contract_id}/rules", summary="A contract against its rules")
async def show_contract_rules(
    contract_id: UUID, session: ReadSession, response: Response, _: Reader
) -> ContractRulesOut:
    """Each rule's verdict today with its figures, its source and how surely that is known, and what mends it."""
    found = await queries.compliance_of(session, contract_id=contract_id)
    await require_disclosed(session, "money", "competition", "clauses", contract_id=contract_id)
    return _answer(response, found)


@routes.post("/contracts/{contract_id}/overrides", status_code=201, summary="Ask to set a rule aside")
async def request_override(
    contract_id: UUID, body: OverrideIn, session: WriteSession, response: Response, _: Manager
) -> ContractRulesOut:
    """Needs a reason, and has no effect until a second person approves it."""
    found = await service.request_override(session, contract_id=contract_id, rule=body.rule, reason=body.reason)
    return _answer(response, found)


@routes.post("/contracts/{contract_id}/overrides/{override_id}/approve", summary="Approve an override")
async def approve_override(
    *,
    contract_id: UUID,
    override_id: UUID,
    session: WriteSession,
    response: Response,
    _: Manager,
    body: OverrideApproveIn | None = None,
) -> ContractRulesOut:
    """By somebody else than who asked; approving it again changes nothing."""
    note = body.note if body else None
    found = await service.approve_override(session, contract_id=contract_id, override_id=override_id, note=note)
    return _answer(response, found)


@routes.post("/contracts/{contract_id}/publications", status_code=201, summary="Record a publication")
async def record_publication(
    contract_id: UUID, body: PublicationIn, session: WriteSession, response: Response, _: Manager
) -> PublicationOut:
    """When the contract was published, its copy filed with the supervisor, or the acceptance's result published."""
    publication = await service.record_publication(session, contract_id=contract_id, **body.model_dump())
    set_region(response, publication.region)
    return PublicationOut.model_validate(publication)


@routes.get("/contracts/{contract_id}/publications", summary="List publications")
async def list_publications(contract_id: UUID, session: ReadSession, response: Response, _: Reader) -> PublicationsOut:
    """Everything that was recorded; of a kind the last one counts."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    found = await queries.publications_of(session, contract_id=contract_id)
    return PublicationsOut(items=[PublicationOut.model_validate(each) for each in found])
