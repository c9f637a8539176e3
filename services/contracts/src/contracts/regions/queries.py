"""Reading region codes: what they name, what lies below them, and what is doubtful about them."""

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.regions.changes import SHIPPED, Change
from contracts.regions.models import County, RegionChange
from shared.divisions import PROVINCES, RETIRED

__all__ = [
    "NATIONAL",
    "Division",
    "changes_of_divisions",
    "children_of",
    "children_on",
    "counties_of",
    "county_of",
    "division_of",
    "division_warnings",
    "names_of",
    "parse_region",
    "province_name",
    "region_warnings",
]

NATIONAL = "CN-00"
_SYNTAX = re.compile(r"[A-Z]{2}-[0-9A-Za-z]{1,12}", re.ASCII)
_CHINESE = re.compile(r"(?:[0-9]{2}){1,3}", re.ASCII)


class Division(NamedTuple):
    """A division with a name: a province, a prefecture or a county."""

    code: str
    name: str
    name_en: str | None
    level: str
    parent: str | None


def parse_region(text: str) -> str:
    """The canonical form of a region code; ValueError when it is none.

    `CN-` and two, four or six digits of GB/T 2260 whose province is known (trailing `00` pairs are dropped, so that
    `CN-230000` is `CN-23`); `CN-00` for the central government; else a country (ISO 3166-1) and a code of its own.
    """
    if not _SYNTAX.fullmatch(text):
        raise ValueError("write a region as <country>-<code>, for example CN-230102")
    country, _, code = text.partition("-")
    if country != "CN":
        return text
    if not _CHINESE.fullmatch(code):
        raise ValueError("a Chinese region has two, four or six digits (GB/T 2260), for example CN-230102")
    if code[:2] == "00":
        if code.strip("0"):
            raise ValueError("CN-00 is the central government and has no divisions")
        return NATIONAL
    if code[:2] not in PROVINCES:
        raise ValueError(f"GB/T 2260 has no province {code[:2]}")
    while code.endswith("00"):
        code = code[:-2]
    return f"CN-{code}"


def province_name(code: str) -> str | None:
    """Name of the province that a region or a six-digit code lies in; None when there is none."""
    province = PROVINCES.get(code.removeprefix("CN-")[:2])
    return province.name if province else None


def division_of(region: str) -> Division | None:
    """The province or prefecture that a canonical region code names; None for counties, foreign and unknown codes."""
    country, _, code = region.partition("-")
    province = PROVINCES.get(code[:2])
    if country != "CN" or province is None:
        return None
    if len(code) == 2:
        return Division(region, province.name, province.name_en, "province", None)
    name = province.prefectures.get(code[2:]) if len(code) == 4 else None
    return Division(region, name, None, "prefecture", f"CN-{code[:2]}") if name else None


def children_of(parent: str | None) -> list[Division]:
    """Provinces (no parent) or the prefectures of a province; counties are not listed."""
    if parent is None:
        return [Division(f"CN-{code}", item.name, item.name_en, "province", None) for code, item in PROVINCES.items()]
    province = PROVINCES.get(parent.removeprefix("CN-"))
    if province is None:
        return []
    return [
        Division(f"{parent}{code}", name, None, "prefecture", parent) for code, name in province.prefectures.items()
    ]


def division_warnings(code: str) -> list[dict[str, str]]:
    """What is doubtful about a Chinese division code (six digits or a region): retired or unknown prefectures.

    Older contracts and credit codes carry codes of their time, so this warns and never refuses.
    """
    digits = code.removeprefix("CN-")
    prefecture = digits[2:4]
    province = PROVINCES.get(digits[:2])
    if not digits.isdigit() or prefecture in ("", "00") or digits[:2] == "00":
        return []
    if province is None:
        return [{"code": "division-unknown", "detail": f"GB/T 2260 has no province {digits[:2]} (code {digits})."}]
    if prefecture in province.prefectures or not province.prefectures:
        return []
    retired = RETIRED.get(digits[:4])
    if retired:
        return [{"code": "division-retired", "detail": f"{digits[:4]} {retired[0]} was retired in {retired[1]}."}]
    return [{"code": "division-unknown", "detail": f"{province.name} has no prefecture {digits[:4]} today."}]


