"""Regions of buyers that the file itself does not tell: from a table, or one for all."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["BadRegionError", "Regions", "read_map", "region_code"]

_CODE = re.compile(r"[A-Z]{2}-[0-9A-Za-z]{1,12}", re.ASCII)


class BadRegionError(ValueError):
    """Not a region code, or a table that cannot be read; the text says which line."""


def region_code(text: str) -> str:
    """A region as the API writes it; `XK` alone means somewhere in that country: `XK-0`.

    For China a country is no region: an owner of its contracts is a province, a city or a county.
    """
    code = text.strip()
    if re.fullmatch(r"[A-Z]{2}", code):
        if code == "CN":
            raise BadRegionError("CN alone is no region; give the digits of GB/T 2260 too, for example CN-230102")
        return f"{code}-0"
    if not _CODE.fullmatch(code):
        raise BadRegionError(f"{text!r} is no region; write it as XK, or as CN-230102")
    return code


def read_map(path: Path) -> dict[str, str]:
    """A CSV table of two columns: a buyer's id or exact name, its region. A header `buyer,region` may stand first."""
    table: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), start=1):
                cells = [cell.strip() for cell in row]
                if not any(cells) or (number == 1 and [cell.lower() for cell in cells[:2]] == ["buyer", "region"]):
                    continue
                if len(cells) != 2 or not cells[0]:
                    raise BadRegionError(f"{path}, line {number}: two columns are needed, the buyer and its region")
                try:
                    table[cells[0]] = region_code(cells[1])
                except BadRegionError as error:
                    raise BadRegionError(f"{path}, line {number}: {error}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadRegionError(f"{path} cannot be read: {error}") from error
    return table


@dataclass(frozen=True, slots=True)
class Regions:
    """What the caller says about regions; the buyer's own seat comes first and is looked at by the import itself."""

    by_buyer: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None

    def of(self, release: Mapping[str, Any]) -> str | None:
        """The region for a release: by its buyer's id, by its buyer's name, else the one for all."""
        for buyer in _buyers(release):
            for name in ("id", "name"):
                key = buyer.get(name)
                if isinstance(key, str | int) and str(key).strip() in self.by_buyer:
                    return self.by_buyer[str(key).strip()]
        return self.otherwise


def _buyers(release: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parties = release.get("parties")
    with_role: list[Mapping[str, Any]] = [
        party
        for party in (parties if isinstance(parties, list) else [])
        if isinstance(party, dict) and isinstance(party.get("roles"), list) and "buyer" in party["roles"]
    ]
    buyer = release.get("buyer")
    return [buyer, *with_role] if isinstance(buyer, dict) else with_role
