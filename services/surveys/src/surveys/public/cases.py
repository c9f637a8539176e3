"""The pages of complaints, suggestions, praise and reports, and the way to follow them by code."""

from uuid import UUID, uuid4

from pydantic import TypeAdapter

from shared.auth import PUBLIC
from shared.db import Database
from surveys.complaints.errors import ComplaintConflict, ComplaintNotFound, OutcomeNotDue
from surveys.complaints.queries import Case, history, search_contracts
from surveys.complaints.schemas import ComplaintIn
from surveys.complaints.service import NewComplaint, answer_outcome, find_by_code, receive_complaint
from surveys.frames.queries import wave_of_code
from surveys.frames.service import access_key
from surveys.public.answers import FormError
from surveys.public.asked import Asked
from surveys.public.pages import Frame, Page, redirect, render
from surveys.public.views import Option
from surveys.public.words import LANGUAGES, Words, choose_language, words_of
from surveys.responses.service import Desk
from surveys.waves.queries import ContractStub, get_contract

__all__ = [
    "case_page",
    "complaint_form",
    "follow_form",
    "frame_of",
    "home_page",
    "open_by_code",
    "say_outcome",
    "send_complaint",
]

KINDS = ("complaint", "suggestion", "praise", "report")
SUBJECTS = ("quality", "timeliness", "staff", "access", "information", "cost", "safety", "integrity", "other")
LONGEST = 4000
NO_WAVE = UUID(int=0)
SHORT = 200
_complaint: TypeAdapter[ComplaintIn] = TypeAdapter(ComplaintIn)


def frame_of(asked: Asked, here: str, *, simulated: bool = False) -> Frame:
    """The frame of a page that belongs to no wave."""
    tag = choose_language(LANGUAGES, asked.query.get("lang"), asked.accept_language)
    keep = {name: asked.query[name] for name in ("contract", "q") if name in asked.query}
    return Frame(words=words_of(tag), here=here, simulated=simulated, keep=keep)


def home_page(asked: Asked, *, value: str = "", wrong: bool = False) -> Page:
    """Where to go; whoever has an invitation with a code types it in here."""
    frame = frame_of(asked, "/p")
    errors = [FormError("code", frame.words.code_wrong)] if wrong else []
    return render("home.html", frame, status=422 if wrong else 200, value=value, errors=errors)


async def open_by_code(desk: Desk, asked: Asked) -> Page:
    """Go to the survey that a spoken code opens."""
    code = asked.value("code")[:40]
    desk.limits.admit_try(asked.address)
    async with desk.database.reading(principal=PUBLIC) as session:
        # A code's key is the same in every wave; the wave in this call does not matter.
        wave_id = await wave_of_code(session, access_key(NO_WAVE, code))
    if wave_id is None:
        desk.limits.note_wrong_token(asked.address)
        return home_page(asked, value=code, wrong=True)
    return redirect(frame_of(asked, "/p").link(f"/p/{wave_id}", t=code))


async def complaint_form(database: Database, asked: Asked) -> Page:
    """The form about a contract; without one, a search for it."""
    named = _uuid(asked.query.get("contract", ""))
    if named is None:
        return await _search(database, asked)
    async with database.reading(principal=PUBLIC) as session:
        contract = await get_contract(session, named)
    return _form(asked, contract, Asked(form={"id": [str(uuid4())]}), [])


async def send_complaint(database: Database, asked: Asked) -> Page:
    """Take the case and show its code; wrong fields are shown again with what is wrong."""
    async with database.reading(principal=PUBLIC) as session:
        contract = await get_contract(session, _uuid(asked.query.get("contract", "")) or UUID(int=0))
    errors = _errors(asked, frame_of(asked, "/p/complaint").words)
    complaint_id = _uuid(asked.value("id"))
    if errors or complaint_id is None or complaint_id.version != 4:
        return _form(asked, contract, asked, errors)
    frame = frame_of(asked, "/p/complaint", simulated=contract.simulated)
    body = _complaint.validate_python(
        {
            "contract_id": contract.id,
            "kind": asked.value("kind"),
            "service_code": asked.value("subject") or "other",
            "description": asked.value("words"),
            "address": asked.value("where") or None,
            "contact": asked.value("contact") or None,
            "language": frame.words.tag,
        }
    )
    try:
        async with database.transaction(principal=PUBLIC) as session:
            case, code, _ = await receive_complaint(session, complaint_id, NewComplaint(**body.model_dump()))
    except ComplaintConflict:
        # Sent again with a change after going back: it is another case.
        return _form(asked, contract, Asked(form={**asked.form, "id": [str(uuid4())]}), [])
    expected = case.complaint.expected_at
    return render(
        "complaint_receipt.html",
        frame,
        status=201,
        code=code,
        expected=expected.date().isoformat() if expected else None,
    )


