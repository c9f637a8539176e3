"""Payment terms and dues over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from contracts.contracts.queries import require_visible
from contracts.contracts.service import require_party
from contracts.disclosure.queries import require_disclosed
from contracts.dues import queries, service
from contracts.dues.claims import post_by_hand
from contracts.dues.overdue import overdue_payments
from contracts.dues.schemas import DuesOut, OverdueOut, PaymentTermsIn, PaymentTermsOut, PostedOut
from contracts.ledger.schemas import EntryIn, EntryOut
from contracts.organisations.queries import get_organisation
from shared import clock
from shared.auth import Principal, allow
from shared.concurrency import EDITING, etag, if_match_required
from shared.db import ReadSession, WriteSession
from shared.web import router, set_region

__all__ = ["postings", "routes"]

routes = router(tags=["payment terms"])
postings = router(tags=["ledger"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Supervisor = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Treasurer = Annotated[Principal, allow("finance", "purchaser")]


@routes.put("/contracts/{contract_id}/payment-terms", summary="Record the payment terms", openapi_extra=EDITING)
async def record_payment_terms(
    *,
    contract_id: UUID,
    body: PaymentTermsIn,
    session: WriteSession,
    response: Response,
    _: Treasurer,
    if_match: Annotated[int | None, Depends(if_match_required("/v1/contracts/{contract_id}/payment-terms"))],
) -> PaymentTermsOut:
    """What is left open comes from the contract's rule set; terms beyond a rule are recorded with a warning.

    While none are recorded their version is 0: `If-Match: "0"` records the first, and 412 says that somebody else has.
    """
    terms = await service.record_payment_terms(session, body, contract_id=contract_id, if_match=if_match)
    response.headers["ETag"] = etag(terms.version)
    set_region(response, terms.region)
    return await service.terms_out(session, terms)


@routes.get("/contracts/{contract_id}/payment-terms", summary="Show the payment terms")
async def show_payment_terms(contract_id: UUID, session: ReadSession, response: Response, _: Reader) -> PaymentTermsOut:
    """404 when none are recorded: the contract's rule set applies then, as to a small enterprise."""
    set_region(response, await require_visible(session, contract_id=contract_id))
    await require_disclosed(session, "money", contract_id=contract_id)
    terms = await queries.get_terms(session, contract_id=contract_id)
    response.headers["ETag"] = etag(terms.version)
    return await service.terms_out(session, terms)


@routes.get("/contracts/{contract_id}/dues", summary="Show what is due and overdue, with interest")
async def show_dues(
    contract_id: UUID,
    session: ReadSession,
    response: Response,
    _: Reader,
    as_of: Annotated[date | None, Query(description="Day that the figures are of; today when left out.")] = None,
) -> DuesOut:
    """Accepted parts by due date; payments and deductions settle the oldest first."""
    region, dues = await service.dues_at(session, contract_id=contract_id, as_of=as_of or clock.today())
    await require_disclosed(session, "money", contract_id=contract_id)
    set_region(response, region)
    return dues


@postings.post("/contracts/{contract_id}/ledger", status_code=201, summary="Post an entry to the ledger")
async def post_entry(
    contract_id: UUID, body: EntryIn, session: WriteSession, response: Response, _: Treasurer
) -> PostedOut:
    """Entries are only added; a mistake is taken back by a reversal. The totals stand on the contract.

    Late interest beyond what has run by the contract's terms and rules needs a reason in `note` and is warned of.
    """
    region, entry, warnings = await post_by_hand(session, body, contract_id=contract_id)
    set_region(response, region)
    return PostedOut(**entry.model_dump(), warnings=warnings)


@routes.post("/contracts/{contract_id}/dues/interest", status_code=201, summary="Book the late interest")
async def book_interest(contract_id: UUID, session: WriteSession, response: Response, _: Treasurer) -> EntryOut:
    """Books what has run up to today and is not booked yet; paying it is an entry of kind interestPayment."""
    region, entry = await service.book_interest(session, contract_id=contract_id)
    set_region(response, region)
    return entry


@routes.get("/organisations/{organisation_id}/overdue-payments", summary="List a purchaser's overdue payments")
async def list_overdue_payments(
    *,
    organisation_id: UUID,
    session: ReadSession,
    principal: Supervisor,
    request: Request,
    as_of: Annotated[
        date | None, Query(description="Day that the figures are of, for example 2025-12-31; today when left out.")
    ] = None,
) -> OverdueOut:
    """Number and amount of what is owed to small and medium enterprises after the due date (SME-PAY art. 18).

    A purchaser's token that names an organisation reads its own list.
    """
    await get_organisation(session, organisation_id=organisation_id)
    if "auditor" not in principal.roles:
        require_party(principal, purchaser_id=organisation_id, provider_id=None)
    limit = request.app.state.settings.max_overdue_contracts
    return await overdue_payments(session, organisation_id=organisation_id, as_of=as_of or clock.today(), limit=limit)
