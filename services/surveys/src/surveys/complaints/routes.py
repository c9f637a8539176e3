"""Complaints over HTTP: anybody hands one in and follows it by its code; staff and provider work on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response, status
from pydantic import UUID4

from shared import clock
from shared.auth import Principal, allow
from shared.db import AsyncSession, ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region
from surveys.complaints import queries, service
from surveys.complaints.errors import ComplaintNotFound
from surveys.complaints.schemas import (
    CodeIn,
    ComplaintIn,
    ComplaintOut,
    ComplaintReceipt,
    ContactOut,
    FollowUpOut,
    OutcomeIn,
    RatesOut,
    TriageIn,
    WordsIn,
    complaint_out,
    follow_up_out,
    rates_out,
)
from surveys.responses.routes import address_of
from surveys.responses.service import desk_of

__all__ = ["routes"]

routes = router(tags=["complaints"])
Anybody = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Staff = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator")]
Managers = Annotated[Principal, allow("finance", "purchaser", "operator")]
Repliers = Annotated[Principal, allow("finance", "purchaser", "provider", "operator")]
# Who writes to the citizen needs the address; who pays or inspects does not.
Callers = Annotated[Principal, allow("purchaser", "operator")]


@routes.put(
    "/complaints/{complaint_id}",
    summary="Hand in a complaint, suggestion, praise or report",
    status_code=status.HTTP_201_CREATED,
    responses={200: {"model": ComplaintReceipt, "description": "The same was received before; its receipt again."}},
)
async def put_complaint(
    complaint_id: Annotated[UUID4, Path(description="Random id made by the client, a UUID of version 4.")],
    *,
    request: Request,
    body: ComplaintIn,
    response: Response,
    session: WriteSession,
    principal: Anybody,
) -> ComplaintReceipt:
    """Take a case once; the same id with the same content gives the same receipt, with other content 409.

    Numbers that name a person are not kept in the text. Contact data are optional, encrypted apart, and deleted after
    the case. The anonymous public is limited by address, as with answers.
    """
    if principal.roles <= {"public"}:
        desk_of(request.app.state).limits.admit_answer(address_of(request))
    case, code, created = await service.receive_complaint(
        session, complaint_id, service.NewComplaint(**body.model_dump())
    )
    if not created:
        response.status_code = status.HTTP_200_OK
    set_region(response, case.complaint.region)
    return ComplaintReceipt(
        service_request_id=complaint_id,
        code=code,
        requested_datetime=case.complaint.requested_at,
        expected_datetime=case.complaint.expected_at,
        simulated=case.complaint.simulated,
    )


@routes.post("/complaints:follow-up", summary="Follow a case by its receipt code")
async def follow_complaint(request: Request, body: CodeIn, session: ReadSession, principal: Anybody) -> FollowUpOut:  # noqa: ARG001
    """Where the case stands, what was answered, and whether the citizen is asked for the outcome."""
    with _limited_tries(request):
        case = await service.find_by_code(session, body.code)
    return follow_up_out(case, await queries.history(session, case.complaint.id))


@routes.post("/complaints:outcome", summary="Say whether the matter is settled")
async def answer_outcome(request: Request, body: OutcomeIn, session: WriteSession, principal: Anybody) -> FollowUpOut:  # noqa: ARG001
    """The citizen's word on a closed case: "yes" ends it, "no" opens it again. The provider cannot end a case."""
    with _limited_tries(request):
        case = await service.answer_outcome(session, body.code, resolved=body.resolved, comment=body.comment)
    return follow_up_out(case, await queries.history(session, case.complaint.id))


@routes.get("/complaints", summary="Cases in order of reception")
async def list_complaints(
    *,
    request: Request,
    response: Response,
    session: ReadSession,
    principal: Staff,
    paging: PageQuery,
    contract_id: Annotated[UUID | None, Query(description="Only cases about this contract.")] = None,
    provider_id: Annotated[UUID | None, Query(description="Only cases about this provider's contracts.")] = None,
    kind: Annotated[
        Literal["complaint", "suggestion", "praise", "report"] | None, Query(description="Only of this kind.")
    ] = None,
    status: Annotated[Literal["open", "closed"] | None, Query(description="Only in this status.")] = None,
    overdue: Annotated[bool, Query(description="Only those whose time has run out without a reply.")] = False,
    asked: Annotated[bool, Query(description="Only closed ones whose citizen was asked and has not answered.")] = False,
) -> Page[ComplaintOut]:
    """The cases of the caller's regions; a provider sees those about its own contracts, but no reports."""
    now = clock.now()
    found = await queries.list_cases(
        session,
        principal=principal,
        contract_id=contract_id,
        provider_id=provider_id,
        kind=kind,
        status=status,
        overdue_at=now if overdue else None,
        asked_since=asked,
        after=_after(paging.cursor),
        limit=paging.limit + 1,
    )
    items = [complaint_out(case, [], now=now) for case in found[: paging.limit]]
    last = found[paging.limit - 1].complaint if len(found) > paging.limit else None
    following = encode_cursor(last.requested_at.isoformat(), str(last.id)) if last is not None else None
    return page_response(request, response, items, next_cursor=following)


