"""Frames, invitations and field work over HTTP.

Answers here hold tokens, codes and keys that exist nowhere else. They must not be kept for a repetition: these routes
take no notice of an Idempotency-Key. Loading the same rows again changes nothing, and an answer that was lost is
replaced by new tokens.
"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response, status

from shared.auth import Principal, allow
from shared.concurrency import IfMatch, etag
from shared.db import AsyncSession, ReadSession, WriteSession
from shared.web import router, set_region
from surveys.frames import queries, service
from surveys.frames.inputs import (
    AuditIn,
    DrawIn,
    EnumeratorsIn,
    Holder,
    IssueIn,
    MarksIn,
    ReconcileIn,
    ReferencesIn,
    SheetsIn,
    Source,
)
from surveys.frames.rows import ROWS_BODY, read_rows, reference_key, units_of
from surveys.frames.schemas import (
    AuditOut,
    EnumeratorsOut,
    FrameOut,
    InvitationsOut,
    LoadedOut,
    ReissuedOut,
    ReminderOut,
    RemindersOut,
    enumerator_out,
    frame_out,
    invitation_out,
)
from surveys.waves.queries import Wave, get_wave

__all__ = ["routes"]

routes = router(tags=["frames"], recorded=False)
# Never the provider: it must not choose, invite or count those who judge it.
Managers = Annotated[Principal, allow("finance", "purchaser", "operator")]
Auditors = Annotated[Principal, allow("finance", "purchaser", "evaluator", "operator")]
Readers = Annotated[Principal, allow("finance", "purchaser", "evaluator", "auditor", "operator")]


@routes.post("/waves/{wave_id}/frame", summary="Load rows of a frame", openapi_extra={"requestBody": ROWS_BODY})
async def load_frame(
    *,
    request: Request,
    response: Response,
    wave_id: UUID,
    session: WriteSession,
    principal: Managers,  # noqa: ARG001
    held_by: Annotated[Holder, Query(description="Whose list it is.")],
    source: Annotated[Source, Query(description="Where the list comes from, in words.")],
) -> LoadedOut:
    """Up to 10,000 rows, as often as it takes. Raw references are hashed at once and stored nowhere.

    A row that is there already changes nothing. The answer gives the keyed hash of every row in their order; whoever
    keeps the list keeps them beside it, to match invitations and reminders.
    """
    content = request.headers.get("content-type", "").split(";")[0].strip().lower()
    rows = read_rows(await request.body(), lines=content in ("application/x-ndjson", "application/jsonl"))
    hashed = units_of(wave_id, rows)
    loaded = await service.load_frame(session, wave_id, hashed, held_by=held_by, source=source)
    set_region(response, loaded.frame.region)
    return LoadedOut(
        wave_id=wave_id,
        added=loaded.added,
        unchanged=len(rows) - loaded.added,
        size=loaded.frame.size,
        reference_hmacs=[unit.reference_hmac.hex() for unit in hashed.units],
    )


@routes.get("/waves/{wave_id}/frame", summary="The frame of a wave in figures")
async def get_frame(wave_id: UUID, response: Response, session: ReadSession, principal: Readers) -> FrameOut:  # noqa: ARG001
    """Size, sample, tokens by state, quotas, and what the checks of the list found."""
    wave, _ = await get_wave(session, wave_id)
    return await _frame_answer(session, response, await queries.get_frame(session, wave_id), wave)


@routes.post("/waves/{wave_id}/frame/draw", summary="Complete the frame and draw the sample")
async def draw_sample(
    *,
    wave_id: UUID,
    body: DrawIn,
    response: Response,
    session: WriteSession,
    if_match: IfMatch,
    principal: Managers,  # noqa: ARG001
) -> FrameOut:
    """Everybody in a census; else a random sample, drawn once with a seed of the service's own, which is recorded.

    The wave then states the frame's N, its strata and its margins.
    """
    frame, wave = await service.draw_sample(
        session, wave_id, sample=body.sample, allocation=body.allocation, if_match=if_match
    )
    return await _frame_answer(session, response, frame, wave)


@routes.post("/waves/{wave_id}/frame/reconciliation", summary="Compare the frame with the paid service units")
async def reconcile_frame(
    wave_id: UUID,
    body: ReconcileIn,
    response: Response,
    session: WriteSession,
    principal: Managers,  # noqa: ARG001
) -> FrameOut:
    """A gap above the limit (10 % unless set otherwise) makes the wave `caution`."""
    frame, wave = await service.reconcile_frame(
        session, wave_id, paid_units=body.paid_units, indicator_code=body.indicator_code, basis=body.basis
    )
    return await _frame_answer(session, response, frame, wave)


@routes.post("/waves/{wave_id}/frame/audit", summary="Audit the frame by a random sample from another source")
async def audit_frame(
    wave_id: UUID,
    body: AuditIn,
    response: Response,
    session: WriteSession,
    principal: Auditors,  # noqa: ARG001
) -> AuditOut:
    """The gap is the share of the sample that is not on the list; above the limit the wave is `caution`.

    An audit within the limit confirms a list that the provider holds. Only the figures are kept.
    """
    audited = await service.audit_frame(
        session,
        wave_id,
        _references(wave_id, body),
        keyed_by="service" if body.references else "holder",
        source=body.source,
        held_by=body.held_by,
    )
    frame = await _frame_answer(session, response, audited.frame, audited.wave)
    return AuditOut(frame=frame, missing=[reference.hex() for reference in audited.missing])


@routes.post("/waves/{wave_id}/invitations", status_code=status.HTTP_201_CREATED, summary="Make invitations")
async def issue_invitations(
    wave_id: UUID,
    body: IssueIn,
    response: Response,
    session: WriteSession,
    principal: Managers,  # noqa: ARG001
) -> InvitationsOut:
    """Tokens and codes for the next units of the sample. They are shown here and never again: only hashes are kept."""
    issue = await service.issue_invitations(session, wave_id, limit=body.limit)
    set_region(response, issue.frame.region)
    return InvitationsOut(
        wave_id=wave_id, items=[invitation_out(issued) for issued in issue.items], remaining=issue.remaining
    )


@routes.post("/waves/{wave_id}/invitations/reissue", summary="Replace tokens and codes")
async def reissue_invitations(
    wave_id: UUID,
    body: ReferencesIn,
    response: Response,
    session: WriteSession,
    principal: Managers,  # noqa: ARG001
) -> ReissuedOut:
    """New tokens and codes for people who have not answered; the former ones stop working."""
    reissue = await service.reissue_invitations(session, wave_id, _references(wave_id, body))
    set_region(response, reissue.wave.region)
    return ReissuedOut(
        wave_id=wave_id,
        items=[invitation_out(issued) for issued in reissue.items],
        answered=[reference.hex() for reference in reissue.answered],
    )


@routes.post(
    "/waves/{wave_id}/invitations/sheets",
    summary="Sheets to print",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "A PDF, eight people on a page, or a poster."}},
)
async def print_sheets(wave_id: UUID, body: SheetsIn, session: ReadSession, principal: Managers) -> Response:  # noqa: ARG001
    """QR code and spoken code per person, as they were issued; without items, the poster of an open link.

    Nothing of it is stored. A token or code that does not belong to this wave is refused, so that no dead sheet is
    printed.
    """
    cards = [
        service.Sheet(service.link_of(wave_id, item.token), item.token, item.code, item.label) for item in body.items
    ]
    pdf, wave = await service.print_sheets(session, wave_id, cards)
    response = Response(pdf, media_type="application/pdf")
    set_region(response, wave.region)
    return response


@routes.post("/waves/{wave_id}/invitations/marks", summary="Mark invitations bounced or not eligible")
async def mark_invitations(
    wave_id: UUID,
    body: MarksIn,
    response: Response,
    session: WriteSession,
    principal: Managers,  # noqa: ARG001
) -> FrameOut:
    """What was found out about unanswered invitations; response rates count it as AAPOR says."""
    marks = {bytes.fromhex(item.reference_hmac): item.mark for item in body.items}
    wave = await service.mark_invitations(session, wave_id, marks)
    return await _frame_answer(session, response, await queries.get_frame(session, wave_id), wave)


@routes.get("/waves/{wave_id}/reminders", summary="Whom to remind")
async def list_reminders(
    *,
    wave_id: UUID,
    response: Response,
    session: ReadSession,
    principal: Managers,  # noqa: ARG001
    after: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$", description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=5000, description="Items on a page at most.")] = 1000,
) -> RemindersOut:
    """Invitations without an answer, from the first reminder day on, as keyed hashes that the list's keeper matches."""
    found = await service.reminders(
        session, wave_id, after=bytes.fromhex(after) if after is not None else None, limit=limit + 1
    )
    set_region(response, found.wave.region)
    items = [
        ReminderOut(reference_hmac=reference.hex(), language=language, channel=channel)
        for reference, language, channel in found.items[:limit]
    ]
    following = items[-1].reference_hmac if len(found.items) > limit else None
    return RemindersOut(wave_id=wave_id, round=found.round, due_on=found.due_on, items=items, next=following)


