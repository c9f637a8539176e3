"""The answers of a frozen wave as columns: one binary COPY of fixed-width rows, without a Python object per answer.

The database sends a 32-bit hash of each answer, which is found again among the hashes of the known codes. Free text is
never read here. The rows come in the order of their content, so that nothing of the order of arrival is
left and equal answers give equal results to the last bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.responses.models import DISPOSITIONS, MODES

__all__ = ["DISPOSITIONS", "MODES", "Choice", "Coded", "Columns", "Number", "Variable", "read_columns", "read_leaves"]

Small = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]

HEADER, TRAILER = 19, 2  # bytes of a binary COPY before the first row and after the last one
_TIME = text("SET LOCAL statement_timeout = '10min'")
CHUNK = 1 << 23  # bytes that are gathered before numpy looks at them
KEY_LIMIT = 1 << 62  # of one sort key
UNKNOWN = 0


@dataclass(frozen=True, slots=True)
class Coded:
    """A variable with known codes; read as 1..k in their order, 0 where it is missing or another.

    `path` leads to it inside `source`: the answers, the frame's attributes copied from the invitation, or a column.
    """

    name: str
    path: tuple[str, ...]
    codes: tuple[str, ...]
    source: Literal["answers", "attributes", "column"] = "answers"


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a multiple choice: 2 where it was chosen, 1 where the question was answered without it, else 0."""

    name: str
    item: str
    option: str
    no_opinion: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """An answer that is a number, or a date as the number yyyymmdd, yyyymm or yyyy; NaN where it is missing."""

    name: str
    item: str
    is_date: bool = False


Variable = Coded | Choice | Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """n answers; `codes` by variable's name (0 = missing), `numbers` likewise (NaN = missing).

    `seconds` is -1 where it is unknown, `enumerators` a number per enumerator (0 = none), `days` the day of submission
    as a count since 2000-01-01.
    """

    n: int
    codes: dict[str, Small]
    numbers: dict[str, Floats]
    seconds: npt.NDArray[np.int32]
    enumerators: npt.NDArray[np.int64]
    bursts: Flags


@dataclass(frozen=True, slots=True)
class _Field:
    """What is selected, its type on the wire, and how the numbers that come are read; None takes them as they are."""

    expression: str
    kind: str
    read: Callable[[Array], Array] | None = None


FIXED = (
    _Field("COALESCE(duration_seconds, -1)::int4", ">i4"),
    _Field("COALESCE(hashtextextended(enumerator_id, 0), 0)::int8", ">i8"),
    _Field("burst::int4::int2", ">i2"),
)


async def read_columns(session: AsyncSession, wave_id: UUID, variables: Sequence[Variable]) -> Columns:
    """Read a wave's answers. Complete only while the wave is frozen and its staged answers are moved.

    Memory: about 150 bytes per answer and twenty variables.
    """
    raw = await _connection(session)
    known = sorted({code for each in variables if isinstance(each, Coded) for code in each.codes})
    hashes: dict[str, int] = dict(await raw.fetch("SELECT code, hashtext(code) FROM unnest($1::text[]) AS code", known))
    arguments: list[object] = [wave_id]
    places: dict[object, int] = {}

    def parameter(value: object, kind: str) -> str:
        """The place of an argument; equal ones are given once."""
        key = (kind, tuple(value) if isinstance(value, list) else value)
        if key not in places:
            arguments.append(value)
            places[key] = len(arguments)
        return f"${places[key]}::{kind}"

    fields = [*(_field(variable, parameter, hashes) for variable in variables), *FIXED]
    return _sorted(variables, await _copy(raw, fields, arguments))


async def read_leaves(session: AsyncSession, wave_id: UUID) -> list[bytes]:
    """The salted hashes of a wave's answers, the leaves of its ledger, in ascending order."""
    (found,) = await _copy(await _connection(session), [_Field("leaf", "V32")], [wave_id])
    # numpy compares the padded bytes, which have one length here: the order is that of the bytes.
    whole = np.sort(found.view("S32")).tobytes()
    return [whole[at : at + 32] for at in range(0, len(whole), 32)]


async def _connection(session: AsyncSession) -> Any:  # noqa: ANN401 - the driver's own
    """The driver's connection, inside the session's transaction; a million answers may take longer than a request."""
    await session.execute(_TIME)
    raw = (await (await session.connection()).get_raw_connection()).driver_connection
    if raw is None:
        raise ConnectionError("the session has no connection")
    return raw


async def _copy(raw: Any, fields: Sequence[_Field], arguments: Sequence[object]) -> list[Array]:  # noqa: ANN401
    """The fields of a wave's answers; the first argument is the wave."""
    rows = _Rows(fields)
    selected = ", ".join(field.expression for field in fields)
    query = f"SELECT {selected} FROM responses WHERE wave_id = $1"  # noqa: S608 - made of our own words
    await raw.copy_from_query(query, *arguments, output=rows.feed, format="binary")
    return rows.columns()


