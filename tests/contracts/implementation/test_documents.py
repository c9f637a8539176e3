"""Documents by reference: hash, type, link, the part that they are about."""

import csv
from pathlib import Path
from typing import Any

import pytest

from contracts.documents.types import document_types
from shared.events import DocumentRecorded
from shared.ids import new_id

SHARED = Path(__file__).parents[4] / "shared"
Json = dict[str, Any]
BODY: Json = {
    "document_type": "contractSigned",
    "title": "合同扫描件（模拟）",
    "sha256": "a" * 64,
    "url": "https://example.org/contract.pdf",
    "media_type": "application/pdf",
    "language": "zh",
    "dated_on": "2025-01-05",
}


def test_the_types_are_those_of_the_standard() -> None:
    path = SHARED / "data/ocds-schema/1__1__5/codelists/documentType.csv"
    if not path.exists():
        pytest.skip("the standard's code lists lie beside the project")
    with path.open(encoding="utf-8", newline="") as file:
        assert document_types() == tuple(row["Code"] for row in csv.DictReader(file))


async def test_documents_stand_by_their_hash(contracts: Any) -> None:
    contract, other = await contracts.active(), await contracts.active()
    path = f"/contracts/{contract['contract_id']}/documents"
    first = await contracts.post(path, BODY, expect=201)
    assert (first["storage"], first["about"], first["upload"]) == ("reference", "contract", None)
    milestone = {"about": "milestone", "about_id": contract["milestones"][0]["milestone_id"]}
    report = BODY | milestone | {"document_type": "physicalProgressReport", "sha256": "b" * 64}
    await contracts.post(path, report, expect=201)
    foreign = report | {"about_id": other["milestones"][0]["milestone_id"]}
    await contracts.refused("POST", path, foreign, status=409, slug="document-part-unknown")
    for about in ("amendment", "acceptance", "ledger", "subcontract", "failure", "settlement"):
        body = BODY | {"about": about, "about_id": str(new_id())}
        await contracts.refused("POST", path, body, status=409, slug="document-part-unknown")

    again = BODY | {"supersedes": first["id"]}
    await contracts.refused("POST", path, again, status=409, slug="document-not-supersedable")
    later = await contracts.post(path, again | {"sha256": "c" * 64}, expect=201)
    await contracts.refused("POST", path, again | {"sha256": "d" * 64}, status=409, slug="document-not-supersedable")
    withdraw = f"{path}/{later['id']}/withdraw"
    assert (await contracts.post(withdraw, {"reason": "模拟"}))["withdrawal_reason"] == "模拟"
    await contracts.refused("POST", withdraw, {"reason": "x"}, status=409, slug="document-withdrawn")
    missing = f"{path}/{new_id()}/withdraw"
    await contracts.refused("POST", missing, {"reason": "x"}, status=404, slug="document-not-found")

    assert [each["sha256"][0] for each in (await contracts.get(path))["items"]] == ["a", "b", "c"]
    assert len((await contracts.get(f"{path}?about=milestone"))["items"]) == 1
    assert len((await contracts.get(f"{path}?document_type=contractSigned"))["items"]) == 2
    assert [event.data["sha256"][0] for event in await contracts.emitted(DocumentRecorded)] == ["a", "b", "c"]

    wrong: list[tuple[str, Json]] = [
        ("/document_type", {"document_type": "letter"}),
        ("/sha256", {"sha256": "A" * 64}),
        ("/url", {"url": "file:///etc/passwd"}),
        ("/", {"about": "milestone"}),
        ("/", {"about_id": str(new_id())}),
    ]
    for pointer, fields in wrong:
        assert await contracts.pointers("POST", path, BODY | fields) == {pointer}, fields
