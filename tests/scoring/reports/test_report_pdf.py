"""The PDF as readers that did not make it find it: text, fonts, page numbers, structure, and the QR code."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pytest
from tests.scoring.reports.samples import AT, annual_sample, contract_sample

from scoring.reports.annual import annual_document
from scoring.reports.contract_view import contract_document
from scoring.reports.document import Document
from scoring.reports.pdf import write_pdf


def written(name: str, language: str) -> tuple[Document, str, bytes]:
    if name == "contract":
        sample = contract_sample()
        document, verify_at = contract_document(sample, language=language), sample.verify_at
    else:
        report = annual_sample()
        document, verify_at = annual_document(report, language=language), report.verify_at
    return document, verify_at, write_pdf(document, made_at=AT)


@pytest.mark.parametrize(("name", "language"), [("contract", "zh"), ("annual", "en")])
def test_another_reader_finds_words_fonts_numbers_and_structure(name: str, language: str) -> None:
    pypdf = pytest.importorskip("pypdf", reason="the second reader of PDF is not installed")
    document, _, made = written(name, language)
    reader = pypdf.PdfReader(io.BytesIO(made), strict=True)
    pages = [re.sub(r"\s", "", page.extract_text()) for page in reader.pages]
    assert len(pages) > 1
    before, between, after = document.page_of
    for number, said in enumerate(pages, 1):
        assert re.sub(r"\s", "", f"{before}{number}{between}{len(pages)}{after}") in said, number
    whole = "".join(pages)
    assert re.sub(r"\s", "", document.number) in whole
    assert re.sub(r"\s", "", document.title) in whole  # Chinese characters come out as characters
    fonts = list(_fonts(reader))
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(descriptor), font["/BaseFont"]
        assert "/ToUnicode" in font
        assert re.match(r"/[A-Z]{6}\+", font["/BaseFont"])  # a subset: no more than what is shown
    root: Any = reader.trailer["/Root"]
    assert (root["/MarkInfo"]["/Marked"], "/StructTreeRoot" in root, root["/Lang"][:2]) == (True, True, language)
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert not reader.is_encrypted
    assert "/AcroForm" not in root
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata


def _fonts(reader: Any) -> Iterator[Any]:
    for page in reader.pages:
        for font in page["/Resources"].get_object().get("/Font", {}).values():
            yield font.get_object()


@pytest.mark.parametrize(("name", "language"), [("contract", "zh"), ("annual", "zh")])
def test_the_code_on_paper_leads_to_the_determination(name: str, language: str) -> None:
    """Drawn as a printer does at 200 dots per inch and read by a decoder that is not the encoder's."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="no decoder of QR codes is installed")
    _, verify_at, made = written(name, language)
    opened = pypdfium2.PdfDocument(io.BytesIO(made))
    found = []
    for page in opened:
        picture = page.render(scale=200 / 72, grayscale=True).to_numpy()
        picture = picture[:, :, 0] if picture.ndim == 3 else picture
        found += [each.text for each in zxingcpp.read_barcodes(picture)]
    assert set(found) == {verify_at}
