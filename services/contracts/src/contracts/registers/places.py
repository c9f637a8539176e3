"""Which item of a total a contract's region belongs to, in the boundaries of then or of now. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.regions.changes import Change, present_codes

__all__ = ["COUNTRY", "LEVELS", "Placed", "place_regions"]

COUNTRY = "CN"
LEVELS = {"province": len("CN-23"), "prefecture": len("CN-2301"), "county": len("CN-230102")}


@dataclass(frozen=True, slots=True)
class Placed:
    """`items`: region of a contract -> region of the item. `uncertain`: regions that lie inside in part only."""

    items: Mapping[str, str]
    uncertain: tuple[str, ...]


def place_regions(
    regions: Iterable[str], *, inside: str, by: str, boundaries: str, changes: Iterable[Change], on: date
) -> Placed:
    """Place every region that lies in `inside`.

    `boundaries` then: the code that the contract was recorded with. Now: the codes in its place on the day `on`. `by`
    is self, province, prefecture or county. A division that was split over several items stands in the nearest item
    above them all; one that went partly elsewhere is uncertain: no share of it is known, so it is counted apart.
    """
    known, items, uncertain = list(changes), {}, []
    for region in regions:
        codes = (region,) if boundaries == "then" else present_codes(region, known, on=on)
        lies = [code for code in codes if _within(code, inside)]
        if (lies and len(lies) < len(codes)) or (not codes and _within(region, inside)):
            uncertain.append(region)
        elif lies:
            items[region] = inside if by == "self" else _common([code[: LEVELS[by]] for code in lies], inside)
    return Placed(items, tuple(sorted(uncertain)))


def _within(code: str, inside: str) -> bool:
    if inside == COUNTRY:
        return code.startswith("CN-")
    return code == inside if not inside.startswith("CN-") else code.startswith(inside)


def _common(codes: list[str], inside: str) -> str:
    """The nearest division that all lie in."""
    first = codes[0]
    for length in (len(first), *range(len(first) - 2, len("CN-2"), -2)):
        if all(code.startswith(first[:length]) for code in codes):
            return first[:length]
    return inside
