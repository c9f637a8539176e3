"""A release as CSV files: the same documents that everybody reads, one figure or one cell a line."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from surveys.publication.queries import WaveRelease

__all__ = ["Part", "csv_of"]

Part = Literal["figures", "tables"]
Row = dict[str, Any]
WAVE = ("wave_id", "release", "policy", "simulated")
FIGURE = (
    "item",
    "measure",
    "option",
    "text",
    "estimate",
    "ci_low",
    "ci_high",
    "ci_method",
    "unweighted",
    "n",
    "status",
)
CELL = ("variable_1", "category_1", "variable_2", "category_2", "respondents", "withheld")
SHARE = ("item", "measure", "percent", "text", "status", "reasons")
BOM = "\ufeff"  # spreadsheets take a file without it for another encoding
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(release: WaveRelease, part: Part, *, language: str) -> bytes:
    """The figures or the cells of the tables as CSV (RFC 4180, UTF-8).

    Hidden values are empty fields. A text that a spreadsheet would take for a formula gets an apostrophe before it.

    Arguments:
        release: the release.
        part: figures or tables.
        language: of the questions' wording (BCP 47), English or the first one where it is missing.
    """
    if part == "figures":
        names: Sequence[str] = (*WAVE, "question", *FIGURE, "status", "reasons")
        rows = _figures(release, language)
    else:
        names = (*WAVE, *CELL, *SHARE)
        rows = _cells(release)
    known = {name: release.document[name] for name in WAVE}
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, names, restval="")
    writer.writeheader()
    writer.writerows({name: _field(value) for name, value in (known | row).items()} for row in rows)
    return (BOM + file.getvalue()).encode()


def _figures(release: WaveRelease, language: str) -> Iterator[Row]:
    for item in release.document["items"]:
        words = item["question"]
        question = words.get(language) or words.get("en") or next(iter(words.values()), "")
        yield {name: item[name] for name in (*FIGURE, "status")} | {
            "question": question,
            "reasons": " ".join(item["reasons"]),
        }


def _cells(release: WaveRelease) -> Iterator[Row]:
    """One line per cell, and one more for each question whose share stands in it."""
    for table in release.tables.values():
        named = [(each["name"], [category["code"] for category in each["categories"]]) for each in table["variables"]]
        for place in _places([len(codes) for _, codes in named]):
            cell: Row = {"withheld": table["withheld"], "respondents": _at(table["counts"], place)}
            for number, ((name, codes), index) in enumerate(zip(named, place, strict=True), start=1):
                cell |= {f"variable_{number}": name, f"category_{number}": codes[index]}
            yield cell
            for item, shares in table["shares"].items():
                share = _at(shares["cells"], place)
                if share is not None:
                    yield (
                        cell
                        | share
                        | {
                            "item": item,
                            "measure": shares["measure"],
                            "reasons": " ".join(share["reasons"]),
                        }
                    )


def _places(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    if len(sizes) == 1:
        yield from ((row,) for row in range(sizes[0]))
    else:
        yield from ((row, column) for row in range(sizes[0]) for column in range(sizes[1]))


def _at(values: Any, place: tuple[int, ...]) -> Any:  # noqa: ANN401 - a cell of a JSON table
    for index in place:
        values = None if values is None else values[index]
    return values


def _field(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