@routes.get("/complaints/rates", summary="How often people complain, and what becomes of it")
async def get_rates(
    session: ReadSession,
    principal: Staff,  # noqa: ARG001
    contract_id: Annotated[UUID | None, Query(description="Of this contract.")] = None,
    provider_id: Annotated[UUID | None, Query(description="Of this provider's contracts in the regions.")] = None,
) -> RatesOut:
    """Cases per 1,000 beneficiaries with an exact Poisson interval, answered in time, confirmed as settled.

    Few complaints can mean a good service or a service that nobody dares to complain about: read the rates beside the
    surveys. Without a filter they are those of the caller's regions.
    """
    if contract_id is not None:
        await queries.get_contract(session, contract_id)
    contracts, named, total = await queries.beneficiaries(session, contract_id=contract_id, provider_id=provider_id)
    counts = await queries.count_complaints(session, contract_id=contract_id, provider_id=provider_id, now=clock.now())
    return rates_out(counts, contracts=contracts, named=named, beneficiaries=total)


@routes.get("/complaints/{complaint_id}", summary="A case with its history")
async def get_complaint(complaint_id: UUID, response: Response, session: ReadSession, principal: Staff) -> ComplaintOut:
    """What was said, by whom, when it must be answered, and what the citizen says about the outcome."""
    return await _answer(response, session, await queries.get_case(session, complaint_id, principal=principal))


@routes.post("/complaints/{complaint_id}/triage", summary="Say how pressing a case is")
async def triage_complaint(
    complaint_id: UUID, body: TriageIn, response: Response, session: WriteSession, principal: Managers
) -> ComplaintOut:
    """Set severity and subject; the time for the answer follows the severity."""
    case = await service.triage_complaint(
        session, complaint_id, principal=principal, severity=body.severity, service_code=body.service_code
    )
    return await _answer(response, session, case)


@routes.post("/complaints/{complaint_id}/reply", summary="Answer the citizen")
async def reply_to_complaint(
    complaint_id: UUID, body: WordsIn, response: Response, session: WriteSession, principal: Repliers
) -> ComplaintOut:
    """The citizen reads the reply with the receipt code. The case stays open; the first reply stops the clock."""
    case = await service.reply_to_complaint(session, complaint_id, principal=principal, words=body.words)
    return await _answer(response, session, case)


@routes.post("/complaints/{complaint_id}/close", summary="Close a case")
async def close_complaint(
    complaint_id: UUID, body: WordsIn, response: Response, session: WriteSession, principal: Managers
) -> ComplaintOut:
    """Close with what was done; not for the provider. The citizen is asked after 14 and 28 days and may reopen it."""
    case = await service.close_complaint(session, complaint_id, principal=principal, words=body.words)
    return await _answer(response, session, case)


@routes.post("/complaints/{complaint_id}/reopen", summary="Open a closed case again")
async def reopen_complaint(
    complaint_id: UUID, body: WordsIn, response: Response, session: WriteSession, principal: Managers
) -> ComplaintOut:
    """Open it again with the reason; its clock begins anew."""
    case = await service.reopen_complaint(session, complaint_id, principal=principal, words=body.words)
    return await _answer(response, session, case)


@routes.get("/complaints/{complaint_id}/contact", summary="How to reach the citizen")
async def get_contact(complaint_id: UUID, session: WriteSession, principal: Callers) -> ContactOut:
    """Contact data in clear; every reading leaves an audit row. Deleted some time after the case has ended."""
    return ContactOut(contact=await service.read_contact(session, complaint_id, principal=principal))


@contextmanager
def _limited_tries(request: Request) -> Iterator[None]:
    """Ten wrong codes a minute from one address: 50 bits are not found by trying."""
    limits, address = desk_of(request.app.state).limits, address_of(request)
    limits.admit_try(address)
    try:
        yield
    except ComplaintNotFound:
        limits.note_wrong_token(address)
        raise


async def _answer(response: Response, session: AsyncSession, case: queries.Case) -> ComplaintOut:
    set_region(response, case.complaint.region)
    entries = await queries.history(session, case.complaint.id)
    return complaint_out(case, entries, now=clock.now())


def _after(cursor: list[object] | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        at, last = cursor
        return datetime.fromisoformat(str(at)), UUID(str(last))
    except ValueError as error:
        raise Unprocessable(
            "The cursor is not one of ours.",
            errors=[{"pointer": "query:cursor", "detail": "not a cursor of this list"}],
        ) from error