async def changes_of_divisions(session: AsyncSession) -> list[Change]:
    """Every change that is known, shipped and recorded, in the order of their days and codes."""
    rows = (await session.execute(select(RegionChange))).scalars()
    recorded = [
        Change(row.code, row.name, row.kind, tuple(row.successors), row.effective_on, True, row.document)
        for row in rows
    ]
    # What was recorded here replaces what was shipped about the same code.
    codes = {change.code for change in recorded}
    shipped = [change for change in SHIPPED if change.code not in codes]
    return sorted(shipped + recorded, key=lambda change: (change.effective_on, change.code))


async def region_warnings(session: AsyncSession, region: str, *, on: date) -> list[dict[str, str]]:
    """What is doubtful about a region: as `division_warnings`, and what a recorded change has retired by a day."""
    warned = division_warnings(region)
    if warned or not region.startswith("CN-"):
        return warned
    parts = [region[:length] for length in range(5, len(region) + 1, 2)]
    statement = (
        select(RegionChange)
        .where(RegionChange.code.in_(parts), RegionChange.effective_on <= on)
        .order_by(RegionChange.code.desc(), RegionChange.effective_on.desc())
        .limit(1)
    )
    change = (await session.execute(statement)).scalar_one_or_none()
    if change is None:
        return await _unnamed(session, region)
    followed = f", followed by {', '.join(change.successors)}" if change.successors else ""
    told = f"{change.code} {change.name or ''}".strip()
    return [{"code": "division-retired", "detail": f"{told} was retired on {change.effective_on}{followed}."}]


async def _unnamed(session: AsyncSession, region: str) -> list[dict[str, str]]:
    """A county that the list of its prefecture does not have is doubtful; nothing is without such a list."""
    if len(region) != len("CN-230102"):
        return []
    prefecture = region[: len("CN-2301")]
    listed = list((await session.execute(select(County.code).where(County.code.startswith(prefecture)))).scalars())
    if not listed or region in listed:
        return []
    return [{"code": "division-unknown", "detail": f"The list of counties of {prefecture} has no {region}."}]


async def county_of(session: AsyncSession, region: str) -> County | None:
    """A county that somebody has named; None for all others."""
    return (await session.execute(select(County).where(County.code == region))).scalar_one_or_none()


async def names_of(session: AsyncSession, regions: Iterable[str]) -> dict[str, str]:
    """The Chinese names of those divisions that are known by name."""
    asked = set(regions)
    found = {region: division.name for region in asked if (division := division_of(region))}
    if asked - found.keys():
        rows = await session.execute(select(County.code, County.name).where(County.code.in_(asked - found.keys())))
        found |= {row.code: row.name for row in rows}
    return found


async def counties_of(session: AsyncSession, parent: str, changes: list[Change], *, on: date) -> list[Division]:
    """The named counties of a prefecture whose codes were valid on a day."""
    ended = {change.code for change in changes if change.effective_on <= on}
    rows = (await session.execute(select(County).where(County.code.startswith(parent)).order_by(County.code))).scalars()
    return [
        Division(row.code, row.name, None, "county", parent)
        for row in rows
        if row.code not in ended and (row.valid_from is None or row.valid_from <= on)
    ]


def children_on(parent: str | None, changes: list[Change], *, on: date) -> list[Division]:
    """Provinces, or the prefectures of a province, as they were on a day.

    A change whose day is not known counts from 1 January of its year. Prefectures that came to be later are left out
    as far as a change says what they followed.
    """
    length = 5 if parent is None else len(parent) + 2
    ended = {change.code: change for change in changes if len(change.code) == length}
    begun = {
        successor: change.effective_on
        for change in changes
        if change.kind == "recode" and len(change.code) == length
        for successor in change.successors
    }
    present = {
        division.code: division
        for division in children_of(parent)
        if begun.get(division.code, on) <= on
        and not (division.code in ended and ended[division.code].effective_on <= on)
    }
    for code, change in ended.items():
        if (parent is None or code.startswith(parent)) and on < change.effective_on and code not in present:
            level = "province" if parent is None else "prefecture"
            present[code] = Division(code, change.name or code, None, level, parent)
    return [present[code] for code in sorted(present)]
