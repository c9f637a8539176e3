"""The second pass: one process after the other, ready to be imported.

At most one release is in memory, and the releases of a process that comes in several are kept in a temporary file until
the last of them has been read.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from gongping_client.ocds.merge import MergeError, compile_releases
from gongping_client.ocds.scan import Scan, load_line
from gongping_client.ocds.source import NOT_FINITE, Chunks
from gongping_client.ocds.wire import to_wire

__all__ = ["Item", "read_items"]


@dataclass(frozen=True, slots=True)
class Item:
    """One process: its release (compiled when there were several), or the reason why it cannot be read.

    `entries` is how many releases or records of the file it stands for; `place` is that of the first.
    """

    place: str
    release: dict[str, Any] | None
    reason: str | None = None
    ocid: str | None = None
    entries: int = 1


def read_items(path: Path, found: Scan) -> Iterator[Item]:
    """Every process of a scanned file, in the order in which its last release stands there."""
    with tempfile.TemporaryFile() as spool:
        groups: dict[str, list[tuple[str, int, int]]] = {}
        recorded: set[str] = set()
        for place, entry in _entries(path, found):
            if not isinstance(entry, dict):
                yield Item(
                    place,
                    None,
                    entry if isinstance(entry, _Unreadable) else f"is no object: {json.dumps(to_wire(entry))[:40]}",
                )
                continue
            ocid = entry.get("ocid") if isinstance(entry.get("ocid"), str) else None
            if _is_record(place, entry):
                if ocid in recorded:
                    yield Item(place, None, "a second record of the same process", ocid)
                    continue
                if ocid in found.repeated:
                    recorded.add(str(ocid))
                yield _record(place, entry, ocid)
            elif ocid is None or ocid not in found.repeated:
                yield Item(place, entry, ocid=ocid)
            else:
                group = groups.setdefault(ocid, [])
                group.append(_store(spool, place, entry))
                if len(group) == found.repeated[ocid]:
                    yield _compiled(spool, groups.pop(ocid), ocid)
        for ocid, group in groups.items():  # the file broke off before the last release of these
            yield _compiled(spool, group, ocid)


def _is_record(place: str, entry: dict[str, Any]) -> bool:
    """By its place in a record package; one by itself by what it has."""
    return place.rsplit(".", 1)[-1].startswith("records[") or "compiledRelease" in entry or "releases" in entry


class _Unreadable(str):
    """Why a line is no JSON."""

    __slots__ = ()


def _entries(path: Path, found: Scan) -> Iterator[tuple[str, object]]:
    """Releases or records with their places; what stands before a broken place is read."""
    if found.kind == "lines":
        yield from _line_entries(path)
        return
    prefix = f"{found.kind}.item" if found.kind in ("releases", "records") else ""
    if not found.kind or (found.broken and not prefix):
        return
    with path.open("rb") as file:
        chunks = Chunks(file, limit=found.broken.offset if found.broken else None)
        position = 0
        try:
            for entry in ijson.items(chunks, prefix):
                place = f"{found.kind}[{position}]" if prefix else found.kind
                yield place, _restore(entry) if found.replaced else entry
                position += 1
        except ijson.IncompleteJSONError:
            if found.broken is None:
                raise


def _line_entries(path: Path) -> Iterator[tuple[str, object]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            document, reason = load_line(line)
            name = next(
                (
                    key
                    for key in ("records", "releases")
                    if isinstance(document, dict) and isinstance(document.get(key), list)
                ),
                None,
            )
            if reason is not None:
                yield f"line {number}", _Unreadable(reason)
            elif name is not None and "ocid" not in document:
                yield from (
                    (f"line {number}.{name}[{position}]", entry) for position, entry in enumerate(document[name])
                )
            else:
                yield f"line {number}", document


def _record(place: str, record: dict[str, Any], ocid: str | None) -> Item:
    """A record's compiled release; else its releases merged, when all of them are in it."""
    compiled, releases = record.get("compiledRelease"), record.get("releases")
    if isinstance(compiled, dict):
        return Item(f"{place}.compiledRelease", {"ocid": ocid, **compiled} if ocid else compiled, ocid=ocid)
    if not isinstance(releases, list) or not releases:
        return Item(place, None, "the record has neither a compiledRelease nor releases", ocid)
    linked = sum(1 for release in releases if not isinstance(release, dict) or "ocid" not in release)
    if linked:
        reason = f"no compiledRelease, and {linked} of its {len(releases)} releases are links; nothing is fetched"
        return Item(place, None, reason, ocid)
    try:
        return Item(place, compile_releases(releases), ocid=ocid)
    except MergeError as error:
        return Item(place, None, str(error), ocid)


def _store(spool: BinaryIO, place: str, release: dict[str, Any]) -> tuple[str, int, int]:
    data = json.dumps(release, default=_exact).encode()
    start = spool.seek(0, 2)
    spool.write(data)
    return place, start, len(data)


def _exact(value: object) -> object:
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    raise TypeError(type(value).__name__)


def _inexact(value: dict[str, Any]) -> object:
    return Decimal(value["$decimal"]) if value.keys() == {"$decimal"} else value


def _compiled(spool: BinaryIO, group: list[tuple[str, int, int]], ocid: str) -> Item:
    releases = []
    for _, start, length in group:
        spool.seek(start)
        releases.append(json.loads(spool.read(length), object_hook=_inexact))
    place = group[0][0]
    try:
        return Item(place, compile_releases(releases), ocid=ocid, entries=len(group))
    except MergeError as error:
        return Item(place, None, str(error), ocid, len(group))


def _restore(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Put a refusable object where a number was not finite."""
    if value == NOT_FINITE:
        return {"$number": "not finite"}
    if isinstance(value, dict):
        return {key: _restore(child) for key, child in value.items()}
    return [_restore(child) for child in value] if isinstance(value, list) else value
