"""The table of answers as files: CSV, SPSS, Stata, and Parquet where it is installed."""

import csv
import io
import math
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from surveys.results.errors import FormatMissing
from surveys.results.microdata import Column, Table

__all__ = ["FORMATS", "MEDIA_TYPES", "Format", "as_csv", "write_table"]

Format = Literal["csv", "sav", "dta", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "sav", "dta", "parquet")
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "sav": "application/x-spss-sav",
    "dta": "application/x-stata-dta",
    "parquet": "application/vnd.apache.parquet",
}
SPSS_MISSING = 3  # single values that SPSS can mark as missing
LABEL_LENGTH = 80  # characters of a Stata label


def write_table(table: Table, kind: Format, *, title: str, language: str = "zh-Hans") -> bytes:
    """The table as a file, with the labels of a language (another one where it has none).

    In CSV the first row names the variables, empty is no answer, and answers without an opinion are -1, -2, …; the
    other formats carry labels for both.

    Raises:
        FormatMissing: the library for it is not installed.
    """
    writers: dict[Format, Callable[[], bytes]] = {
        "csv": lambda: as_csv(table),
        "sav": lambda: _spss(table, title=title, language=language),
        "dta": lambda: _stata(table, title=title, language=language),
        "parquet": lambda: _parquet(table, language=language),
    }
    return writers[kind]()


def as_csv(table: Table) -> bytes:
    """The table as CSV in UTF-8 with the shortest decimals that give the same number back."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows(zip(*(_words(column) for column in table.columns), strict=True))
    return out.getvalue().encode()


def _words(column: Column) -> list[str]:
    return [
        "" if math.isnan(value) else str(int(value)) if value.is_integer() else repr(value)
        for value in column.values.tolist()
    ]


def _spss(table: Table, *, title: str, language: str) -> bytes:
    import pyreadstat  # noqa: PLC0415 - it brings pandas, which only an export needs

    labels = _labels(table, language)
    ranges = {column.name: _ranges(column.missing) for column in table.columns if column.missing}
    return _written(
        ".sav",
        lambda path: pyreadstat.write_sav(
            _frame(table),
            path,
            file_label=title[:60],
            column_labels=_texts(table, language),
            variable_value_labels=labels,
            missing_ranges=ranges,
            variable_measure={column.name: column.measure for column in table.columns},
        ),
    )


def _ranges(missing: tuple[int, ...]) -> list[Any]:
    if len(missing) <= SPSS_MISSING:
        return [float(value) for value in missing]
    return [{"lo": float(min(missing)), "hi": float(max(missing))}]


def _stata(table: Table, *, title: str, language: str) -> bytes:
    import pyreadstat  # noqa: PLC0415

    texts = _texts(table, language, most=LABEL_LENGTH)
    return _written(
        ".dta",
        lambda path: pyreadstat.write_dta(
            _frame(table),
            path,
            file_label=title[:LABEL_LENGTH],
            column_labels=texts,
            variable_value_labels=_labels(table, language),
        ),
    )


def _parquet(table: Table, *, language: str) -> bytes:
    try:
        pa: Any = import_module("pyarrow")  # an extra
        pq: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise FormatMissing("Install gongping-surveys[parquet] for Parquet, or take csv, sav or dta.") from error
    fields = [
        pa.field(column.name, pa.float64(), metadata={"label": _text(column, language)}) for column in table.columns
    ]
    arrays = [pa.array(column.values, from_pandas=True) for column in table.columns]
    out = io.BytesIO()
    pq.write_table(pa.table(arrays, schema=pa.schema(fields)), out)
    return out.getvalue()


def _frame(table: Table) -> Any:  # noqa: ANN401 - the optional library's own type
    import pandas as pd  # type: ignore[import-untyped]  # noqa: PLC0415 - no stubs for one line

    return pd.DataFrame({column.name: column.values for column in table.columns})


def _written(suffix: str, write: Callable[[str], None]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="gongping-export-") as folder:
        path = Path(folder, "data" + suffix)
        write(str(path))
        return path.read_bytes()


def _text(column: Column, language: str) -> str:
    return column.text.get(language) or next(iter(column.text.values()), column.name)


def _texts(table: Table, language: str, *, most: int = 250) -> dict[str, str | None]:
    return {column.name: _text(column, language)[:most] for column in table.columns}


def _labels(table: Table, language: str) -> dict[str, dict[int | float, str]]:
    """Labels of the values; a scale that names its ends only has labels for these."""
    return {
        column.name: {
            float(value): words.get(language) or next(iter(words.values()))
            for value, words in column.labels.items()
            if words
        }
        for column in table.columns
        if any(column.labels.values())
    }
