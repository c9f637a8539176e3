"""What publications leave out: a release holds what is public, for every reader. Pure.

A contract that is marked as a whole is in no release. An imported release of a contract with any mark is not told
again as its publisher wrote it: it would repeat what is withheld here.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from contracts.disclosure.queries import PUBLIC_VIEW, in_force, withheld_fields
from contracts.disclosure.service import redact
from contracts.exchange.process import Process
from shared import clock
from shared.events import DisclosureLevel

__all__ = [
    "is_public_document",
    "public_fact",
    "public_hash",
    "public_process",
    "public_terms",
    "withheld",
    "withheld_from_public",
]

Json = dict[str, Any]
# The field whose facts a noun of the log tells.
_FIELD_OF = {"ledger": "money", "observation": "indicators", "milestone": "milestones", "settlement": "money"}


def withheld_from_public(process: Process) -> frozenset[str] | None:
    """The fields that releases of this contract leave out; None when nothing of it is published."""
    return withheld(process.disclosure)


def withheld(marks: Collection[DisclosureLevel]) -> frozenset[str] | None:
    """The fields that publications leave out by these marks; None when nothing of the contract is published."""
    return withheld_fields(marks, levels=PUBLIC_VIEW, today=clock.today()) if marks else frozenset()


def public_process(process: Process, fields: Collection[str]) -> Process:
    """What releases share, without these fields."""
    parts = {"provider", "indicators", "milestones", "amendments", "needs_basis", "members", "lots"}
    left = redact({name: getattr(process, name) for name in parts}, fields)
    return replace(process, **left)


def is_public_document(process: Process, noun: str, fact: Json | None) -> bool:
    """Whether a fact is not a document that has a mark of its own."""
    if noun != "document" or fact is None:
        return True
    return public_hash(process, fact["sha256"]) is not None


def public_hash(process: Process, sha256: str | None) -> str | None:
    """The hash of a document, None when the document has a mark of its own."""
    marked = {mark.target for mark in in_force(process.disclosure, today=clock.today()) if mark.subject == "document"}
    return None if sha256 in marked else sha256


def public_terms(terms: Json | None, fields: Collection[str]) -> Json | None:
    """The contract's own row as the log has it, without these fields."""
    return None if terms is None else redact(terms, fields)


def public_fact(noun: str, fact: Json | None, fields: Collection[str]) -> Json | None:
    """A fact without what is withheld; None when nothing of it is left."""
    if fact is None or _FIELD_OF.get(noun) in fields:
        return None
    left = dict(fact)
    if noun == "ledger":
        # Money of a call-off in its framework agreement's ledger is as public as the call-off's own.
        of_call_off = withheld(left.pop("disclosure"))
        if of_call_off is None or "money" in of_call_off:
            return None
    if "opinion" in fields:
        left["opinion"] = None
    if "money" in fields and "accepted_value" in left:
        left["accepted_value"] = None
    if "money" in fields and noun == "failure":
        left |= {"penalty_contracted": None, "imposed": None, "paid": None}
    if "money" in fields and noun == "finding":
        left["effects"] = [effect | {"amount": None} for effect in left["effects"]]
    if "milestones" in fields and "milestone_code" in left:
        left |= {"milestone_code": None, "milestone_title": None}
    return left
