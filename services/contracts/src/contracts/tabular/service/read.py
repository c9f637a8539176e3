"""Reading the received file into staged rows: block by block, so that a file of any length takes the same memory."""

import asyncio
import hashlib
import random
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from itertools import chain, islice
from statistics import median
from typing import IO, Any

from pydantic_core import to_json
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.tabular.errors import FileRefused
from contracts.tabular.fields import fields_of
from contracts.tabular.heads import LOOKED_AT, Column, find_head
from contracts.tabular.models import ImportPart, TableImport
from contracts.tabular.queries import known_amounts
from contracts.tabular.rows import key_of
from contracts.tabular.sources import open_source
from contracts.tabular.values import CellFault, Reading, read_cell
from shared.copying import copy_in
from shared.overlap import beside

__all__ = ["read_file"]

BLOCK = 5000
_SAMPLE = 10_000
_KNOWN = 20
_SUMMARY = ("合计", "总计", "小计", "合 计", "总 计")
_DUPLICATES = text(
    """
    WITH seen AS MATERIALIZED (
        SELECT line, first
        FROM (SELECT line, min(line) OVER (PARTITION BY key) AS first FROM table_import_rows
              WHERE import_id = :id AND key IS NOT NULL) AS keyed
        WHERE first < line
    )
    UPDATE table_import_rows AS row SET duplicate_of = seen.first FROM seen
    WHERE row.import_id = :id AND row.line = seen.line
    """
)

Line = tuple[int, list[str]]


async def read_file(session: AsyncSession, batch: TableImport, *, max_unpacked: int, max_rows: int) -> None:
    """Stage the rows of the file and say what its columns are; FileRefused when it cannot be read as a whole."""
    with tempfile.TemporaryFile() as file:
        batch.sha256 = await _assemble(session, batch, file)
        source = await asyncio.to_thread(open_source, file, sheet=batch.mapping.get("sheet"), max_unpacked=max_unpacked)
        first: list[Line] = await asyncio.to_thread(lambda: list(islice(source.rows, LOOKED_AT)))
        head = find_head(first, noun=batch.noun, mapping=batch.mapping)
        stager = _Stager(batch, head.columns, epoch_1904=source.epoch_1904)
        lines = chain((line for line in first if line[0] > head.last_line), source.rows)
        block, ended = await asyncio.to_thread(stager.stage, lines)
        while True:
            batch.rows += len(block)
            if batch.rows > max_rows:
                detail = f"The file has more than {max_rows} rows; split it."
                raise FileRefused(detail, errors=[{"pointer": "/file", "detail": detail}])
            if ended:
                await _copy(session, block)
                break
            block, ended = await beside(_copy(session, block), lambda: stager.stage(lines))
    await session.execute(_DUPLICATES, {"id": batch.id})
    await session.execute(delete(ImportPart).where(ImportPart.import_id == batch.id))
    batch.format, batch.encoding, batch.epoch_1904 = source.format, source.encoding, source.epoch_1904
    batch.columns = stager.columns()
    batch.warnings = [*await _suspicions(session, batch), *stager.warnings()]


async def _assemble(session: AsyncSession, batch: TableImport, file: IO[bytes]) -> str:
    digest, number = hashlib.sha256(), 1
    while True:
        statement = select(ImportPart.content).where(ImportPart.import_id == batch.id, ImportPart.number == number)
        content = (await session.execute(statement)).scalar_one_or_none()
        if content is None:
            return digest.hexdigest()
        digest.update(content)
        file.write(content)
        number += 1


async def _copy(session: AsyncSession, block: Sequence[tuple[Any, ...]]) -> None:
    await copy_in(session, "table_import_rows", columns=("import_id", "line", "cells", "key"), records=block)


class _Stager:
    """Takes the next lines of a file as rows to be stored, and a sample of its amounts."""

    def __init__(self, batch: TableImport, columns: Sequence[Column], *, epoch_1904: bool) -> None:
        self._import_id, self._noun = batch.id, batch.noun
        self._columns = columns
        self._read = [column for column in columns if column.name is not None]
        self._constants: dict[str, str] = batch.mapping.get("constants") or {}
        fields = fields_of(batch.noun)
        self._money = {
            place: Reading(fields[column.name], Decimal(10_000) if column.unit == "wan" else Decimal(1), epoch_1904)
            for place, column in enumerate(self._read)
            if column.name is not None and fields[column.name].kind == "money"
        }
        self._samples: dict[int, list[Decimal]] = {place: [] for place in self._money}
        self._seen = 0
        self._summaries = 0
        self._random = random.Random(20200101)  # noqa: S311 - a sample, and the same one every time

    def stage(self, lines: Any) -> tuple[list[tuple[Any, ...]], bool]:  # noqa: ANN401 - an iterator of lines
        """The next block, and whether the file has ended; empty lines and lines of sums are left out."""
        block: list[tuple[Any, ...]] = []
        for taken, (line, raw) in enumerate(lines, start=1):
            cells = [raw[column.position] if column.position < len(raw) else "" for column in self._read]
            if any(cells):
                if self._is_summary(raw):
                    self._summaries += 1
                else:
                    named = {
                        column.name: cell or self._constants.get(column.name, "")
                        for column, cell in zip(self._read, cells, strict=True)
                        if column.name is not None
                    }
                    key = key_of(self._noun, self._constants | named)
                    block.append((self._import_id, line, to_json(cells).decode(), key))
                    self._sample(cells)
            if taken >= BLOCK:
                return block, False
        return block, True

    def _is_summary(self, raw: Sequence[str]) -> bool:
        first = next((cell for cell in raw if cell), "")
        return first.startswith(_SUMMARY)

    def _sample(self, cells: Sequence[str]) -> None:
        self._seen += 1
        for place, reading in self._money.items():
            kept = self._samples[place]
            slot = len(kept) if len(kept) < _SAMPLE else self._random.randrange(self._seen)
            if slot >= _SAMPLE:
                continue
            try:
                amount = read_cell(cells[place], reading)
            except CellFault:
                continue
            if amount:
                kept[slot : slot + 1] = [amount]

    def columns(self) -> list[dict[str, Any]]:
        """The columns as they are stored and shown, those that are read first in the order of the staged cells."""
        medians = {self._read[place].name: median(kept) for place, kept in self._samples.items() if kept}
        return [
            {
                "position": column.position,
                "head": column.head,
                "field": column.name,
                "unit": column.unit,
                "median": f"{medians[column.name]:f}" if column.name in medians else None,
            }
            for column in self._columns
        ]

    def warnings(self) -> list[dict[str, str]]:
        """What was left out."""
        if not self._summaries:
            return []
        detail = f"{self._summaries} lines that begin with 合计, 总计 or 小计 are sums and were left out."
        return [{"code": "summary-lines-left-out", "detail": detail}]


async def _suspicions(session: AsyncSession, batch: TableImport) -> list[dict[str, str]]:
    """Compare the median of each column of money with what is known of the region: about 10,000 times off is a unit."""
    number, known = await known_amounts(session, noun=batch.noun, region=batch.region)
    found = []
    for column in batch.columns:
        if not column["median"] or number < _KNOWN or not known:
            continue
        here = Decimal(column["median"])
        factor = here / known if here > known else known / here
        if 2000 <= factor <= 50_000:
            other = "wan (万元)" if here < known else "yuan (元)"
            detail = (
                f"The median of {column['head']} is {here:.2f} yuan, and {known:.2f} yuan over {number} known amounts: "
                f"a factor of {factor:.0f}. Is the column in {other}?"
            )
            found.append({"code": "units-suspicious", "detail": detail})
    return found
