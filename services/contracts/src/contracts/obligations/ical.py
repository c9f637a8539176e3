"""Rows of the register as an iCalendar (RFC 5545): an all-day entry on each last day. Pure.

Entries are VEVENTs, because most calendar programs leave VTODOs of a subscribed calendar out. They take no time
(TRANSPARENT), so that nobody is shown as busy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from icalendar import Calendar, Event

__all__ = ["Entry", "calendar_text"]

_WORDS = {
    "zh": {
        "duty": "应办",
        "right": "应得",
        "open": "未到期",
        "due": "即将到期",
        "overdue": "逾期",
        "done": "已办",
        "doneLate": "逾期办结",
        "waived": "已豁免",
        "contract": "合同",
        "source": "依据",
        "convention": "惯例",
        "confidence": "依据可信度",
        "name": "待办事项",
    },
    "en": {
        "duty": "To do",
        "right": "To receive",
        "open": "open",
        "due": "due",
        "overdue": "overdue",
        "done": "done",
        "doneLate": "done late",
        "waived": "waived",
        "contract": "Contract",
        "source": "Source",
        "convention": "a convention",
        "confidence": "Confidence",
        "name": "to do",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One last day."""

    id: UUID
    due_on: date
    nature: str
    state: str
    text: str
    about: str | None
    contract: str
    title: str
    source: str | None
    confidence: str
    changed_at: datetime


def calendar_text(organisation: str, entries: Sequence[Entry], *, language: str) -> bytes:
    """The calendar of an organisation; `language` zh or en."""
    words = _WORDS[language]
    calendar = Calendar()
    calendar.add("prodid", f"-//Gongping//Obligations//{language.upper()}")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"{organisation}: {words['name']}")
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, words))
    return bytes(calendar.to_ical())


def _event(entry: Entry, words: dict[str, str]) -> Event:
    event = Event()
    about = f" ({entry.about})" if entry.about else ""
    event.add("uid", f"{entry.id}@gongping")
    event.add("dtstamp", entry.changed_at)
    event.add("dtstart", entry.due_on)
    event.add("dtend", entry.due_on + timedelta(days=1))
    event.add("summary", f"[{words[entry.state]}] {words[entry.nature]}: {entry.text}{about}")
    lines = [
        f"{words['contract']}: {entry.contract} {entry.title}".strip(),
        f"{words['source']}: {entry.source or words['convention']}",
        f"{words['confidence']}: {entry.confidence}",
    ]
    event.add("description", "\n".join(lines))
    event.add("categories", [entry.state])
    event.add("transp", "TRANSPARENT")
    event.add("status", "CONFIRMED")
    return event