@routes.get("/waves/{wave_id}/enumerators", summary="Interviewers of a wave")
async def list_enumerators(
    wave_id: UUID,
    response: Response,
    session: ReadSession,
    principal: Readers,  # noqa: ARG001
) -> EnumeratorsOut:
    """Pseudonyms and employers; the keys are not shown again."""
    wave, _ = await get_wave(session, wave_id)
    set_region(response, wave.region)
    found = await queries.enumerators(session, wave_id)
    return EnumeratorsOut(wave_id=wave_id, items=[enumerator_out(each) for each in found.values()])


@routes.post(
    "/waves/{wave_id}/enumerators", status_code=status.HTTP_201_CREATED, summary="Give interviewers their keys"
)
async def register_enumerators(
    wave_id: UUID,
    body: EnumeratorsIn,
    response: Response,
    session: WriteSession,
    principal: Managers,  # noqa: ARG001
) -> EnumeratorsOut:
    """A key for each pseudonym, shown here and never again. A pseudonym that is there already gets a new one."""
    wave, keys = await service.register_enumerators(session, wave_id, body.pseudonyms, employed_by=body.employed_by)
    set_region(response, wave.region)
    found = await queries.enumerators(session, wave_id)
    return EnumeratorsOut(wave_id=wave_id, items=[enumerator_out(found[name], keys[name]) for name in keys])


@routes.delete(
    "/waves/{wave_id}/enumerators/{pseudonym}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Make an interviewer's key unusable",
)
async def retire_enumerator(wave_id: UUID, pseudonym: str, session: WriteSession, principal: Managers) -> Response:  # noqa: ARG001
    """What was handed in with the key stays."""
    wave = await service.retire_enumerator(session, wave_id, pseudonym)
    response = Response(status_code=status.HTTP_204_NO_CONTENT)
    set_region(response, wave.region)
    return response


async def _frame_answer(session: AsyncSession, response: Response, frame: queries.Frame, wave: Wave) -> FrameOut:
    """A frame with its tokens by state, and the headers that go with it."""
    set_region(response, wave.region)
    response.headers["ETag"] = etag(wave.version)
    return frame_out(frame, wave, await queries.cells(session, wave.id))


def _references(wave_id: UUID, body: ReferencesIn) -> list[bytes]:
    """The keyed hashes of a body's references."""
    if body.references:
        return [reference_key(wave_id, reference) for reference in body.references]
    return [bytes.fromhex(reference) for reference in body.reference_hmacs]