class _Rows:
    """Turns the bytes of a binary COPY with fixed-width, not null fields into one array per field."""

    def __init__(self, fields: Sequence[_Field]) -> None:
        layout = [("count", ">i2")]
        for index, field in enumerate(fields):
            layout += [(f"length{index}", ">i4"), (f"value{index}", field.kind)]
        self._row = np.dtype(layout)
        self._fields = fields
        self._buffer = bytearray()
        self._begun = False
        self._parts: list[list[Array]] = [[] for _ in fields]

    async def feed(self, data: bytes) -> None:
        """Take what the server sent."""
        self._buffer += data
        if len(self._buffer) >= CHUNK:
            self._take()

    def columns(self) -> list[Array]:
        """One array per field, in the machine's byte order."""
        self._take(last=True)
        return [np.concatenate(parts) for parts in self._parts]

    def _take(self, *, last: bool = False) -> None:
        start = 0 if self._begun else HEADER
        self._begun = True
        count = max(0, len(self._buffer) - start - (TRAILER if last else 0)) // self._row.itemsize
        end = start + count * self._row.itemsize
        rows = np.frombuffer(bytes(memoryview(self._buffer)[start:end]), dtype=self._row)
        for index, (parts, field) in enumerate(zip(self._parts, self._fields, strict=True)):
            width = np.dtype(field.kind)
            if count and not (rows[f"length{index}"] == width.itemsize).all():
                raise ValueError(f"field {index} of the answers is not {field.kind} in every row")
            values = rows[f"value{index}"].astype(width.newbyteorder("="))
            parts.append(values if field.read is None else field.read(values))
        del self._buffer[:end]


def _field(variable: Variable, parameter: Callable[[object, str], str], hashes: dict[str, int]) -> _Field:
    if isinstance(variable, Coded):
        if variable.source == "column":
            (found,) = variable.path  # one of ours, never from a document
        else:
            *outer, last = variable.path
            steps = "".join(f" -> {parameter(step, 'text')}" for step in outer)
            found = f"{variable.source}{steps} ->> {parameter(last, 'text')}"
        wanted = [hashes[code] for code in variable.codes]
        if len(set(wanted)) == len(wanted) and 0 not in wanted:
            return _Field(
                f"COALESCE(hashtext({found}), 0)", ">i4", partial(_codes_of, np.array(wanted, dtype=np.int32))
            )
        # Two codes of one variable have the same hash, once in a thousand million: look them up one by one.
        codes = parameter(list(variable.codes), "text[]")
        return _Field(f"COALESCE(array_position({codes}, {found}), 0)::int2", ">i2")
    answer = f"answers -> {parameter(variable.item, 'text')}"
    if isinstance(variable, Choice):
        none = f"OR {answer} ?| {parameter(list(variable.no_opinion), 'text[]')}" if variable.no_opinion else ""
        return _Field(
            f"(CASE WHEN jsonb_typeof({answer}) IS DISTINCT FROM 'array' {none} THEN 0 "
            f"WHEN {answer} ? {parameter(variable.option, 'text')} THEN 2 ELSE 1 END)::int2",
            ">i2",
        )
    words = f"answers ->> {parameter(variable.item, 'text')}"
    if variable.is_date:
        words = f"replace({words}, '-', '')"
    return _Field(
        f"COALESCE(CASE WHEN {words} ~ '^-?[0-9]+(\\.[0-9]+)?$' THEN ({words})::float8 END, 'NaN'::float8)", ">f8"
    )


def _codes_of(known: Array, hashes: Array) -> Array:
    """The place of each hash among the known ones, from 1; 0 where it is none of them."""
    if not known.size:
        return np.zeros(hashes.size, dtype=np.int16)
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known[order], hashes), known.size - 1)
    return np.where(known[order][place] == hashes, order[place] + 1, UNKNOWN).astype(np.int16)


def _sorted(variables: Sequence[Variable], found: list[Array]) -> Columns:
    """The columns in the order of the answers' content."""
    *columns, seconds, enumerators, bursts = found
    keys: list[npt.NDArray[np.int64]] = []
    floats: list[Floats] = []
    room = 0
    for variable, column in zip(variables, columns, strict=True):
        if isinstance(variable, Number):
            floats.append(column)
            continue
        size = (len(variable.codes) if isinstance(variable, Coded) else 2) + 1
        if not keys or room * size > KEY_LIMIT:
            keys.append(column.astype(np.int64))
            room = size
        else:
            keys[-1] *= size
            keys[-1] += column
            room *= size
    order = np.lexsort([bursts, enumerators, seconds, *floats, *keys])
    named = {variable.name: column[order] for variable, column in zip(variables, columns, strict=True)}
    return Columns(
        n=int(seconds.size),
        codes={each.name: named[each.name] for each in variables if not isinstance(each, Number)},
        numbers={each.name: named[each.name] for each in variables if isinstance(each, Number)},
        seconds=seconds[order],
        enumerators=enumerators[order],
        bursts=bursts[order].astype(np.bool_),
    )