def follow_form(asked: Asked, *, value: str = "", wrong: bool = False) -> Page:
    """The form that asks for the code."""
    frame = frame_of(asked, "/p/follow")
    words = frame.words
    return render(
        "code.html",
        frame,
        status=422 if wrong else 200,
        title=words.follow_title,
        lead=words.complaint_lead if not wrong else "",
        action=frame.link("/p/follow"),
        label=words.complaint_code,
        hint=words.follow_code_hint,
        button=words.follow_do,
        value=value,
        errors=[FormError("code", words.follow_wrong)] if wrong else [],
    )


async def case_page(desk: Desk, asked: Asked, *, errors: list[FormError] | None = None) -> Page:
    """Where a case stands."""
    code = asked.value("code")[:40]
    desk.limits.admit_try(asked.address)
    try:
        async with desk.database.reading(principal=PUBLIC) as session:
            case = await find_by_code(session, code)
            entries = await history(session, case.complaint.id)
    except ComplaintNotFound:
        desk.limits.note_wrong_token(asked.address)
        return follow_form(asked, value=code, wrong=True)
    frame = frame_of(asked, "/p/follow", simulated=case.complaint.simulated)
    return render(
        "case.html",
        frame,
        status=422 if errors else 200,
        complaint=case.complaint,
        contract=case.contract,
        entries=entries,
        asks=_asks(case),
        code=code,
        errors=errors or [],
    )


async def say_outcome(desk: Desk, asked: Asked) -> Page:
    """Take the citizen's word on a closed case."""
    said = asked.value("resolved")
    words = frame_of(asked, "/p/follow").words
    if said not in {"yes", "no"}:
        return await case_page(desk, asked, errors=[FormError("resolved", words.error_outcome)])
    comment = asked.value("comment")
    if len(comment) > LONGEST:
        too_long = FormError("comment", words.fill("error_text", max=LONGEST))
        return await case_page(desk, asked, errors=[too_long])
    desk.limits.admit_try(asked.address)
    try:
        async with desk.database.transaction(principal=PUBLIC) as session:
            await answer_outcome(session, asked.value("code")[:40], resolved=said == "yes", comment=comment or None)
    except ComplaintNotFound:
        desk.limits.note_wrong_token(asked.address)
        return follow_form(asked, value=asked.value("code")[:40], wrong=True)
    except OutcomeNotDue:
        pass  # said before, or reopened meanwhile: the page shows how it stands
    return await case_page(desk, asked)


async def _search(database: Database, asked: Asked) -> Page:
    wanted = asked.query.get("q", "").replace("\x00", "").strip()[:80]
    found: list[ContractStub] = []
    if wanted:
        async with database.reading(principal=PUBLIC) as session:
            found = await search_contracts(session, wanted)
    return render("complaint_search.html", frame_of(asked, "/p/complaint"), wanted=wanted, found=found)


def _form(asked: Asked, contract: ContractStub, filled: Asked, errors: list[FormError]) -> Page:
    frame = frame_of(asked, "/p/complaint", simulated=contract.simulated)
    words = frame.words
    return render(
        "complaint.html",
        frame,
        status=422 if errors else 200,
        contract=contract,
        id=filled.value("id"),
        kinds=[Option(kind, words.texts[f"kind_{kind}"], filled.value("kind") == kind) for kind in KINDS],
        subjects=[Option(each, words.texts[f"subject_{each}"], filled.value("subject") == each) for each in SUBJECTS],
        filled={name: filled.value(name) for name in ("words", "where", "contact")},
        longest=LONGEST,
        errors=errors,
        wrong={error.id: error.text for error in errors},
    )


def _errors(asked: Asked, words: Words) -> list[FormError]:
    text = asked.value("words")
    found = []
    if asked.value("kind") not in KINDS:
        found.append(FormError("kind", words.error_kind))
    if asked.value("subject") and asked.value("subject") not in SUBJECTS:
        found.append(FormError("subject", words.error_choice))
    if not text:
        found.append(FormError("words", words.error_words))
    elif len(text) > LONGEST:
        found.append(FormError("words", words.fill("error_text", max=LONGEST)))
    if len(asked.value("where")) > SHORT:
        found.append(FormError("where", words.error_where))
    if len(asked.value("contact")) > SHORT:
        found.append(FormError("contact", words.error_contact))
    return found


def _asks(case: Case) -> bool:
    complaint = case.complaint
    return complaint.status == "closed" and complaint.kind != "praise" and complaint.outcome != "resolved"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
