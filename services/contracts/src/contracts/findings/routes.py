"""Findings over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.answers import contract_out
from contracts.contracts.service import rules_for
from contracts.disclosure.queries import marked_documents
from contracts.findings import queries, service
from contracts.findings.models import Finding
from contracts.findings.parameters import cycle_in
from contracts.findings.schemas import (
    AppealIn,
    ConclusionIn,
    EffectIn,
    EffectOut,
    EntryOut,
    FindingIn,
    FindingOut,
    LiabilityIn,
    PostIn,
    ReasonIn,
    RegionStatisticsOut,
    ReportIn,
    ResolutionIn,
    StatisticsOut,
    SupervisionOut,
)
from contracts.findings.views import as_disclosed, finding_out
from contracts.inspections.queries import inspected_contract
from contracts.lists import id_after
from contracts.places import region_of
from shared import clock
from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["findings"])

Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "auditor", "operator")]
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Supervisor = Annotated[Principal, allow("finance", "purchaser", "auditor")]
Party = Annotated[Principal, allow("purchaser", "provider")]
Talker = Annotated[Principal, allow("finance", "purchaser", "provider", "auditor")]
State = Literal["draft", "active", "addressed", "declined", "completed", "closed", "stopped", "cancelled"]


async def _answer(response: Response, session: AsyncSession, finding: Finding) -> FindingOut:
    set_region(response, finding.region)
    response.headers["ETag"] = etag(finding.version)
    return finding_out(
        finding,
        effects=await queries.effects_of(session, finding_id=finding.id),
        history=await queries.history_of(session, finding_id=finding.id),
        rectification_id=await queries.rectification_of(session, finding),
    )


@routes.get("/contracts/{contract_id}/supervision", summary="The rule that findings of a contract follow")
async def show_supervision(contract_id: UUID, session: ReadSession, response: Response, _: Reader) -> SupervisionOut:
    """Its periods and the violations that it knows; of the contract's rule set, or of its jurisdiction's supplement."""
    record = await inspected_contract(session, contract_id=contract_id)
    set_region(response, record.state.region)
    cycle = cycle_in((await rules_for(session, record)).rules)
    return SupervisionOut(contract_id=contract_id, rule=cycle.name, parameters=cycle.figures.model_dump(mode="json"))


@routes.post("/contracts/{contract_id}/findings", status_code=201, summary="Open a finding")
async def open_finding(
    contract_id: UUID, body: FindingIn, session: WriteSession, response: Response, _: Supervisor
) -> FindingOut:
    """As a draft, which only supervision sees."""
    made = await service.open_finding(session, body, contract_id=contract_id)
    response.headers["Location"] = f"/v1/findings/{made.id}"
    return await _answer(response, session, made)


@routes.get("/findings", summary="List findings")
async def list_findings(
    *,
    session: ReadSession,
    _: Officer,
    page: PageQuery,
    request: Request,
    response: Response,
    contract_id: Annotated[UUID | None, Query(description="Only of this contract.")] = None,
    state: Annotated[State | None, Query(description="Only in this state.")] = None,
    responsible: Annotated[
        Literal["provider", "purchaser"] | None, Query(description="Only those that this party must put right.")
    ] = None,
    overdue: Annotated[bool, Query(description="Only those whose period is past.")] = False,
) -> Page[FindingOut]:
    """In the order of opening."""
    found = await queries.list_findings(
        session,
        limit=page.limit,
        after=id_after(page),
        filters={"contract_id": contract_id, "state": state, "responsible": responsible},
        overdue_on=clock.today() if overdue else None,
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(request, response, [finding_out(each) for each in shown], next_cursor=next_cursor)


@routes.get("/findings/statistics", summary="Count findings by region and year")
async def count_findings(
    session: ReadSession,
    _: Officer,
    region: Annotated[str | None, Query(description="Only this region with everything below it.")] = None,
    year: Annotated[int | None, Query(description="Only this year of opening.", ge=1990, le=2100)] = None,
) -> StatisticsOut:
    """What was found, what became of it, and what followed; drafts are not counted. Money by currency."""
    place = region_of(region, pointer="query:region") if region else None
    rows = await queries.statistics(session, region=place, year=year, today=clock.today())
    return StatisticsOut(
        items=[RegionStatisticsOut.model_validate(row) for row in rows],
        violation_types=await queries.violation_counts(session, region=place, year=year),
    )


@routes.get("/contracts/{contract_id}/findings", summary="List a contract's findings")
async def list_contract_findings(
    contract_id: UUID, session: ReadSession, _: Reader, page: PageQuery, request: Request, response: Response
) -> Page[FindingOut]:
    """In the order of opening; a provider sees its own contracts', once they are active."""
    set_region(response, (await inspected_contract(session, contract_id=contract_id)).state.region)
    found = await queries.list_findings(
        session, limit=page.limit, after=id_after(page), filters={"contract_id": contract_id}
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].id) if len(found) > page.limit else None
    return page_response(request, response, [finding_out(each) for each in shown], next_cursor=next_cursor)


@routes.get("/findings/{finding_id}", summary="Show a finding")
async def show_finding(finding_id: UUID, session: ReadSession, response: Response, _: Reader) -> FindingOut:
    """With its history, its effects and what can be done next."""
    finding = await queries.find_finding(session, finding_id=finding_id)
    record = await inspected_contract(session, contract_id=finding.contract_id)
    marked = await marked_documents(session, contract_id=finding.contract_id)
    told = await _answer(response, session, finding)
    return as_disclosed(told, fields=contract_out(record).withheld, documents=marked)


