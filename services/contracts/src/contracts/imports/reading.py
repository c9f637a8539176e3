"""Reading an OCDS document field by field, remembering what was read.

What nobody read has no home with us: `Document.unread` counts it by path, so that an import says honestly what it
left behind.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from contracts.imports.errors import RecordRejected
from shared.clock import EARLIEST, LATEST

__all__ = ["LARGEST_AMOUNT", "Document", "Node"]

LARGEST_AMOUNT = Decimal("9999999999999999.99")  # NUMERIC(18,2)
_EXACT_DIGITS = 15  # a JSON number of more digits does not survive IEEE 754
_CURRENCY = re.compile(r"[A-Z]{3}")
_Path = tuple[str | int, ...]


class Document:
    """One release and the set of paths that were read in it."""

    def __init__(self, content: Mapping[str, Any], *, place: str) -> None:
        self.place = place
        self.content = content
        self.read: set[_Path] = set()

    def root(self) -> "Node":
        """The whole document."""
        return Node(self, (), self.content)

    def unread(self) -> Counter[str]:
        """Paths without array positions (`/tender/value/amount`) of the values that nobody read, and how many."""
        found: Counter[str] = Counter()
        waiting: list[tuple[_Path, object]] = [((), self.content)]
        while waiting:  # not recursive: how deep a file nests is the sender's choice
            path, value = waiting.pop()
            if path in self.read or value is None:
                continue
            if isinstance(value, Mapping):
                waiting += [((*path, str(key)), child) for key, child in value.items()]
            elif isinstance(value, list):
                waiting += [((*path, position), child) for position, child in enumerate(value)]
            else:
                found["/" + "/".join(_printable(part) for part in path if isinstance(part, str))] += 1
        return found


def _printable(text: str) -> str:
    """A text that can be written as UTF-8: JSON allows halves of surrogate pairs, UTF-8 does not."""
    return text.encode("utf-8", "backslashreplace").decode()


def _kind(value: object) -> str:
    """A value as a message names it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, Mapping):
        return "the object " + _printable(json.dumps(value, ensure_ascii=False, default=str)[:60])
    return "a list" if isinstance(value, list) else str(value)


