"""Handing the answers in, and what comes after: receipt, withdrawal, proof of inclusion, results."""

from typing import Any

from shared.auth import PUBLIC
from shared.problems import Problem
from surveys.public.answers import FormError
from surveys.public.asked import Asked
from surveys.public.pages import Cookie, Page, redirect, render
from surveys.public.payload import unseal
from surveys.public.survey import check_page, closed_page, spent_page
from surveys.public.visit import COOKIE, RECEIPT_COOKIE, Visit
from surveys.publication.errors import PublicationPending, ReceiptNotIncluded, ReceiptUnreadable
from surveys.publication.queries import get_proof
from surveys.publication.service import published
from surveys.responses.drafts import delete_draft
from surveys.responses.errors import (
    ProofRefused,
    ProofRequired,
    ProofUsed,
    ReceiptUnknown,
    ResponseConflict,
    ResponseMalformed,
    TokenSpent,
    WaveNotOpen,
)
from surveys.responses.service import Caller, accept, withdraw
from surveys.results.errors import WaveNotClosed

__all__ = [
    "proof_form",
    "receipt_page",
    "results_page",
    "send_answers",
    "show_proof",
    "withdraw_answers",
    "withdraw_form",
]

RECEIPT_SECONDS = 900  # a shared telephone must not show it to the next person


async def send_answers(visit: Visit, asked: Asked) -> Page:
    """Hand the answers in. The form holds all of them under their id: sent twice, they are accepted once."""
    opened = unseal(visit, asked.value("payload"))
    if opened is None:
        return redirect(visit.frame.link(f"{visit.frame.root}/check"))
    submission_id, body = opened
    proof = asked.value("proof")
    caller = Caller(
        token=visit.secret if visit.listed else None,
        proof=proof or None,
        address=asked.address,
        scriptless=not proof,
    )
    try:
        receipt, _ = await accept(visit.desk, visit.card, submission_id, body, caller=caller)
    except (TokenSpent, ResponseConflict):
        return spent_page(visit)
    except WaveNotOpen:
        return closed_page(visit, status=409)
    except (ProofRequired, ProofRefused, ProofUsed) as problem:
        return await check_page(visit, last=True, problem=visit.frame.words.proof_failed, status=problem.status)
    except ResponseMalformed as problem:
        return redirect(_malformed(visit, problem))
    if not visit.listed and visit.secret is not None:
        async with visit.desk.database.transaction() as session:
            await delete_draft(session, visit.wave.id, visit.secret)
    root = visit.frame.root
    return redirect(
        visit.frame.link(f"{root}/receipt"),
        cookies=(Cookie(COOKIE, "", root), Cookie(RECEIPT_COOKIE, receipt.receipt, root, seconds=RECEIPT_SECONDS)),
    )


def receipt_page(visit: Visit, asked: Asked) -> Page:
    """The receipt code; shown for a quarter of an hour; the service itself cannot show it again."""
    receipt = asked.cookies.get(RECEIPT_COOKIE)
    if not receipt:
        return redirect(visit.frame.link(visit.frame.root))
    return render("receipt.html", visit.frame, receipt=receipt, forget=str(visit.wave.id))


def withdraw_form(visit: Visit, *, value: str = "", errors: list[FormError] | None = None) -> Page:
    """The form that asks for the receipt."""
    words, frame = visit.frame.words, visit.frame
    return render(
        "code.html",
        frame,
        status=422 if errors else 200,
        title=words.withdraw_title,
        lead=words.withdraw_lead,
        action=frame.link(f"{frame.root}/withdraw"),
        label=words.receipt_code,
        hint="",
        button=words.withdraw_do,
        value=value,
        errors=errors or [],
    )


async def withdraw_answers(visit: Visit, asked: Asked) -> Page:
    """Delete the answers that a receipt names, while the wave is not frozen."""
    words, receipt = visit.frame.words, asked.value("code")[:64]
    visit.desk.limits.admit_try(asked.address)
    try:
        async with visit.desk.database.transaction(principal=PUBLIC) as session:
            await withdraw(session, visit.wave.id, receipt)
    except ReceiptUnknown:
        visit.desk.limits.note_wrong_token(asked.address)
        return withdraw_form(visit, value=receipt, errors=[FormError("code", words.receipt_wrong)])
    except WaveNotOpen:
        return closed_page(visit, status=409)
    return render(
        "message.html",
        visit.frame,
        title=words.withdrawn_title,
        text=words.withdrawn_text,
        cookies=(Cookie(RECEIPT_COOKIE, "", visit.frame.root),),
    )


def proof_form(visit: Visit, *, value: str = "", errors: list[FormError] | None = None) -> Page:
    """The form that asks for the receipt."""
    words, frame = visit.frame.words, visit.frame
    return render(
        "code.html",
        frame,
        status=422 if errors else 200,
        title=words.proof_title,
        lead=words.proof_lead,
        action=frame.link(f"{frame.root}/proof"),
        label=words.receipt_code,
        hint="",
        button=words.proof_do,
        value=value,
        errors=errors or [],
    )


async def show_proof(visit: Visit, asked: Asked) -> Page:
    """That the answers with a receipt are counted, unchanged; never what they were."""
    words, receipt = visit.frame.words, asked.value("code")[:64]
    try:
        async with visit.desk.database.reading(principal=PUBLIC) as session:
            proof = await get_proof(session, visit.wave.id, receipt)
    except (ReceiptUnreadable, ReceiptNotIncluded):
        return proof_form(visit, value=receipt, errors=[FormError("code", words.receipt_wrong)])
    except (WaveNotClosed, PublicationPending):
        return render("message.html", visit.frame, title=words.proof_later, text=words.proof_later_text)
    shown = {
        "size": proof.size,
        "root": proof.root.hex(),
        "leaf": proof.leaf.hex(),
        "path": [step.hex() for step in proof.path],
    }
    return render("proof.html", visit.frame, proof=shown)


async def results_page(visit: Visit) -> Page:
    """What was published of the wave, as the gate lets it pass."""
    words, frame = visit.frame.words, visit.frame
    try:
        async with visit.desk.database.reading(principal=PUBLIC) as session:
            document = await published(session, visit.wave.id)
    except (WaveNotClosed, PublicationPending):
        return render("message.html", frame, title=words.results_title, text=words.proof_later)
    if document["fewer_than"] is not None:
        return render("message.html", frame, title=words.results_none, text=words.results_none_text)
    rows = [_row(visit, item) for item in document["items"] if item["measure"] == "top2"]
    return render("results.html", frame, contract=visit.contract, document=document, rows=rows)


def _row(visit: Visit, item: dict[str, Any]) -> dict[str, str]:
    words = visit.frame.words
    shown = item["status"] in {"ok", "caution"}
    hidden = words.results_unreliable if item["status"] == "unreliable" else words.results_hidden
    interval = ""
    if shown and item["ci_low"] is not None:
        interval = f"{100 * item['ci_low']:.0f}-{100 * item['ci_high']:.0f} %"
    return {
        "question": visit.frame.text(item["question"]),
        "value": (item["text"] or "") if shown else hidden,
        "interval": interval,
    }


def _malformed(visit: Visit, problem: Problem) -> str:
    """The first question that the server's own check refused."""
    for error in problem.members.get("errors", ()):
        code = error["pointer"].removeprefix("/answers/").partition("/")[0]
        if code in visit.questionnaire.items:
            return visit.frame.link(f"{visit.frame.root}/q/{code}")
    return visit.frame.link(f"{visit.frame.root}/check")
