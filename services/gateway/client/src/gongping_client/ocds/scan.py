"""The first pass over a file: what it is, how much is in it, which processes come in several releases, where it breaks.

Only names and ids are looked at, so that a package of any size passes through little memory: of each ocid a hash is
kept, and the ids themselves of those that come more than once.
"""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import ijson

from gongping_client.ocds.source import MAX_DEPTH, Broken, Chunks, locate

__all__ = ["Scan", "load_line", "scan"]

_LARGEST_FIRST_LINE = 16_777_216


@dataclass(slots=True)
class Scan:
    """What the first pass found.

    `kind` is releases or records (packages), release or record (one by itself), lines (newline-delimited), or empty
    when it is nothing of these. `repeated` counts the entries of each ocid that has more than one.
    """

    kind: str = ""
    entries: int = 0
    repeated: dict[str, int] = field(default_factory=dict)
    broken: Broken | None = None
    replaced: bool = False


class _Names:
    """Follows the parser's events and notes kind and ids."""

    def __init__(self) -> None:
        self.top: set[str] = set()
        self.entries: dict[str, int] = {"releases": 0, "records": 0}
        self.repeated: dict[str, int] = {}
        self._seen: set[int] = set()
        self._depth = 0
        self.deepest = 0
        self._list = ""
        self._key = ""

    def take(self, kind: str, value: object) -> None:
        if kind == "map_key":
            self._key = str(value)
            if self._depth == 1:
                self.top.add(self._key)
                self._list = self._key if self._key in self.entries else ""
        elif kind in ("start_map", "start_array"):
            if self._depth == 2 and self._list:
                self.entries[self._list] += 1
            self._depth += 1
            self.deepest = max(self.deepest, self._depth)
        elif kind in ("end_map", "end_array"):
            self._depth -= 1
        else:
            if self._depth == 2 and self._list:
                self.entries[self._list] += 1  # a number or a text in place of a release: refused in the second pass
            if kind == "string" and self._depth == 3 and self._list and self._key == "ocid":
                self.note(str(value))

    def note(self, ocid: str) -> None:
        mark = hash(ocid)
        if mark in self._seen:
            self.repeated[ocid] = self.repeated.get(ocid, 1) + 1
        self._seen.add(mark)

    def kind(self) -> str:
        if "records" in self.top:
            return "records"
        if "ocid" in self.top:
            return "record" if self.top & {"compiledRelease", "releases"} else "release"
        return "releases" if "releases" in self.top else ""


def scan(path: Path) -> Scan:
    """Read a file once without keeping it."""
    if _is_lines(path):
        return _scan_lines(path)
    names = _Names()
    broken: Broken | None = None
    done = 0
    with path.open("rb") as file:
        events = ijson.sendable_list()
        parser = ijson.basic_parse_coro(events, use_float=True)
        chunks = Chunks(file)
        try:
            while chunk := chunks.read():
                parser.send(chunk)
                for kind, value in events:
                    names.take(kind, value)
                events.clear()
                if names.deepest > MAX_DEPTH:
                    broken = locate(path, near=done, reason=f"nested deeper than {MAX_DEPTH} levels")
                    break
                done += len(chunk)
            if not broken:
                parser.close()
        except ijson.JSONError as error:
            for kind, value in events:
                names.take(kind, value)
            broken = locate(path, near=done, reason=_sentence(error))
    kind = names.kind()
    entries = names.entries.get(kind, 1 if kind else 0)
    return Scan(kind, entries, names.repeated if kind in names.entries else {}, broken, chunks.replaced)


def _sentence(error: Exception) -> str:
    """The first line of the parser's message; the second one draws an arrow at the place."""
    text = str(error.args[0].decode("utf-8", "replace") if error.args and isinstance(error.args[0], bytes) else error)
    first = text.removeprefix("b'").split("\\n")[0].splitlines()[0].strip().rstrip(".")
    return "the file ends in the middle" if "premature EOF" in first else first


def _is_lines(path: Path) -> bool:
    """Newline-delimited: by its name, or because the first line is a JSON object and another line follows."""
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return True
    with path.open("rb") as file:
        first = file.readline(_LARGEST_FIRST_LINE)
        if not first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{") or len(first) >= _LARGEST_FIRST_LINE:
            return False
        more = any(line.strip() for line in islice(file, 100))
    return more and isinstance(load_line(first)[0], dict)


def load_line(line: bytes) -> tuple[Any, str | None]:
    """A line as a document with exact numbers, or the reason why it is none."""
    try:
        document = json.loads(
            line.decode("utf-8-sig"), parse_float=Decimal, parse_constant=lambda word: {"$number": word}
        )
    except json.JSONDecodeError as error:
        return None, f"{error.msg} (column {error.colno})"
    except UnicodeDecodeError as error:
        return None, f"invalid UTF-8 (byte {error.start})"
    except RecursionError:
        return None, "nested too deep"
    return document, None


def _scan_lines(path: Path) -> Scan:
    names = _Names()
    entries = 0
    with path.open("rb") as file:
        for line in file:
            document = load_line(line)[0] if line.strip() else None
            if not isinstance(document, dict):
                entries += bool(line.strip())
                continue
            parts = next(
                (document[key] for key in ("records", "releases") if isinstance(document.get(key), list)), None
            )
            inside = parts if parts is not None and "ocid" not in document else [document]
            entries += len(inside)
            for one in inside:
                if isinstance(one, dict) and isinstance(one.get("ocid"), str):
                    names.note(one["ocid"])
    return Scan("lines", entries, names.repeated)
