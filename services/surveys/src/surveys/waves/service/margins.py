"""Margins: what the answers of a wave are weighted to. Declared before the first answer, and checked there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from surveys.instruments.document import Instrument
from surveys.instruments.variables import variables_of

__all__ = ["margin_of", "unfit_margins"]

TOLERANCE = 1e-6  # of the population; surveys reference, section 3.2
UNWEIGHTABLE = ("number", "date", "text", "multiple")


def margin_of(name: str, source: str, variable: str, categories: Iterable[tuple[str, float]]) -> dict[str, Any]:
    """A margin as it is stored: its categories with their population, in the order given."""
    return {
        "name": name,
        "source": source,
        "variable": variable,
        "categories": [{"code": code, "population": population} for code, population in categories],
    }


def unfit_margins(
    margins: Sequence[Mapping[str, Any]], instrument: Instrument, *, population: float | None
) -> list[dict[str, str]]:
    """What is wrong with margins, as pointer and detail; nothing when they fit.

    Every margin must count the same people: its categories sum to the population (tolerance 1e-6 of it). A margin on a
    question takes the codes of a single answer of the instrument. A margin on the frame may leave its categories out:
    they are counted when the frame is drawn.
    """
    errors: list[dict[str, str]] = []
    known = {variable.code: variable for variable in variables_of(instrument)}
    total = population
    for place, margin in enumerate(margins):
        categories = margin["categories"]
        if margin["source"] == "item":
            found = known.get(margin["variable"])
            if found is None or found.kind in UNWEIGHTABLE:
                detail = f"{instrument.id} has no question {margin['variable']} with single answers"
                errors.append({"pointer": f"/margins/{place}/variable", "detail": detail})
                continue
            answers = {str(value) for value in found.values}
            for index, category in enumerate(categories):
                if category["code"] not in answers:
                    detail = f"is no answer to {found.code}; it has {', '.join(sorted(answers))}"
                    errors.append({"pointer": f"/margins/{place}/categories/{index}/code", "detail": detail})
        if not categories:
            continue
        counted = float(sum(category["population"] for category in categories))
        total = counted if total is None else total
        if abs(counted - total) > TOLERANCE * max(1.0, total):
            detail = f"margin {margin['name']} sums to {counted:g}, not to the population of {total:g}"
            errors.append({"pointer": f"/margins/{place}/categories", "detail": detail})
    return errors
