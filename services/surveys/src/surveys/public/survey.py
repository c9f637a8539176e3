"""The pages of a questionnaire until it is sent: notice, one question per page, checking."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared import clock
from surveys.instruments.document import Item
from surveys.public.answers import FormError, check_answer, read_answer
from surveys.public.asked import Asked
from surveys.public.pages import Cookie, Page, redirect, render
from surveys.public.payload import seal
from surveys.public.views import answer_words, question_view
from surveys.public.visit import COOKIE, PAGE_SECONDS, State, Visit, new_secret, token_state
from surveys.settings import policy

__all__ = [
    "check_page",
    "closed_page",
    "notice_page",
    "question_page",
    "save_answer",
    "spent_page",
    "start",
]

CHINA = timedelta(hours=8)  # one time for the whole country; pages say dates only


async def notice_page(visit: Visit, asked: Asked) -> Page:
    """What the survey is about, who asks, what becomes of the answers; before the first question."""
    if not visit.takes_answers:
        return closed_page(visit)
    words = visit.frame.words
    token, state = asked.query.get("t", "") or visit.secret or "", None
    if token and visit.by_invitation:
        state = await _look_up(visit, asked, token)
        if state == "spent":
            return spent_page(visit)
    wrong = bool(asked.query.get("t")) and visit.by_invitation and state is None
    known = not visit.by_invitation or state is not None
    return _notice(
        visit,
        token=token if known else "",
        known=known,
        resuming=state == "opened",
        wrong=words.token_wrong if wrong else "",
    )


async def start(visit: Visit, asked: Asked) -> Page:
    """Take the token out of the form into the cookie, and go to the question where the visitor stopped."""
    if not visit.takes_answers:
        return closed_page(visit)
    given = asked.value("token")[:64]
    if visit.by_invitation:
        state = await _look_up(visit, asked, given) if given else None
        if state is None:
            return _notice(visit, token="", known=False, resuming=False, wrong=visit.frame.words.code_wrong, status=422)
        if state == "spent":
            return spent_page(visit)
        visit.secret = given
        await visit.open()
    else:
        visit.secret = visit.secret or new_secret()
    kept = await visit.load()
    return redirect(_next(visit, kept or State(UUID(int=0), {})), cookies=(visit.cookie,))


async def question_page(visit: Visit, asked: Asked, code: str) -> Page:
    """One question."""
    found = await _enter(visit)
    if isinstance(found, Page):
        return found
    item, changing = visit.questionnaire.items.get(code), asked.query.get("from") == "check"
    if item is None or code not in visit.questionnaire.applicable(found.answers):
        return redirect(_next(visit, found))
    return _question(visit, item, found, answer=found.answers.get(code), changing=changing, errors=[])


async def save_answer(visit: Visit, asked: Asked, code: str) -> Page:
    """Take the answer to a question and go on; a wrong one is shown again with what is wrong."""
    state = await _enter(visit)
    if isinstance(state, Page):
        return state
    item, changing = visit.questionnaire.items.get(code), asked.query.get("from") == "check"
    if item is None or code not in visit.questionnaire.applicable(state.answers):
        return redirect(_next(visit, state))
    answer = read_answer(item, asked)
    errors = check_answer(visit.questionnaire, item, answer, state.answers, visit.frame.words)
    if errors:
        return _question(visit, item, state, answer=answer, changing=changing, errors=errors)
    state.answers.pop(code, None)
    if answer is not None:
        state.answers[code] = answer
    state.seconds += _spent_on_page(asked)
    await visit.save(state)
    return redirect(_after(visit, state, code, changing=changing))


async def check_page(visit: Visit, *, last: bool, problem: str = "", status: int = 200) -> Page:
    """Every answer with a link to change it; the last such page sends them."""
    state = await _enter(visit)
    if isinstance(state, Page):
        return state
    missing = _missing(visit, state)
    if missing is not None:
        return redirect(_question_url(visit, missing))
    main, about = visit.main(state.answers), visit.about(state.answers)
    shown = [*main, *about] if last else main
    before = about[-1] if last and about else main[-1]
    instrument, words = visit.questionnaire.instrument, visit.frame.words
    lines = [
        {
            "text": visit.frame.text(visit.questionnaire.items[code].text),
            "given": answer_words(instrument, visit.questionnaire.items[code], state.answers.get(code), words),
            "url": _question_url(visit, code, **{"from": "check"}),
        }
        for code in shown
    ]
    more = _question_url(visit, about[0]) if about and not last else None
    return render(
        "check.html",
        visit.frame,
        status=status,
        lines=lines,
        problem=problem,
        more=more,
        back=_question_url(visit, before),
        keep=visit.keep("check"),
        payload=None if more else seal(visit, state),
        challenge=f"/v1/waves/{visit.wave.id}/challenge" if visit.proves else None,
    )


def closed_page(visit: Visit, *, status: int = 200) -> Page:
    """The wave takes no answers."""
    words, frame = visit.frame.words, visit.frame
    if visit.wave.state == "open" and not visit.begun:
        day = (visit.wave.opens_at + CHINA).date().isoformat()
        return render("message.html", frame, status=status, title=words.not_begun, text=day)
    links = [
        (frame.link(f"{frame.root}/results"), words.results_link),
        (frame.link(f"{frame.root}/proof"), words.receipt_proof),
    ]
    return render("message.html", frame, status=status, title=words.wave_closed, text=words.closed_text, links=links)


def spent_page(visit: Visit) -> Page:
    """The invitation was used."""
    words, frame = visit.frame.words, visit.frame
    links = [
        (frame.link(f"{frame.root}/withdraw"), words.withdraw_title),
        (frame.link(f"{frame.root}/proof"), words.receipt_proof),
    ]
    return render("message.html", frame, status=409, title=words.spent_title, text=words.spent_text, links=links)


async def _look_up(visit: Visit, asked: Asked, token: str) -> str | None:
    visit.desk.limits.admit_try(asked.address)
    async with visit.desk.database.reading() as session:
        state = await token_state(session, visit.wave.id, token)
    if state is None:
        visit.desk.limits.note_wrong_token(asked.address)
    return state


def _notice(visit: Visit, *, token: str, known: bool, resuming: bool, wrong: str, status: int = 200) -> Page:
    return render(
        "notice.html",
        visit.frame,
        status=status,
        instrument=visit.questionnaire.instrument,
        wave=visit.wave,
        contract=visit.contract,
        closes_on=(visit.wave.closes_at + CHINA).date().isoformat(),
        kept={"answers": policy().answer_retention_days, "list": policy().frame_retention_days},
        token=token,
        may_start=known,
        resuming=resuming,
        needs_code=visit.by_invitation,
        errors=[FormError("code", wrong)] if wrong else [],
    )


async def _enter(visit: Visit) -> State | Page:
    """The visitor's draft, or the page that says why there is none."""
    if not visit.takes_answers:
        return closed_page(visit, status=409)
    if visit.secret is None:
        return render(
            "message.html",
            visit.frame,
            status=403,
            title=visit.frame.words.error_page,
            text=visit.frame.words.cookies,
            links=[(visit.frame.link(visit.frame.root), visit.frame.words.start)],
        )
    if visit.by_invitation:
        async with visit.desk.database.reading() as session:
            state = await token_state(session, visit.wave.id, visit.secret)
        if state is None:
            return redirect(visit.frame.link(visit.frame.root), cookies=(Cookie(COOKIE, "", visit.frame.root),))
        if state == "spent":
            return spent_page(visit)
    return await visit.load() or State(UUID(int=0), {})


