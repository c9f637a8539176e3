"""Reading region codes: what they name, what lies below them, and what is doubtful about them."""

import re
from typing import NamedTuple

from contracts.regions.divisions import PROVINCES, RETIRED

__all__ = ["NATIONAL", "Division", "children_of", "division_of", "division_warnings", "parse_region", "province_name"]

NATIONAL = "CN-00"
_SYNTAX = re.compile(r"[A-Z]{2}-[0-9A-Za-z]{1,12}", re.ASCII)
_CHINESE = re.compile(r"(?:[0-9]{2}){1,3}", re.ASCII)


class Division(NamedTuple):
    """A division with a name: a province or a prefecture."""

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