class Node:
    """An object inside the document. Every getter marks what it returns as read; null counts as absent."""

    def __init__(self, document: Document, path: _Path, content: Mapping[str, Any]) -> None:
        self._document = document
        self._path = path
        self._content = content

    @property
    def place(self) -> str:
        """Where this is, with array positions: `releases[17].contracts[0]`."""
        return self._document.place + "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in self._path
        )

    def rejected(self, name: str, reason: str) -> RecordRejected:
        """The refusal that names a field of this object."""
        return RecordRejected(f"{self.place}.{name}" if name else self.place, reason)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null (does not count as reading it)."""
        return self._content.get(name) is not None

    def keep(self, name: str) -> None:
        """Mark a field, with all below it, as read."""
        self._document.read.add((*self._path, name))

    def keep_all(self) -> None:
        """Mark this object as read."""
        self._document.read.add(self._path)

    def raw(self, name: str) -> Any:  # noqa: ANN401 - any JSON value
        """The value as it is, not marked as read."""
        return self._content.get(name)

    def text(self, name: str) -> str | None:
        """A text; a number is taken too (OCDS allows integers as ids). Empty is absent."""
        value = self._content.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.rejected(name, f"must be a text, found {_kind(value)}")
        self.keep(name)
        text = str(value).replace("\x00", "").strip()
        if text != _printable(text):
            raise self.rejected(name, "has half of a surrogate pair, which is no character")
        return text or None

    def equals(self, name: str, value: str | None) -> bool:
        """Whether a text is the one that has a home already; only then it counts as read."""
        same = (
            value is not None
            and isinstance(self._content.get(name), str | int)
            and str(self._content[name]).strip() == value
        )
        if same:
            self.keep(name)
        return same

    def whole(self, name: str, *, least: int = 0) -> int | None:
        """A whole number."""
        value = self._content.get(name)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**31:
            raise self.rejected(name, f"must be a whole number of at least {least}, found {_kind(value)}")
        self.keep(name)
        return value

    def day(self, name: str) -> date | None:
        """The calendar day as the source wrote it: `2019-01-30T00:00:00+01:00` is the 30th, wherever it is read.

        None for 9999-12-31 and the like, with which sources say that there is none; it is kept as an extra.
        """
        moment = self._moment(name)
        if moment is None or not EARLIEST <= moment.date() <= LATEST:
            self._document.read.discard((*self._path, name))
            return None
        return moment.date()

    def instant(self, name: str) -> datetime | None:
        """An instant in UTC; a time without offset is taken as UTC."""
        moment = self._moment(name)
        if moment is None:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        try:
            return aware.astimezone(UTC)
        except OverflowError as error:
            raise self.rejected(name, f"is no date: {_kind(self._content.get(name))}") from error

    def _moment(self, name: str) -> datetime | None:
        value = self._content.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self.rejected(name, f"must be a date, found {_kind(value)}")
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise self.rejected(name, f"is no date: {_kind(value)}") from error
        self.keep(name)
        return moment

    def node(self, name: str) -> "Node | None":
        """An object."""
        value = self._content.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.rejected(name, f"must be an object, found {_kind(value)}")
        return Node(self._document, (*self._path, name), value)

    def nodes(self, name: str) -> list["Node"]:
        """A list of objects; absent is empty."""
        value = self._content.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.rejected(name, f"must be a list, found {_kind(value)}")
        for position, child in enumerate(value):
            if not isinstance(child, Mapping):
                raise self.rejected(f"{name}[{position}]", f"must be an object, found {_kind(child)}")
        return [Node(self._document, (*self._path, name, position), child) for position, child in enumerate(value)]

    def texts(self, name: str) -> list[str]:
        """A list of texts; absent is empty."""
        value = self._content.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(child, str) for child in value):
            raise self.rejected(name, f"must be a list of texts, found {_kind(value)}")
        self.keep(name)
        return [_printable(child.strip()) for child in value]

    def money(self, name: str) -> tuple[Decimal, str] | None:
        """An OCDS Value `{amount, currency}`; None when there is no amount.

        An amount must be a JSON number: a text, an object such as `{"$numberLong": …}` (databases export it), NaN, a
        negative figure, or one with more digits than a JSON number carries exactly is refused. Half-cents are left to
        the caller (`contracts.imports.money.to_cents`).
        """
        value = self.node(name)
        if value is None or not value.has("amount"):
            return None
        amount = value.figure("amount")
        currency = value.text("currency")
        if currency is None:
            raise value.rejected("currency", "is missing; an amount without its currency cannot be recorded")
        if not _CURRENCY.fullmatch(currency):
            raise value.rejected("currency", f"is no ISO 4217 code: {_kind(currency)}")
        return amount, currency

    def figure(self, name: str) -> Decimal:
        """An amount of money as an exact decimal, not negative."""
        value = self._content[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.rejected(name, f"must be a number, found {_kind(value)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise self.rejected(name, f"must be a finite number, found {value}")
        if isinstance(value, int) and abs(value) > LARGEST_AMOUNT:
            raise self.rejected(name, "is larger than can be recorded")
        exact = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
        if exact < 0:
            raise self.rejected(name, f"must not be negative, found {value}")
        if exact > LARGEST_AMOUNT:
            raise self.rejected(name, "is larger than can be recorded")
        if isinstance(value, float) and len(exact.normalize().as_tuple().digits) > _EXACT_DIGITS:
            raise self.rejected(
                name, f"has more than {_EXACT_DIGITS} digits, which a JSON number does not carry exactly: {value}"
            )
        self.keep(name)
        return exact
