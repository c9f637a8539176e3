"""The bytes of a file on their way to the JSON parser: whole chunks, positions kept, no NaN.

NaN and Infinity are no JSON, but exports of databases have them, and one of them would end the reading of the whole
file. They are replaced by a marker of the same length, so that the record that has one is refused and all others are
read, and so that positions stay true.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import ijson

__all__ = ["CHUNK", "MAX_DEPTH", "NOT_FINITE", "Broken", "Chunks", "depth_change", "locate"]

CHUNK = 65_536
MAX_DEPTH = 100
NOT_FINITE = "\x7f"  # stands for NaN or Infinity until the record is handed on

_OPENING = frozenset({"start_map", "start_array"})
_CLOSING = frozenset({"end_map", "end_array"})
_BOM = b"\xef\xbb\xbf"
_WORD = re.compile(rb'"(?:[^"\\]|\\.)*("?)|-?(?:NaN|Infinity)', re.DOTALL)
_REST_OF_TEXT = re.compile(rb'(?:[^"\\]|\\.)*("?)', re.DOTALL)
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_UNFINISHED = re.compile(rb"(?:-[A-Za-z]{0,8}|[A-Za-z]{1,8})\Z")


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a file stops being JSON. `line` and `column` count from 1, `offset` from 0; `column` counts bytes."""

    offset: int
    line: int
    column: int
    reason: str


class Chunks:
    """A readable file for ijson whose numbers are finite. `limit` ends it early, at a place known to be broken."""

    def __init__(self, file: BinaryIO, *, limit: int | None = None) -> None:
        self._file = file
        self._limit = limit
        self._taken = 0
        self._kept = b""
        self._in_text = False
        self.replaced = False

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes; empty at the end."""
        if size == 0:
            return b""  # ijson asks for nothing once, to see whether bytes come
        while True:
            wanted = CHUNK if self._limit is None else min(CHUNK, self._limit - self._taken)
            block = self._file.read(wanted) if wanted > 0 else b""
            first = self._taken == 0
            self._taken += len(block)
            if first and block.startswith(_BOM):
                block = b"   " + block[3:]  # spaces keep the positions
            chunk = self._kept + block
            self._kept = b""
            if block:  # a word or an escape may go on in the next block
                finished = _finished(chunk)
                self._kept, chunk = chunk[finished:], chunk[:finished]
            if chunk or not block:
                return self._finite(chunk)

    def _finite(self, chunk: bytes) -> bytes:
        if b"NaN" not in chunk and b"Infinity" not in chunk:
            plain = _ESCAPE.sub(b"", chunk) if b"\\" in chunk else chunk
            self._in_text ^= plain.count(b'"') % 2 == 1
            return chunk
        start = 0
        if self._in_text:
            rest = _REST_OF_TEXT.match(chunk)
            if rest is None or not rest.group(1):
                return chunk  # the text goes on beyond this chunk
            start, self._in_text = rest.end(), False
        return chunk[:start] + _WORD.sub(self._mask, chunk[start:])

    def _mask(self, match: re.Match[bytes]) -> bytes:
        word = match.group()
        if word.startswith(b'"'):
            self._in_text = not match.group(1)  # a text without its end is the last thing of the chunk
            return word
        self.replaced = True
        return f'"{NOT_FINITE}"'.encode().ljust(len(word))


def _finished(chunk: bytes) -> int:
    """How much of a chunk does not depend on what comes next."""
    without_escape = len(chunk.rstrip(b"\\"))
    if without_escape < len(chunk):
        return without_escape
    word = _UNFINISHED.search(chunk, max(0, len(chunk) - 9))
    return word.start() if word else len(chunk)


def locate(path: Path, *, near: int, reason: str) -> Broken:
    """The exact place of an error that a parser met in the chunk that begins at `near`.

    The parser says what is wrong but not where, so that the part before is parsed again, and then byte by byte.
    """
    done = 0
    with path.open("rb") as file:
        events = ijson.sendable_list()
        parser = ijson.basic_parse_coro(events, use_float=True)
        depth = 0
        chunks = Chunks(file)
        while chunk := chunks.read():
            for piece in [chunk] if done + len(chunk) <= near else [chunk[i : i + 1] for i in range(len(chunk))]:
                try:
                    parser.send(piece)
                except ijson.JSONError:
                    return Broken(done, *_line_of(path, done), reason)
                depth += depth_change(events)
                events.clear()
                if depth > MAX_DEPTH:
                    return Broken(done, *_line_of(path, done), reason)
                done += len(piece)
    return Broken(done, *_line_of(path, done), reason)


def depth_change(events: list[tuple[str, object]]) -> int:
    """How much deeper the parser stands after these events."""
    return sum((kind in _OPENING) - (kind in _CLOSING) for kind, _ in events)


def _line_of(path: Path, offset: int) -> tuple[int, int]:
    line, last, done = 1, 0, 0
    with path.open("rb") as file:
        for block in _blocks(file, offset):
            line += block.count(b"\n")
            newline = block.rfind(b"\n")
            if newline >= 0:
                last = done + newline + 1
            done += len(block)
    return line, offset - last + 1


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (block := file.read(min(CHUNK, size))):
        size -= len(block)
        yield block
