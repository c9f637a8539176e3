"""Indicator libraries go out and come in without loss, and what is wrong is named by its row and node."""

import csv
import io
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
from tests.scoring.conftest import Scoring

from scoring.canonical import canonical, sha256
from scoring.frameworks.queries import shipped_frameworks
from scoring.reports.errors import LibraryUnreadable
from scoring.reports.libraries import document_of, library_of, read_library, write_library
from scoring.reports.libraries.files import Kind

WRITTEN = {each.id: each.written for each in shipped_frameworks()}


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("framework_id", sorted(WRITTEN))
def test_out_and_in_again_keeps_the_hash(framework_id: str, kind: Kind) -> None:
    document = WRITTEN[framework_id]
    again = document_of(read_library(write_library(library_of(document), kind)))
    assert sha256(canonical(again)) == sha256(canonical(document))


def test_a_source_in_both_languages_goes_out_and_comes_in() -> None:
    document = {**WRITTEN["cn-self-evaluation"], "source": {"en": "Provincial measures", "zh": "省级办法"}}
    library = library_of(document)
    assert ("source.zh", "省级办法") in library.settings
    assert document_of(library) == document
    twice = replace(library, settings=[("source", "one text"), *library.settings])
    with pytest.raises(LibraryUnreadable) as refused:
        document_of(twice)
    assert "source stands in one language and in two" in str(refused.value.members)


def test_what_looks_like_a_formula_stays_text() -> None:
    document = {**WRITTEN["cn-self-evaluation"], "source": "=1+1"}
    made = write_library(library_of(document), "csv")
    cells = [cell for row in csv.reader(io.StringIO(made.decode("utf-8-sig"))) for cell in row]
    assert "'=1+1" in cells
    assert not any(cell.startswith("=") for cell in cells)
    assert document_of(read_library(made)) == document_of(read_library(write_library(library_of(document), "xlsx")))
    book = openpyxl.load_workbook(io.BytesIO(write_library(library_of(document), "xlsx")))
    assert {cell.data_type for row in book["framework"] for cell in row} == {"s"}


def changed(cells: dict[str, Any], *, row: int = 2) -> bytes:
    """The shipped self-evaluation library with other values in one row of its nodes."""
    book = openpyxl.load_workbook(io.BytesIO(write_library(library_of(WRITTEN["cn-self-evaluation"]), "xlsx")))
    sheet = book["nodes"]
    names = [cell.value for cell in sheet[1]]
    for name, value in cells.items():
        sheet.cell(row, names.index(name) + 1, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("cells", "node", "detail"),
    [
        ({"interim": "viel"}, "execution", "row 2: interim is not a number"),
        ({"path": "nowhere.execution"}, "nowhere.execution", "row 2: there is no dimension nowhere before it"),
        ({"normaliser": '{"kind":'}, "execution", "row 2: normaliser is not JSON"),
        ({"rule": "guess"}, "execution", "row 2: rule is guess"),
        ({"module": "care/1"}, "care/1", "no module and graft care/1"),
        ({"rule": "unagreed"}, "execution", "row 2: unagreed stands without"),
        ({"more": "[1]"}, "execution", "row 2: more is not like"),
        ({"path": "output"}, "output", "row 3: the path stands twice"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(cells: dict[str, Any], node: str, detail: str) -> None:
    with pytest.raises(LibraryUnreadable) as refused:
        document_of(read_library(changed(cells)))
    errors: Any = refused.value.members["errors"]
    assert any(error["node"] == node and detail in error["detail"] for error in errors), errors


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 damaged", b"a;b\r\n1;2", b"\xff\xfe\x00", b"row,path,colour\r\n"]
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(LibraryUnreadable):
        read_library(content)


async def test_a_province_takes_a_library_out_changes_it_and_brings_it_in(scoring: Scoring) -> None:
    path = "/v1/reports/indicator-libraries"
    out = await scoring.client.as_("finance", regions=["CN-23"]).get(f"{path}/cn-self-evaluation.xlsx")
    assert out.status_code == 200, out.text
    book = openpyxl.load_workbook(io.BytesIO(out.content))
    keys = {row[0].value: row[1] for row in book["framework"].iter_rows(min_row=2)}
    keys["id"].value = "cn-23-self-evaluation"
    buffer = io.BytesIO()
    book.save(buffer)
    finance = scoring.client.as_("finance", subject="officer-1", regions=["CN-23"])
    query = {"region": "CN-23", "reason": "the province's own weights"}
    shown = await finance.post(path, content=buffer.getvalue(), params={**query, "preview": "true"})
    assert shown.status_code == 200, shown.text
    assert (await finance.get("/v1/frameworks/cn-23-self-evaluation")).status_code == 404
    kept = await finance.post(path, content=buffer.getvalue(), params=query)
    assert kept.status_code == 201, kept.text
    assert kept.json()["document"] == shown.json()["document"]
    again = (await finance.get(f"{path}/cn-23-self-evaluation.csv")).content
    assert document_of(read_library(again)) == kept.json()["document"]

    # The rules of frameworks hold: the node is named.
    broken = changed({"interim": 21.0})
    refused = await finance.post(path, content=broken, params=query)
    assert refused.status_code == 422
    assert "interim" in str(refused.json()["errors"])
    elsewhere = await finance.post(path, content=buffer.getvalue(), params={**query, "region": "CN-31"})
    assert elsewhere.status_code == 403
    assert (await finance.get(f"{path}/nothing.xlsx")).status_code == 404