@routes.post("/findings/{finding_id}/activate", summary="Begin to look into a finding")
async def activate_finding(
    *, finding_id: UUID, body: ReasonIn, session: WriteSession, response: Response, _: Supervisor, if_match: IfMatch
) -> FindingOut:
    """The parties see it from now on; the conclusion is due in the rule's period."""
    done = await service.activate_finding(session, finding_id=finding_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/findings/{finding_id}/cancel", summary="Drop a draft")
async def cancel_finding(
    *, finding_id: UUID, body: ReasonIn, session: WriteSession, response: Response, _: Supervisor, if_match: IfMatch
) -> FindingOut:
    """With the reason."""
    done = await service.cancel_finding(session, finding_id=finding_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/findings/{finding_id}/conclude", summary="Conclude what was found")
async def conclude_finding(
    *, finding_id: UUID, body: ConclusionIn, session: WriteSession, response: Response, _: Supervisor, if_match: IfMatch
) -> FindingOut:
    """With violations the elimination period begins (`addressed`); without any the matter is `declined`."""
    done = await service.conclude_finding(session, body, finding_id=finding_id, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/findings/{finding_id}/posts", status_code=201, summary="Ask or answer a question")
async def post_to_finding(
    finding_id: UUID, body: PostIn, session: WriteSession, response: Response, _: Talker
) -> EntryOut:
    """Between supervision and the parties; the day for an answer is information only."""
    entry = await service.post_to_finding(session, body, finding_id=finding_id)
    set_region(response, (await queries.find_finding(session, finding_id=finding_id)).region)
    return EntryOut.model_validate(entry)


@routes.post("/findings/{finding_id}/report", summary="Report what was put right")
async def report_finding(
    *, finding_id: UUID, body: ReportIn, session: WriteSession, response: Response, _: Party, if_match: IfMatch
) -> FindingOut:
    """By the responsible party, with its proof."""
    done = await service.report_finding(session, body, finding_id=finding_id, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/findings/{finding_id}/resolve", summary="Verify what was put right")
async def resolve_finding(
    *, finding_id: UUID, body: ResolutionIn, session: WriteSession, response: Response, _: Supervisor, if_match: IfMatch
) -> FindingOut:
    """Violation by violation, by another person than who reported; completely, partly or none follows from that."""
    done = await service.resolve_finding(session, body, finding_id=finding_id, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/findings/{finding_id}/effects", status_code=201, summary="Record what a finding led to")
async def record_effect(
    *, finding_id: UUID, body: EffectIn, session: WriteSession, response: Response, _: Supervisor, if_match: IfMatch
) -> EffectOut:
    """On a payment (the ledger entry that carries it), the choice of the next provider, or the next budget."""
    effect = await service.record_effect(session, body, finding_id=finding_id, if_match=if_match)
    set_region(response, effect.region)
    return EffectOut.model_validate(effect)


@routes.post("/findings/{finding_id}/appeal", summary="Note an appeal against a conclusion")
async def appeal_finding(
    *, finding_id: UUID, body: AppealIn, session: WriteSession, response: Response, _: Party, if_match: IfMatch
) -> FindingOut:
    """By the responsible party; whether the matter is stopped meanwhile is an act of its own."""
    done = await service.appeal_finding(session, body, finding_id=finding_id, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/findings/{finding_id}/liability", summary="Record a report about liability")
async def record_liability(
    *, finding_id: UUID, body: LiabilityIn, session: WriteSession, response: Response, _: Supervisor, if_match: IfMatch
) -> FindingOut:
    """Number of the report or decision (处理处罚)."""
    done = await service.record_liability(session, body, finding_id=finding_id, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/findings/{finding_id}/complete", summary="End a finding that was resolved")
async def complete_finding(
    *, finding_id: UUID, body: ReasonIn, session: WriteSession, response: Response, _: Supervisor, if_match: IfMatch
) -> FindingOut:
    """After its period; what was not put right completely needs an effect first."""
    done = await service.complete_finding(session, finding_id=finding_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/findings/{finding_id}/close", summary="End a finding in which nothing was found")
async def close_finding(
    *, finding_id: UUID, body: ReasonIn, session: WriteSession, response: Response, _: Supervisor, if_match: IfMatch
) -> FindingOut:
    """After its period."""
    done = await service.close_finding(session, finding_id=finding_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/findings/{finding_id}/stop", summary="Stop a finding")
async def stop_finding(
    *, finding_id: UUID, body: ReasonIn, session: WriteSession, response: Response, _: Supervisor, if_match: IfMatch
) -> FindingOut:
    """For example because a court has the matter before it; its clock ends."""
    done = await service.stop_finding(session, finding_id=finding_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)


@routes.post("/findings/{finding_id}/resume", summary="Take up a finding that was stopped")
async def resume_finding(
    *, finding_id: UUID, body: ReasonIn, session: WriteSession, response: Response, _: Supervisor, if_match: IfMatch
) -> FindingOut:
    """It is looked into and concluded anew."""
    done = await service.resume_finding(session, finding_id=finding_id, reason=body.reason, if_match=if_match)
    return await _answer(response, session, done)