def _question(
    visit: Visit,
    item: Item,
    state: State,
    *,
    answer: Any,  # noqa: ANN401 - any answer
    changing: bool,
    errors: list[FormError],
) -> Page:
    codes = visit.about(state.answers) if item.about_respondent else visit.main(state.answers)
    place = codes.index(item.code)
    query = {"from": "check"} if changing else {}
    if changing:
        back = visit.frame.link(f"{visit.frame.root}/{'confirm' if item.about_respondent else 'check'}")
    elif place:
        back = _question_url(visit, codes[place - 1])
    else:
        back = visit.frame.link(f"{visit.frame.root}/check" if item.about_respondent else visit.frame.root)
    return render(
        "question.html",
        visit.frame,
        status=422 if errors else 200,
        view=question_view(visit.questionnaire.instrument, item, answer, visit.frame.words),
        number=place + 1,
        total=len(codes),
        back=back,
        action=_question_url(visit, item.code, **query),
        keep=visit.keep(item.code),
        shown_at=int(clock.now().timestamp()),
        errors=errors,
    )


def _question_url(visit: Visit, code: str, **query: str) -> str:
    return visit.frame.link(f"{visit.frame.root}/q/{code}", **query)


def _missing(visit: Visit, state: State) -> str | None:
    """The first question that must be answered and is not."""
    items = visit.questionnaire.items
    asked = visit.questionnaire.applicable(state.answers)
    return next((code for code in asked if items[code].required and code not in state.answers), None)


def _next(visit: Visit, state: State) -> str:
    """Where to go on: behind the last question that was answered."""
    codes = visit.main(state.answers)
    answered = [place for place, code in enumerate(codes) if code in state.answers]
    place = answered[-1] + 1 if answered else 0
    return _missing_or_check(visit, state) if place >= len(codes) else _question_url(visit, codes[place])


def _after(visit: Visit, state: State, code: str, *, changing: bool) -> str:
    about = visit.questionnaire.items[code].about_respondent
    codes = visit.about(state.answers) if about else visit.main(state.answers)
    place = codes.index(code) + 1
    if changing or place >= len(codes):
        return visit.frame.link(f"{visit.frame.root}/confirm") if about else _missing_or_check(visit, state)
    return _question_url(visit, codes[place])


def _missing_or_check(visit: Visit, state: State) -> str:
    missing = _missing(visit, state)
    return _question_url(visit, missing) if missing else visit.frame.link(f"{visit.frame.root}/check")


def _spent_on_page(asked: Asked) -> int:
    shown = asked.value("shown_at")
    if not shown.isdecimal() or len(shown) > 12:
        return 0
    return min(max(int(clock.now().timestamp()) - int(shown), 0), PAGE_SECONDS)
