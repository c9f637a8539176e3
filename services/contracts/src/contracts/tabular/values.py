"""Reading one cell: Excel's numbers and dates, Chinese dates and words, amounts in 元 or 万元.

Pure. Cells arrive as text: a date of a workbook as `2024-03-01`, a number as Excel shows it with up to 15 digits.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from contracts.organisations.uscc import check_uscc
from contracts.regions.queries import parse_region
from contracts.tabular.fields import Field
from shared.clock import EARLIEST, LATEST

__all__ = ["CellFault", "Reading", "read_cell", "reader_of"]

TEN_THOUSAND = Decimal(10_000)
_CENT = Decimal("0.01")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$", re.ASCII)
_PARTED = re.compile(r"(\d{4})[年./](\d{1,2})[月./](\d{1,2})日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?$", re.ASCII)
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})$", re.ASCII)
_SERIAL = re.compile(r"\d{4,5}(?:\.\d+)?$", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$", re.ASCII)
_DIGITS = {"〇": "0", "零": "0", "○": "0", "一": "1", "二": "2", "三": "3", "四": "4"} | {
    "五": "5",
    "六": "6",
    "七": "7",
    "八": "8",
    "九": "9",
}
_CHINESE_DATE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日$"
)
_CATEGORY = re.compile(r"[A-Z][0-9]{2,6}$", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}$", re.ASCII)
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
_SEPARATORS = re.compile(r"[、,;/|\s]+")


class CellFault(ValueError):  # noqa: N818 - the reason why a cell is not read
    """A cell that cannot be read; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column's cells are read: `factor` is 10,000 where the column is in 万元, `epoch_1904` the workbook's."""

    field: Field
    factor: Decimal = Decimal(1)
    epoch_1904: bool = False


def _chinese_number(text: str) -> int:
    if "十" not in text:
        return int("".join(_DIGITS[character] for character in text))
    tens, _, ones = text.partition("十")
    return int(_DIGITS[tens] if tens else 1) * 10 + (int(_DIGITS[ones]) if ones else 0)


@lru_cache(maxsize=8192)
def _day(text: str, epoch_1904: bool) -> date:
    match = _ISO.match(text) or _PARTED.match(text) or _COMPACT.match(text)
    try:
        if match:
            return date(int(match[1]), int(match[2]), int(match[3]))
        match = _CHINESE_DATE.match(text)
        if match:
            year = int("".join(_DIGITS[character] for character in match[1]))
            return date(year, _chinese_number(match[2]), _chinese_number(match[3]))
        if _SERIAL.match(text):
            # Excel counts days from 1899-12-30 (its 1900 is a leap year), or from 1904-01-01 in old Macintosh books.
            # Source: ECMA-376 part 1, 18.17.4.1.
            first = date(1904, 1, 1) if epoch_1904 else date(1899, 12, 30)
            found = first + timedelta(days=int(float(text)))
            if 1950 <= found.year <= 2100:
                return found
            raise CellFault(f"as a day number of Excel it would be {found}")
    except (ValueError, KeyError, OverflowError) as error:
        if isinstance(error, CellFault):
            raise
        raise CellFault("is no day of the calendar") from error
    raise CellFault("is no date; write it as 2024-03-01")


def _date(text: str, reading: Reading) -> date:
    found = _day(text, reading.epoch_1904)
    if not EARLIEST <= found <= LATEST:
        raise CellFault(f"lies outside {EARLIEST} to {LATEST}; leave the cell empty where there is no such day")
    return found


def _decimal(text: str) -> Decimal:
    plain = text.replace(" ", "")
    if plain[:1] in "¥￥":
        plain = plain[1:]
    if "," in plain:
        if not _GROUPED.match(plain):
            raise CellFault("has a comma where no group of three digits ends; write 1234567.89")
        plain = plain.replace(",", "")
    if not _NUMBER.match(plain):
        raise CellFault("is no number")
    try:
        return Decimal(plain)
    except InvalidOperation as error:
        raise CellFault("is no number") from error


def _money(text: str, reading: Reading) -> Decimal:
    factor = reading.factor
    for unit, own in (("万元", TEN_THOUSAND), ("万", TEN_THOUSAND), ("元", Decimal(1))):
        if text.endswith(unit):  # a unit in the cell itself stands above the column's
            text, factor = text[: -len(unit)], own
            break
    amount = _decimal(text) * factor
    if amount < 0:
        raise CellFault("is negative; money that came back is a row of its own kind")
    if amount >= 10**16:
        raise CellFault("has more than 16 digits before the point")
    cents = amount.quantize(_CENT)
    if abs(cents - amount) > Decimal("0.000001"):
        raise CellFault(f"is {amount.normalize():f} yuan: money has two decimals")
    return cents


def _figure(text: str, _: Reading) -> Decimal:
    figure = _decimal(text.removesuffix("%"))
    if abs(figure) >= 10**16:
        raise CellFault("has more than 16 digits before the point")
    return figure.quantize(Decimal("0.00000001")).normalize() + 0


def _count(text: str, _: Reading) -> int:
    number = _decimal(text[:-1] if text.endswith(("人", "家", "个")) else text)
    if number != number.to_integral_value() or not 0 <= number <= 2_000_000_000:
        raise CellFault("is no whole number from 0 to 2,000,000,000")
    return int(number)


def _year(text: str, _: Reading) -> int:
    year = text.removesuffix("年度").removesuffix("年")
    if not year.isdigit() or not 1990 <= int(year) <= 2100:
        raise CellFault("is no year from 1990 to 2100")
    return int(year)


def _text(text: str, reading: Reading) -> str:
    if len(text) > reading.field.longest:
        raise CellFault(f"has {len(text)} characters; at most {reading.field.longest} fit")
    return text


def _choice(text: str, reading: Reading) -> str:
    found = reading.field.choices.get(text)
    if found is None:
        raise CellFault(f"is none of {', '.join(reading.field.choices)}")
    return found


def _roles(text: str, reading: Reading) -> tuple[str, ...]:
    words = [word for word in _SEPARATORS.split(text) if word]
    codes = {code: code for code in reading.field.choices.values()} | dict(reading.field.choices)
    strange = [word for word in words if word not in codes]
    if strange or not words:
        raise CellFault(f"names no role: {', '.join(strange) or text}; known are {', '.join(reading.field.choices)}")
    return tuple(sorted({codes[word] for word in words}))


@lru_cache(maxsize=8192)
def _checked_code(text: str) -> str:
    try:
        return check_uscc(text).code
    except ValueError as error:
        raise CellFault(str(error)) from error


def _uscc(text: str, _: Reading) -> str:
    return _checked_code(text.upper())


@lru_cache(maxsize=4096)
def _region_of(text: str) -> str:
    code = f"CN-{text}" if text.isdigit() else text
    try:
        return parse_region(code)
    except ValueError as error:
        raise CellFault(str(error)) from error


def _region(text: str, _: Reading) -> str:
    return _region_of(text)


def _category(text: str, _: Reading) -> str:
    if not _CATEGORY.match(text.upper()):
        raise CellFault("is no item of the guiding catalogue, for example A04")
    return text.upper()


def _sha256(text: str, _: Reading) -> str:
    if not _SHA256.match(text.lower()):
        raise CellFault("is no SHA-256: 64 hexadecimal digits")
    return text.lower()


_READERS: Mapping[str, Callable[[str, Reading], Any]] = {
    "text": _text,
    "date": _date,
    "money": _money,
    "figure": _figure,
    "count": _count,
    "year": _year,
    "choice": _choice,
    "roles": _roles,
    "uscc": _uscc,
    "region": _region,
    "division": _region,
    "category": _category,
    "sha256": _sha256,
}


def reader_of(kind: str) -> Callable[[str, Reading], Any]:
    """What reads the cells of a kind of column."""
    return _READERS[kind]


def read_cell(text: str, reading: Reading) -> Any:  # noqa: ANN401 - what the kind says
    """The value of a cell, None when it is empty.

    Full-width digits and signs count as their plain forms (NFKC) except in free text. CellFault says what is wrong.
    """
    text = text.strip()
    if not text or text in ("-", "—", "/", "无"):
        return None
    if text in _ERRORS:
        raise CellFault("is an error of the sheet's formula")
    if reading.field.kind != "text" and not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _READERS[reading.field.kind](text, reading)
